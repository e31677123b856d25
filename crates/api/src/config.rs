//! Settings: one table, read from the environment, then from a TOML file, else the default.

use crate::address;
use crate::master::MasterSource;
use kezhan_connect::guard::Inside;
use kezhan_connect::storage::Bucket;
use rand::Rng;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What is wrong with the configuration, in words for whoever starts the program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

type Result<T> = std::result::Result<T, ConfigError>;

fn fail<T>(message: impl Into<String>) -> Result<T> {
    Err(ConfigError(message.into()))
}

/// One setting. `name` is its key in the file, `env` its environment variable.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub env: &'static str,
    /// `None`: unset, or worked out from other settings as `help` says.
    pub default: Option<&'static str>,
    pub help: &'static str,
    pub secret: bool,
}

const fn setting(name: &'static str, env: &'static str, default: Option<&'static str>, help: &'static str) -> Setting {
    Setting { name, env, default, help, secret: false }
}

const fn secret(name: &'static str, env: &'static str, help: &'static str) -> Setting {
    Setting { name, env, default: None, help, secret: true }
}

/// Every setting there is; `kezhan config` prints this table.
pub const SETTINGS: &[Setting] = &[
    setting("addr", "KEZHAN_ADDR", Some("127.0.0.1:8080"), "address and port that the server listens on"),
    setting("public_url", "KEZHAN_PUBLIC_URL", None, "address that people reach us at; else that of each request"),
    setting("data", "KEZHAN_DATA", None, "data directory; as root /var/lib/kezhan, else ~/.local/share/kezhan"),
    setting("config", "KEZHAN_CONFIG", None, "this file of settings; kezhan.toml in the data directory if it exists"),
    setting("files", "KEZHAN_FILES", None, "directory of uploaded files; files in the data directory"),
    setting("upload_max_mb", "KEZHAN_UPLOAD_MAX_MB", Some("100"), "largest uploaded file, in MiB"),
    setting("s3_bucket", "KEZHAN_S3_BUCKET", None, "keep uploaded files in this bucket instead of a directory"),
    setting("s3_endpoint", "KEZHAN_S3_ENDPOINT", None, "address of an S3 service other than Amazon's"),
    setting("s3_region", "KEZHAN_S3_REGION", None, "region of the bucket; us-east-1"),
    secret("s3_access_key", "KEZHAN_S3_ACCESS_KEY", "name of the key to the bucket"),
    secret("s3_secret_key", "KEZHAN_S3_SECRET_KEY", "the key to the bucket"),
    setting("web", "KEZHAN_WEB", None, "directory of the built web client; build/web, or web beside the program"),
    secret("database_url", "DATABASE_URL", "an existing PostgreSQL to use in place of the embedded one"),
    setting("db_pool", "KEZHAN_DB_POOL", Some("16"), "database connections per process"),
    setting("db_statement_timeout_ms", "KEZHAN_DB_STATEMENT_TIMEOUT_MS", Some("30000"), "longest a statement may run"),
    setting("http_workers", "KEZHAN_HTTP_WORKERS", Some("0"), "threads that serve HTTP; 0: one per CPU"),
    setting("worker", "KEZHAN_WORKER", Some("true"), "run background jobs inside the server process"),
    setting(
        "job_stale_seconds",
        "KEZHAN_JOB_STALE_SECONDS",
        Some("30"),
        "take a job over whose worker is silent for so long",
    ),
    secret("jwt_secret", "KEZHAN_JWT_SECRET", "signs access tokens; generated and kept in the data directory"),
    secret("master_key", "KEZHAN_MASTER_KEY", "wraps the keys of secrets; old ones behind it after commas"),
    setting("master_key_file", "KEZHAN_MASTER_KEY_FILE", None, "file of master keys; master.key in the data directory"),
    setting("access_token_minutes", "KEZHAN_ACCESS_TOKEN_MINUTES", Some("15"), "life of an access token"),
    setting("refresh_token_days", "KEZHAN_REFRESH_TOKEN_DAYS", Some("30"), "life of a refresh token"),
    setting("rate_limit", "KEZHAN_RATE_LIMIT", Some("12000"), "calls per minute and caller; 0: no limit"),
    setting("sign_in_limit", "KEZHAN_SIGN_IN_LIMIT", Some("20"), "sign-ins per minute, address and name; 0: no limit"),
    setting("request_seconds", "KEZHAN_REQUEST_SECONDS", Some("20"), "longest a request may keep us waiting for more"),
    setting("erase_wait_days", "KEZHAN_ERASE_WAIT_DAYS", Some("7"), "days before a company that is to be erased is"),
    setting("behind_proxy", "KEZHAN_BEHIND_PROXY", Some("false"), "trust the forwarding headers of a reverse proxy"),
    setting(
        "internal_hosts",
        "KEZHAN_INTERNAL_HOSTS",
        None,
        "own hosts and networks that may be called: a.corp, 10.1.0.0/16",
    ),
    setting("pg_bin", "KEZHAN_PG_BIN", None, "PostgreSQL programs; the newest in /usr/lib/postgresql, else the PATH"),
    setting("pg_data", "KEZHAN_PG_DATA", None, "directory of the embedded PostgreSQL; postgres in the data directory"),
    setting("pg_user", "KEZHAN_PG_USER", Some("postgres"), "system user of the embedded PostgreSQL when run as root"),
    setting("log", "KEZHAN_LOG", Some("info"), "what to log: a level, or target=level,…"),
    setting("log_format", "KEZHAN_LOG_FORMAT", Some("text"), "text or json"),
];

