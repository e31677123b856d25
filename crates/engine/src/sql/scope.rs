//! The caller's tenant and reach as SQL. Every FROM of a record table goes through here.

use super::members::{self, Least};
use super::way::{Way, any_of, each_of, one_of};
use super::{Bind, Sql, column, filter, standing};
use crate::access::{Access, Action, RESTRICTED, Reach, Rows};
use crate::{Caller, Result};
use kezhan_meta::resolve::{ReadsAll, resolve};
use kezhan_meta::{Catalog, FieldMeta, Filter, ObjectMeta, Scope};
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

/// How a condition is going to be met: for one row that is at hand, or to find rows by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Point,
    Set,
}

/// Who asks for what; enough to print any condition on rows.
#[derive(Clone, Copy)]
pub struct Guard<'a> {
    pub tenant: Uuid,
    pub access: &'a Access,
    pub catalog: &'a Catalog,
    caller: &'a Caller,
}

impl<'a> Guard<'a> {
    pub fn of(caller: &'a Caller) -> Guard<'a> {
        Guard::with(caller, &caller.access)
    }

    /// The caller's tenant with other rights.
    pub fn with(caller: &'a Caller, access: &'a Access) -> Guard<'a> {
        Guard { tenant: caller.tenant, access, catalog: &caller.catalog, caller }
    }

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
        self.base(sql, object, alias, life);
        self.scope(sql, object, alias, action, aliases);
    }

    /// Tenant, kind and life, whoever asks. Not enough by itself to read by.
    pub(crate) fn base(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, life: Life) {
        sql.column(alias, "tenant_id").push(" = ").uuid(self.tenant);
        column::kind_condition(sql, object, alias);
        match life {
            Life::Living => sql.push(" AND ").column(alias, "deleted_at").push(" IS NULL").done(),
            Life::Deleted => sql.push(" AND ").column(alias, "deleted_at").push(" IS NOT NULL").done(),
            Life::Any => {}
        }
    }

    /// ` AND …` for the reach alone; nothing where the caller may reach every row.
    pub fn scope(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action, aliases: &mut Aliases) {
        if self.access.is_unrestricted() {
            return;
        }
        if let Some(any) = self.allowed(object, alias, action, Style::Point, aliases) {
            sql.push(" AND ");
            any_of(sql, any.into_iter().map(|way| way.condition).collect());
        }
        self.taken(sql, object, alias, action, aliases);
    }

    /// The alternatives by each of which a row may be within reach; none where every row is. What is taken away again
    /// is told by [`Guard::taken`].
    pub(crate) fn allowed(
        &self,
        object: &ObjectMeta,
        alias: &str,
        action: Action,
        style: Style,
        aliases: &mut Aliases,
    ) -> Option<Vec<Way>> {
        if self.access.is_unrestricted() {
            return None;
        }
        let rows = self.access.rows(object, action);
        if rows.is_none() {
            return Some(Vec::new());
        }
        if rows.allow.contains(&Reach::All) {
            return None;
        }
        let mine = |reach: &Reach| matches!(reach, Reach::Owners(few) if few.as_slice() == self.access.user.as_slice());
        let way = |r: &Reach| {
            let condition = self.reach(object, alias, r, false, aliases);
            Way { own: mine(r), each: each_of(alias, r), ..condition.into() }
        };
        let mut any: Vec<Way> = rows.allow.iter().map(way).collect();
        if object.scope == Scope::Owned {
            let least = match action {
                Action::Read | Action::Export => Some(Least::Read),
                Action::Edit => Some(Least::Write),
                // A team works on a record; whose it is and who else sees it, its owner decides.
                _ => None,
            };
            if let Some(least) = least {
                any.extend(members::member(self, object, alias, least, style, aliases));
                any.extend(members::follows(self, object, alias, least, (style, self.covers_own(&rows)), aliases));
            }
        }
        Some(any)
    }

    /// ` AND …`: what the reach loses to denials, confidentiality and the record that a row hangs on.
    pub(crate) fn taken(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action, aliases: &mut Aliases) {
        self.taken_from_own(sql, object, alias, action, aliases);
        for open in self.disclosed(object, alias, aliases) {
            sql.push(" AND ").append(open);
        }
    }

    /// The same without confidentiality, which keeps nobody's own records from them.
    pub(crate) fn taken_from_own(
        &self,
        sql: &mut Sql,
        object: &ObjectMeta,
        alias: &str,
        action: Action,
        aliases: &mut Aliases,
    ) {
        if self.access.is_unrestricted() {
            return;
        }
        self.inherited(sql, object, alias, action, aliases);
        self.denied(sql, object, alias, action, aliases);
        for open in self.unrestricted(object, alias, aliases) {
            sql.push(" AND ").append(open);
        }
    }

    /// ` AND …` for what roles say no to.
    pub(super) fn denied(
        &self,
        sql: &mut Sql,
        object: &ObjectMeta,
        alias: &str,
        action: Action,
        aliases: &mut Aliases,
    ) {
        for reach in &self.access.rows(object, action).deny {
            let condition = self.reach(object, alias, reach, true, aliases);
            sql.push(" AND NOT COALESCE((").append(condition).push("), false)");
        }
    }

    /// That the record is not confidential, nor happened with one that is, or that the caller gets to see it all the
    /// same: all of these.
    pub(crate) fn disclosed(&self, object: &ObjectMeta, alias: &str, aliases: &mut Aliases) -> Vec<Sql> {
        if self.access.is_unrestricted() {
            return Vec::new();
        }
        let mut all: Vec<Sql> = self.unless_confidential(object, alias, aliases).into_iter().collect();
        let mut plain = Vec::new();
        for (field, host) in self.recorded_with(object) {
            let p = aliases.fresh();
            let Some(seen) = self.unless_confidential(host, &p, aliases) else { continue };
            let mut sql = Sql::new("NOT EXISTS (SELECT 1 FROM ");
            column::from(&mut sql, host, &p);
            sql.push(" WHERE ");
            self.base(&mut sql, host, &p, Life::Any);
            sql.push(" AND ").column(&p, "id").push(" = ");
            column::expression(&mut sql, alias, field);
            // Said outright, for the index of the few that are.
            sql.push(" AND ").column(&p, "confidential").push(" AND NOT COALESCE(").append(seen);
            sql.push(", false))");
            plain.push(sql);
        }
        if plain.is_empty() {
            return all;
        }
        if object.scope != Scope::Owned {
            all.extend(plain);
            return all;
        }
        // Their own work stays with whoever owns it, or works on it.
        let mut hosts = Sql::new("(");
        for (at, one) in plain.into_iter().enumerate() {
            hosts.push(if at > 0 { " AND " } else { "" }).append(one);
        }
        hosts.push(")");
        let mut any = vec![self.mine(alias), hosts];
        any.extend(members::point(self, object, alias, aliases));
        let mut sql = Sql::default();
        any_of(&mut sql, any);
        all.push(sql);
        all
    }

    fn unless_confidential(&self, object: &ObjectMeta, alias: &str, aliases: &mut Aliases) -> Option<Sql> {
        object.field("confidential")?;
        let seen = self.access.rows(object, Action::Confidential);
        if seen.is_all() {
            return None;
        }
        let mut plain = Sql::new("NOT ");
        plain.column(alias, "confidential");
        let mut any = vec![plain, self.mine(alias)];
        any.extend(members::point(self, object, alias, aliases));
        any.extend(self.allowed_rows(object, alias, &seen, aliases));
        let mut sql = Sql::default();
        any_of(&mut sql, any);
        Some(sql)
    }

    /// The fields that put a record on the timeline of another, and the objects of those.
    fn recorded_with<'o>(&self, object: &'o ObjectMeta) -> impl Iterator<Item = (&'o FieldMeta, &'a ObjectMeta)> {
        let catalog = self.catalog;
        let timeline = object.fields.iter().filter(|f| f.timeline);
        timeline.filter_map(move |f| Some((f, catalog.get(f.target()?)?.as_ref())))
    }

    /// That the record may be processed, and whoever has it on their timeline, where the caller does not get to see
    /// others: all of these.
    pub(crate) fn unrestricted(&self, object: &ObjectMeta, alias: &str, aliases: &mut Aliases) -> Vec<Sql> {
        let mut all = Vec::new();
        if self.access.withholds(&object.name) && object.field(RESTRICTED).is_some() {
            let mut sql = Sql::new("NOT ");
            sql.column(alias, RESTRICTED);
            all.push(sql);
        }
        if !self.access.withheld.is_some_and(|w| w.any) {
            return all;
        }
        for (field, person) in self.recorded_with(object) {
            if !self.access.withholds(&person.name) || person.field(RESTRICTED).is_none() {
                continue;
            }
            let p = aliases.fresh();
            let mut sql = Sql::new("NOT EXISTS (SELECT 1 FROM ");
            column::from(&mut sql, person, &p);
            sql.push(" WHERE ");
            self.base(&mut sql, person, &p, Life::Any);
            sql.push(" AND ").column(&p, "id").push(" = ");
            column::expression(&mut sql, alias, field);
            sql.push(" AND ").column(&p, RESTRICTED).push(")");
            all.push(sql);
        }
        all
    }

    /// Are the caller's own records among these? They lie in the caller's department.
    fn covers_own(&self, rows: &Rows) -> bool {
        let within = |all: &[Uuid], one: Option<Uuid>| one.is_some_and(|one| all.contains(&one));
        rows.allow.iter().any(|reach| match reach {
            Reach::All => true,
            Reach::Owners(owners) => within(owners, self.access.user),
            Reach::Departments(departments) => within(departments, self.access.department),
            Reach::When(_) | Reach::Follows(_) => false,
        })
    }

    fn allowed_rows(&self, object: &ObjectMeta, alias: &str, rows: &Rows, aliases: &mut Aliases) -> Option<Sql> {
        if rows.is_none() {
            return None;
        }
        let mut sql = Sql::new("(");
        any_of(&mut sql, rows.allow.iter().map(|r| self.reach(object, alias, r, false, aliases)).collect());
        self.denied(&mut sql, object, alias, Action::Confidential, aliases);
        sql.push(")");
        Some(sql)
    }

    pub(crate) fn mine(&self, alias: &str) -> Sql {
        let mut sql = Sql::default();
        one_of(&mut sql, alias, "owner_id", self.access.user.as_slice());
        sql
    }

    /// One reach as a condition. A rule that cannot be understood any more, for a field that it names is gone, allows
    /// nothing and denies everything.
    pub(crate) fn reach(
        &self,
        object: &ObjectMeta,
        alias: &str,
        reach: &Reach,
        denies: bool,
        aliases: &mut Aliases,
    ) -> Sql {
        let mut sql = Sql::default();
        match reach {
            Reach::All => sql.push("true").done(),
            Reach::Owners(owners) => one_of(&mut sql, alias, "owner_id", owners),
            Reach::Departments(departments) => one_of(&mut sql, alias, "department_id", departments),
            Reach::When(condition) => match self.meets(object, alias, condition, aliases) {
                Some(met) => sql.append(met).done(),
                None => sql.push(if denies { "true" } else { "false" }).done(),
            },
            Reach::Follows(condition) => match self.hangs_on(object, alias, condition, aliases) {
                Some(hangs) => sql.append(hangs).done(),
                None => sql.push(if denies { "true" } else { "false" }).done(),
            },
        }
        sql
    }

    /// A condition of the system's, which may look at what the caller may not; none where it cannot be understood.
    fn meets(&self, object: &ObjectMeta, alias: &str, condition: &Filter, aliases: &mut Aliases) -> Option<Sql> {
        let whole = Access::unrestricted();
        let system = Guard { access: &whole, ..*self };
        let printed = resolve(condition, self.catalog, object, &ReadsAll, &self.caller.context())
            .map_err(crate::Error::from)
            .and_then(|tree| {
                let mut inner = Sql::new("(");
                filter::print(&mut inner, &system, object, alias, &tree, aliases)?;
                inner.push(")");
                Result::Ok(inner)
            });
        let printed = printed
            .inspect_err(|error| log::warn!("a condition of a rule on {} cannot be used: {error}", object.name))
            .ok()?;
        // One that means the same for everybody goes as text.
        let text = standing::is_standing(object, condition).then(|| standing::text(self, object, alias, &printed));
        Some(text.flatten().map_or(printed, |text| Sql::new(&text)))
    }

    /// The record on which this one hangs meets a condition, and neither denials nor confidentiality keep it from the
    /// caller.
    fn hangs_on(&self, object: &ObjectMeta, alias: &str, condition: &Filter, aliases: &mut Aliases) -> Option<Sql> {
        let (field, parent) = members::followed(self, object)?;
        let p = aliases.fresh();
        let mut met = self.meets(parent, &p, condition, aliases)?;
        self.taken(&mut met, parent, &p, Action::Read, aliases);
        Some(members::through(self, field, parent, alias, &p, Style::Point, met))
    }

    /// Rows without owners of their own are reached as the records that they hang on.
    fn inherited(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action, aliases: &mut Aliases) {
        // To add to or take from what hangs on a record is to edit that record.
        let parent_action = match action {
            Action::Read | Action::Export => action,
            _ if object.opens => Action::Share,
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
                    if nested || self.access.rows(parent, parent_action).is_none() {
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
                if object.field("visibility").is_some() {
                    self.shown(sql, object, alias, action);
                }
                sql.push(")");
            }
            Scope::Owned | Scope::Tenant => {}
        }
    }

    /// ` OR …`: what others have shown to the caller; whoever configures such records also keeps them in order.
    fn shown(&self, sql: &mut Sql, object: &ObjectMeta, alias: &str, action: Action) {
        if self.access.may(&object.name, Action::Configure) {
            return sql.push(" OR ").column(alias, "visibility").push(" <> 'private'").done();
        }
        if action != Action::Read {
            return;
        }
        sql.push(" OR ").column(alias, "visibility").push(" = 'all'");
        if object.field("unit").is_some() {
            sql.push(" OR ").column(alias, "visibility").push(" = 'team' AND ");
            one_of(sql, alias, "unit_id", &self.access.principals);
        }
    }

    /// Is every row of this object within reach?
    fn open(&self, object: &ObjectMeta, action: Action) -> bool {
        let plain = object.field("confidential").is_none()
            || self.access.is_unrestricted()
            || self.access.rows(object, Action::Confidential).is_all();
        plain
            && !self.access.withholds(&object.name)
            && self.access.rows(object, action).is_all()
            && matches!(object.scope, Scope::Owned | Scope::Tenant)
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
