//! One change of all records that a question finds, however many, or several such, one after the other: chunks in the
//! order of ids, each in one transaction with how far the job has come. What it did can be taken back like an import.

use super::ledger::is_about_a_row;
use super::run::{Phase, last_change, request_id};
use crate::jobs::{Job, Run, Signal};
use crate::vault::fields;
use crate::{Action, Caller, Channel, Engine, Error, Keep, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Scope, normalise_value};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const CHUNK: u32 = 100;
const PROBLEMS: usize = 100;
/// Records that are left out of what the question finds.
pub const EXCEPT_MAX: usize = 1_000;

pub const KIND: &str = "change";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    Update,
    Delete,
}

/// What is to be done with which records.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub object: String,
    pub operation: Operation,
    /// The values to set.
    #[serde(default)]
    pub record: Record,
    #[serde(default)]
    pub filter: Option<Filter>,
    #[serde(default)]
    pub q: Option<String>,
    #[serde(default)]
    pub import: Option<Uuid>,
    #[serde(default)]
    pub except: Vec<Uuid>,
    /// Where records get another owner: what the former one may still do with them, and what hangs on them.
    #[serde(default)]
    pub keep: Option<Keep>,
}

/// What a job of this kind is given; `name` is for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    pub plan: Plan,
    /// More of it, about other objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Plan>,
    pub name: String,
    /// All of what somebody leaves behind: people call it something else than a change.
    #[serde(default)]
    pub hand_over: bool,
}

impl Order {
    fn plans(&self) -> impl Iterator<Item = &Plan> {
        std::iter::once(&self.plan).chain(&self.then)
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub phase: Phase,
    pub total: u64,
    pub done: u64,
    pub updated: u64,
    pub deleted: u64,
    /// Had the value already.
    pub skipped: u64,
    pub failed: u64,
    /// The change feed's number before the first change.
    pub since: i64,
    /// Which of the plans is being followed.
    pub step: usize,
    /// Where the next chunk begins.
    pub cursor: Option<String>,
    pub problems: Vec<Value>,
}

/// Holds a plan against the caller's rights and the object.
pub fn check(engine: &Engine, conn: &mut PgConnection, caller: &Caller, mut plan: Plan) -> Result<Order> {
    let object = object_of(caller, &plan)?;
    let needed = if plan.operation == Operation::Delete { Action::Delete } else { Action::Edit };
    let shares = plan.keep.map(|_| Action::Share);
    let needed = [needed, Action::BulkEdit].into_iter().chain(shares);
    if let Some(missing) = needed.into_iter().find(|a| !caller.access.may(&object.name, *a)) {
        return Err(Error::refused(Code::Forbidden, &[missing.key()]));
    }
    if plan.except.len() > EXCEPT_MAX {
        return Err(Error::refused(Code::TooComplex, &["except"]));
    }
    if (plan.operation == Operation::Update) == plan.record.is_empty() {
        return Err(Error::invalid("record", Code::BadValue));
    }
    if plan.filter.as_ref().is_some_and(|f| fields::veiled(&caller.catalog, &object, f) != *f) {
        return Err(Error::invalid("filter", Code::BadValue));
    }
    let mut names = Vec::new();
    for (key, value) in &mut plan.record {
        let field = object.field(key).ok_or_else(|| Error::invalid(key, Code::UnknownField))?;
        // An order waits in the database as it was given: what is sealed is set record by record.
        if field.read_only || field.immutable || field.sealed {
            return Err(Error::invalid(key, Code::ReadOnly));
        }
        *value = normalise_value(field, value).map_err(|fault| Error::Invalid(vec![fault]))?;
        names.push(field.label.get(caller.lang).to_owned());
    }
    // What is wrong with the question is said now, not by the job.
    engine.records(conn, caller, &object, &ListQuery { limit: Some(1), ..question(&plan) })?;
    if plan.keep.is_some() && !(plan.record.contains_key("owner") && object.scope == Scope::Owned) {
        return Err(Error::invalid("keep", Code::BadValue));
    }
    Ok(Order { plan, then: Vec::new(), name: names.join("、"), hand_over: false })
}

/// How many records a plan is about.
pub fn count(engine: &Engine, conn: &mut PgConnection, caller: &Caller, plan: &Plan) -> Result<u64> {
    let object = object_of(caller, plan)?;
    Ok(engine.count(conn, caller, &object, &question(plan))?.unsigned_abs())
}

fn object_of(caller: &Caller, plan: &Plan) -> Result<Arc<ObjectMeta>> {
    let found = caller.catalog.get(&plan.object).cloned();
    found.ok_or_else(|| Error::invalid("object", Code::UnknownValue))
}

fn question(plan: &Plan) -> ListQuery {
    // A list of ids in a filter is bounded.
    let except = plan.except.chunks(200).map(|ids| Filter::field("id", Op::Nin, json!(ids)));
    let filters: Vec<Filter> = plan.filter.clone().into_iter().chain(except).collect();
    let fields = ["id"].into_iter().map(str::to_owned).chain(plan.record.keys().cloned());
    ListQuery {
        filter: Some(Filter::And(filters)).filter(|f| !f.is_all()),
        q: plan.q.clone(),
        import: plan.import,
        fields: Some(fields.collect()),
        sort: vec![Sort::parse("id")],
        limit: Some(CHUNK),
        count: Count::None,
        ..ListQuery::default()
    }
}

/// Runs or continues a change.
pub fn run(engine: &Engine, caller: &Caller, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
    let order: Order = serde_json::from_value(run.job.payload.clone()).map_err(|e| Error::Internal(e.to_string()))?;
    let caller = Caller { channel: Channel::Web, request_id: request_id(run.job.id), ..caller.clone() };
    let mut state = progress(&run.job);
    if state.phase == Phase::Waiting {
        state.phase = Phase::Importing;
        state.since = last_change(conn, &caller)?;
        for plan in order.plans() {
            state.total += count(engine, conn, &caller, plan)?;
        }
    }
    let steps = order.plans().map(|plan| Ok(Work { engine, caller: &caller, object: object_of(&caller, plan)?, plan }));
    let steps = steps.collect::<Result<Vec<Work<'_>>>>()?;
    while state.phase != Phase::Finished {
        let Some(work) = steps.get(state.step) else { break };
        let before = state.clone();
        let step = conn.transaction(|conn| {
            let query = ListQuery { cursor: state.cursor.clone(), ..question(work.plan) };
            let (records, next) = engine.records(conn, &caller, &work.object, &query)?;
            for record in &records {
                work.one(conn, record, &mut state)?;
                state.done += 1;
            }
            state.total = state.total.max(state.done);
            state.cursor = next;
            if state.cursor.is_none() {
                state.step += 1;
            }
            if state.step == steps.len() {
                state.phase = Phase::Finished;
                run.report(conn, json!({ "problems": state.problems }))?;
            }
            run.checkpoint(conn, &state)
        });
        match step {
            Err(error) => {
                log::warn!("change {} stops after {} records: {error}", run.job.id, before.done);
                return Err(error);
            }
            Ok(Signal::Continue) => {}
            Ok(_) if state.phase == Phase::Finished => {}
            Ok(signal) => return Ok(signal),
        }
    }
    Ok(Signal::Continue)
}

struct Work<'e> {
    engine: &'e Engine,
    caller: &'e Caller,
    object: Arc<ObjectMeta>,
    plan: &'e Plan,
}