/// Environment variables with our prefix that belong to the scripts, not to the program.
const SCRIPT_VARIABLES: &[&str] = &["KEZHAN_CACHE", "KEZHAN_WEB_DIST"];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Environment,
    File,
    Default,
    /// Worked out or generated at start-up.
    Derived,
    Unset,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
            Source::Derived => "derived",
            Source::Unset => "unset",
        })
    }
}

/// The settings of this process, read and checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub addr: SocketAddr,
    /// `https://crm.example.com`. `None`: as each request comes.
    pub public_url: Option<String>,
    pub data: PathBuf,
    pub files: PathBuf,
    pub web: PathBuf,
    pub upload_max_mb: u32,
    /// `None`: the directory of files.
    pub bucket: Option<Bucket>,
    /// `None`: the embedded PostgreSQL.
    pub database_url: Option<String>,
    pub db_pool: u32,
    pub db_statement_timeout_ms: u32,
    /// 0: one per CPU.
    pub http_workers: usize,
    pub worker: bool,
    pub job_stale_seconds: u64,
    pub access_token_minutes: u32,
    pub refresh_token_days: u32,
    pub rate_limit: u32,
    pub sign_in_limit: u32,
    pub request_seconds: u64,
    pub erase_wait_days: u32,
    pub behind_proxy: bool,
    /// Besides the public Internet.
    pub inside: Inside,
    pub pg_bin: Option<PathBuf>,
    pub pg_data: Option<PathBuf>,
    pub pg_user: String,
    pub log: String,
    pub log_json: bool,
    jwt_secret: Option<String>,
    pub(crate) master: MasterSource,
    values: BTreeMap<&'static str, (String, Source)>,
    unknown: Vec<String>,
}

impl Config {
    pub fn upload_max_bytes(&self) -> u64 {
        u64::from(self.upload_max_mb) << 20
    }

    /// Reads the process environment and the file it names.
    pub fn load() -> Result<Config> {
        Config::from_vars(&std::env::vars().collect())
    }

