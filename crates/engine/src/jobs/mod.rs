//! Durable background work over the table `jobs`: taken with FOR UPDATE SKIP LOCKED, taken over where the worker is
//! gone, cancelled by a flag. A worker lives as long as its connection, which holds an advisory lock on its name; a
//! heartbeat besides tells of those whose machine is lost without the server noticing.
//!
//! Not a library: fang, the one for synchronous diesel, keeps tasks in a table of its own without tenants, progress,
//! cancellation or take-over; the others need an asynchronous driver. What makes imports safe is that a chunk of work
//! and the progress it makes are committed together, which takes this table in the same transaction.

mod timetable;
mod worker;

pub use timetable::{Order, Timetable};
pub(crate) use worker::patient;
pub use worker::{Handler, Worker};

use crate::sql::{Bind, Sql};
use crate::vault::{SealedColumn, Vault};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types as st;
use kezhan_meta::problem::Code;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// How often a job may fail without getting any further before it is given up.
pub const ATTEMPTS: i32 = 5;

#[derive(Clone, Debug, QueryableByName)]
pub struct Job {
    #[diesel(sql_type = st::Uuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = st::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = st::Text)]
    pub kind: String,
    #[diesel(sql_type = st::Jsonb)]
    pub payload: Value,
    #[diesel(sql_type = st::Text)]
    pub state: String,
    #[diesel(sql_type = st::Jsonb)]
    pub progress: Value,
    #[diesel(sql_type = st::Nullable<st::Jsonb>)]
    pub report: Option<Value>,
    #[diesel(sql_type = st::Nullable<st::Binary>)]
    pub sealed_report: Option<Vec<u8>>,
    #[diesel(sql_type = st::Bool)]
    pub cancel_requested: bool,
    #[diesel(sql_type = st::Integer)]
    pub attempts: i32,
    #[diesel(sql_type = st::Nullable<st::Text>)]
    pub error: Option<String>,
    #[diesel(sql_type = st::Nullable<st::Uuid>)]
    pub created_by_id: Option<Uuid>,
    #[diesel(sql_type = st::Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = st::Nullable<st::Timestamptz>)]
    pub locked_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = st::Nullable<st::Timestamptz>)]
    pub finished_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "tenant_id, id, kind, payload, state, progress, report, sealed_report, cancel_requested, attempts, error, \
                       created_by_id, created_at, locked_at, finished_at";

/// Reports of jobs that saw the values of sealed fields.
pub const SEALED: SealedColumn =
    SealedColumn { table: "jobs", id: "id", column: "sealed_report", context: "job_report" };

impl Job {
    /// What the job has to tell, opened where it is sealed.
    pub fn told(&self, vault: &Vault, conn: &mut PgConnection) -> Result<Option<Value>> {
        match &self.sealed_report {
            None => Ok(self.report.clone()),
            Some(sealed) => Ok(SEALED.open_columns(vault, conn, self.tenant_id, self.id, sealed)?.remove("report")),
        }
    }
}

/// Puts work into the queue; it is visible to workers once the caller's transaction is committed.
pub fn enqueue(
    conn: &mut PgConnection,
    tenant: Uuid,
    kind: &str,
    payload: &impl Serialize,
    user: Option<Uuid>,
) -> Result<Uuid> {
    insert(conn, tenant, kind, payload, user, "queued")
}

/// Notes work that the caller does itself, so that it is on record: an export, say.
pub fn note(
    conn: &mut PgConnection,
    tenant: Uuid,
    kind: &str,
    payload: &impl Serialize,
    user: Option<Uuid>,
) -> Result<Uuid> {
    insert(conn, tenant, kind, payload, user, "running")
}

fn insert(
    conn: &mut PgConnection,
    tenant: Uuid,
    kind: &str,
    payload: &impl Serialize,
    user: Option<Uuid>,
    state: &str,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let payload = serde_json::to_value(payload).map_err(|e| Error::Internal(e.to_string()))?;
    let mut sql =
        Sql::new("INSERT INTO jobs (tenant_id, id, kind, payload, created_by_id, state, heartbeat_at) VALUES (");
    sql.uuid(tenant).push(", ").uuid(id).push(", ").text(kind).push(", ").bind(Bind::Json(Some(payload)));
    sql.push(", ").bind(Bind::Uuid(user)).push(", ").text(state).push(", now())");
    sql.execute(conn)?;
    Ok(id)
}

