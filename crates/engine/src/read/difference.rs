//! What two sets of rights have not in common.

use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::ObjectMeta;

impl Engine {
    /// How many records of the object one caller can read and the other cannot.
    pub fn count_beyond(
        &self,
        conn: &mut PgConnection,
        object: &ObjectMeta,
        inside: &Caller,
        outside: &Caller,
    ) -> Result<i64> {
        if !inside.access.may(&object.name, Action::Read) {
            return Ok(0);
        }
        let mut aliases = Aliases::default();
        let mut sql = Sql::new("SELECT count(*) FROM ");
        column::from(&mut sql, object, "t");
        sql.push(" WHERE ");
        Guard::of(inside).rows(&mut sql, object, "t", Action::Read, Life::Living, &mut aliases);
        if outside.access.may(&object.name, Action::Read) {
            sql.push(" AND NOT COALESCE((true");
            Guard::of(outside).scope(&mut sql, object, "t", Action::Read, &mut aliases);
            sql.push("), false)");
        }
        let mut count = 0;
        sql.uncached();
        sql.rows(conn, |row| {
            count = row.int8(0).unwrap_or_default();
            Ok(())
        })?;
        Ok(count)
    }
}
