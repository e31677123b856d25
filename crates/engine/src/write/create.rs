use super::{Written, draft, number, references, store};
use crate::access::RowScope;
use crate::sql::Sql;
use crate::sql::scope::{Aliases, Guard};
use crate::{Action, Caller, Engine, Error, Result, Saved};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
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
        let (record, faults) = draft::accept(&caller.access, object, &input, true);
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
        let single = !self.hooks_of(&object.name).iter().any(|h| h.acts_after_save() || h.reads_before_save())
            && !object.fields.iter().any(|f| matches!(f.kind, FieldType::AutoNumber { .. }));
        let write = |conn: &mut PgConnection| {
            draft::settle(self, conn, caller, object, None, &mut record, faults)?;
            references::check(conn, caller, object, None, &record)?;
            within(caller, object, &record)?;
            hung(conn, caller, object, &record)?;
            number::assign(conn, caller, object, &mut record)?;
            let keys = draft::search_keys(object, &record);
            let diff = Value::Object(draft::diff(object, None, &record));
            let written = store::insert(conn, caller, object, id, &record, keys, diff)?;
            record.insert("id".to_owned(), Value::String(id.to_string()));
            for hook in self.hooks_of(&object.name) {
                hook.after_save(&mut Saved { engine: self, conn, caller, object, before: None, after: Some(&record) })?;
            }
            Ok(written)
        };
        if single { write(conn) } else { conn.transaction(write) }
    }
}

/// Does the new record lie where this caller may create?
pub(super) fn within(caller: &Caller, object: &ObjectMeta, record: &Record) -> Result<()> {
    let owner = record.get("owner").and_then(crate::sql::column::uuid);
    let inside = match caller.access.rows(object, Action::Create) {
        RowScope::All => true,
        RowScope::None => false,
        RowScope::Owners(owners) => owner.is_some_and(|o| owners.contains(&o)),
        // The owner's department is found by the insert itself; a caller may always create their own.
        RowScope::Departments { .. } => owner.is_some(),
    };
    if inside { Ok(()) } else { Err(Error::invalid("owner", Code::NoSuchRecord)) }
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
    let guard = Guard { tenant: caller.tenant, access: &caller.access, catalog: &caller.catalog };
    let mut sql = Sql::new("SELECT ");
    guard.exists(&mut sql, parent, Action::Edit, &mut Aliases::default(), |sql, alias| {
        sql.column(alias, "id").push(" = ").uuid(id).done();
    });
    let mut reachable = false;
    sql.rows(conn, |row| {
        reachable = row.bool(0).unwrap_or_default();
        Ok(())
    })?;
    if reachable { Ok(()) } else { Err(missing()) }
}
