//! The loop that does the work: inside the server or in a process of its own, any number of them.

use super::{ATTEMPTS, Run, Signal, take};
use crate::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use kezhan_meta::Lang;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// Does the jobs of one kind.
pub trait Handler: Send + Sync {
    fn kind(&self) -> &'static str;

    /// Works until done or told to stop by a checkpoint. May be called again for the same job after a crash and must
    /// then go on from the progress that was committed last.
    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal>;
}

/// Needs connections of its own: not through a pooler that shares them between transactions.
pub struct Worker {
    pub url: String,
    pub handlers: Vec<Arc<dyn Handler>>,
    /// How long to rest when there is nothing to do.
    pub poll: Duration,
    /// How long a job may go without a heartbeat before it is taken over, from a worker whose connection seems to live.
    pub stale: Duration,
}

/// A connection, and the name under which its jobs are taken: one does not outlive the other.
struct Post {
    conn: PgConnection,
    name: String,
}

impl Worker {
    pub fn new(url: &str, handlers: Vec<Arc<dyn Handler>>) -> Worker {
        Worker { url: url.to_owned(), handlers, poll: Duration::from_millis(500), stale: Duration::from_secs(30) }
    }

    /// Works until `stop` is set; a job at hand is handed over at its next checkpoint.
    pub fn run(&self, stop: &Arc<AtomicBool>) {
        let mut post = None;
        while !stop.load(Ordering::Relaxed) {
            let busy = match self.step(&mut post, stop) {
                Ok(busy) => busy,
                Err(error) => {
                    log::warn!("the worker rests: {error}");
                    post = None;
                    thread::sleep(Duration::from_secs(1));
                    false
                }
            };
            if !busy {
                self.rest(stop);
            }
        }
    }

    /// Does everything that is due, then returns; for tests and tools.
    pub fn drain(&self) -> Result<()> {
        let mut post = None;
        let stop = Arc::default();
        while self.step(&mut post, &stop)? {}
        Ok(())
    }

    fn rest(&self, stop: &AtomicBool) {
        let mut left = self.poll;
        while !left.is_zero() && !stop.load(Ordering::Relaxed) {
            let nap = left.min(Duration::from_millis(100));
            thread::sleep(nap);
            left -= nap;
        }
    }

    fn connect(&self) -> Result<PgConnection> {
        let mut conn = PgConnection::establish(&patient(&self.url)).map_err(|e| Error::Internal(e.to_string()))?;
        conn.batch_execute("SET TIME ZONE 'UTC'; SET lock_timeout = 30000; SET application_name = 'kezhan-worker'")?;
        Ok(conn)
    }

    fn man(&self) -> Result<Post> {
        let mut conn = self.connect()?;
        let name = format!("{}-{}", std::process::id(), Uuid::now_v7().simple());
        super::sign_on(&mut conn, &name)?;
        Ok(Post { conn, name })
    }

    /// Does one job, if there is one.
    fn step(&self, post: &mut Option<Post>, stop: &Arc<AtomicBool>) -> Result<bool> {
        let manned = match post.take() {
            Some(manned) => manned,
            None => self.man()?,
        };
        let Post { conn, name } = post.insert(manned);
        let kinds: Vec<&str> = self.handlers.iter().map(|h| h.kind()).collect();
        let stale = i32::try_from(self.stale.as_secs()).unwrap_or(i32::MAX);
        let Some(job) = take(conn, name, &kinds, stale)? else { return Ok(false) };
        let Some(handler) = self.handlers.iter().find(|h| h.kind() == job.kind) else { return Ok(false) };
        let attempts = job.attempts;
        let mut run = Run { job, worker: name.clone(), stop: stop.clone() };
        if attempts > ATTEMPTS {
            run.end(conn, "failed", Some(format!("{ATTEMPTS} × ✗")))?;
            return Ok(true);
        }
        log::info!("job {} ({}) starts, attempt {attempts}", run.job.id, run.job.kind);
        let over = AtomicBool::new(false);
        let (tenant, id) = (run.job.tenant_id, run.job.id);
        let outcome = thread::scope(|scope| {
            scope.spawn(|| self.beat(&over, tenant, id, name));
            let outcome = catch_unwind(AssertUnwindSafe(|| handler.run(conn, &mut run)));
            over.store(true, Ordering::Relaxed);
            outcome
        });
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(_) => {
                // A panic leaves its transaction open: what is said on that connection would never be committed.
                *post = None;
                Err(Error::Internal("the job panicked".into()))
            }
        };
        let conn = match post {
            Some(Post { conn, .. }) => conn,
            None => &mut post.insert(self.man()?).conn,
        };
        match outcome {
            Ok(Signal::Continue) => run.end(conn, "done", None)?,
            Ok(Signal::Cancel) => run.end(conn, "cancelled", None)?,
            Ok(Signal::Pause) => run.hand_over(conn)?,
            Err(error) => {
                log::warn!("job {id} fails: {error}");
                let text = words(&error);
                match is_lasting(&error) || attempts >= ATTEMPTS {
                    true => run.end(conn, "failed", Some(text))?,
                    false => run.postpone(conn, text)?,
                }
            }
        }
        Ok(true)
    }

    /// Keeps the job's heart beating, however long one step of it takes.
    fn beat(&self, over: &AtomicBool, tenant: Uuid, id: Uuid, name: &str) {
        let pause = (self.stale / 4).min(Duration::from_secs(10));
        let mut conn: Option<PgConnection> = None;
        let mut slept = Duration::ZERO;
        while !over.load(Ordering::Relaxed) {
            let nap = Duration::from_millis(20);
            thread::sleep(nap);
            slept += nap;
            if slept < pause {
                continue;
            }
            slept = Duration::ZERO;
            let mut sql = crate::sql::Sql::new("UPDATE jobs SET heartbeat_at = now() WHERE tenant_id = ");
            sql.uuid(tenant).push(" AND id = ").uuid(id).push(" AND state = 'running' AND locked_by = ").text(name);
            let beaten = match conn.take() {
                Some(open) => Ok(open),
                None => self.connect(),
            };
            match beaten.and_then(|mut open| sql.execute(&mut open).map(|_| open)) {
                Ok(open) => conn = Some(open),
                Err(error) => log::warn!("a heartbeat is missed: {error}"),
            }
        }
    }
}

/// The address with limits to how long a network that is gone can hold us: by default a quarter of an hour.
pub(crate) fn patient(url: &str) -> String {
    if !url.contains("://") || url.contains("connect_timeout=") {
        return url.to_owned();
    }
    let joint = if url.contains('?') { '&' } else { '?' };
    format!(
        "{url}{joint}connect_timeout=10&keepalives_idle=20&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=30000"
    )
}

/// What the person who started the job reads.
fn words(error: &Error) -> String {
    let problem = error.problem(Lang::Zh);
    match problem.detail.is_empty() {
        true => problem.title,
        false => format!("{}：{}", problem.title, problem.detail),
    }
}

/// Trying again will not help.
fn is_lasting(error: &Error) -> bool {
    matches!(error, Error::Refused { .. } | Error::Invalid(_) | Error::Stale(_))
}
