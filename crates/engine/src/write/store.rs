//! Record and change in one data-modifying statement, answered with the caller's own projection.

use super::{Written, draft, host};
use crate::audit::Given;
use crate::read::project::{self, Node, Select, Wanted};
use crate::search::keys::SearchKeys;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Bind, Sql, column};
use crate::vault::fields;
use crate::{Caller, Error, Result};
use diesel::PgConnection;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Record, Storage, Violation};
use serde_json::Value;
use uuid::Uuid;

/// What a change is called in history and feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Update,
    Delete,
    Restore,
}

impl Verb {
    fn key(self) -> &'static str {
        match self {
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Delete => "delete",
            Verb::Restore => "restore",
        }
    }
}

/// Fields with columns of their own that the write path, not the caller's record, fills.
fn stored(field: &FieldMeta) -> bool {
    !kezhan_meta::system::is_system(&field.key)
}

pub fn insert(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    record: &Record,
    keys: SearchKeys,
    diff: Value,
) -> Result<Written> {
    let record = &*fields::stored(conn, caller, object, id, record)?;
    let mut names = Sql::new("tenant_id, id, created_by_id, updated_by_id, created_at, updated_at, custom");
    let mut values = Sql::default();
    values.uuid(caller.tenant).push(", ").uuid(id).push(", ");
    values.bind(Bind::Uuid(caller.user)).push(", ").bind(Bind::Uuid(caller.user)).push(", now(), now(), ");
    values.bind(Bind::Json(Some(Value::Object(custom_of(object, record)))));
    if object.custom {
        names.push(", object");
        values.push(", ").text(object.name.to_string());
    }
    for field in object.fields.iter().filter(|f| stored(f)) {
        let Storage::Column(name) = &field.storage else { continue };
        names.push(", ").ident(name);
        values.push(", ");
        column::operand(&mut values, field, record.get(field.key.as_ref()).unwrap_or(&Value::Null))?;
    }
    if object.field("department").is_some() {
        names.push(", department_id");
        values.push(", ");
        department(&mut values, caller, record);
    }
    for (name, value) in host::values(caller, object, record) {
        names.push(", ").ident(name);
        values.push(", ").append(value);
    }
    if has_search(object) {
        names.push(", search_text, search_pairs");
        values.push(", ").text(keys.text).push(", ").bind(Bind::Int4s(keys.pairs));
    }
    let mut sql = Sql::new("WITH t AS (INSERT INTO ");
    sql.ident(&object.table).push(" (").append(names).push(") VALUES (").append(values).push(") RETURNING *)");
    let mut changes = Sql::default();
    changes.bind(Bind::Json(Some(diff)));
    finish(conn, sql, caller, object, Verb::Create, changes, id)
}

/// Updates the fields that `diff` names.
pub fn update(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    record: &Record,
    diff: serde_json::Map<String, Value>,
) -> Result<Written> {
    let stored_record = fields::stored(conn, caller, object, id, record)?;
    let mut sql = Sql::new("WITH t AS (UPDATE ");
    sql.ident(&object.table).push(" SET version = version + 1, updated_at = now(), updated_by_id = ");
    sql.bind(Bind::Uuid(caller.user));
    let mut custom = false;
    for field in object.fields.iter().filter(|f| stored(f) && diff.contains_key(f.key.as_ref())) {
        match &field.storage {
            Storage::Custom => custom = true,
            Storage::Column(name) => {
                sql.push(", ").ident(name).push(" = ");
                column::operand(&mut sql, field, stored_record.get(field.key.as_ref()).unwrap_or(&Value::Null))?;
            }
        }
    }
    if custom {
        sql.push(", custom = ").bind(Bind::Json(Some(Value::Object(custom_of(object, &stored_record)))));
    }
    let moves = diff.contains_key("owner") && object.field("department").is_some();
    if moves {
        sql.push(", department_id = ");
        department(&mut sql, caller, record);
    }
    if diff.keys().any(|key| host::depends_on(object, key)) {
        for (name, value) in host::values(caller, object, record) {
            sql.push(", ").ident(name).push(" = ").append(value);
        }
    }
    if has_search(object) && diff.keys().any(|k| object.field(k).is_some_and(|f| f.searchable)) {
        let keys = draft::search_keys(object, record);
        sql.push(", search_text = ").text(keys.text).push(", search_pairs = ").bind(Bind::Int4s(keys.pairs));
    }
    sql.push(" WHERE tenant_id = ").uuid(caller.tenant).push(" AND id = ").uuid(id).push(" RETURNING *)");
    let mut changes = Sql::default();
    changes.bind(Bind::Json(Some(Value::Object(diff))));
    if moves {
        // Where it went is part of what happened: it decides who sees the record.
        let from = || Bind::Uuid(record.get("department").and_then(column::uuid));
        changes.push(" || CASE WHEN t.department_id IS DISTINCT FROM ").bind(from());
        changes.push(" THEN jsonb_build_object('department', jsonb_build_object('from', ").bind(from());
        changes.push(", 'to', t.department_id)) ELSE '{}' END");
    }
    finish(conn, sql, caller, object, Verb::Update, changes, id)
}

/// To the recycle bin or back.
pub fn bury(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, id: Uuid, verb: Verb) -> Result<Written> {
    let mut sql = Sql::new("WITH t AS (UPDATE ");
    sql.ident(&object.table).push(" SET version = version + 1, updated_at = now(), updated_by_id = ");
    sql.bind(Bind::Uuid(caller.user));
    match verb {
        Verb::Delete => sql.push(", deleted_at = now(), deleted_by_id = ").bind(Bind::Uuid(caller.user)).done(),
        _ => sql.push(", deleted_at = NULL, deleted_by_id = NULL").done(),
    }
    sql.push(" WHERE tenant_id = ").uuid(caller.tenant).push(" AND id = ").uuid(id).push(" RETURNING *)");
    finish(conn, sql, caller, object, verb, Sql::new("'{}'::jsonb"), id)
}

