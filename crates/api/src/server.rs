//! The server: what all requests share, the routes, start and stop.

use crate::config::Config;
use crate::db::Db;
use crate::health::Metrics;
use crate::hearing::Ear;
use crate::limit::Limiter;
use crate::problem::ApiError;
use crate::token::Tokens;
use crate::{bulk, changes, docs, health, middleware, oauth, parts, records, spa};
use actix_web::dev::{HttpServiceFactory, Server};
use actix_web::{App, HttpServer, web};
use diesel::{Connection, PgConnection};
use kezhan_connect::oidc::Oidc;
use kezhan_connect::storage::StorageError;
use kezhan_connect::{Guard, Storage, Web};
use kezhan_engine::Engine;
use kezhan_features::actions::ActionDef;
use kezhan_features::people::Identities;
use kezhan_meta::problem::Code;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

pub use actix_web::dev::ServerHandle;

/// Largest JSON body.
pub const BODY_MAX: usize = 10 << 20;

/// Limits of the three sorts of call.
pub struct Limits {
    pub calls: Limiter,
    /// Sign-ins by address.
    pub sign_ins: Limiter,
    /// Sign-ins by address and name.
    pub sign_in_names: Limiter,
}

/// What every request may use.
pub struct State {
    pub config: Config,
    pub engine: Arc<Engine>,
    pub db: Db,
    pub tokens: Tokens,
    pub identities: Arc<Identities>,
    /// Keeps them true to what other processes do.
    pub ear: Ear,
    pub actions: Vec<Arc<dyn ActionDef>>,
    pub limits: Limits,
    pub metrics: Metrics,
    pub files: Storage,
    /// Speaks to providers of identities.
    pub oidc: Oidc,
    /// What may be called at addresses that people type.
    pub guard: Guard,
    pub documents: docs::Documents,
    pub pulse: changes::Pulse,
    /// Passwords hashed at once: each takes 19 MB.
    pub hashing: Semaphore,
    /// Does what waits in the queue, where that is not left to processes of their own.
    pub worker: Option<Arc<crate::worker::Beside>>,
}

impl State {
    /// For the database at `url`, which has been migrated.
    pub fn new(config: &Config, url: &str) -> io::Result<State> {
        let secret = config.jwt_secret().map_err(io::Error::other)?;
        let engine = Arc::new(config.engine().map_err(io::Error::other)?);
        let mut conn = PgConnection::establish(url).map_err(io::Error::other)?;
        config.check_vault(engine.vault(), &mut conn).map_err(io::Error::other)?;
        let identities = Arc::new(Identities::default());
        let guard = Guard::new(config.inside.clone());
        let worker =
            config.worker.then(|| crate::worker::Beside::start(config, &engine, url)).transpose()?.map(Arc::new);
        Ok(State {
            engine,
            worker,
            db: Db::new(config, url).map_err(io::Error::other)?,
            tokens: Tokens::new(&secret, config.access_token_minutes),
            ear: Ear::open(url, identities.clone())?,
            identities,
            actions: kezhan_features::actions::all(),
            limits: Limits {
                calls: Limiter::new(config.rate_limit),
                sign_ins: Limiter::new(config.sign_in_limit.saturating_mul(6)),
                sign_in_names: Limiter::new(config.sign_in_limit),
            },
            metrics: Metrics::default(),
            files: storage(config)?,
            oidc: Oidc::new(Web::new(guard.clone())),
            guard,
            documents: docs::Documents::default(),
            pulse: changes::Pulse::default(),
            hashing: Semaphore::new(4),
            config: config.clone(),
        })
    }
}

/// Where uploaded files are.
pub fn storage(config: &Config) -> io::Result<Storage> {
    match &config.bucket {
        Some(bucket) => Storage::bucket(bucket),
        None => Storage::directory(&config.files),
    }
    .map_err(io::Error::other)
}

/// Every route. What a feature serves below `/api/v1` it registers in `parts`.
pub fn app_config(state: web::Data<State>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |app| {
        app.app_data(state.clone())
            .app_data(web::PayloadConfig::new(BODY_MAX))
            .app_data(web::JsonConfig::default().limit(BODY_MAX))
            .configure(health::routes)
            .configure(docs::pages)
            .service(api())
            .service(web::scope("/api").default_service(web::to(nothing_here)))
            .configure(oauth::protocol_routes)
            .configure(|app| spa::routes(app, &state.config));
    }
}

