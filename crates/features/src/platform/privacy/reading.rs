//! Looks at what needs particular care go into the audit trail.

use diesel::PgConnection;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Result};
use kezhan_meta::{ObjectMeta, Sensitivity};
use serde_json::{Value, json};
use uuid::Uuid;

/// Notes that a record was opened that holds sensitive values, where the caller sees them in full. Of no cost to objects
/// without such fields; masked values are told by their own look, which takes a reason.
pub fn opened(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, id: Uuid, body: &[u8]) -> Result<()> {
    let careful = |level| level >= Sensitivity::Sensitive;
    if caller.access.is_unrestricted() || !object.fields.iter().any(|f| careful(f.sensitivity)) {
        return Ok(());
    }
    let Ok(Value::Object(record)) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    let whole =
        |key: &str| record.get(key).is_some_and(|v| !v.is_null() && !v.as_str().is_some_and(|s| s.contains("**")));
    let fields = object.fields.iter().filter(|f| careful(f.sensitivity) && whole(&f.key));
    let fields: Vec<&str> = fields.map(|f| f.key.as_ref()).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let note = Note::by(caller, Event::SensitiveRead).on(&object.name, Some(id));
    note.with(json!({ "fields": fields })).write(conn, caller.tenant)
}
