//! Takes what was said out of entries and leaves that something was: where the law asks for the erasure of personal
//! information, and where a field was sealed after it had been written in the clear. The chain stays verifiable: an entry of its own, sealed like all others, names each entry and the digest
//! that it has from now on.

use super::seal::CHANGE;
use super::{Event, Note};
use crate::sql::{Bind, Sql};
use crate::vault::VEIL;
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
    let mut goes = Sql::default();
    match fields {
        Some(fields) => goes.push("key = ANY(").bind(Bind::Texts(Some(fields.to_vec()))).push(")").done(),
        None => goes.push("true").done(),
    }
    let mut sql = Sql::new("UPDATE changes AS e SET changes = (SELECT coalesce(jsonb_object_agg(key, CASE WHEN ");
    sql.append(goes.clone())
        .push(" THEN '{\"erased\": true}' ELSE value END), '{}') FROM jsonb_each(e.changes)) WHERE e.tenant_id = ");
    sql.uuid(caller.tenant).push(" AND e.object = ").text(object).push(" AND e.record_id = ANY(");
    sql.bind(Bind::Uuids(Some(records.to_vec()))).push(") AND EXISTS (SELECT 1 FROM jsonb_each(e.changes) WHERE ");
    // What was emptied before stays as it was sealed.
    sql.append(goes).push(" AND value <> '{\"erased\": true}') RETURNING e.seq, encode(");
    sql.push(CHANGE).push(", 'hex')");
    let only = match records {
        [one] => Some(*one),
        _ => None,
    };
    Ok(replaced(conn, caller, object, only, sql)?.0)
}

/// Veils the values of these fields in the history of an object, from when they were not sealed yet: it tells from now on
/// what it tells of sealed ones. Looks at up to `limit` entries behind `after`, inside the caller's transaction; how many
/// there were, and behind which to go on, if there may be more.
pub fn veil(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &str,
    fields: &[String],
    after: i64,
    limit: usize,
) -> Result<(usize, Option<i64>)> {
    let keys = || Bind::Texts(Some(fields.to_vec()));
    conn.batch_execute("SET LOCAL kezhan.maintenance = 'sealing'")?;
    let mut sql = Sql::new("UPDATE changes AS e SET changes = (SELECT jsonb_object_agg(c.key, CASE WHEN c.key = ANY(");
    sql.bind(keys()).push(
        ") THEN (SELECT coalesce(jsonb_object_agg(s.key, CASE WHEN s.key IN ('from', 'to') AND s.value <> 'null' \
         THEN to_jsonb(",
    );
    sql.text(VEIL).push(
        "::text) ELSE s.value END), '{}') FROM jsonb_each(c.value) s) ELSE c.value END) FROM jsonb_each(e.changes) c)",
    );
    sql.push(" WHERE e.tenant_id = ")
        .uuid(caller.tenant)
        .push(" AND e.seq IN (SELECT h.seq FROM changes h WHERE h.tenant_id = ");
    sql.uuid(caller.tenant).push(" AND h.object = ").text(object).push(" AND h.seq > ").int(after);
    sql.push(" AND jsonb_exists_any(h.changes, ")
        .bind(keys())
        .push(") AND EXISTS (SELECT 1 FROM jsonb_each(h.changes) c, jsonb_each(c.value) s WHERE c.key = ANY(");
    sql.bind(keys()).push(") AND s.key IN ('from', 'to') AND s.value <> 'null' AND s.value <> to_jsonb(").text(VEIL);
    sql.push("::text)) ORDER BY h.seq").limit(limit).push(") RETURNING e.seq, encode(").push(CHANGE).push(", 'hex')");
    let (count, last) = replaced(conn, caller, object, None, sql)?;
    Ok((count, last.filter(|_| count == limit)))
}

/// Runs what replaces entries and answers with number and digest of each, and names them in the trail. How many there
/// were, and the last of them.
fn replaced(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &str,
    record: Option<Uuid>,
    sql: Sql,
) -> Result<(usize, Option<i64>)> {
    let mut entries = Map::new();
    let mut last = None;
    sql.rows(conn, |row| {
        if let (Some(seq), Some(digest)) = (row.int8(0), row.text(1)) {
            entries.insert(seq.to_string(), Value::String(digest.to_owned()));
            last = last.max(Some(seq));
        }
        Ok(())
    })?;
    conn.batch_execute("SET LOCAL kezhan.maintenance = ''")?;
    let count = entries.len();
    if count > 0 {
        Note::by(caller, Event::Redacted)
            .on(object, record)
            .with(json!({ "digests": entries }))
            .write(conn, caller.tenant)?;
    }
    Ok((count, last))
}