/// The parts first: records take every path that is left.
fn api() -> impl HttpServiceFactory {
    let mut scope = web::scope("/api/v1");
    for part in parts::all() {
        scope = scope.configure(part.routes);
    }
    scope.default_service(web::to(records::handle)).wrap(actix_web::middleware::from_fn(middleware::limit))
}

async fn nothing_here() -> Result<&'static str, ApiError> {
    Err(ApiError::refused(Code::NotFound, &[]))
}

/// Serves on a listener that is bound already. The server runs when it is awaited, inside an actix system; it heeds no
/// signals: stop it through its handle.
pub fn start(state: State, listener: TcpListener) -> io::Result<Server> {
    let workers = match state.config.http_workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        n => n,
    };
    let state = web::Data::new(state);
    let (shared, patience) = (state.clone(), Duration::from_secs(state.config.request_seconds));
    let server = HttpServer::new(move || {
        App::new().wrap(actix_web::middleware::from_fn(middleware::observe)).configure(app_config(shared.clone()))
    })
    .workers(workers)
    .disable_signals()
    .shutdown_timeout(20)
    .client_request_timeout(patience)
    .keep_alive(Duration::from_secs(75))
    .listen(listener)?
    .run();
    actix_web::rt::spawn(housekeeping(state.clone()));
    actix_web::rt::spawn(abandoned(state.clone()));
    actix_web::rt::spawn(note_uses(state.clone()));
    actix_web::rt::spawn(erase(state));
    Ok(server)
}

/// Runs a server on threads of its own until the handle stops it; for the program and for tests.
pub fn run(state: State, listener: TcpListener, started: impl FnOnce(ServerHandle)) -> io::Result<()> {
    actix_web::rt::System::new().block_on(async move {
        let server = start(state, listener)?;
        started(server.handle());
        server.await
    })
}

/// Writes down when keys and applications were used.
async fn note_uses(state: web::Data<State>) {
    let mut beat = tokio::time::interval(Duration::from_secs(5));
    loop {
        beat.tick().await;
        if state.identities.uses.is_empty() {
            continue;
        }
        let identities = state.identities.clone();
        if let Err(e) = state.db.run(move |conn| Ok(identities.uses.write(conn)?)).await {
            log::warn!("the use of keys is not noted: {e}");
        }
    }
}

/// Erases companies whose time has come.
async fn erase(state: web::Data<State>) {
    let mut beat = tokio::time::interval(Duration::from_secs(10));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let (shared, handle) = (state.clone(), tokio::runtime::Handle::current());
        let actor = kezhan_features::host::trail::Actor { name: "server".to_owned(), ip: None };
        let work = state
            .db
            .run(move |conn| Ok(crate::host::erase_due(conn, &actor, &shared.config, (&shared.files, &handle))?));
        if let Err(e) = work.await {
            log::error!("a company is not erased: {e}");
        }
    }
}

/// An upload that stood still for so long goes on no more.
const DRAFT_IDLE: Duration = Duration::from_secs(24 * 3600);

/// Takes away what uploads left that were killed. Once a day: it looks at every name in the directory of files.
async fn abandoned(state: web::Data<State>) {
    let mut beat = tokio::time::interval(DRAFT_IDLE);
    loop {
        beat.tick().await;
        let files = state.files.clone();
        let sweep = move || -> Result<usize, StorageError> {
            let mut count = 0;
            for draft in files.drafts("")? {
                if draft.idle()? >= DRAFT_IDLE {
                    draft.remove()?;
                    count += 1;
                }
            }
            Ok(count)
        };
        match web::block(sweep).await {
            Ok(Ok(0)) | Err(_) => {}
            Ok(Ok(count)) => log::info!("{count} file(s) that were never uploaded to their end taken away"),
            Ok(Err(e)) => log::warn!("abandoned uploads: {e}"),
        }
    }
}

/// Forgets what is too old to matter.
async fn housekeeping(state: web::Data<State>) {
    let mut beat = tokio::time::interval(Duration::from_secs(600));
    loop {
        beat.tick().await;
        if let Err(e) = state.db.run(|conn| Ok(crate::idempotency::sweep(conn)?)).await {
            log::warn!("housekeeping: {e}");
        }
        if let Err(e) = bulk::sweep(&state).await {
            log::warn!("housekeeping: {e}");
        }
    }
}
