//! `kezhan keys`: the keys that secrets are sealed with.
#![allow(clippy::print_stdout, reason = "answers of commands belong on stdout")]

use crate::config::{Config, ConfigError};
use crate::files::{FileError, convert};
use crate::tenant::{self, TenantError};
use clap::Subcommand;
use diesel::PgConnection;
use kezhan_engine::Error;
use kezhan_features::people::setup::{self, TenantId};
use kezhan_features::platform::sealing;
use std::time::{Duration, Instant};

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the master keys by fingerprint and, for each company, its data keys
    List,
    /// Wrap all data keys with the first master key; servers may go on running
    ///
    /// With --new, a new master key is put in front of those in their file first. Servers that read another copy of the
    /// file, or KEZHAN_MASTER_KEY, must know the new key beforehand: put it behind the old one there and start them anew,
    /// then in front. When this is done, and once no backup is needed that was made before, the old key may go.
    Rotate {
        /// Make a new master key
        #[arg(long)]
        new: bool,
    },
    /// Give every company new data keys, and seal its secrets anew in the background
    ///
    /// Files stay under the key that they were written with, which goes on opening them; `encrypt-files --renewed` seals
    /// them anew as well.
    Renew {
        /// Only this company
        #[arg(long, value_name = "KEY")]
        tenant: Option<String>,
    },
    /// Encrypt the files that were stored before files were encrypted; servers may go on running
    ///
    /// It can be broken off and begun again at any time. Two do not run at once, nor does a backup beside it. Older
    /// backups hold these files in the clear.
    EncryptFiles {
        /// Only this company
        #[arg(long, value_name = "KEY")]
        tenant: Option<String>,
        /// Also those that a former key has encrypted
        #[arg(long)]
        renewed: bool,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Failed(#[from] Error),
    #[error("there is no company {0}")]
    NoTenant(String),
    #[error("another encrypt-files or a backup is at work")]
    Busy,
    #[error("{0} file(s) are as they were")]
    Left(usize),
    #[error(transparent)]
    Store(#[from] TenantError),
    #[error("{0}")]
    File(#[from] FileError),
}

/// How often the progress is told.
const BEAT: Duration = Duration::from_secs(2);

fn encrypt_files(
    config: &Config,
    conn: &mut PgConnection,
    tenant: Option<&str>,
    renewed: bool,
) -> Result<(), KeysError> {
    let vault = config.vault()?;
    config.check_vault(&vault, conn)?;
    if !convert::take_turn(conn).map_err(Error::from)? {
        return Err(KeysError::Busy);
    }
    let (storage, handle) = tenant::store(config)?;
    let place = convert::Place { storage: &storage, handle: &handle, root: &config.files };
    let mut left = 0;
    for company in chosen(conn, tenant)? {
        let mut told = Instant::now();
        let mut each = |tally: &convert::Tally| {
            if told.elapsed() > BEAT {
                told = Instant::now();
                println!("{}: {} file(s), {} MiB so far", company.key, tally.sealed, tally.bytes >> 20);
            }
        };
        let tally = convert::run(conn, &vault, &place, company.id, renewed, &mut each)?;
        let (key, sealed, mib) = (&company.key, tally.sealed, tally.bytes >> 20);
        println!("{key}: {sealed} file(s) encrypted, {mib} MiB; {} remain(s) taken away", tally.remains);
        tally.missing.iter().for_each(|name| println!("{key}: {name} is missing"));
        tally.strays.iter().for_each(|name| println!("{key}: {name} is in the clear, and no record names it"));
        tally.left.iter().for_each(|(name, why)| println!("{key}: {name} is as it was: {why}"));
        left += tally.left.len();
    }
    if left > 0 { Err(KeysError::Left(left)) } else { Ok(()) }
}

fn chosen(conn: &mut PgConnection, tenant: Option<&str>) -> Result<Vec<TenantId>, KeysError> {
    let mut all = setup::tenant_ids(conn)?;
    if let Some(key) = tenant {
        all.retain(|t| t.key == key);
        if all.is_empty() {
            return Err(KeysError::NoTenant(key.to_owned()));
        }
    }
    Ok(all)
}

pub fn run(config: &Config, conn: &mut PgConnection, command: &KeysCommand) -> Result<(), KeysError> {
    match command {
        KeysCommand::List => {
            let vault = config.vault()?;
            for (at, fingerprint) in vault.fingerprints().iter().enumerate() {
                println!("master\t{fingerprint}\t{}", if at == 0 { "wraps" } else { "unwraps" });
            }
            let keys = vault.keys(conn)?;
            for tenant in setup::tenant_ids(conn)? {
                for key in keys.iter().filter(|k| k.tenant_id == tenant.id) {
                    let state = if key.current { "current" } else { "old" };
                    let (made, name) = (key.created_at.format("%Y-%m-%d"), &tenant.key);
                    println!("{name}\t{}\t{}\t{state}\t{made}\twrapped by {}", key.id, key.purpose, key.master);
                }
            }
        }
        KeysCommand::Rotate { new } => {
            if *new {
                // Before a new key: with one missing, the old must not be pushed further back.
                let vault = config.vault()?;
                config.check_vault(&vault, conn)?;
                println!("a new master key stands first in {}", config.add_master_key()?.display());
            }
            let vault = config.vault()?;
            let changed = vault.rewrap(conn)?;
            let first = vault.fingerprints().into_iter().next().unwrap_or_default();
            println!("{changed} data key(s) wrapped anew; all are wrapped by {first}");
        }
        KeysCommand::Renew { tenant } => {
            let engine = config.engine()?;
            for tenant in chosen(conn, tenant.as_deref())? {
                sealing::renew(&engine, conn, tenant.id)?;
                println!("{}: new data key", tenant.key);
            }
        }
        KeysCommand::EncryptFiles { tenant, renewed } => {
            encrypt_files(config, conn, tenant.as_deref(), *renewed)?;
        }
    }
    Ok(())
}
