use super::Written;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column, filter};
use crate::{Action, Caller, Engine, Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Record, Violation, normalise_value};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

impl Engine {
    /// Updates the record whose unique field has this value, or creates it. Tells whether it was created.
    pub fn upsert(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        key: &str,
        value: &str,
        mut record: Record,
    ) -> Result<(Written, bool)> {
        let unknown = || Error::refused(Code::UnknownField, &[key]);
        // Who may not read a key in full could find it out by asking which values are taken.
        let known = |f: &&FieldMeta| f.unique && caller.access.readable(object, f);
        let field = object.field(key).filter(known).ok_or_else(unknown)?;
        let canonical = normalise_value(field, &json!(value)).map_err(|v| Error::Invalid(vec![v]))?;
        if canonical.is_null() {
            return Err(Error::invalid(key, Code::Required));
        }
        if let Some(told) = record.get(key)
            && normalise_value(field, told).ok().as_ref() != Some(&canonical)
        {
            return Err(Error::Invalid(vec![Violation::new(key, Code::BadValue).with(key).with(value)]));
        }
        conn.transaction(|conn| {
            // Two callers upserting the same key wait for each other here rather than collide.
            let mut lock = Sql::new("SELECT pg_advisory_xact_lock(hashtextextended(");
            lock.text(format!("{}/{}/{key}/{canonical}", caller.tenant, object.name)).push(", 0))");
            lock.rows(conn, |_| Ok(()))?;
            match self.find_unique(conn, caller, object, key, &canonical)? {
                Some(id) => {
                    record.remove(key);
                    Ok((self.update(conn, caller, object, id, record, None)?, false))
                }
                None => {
                    record.insert(key.to_owned(), canonical.clone());
                    Ok((self.create(conn, caller, object, record)?, true))
                }
            }
        })
    }

    /// The id of the living record with this value in this unique field, if the caller may see it.
    pub fn find_unique(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        key: &str,
        value: &Value,
    ) -> Result<Option<Uuid>> {
        let unknown = || Error::refused(Code::UnknownField, &[key]);
        object.field(key).filter(|f| f.unique).ok_or_else(unknown)?;
        let guard = Guard::of(caller);
        let mut aliases = Aliases::default();
        let mut sql = Sql::new("SELECT t.id FROM ");
        column::from(&mut sql, object, "t");
        sql.push(" WHERE ");
        filter::print(
            &mut sql,
            &guard,
            object,
            "t",
            &Filter::field(key.to_owned(), Op::Eq, value.clone()),
            &mut aliases,
        )?;
        sql.push(" AND ");
        guard.rows(&mut sql, object, "t", Action::Read, Life::Living, &mut aliases);
        let mut found = None;
        sql.rows(conn, |row| {
            found = row.uuid(0);
            Ok(())
        })?;
        Ok(found)
    }
}
