//! One record by its id.

use super::project::{self, Node, Select, Wanted};
use crate::audit::Given;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record};
use uuid::Uuid;

#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    pub fields: Option<Vec<String>>,
    pub expand: Vec<String>,
    /// Look in the recycle bin as well.
    pub deleted: bool,
}

/// A record ready to be sent.
#[derive(Clone, Debug)]
pub struct Found {
    pub version: i64,
    pub body: Vec<u8>,
    /// The sensitive values in it; whoever sends it puts that into the trail.
    pub given: Given,
}

impl Engine {
    pub fn read(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        id: Uuid,
        options: &ReadOptions,
    ) -> Result<Option<Found>> {
        if !caller.access.may(&object.name, Action::Read) {
            return Err(Error::refused(Code::Forbidden, &["read"]));
        }
        let wanted = Wanted::new(options.fields.as_deref(), &options.expand)?;
        wanted.bounded(&caller.catalog, object, 1)?;
        let life = if options.deleted { Life::Any } else { Life::Living };
        let (sql, node, version_at) = plan(caller, object, id, &wanted, life)?;
        let mut found = None;
        sql.rows(conn, |row| {
            let mut body = Vec::with_capacity(1024);
            let mut given = Given::default();
            node.write(row, &mut body, &mut given)?;
            found = Some(Found { version: i64::from(row.int4(version_at).unwrap_or_default()), body, given });
            Ok(())
        })?;
        Ok(found)
    }

    /// The record as a map, for code.
    pub fn fetch(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        id: Uuid,
    ) -> Result<Option<Record>> {
        let found = self.read(conn, caller, object, id, &ReadOptions::default())?;
        found.map(|f| serde_json::from_slice(&f.body).map_err(|e| Error::Internal(e.to_string()))).transpose()
    }
}

fn plan(caller: &Caller, object: &ObjectMeta, id: Uuid, wanted: &Wanted, life: Life) -> Result<(Sql, Node, usize)> {
    let guard = Guard::of(caller);
    let mut aliases = Aliases::default();
    let mut select = Select::default();
    let node = project::plan(&mut select, &guard, object, "t", wanted, life, &mut aliases)?;
    let version_at = select.add(|sql| sql.column("t", "version").done());
    let mut sql = Sql::new("SELECT ");
    sql.append(select.columns).push(" FROM ");
    column::from(&mut sql, object, "t");
    sql.append(select.joins).push(" WHERE t.id = ").uuid(id).push(" AND ");
    guard.rows(&mut sql, object, "t", Action::Read, life, &mut aliases);
    Ok((sql, node, version_at))
}
