//! Values that a record only mirrors from others. They are no edit of the record: no version, no history,
//! so that a colleague's open form is not made stale by every follow-up.

use crate::sql::{Bind, Sql, column};
use crate::{Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Scope, Storage};
use serde_json::Value;
use uuid::Uuid;

impl Engine {
    /// Sets a read-only field to `value` unless it is greater already.
    pub fn raise(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        id: Uuid,
        key: &str,
        value: &Value,
    ) -> Result<()> {
        let field = object.field(key).filter(|f| f.read_only);
        let Some((field, Storage::Column(name))) = field.map(|f| (f, &f.storage)) else {
            return Err(Error::refused(Code::UnknownField, &[key]));
        };
        let mut sql = Sql::new("UPDATE ");
        sql.ident(&object.table).push(" SET ").ident(name).push(" = ");
        column::operand(&mut sql, field, value)?;
        sql.push(" WHERE tenant_id = ").uuid(caller.tenant).push(" AND id = ").uuid(id).push(" AND (");
        sql.ident(name).push(" IS NULL OR ").ident(name).push(" < ");
        column::operand(&mut sql, field, value)?;
        sql.push(")");
        sql.execute(conn)?;
        Ok(())
    }

    /// Moves everything that a user owns to the department that they now belong to: rows are reached by
    /// their owner's department, whichever it is.
    pub fn follow_owner(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        owner: Uuid,
        department: Option<Uuid>,
    ) -> Result<()> {
        let mut tables: Vec<&str> = Vec::new();
        for object in caller.catalog.objects().filter(|o| o.scope == Scope::Owned) {
            if tables.contains(&object.table.as_ref()) {
                continue;
            }
            tables.push(&object.table);
            let mut sql = Sql::new("UPDATE ");
            sql.ident(&object.table).push(" SET department_id = ").bind(Bind::Uuid(department));
            sql.push(" WHERE tenant_id = ").uuid(caller.tenant).push(" AND owner_id = ").uuid(owner);
            sql.push(" AND department_id IS DISTINCT FROM ").bind(Bind::Uuid(department));
            sql.execute(conn)?;
        }
        Ok(())
    }
}
