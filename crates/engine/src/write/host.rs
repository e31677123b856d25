//! What is kept beside a record of the one on which it hangs, so that lists are walks along an index and no join: whose
//! that one is, where it is somebody else; and for members of teams, when it was made.

use crate::ddl::{HOST_MADE, HOST_OWNER};
use crate::sql::{Bind, Sql, column};
use crate::{Caller, Result};
use diesel::PgConnection;
use kezhan_meta::{FieldMeta, ObjectMeta, Record, Scope, Storage};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// The field by which records of this object hang on others, its column, and the object of those.
fn link<'o>(caller: &Caller, object: &'o ObjectMeta) -> Option<(&'o FieldMeta, &'o str, Arc<ObjectMeta>)> {
    let (field, host) = object.hangs_by()?;
    let Storage::Column(name) = &field.storage else { return None };
    Some((field, name.as_ref(), caller.catalog.get(host)?.clone()))
}

/// ` column, …` and ` value, …` for each column of this kind that the object has.
pub fn values(caller: &Caller, object: &ObjectMeta, record: &Record) -> Vec<(&'static str, Sql)> {
    let owner = owner(caller, object, record).map(|sql| (HOST_OWNER, sql));
    owner.into_iter().chain(made(caller, object, record).map(|sql| (HOST_MADE, sql))).collect()
}

/// Do these fields decide over them?
pub fn depends_on(object: &ObjectMeta, key: &str) -> bool {
    let named = matches!(&object.scope, Scope::Polymorphic { record, .. } if object.opens && record == key);
    named || object.follows.as_ref().is_some_and(|follows| key == "owner" || follows == key)
}

fn made(caller: &Caller, object: &ObjectMeta, record: &Record) -> Option<Sql> {
    let Scope::Polymorphic { object: kind, record: id } = &object.scope else { return None };
    if !object.opens {
        return None;
    }
    let host = record.get(kind.as_ref()).and_then(Value::as_str).and_then(|kind| caller.catalog.get(kind));
    let mut sql = Sql::default();
    match (host, record.get(id.as_ref()).and_then(column::uuid)) {
        (Some(host), Some(id)) => {
            sql.push("(SELECT h.created_at FROM ").ident(&host.table).push(" h WHERE h.tenant_id = ");
            sql.uuid(caller.tenant).push(" AND h.id = ").uuid(id).push(")");
        }
        _ => sql.push("NULL").done(),
    }
    Some(sql)
}

fn owner(caller: &Caller, object: &ObjectMeta, record: &Record) -> Option<Sql> {
    let (field, _, host) = link(caller, object)?;
    let id = record.get(field.key.as_ref()).and_then(column::uuid);
    let owner = record.get("owner").and_then(column::uuid);
    let mut sql = Sql::default();
    match id {
        None => sql.push("NULL").done(),
        Some(id) => {
            sql.push("(SELECT NULLIF(h.owner_id, ").bind(Bind::Uuid(owner)).push(") FROM ").ident(&host.table);
            sql.push(" h WHERE h.tenant_id = ").uuid(caller.tenant).push(" AND h.id = ").uuid(id);
            sql.push(" AND h.deleted_at IS NULL)");
        }
    }
    Some(sql)
}

/// For rows that have just gone in, many at once.
pub fn fill(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, ids: Vec<Uuid>) -> Result<()> {
    if object.opens {
        return fill_made(conn, caller, object, &ids);
    }
    let Some((_, name, host)) = link(caller, object) else { return Ok(()) };
    let mut sql = Sql::new("UPDATE ");
    sql.ident(&object.table).push(" t SET ").ident(HOST_OWNER).push(" = h.owner_id FROM ").ident(&host.table);
    sql.push(" h WHERE t.tenant_id = ").uuid(caller.tenant).push(" AND t.id = ANY(").bind(Bind::Uuids(Some(ids)));
    sql.push(") AND h.tenant_id = t.tenant_id AND h.id = t.").ident(name);
    sql.push(" AND h.deleted_at IS NULL AND h.owner_id IS DISTINCT FROM t.owner_id");
    sql.execute(conn)?;
    Ok(())
}

fn fill_made(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, ids: &[Uuid]) -> Result<()> {
    let Scope::Polymorphic { object: kind, record } = &object.scope else { return Ok(()) };
    for host in caller.catalog.objects().filter(|host| host.scope == Scope::Owned) {
        let mut sql = Sql::new("UPDATE ");
        sql.ident(&object.table).push(" t SET ").ident(HOST_MADE).push(" = h.created_at FROM ").ident(&host.table);
        sql.push(" h WHERE t.tenant_id = ").uuid(caller.tenant).push(" AND t.id = ANY(");
        sql.bind(Bind::Uuids(Some(ids.to_vec()))).push(") AND t.").ident(kind).push(" = ").text(host.name.to_string());
        sql.push(" AND h.tenant_id = t.tenant_id AND h.id = t.").ident(record).push("::uuid");
        sql.execute(conn)?;
    }
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
