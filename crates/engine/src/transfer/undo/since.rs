//! What has become of the records that an import made.

use super::{Change, Work};
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::transfer::run::request_id;
use crate::{Access, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldMeta, ObjectMeta};
use std::sync::Arc;

/// Records of an object that hang on others by one of its fields.
pub(super) type Hanging<'c> = (&'c Arc<ObjectMeta>, &'c FieldMeta);

impl Work<'_> {
    /// Why a record that the import made has to stay; nothing where it may go.
    pub(super) fn held(&self, conn: &mut PgConnection, object: &ObjectMeta, change: &Change) -> Result<Option<Code>> {
        let mut made = Sql::new("SELECT ");
        made.uuid(change.record).push(" AS id, ").int(change.seq).push(" AS seq");
        let mut sql = Sql::new("SELECT edited, used FROM (");
        sql.append(self.since(object, made)).push(") s");
        let mut code = None;
        sql.rows(conn, |row| {
            code = held_by(row.bool(0).unwrap_or(true), row.bool(1).unwrap_or(true));
            Ok(())
        })?;
        Ok(code)
    }

    /// Of records as `made` names them, with the number of the change that made each: has anyone but the import and its
    /// undo changed it, has anyone added records to it, and as `h0`, `h1` … how many of each kind came by other ways.
    pub(super) fn since(&self, object: &ObjectMeta, made: Sql) -> Sql {
        let hanging = self.hanging(object);
        let import = request_id(self.order.job);
        let mut sql = Sql::new("SELECT m.id, m.seq, EXISTS (SELECT 1 FROM changes c WHERE c.tenant_id = ");
        sql.uuid(self.caller.tenant).push(" AND c.object = ").text(object.name.to_string());
        sql.push(" AND c.record_id = m.id AND c.seq > m.seq AND NOT c.derived AND c.request_id <> ")
            .text(import.clone());
        sql.push(" AND c.request_id <> ").text(self.caller.request_id.clone()).push(") AS edited, (false");
        for at in 0..hanging.len() {
            sql.push(&format!(" OR k{at}.people > 0"));
        }
        sql.push(") AS used");
        for at in 0..hanging.len() {
            sql.push(&format!(", k{at}.others AS h{at}"));
        }
        sql.push(" FROM (").append(made).push(") m");
        let whole = Access::unrestricted();
        let guard = Guard::with(&self.caller, &whole);
        for (at, (child, field)) in hanging.into_iter().enumerate() {
            sql.push(" CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.channel IN ('web', 'api')) AS people, ");
            sql.push("count(*) FILTER (WHERE x.channel NOT IN ('web', 'api')) AS others FROM ");
            column::from(&mut sql, child, "r");
            sql.push(" JOIN changes x ON x.tenant_id = r.tenant_id AND x.object = ").text(child.name.to_string());
            sql.push(" AND x.record_id = r.id AND x.action = 'create' AND x.request_id <> ").text(import.clone());
            sql.push(" WHERE ");
            column::expression(&mut sql, "r", field);
            sql.push(" = m.id AND ");
            guard.base(&mut sql, child, "r", Life::Living);
            sql.push(&format!(") k{at}"));
        }
        sql
    }

    /// What hangs on records of this object, as their pages show it.
    pub(super) fn hanging(&self, object: &ObjectMeta) -> Vec<Hanging<'_>> {
        let refers = |f: &FieldMeta| !f.kind.is_list() && f.inverse.is_some() && f.target() == Some(&object.name);
        let pairs = self.caller.catalog.objects().flat_map(|o| o.fields.iter().map(move |field| (o, field)));
        pairs.filter(|(_, field)| refers(field)).collect()
    }

    /// `LEFT JOIN` of the rows of an object that the caller sees, as `t`, to those of `alias`.
    pub(super) fn join(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, life: Life, aliases: &mut Aliases) {
        sql.push(" LEFT JOIN ");
        column::from(sql, object, "t");
        sql.push(" ON t.id = ").column(alias, "id").push(" AND ");
        Guard::of(&self.caller).rows(sql, object, "t", crate::Action::Read, life, aliases);
    }
}

pub(super) fn held_by(edited: bool, used: bool) -> Option<Code> {
    match (edited, used) {
        (true, _) => Some(Code::ChangedSince),
        (_, true) => Some(Code::UsedSince),
        _ => None,
    }
}