/// Appends the change entry and the projection, and runs it all.
fn finish(
    conn: &mut PgConnection,
    mut sql: Sql,
    caller: &Caller,
    object: &ObjectMeta,
    verb: Verb,
    changes: Sql,
    id: Uuid,
) -> Result<Written> {
    sql.push(", c AS (INSERT INTO changes (tenant_id, object, record_id, action, version, actor_id, channel, ");
    sql.push("request_id, ip, via, derived, changes) SELECT t.tenant_id, ")
        .text(object.name.to_string())
        .push(", t.id, ");
    sql.text(verb.key()).push(", t.version, ").bind(Bind::Uuid(caller.user)).push(", ");
    sql.text(caller.channel.key()).push(", ").text(caller.request_id.clone()).push(", ");
    sql.bind(Bind::Text(caller.origin.ip.as_deref().map(str::to_owned))).push(", ");
    sql.bind(Bind::Uuid(caller.origin.via)).push(", ").bind(Bind::Bool(Some(caller.derived))).push(", ");
    sql.append(changes).push(" FROM t) SELECT ");
    let guard = Guard::of(caller);
    let mut select = Select::default();
    let life = if verb == Verb::Delete { Life::Deleted } else { Life::Living };
    let wanted = Wanted::default();
    let node: Node = project::plan(&mut select, &guard, object, "t", &wanted, life, &mut Aliases::default())?;
    let version_at = select.add(|sql| sql.column("t", "version").done());
    sql.append(select.columns).push(" FROM t");
    let mut written = None;
    sql.rows(conn, |row| {
        let mut body = Vec::with_capacity(1024);
        let mut given = Given::default();
        node.write(row, &mut body, &mut given)?;
        let version = i64::from(row.int4(version_at).unwrap_or_default());
        written = Some(Written { id, version, body, given });
        Ok(())
    })
    .map_err(|error| explain(object, error))?;
    written.ok_or_else(Error::not_found)
}

/// A record belongs to its owner's department.
fn department(sql: &mut Sql, caller: &Caller, record: &Record) {
    let owner = record.get("owner").and_then(column::uuid);
    match owner {
        Some(owner) if Some(owner) == caller.user => sql.bind(Bind::Uuid(caller.department)).done(),
        Some(owner) => {
            sql.push("(SELECT home_department_id FROM users WHERE tenant_id = ").uuid(caller.tenant);
            sql.push(" AND id = ").uuid(owner).push(")");
        }
        None => sql.push("NULL").done(),
    }
}

pub fn custom_of(object: &ObjectMeta, record: &Record) -> serde_json::Map<String, Value> {
    let mut out = serde_json::Map::new();
    for field in object.fields.iter().filter(|f| f.storage == Storage::Custom) {
        // Empty is absent: `IS NULL` then means the same for both kinds of field.
        if let Some(value) = record.get(field.key.as_ref()).filter(|v| !v.is_null()) {
            out.insert(field.key.to_string(), value.clone());
        }
    }
    out
}

pub fn has_search(object: &ObjectMeta) -> bool {
    object.custom || object.fields.iter().any(|f| f.searchable)
}

/// Constraint violations in the words of the record's fields.
///
/// That a value is taken is told only to those who may write the field, of a record of their own: whoever sees it masked
/// or not at all is refused before the value gets here, and the same way whether it is taken or not. Whoever writes it has
/// to hear of it, as a key that gave way would be none. They hear the field and nothing else: not which record has the
/// value, nor whose that is.
pub(super) fn explain(object: &ObjectMeta, error: Error) -> Error {
    let Error::Database(DieselError::DatabaseError(kind, info)) = &error else { return error };
    let constraint = info.constraint_name().unwrap_or_default();
    let named = |suffix: &dyn Fn(&FieldMeta) -> bool| object.fields.iter().find(|f| suffix(f));
    let by_column = |f: &FieldMeta| match &f.storage {
        Storage::Column(column) => {
            constraint.contains(&format!("_{column}_")) || constraint.ends_with(&format!("_{column}"))
        }
        Storage::Custom => constraint.contains(&format!("_{}_", f.key)) || constraint.ends_with(&format!("_{}", f.key)),
    };
    match kind {
        DatabaseErrorKind::UniqueViolation => {
            let field = named(&|f: &FieldMeta| f.unique && by_column(f));
            let field = field.or_else(|| named(&|f: &FieldMeta| f.unique));
            Error::Invalid(vec![Violation::new(field.map_or("", |f| f.key.as_ref()), Code::Taken)])
        }
        DatabaseErrorKind::ForeignKeyViolation => {
            let field = named(&|f: &FieldMeta| f.target().is_some() && by_column(f));
            Error::Invalid(vec![Violation::new(field.map_or("", |f| f.key.as_ref()), Code::NoSuchRecord)])
        }
        DatabaseErrorKind::NotNullViolation => {
            let field = named(
                &|f: &FieldMeta| matches!(&f.storage, Storage::Column(c) if Some(c.as_ref()) == info.column_name()),
            );
            Error::Invalid(vec![Violation::new(field.map_or("", |f| f.key.as_ref()), Code::Required)])
        }
        _ if info.message().contains("numeric field overflow") => {
            let field = named(&|f: &FieldMeta| matches!(f.kind, FieldType::Decimal { .. } | FieldType::Money));
            Error::Invalid(vec![Violation::new(field.map_or("", |f| f.key.as_ref()), Code::TooBig).with("10^16")])
        }
        _ => error,
    }
}
