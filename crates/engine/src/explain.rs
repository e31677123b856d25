//! Why someone may or may not do something with a record: the rule that decided.

use crate::access::{DataScope, RowScope};
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::{ObjectMeta, Scope};
use serde::Serialize;
use uuid::Uuid;

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// No role grants this action on this object.
    NotGranted,
    /// A role grants it on every record.
    Everything,
    /// The owner, or someone who reports to the subject, owns it.
    Owner,
    NotOwner,
    /// It belongs to a department within the subject's reach.
    Department,
    OtherDepartment,
    /// It is reached through the record that it hangs on.
    Parent,
    ParentOutOfReach,
    /// It is someone's own, shared with everyone or not.
    Shared,
    Private,
}

#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub action: Action,
    pub allowed: bool,
    pub scope: DataScope,
    pub rule: Rule,
}

impl Engine {
    /// Verdicts on one record for the subject. The record must exist; who may ask is the caller's business.
    pub fn explain(
        &self,
        conn: &mut PgConnection,
        subject: &Caller,
        object: &ObjectMeta,
        id: Uuid,
    ) -> Result<Vec<Verdict>> {
        let guard = Guard { tenant: subject.tenant, access: &subject.access, catalog: &subject.catalog };
        let actions = [Action::Read, Action::Edit, Action::Delete];
        let mut aliases = Aliases::default();
        let mut sql = Sql::new("SELECT ");
        for (at, action) in actions.into_iter().enumerate() {
            sql.push(if at > 0 { ", (true" } else { "(true" });
            guard.scope(&mut sql, object, "t", action, &mut aliases);
            sql.push(")");
        }
        sql.push(" FROM ");
        column::from(&mut sql, object, "t");
        sql.push(" WHERE t.id = ").uuid(id).push(" AND ");
        let whole = crate::Access::unrestricted();
        let system = Guard { access: &whole, ..guard };
        system.rows(&mut sql, object, "t", Action::Read, Life::Any, &mut aliases);
        let mut verdicts = Vec::new();
        sql.rows(conn, |row| {
            for (at, action) in actions.into_iter().enumerate() {
                let allowed = row.bool(at).unwrap_or_default();
                let scope = subject.access.data_scope(&object.name, action);
                let rule = rule(object, &subject.access.rows(object, action), allowed);
                verdicts.push(Verdict { action, allowed, scope, rule });
            }
            Ok(())
        })?;
        if verdicts.is_empty() { Err(Error::not_found()) } else { Ok(verdicts) }
    }
}

fn rule(object: &ObjectMeta, rows: &RowScope, allowed: bool) -> Rule {
    match (rows, &object.scope, allowed) {
        (RowScope::None, ..) => Rule::NotGranted,
        (RowScope::All, Scope::Through { .. } | Scope::Polymorphic { .. }, true) => Rule::Parent,
        (RowScope::All, Scope::Through { .. } | Scope::Polymorphic { .. }, false) => Rule::ParentOutOfReach,
        (_, Scope::Personal, true) => Rule::Shared,
        (_, Scope::Personal, false) => Rule::Private,
        (RowScope::All, ..) => Rule::Everything,
        (RowScope::Owners(_), _, true) => Rule::Owner,
        (RowScope::Owners(_), _, false) => Rule::NotOwner,
        (RowScope::Departments { .. }, _, true) => Rule::Department,
        (RowScope::Departments { .. }, _, false) => Rule::OtherDepartment,
    }
}
