//! The private PostgreSQL that the product runs for itself when it is given no other.
//!
//! Any number of our processes may use one cluster: each holds a shared lock on it, the first starts the server and
//! the last one out stops it. A server left behind by a process that was killed is adopted by the next. Layout of its
//! directory: `data` (the cluster), `socket`, `password`, `port`, `lock`, `users`, `postgres.log`.

mod host;

pub use host::find_programs;

use crate::config::{Config, ConfigError, kept_secret};
use crate::context::{Context, IoFault};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use host::{Program, percent_encode, programs_for, system_user, total_memory_mb};
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Superuser and database of the cluster.
const NAME: &str = "kezhan";
/// A socket's path must fit into 107 bytes together with its file name.
const LONGEST_SOCKET_DIR: usize = 80;
/// Long enough to replay the log after a crash on a slow disk.
const START_SECONDS: u64 = 120;
const LOG_BYTES: u64 = 16 << 20;

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "no PostgreSQL server programs found: install them (apt-get install postgresql-15), \
         name their directory in KEZHAN_PG_BIN, or use another server through DATABASE_URL"
    )]
    NotInstalled,
    #[error(
        "PostgreSQL must not run as root, and there is no system user {0}: create it or name one in KEZHAN_PG_USER"
    )]
    NoSystemUser(String),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Io(#[from] IoFault),
    #[error("{program} failed: {output}")]
    Program { program: &'static str, output: String },
    #[error("PostgreSQL does not answer: {0}")]
    Unreachable(String),
    #[error("the server at our address keeps its data in {0}: it is not ours")]
    Foreign(String),
}

type Result<T> = std::result::Result<T, EmbeddedError>;

/// How a cluster is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its directory, made if missing.
    pub home: PathBuf,
    /// Server programs; found if not given.
    pub bin: Option<PathBuf>,
    /// System user to run as when we are root.
    pub user: String,
    /// `false` trades safety for speed: throw-away clusters only.
    pub durable: bool,
    /// `false` leaves the server running when its last user goes.
    pub stop: bool,
}

impl Options {
    pub fn of(config: &Config) -> Options {
        Options {
            home: config.pg_data.clone().unwrap_or_else(|| reachable_home(config.data.join("postgres"))),
            bin: config.pg_bin.clone(),
            user: config.pg_user.clone(),
            durable: true,
            stop: true,
        }
    }
}

/// The directory itself, or, when we are root and its user could not get there (a root home is closed to others),
/// a place below `/var/lib/kezhan` that is named after it.
pub fn reachable_home(home: PathBuf) -> PathBuf {
    let open = |dir: &Path| fs::metadata(dir).map_or(true, |meta| meta.mode() & 0o001 != 0);
    if !rustix::process::geteuid().is_root() || home.ancestors().skip(1).all(open) {
        return home;
    }
    let digest = hex::encode(Sha256::digest(home.as_os_str().as_encoded_bytes()));
    PathBuf::from("/var/lib/kezhan").join(format!("postgres-{}", &digest[..8]))
}

/// A running cluster that this process uses.
#[derive(Debug)]
pub struct Postgres {
    options: Options,
    bin: PathBuf,
    /// User and group id to run as, when we are root.
    identity: Option<(u32, u32)>,
    password: String,
    port: u16,
    /// Held shared while we use the cluster.
    users: Option<File>,
}

impl Postgres {
    /// Has a cluster of this configuration been made?
    pub fn exists(config: &Config) -> bool {
        Options::of(config).home.join("data/PG_VERSION").exists()
    }

    /// Starts or adopts the cluster of this configuration.
    pub fn start(config: &Config) -> Result<Postgres> {
        config.create_data_dir()?;
        Postgres::open(Options::of(config))
    }

