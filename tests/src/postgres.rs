//! One fast PostgreSQL for all tests, and a freshly migrated database for each.
//!
//! The cluster is the product's own embedded one with all safety off, in memory or the cache directory, shared by every
//! test process and left running for the next; or the server that `TEST_DATABASE_URL` names. The schema is migrated once
//! into a template, and each test gets a copy of it.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use kezhan_api::embedded::{Options, Postgres, reachable_home};
use sha2::{Digest, Sha256};
use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of its own for one test, dropped at its end.
#[derive(Debug)]
pub struct TestDb {
    name: String,
    url: String,
}

impl TestDb {
    /// A copy of the migrated template.
    #[allow(clippy::new_without_default, reason = "making a database is not a default value")]
    pub fn new() -> TestDb {
        TestDb::create(Some(template()))
    }

    /// A database without a schema.
    pub fn empty() -> TestDb {
        TestDb::create(None)
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// The one text that a statement answers.
    pub fn text(&self, sql: &str) -> String {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        sql_query(format!("SELECT ({sql})::text AS text")).get_result::<Row>(&mut self.connect()).unwrap().text
    }

    /// Does something behind the server's back.
    pub fn run(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    fn create(template: Option<&str>) -> TestDb {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kz_test_{}_{number}", std::process::id());
        let template = template.unwrap_or("template0");
        admin().batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
        TestDb { url: url_of(&name), name }
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let dropped = admin().batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        if let Err(e) = dropped {
            eprintln!("cannot drop {}: {e}", self.name);
        }
    }
}

/// Where the kernel keeps files in memory.
const MEMORY: &str = "/dev/shm";
/// What all tests at once need of it, with much to spare, in bytes.
const ENOUGH: u64 = 3 << 30;

/// In memory, where there is enough of it: ext4 looks long for room for the thousand files of a database where those of
/// another one have just been removed. On disk otherwise, or where it lies already, for all processes have to find the
/// same.
fn home() -> PathBuf {
    let disk = reachable_home(crate::cache().join("test-pg"));
    let digest = hex::encode(Sha256::digest(disk.as_os_str().as_encoded_bytes()));
    let memory = Path::new(MEMORY).join(format!("kezhan-test-pg-{}", &digest[..8]));
    let ours = |meta: &fs::Metadata| meta.uid() == rustix::process::geteuid().as_raw();
    match fs::symlink_metadata(&memory) {
        Ok(meta) if ours(&meta) => memory,
        Err(_) if !disk.exists() && free_memory() >= ENOUGH => memory,
        _ => disk,
    }
}

/// Bytes that files in memory may still take: the smaller of what is set aside for them and half of what is free.
fn free_memory() -> u64 {
    let room = rustix::fs::statvfs(MEMORY).map_or(0, |stat| stat.f_bavail * stat.f_frsize);
    let known = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = known.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB"));
    let free: u64 = line.and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0);
    room.min(free * 1024 / 2)
}

/// The cluster that all tests share.
pub fn cluster_options() -> Options {
    Options {
        home: home(),
        bin: env::var_os("KEZHAN_PG_BIN").map(PathBuf::from),
        user: env::var("KEZHAN_PG_USER").unwrap_or_else(|_| "postgres".into()),
        durable: false,
        stop: false,
    }
}

/// A throw-away cluster of its own in a new directory, for tests that hurt it.
pub fn scratch_cluster(name: &str) -> Options {
    let home = env::temp_dir().join(format!("kezhan-{name}-{}", std::process::id()));
    Options { home, durable: true, stop: true, ..cluster_options() }
}

enum Server {
    Ours(Postgres),
    Given(String),
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match env::var("TEST_DATABASE_URL") {
        Ok(url) => Server::Given(url),
        Err(_) => Server::Ours(Postgres::open(cluster_options()).unwrap()),
    })
}

fn url_of(database: &str) -> String {
    match server() {
        Server::Ours(postgres) => postgres.url_of(database),
        Server::Given(url) => with_database(url, database),
    }
}

/// The same server and options, another database.
fn with_database(url: &str, database: &str) -> String {
    let (scheme, rest) = url.split_once("://").expect("TEST_DATABASE_URL is a URL");
    let (rest, query) = rest.split_once('?').map_or((rest, String::new()), |(r, q)| (r, format!("?{q}")));
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/{database}{query}")
}

fn admin() -> PgConnection {
    PgConnection::establish(&url_of("postgres")).unwrap()
}

/// The name of the migrated template, made by whichever process is first.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let digest = migrations_digest();
        let name = format!("kz_template_{}", &hex::encode(&digest)[..16]);
        let mut admin = admin();
        let lock = i64::from_be_bytes(digest[..8].try_into().unwrap());
        admin.batch_execute(&format!("SELECT pg_advisory_lock({lock})")).unwrap();
        let databases = databases(&mut admin);
        if !databases.contains(&name) {
            let draft = format!("{name}_draft");
            admin.batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).unwrap();
            admin.batch_execute(&format!("CREATE DATABASE {draft} TEMPLATE template0")).unwrap();
            kezhan_api::database::migrate(&url_of(&draft)).unwrap();
            admin.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).unwrap();
        }
        for left in databases.iter().filter(|name| is_orphan(name)) {
            admin.batch_execute(&format!("DROP DATABASE IF EXISTS {left} WITH (FORCE)")).unwrap();
        }
        name
    })
}

/// Was it left by a test process that is gone?
fn is_orphan(database: &str) -> bool {
    let pid = database.strip_prefix("kz_test_").and_then(|rest| rest.split('_').next());
    pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists())
}

fn databases(admin: &mut PgConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        datname: String,
    }
    let rows: Vec<Row> = sql_query("SELECT datname::text FROM pg_database").load(admin).unwrap();
    rows.into_iter().map(|row| row.datname).collect()
}

/// Names the state of the schema, for databases that are kept.
pub fn migrations_key() -> String {
    hex::encode(&migrations_digest()[..4])
}

/// Changes with any migration, so that a template is never out of date.
fn migrations_digest() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let mut directories: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    directories.sort();
    let mut hash = Sha256::new();
    for sql in directories.iter().map(|dir| dir.join("up.sql")).filter(|sql| sql.exists()) {
        hash.update(sql.as_os_str().as_encoded_bytes());
        hash.update(fs::read(sql).unwrap());
    }
    hash.finalize().to_vec()
}
