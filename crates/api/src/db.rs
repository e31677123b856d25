//! Connections: never more work than the pool can carry, and none of it on the threads that serve HTTP.

use crate::config::Config;
use crate::problem::ApiError;
use actix_web::web;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, Pool, PooledConnection, R2D2Connection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection, PgConnection};
use kezhan_engine::Error;
use kezhan_meta::problem::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);

/// A connection that knows which generation of the server it belongs to.
pub struct Slot {
    conn: PgConnection,
    generation: u64,
}

/// Opens connections, and tells stale ones without asking the server.
#[derive(Debug)]
pub struct Manager {
    url: String,
    settings: String,
    /// Raised when a connection was found dead: all older ones are.
    generation: Arc<AtomicU64>,
}

impl ManageConnection for Manager {
    type Connection = Slot;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<Slot, Self::Error> {
        let generation = self.generation.load(Ordering::Relaxed);
        let mut conn = PgConnection::establish(&self.url)?;
        conn.batch_execute(&self.settings).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        Ok(Slot { conn, generation })
    }

    fn is_valid(&self, slot: &mut Slot) -> Result<(), Self::Error> {
        match self.generation.load(Ordering::Relaxed) == slot.generation {
            true => Ok(()),
            false => Err(diesel::ConnectionError::BadConnection("the server was restarted".into())),
        }
    }

    fn has_broken(&self, slot: &mut Slot) -> bool {
        std::thread::panicking() || self.is_valid(slot).is_err() || slot.conn.is_broken()
    }
}

/// The pool of this process.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    generation: Arc<AtomicU64>,
    permits: Arc<Semaphore>,
    size: u32,
}

impl Db {
    pub fn new(config: &Config, url: &str) -> Result<Db, String> {
        let settings = format!(
            "SET statement_timeout = {}; SET lock_timeout = 10000; SET idle_in_transaction_session_timeout = 60000; \
             SET TIME ZONE 'UTC'; SET application_name = 'kezhan'",
            config.db_statement_timeout_ms
        );
        let generation = Arc::new(AtomicU64::new(0));
        let manager = Manager { url: url.to_owned(), settings, generation: Arc::clone(&generation) };
        let pool = Pool::builder()
            .max_size(config.db_pool)
            .min_idle(Some(1))
            .idle_timeout(Some(Duration::from_secs(300)))
            .connection_timeout(PATIENCE)
            .build(manager)
            .map_err(|e| format!("cannot open connections to the database: {e}"))?;
        Ok(Db { pool, generation, permits: Arc::new(Semaphore::new(config.db_pool as usize)), size: config.db_pool })
    }

    /// Runs database work on a thread of its own; a full house is said at once rather than queued for ever.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, ApiError> + Send + 'static,
    {
        let waiting = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned());
        let Ok(Ok(permit)) = waiting.await else { return Err(busy()) };
        let db = self.clone();
        let done = web::block(move || {
            let _permit = permit;
            let mut slot = db.slot()?;
            let result = work(&mut slot.conn);
            if let Err(e) = &result
                && is_dead(&e.error)
            {
                db.flush(slot.generation);
            }
            result
        });
        done.await.unwrap_or_else(|_| Err(Error::Internal("a database task panicked".into()).into()))
    }

    /// A connection for code that already runs on a thread of its own.
    pub fn with<T>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T, Error>) -> Result<T, Error> {
        let mut slot = self.slot().map_err(|e| e.error)?;
        let result = work(&mut slot.conn);
        if let Err(e) = &result
            && is_dead(e)
        {
            self.flush(slot.generation);
        }
        result
    }

    /// Connections at work and at most.
    pub fn usage(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections - state.idle_connections, self.size)
    }

    fn slot(&self) -> Result<PooledConnection<Manager>, ApiError> {
        self.pool.get().map_err(|e| {
            log::error!("no database connection: {e}");
            busy()
        })
    }

    fn flush(&self, generation: u64) {
        let raised = self.generation.compare_exchange(generation, generation + 1, Ordering::Relaxed, Ordering::Relaxed);
        if raised.is_ok() {
            log::warn!("a database connection was lost; all are opened anew");
        }
    }
}

fn busy() -> ApiError {
    ApiError::from(Error::refused(Code::Unavailable, &[]))
}

/// Was the connection lost, rather than the statement refused?
fn is_dead(error: &Error) -> bool {
    match error {
        Error::Database(DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _)) => true,
        Error::Database(DieselError::DatabaseError(_, info)) => {
            let message = info.message();
            ["terminating connection", "server closed the connection", "no connection to the server"]
                .iter()
                .any(|sign| message.contains(sign))
        }
        Error::Database(DieselError::BrokenTransactionManager) => true,
        _ => false,
    }
}