pub fn find(conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<Option<Job>> {
    let sql = format!("SELECT {COLUMNS} FROM jobs WHERE tenant_id = $1 AND id = $2");
    let query = diesel::sql_query(sql).bind::<st::Uuid, _>(tenant).bind::<st::Uuid, _>(id);
    Ok(query.get_result(conn).optional()?)
}

/// What a list of jobs is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter<'a> {
    pub kinds: &'a [&'a str],
    /// Only this person's.
    pub user: Option<Uuid>,
    /// Only those ordered through this key or application.
    pub via: Option<Uuid>,
    /// Only those before this one.
    pub before: Option<Uuid>,
    pub limit: i64,
}

/// Newest first; ids are in the order of time.
pub fn list(conn: &mut PgConnection, tenant: Uuid, filter: &Filter<'_>) -> Result<Vec<Job>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM jobs WHERE tenant_id = $1 AND kind = ANY($2) AND ($3 IS NULL OR created_by_id = $3) \
         AND ($4 IS NULL OR id < $4) AND ($5 IS NULL OR payload#>>'{{by,via}}' = $5::text) ORDER BY id DESC LIMIT {}",
        filter.limit.max(0)
    );
    let query = diesel::sql_query(sql)
        .bind::<st::Uuid, _>(tenant)
        .bind::<st::Array<st::Text>, _>(filter.kinds)
        .bind::<st::Nullable<st::Uuid>, _>(filter.user)
        .bind::<st::Nullable<st::Uuid>, _>(filter.before)
        .bind::<st::Nullable<st::Uuid>, _>(filter.via);
    Ok(query.load(conn)?)
}

