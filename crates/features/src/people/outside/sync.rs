//! Keeps users as a directory has them: a job of the worker, on demand and by the clock.

use super::arrive::{self, Kind};
use super::plan::{self, Plan, Report};
use super::settings::{self, DirectoryOf};
use crate::actions::{ActionDef, Target};
use crate::platform::notify::tell_keepers;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb, Text, Uuid as SqlUuid};
use kezhan_connect::Guard;
use kezhan_connect::directory::{DirectoryError, Entry};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::jobs::{self, Handler, Job, Run, Signal};
use kezhan_engine::{Action, Caller, Engine, Error, Origin, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

pub const KIND: &str = "directory_sync";
/// People per transaction.
const CHUNK: usize = 100;
/// How often a job that waits for a directory shows that it lives.
const PULSE: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub directory: Uuid,
    pub dry_run: bool,
    /// However many would be deactivated.
    #[serde(default)]
    pub anyway: bool,
}

/// The action that orders a synchronisation.
pub struct Sync;

impl ActionDef for Sync {
    fn key(&self) -> &'static str {
        "sync"
    }

    fn label(&self) -> Label {
        Label::new("同步", "Synchronise")
    }

    fn help(&self) -> &'static str {
        "Reads the directory and makes users follow it, in the background; see `GET /sign_in/runs`. With `dry_run` it only counts what it would do. `anyway` sets aside the limit of deactivations."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "directory"
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn offered(&self) -> bool {
        false
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "dry_run": {"type": "boolean", "description": "Change nothing.", "default": false},
                "anyway": {"type": "boolean", "description": "Deactivate however many have gone.", "default": false},
            },
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        super::hooks::may_configure(target.caller, "directory")?;
        let flag = |key: &str| match input.get(key) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Error::invalid(key, Code::WrongType)),
        };
        let order = Order { directory: target.id, dry_run: flag("dry_run")?, anyway: flag("anyway")? };
        let job = jobs::enqueue(target.conn, target.caller.tenant, KIND, &order, target.caller.user)?;
        Ok(json!({"run": job}))
    }
}

/// Orders what is due: whatever directory was not read for as long as it should not be.
pub fn order_due(conn: &mut PgConnection) -> Result<usize> {
    conn.transaction(|conn| {
        // One process at a time, or two would order the same.
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(KIND)
            .execute(conn)?;
        #[derive(QueryableByName)]
        struct Due {
            #[diesel(sql_type = SqlUuid)]
            tenant_id: Uuid,
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
        }
        let due: Vec<Due> = diesel::sql_query(
            "SELECT d.tenant_id, d.id FROM directories d JOIN tenants t ON t.id = d.tenant_id AND t.status = 'active' \
             WHERE d.active AND d.deleted_at IS NULL AND d.sync_every <> 'never' AND NOT EXISTS (\
               SELECT 1 FROM jobs j WHERE j.tenant_id = d.tenant_id AND j.kind = $1 \
               AND j.payload->>'directory' = d.id::text AND j.payload->>'dry_run' = 'false' \
               AND (j.state IN ('queued', 'running') OR j.created_at > now() - CASE d.sync_every \
                 WHEN 'hour' THEN interval '1 hour' WHEN 'quarter_day' THEN interval '6 hours' \
                 ELSE interval '1 day' END))",
        )
        .bind::<Text, _>(KIND)
        .load(conn)?;
        for one in &due {
            let order = Order { directory: one.id, dry_run: false, anyway: false };
            jobs::enqueue(conn, one.tenant_id, KIND, &order, None)?;
        }
        Ok(due.len())
    })
}

/// Did the last one by the clock fail as well? Then it has been told.
fn failed_before(conn: &mut PgConnection, job: &Job, directory: Uuid) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        failed: bool,
    }
    let last = diesel::sql_query(
        "SELECT coalesce(report->>'error' IS NOT NULL OR report->>'stopped' = 'true', false) AS failed FROM jobs \
         WHERE tenant_id = $1 AND kind = $2 AND payload->>'directory' = $3 AND payload->>'dry_run' = 'false' \
         AND id < $4 AND created_by_id IS NULL AND state = 'done' ORDER BY id DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(job.tenant_id)
    .bind::<Text, _>(KIND)
    .bind::<Text, _>(directory.to_string())
    .bind::<SqlUuid, _>(job.id)
    .get_result::<Row>(conn)
    .optional()?;
    Ok(last.is_some_and(|last| last.failed))
}

