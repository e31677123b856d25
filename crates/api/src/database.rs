//! The database of this process: which server it is on, and its schema.

use crate::config::Config;
use crate::embedded::{EmbeddedError, Options, Postgres};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::sql_types::Bool;
use diesel::{Connection, PgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Any constant will do; it is the same for every process that migrates.
const MIGRATION_LOCK: i64 = 0x6b65_7a68_616e;

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("database: {0}")]
    Query(#[from] diesel::result::Error),
    #[error("migration: {0}")]
    Migration(String),
    #[error(
        "there is no database in {0}, and nothing was looked at: name the one that is meant in DATABASE_URL, KEZHAN_DATA or \
         KEZHAN_PG_DATA"
    )]
    NoCluster(String),
    #[error("the database that DATABASE_URL names is empty, and nothing was looked at")]
    Empty,
    #[error("the database was made by a newer version of this program (migration {0})")]
    Newer(String),
}

/// A server to work on: the one given, or the embedded one, which is kept running while this value lives.
#[derive(Debug)]
pub struct Database {
    url: String,
    embedded: Option<Supervised>,
}

impl Database {
    pub fn open(config: &Config) -> Result<Database, DatabaseError> {
        if let Some(url) = &config.database_url {
            return Ok(Database { url: url.clone(), embedded: None });
        }
        let postgres = Postgres::start(config)?;
        Ok(Database { url: postgres.url(), embedded: Some(Supervised::new(postgres)) })
    }

    /// As [`Database::open`], for what makes no sense without anything being there: makes neither cluster nor schema, as a
    /// wrong setting would then look like an installation in which all is well.
    pub fn existing(config: &Config) -> Result<Database, DatabaseError> {
        if config.database_url.is_none() && !Postgres::exists(config) {
            return Err(DatabaseError::NoCluster(Options::of(config).home.display().to_string()));
        }
        let database = Database::open(config)?;
        match is_empty(database.url()) {
            Ok(false) => Ok(database),
            answer => {
                database.close()?;
                answer.and(Err(DatabaseError::Empty))
            }
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the embedded server, unless another process uses it.
    pub fn close(self) -> Result<(), DatabaseError> {
        Ok(self.embedded.map_or(Ok(()), Supervised::stop)?)
    }
}

/// An embedded server with a thread beside it that starts it again if it dies.
#[derive(Debug)]
struct Supervised {
    postgres: Arc<Mutex<Postgres>>,
    quit: mpsc::Sender<()>,
    watch: JoinHandle<()>,
}

impl Supervised {
    fn new(postgres: Postgres) -> Supervised {
        let postgres = Arc::new(Mutex::new(postgres));
        let (quit, gone) = mpsc::channel();
        let watched = Arc::clone(&postgres);
        let watch = std::thread::spawn(move || {
            while gone.recv_timeout(Duration::from_secs(1)) == Err(mpsc::RecvTimeoutError::Timeout) {
                match watched.lock().unwrap_or_else(PoisonError::into_inner).revive() {
                    Ok(false) => {}
                    Ok(true) => log::warn!("PostgreSQL was gone and has been started again"),
                    Err(e) => log::error!("PostgreSQL is gone and does not start: {e}"),
                }
            }
        });
        Supervised { postgres, quit, watch }
    }

    fn stop(self) -> Result<(), EmbeddedError> {
        drop(self.quit);
        if self.watch.join().is_err() {
            log::error!("the thread that watches PostgreSQL has panicked");
        }
        match Arc::into_inner(self.postgres) {
            Some(postgres) => postgres.into_inner().unwrap_or_else(PoisonError::into_inner).stop(),
            None => Ok(()),
        }
    }
}

/// Has nothing ever been put here?
fn is_empty(url: &str) -> Result<bool, DatabaseError> {
    let mut connection = PgConnection::establish(url)?;
    let there = diesel::dsl::sql::<Bool>("SELECT to_regclass('public.tenants') IS NOT NULL");
    Ok(!diesel::RunQueryDsl::get_result::<bool>(there, &mut connection)?)
}

/// Brings the schema up to date and says what was applied. Safe to call from many processes at once.
pub fn migrate(url: &str) -> Result<Vec<String>, DatabaseError> {
    let mut connection = PgConnection::establish(url)?;
    connection.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
    let applied = applied_versions(&mut connection)?;
    let known = known_versions()?;
    if let Some(newer) = applied.into_iter().find(|v| !known.contains(v)) {
        return Err(DatabaseError::Newer(newer));
    }
    // The lock goes with the connection.
    let run = connection.run_pending_migrations(MIGRATIONS).map_err(migration)?;
    Ok(run.iter().map(ToString::to_string).collect())
}

/// Versions of the migrations in this program, oldest first.
pub fn known_versions() -> Result<Vec<String>, DatabaseError> {
    let all: Vec<Box<dyn Migration<Pg>>> = MIGRATIONS.migrations().map_err(migration)?;
    let mut versions: Vec<String> = all.iter().map(|m| m.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// Versions of the migrations that a database has seen, oldest first.
pub fn applied_versions(connection: &mut PgConnection) -> Result<Vec<String>, DatabaseError> {
    let mut versions: Vec<String> =
        connection.applied_migrations().map_err(migration)?.iter().map(ToString::to_string).collect();
    versions.sort();
    Ok(versions)
}

fn migration(e: Box<dyn std::error::Error + Send + Sync>) -> DatabaseError {
    DatabaseError::Migration(e.to_string())
}