impl Work<'_> {
    fn one(&self, conn: &mut PgConnection, record: &Record, state: &mut Progress) -> Result<()> {
        let id = record.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        let Some(id) = id else { return Ok(()) };
        let same = |(key, value): (&String, &Value)| record.get(key).unwrap_or(&Value::Null) == value;
        let deletes = self.plan.operation == Operation::Delete;
        if !deletes && self.plan.record.iter().all(same) {
            state.skipped += 1;
            return Ok(());
        }
        let done = conn.transaction(|conn| match deletes {
            true => self.engine.delete(conn, self.caller, &self.object, id, None).map(drop),
            false => {
                if let (Some(keep), Some(owner)) = (self.plan.keep, record.get("owner").and_then(Value::as_str)) {
                    self.engine.keep_owner(conn, self.caller, &self.object, id, owner, keep)?;
                }
                self.engine.update(conn, self.caller, &self.object, id, self.plan.record.clone(), None).map(drop)
            }
        });
        match done {
            Ok(()) if deletes => state.deleted += 1,
            Ok(()) => state.updated += 1,
            Err(error) if is_about_a_row(&error) => {
                state.failed += 1;
                self.problem(conn, id, &error, state);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn problem(&self, conn: &mut PgConnection, id: Uuid, error: &Error, state: &mut Progress) {
        if state.problems.len() >= PROBLEMS {
            return;
        }
        let record = self.engine.fetch(conn, self.caller, &self.object, id).ok().flatten();
        let title = record.as_ref().and_then(|r| r.get(self.object.title.as_ref())).and_then(Value::as_str);
        let problem = error.problem(self.caller.lang);
        let message = problem.errors.first().map_or(problem.title.clone(), |e| e.message.clone());
        state.problems.push(json!({ "object": self.object.name, "id": id, "title": title, "message": message }));
    }
}

pub fn progress(job: &Job) -> Progress {
    serde_json::from_value(job.progress.clone()).unwrap_or_default()
}
