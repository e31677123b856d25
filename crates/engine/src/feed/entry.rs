//! A record's own changes, as history and timeline show them.

use super::masked;
use crate::Caller;
use crate::audit::Given;
use crate::sql::Sql;
use crate::sql::row::RawRow;
use kezhan_meta::ObjectMeta;
use kezhan_meta::check::instant;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Where the selected columns stand that more than [`json`] looks at.
pub const SEQ: usize = 0;
pub const AT: usize = 1;

/// `SELECT … FROM changes c … WHERE …`: all changes of this record, in no order yet.
pub fn select(caller: &Caller, object: &ObjectMeta, id: Uuid) -> Sql {
    let mut sql = Sql::new("SELECT c.seq, c.at, c.action, c.version, c.actor_id, u.name, c.channel, c.changes ");
    sql.push("FROM changes c LEFT JOIN users u ON u.tenant_id = c.tenant_id AND u.id = c.actor_id ");
    sql.push("WHERE c.tenant_id = ").uuid(caller.tenant).push(" AND c.object = ").text(object.name.to_string());
    sql.push(" AND c.record_id = ").uuid(id);
    sql
}

/// One of them, as far as the caller may read it.
pub fn json(caller: &Caller, (object, id): (&ObjectMeta, Uuid), row: &RawRow, given: &mut Given) -> Map<String, Value> {
    let actor = row.uuid(4).map(|actor| json!({ "id": actor.to_string(), "name": row.text(5) }));
    let parts = [
        ("at", json!(row.time(AT).map(instant))),
        ("action", json!(row.text(2))),
        ("version", json!(row.int4(3))),
        ("actor", json!(actor)),
        ("channel", json!(row.text(6))),
        ("changes", Value::Object(masked(&caller.access, (object, id), row, 7, given))),
    ];
    parts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