/// A synchronisation as the screen shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    pub id: Uuid,
    pub dry_run: bool,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    pub done: u64,
    pub total: u64,
    pub report: Option<Value>,
    pub error: Option<String>,
    /// Who ordered it; nobody where the clock did.
    pub ordered_by: Option<Uuid>,
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub finished_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// The last runs of a directory, newest first.
pub fn runs(conn: &mut PgConnection, caller: &Caller, directory: Uuid, limit: i64) -> Result<Vec<Past>> {
    super::hooks::may_configure(caller, "directory")?;
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Jsonb)]
        job: Value,
    }
    let rows: Vec<Row> = diesel::sql_query(format!(
        "SELECT jsonb_build_object('id', id, 'payload', payload, 'state', state, 'progress', progress, 'report', report, \
         'error', error, 'by', created_by_id, 'at', created_at, 'end', finished_at) AS job FROM jobs \
         WHERE tenant_id = $1 AND kind = $2 AND payload->>'directory' = $3 ORDER BY id DESC LIMIT {}",
        limit.clamp(1, 100)
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<Text, _>(KIND)
    .bind::<Text, _>(directory.to_string())
    .load(conn)?;
    Ok(rows.into_iter().filter_map(|row| Past::read(&row.job)).collect())
}

impl Past {
    fn read(job: &Value) -> Option<Past> {
        let time = |key: &str| job[key].as_str().and_then(|t| t.parse().ok());
        let id = |key: &str| job[key].as_str().and_then(|t| Uuid::parse_str(t).ok());
        Some(Past {
            id: id("id")?,
            dry_run: job["payload"]["dry_run"].as_bool().unwrap_or_default(),
            state: job["state"].as_str()?.to_owned(),
            done: job["progress"]["done"].as_u64().unwrap_or_default(),
            total: job["progress"]["total"].as_u64().unwrap_or_default(),
            report: Some(job["report"].clone()).filter(|r| !r.is_null()),
            error: job["error"].as_str().map(str::to_owned),
            ordered_by: id("by"),
            created_at: time("at")?,
            finished_at: time("end"),
        })
    }
}

/// Does it.
pub struct Runs {
    pub engine: Arc<Engine>,
    pub guard: Guard,
}

impl Handler for Runs {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let order: Order =
            serde_json::from_value(run.job.payload.clone()).map_err(|e| Error::Internal(e.to_string()))?;
        let tenant = run.job.tenant_id;
        let found = settings::directory(&self.engine, conn, tenant, order.directory)?;
        let Some(of) = found else { return Err(Error::not_found()) };
        let entries = match self.read(conn, run, &of)? {
            Ok(Ok(entries)) => entries,
            Ok(Err(error)) => {
                let report = Report { error: Some(error.to_string()), ..Report::default() };
                return self.close(conn, run, &of, &order, &report);
            }
            Err(signal) => return Ok(signal),
        };
        let plan = plan::plan(conn, tenant, &of, &entries, order.anyway)?;
        if !order.dry_run && !plan.report.stopped {
            match self.apply(conn, run, &of, &plan)? {
                Signal::Continue => {}
                other => return Ok(other),
            }
        }
        self.close(conn, run, &of, &order, &plan.report)
    }
}

type Read = std::result::Result<Vec<Entry>, DirectoryError>;

impl Runs {
    /// Everybody in the directory, or the signal that ended the wait.
    fn read(
        &self,
        conn: &mut PgConnection,
        run: &mut Run,
        of: &DirectoryOf,
    ) -> Result<std::result::Result<Read, Signal>> {
        let internal = |e: &dyn std::fmt::Display| Error::Internal(e.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|e| internal(&e))?;
        let mut reading = runtime.spawn(of.directory.clone().read(self.guard.clone()));
        loop {
            let waited = runtime.block_on(async { tokio::time::timeout(PULSE, &mut reading).await });
            match waited {
                Ok(Ok(read)) => return Ok(Ok(read)),
                Ok(Err(e)) => return Err(internal(&e)),
                Err(_) => match run.checkpoint(conn, &json!({"done": 0, "total": 0, "pulse": chrono::Utc::now()}))? {
                    Signal::Continue => {}
                    other => {
                        runtime.shutdown_background();
                        return Ok(Err(other));
                    }
                },
            }
        }
    }

