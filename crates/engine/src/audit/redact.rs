//! Takes what was said out of entries and leaves that something was: where the law asks for the erasure of personal
//! information. The chain stays verifiable: an entry of its own, sealed like all others, names each entry and the digest
//! that it has from now on.

use super::seal::CHANGE;
use super::{Event, Note};
use crate::sql::Sql;
use crate::{Caller, Result};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Empties the values of these records in the history of an object: which fields changed stays, from what to what goes.
/// `fields`: only these, all where there are none. To be called inside the transaction that erases the records' own.
pub fn redact(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &str,
    records: &[Uuid],
    fields: Option<&[String]>,
) -> Result<usize> {
    if records.is_empty() {
        return Ok(0);
    }
    conn.batch_execute("SET LOCAL kezhan.maintenance = 'erasure'")?;
    let mut sql = Sql::new("UPDATE changes AS e SET changes = (SELECT coalesce(jsonb_object_agg(key, CASE WHEN ");
    match fields {
        Some(fields) => sql.push("key = ANY(").bind(crate::sql::Bind::Texts(Some(fields.to_vec()))).push(")").done(),
        None => sql.push("true").done(),
    }
    sql.push(" THEN '{\"erased\": true}' ELSE value END), '{}') FROM jsonb_each(e.changes)) WHERE e.tenant_id = ");
    sql.uuid(caller.tenant).push(" AND e.object = ").text(object).push(" AND e.record_id = ANY(");
    sql.bind(crate::sql::Bind::Uuids(Some(records.to_vec()))).push(") AND e.changes <> '{}' RETURNING e.seq, encode(");
    sql.push(CHANGE).push(", 'hex')");
    let mut entries = Map::new();
    sql.rows(conn, |row| {
        if let (Some(seq), Some(digest)) = (row.int8(0), row.text(1)) {
            entries.insert(seq.to_string(), Value::String(digest.to_owned()));
        }
        Ok(())
    })?;
    conn.batch_execute("SET LOCAL kezhan.maintenance = ''")?;
    let count = entries.len();
    let only = match records {
        [one] => Some(*one),
        _ => None,
    };
    if count > 0 {
        Note::by(caller, Event::Redacted)
            .on(object, only)
            .with(json!({ "digests": entries }))
            .write(conn, caller.tenant)?;
    }
    Ok(count)
}