    pub fn open(options: Options) -> Result<Postgres> {
        let home = &options.home;
        let major = fs::read_to_string(home.join("data/PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
        let bin = programs_for(options.bin.as_deref(), major)?;
        let identity = system_user(&options.user)?;
        let at = |what: &'static str| move || format!("{what} in {}", home.display());
        DirBuilder::new().recursive(true).mode(0o711).create(home).context(at("cannot create a directory"))?;
        let password = kept_secret(&home.join("password")).context(at("cannot keep the password"))?;
        let users = File::create(home.join("users")).context(at("cannot create a file"))?;
        let mut postgres = Postgres { options, bin, identity, password, port: 0, users: None };

        let _guard = postgres.lock()?;
        postgres.create_cluster()?;
        postgres.ensure_started()?;
        users.lock_shared().context(|| "cannot lock the cluster".into())?;
        postgres.users = Some(users);
        Ok(postgres)
    }

    /// Connection URL of the product's database, through the private socket.
    pub fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// Connection URL of any database in the cluster.
    pub fn url_of(&self, database: &str) -> String {
        let host = percent_encode(&self.socket_dir().to_string_lossy());
        format!("postgresql://{NAME}:{}@/{database}?host={host}&port={}", self.password, self.port)
    }

    /// Where `pg_dump` and its sisters are.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// Process id of the server, while it runs.
    pub fn pid(&self) -> Option<u32> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid: u32 = text.lines().next()?.trim().parse().ok()?;
        // The number may long belong to somebody else: believe it only if that process serves our directory.
        if !Path::new("/proc/self").exists() {
            return Some(pid);
        }
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let data = self.data();
        command.split(|b| *b == 0).any(|arg| arg == data.as_os_str().as_encoded_bytes()).then_some(pid)
    }

    /// Starts the server again if it is gone; true if it was. Its address stays the same.
    pub fn revive(&mut self) -> Result<bool> {
        if self.pid().is_some() {
            return Ok(false);
        }
        let _guard = self.lock()?;
        self.ensure_started()?;
        Ok(true)
    }

    /// Gives the cluster up, and stops it if nobody else uses it.
    pub fn stop(mut self) -> Result<()> {
        self.release()
    }

    /// Stops the server and removes the cluster for good, unless somebody else uses it; true if it is gone.
    pub fn remove(mut self) -> Result<bool> {
        self.options.stop = true;
        self.release()?;
        if self.pid().is_some() {
            return Ok(false);
        }
        fs::remove_dir_all(&self.options.home).context(|| format!("cannot remove {}", self.options.home.display()))?;
        Ok(true)
    }

    fn release(&mut self) -> Result<()> {
        let Some(users) = self.users.take() else { return Ok(()) };
        let _guard = self.lock()?;
        users.unlock().context(|| "cannot unlock the cluster".into())?;
        if !self.options.stop || users.try_lock().is_err() || self.pid().is_none() {
            return Ok(());
        }
        self.run("pg_ctl", &["stop", "-w", "-m", "fast", "-t", "60"])
    }

    fn data(&self) -> PathBuf {
        self.options.home.join("data")
    }

    fn socket_dir(&self) -> PathBuf {
        let dir = self.options.home.join("socket");
        if dir.as_os_str().len() <= LONGEST_SOCKET_DIR {
            return dir;
        }
        let digest = hex::encode(Sha256::digest(dir.as_os_str().as_encoded_bytes()));
        std::env::temp_dir().join(format!("kezhan-{}", &digest[..16]))
    }

    /// One process at a time creates, starts or stops.
    fn lock(&self) -> Result<File> {
        let path = self.options.home.join("lock");
        let file = File::create(&path).context(|| format!("cannot create {}", path.display()))?;
        file.lock().context(|| format!("cannot lock {}", path.display()))?;
        Ok(file)
    }

    fn private_dir(&self, dir: &Path) -> Result<()> {
        let what = || format!("cannot prepare {}", dir.display());
        match fs::symlink_metadata(dir) {
            Err(_) => DirBuilder::new().mode(0o700).create(dir).context(what)?,
            Ok(meta) if meta.is_dir() && self.is_own(meta.uid()) => {}
            Ok(_) => Err(io::Error::other("it belongs to somebody else")).context(what)?,
        }
        fs::set_permissions(dir, Permissions::from_mode(0o700)).context(what)?;
        self.give(dir)
    }

    fn is_own(&self, uid: u32) -> bool {
        uid == rustix::process::geteuid().as_raw() || self.identity.is_some_and(|(own, _)| own == uid)
    }

    fn give(&self, path: &Path) -> Result<()> {
        let Some((uid, gid)) = self.identity else { return Ok(()) };
        Ok(chown(path, Some(uid), Some(gid)).context(|| format!("cannot hand over {}", path.display()))?)
    }

    /// `initdb` under another name and a rename at the end: an interrupted one leaves nothing half-made.
    fn create_cluster(&self) -> Result<()> {
        if self.data().exists() {
            return Ok(());
        }
        log::info!("creating a PostgreSQL cluster in {}", self.options.home.display());
        let draft = self.options.home.join("data.new");
        let password = self.options.home.join("password.new");
        if draft.exists() {
            fs::remove_dir_all(&draft).context(|| format!("cannot remove {}", draft.display()))?;
        }
        self.private_dir(&draft)?;
        fs::copy(self.options.home.join("password"), &password).context(|| "cannot copy the password".into())?;
        self.give(&password)?;
        let result = self.execute(self.program("initdb").arg("-D").arg(&draft).arg("--pwfile").arg(&password).args(&[
            "-U",
            NAME,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            // Bytewise order is fast and the same everywhere; C.UTF-8 knows upper and lower case of every script.
            "--lc-collate=C",
            "--lc-ctype=C.UTF-8",
            "--lc-messages=C",
            "--lc-monetary=C",
            "--lc-numeric=C",
            "--lc-time=C",
            if self.options.durable { "--data-checksums" } else { "--no-sync" },
        ]));
        fs::remove_file(&password).context(|| "cannot remove the password's copy".into())?;
        result?;
        let main = draft.join("postgresql.conf");
        let settings = fs::read_to_string(&main).context(|| format!("cannot read {}", main.display()))?;
        let finished =
            fs::write(&main, settings + "\ninclude = 'kezhan.conf'\n").and_then(|()| fs::rename(&draft, self.data()));
        Ok(finished.context(|| "cannot finish the cluster".into())?)
    }

    /// Adopts our server if it runs, starts it otherwise, and waits until it answers.
    fn ensure_started(&mut self) -> Result<()> {
        if self.pid().is_some() {
            self.port = self.running_port()?;
            self.await_answer()?;
            return self.create_database();
        }
        let insist = self.users.is_some();
        self.await_orphans()?;
        // Again, because another program may take the port between our look and the start.
        let mut result = self.launch(insist);
        for _ in 0..2 {
            if result.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(300));
            result = self.launch(insist);
        }
        result?;
        self.await_answer()?;
        self.create_database()
    }

