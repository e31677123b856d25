use super::{Written, draft, homes, number, references, store};
use crate::access::Reach;
use crate::sql::Sql;
use crate::sql::scope::{Aliases, Guard};
use crate::{Action, Caller, Engine, Error, Result, Saved};
use diesel::{Connection, PgConnection};
use kezhan_meta::matches::matches;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::{ReadsAll, resolve};
use kezhan_meta::{FieldType, ObjectMeta, Record, Scope, Violation};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

impl Engine {
    pub fn create(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        input: Record,
    ) -> Result<Written> {
        if !caller.access.may(&object.name, Action::Create) {
            return Err(Error::refused(Code::Forbidden, &["create"]));
        }
        let (record, faults) = draft::accept(&caller.access, object, &input, None);
        self.insert(conn, caller, object, Uuid::now_v7(), record, faults)
    }

    /// Creates from values that are canonical already, unless there are `faults`; read-only ones among them are taken as
    /// they are.
    pub(crate) fn insert(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        mut record: Record,
        faults: Vec<Violation>,
    ) -> Result<Written> {
        draft::defaults(caller, object, &mut record);
        // One statement commits by itself; only more than one need a transaction around them.
        let files = homes::held(object, &record);
        let single = files.is_empty()
            && !self.hooks_of(&object.name).iter().any(|h| h.acts_after_save() || h.reads_before_save())
            && !object.fields.iter().any(|f| matches!(f.kind, FieldType::AutoNumber { .. }));
        let write = |conn: &mut PgConnection| {
            draft::settle(self, conn, caller, object, None, &mut record, faults)?;
            references::check(conn, caller, object, None, &record)?;
            within(conn, caller, object, &record)?;
            hung(conn, caller, object, &record)?;
            number::assign(conn, caller, object, &mut record)?;
            let keys = draft::search_keys(object, &record);
            let diff = Value::Object(draft::diff(object, None, &record));
            let written = store::insert(conn, caller, object, id, &record, keys, diff)?;
            record.insert("id".to_owned(), Value::String(id.to_string()));
            homes::bring(conn, caller, object, id, &files)?;
            for hook in self.hooks_of(&object.name) {
                hook.after_save(&mut Saved { engine: self, conn, caller, object, before: None, after: Some(&record) })?;
            }
            Ok(written)
        };
        if single { write(conn) } else { conn.transaction(write) }
    }
}

/// Does the new record lie where this caller may create?
pub(super) fn within(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, record: &Record) -> Result<()> {
    let rows = caller.access.rows(object, Action::Create);
    let owner = record.get("owner").and_then(crate::sql::column::uuid);
    // What is personal, everybody makes for themselves.
    let personal = object.scope == Scope::Personal && !caller.access.is_unrestricted();
    if personal && owner != caller.user {
        return Err(Error::invalid("owner", Code::NoSuchRecord));
    }
    if rows.is_all() {
        return Ok(());
    }
    let mut inside = |reach: &Reach, denies: bool| -> Result<bool> {
        Ok(match reach {
            Reach::All => true,
            Reach::Owners(owners) => owner.is_some_and(|o| owners.contains(&o)),
            Reach::Departments(departments) => match owner {
                None => false,
                Some(owner) if Some(owner) == caller.user => {
                    caller.department.is_none_or(|home| departments.contains(&home))
                }
                Some(owner) => department_of(conn, caller, owner)?.is_some_and(|home| departments.contains(&home)),
            },
            // Conditions on other records cannot be met by one that nothing refers to yet.
            Reach::When(condition) => match resolve(condition, &caller.catalog, object, &ReadsAll, &caller.context()) {
                Ok(tree) => matches(&tree, &caller.catalog, object, record),
                Err(_) => denies,
            },
            // Said of reading and editing only.
            Reach::Follows(_) => denies,
        })
    };
    let mut allowed = false;
    for reach in &rows.allow {
        allowed = allowed || inside(reach, false)?;
    }
    for reach in &rows.deny {
        allowed = allowed && !inside(reach, true)?;
    }
    if allowed { Ok(()) } else { Err(Error::invalid("owner", Code::NoSuchRecord)) }
}

fn department_of(conn: &mut PgConnection, caller: &Caller, user: Uuid) -> Result<Option<Uuid>> {
    let mut sql = Sql::new("SELECT home_department_id FROM users WHERE tenant_id = ");
    sql.uuid(caller.tenant).push(" AND id = ").uuid(user);
    let mut found = None;
    sql.rows(conn, |row| {
        found = row.uuid(0);
        Ok(())
    })?;
    Ok(found)
}

/// May the caller add to the record that the new one hangs on?
fn hung(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, record: &Record) -> Result<()> {
    let text = |key: &str| record.get(key).and_then(Value::as_str);
    let (field, parent, id) = match &object.scope {
        Scope::Through { field } => {
            let target = object.field(field).and_then(|f| f.target());
            (field, target.and_then(|t| caller.catalog.get(t)), text(field))
        }
        Scope::Polymorphic { object: kind, record: id } => {
            (id, text(kind).and_then(|name| caller.catalog.get(name)), text(id))
        }
        Scope::Owned | Scope::Tenant | Scope::Personal => return Ok(()),
    };
    let missing = || Error::invalid(field, Code::NoSuchRecord);
    let parent = parent.filter(|p| !matches!(p.scope, Scope::Polymorphic { .. })).ok_or_else(missing)?;
    let id = id.and_then(|id| Uuid::parse_str(id).ok()).ok_or_else(missing)?;
    let guard = Guard::of(caller);
    let mut sql = Sql::new("SELECT ");
    let action = if object.opens { Action::Share } else { Action::Edit };
    guard.exists(&mut sql, parent, action, &mut Aliases::default(), |sql, alias| {
        sql.column(alias, "id").push(" = ").uuid(id).done();
    });
    let mut reachable = false;
    sql.rows(conn, |row| {
        reachable = row.bool(0).unwrap_or_default();
        Ok(())
    })?;
    if reachable { Ok(()) } else { Err(missing()) }
}