    fn apply(&self, conn: &mut PgConnection, run: &mut Run, of: &DirectoryOf, plan: &Plan) -> Result<Signal> {
        let scribe = self.scribe(conn, &run.job)?;
        let users = scribe.catalog.get("user").cloned().ok_or_else(|| Error::Internal("no users".into()))?;
        let busy: Vec<_> = plan
            .steps
            .iter()
            .filter(|(_, decision)| decision.links || !matches!(decision.kind, Kind::Same | Kind::Refuse(_)))
            .collect();
        let total = busy.len() + plan.gone.len();
        let mut done = 0;
        for chunk in busy.chunks(CHUNK) {
            let signal = conn.transaction(|conn| {
                for (arrival, decision) in chunk {
                    // One that cannot be written keeps nobody else away.
                    if let Err(error) = arrive::carry_out(&self.engine, conn, &scribe, &of.rules, arrival, decision) {
                        match error {
                            Error::Invalid(_) | Error::Refused { .. } => {
                                log::warn!(
                                    "{} of the directory {} is left out: {error}",
                                    arrival.subject,
                                    of.rules.name
                                );
                            }
                            other => return Err(other),
                        }
                    }
                }
                done += chunk.len();
                run.checkpoint(conn, &json!({"done": done, "total": total}))
            })?;
            if signal != Signal::Continue {
                return Ok(signal);
            }
        }
        for chunk in plan.gone.chunks(CHUNK) {
            let signal = conn.transaction(|conn| {
                for one in chunk {
                    let patch = Record::from_iter([("status".to_owned(), json!("suspended"))]);
                    self.engine.amend(conn, &scribe, &users, one.user_id, patch)?;
                    diesel::sql_query(
                        "UPDATE outside_identities SET gone_at = now() WHERE tenant_id = $1 AND realm = $2 AND subject = $3",
                    )
                    .bind::<SqlUuid, _>(run.job.tenant_id)
                    .bind::<Text, _>(plan::realm(of.rules.source))
                    .bind::<Text, _>(&one.subject)
                    .execute(conn)?;
                }
                done += chunk.len();
                run.checkpoint(conn, &json!({"done": done, "total": total}))
            })?;
            if signal != Signal::Continue {
                return Ok(signal);
            }
        }
        Ok(Signal::Continue)
    }

    /// Who writes: the system, on the order of whoever gave it.
    fn scribe(&self, conn: &mut PgConnection, job: &Job) -> Result<Caller> {
        let origin = Origin { via: Some(job.id), ..Origin::default() };
        let scribe = arrive::scribe(&self.engine, conn, job.tenant_id, &origin, "")?;
        Ok(Caller { user: job.created_by_id, ..scribe })
    }

    fn close(
        &self,
        conn: &mut PgConnection,
        run: &mut Run,
        of: &DirectoryOf,
        order: &Order,
        report: &Report,
    ) -> Result<Signal> {
        let value = serde_json::to_value(report).map_err(|e| Error::Internal(e.to_string()))?;
        let scribe = self.scribe(conn, &run.job)?;
        conn.transaction(|conn| {
            run.report(conn, value)?;
            if order.dry_run {
                return Ok(Signal::Continue);
            }
            let did = report.error.is_none() && !report.stopped;
            if did {
                let meta = scribe.catalog.get("directory").cloned();
                let meta = meta.ok_or_else(|| Error::Internal("no directories".into()))?;
                let patch = Record::from_iter([("synced_at".to_owned(), json!(chrono::Utc::now()))]);
                self.engine.amend(conn, &scribe, &meta, of.rules.source, patch)?;
            }
            let detail = json!({
                "name": of.rules.name, "done": did, "stopped": report.stopped, "error": report.error, "anyway": order.anyway,
                "created": report.created.count, "changed": report.changed.count, "linked": report.linked.count,
                "deactivated": report.deactivated.count, "reactivated": report.reactivated.count,
            });
            let note = Note::by(&scribe, Event::DirectorySynced).on("directory", Some(of.rules.source));
            note.with(detail).write(conn, run.job.tenant_id)?;
            if !did && run.job.created_by_id.is_none() && !failed_before(conn, &run.job, of.rules.source)? {
                let system = arrive::scribe(&self.engine, conn, run.job.tenant_id, &Origin::default(), "")?;
                let (kind, why) = match &report.error {
                    Some(error) => ("sync_failed", Some(error.as_str())),
                    None => ("sync_stopped", None),
                };
                tell_keepers(&self.engine, conn, &system, ("directory", of.rules.source), kind, why)?;
            }
            Ok(Signal::Continue)
        })
    }
}
