//! Taking an import back, by what the history says that it did: what it created goes to the recycle bin, what it
//! changed gets its former values. What someone has changed since, or hung records of their own on, stays as it is, and
//! is reported. What the system derived from other records is nobody's change.

mod preview;
mod since;

pub use preview::{Preview, preview};

use super::run::request_id;
use crate::jobs::{Job, Run, Signal};
use crate::sql::{Bind, Sql};
use crate::{Caller, Channel, Engine, Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const CHUNK: usize = 200;
const PROBLEMS: usize = 100;

pub const KIND: &str = "undo";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The import to be taken back.
    pub job: Uuid,
    pub object: String,
    pub name: String,
    /// The change feed's number before the import.
    pub since: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub phase: super::run::Phase,
    pub total: u64,
    pub done: u64,
    /// Records put into the recycle bin.
    pub deleted: u64,
    /// Records that have their former values again.
    pub restored: u64,
    /// Records that were left, wholly or in part.
    pub kept: u64,
    /// Changes from this number on have been dealt with.
    pub until: Option<i64>,
    pub problems: Vec<Value>,
}

/// One change that the import made.
struct Change {
    seq: i64,
    object: String,
    record: Uuid,
    action: String,
    changes: Record,
    derived: bool,
    version: i64,
    /// Made by whoever takes it back, a moment ago.
    fresh: bool,
}

/// Runs or continues an undo.
pub fn run(engine: &Engine, caller: &Caller, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
    let order: Order = serde_json::from_value(run.job.payload.clone()).map_err(|e| Error::Internal(e.to_string()))?;
    let caller = Caller { channel: Channel::Import, request_id: format!("undo-{}", run.job.id), ..caller.clone() };
    let mut state: Progress = serde_json::from_value(run.job.progress.clone()).unwrap_or_default();
    let work = Work { engine, caller, order };
    if state.phase == super::run::Phase::Waiting {
        state.phase = super::run::Phase::Importing;
        state.total = work.count(conn)?;
    }
    loop {
        let before = state.clone();
        let step = conn.transaction(|conn| {
            let changes = work.changes(conn, state.until)?;
            if changes.is_empty() {
                state.phase = super::run::Phase::Finished;
            }
            for change in changes {
                work.take_back(conn, &change, &mut state)?;
                state.until = Some(change.seq);
                state.done += 1;
            }
            if state.phase == super::run::Phase::Finished {
                let report = json!({
                    "deleted": state.deleted, "restored": state.restored, "kept": state.kept,
                    "problems": state.problems,
                });
                run.report(conn, report)?;
            }
            run.checkpoint(conn, &state)
        });
        match step {
            Err(error) => {
                state = before;
                log::warn!("undo {} stops after {} changes: {error}", run.job.id, state.done);
                return Err(error);
            }
            Ok(_) if state.phase == super::run::Phase::Finished => return Ok(Signal::Continue),
            Ok(Signal::Continue) => {}
            Ok(signal) => return Ok(signal),
        }
    }
}

struct Work<'e> {
    engine: &'e Engine,
    caller: Caller,
    order: Order,
}

