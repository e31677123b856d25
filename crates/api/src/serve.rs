//! The life of the server process: start everything, serve until told to stop, stop all that was started.

use crate::config::{Config, ConfigError};
use crate::database::{self, Database, DatabaseError};
use crate::server::{self, State};
use crate::worker::Beside;
use actix_web::web;
use diesel::{Connection, PgConnection};
use kezhan_engine::Engine;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind, signal};

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    #[error(transparent)]
    Prepare(Box<dyn std::error::Error + Send + Sync>),
    #[error("server: {0}")]
    Server(#[from] io::Error),
}

/// Serves until SIGINT or SIGTERM. `prepare` runs on the migrated database before the first request is answered,
/// `ready` is told the address.
pub fn serve(
    config: &Config,
    prepare: impl FnOnce(&str) -> Result<(), ServeError> + Send + 'static,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    // Before the database: a second server should fail at once, and without touching anything.
    let listener = TcpListener::bind(config.addr).map_err(|e| ServeError::Listen(config.addr, e))?;
    actix_web::rt::System::new().block_on(async move {
        // From here on a signal is kept until somebody asks for it, so that no moment of the start is open to it.
        let signals = Signals::new()?;
        let database = open(config.clone(), prepare).await?;
        let served = listen(config, database.url(), listener, signals, ready).await;
        let closed = web::block(move || database.close()).await.map_err(io::Error::other)?;
        served?;
        Ok(closed?)
    })
}

/// Does background jobs until SIGINT or SIGTERM, for servers that leave them to processes like this.
pub fn work(config: &Config) -> Result<(), ServeError> {
    actix_web::rt::System::new().block_on(async move {
        let mut signals = Signals::new()?;
        let database = open(config.clone(), |_| Ok(())).await?;
        let (url, settings) = (database.url().to_owned(), config.clone());
        let engine = web::block(move || checked_engine(&settings, &url)).await.map_err(io::Error::other)??;
        let worker = Beside::start(config, &Arc::new(engine), database.url())?;
        signals.next().await;
        log::info!("stopping");
        let stop = move || {
            drop(worker);
            database.close()
        };
        Ok(web::block(stop).await.map_err(io::Error::other)??)
    })
}

fn checked_engine(config: &Config, url: &str) -> Result<Engine, ServeError> {
    let engine = config.engine()?;
    let mut conn = PgConnection::establish(url).map_err(DatabaseError::from)?;
    config.check_vault(engine.vault(), &mut conn)?;
    Ok(engine)
}

async fn open(
    config: Config,
    prepare: impl FnOnce(&str) -> Result<(), ServeError> + Send + 'static,
) -> Result<Database, ServeError> {
    let work = move || {
        let database = Database::open(&config)?;
        for name in database::migrate(database.url())? {
            log::info!("applied migration {name}");
        }
        prepare(database.url())?;
        Ok(database)
    };
    web::block(work).await.map_err(io::Error::other)?
}

async fn listen(
    config: &Config,
    url: &str,
    listener: TcpListener,
    mut signals: Signals,
    ready: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    let state = State::new(config, url)?;
    let worker = state.worker.clone();
    let server = server::start(state, listener)?;
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        signals.next().await;
        log::info!("stopping; once more to stop at once");
        tokio::select! {
            () = handle.stop(true) => {}
            () = signals.next() => handle.stop(false).await,
        }
    });
    ready(address);
    let served = server.await;
    web::block(move || worker.map(|worker| worker.stop())).await.map_err(io::Error::other)?;
    Ok(served?)
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