/// Asks a job to stop: one that waits stops at once, one that runs at its next checkpoint.
pub fn cancel(conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<()> {
    let mut sql = Sql::new("UPDATE jobs SET cancel_requested = true, updated_at = now() WHERE tenant_id = ");
    sql.uuid(tenant).push(" AND id = ").uuid(id).push(" AND state IN ('queued', 'running')");
    match sql.execute(conn)? {
        0 => Err(Error::refused(Code::NotPossible, &["cancel"])),
        _ => Ok(()),
    }
}

/// Puts a job that was cancelled or has failed back into the queue.
pub fn resume(conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<()> {
    let mut sql = Sql::new("UPDATE jobs SET state = 'queued', cancel_requested = false, attempts = 0, error = NULL, ");
    sql.push("finished_at = NULL, locked_by = NULL, run_at = now(), updated_at = now() WHERE tenant_id = ");
    sql.uuid(tenant).push(" AND id = ").uuid(id).push(" AND state IN ('cancelled', 'failed')");
    match sql.execute(conn)? {
        0 => Err(Error::refused(Code::NotPossible, &["resume"])),
        _ => Ok(()),
    }
}

/// Ends work noted by [`note`].
pub fn finish(conn: &mut PgConnection, tenant: Uuid, id: Uuid, progress: Value, error: Option<String>) -> Result<()> {
    let state = if error.is_some() { "failed" } else { "done" };
    let mut sql = Sql::new("UPDATE jobs SET state = ");
    sql.text(state).push(", progress = ").bind(Bind::Json(Some(progress))).push(", error = ").bind(Bind::Text(error));
    sql.push(", finished_at = now(), updated_at = now() WHERE tenant_id = ").uuid(tenant).push(" AND id = ").uuid(id);
    sql.execute(conn)?;
    Ok(())
}

/// Says that a worker of this name lives, for as long as this connection does.
fn sign_on(conn: &mut PgConnection, worker: &str) -> Result<()> {
    let mut sql = Sql::new("SELECT pg_advisory_lock(hashtextextended(");
    sql.text(worker).push(", 0))");
    sql.execute(conn)?;
    Ok(())
}

/// The condition that no connection holds the lock on the name in `locked_by`.
const GONE: &str = "NOT EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted \
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    AND l.classid::bigint = (hashtextextended(locked_by, 0) >> 32) & 4294967295 \
    AND l.objid::bigint = hashtextextended(locked_by, 0) & 4294967295)";

/// Takes the next job that is due, or whose worker has died.
fn take(conn: &mut PgConnection, worker: &str, kinds: &[&str], stale_seconds: i32) -> Result<Option<Job>> {
    let sql = format!(
        "UPDATE jobs SET state = 'running', locked_by = $1, locked_at = coalesce(locked_at, now()), \
         heartbeat_at = now(), updated_at = now(), attempts = attempts + 1 \
         WHERE (tenant_id, id) = (SELECT tenant_id, id FROM jobs WHERE kind = ANY($2) \
           AND EXISTS (SELECT 1 FROM tenants n WHERE n.id = jobs.tenant_id AND n.status = 'active') AND ((state = 'queued' AND run_at <= now()) OR (state = 'running' AND locked_by IS NOT NULL \
             AND (heartbeat_at < now() - make_interval(secs => $3) OR {GONE}))) \
           ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED) \
         RETURNING {COLUMNS}"
    );
    let query = diesel::sql_query(sql)
        .bind::<st::Text, _>(worker)
        .bind::<st::Array<st::Text>, _>(kinds)
        .bind::<st::Double, _>(f64::from(stale_seconds));
    Ok(query.get_result(conn).optional()?)
}

/// A job in the hands of this worker.
pub struct Run {
    pub job: Job,
    worker: String,
    stop: Arc<AtomicBool>,
}

/// What a checkpoint tells the work to do, and how the work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Go on; done.
    Continue,
    /// Someone asked for the job to be stopped.
    Cancel,
    /// The worker is shutting down; another will go on.
    Pause,
}

impl Run {
    /// Records how far the job has come. To be called inside the transaction that did the work: it fails where another
    /// worker has taken the job over, and the work is then rolled back with it.
    pub fn checkpoint(&mut self, conn: &mut PgConnection, progress: &impl Serialize) -> Result<Signal> {
        let progress = serde_json::to_value(progress).map_err(|e| Error::Internal(e.to_string()))?;
        // Only who gets further may try as often again.
        let mut sql =
            Sql::new("UPDATE jobs SET heartbeat_at = now(), updated_at = now(), attempts = CASE WHEN progress = ");
        sql.bind(Bind::Json(Some(progress.clone()))).push(" THEN attempts ELSE 0 END, progress = ");
        sql.bind(Bind::Json(Some(progress)));
        self.mine(&mut sql);
        // Of a company that was suspended meanwhile, it rests.
        sql.push(
            " RETURNING cancel_requested, (SELECT n.status <> 'active' FROM tenants n WHERE n.id = jobs.tenant_id)",
        );
        let mut signal = None;
        sql.rows(conn, |row| {
            let rests = self.stop.load(Ordering::Relaxed) || row.bool(1) == Some(true);
            signal = row.bool(0).map(|cancel| match (cancel, rests) {
                (true, _) => Signal::Cancel,
                (false, true) => Signal::Pause,
                (false, false) => Signal::Continue,
            });
            Ok(())
        })?;
        signal.ok_or_else(|| Error::Internal("another worker has taken this job over".into()))
    }

    /// Stores what the job has to tell when it is over.
    pub fn report(&mut self, conn: &mut PgConnection, report: Value) -> Result<()> {
        let mut sql = Sql::new("UPDATE jobs SET report = ");
        sql.bind(Bind::Json(Some(report)));
        self.mine(&mut sql);
        sql.execute(conn)?;
        Ok(())
    }

    /// The same where it tells values of sealed fields.
    pub fn report_sealed(&mut self, conn: &mut PgConnection, vault: &Vault, report: Value) -> Result<()> {
        let told = Map::from_iter([("report".to_owned(), report)]);
        let sealed = SEALED.seal_columns(vault, conn, self.job.tenant_id, self.job.id, &told)?;
        let mut sql = Sql::new("UPDATE jobs SET sealed_report = decode(");
        sql.text(BASE64.encode(sealed)).push(", 'base64')");
        self.mine(&mut sql);
        sql.execute(conn)?;
        Ok(())
    }

    fn end(&self, conn: &mut PgConnection, state: &str, error: Option<String>) -> Result<()> {
        let mut sql = Sql::new("UPDATE jobs SET finished_at = now(), updated_at = now(), locked_by = NULL, state = ");
        sql.text(state).push(", error = ").bind(Bind::Text(error));
        self.mine(&mut sql);
        sql.execute(conn)?;
        Ok(())
    }

    /// Back into the queue, to be tried again later; each time twice as late.
    fn postpone(&self, conn: &mut PgConnection, error: String) -> Result<()> {
        let seconds = 1_i64 << self.job.attempts.clamp(0, 8);
        let mut sql = Sql::new("UPDATE jobs SET state = 'queued', locked_by = NULL, updated_at = now(), error = ");
        sql.text(error).push(", run_at = now() + make_interval(secs => ").int(seconds).push(")");
        self.mine(&mut sql);
        sql.execute(conn)?;
        Ok(())
    }

    /// Back into the queue, for another worker to go on with at once.
    fn hand_over(&self, conn: &mut PgConnection) -> Result<()> {
        let mut sql =
            Sql::new("UPDATE jobs SET state = 'queued', locked_by = NULL, updated_at = now(), run_at = now()");
        self.mine(&mut sql);
        sql.execute(conn)?;
        Ok(())
    }

    fn mine(&self, sql: &mut Sql) {
        sql.push(" WHERE tenant_id = ").uuid(self.job.tenant_id).push(" AND id = ").uuid(self.job.id);
        sql.push(" AND state = 'running' AND locked_by = ").text(self.worker.clone());
    }
}