impl Work<'_> {
    fn of_import(&self, sql: &mut Sql) {
        sql.push(" FROM changes c WHERE tenant_id = ").uuid(self.caller.tenant).push(" AND seq > ");
        sql.int(self.order.since).push(" AND request_id = ").text(request_id(self.order.job));
        // A record that is going to be removed needs none of its former values.
        sql.push(" AND NOT (action = 'update' AND EXISTS (SELECT 1 FROM changes x WHERE x.tenant_id = c.tenant_id ");
        sql.push("AND x.object = c.object AND x.record_id = c.record_id AND x.action = 'create' ");
        sql.push("AND x.request_id = c.request_id))");
    }

    fn count(&self, conn: &mut PgConnection) -> Result<u64> {
        let mut sql = Sql::new("SELECT count(*)");
        self.of_import(&mut sql);
        let mut count = 0;
        sql.rows(conn, |row| {
            count = row.int8(0).unwrap_or_default().unsigned_abs();
            Ok(())
        })?;
        Ok(count)
    }

    /// The last changes come first, so that what hangs on a record goes before it.
    fn changes(&self, conn: &mut PgConnection, until: Option<i64>) -> Result<Vec<Change>> {
        let mut sql = Sql::new("SELECT seq, object, record_id, action, changes::text, derived, version, ");
        sql.push("actor_id = ").bind(Bind::Uuid(self.caller.user)).push(" AND at > now() - interval '10 minutes'");
        self.of_import(&mut sql);
        sql.push(" AND seq < ").int(until.unwrap_or(i64::MAX)).push(" ORDER BY seq DESC").limit(CHUNK).uncached();
        let mut found = Vec::new();
        sql.rows(conn, |row| {
            if let (Some(seq), Some(record)) = (row.int8(0), row.uuid(2)) {
                found.push(Change {
                    seq,
                    object: row.text(1).unwrap_or_default().to_owned(),
                    record,
                    action: row.text(3).unwrap_or_default().to_owned(),
                    changes: row.text(4).and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default(),
                    derived: row.bool(5).unwrap_or_default(),
                    version: i64::from(row.int4(6).unwrap_or_default()),
                    fresh: row.bool(7).unwrap_or_default(),
                });
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn take_back(&self, conn: &mut PgConnection, change: &Change, state: &mut Progress) -> Result<()> {
        let Some(object) = self.caller.catalog.get(&change.object).cloned() else { return Ok(()) };
        let done = conn.transaction(|conn| match change.action.as_str() {
            "create" => self.uncreate(conn, &object, change),
            "update" => self.unchange(conn, &object, change),
            "delete" => self.engine.restore(conn, &self.caller, &object, change.record).map(|_| Done::Restored),
            _ => Ok(Done::Nothing),
        });
        match done {
            Ok(Done::Nothing) => {}
            Ok(Done::Deleted) => state.deleted += 1,
            Ok(Done::Restored) => state.restored += 1,
            Ok(Done::Kept { fields, title, code }) => {
                state.kept += 1;
                self.problem(state, change, &title, &fields, code, &[]);
            }
            Err(Error::Refused { code, args }) => {
                state.kept += 1;
                self.problem(state, change, "", &[], code, &args);
            }
            Err(Error::Invalid(faults)) => {
                state.kept += 1;
                let fields: Vec<String> = faults.iter().map(|f| f.field.clone()).collect();
                let (code, args) = faults.first().map_or((Code::Invalid, Vec::new()), |f| (f.code, f.args.clone()));
                self.problem(state, change, "", &fields, code, &args);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn problem(
        &self,
        state: &mut Progress,
        change: &Change,
        title: &str,
        fields: &[String],
        code: Code,
        args: &[String],
    ) {
        if state.problems.len() < PROBLEMS {
            state.problems.push(json!({
                "object": change.object, "id": change.record, "title": title, "fields": fields, "code": code.key(),
                "message": code.message(self.caller.lang, args),
            }));
        }
    }

    fn uncreate(&self, conn: &mut PgConnection, object: &Arc<ObjectMeta>, change: &Change) -> Result<Done> {
        // Whom a record was opened to, as it was given away, is its former owner's to take back.
        let caller = match object.name == "record_member" && change.fresh {
            true => &self.caller.elevated(),
            false => &self.caller,
        };
        let Some(record) = self.engine.fetch(conn, caller, object, change.record)? else {
            // Gone already, or out of the caller's sight.
            return Ok(Done::Nothing);
        };
        if let Some(code) = self.held(conn, object, change)? {
            return Ok(Done::Kept { fields: Vec::new(), title: title_of(object, &record), code });
        }
        self.engine.delete(conn, caller, object, change.record, None)?;
        Ok(Done::Deleted)
    }

    /// Former values of exactly the fields that still are as the import left them.
    fn unchange(&self, conn: &mut PgConnection, object: &Arc<ObjectMeta>, change: &Change) -> Result<Done> {
        let seen = self.engine.fetch(conn, &self.caller, object, change.record)?;
        let given_away = seen.is_none() && change.fresh && change.changes.contains_key("owner");
        let record = match given_away {
            true => self.engine.fetch(conn, &self.caller.elevated(), object, change.record)?,
            false => seen,
        };
        let Some(record) = record else { return Ok(Done::Nothing) };
        let mut own = Record::new();
        let mut derived = Record::new();
        let mut kept = Vec::new();
        for (key, values) in &change.changes {
            let Some(field) = object.field(key).filter(|_| key != "department") else { continue };
            let part = |name: &str| values.get(name).cloned().unwrap_or(Value::Null);
            // What a sealed field held is not in the trail, so it stays as it is now; one that was empty can be emptied.
            let unknown = field.sealed && !part("from").is_null();
            let same = || match field.sealed {
                true => record.get(key).is_none_or(Value::is_null) == part("to").is_null(),
                false => record.get(key).unwrap_or(&Value::Null) == &part("to"),
            };
            if unknown || !same() {
                if !field.read_only {
                    kept.push(key.clone());
                }
            } else if field.read_only {
                derived.insert(key.clone(), part("from"));
            } else {
                own.insert(key.clone(), part("from"));
            }
        }
        let changed = !own.is_empty() || !derived.is_empty();
        if given_away && !(own.contains_key("owner") && kept.is_empty()) {
            return Ok(Done::Nothing);
        }
        let caller = Caller { derived: change.derived, ..self.caller.clone() };
        if !own.is_empty() {
            // Whoever gave it away may take it back though it is out of their reach.
            let undoes = own.contains_key("owner").then_some(change.version);
            self.engine.update_back(conn, &caller, object, change.record, own, None, undoes)?;
        }
        if !derived.is_empty() {
            self.engine.amend(conn, &caller, object, change.record, derived)?;
        }
        match (kept.is_empty(), changed) {
            (false, _) => Ok(Done::Kept { fields: kept, title: title_of(object, &record), code: Code::ChangedSince }),
            (true, true) => Ok(Done::Restored),
            (true, false) => Ok(Done::Nothing),
        }
    }
}

enum Done {
    Nothing,
    Deleted,
    Restored,
    Kept { fields: Vec<String>, title: String, code: Code },
}

fn title_of(object: &ObjectMeta, record: &Record) -> String {
    record.get(object.title.as_ref()).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn order_of_change(job: &Job) -> Option<Order> {
    let change: super::change::Order = serde_json::from_value(job.payload.clone()).ok()?;
    let progress = super::change::progress(job);
    let ended = matches!(job.state.as_str(), "done" | "cancelled" | "failed");
    (progress.updated + progress.deleted > 0 && ended).then_some(Order {
        job: job.id,
        object: change.plan.object,
        name: change.name,
        since: progress.since,
    })
}

/// What an undo of this import is given; none where there is nothing to take back.
pub fn order(job: &Job) -> Option<Order> {
    if job.kind == super::change::KIND {
        return order_of_change(job);
    }
    let import: super::run::Order = serde_json::from_value(job.payload.clone()).ok()?;
    let progress = super::run::progress(job);
    let done = progress.created + progress.updated + progress.deleted + progress.parents > 0;
    let ended = matches!(job.state.as_str(), "done" | "cancelled" | "failed");
    (job.kind == super::run::KIND && done && ended && !import.plan.dry_run).then_some(Order {
        job: job.id,
        object: import.plan.object,
        name: import.name,
        since: progress.since,
    })
}
