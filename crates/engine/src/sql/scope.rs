//! The caller's tenant and data scope as SQL. Every FROM of a record table goes through here.

use super::{Bind, Sql, column};
use crate::access::{Access, Action, RowScope};
use kezhan_meta::{Catalog, ObjectMeta, Scope};
use uuid::Uuid;

/// Fresh aliases for one statement.
#[derive(Default)]
pub struct Aliases(u32);

impl Aliases {
    pub fn fresh(&mut self) -> String {
        self.0 += 1;
        format!("r{}", self.0)
    }
}

/// Living or deleted rows?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    #[default]
    Living,
    Deleted,
    Any,
}

/// Who asks for what; enough to print any condition on rows.
pub struct Guard<'a> {
    pub tenant: Uuid,
    pub access: &'a Access,
    pub catalog: &'a Catalog,
}

impl Guard<'_> {
    /// `alias.tenant_id = $n AND … ` : everything that makes rows of `object` reachable for `action`.
    pub fn rows(
        &self,
        sql: &mut Sql,
        object: &ObjectMeta,
        alias: &str,
        action: Action,
        life: Life,
        aliases: &mut Aliases,
    ) {
        sql.column(alias, "tenant_id").push(" = ").uuid(self.tenant);
        column::kind_condition(sql, object, alias);
        match life {
            Life::Living => sql.push(" AND ").column(alias, "deleted_at").push(" IS NULL").done(),
            Life::Deleted => sql.push(" AND ").column(alias, "deleted_at").push(" IS NOT NULL").done(),
            Life::Any => {}
        }
        self.scope(sql, object, alias, action, aliases);
    }

    /// ` AND …` for the data scope alone; nothing where the caller may reach every row.
    pub fn scope(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action, aliases: &mut Aliases) {
        match self.access.rows(object, action) {
            RowScope::None => sql.push(" AND false").done(),
            RowScope::All if self.access.is_unrestricted() => {}
            RowScope::All => self.inherited(sql, object, alias, action, aliases),
            RowScope::Owners(owners) => {
                sql.push(" AND (");
                one_of(sql, alias, "owner_id", &owners);
                shared(sql, object, alias, action);
                sql.push(")");
            }
            RowScope::Departments { departments, owner } => {
                sql.push(" AND ");
                match (departments.as_slice(), owner) {
                    // Someone without a department sees their own.
                    ([], owner) => one_of(sql, alias, "owner_id", owner.as_slice()),
                    (list, _) => one_of(sql, alias, "department_id", list),
                }
            }
        }
    }

    /// Rows without owners of their own are reached as the records that they hang on.
    fn inherited(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action, aliases: &mut Aliases) {
        // To add to or take from what hangs on a record is to edit that record.
        let parent_action = match action {
            Action::Read | Action::Export => action,
            _ => Action::Edit,
        };
        match &object.scope {
            Scope::Through { field } => {
                let Some(field) = object.field(field) else { return sql.push(" AND false").done() };
                let Some(parent) = field.target().and_then(|t| self.catalog.get(t)) else {
                    return sql.push(" AND false").done();
                };
                if self.open(parent, parent_action) {
                    return;
                }
                sql.push(" AND ");
                self.exists(sql, parent, parent_action, aliases, |sql, parent_alias| {
                    sql.column(parent_alias, "id").push(" = ");
                    column::expression(sql, alias, field);
                });
            }
            Scope::Polymorphic { object: kind, record } => {
                sql.push(" AND (false");
                for parent in self.catalog.objects() {
                    let nested = matches!(parent.scope, Scope::Polymorphic { .. });
                    if nested || self.access.rows(parent, parent_action) == RowScope::None {
                        continue;
                    }
                    sql.push(" OR (").column(alias, kind).push(" = ").text(parent.name.to_string()).push(" AND ");
                    self.exists(sql, parent, parent_action, aliases, |sql, parent_alias| {
                        sql.column(parent_alias, "id").push(" = ").column(alias, record).push("::uuid");
                    });
                    sql.push(")");
                }
                sql.push(")");
            }
            Scope::Personal => {
                // Even a role that reaches all does not open what others keep private.
                sql.push(" AND (").column(alias, "owner_id").push(" = ").bind(Bind::Uuid(self.access.user));
                shared(sql, object, alias, action);
                sql.push(")");
            }
            Scope::Owned | Scope::Tenant => {}
        }
    }

    /// Is every row of this object within reach?
    fn open(&self, object: &ObjectMeta, action: Action) -> bool {
        self.access.rows(object, action) == RowScope::All && matches!(object.scope, Scope::Owned | Scope::Tenant)
    }

    /// `EXISTS (SELECT 1 FROM object … WHERE rows AND link)`
    pub fn exists(
        &self,
        sql: &mut Sql,
        object: &ObjectMeta,
        action: Action,
        aliases: &mut Aliases,
        link: impl FnOnce(&mut Sql, &str),
    ) {
        let alias = aliases.fresh();
        sql.push("EXISTS (SELECT 1 FROM ");
        column::from(sql, object, &alias);
        sql.push(" WHERE ");
        link(sql, &alias);
        sql.push(" AND ");
        self.rows(sql, object, &alias, action, Life::Living, aliases);
        sql.push(")");
    }
}

/// ` OR …`: what others show to everybody.
fn shared(sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action) {
    if object.scope == Scope::Personal && action == Action::Read && object.field("visibility").is_some() {
        sql.push(" OR ").column(alias, "visibility").push(" = 'all'");
    }
}

/// `=` for one, which keeps the index order; `= ANY` for many.
fn one_of(sql: &mut Sql, alias: &str, column: &str, ids: &[Uuid]) {
    match ids {
        [] => sql.push("false").done(),
        [one] => sql.column(alias, column).push(" = ").uuid(*one).done(),
        many => {
            sql.column(alias, column).push(" = ANY(").bind(Bind::Uuids(Some(many.to_vec()))).push(")");
        }
    }
}