    /// Children outlive a killed server for a moment. Nothing may start beside them.
    fn await_orphans(&self) -> Result<()> {
        let data = self.data();
        let works_there = |entry: fs::DirEntry| fs::read_link(entry.path().join("cwd")).is_ok_and(|dir| dir == data);
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        while fs::read_dir("/proc").into_iter().flatten().flatten().any(works_there) {
            if Instant::now() > deadline {
                return Err(EmbeddedError::Unreachable(format!("other processes still work in {}", data.display())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn launch(&mut self, insist: bool) -> Result<()> {
        // Left by a killed server. They name a process id that by now may be anybody's, which PostgreSQL cannot know.
        let stale = fs::read_dir(self.socket_dir()).into_iter().flatten().flatten().map(|entry| entry.path());
        for file in stale.chain([self.data().join("postmaster.pid")]).filter(|file| file.exists()) {
            fs::remove_file(&file).context(|| format!("cannot remove {}", file.display()))?;
        }
        self.private_dir(&self.socket_dir())?;
        self.choose_port(insist)?;
        self.write_settings()?;
        let log = self.log_file();
        if fs::metadata(&log).is_ok_and(|meta| meta.len() > LOG_BYTES) {
            fs::rename(&log, log.with_extension("log.1")).context(|| "cannot rotate the log".into())?;
        }
        File::options().append(true).create(true).open(&log).context(|| format!("cannot open {}", log.display()))?;
        self.give(&log)?;
        let log = log.to_string_lossy();
        self.run("pg_ctl", &["start", "-w", "-s", "-t", &START_SECONDS.to_string(), "-l", &log])
    }

    fn log_file(&self) -> PathBuf {
        self.options.home.join("postgres.log")
    }

    /// The port of last time, which a server just killed may hold for a moment; else one that is free. Kept, so that
    /// the address stays the same; `insist` on it under a process that already uses it.
    fn choose_port(&mut self, insist: bool) -> Result<()> {
        let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let path = self.options.home.join("port");
        let kept: Option<u16> = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Some(port) = kept {
            if free(&port) {
                self.port = port;
                return Ok(());
            }
            if Instant::now() > deadline {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        if insist {
            return Err(EmbeddedError::Unreachable(format!("port {} is taken by another program", self.port)));
        }
        // Below the range from which systems take ports for outgoing connections; spread by directory.
        let digest = Sha256::digest(self.options.home.as_os_str().as_encoded_bytes());
        let start = 20_000 + u16::from_be_bytes([digest[0], digest[1]]) % 10_000;
        let Some(port) = (start..32_000).find(free) else {
            return Err(EmbeddedError::Unreachable("no free port".into()));
        };
        self.port = port;
        Ok(fs::write(&path, port.to_string()).context(|| format!("cannot write {}", path.display()))?)
    }

    fn running_port(&self) -> Result<u16> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        match text.lines().nth(3).and_then(|line| line.trim().parse().ok()) {
            Some(port) => Ok(port),
            None => Err(EmbeddedError::Unreachable("its lock file names no port".into())),
        }
    }

    fn write_settings(&self) -> Result<()> {
        let memory_mb = total_memory_mb();
        let mut text = format!(
            "# Written at every start; own settings belong into postgresql.conf below the include, or ALTER SYSTEM.\n\
             listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\nunix_socket_permissions = 0700\n\
             max_connections = 200\nshared_buffers = {}MB\neffective_cache_size = {}MB\nwork_mem = 16MB\n\
             maintenance_work_mem = {}MB\nmax_wal_size = 2GB\nwal_compression = {}\ncheckpoint_timeout = 15min\n\
             random_page_cost = 1.1\njit = off\ntimezone = 'UTC'\nlog_timezone = 'UTC'\n\
             password_encryption = 'scram-sha-256'\nlog_line_prefix = '%m [%p] '\n",
            self.port,
            self.socket_dir().to_string_lossy().replace('\'', "''"),
            (memory_mb / 8).clamp(64, 2048),
            (memory_mb / 2).max(256),
            (memory_mb / 16).clamp(32, 512),
            self.wal_compression(),
        );
        if !self.options.durable {
            text += "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nautovacuum = off\n";
        }
        let path = self.data().join("kezhan.conf");
        fs::write(&path, text).context(|| format!("cannot write {}", path.display()))?;
        self.give(&path)
    }

    /// Waits for the server, and makes sure that it is the one of our directory before anyone writes to it.
    fn await_answer(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        let mut connection = loop {
            match PgConnection::establish(&self.url_of("postgres")) {
                Ok(connection) => break connection,
                Err(e) if Instant::now() > deadline || self.pid().is_none() => {
                    return Err(EmbeddedError::Unreachable(e.to_string()));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        };
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            data_directory: String,
        }
        let row: Row = sql_query("SHOW data_directory").get_result(&mut connection).map_err(unreachable)?;
        if Path::new(&row.data_directory) != self.data() {
            return Err(EmbeddedError::Foreign(row.data_directory));
        }
        Ok(())
    }

    fn create_database(&self) -> Result<()> {
        if PgConnection::establish(&self.url()).is_ok() {
            return Ok(());
        }
        let mut connection =
            PgConnection::establish(&self.url_of("postgres")).map_err(|e| EmbeddedError::Unreachable(e.to_string()))?;
        connection.batch_execute(&format!("CREATE DATABASE {NAME}")).map_err(unreachable)
    }

    /// After a checkpoint each page goes into the log as a whole once, which PostgreSQL's own compression makes several
    /// times as dear as LZ4 does, if this build has that.
    fn wal_compression(&self) -> &'static str {
        let args = ["-c", "config_file=/dev/null", "-c", "wal_compression=lz4", "-C", "wal_compression"];
        if self.run("postgres", &args).is_ok() { "lz4" } else { "on" }
    }

    fn run(&self, program: &'static str, args: &[&str]) -> Result<()> {
        self.execute(self.program(program).arg("-D").arg(self.data()).args(args))
    }

    fn program(&self, program: &'static str) -> Program {
        let mut command = Command::new(self.bin.join(program));
        // A working directory that every user may enter, and a session of its own: Ctrl-C in the terminal is for us.
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null()).process_group(0);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        if let Some((uid, gid)) = self.identity {
            command.uid(uid).gid(gid);
        }
        Program { name: program, command }
    }

    fn execute(&self, mut program: Program) -> Result<()> {
        // To a file, not a pipe: the server inherits the handle and would keep a pipe open.
        let path = self.options.home.join("output");
        let name = program.name;
        let what = || format!("cannot run {name}");
        let file = File::create(&path).context(what)?;
        let copy = file.try_clone().context(what)?;
        let status = program.command.stdout(file).stderr(copy).status().context(what)?;
        if status.success() {
            return Ok(());
        }
        let mut output = fs::read_to_string(&path).unwrap_or_default();
        if program.name == "pg_ctl" {
            let log = fs::read_to_string(self.log_file()).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(12).collect();
            output = tail.into_iter().rev().fold(output, |all, line| all + "\n" + line);
        }
        Err(EmbeddedError::Program { program: program.name, output: output.trim().to_owned() })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(e) = self.release() {
            log::error!("stopping PostgreSQL: {e}");
        }
    }
}

fn unreachable(e: diesel::result::Error) -> EmbeddedError {
    EmbeddedError::Unreachable(e.to_string())
}
