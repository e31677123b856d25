//! Where master keys come from, and the engine that seals with them.

use crate::config::{Config, ConfigError, absolute, kept_secret};
use diesel::PgConnection;
use kezhan_engine::Engine;
use kezhan_engine::vault::{self, MasterKey, Vault};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

type Result<T> = std::result::Result<T, ConfigError>;

/// The keys themselves, or their file; `made` says that the file is ours to make.
#[derive(Clone)]
pub(crate) enum MasterSource {
    Given(Zeroizing<String>),
    File { path: PathBuf, made: bool },
}

impl std::fmt::Debug for MasterSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MasterSource::Given(_) => f.write_str("Given"),
            MasterSource::File { path, .. } => write!(f, "File({})", path.display()),
        }
    }
}

impl MasterSource {
    pub fn of(given: Option<&str>, file: Option<&str>, data: &Path) -> Result<MasterSource> {
        Ok(match (given, file) {
            (Some(_), Some(_)) => {
                return Err(ConfigError("KEZHAN_MASTER_KEY and KEZHAN_MASTER_KEY_FILE exclude each other".into()));
            }
            (Some(keys), None) => {
                read(keys, "KEZHAN_MASTER_KEY")?;
                MasterSource::Given(Zeroizing::new(keys.to_owned()))
            }
            (None, Some(file)) => MasterSource::File { path: absolute(file)?, made: false },
            (None, None) => MasterSource::File { path: data.join("master.key"), made: true },
        })
    }
}

fn read(text: &str, from: &str) -> Result<Vec<MasterKey>> {
    vault::parse_keys(text).map_err(|e| ConfigError(format!("{from}: {e}")))
}

fn read_file(path: &Path) -> Result<Vec<MasterKey>> {
    let text = fs::read_to_string(path).map_err(|e| ConfigError(format!("{}: {e}", path.display())))?;
    read(&Zeroizing::new(text), &path.display().to_string())
}

impl Config {
    /// What seals secrets. Makes a master key where none is given and there is no file yet.
    pub fn vault(&self) -> Result<Vault> {
        let vault = match &self.master {
            MasterSource::Given(keys) => return Ok(Vault::new(read(keys, "KEZHAN_MASTER_KEY")?)),
            MasterSource::File { path, made } => {
                if *made {
                    self.create_data_dir()?;
                    kept_secret(path).map_err(|e| ConfigError(format!("{}: {e}", path.display())))?;
                }
                if fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o077 != 0) {
                    log::warn!("{} can be read by others than its owner", path.display());
                }
                let path = path.clone();
                Vault::reading(move || read_file(&path).map_err(|e| kezhan_engine::Error::Internal(e.0)))
            }
        };
        vault.map_err(|e| ConfigError(e.to_string()))
    }

    /// The engine with what seals its secrets.
    pub fn engine(&self) -> Result<Engine> {
        Ok(kezhan_features::engine().with_vault(self.vault()?))
    }

    /// Puts a new master key in front of the others in their file.
    pub(crate) fn add_master_key(&self) -> Result<PathBuf> {
        let MasterSource::File { path, .. } = &self.master else {
            return Err(ConfigError(
                "the master key is given in KEZHAN_MASTER_KEY: put the new one before it there, and a comma between"
                    .into(),
            ));
        };
        let fail = |e: io::Error| ConfigError(format!("{}: {e}", path.display()));
        let old = Zeroizing::new(fs::read_to_string(path).map_err(fail)?);
        let text = Zeroizing::new(format!("{}\n{}\n", *MasterKey::generate(), old.trim_end()));
        // Whoever reads at this moment finds the old file or the new one.
        let draft = path.with_extension("key.new");
        let write = || {
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, path)
        };
        write().map_err(fail)?;
        Ok(path.clone())
    }

    /// Says which master keys are missing, rather than letting every use of a secret fail.
    pub fn check_vault(&self, vault: &Vault, conn: &mut PgConnection) -> Result<()> {
        let lost = vault.check(conn).map_err(|e| ConfigError(e.to_string()))?;
        if lost.is_empty() {
            return Ok(());
        }
        let which: Vec<String> = lost.iter().map(|l| format!("{} ({} data keys)", l.master, l.keys)).collect();
        let from = match &self.master {
            MasterSource::Given(_) => "KEZHAN_MASTER_KEY".to_owned(),
            MasterSource::File { path, .. } => path.display().to_string(),
        };
        Err(ConfigError(format!(
            "the database holds data keys that need other master keys than those in {from}: {}. Put these keys there as \
             well (old master.key files, one key a line). What is sealed with them cannot be read without, by nobody",
            which.join(", ")
        )))
    }
}
