//! Ordering imports and undos, and how their jobs look to people.

use super::transfer::By;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::jobs::{self, Job};
use kezhan_engine::transfer::settings::Plan;
use kezhan_engine::transfer::{change, export, mapping, run, undo};
use kezhan_engine::vault::Vault;
use kezhan_engine::{Action, Caller, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, ObjectMeta};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub const KINDS: &[&str] = &[run::KIND, change::KIND, undo::KIND, export::KIND];

/// May the caller see everyone's jobs?
pub fn sees_all(caller: &Caller) -> bool {
    !caller.access.delegated && caller.access.may("user", Action::Configure)
}

/// A job that the caller may see.
pub fn find(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<Job> {
    let job = jobs::find(conn, caller.tenant, id)?.filter(|j| KINDS.contains(&j.kind.as_str()));
    // Through a key or an application one sees what was ordered through it: other jobs may tell of other records.
    job.filter(|j| ordered(caller, j) || sees_all(caller)).ok_or_else(Error::not_found)
}

fn ordered(caller: &Caller, job: &Job) -> bool {
    match caller.access.delegated {
        true => caller.origin.via.is_some() && By::read(job).via == caller.origin.via,
        false => job.created_by_id == caller.user && caller.user.is_some(),
    }
}

/// May the caller see what stands in the rows? Of others' only who sees every record of the object with every field: no
/// record says yet to whom a row that failed would have been open.
pub fn opens(caller: &Caller, job: &Job) -> bool {
    let object = object_of(job);
    let whole = |object: &Arc<ObjectMeta>| {
        let open = |action| caller.access.rows(object, action).is_all();
        let confidential = object.field("confidential").is_none() || open(Action::Confidential);
        let kept = |f: &&FieldMeta| !f.secret && !f.hidden;
        open(Action::Read)
            && confidential
            && object.fields.iter().filter(kept).all(|f| caller.access.readable(object, f))
    };
    ordered(caller, job) || object.as_str().and_then(|name| caller.catalog.get(name)).is_some_and(whole)
}

/// The name of the object that a job is about.
fn object_of(job: &Job) -> Value {
    let planned = job.kind == run::KIND || job.kind == change::KIND;
    job.payload.pointer(if planned { "/plan/object" } else { "/object" }).cloned().unwrap_or(Value::Null)
}

/// Puts an import into the queue.
pub fn order(conn: &mut PgConnection, caller: &Caller, order: &run::Order) -> Result<Job> {
    let plan: &Plan = &order.plan;
    if plan.remember && !plan.dry_run {
        mapping::remember(conn, caller, &mapping::signature(&order.headers), &plan.object, &plan.columns)?;
    }
    let payload = By::sign(caller, order)?;
    let id = jobs::enqueue(conn, caller.tenant, run::KIND, &payload, caller.user)?;
    let detail = json!({ "job": id, "file": order.name, "dry_run": plan.dry_run });
    Note::by(caller, Event::Imported).on(&plan.object, None).with(detail).write(conn, caller.tenant)?;
    find_own(conn, caller, id)
}

/// Puts a change of all that a question finds into the queue.
pub fn order_change(conn: &mut PgConnection, caller: &Caller, order: &change::Order) -> Result<Job> {
    let payload = By::sign(caller, order)?;
    let id = jobs::enqueue(conn, caller.tenant, change::KIND, &payload, caller.user)?;
    find_own(conn, caller, id)
}

fn find_own(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<Job> {
    jobs::find(conn, caller.tenant, id)?.ok_or_else(Error::not_found)
}

/// Puts the undoing of an import into the queue.
pub fn take_back(conn: &mut PgConnection, caller: &Caller, job: &Job) -> Result<Job> {
    conn.transaction(|conn| {
        // Two who ask at once must not both be served.
        diesel::sql_query("SELECT 1 FROM jobs WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
            .bind::<SqlUuid, _>(job.tenant_id)
            .bind::<SqlUuid, _>(job.id)
            .execute(conn)?;
        let undone = undone(conn, caller, &[job.id])?.contains_key(&job.id);
        let order = undo::order(job).filter(|_| !undone);
        let order = order.ok_or_else(|| Error::refused(Code::NotPossible, &["undo"]))?;
        let payload = By::sign(caller, &order)?;
        let id = jobs::enqueue(conn, caller.tenant, undo::KIND, &payload, caller.user)?;
        find_own(conn, caller, id)
    })
}

/// Imports that have been, or are being, taken back, and by which job.
fn undone(conn: &mut PgConnection, caller: &Caller, ids: &[Uuid]) -> Result<HashMap<Uuid, Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        import: String,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let names: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT payload->>'job' AS import, id FROM jobs WHERE tenant_id = $1 AND kind = 'undo' \
         AND payload->>'job' = ANY($2) ORDER BY id",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<Array<Text>, _>(names)
    .load(conn)?;
    Ok(rows.into_iter().filter_map(|r| Some((Uuid::parse_str(&r.import).ok()?, r.id))).collect())
}

/// Has this import been taken back, or is it being?
pub fn is_undone(conn: &mut PgConnection, caller: &Caller, job: Uuid) -> Result<bool> {
    Ok(!undone(conn, caller, &[job])?.is_empty())
}

fn names(conn: &mut PgConnection, caller: &Caller, ids: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query("SELECT id, name::text AS name FROM users WHERE tenant_id = $1 AND id = ANY($2)")
            .bind::<SqlUuid, _>(caller.tenant)
            .bind::<Array<SqlUuid>, _>(ids)
            .load(conn)?;
    Ok(rows.into_iter().map(|r| (r.id, r.name)).collect())
}

/// Jobs as the API shows them.
pub fn present(conn: &mut PgConnection, vault: &Vault, caller: &Caller, jobs: &[Job]) -> Result<Vec<Value>> {
    let undone = undone(conn, caller, &jobs.iter().map(|j| j.id).collect::<Vec<_>>())?;
    let names = names(conn, caller, jobs.iter().filter_map(|j| j.created_by_id).collect())?;
    let each = |job: &Job| {
        let open = opens(caller, job);
        let report = if open { job.told(vault, conn)? } else { None };
        Ok(one(job, open, report, undone.get(&job.id).copied(), &names))
    };
    jobs.iter().map(each).collect()
}

fn one(job: &Job, open: bool, report: Option<Value>, undone_by: Option<Uuid>, names: &HashMap<Uuid, String>) -> Value {
    let of = |pointer: &str| job.payload.pointer(pointer).cloned().unwrap_or(Value::Null);
    let plan = |key: &str| of(&format!("/plan/{key}"));
    let by = job.created_by_id.map(|id| json!({ "id": id, "name": names.get(&id) }));
    let progress = match job.kind.as_str() {
        run::KIND => json!(run::progress(job)),
        _ => {
            let mut progress = job.progress.clone();
            if let Some(map) = progress.as_object_mut() {
                map.remove("problems");
                map.remove("until");
                map.remove("cursor");
            }
            progress
        }
    };
    let mut actions = actions(job, undone_by.is_some());
    if job.kind == run::KIND && open {
        actions.push("download");
    }
    let mut progress = progress;
    if let Some(map) = progress.as_object_mut() {
        map.remove("since");
    }
    json!({
        "id": job.id, "kind": job.kind, "state": job.state, "object": object_of(job), "name": of("/name"),
        "operation": plan("operation"), "dry_run": plan("dry_run").as_bool().unwrap_or(false),
        "hand_over": of("/hand_over").as_bool().unwrap_or(false),
        "progress": progress, "report": report, "error": job.error,
        "undone_by": undone_by, "undoes": of("/job"), "created_by": by, "created_at": job.created_at,
        "started_at": job.locked_at, "finished_at": job.finished_at, "actions": actions,
    })
}

/// What may be done with a job now.
pub fn actions(job: &Job, undone: bool) -> Vec<&'static str> {
    let mut actions = Vec::new();
    let ours = job.kind != export::KIND;
    match job.state.as_str() {
        "queued" | "running" if ours && !job.cancel_requested => actions.push("cancel"),
        "cancelled" | "failed" if ours && !undone => actions.push("resume"),
        _ => {}
    }
    if !undone && undo::order(job).is_some() {
        actions.push("undo");
    }
    actions
}