    /// Reads from the given environment.
    pub fn from_vars(vars: &BTreeMap<String, String>) -> Result<Config> {
        let mut values = Values::from_environment(vars);
        let root = rustix::process::geteuid().is_root();
        let data = match (values.given("data"), vars.get("HOME")) {
            (Some(data), _) => absolute(data)?,
            (None, _) if root => PathBuf::from("/var/lib/kezhan"),
            (None, Some(home)) => Path::new(home).join(".local/share/kezhan"),
            (None, None) => return fail("KEZHAN_DATA is not set, and neither is HOME"),
        };
        let file = match values.given("config") {
            Some(file) => Some(absolute(file)?),
            None => Some(data.join("kezhan.toml")).filter(|f| f.exists()),
        };
        if let Some(file) = &file {
            values.add_file(file)?;
            values.derive("config", file.display());
        }
        values.derive("data", data.display());
        values.derive("files", data.join("files").display());
        values.derive("web", default_web().display());
        values.add_defaults();

        let format = values.text("log_format")?;
        if !["text", "json"].contains(&format.as_str()) {
            return fail(format!("{}: \"{format}\" is neither text nor json", values.origin("log_format")));
        }
        Ok(Config {
            addr: values.address("addr")?,
            files: absolute(&values.text("files")?)?,
            web: absolute(&values.text("web")?)?,
            upload_max_mb: values.number("upload_max_mb", 1, 10_240)?,
            bucket: values.bucket()?,
            public_url: values.public_url()?,
            database_url: values.given("database_url").map(str::to_owned),
            db_pool: values.number("db_pool", 1, 1000)?,
            db_statement_timeout_ms: values.number("db_statement_timeout_ms", 100, 3_600_000)?,
            http_workers: values.number("http_workers", 0, 1024)?,
            worker: values.parse("worker", "true or false")?,
            job_stale_seconds: values.number("job_stale_seconds", 1, 3600)?,
            access_token_minutes: values.number("access_token_minutes", 1, 1440)?,
            refresh_token_days: values.number("refresh_token_days", 1, 3650)?,
            rate_limit: values.number("rate_limit", 0, 10_000_000)?,
            sign_in_limit: values.number("sign_in_limit", 0, 1_000_000)?,
            request_seconds: values.number("request_seconds", 1, 3600)?,
            erase_wait_days: values.number("erase_wait_days", 0, 365)?,
            behind_proxy: values.parse("behind_proxy", "true or false")?,
            inside: values.given("internal_hosts").unwrap_or_default().parse().map_err(ConfigError)?,
            pg_bin: values.given("pg_bin").map(absolute).transpose()?,
            pg_data: values.given("pg_data").map(absolute).transpose()?,
            pg_user: values.text("pg_user")?,
            log: values.text("log")?,
            log_json: format == "json",
            jwt_secret: values.jwt_secret()?,
            master: MasterSource::of(values.given("master_key"), values.given("master_key_file"), &data)?,
            unknown: vars
                .keys()
                .filter(|k| k.starts_with("KEZHAN_") && !SCRIPT_VARIABLES.contains(&k.as_str()))
                .filter(|k| !SETTINGS.iter().any(|s| s.env == k.as_str()))
                .cloned()
                .collect(),
            data,
            values: values.0,
        })
    }

    /// Makes the data directory if it is missing. The embedded PostgreSQL's user must be able to pass through it.
    pub fn create_data_dir(&self) -> Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(&self.data)
            .map_err(|e| ConfigError(format!("cannot create the data directory {}: {e}", self.data.display())))
    }

    /// The key that signs access tokens: given, or made on first use and kept in the data directory.
    pub fn jwt_secret(&self) -> Result<String> {
        match &self.jwt_secret {
            Some(secret) => Ok(secret.clone()),
            None => {
                self.create_data_dir()?;
                let path = self.data.join("jwt.secret");
                kept_secret(&path).map_err(|e| ConfigError(format!("{}: {e}", path.display())))
            }
        }
    }

    /// Variables that look like settings and are none: most likely misspelt.
    pub fn unknown_variables(&self) -> &[String] {
        &self.unknown
    }

    /// All settings as text, one block each, secrets masked.
    pub fn describe(&self) -> String {
        use fmt::Write;
        let mut out = String::new();
        for setting in SETTINGS {
            let (value, source) = match self.values.get(setting.name) {
                Some((_, source)) if setting.secret => ("********", source),
                Some((value, source)) => (value.as_str(), source),
                None => ("", &Source::Unset),
            };
            let _ = writeln!(out, "{} = {value}  [{source}]", setting.name);
            let _ = writeln!(out, "    {}: {}", setting.env, setting.help);
        }
        for name in &self.unknown {
            let _ = writeln!(out, "warning: {name} is not a setting");
        }
        out
    }
}

