//! Up to 500 writes of one object in one call.

use super::Request;
use crate::call::{Answer, Call};
use kezhan_engine::audit::Given;
use kezhan_engine::{Action, Error, Result, Written};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record, Violation};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Most operations of one call.
pub const OPERATIONS_MAX: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch {
    /// Undo everything when one fails; otherwise each stands for itself.
    #[serde(default)]
    all_or_none: bool,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
enum Operation {
    Create { record: Record, client_ref: Option<Value> },
    Update { id: Uuid, record: Record, version: Option<i64>, undoes: Option<i64>, client_ref: Option<Value> },
    Upsert { key: String, value: String, record: Record, client_ref: Option<Value> },
    Delete { id: Uuid, version: Option<i64>, client_ref: Option<Value> },
}

/// What became of one operation.
struct Done {
    status: u16,
    id: Uuid,
    version: i64,
    body: Option<Vec<u8>>,
    /// Sensitive values that the answer shows and the caller did not bring along.
    given: Given,
}

pub fn run(call: &mut Call<'_>, object: &Arc<ObjectMeta>, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    let batch: Batch = request.json()?;
    if batch.operations.is_empty() || batch.operations.len() > OPERATIONS_MAX {
        return Err(Error::refused(Code::BadValue, &["operations", &format!("1–{OPERATIONS_MAX}")]));
    }
    // One at a time is editing; many at once is a right of its own.
    let changes = |op: &&Operation| matches!(op, Operation::Update { .. } | Operation::Delete { .. });
    let many = batch.operations.iter().filter(changes).count() > 1;
    if many && !call.caller.access.may(&object.name, Action::BulkEdit) {
        return Err(Error::refused(Code::Forbidden, &[Action::BulkEdit.key()]));
    }
    call.note_write(object);
    call.transaction(|call| {
        let mut results = Vec::with_capacity(batch.operations.len());
        let mut failed = 0;
        let mut given = Given::default();
        for (at, operation) in batch.operations.into_iter().enumerate() {
            let client_ref = operation.client_ref();
            match perform(call, object, operation) {
                Ok(mut done) => {
                    given.extend(std::mem::take(&mut done.given));
                    results.push(success(done, client_ref)?);
                }
                Err(error) if batch.all_or_none || is_ours(&error) => return Err(at_index(error, "operations", at)),
                Err(error) => {
                    failed += 1;
                    let problem = error.problem(call.caller.lang);
                    results.push(
                        json!({"client_ref": client_ref, "status": problem.status, "problem": problem}).to_string(),
                    );
                }
            }
        }
        given.note(call.conn, call.caller)?;
        let body = format!(
            "{{\"succeeded\":{},\"failed\":{failed},\"results\":[{}]}}",
            results.len() - failed,
            results.join(",")
        );
        Ok(Answer::ok(body.into_bytes()))
    })
}

impl Operation {
    fn client_ref(&self) -> Option<Value> {
        match self {
            Operation::Create { client_ref, .. }
            | Operation::Update { client_ref, .. }
            | Operation::Upsert { client_ref, .. }
            | Operation::Delete { client_ref, .. } => client_ref.clone(),
        }
    }
}

/// Each operation has a savepoint of its own inside the engine.
fn perform(call: &mut Call<'_>, object: &Arc<ObjectMeta>, operation: Operation) -> Result<Done> {
    let (engine, caller) = (&call.state.engine, call.caller);
    let written = |status, w: Written, brought: &[String]| Done {
        status,
        id: w.id,
        version: w.version,
        body: Some(w.body),
        given: if status == 201 { Given::default() } else { w.given.without(&object.name, brought) },
    };
    Ok(match operation {
        Operation::Create { record, .. } => written(201, engine.create(call.conn, caller, object, record)?, &[]),
        Operation::Update { id, record, version, undoes, .. } => {
            let brought: Vec<String> = record.keys().cloned().collect();
            written(200, engine.update_back(call.conn, caller, object, id, record, version, undoes)?, &brought)
        }
        Operation::Upsert { key, value, record, .. } => {
            let brought: Vec<String> = record.keys().cloned().collect();
            let (w, is_new) = engine.upsert(call.conn, caller, object, &key, &value, record)?;
            written(if is_new { 201 } else { 200 }, w, &brought)
        }
        Operation::Delete { id, version, .. } => {
            let version = engine.delete(call.conn, caller, object, id, version)?;
            Done { status: 204, id, version, body: None, given: Given::default() }
        }
    })
}

/// The record's JSON goes through as the engine wrote it.
fn success(done: Done, client_ref: Option<Value>) -> Result<String> {
    let head = json!({"client_ref": client_ref, "status": done.status, "id": done.id, "version": done.version});
    let mut text = head.to_string();
    if let Some(body) = done.body {
        let record = String::from_utf8(body).map_err(|e| Error::Internal(e.to_string()))?;
        text.pop();
        text.push_str(&format!(",\"record\":{record}}}"));
    }
    Ok(text)
}

/// Failures that are not the operation's fault end the whole call.
fn is_ours(error: &Error) -> bool {
    match error {
        Error::Database(_) | Error::Internal(_) => true,
        Error::Refused { .. } | Error::Invalid(_) | Error::Stale(_) => false,
    }
}

/// The same failure, saying which part of the request it is about.
pub fn at_index(error: Error, list: &str, at: usize) -> Error {
    let place = format!("{list}[{at}]");
    match error {
        Error::Refused { code, args } => Error::Invalid(vec![Violation { field: place, code, args }]),
        Error::Stale(version) => Error::Invalid(vec![Violation::new(place, Code::Stale).with(version)]),
        Error::Invalid(faults) => {
            let named = |v: Violation| {
                let field = if v.field.is_empty() { place.clone() } else { format!("{place}.{}", v.field) };
                Violation { field, ..v }
            };
            Error::Invalid(faults.into_iter().map(named).collect())
        }
        ours => ours,
    }
}
