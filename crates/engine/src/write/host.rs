//! Whose the record is on which another hangs: kept beside the latter where it is somebody else, so that lists of what
//! both own are two walks along indexes and no join.

use crate::ddl::HOST_OWNER;
use crate::sql::{Bind, Sql, column};
use crate::{Caller, Result};
use diesel::PgConnection;
use kezhan_meta::{FieldMeta, ObjectMeta, Record, Storage};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// The field by which records of this object hang on others, its column, and those others.
fn link<'o>(caller: &Caller, object: &'o ObjectMeta) -> Option<(&'o FieldMeta, &'o str, Arc<ObjectMeta>)> {
    let field = object.field(object.follows.as_ref()?)?;
    let Storage::Column(name) = &field.storage else { return None };
    Some((field, name, caller.catalog.get(field.target()?)?.clone()))
}

/// The value of the column for this record, as an expression; none where the object has no such column.
pub fn value(caller: &Caller, object: &ObjectMeta, record: &Record) -> Option<Sql> {
    let (field, _, host) = link(caller, object)?;
    let id = record.get(field.key.as_ref()).and_then(column::uuid);
    let owner = record.get("owner").and_then(column::uuid);
    let mut sql = Sql::default();
    match id {
        None => sql.push("NULL").done(),
        Some(id) => {
            sql.push("(SELECT NULLIF(h.owner_id, ").bind(Bind::Uuid(owner)).push(") FROM ").ident(&host.table);
            sql.push(" h WHERE h.tenant_id = ").uuid(caller.tenant).push(" AND h.id = ").uuid(id).push(")");
        }
    }
    Some(sql)
}

/// For rows that have just gone in, many at once.
pub fn fill(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, ids: Vec<Uuid>) -> Result<()> {
    let Some((_, name, host)) = link(caller, object) else { return Ok(()) };
    let mut sql = Sql::new("UPDATE ");
    sql.ident(&object.table).push(" t SET ").ident(HOST_OWNER).push(" = h.owner_id FROM ").ident(&host.table);
    sql.push(" h WHERE t.tenant_id = ").uuid(caller.tenant).push(" AND t.id = ANY(").bind(Bind::Uuids(Some(ids)));
    sql.push(") AND h.tenant_id = t.tenant_id AND h.id = t.").ident(name);
    sql.push(" AND h.owner_id IS DISTINCT FROM t.owner_id");
    sql.execute(conn)?;
    Ok(())
}

/// A record has another owner: so has what hangs on it, in this respect.
pub fn pass_on(conn: &mut PgConnection, caller: &Caller, host: &ObjectMeta, id: Uuid, after: &Record) -> Result<()> {
    let owner = Bind::Uuid(after.get("owner").and_then(Value::as_str).and_then(|o| Uuid::parse_str(o).ok()));
    for object in caller.catalog.objects() {
        let Some((_, name, _)) = link(caller, object).filter(|(.., to)| to.name == host.name) else { continue };
        let mut sql = Sql::new("UPDATE ");
        sql.ident(&object.table).push(" SET ").ident(HOST_OWNER).push(" = NULLIF(").bind(owner.clone());
        sql.push(", owner_id) WHERE tenant_id = ").uuid(caller.tenant).push(" AND ").ident(name).push(" = ").uuid(id);
        sql.execute(conn)?;
    }
    Ok(())
}