/// Values as text with their source, while the configuration is put together.
struct Values(BTreeMap<&'static str, (String, Source)>);

impl Values {
    /// An empty variable counts as unset, as is usual in compose files.
    fn from_environment(vars: &BTreeMap<String, String>) -> Values {
        let given = |s: &'static Setting| {
            let value = vars.get(s.env).filter(|v| !v.trim().is_empty())?;
            Some((s.name, (value.trim().to_owned(), Source::Environment)))
        };
        Values(SETTINGS.iter().filter_map(given).collect())
    }

    fn add_file(&mut self, path: &Path) -> Result<()> {
        let in_file = |message: &dyn fmt::Display| ConfigError(format!("{}: {message}", path.display()));
        let text = fs::read_to_string(path).map_err(|e| in_file(&e))?;
        let table: toml::Table = text.parse().map_err(|e| in_file(&e))?;
        for (key, value) in table {
            let Some(setting) = SETTINGS.iter().find(|s| s.name == key && !["data", "config"].contains(&s.name)) else {
                return Err(in_file(&format!("{key} cannot be set here")));
            };
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                other => return Err(in_file(&format!("{key}: a {} is not a value", other.type_str()))),
            };
            self.0.entry(setting.name).or_insert((value, Source::File));
        }
        Ok(())
    }

    fn derive(&mut self, name: &'static str, value: impl fmt::Display) {
        self.0.entry(name).or_insert_with(|| (value.to_string(), Source::Derived));
    }

    fn add_defaults(&mut self) {
        for setting in SETTINGS {
            if let Some(default) = setting.default {
                self.0.entry(setting.name).or_insert_with(|| (default.to_owned(), Source::Default));
            }
        }
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(value, _)| value.as_str())
    }

    fn text(&self, name: &str) -> Result<String> {
        match self.given(name) {
            Some(value) => Ok(value.to_owned()),
            None => fail(format!("{} is not set", self.origin(name))),
        }
    }

    /// How to name a setting in an error: by where its value stands.
    fn origin(&self, name: &str) -> String {
        match (self.0.get(name), SETTINGS.iter().find(|s| s.name == name)) {
            (Some((_, Source::File)), _) | (_, None) => name.to_owned(),
            (_, Some(setting)) => setting.env.to_owned(),
        }
    }

    fn parse<T: FromStr>(&self, name: &str, expected: &str) -> Result<T> {
        let text = self.text(name)?;
        text.parse().or_else(|_| fail(format!("{}: \"{text}\" is not {expected}", self.origin(name))))
    }

    fn number<T: FromStr + PartialOrd + fmt::Display>(&self, name: &str, low: T, high: T) -> Result<T> {
        let expected = format!("a number from {low} to {high}");
        let number: T = self.parse(name, &expected)?;
        if number < low || number > high {
            return fail(format!("{}: {number} is not {expected}", self.origin(name)));
        }
        Ok(number)
    }

    fn address(&self, name: &str) -> Result<SocketAddr> {
        let text = self.text(name)?;
        let found = text.to_socket_addrs().ok().and_then(|mut all| all.next());
        match found {
            Some(address) => Ok(address),
            None => fail(format!("{}: \"{text}\" is not an address like 127.0.0.1:8080", self.origin(name))),
        }
    }

    fn public_url(&self) -> Result<Option<String>> {
        let Some(text) = self.given("public_url") else { return Ok(None) };
        let wrong = || fail(format!("{}: \"{text}\" is not like https://crm.example.com", self.origin("public_url")));
        address::parse(text).map_or_else(wrong, |url| Ok(Some(url)))
    }

    fn bucket(&self) -> Result<Option<Bucket>> {
        let Some(name) = self.given("s3_bucket").map(str::to_owned) else { return Ok(None) };
        let given = |name: &str| self.given(name).map(str::to_owned);
        let (Some(access_key), Some(secret_key)) = (given("s3_access_key"), given("s3_secret_key")) else {
            return fail("s3_bucket needs s3_access_key and s3_secret_key");
        };
        Ok(Some(Bucket { name, endpoint: given("s3_endpoint"), region: given("s3_region"), access_key, secret_key }))
    }

    fn jwt_secret(&self) -> Result<Option<String>> {
        match self.given("jwt_secret") {
            Some(secret) if secret.len() < 32 => {
                fail(format!("{} must have at least 32 characters", self.origin("jwt_secret")))
            }
            other => Ok(other.map(str::to_owned)),
        }
    }
}

pub(crate) fn absolute(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    std::path::absolute(path).map_err(|e| ConfigError(format!("{}: {e}", path.display())))
}

/// In a checkout the build's output, in an installation the directory beside the program.
fn default_web() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("web")));
    beside.filter(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("build/web"))
}

/// 256 random bits as hex.
pub(crate) fn random_secret() -> String {
    hex::encode(rand::rng().random::<[u8; 32]>())
}

/// Reads a secret from a file, which is made if missing: readable by its owner only, and never seen half-written
/// by another process that starts at the same moment.
pub(crate) fn kept_secret(path: &Path) -> std::io::Result<String> {
    if !path.exists() {
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(random_secret().as_bytes())?;
        file.sync_all()?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
    }
    let secret = fs::read_to_string(path)?.trim().to_owned();
    if secret.is_empty() {
        return Err(std::io::Error::other("the file is empty"));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests;
