//! What a person may reach: the role's grants with the person's place in the organisation filled in.

use super::limits::{Limits, Place};
use super::sharing;
use crate::names;
use crate::platform::privacy;
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::access::{Grants, grants};
use kezhan_engine::{Access, Action, DataScope, Result};
use kezhan_meta::{Catalog, Lang, NAME_EN, Scope};
use serde_json::Value;
use uuid::Uuid;

/// Whom permissions are worked out for.
#[derive(Clone, Debug, QueryableByName)]
pub struct Person {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub username: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub department: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub role: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub role_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub locale: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub time_zone: Option<String>,
    #[diesel(sql_type = Jsonb)]
    pub roles: Value,
    #[diesel(sql_type = Nullable<Text>)]
    pub mobile: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub email: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub avatar: Option<Uuid>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub preferences: Option<Value>,
    /// The person and everyone below, at any depth.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub subordinates: Vec<Uuid>,
    /// The department and everything below it.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub departments: Vec<Uuid>,
    /// The department and everything above it.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub above: Vec<Uuid>,
}

/// The person with whoever stands below, in one statement. UNION, not UNION ALL: a cycle ends.
pub fn person(conn: &mut PgConnection, tenant: Uuid, user: Uuid, role: Option<Uuid>) -> Result<Option<Person>> {
    Ok(diesel::sql_query(
        "WITH RECURSIVE reports AS (\
           SELECT $2 AS id UNION \
           SELECT u.id FROM users u JOIN reports r ON u.manager_id = r.id WHERE u.tenant_id = $1 AND u.deleted_at IS NULL), \
         below AS (\
           SELECT home_department_id AS id FROM users WHERE tenant_id = $1 AND id = $2 AND home_department_id IS NOT NULL UNION \
           SELECT d.id FROM departments d JOIN below b ON d.parent_id = b.id WHERE d.tenant_id = $1 AND d.deleted_at IS NULL), \
         above AS (\
           SELECT home_department_id AS id FROM users WHERE tenant_id = $1 AND id = $2 AND home_department_id IS NOT NULL UNION \
           SELECT d.parent_id FROM departments d JOIN above a ON d.id = a.id \
           WHERE d.tenant_id = $1 AND d.deleted_at IS NULL AND d.parent_id IS NOT NULL) \
         SELECT u.id, u.name::text AS name, u.username, u.home_department_id AS department, r.id AS role, \
           r.name::text AS role_name, u.locale, u.time_zone, u.mobile, u.email, u.avatar_id AS avatar, u.preferences, \
           coalesce((SELECT jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'name_en', m.name_en, 'grants', m.grants, \
             'limits', m.limits) ORDER BY m.id) FROM roles m WHERE m.tenant_id = $1 AND m.deleted_at IS NULL AND (m.id = r.id OR \
             $3 IS NULL AND m.id = ANY(u.more_roles_ids))), '[]') AS roles, \
           ARRAY(SELECT id FROM reports) AS subordinates, ARRAY(SELECT id FROM below) AS departments, \
           ARRAY(SELECT id FROM above) AS above \
         FROM users u LEFT JOIN roles r \
           ON r.tenant_id = u.tenant_id AND r.id = coalesce($3, u.role_id) AND r.deleted_at IS NULL \
         WHERE u.tenant_id = $1 AND u.id = $2 AND u.deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Nullable<SqlUuid>, _>(role)
    .get_result(conn)
    .optional()?)
}

/// Fills in what chosen departments have below them.
fn spread(conn: &mut PgConnection, tenant: Uuid, access: &mut Access) -> Result<()> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        top: Uuid,
        #[diesel(sql_type = Array<SqlUuid>)]
        below: Vec<Uuid>,
    }
    let tops = grants::tops(&access.grants);
    if tops.is_empty() {
        return Ok(());
    }
    let rows = diesel::sql_query(
        "WITH RECURSIVE below AS (SELECT top, top AS id FROM unnest($2) top UNION \
         SELECT b.top, d.id FROM departments d JOIN below b ON d.parent_id = b.id \
         WHERE d.tenant_id = $1 AND d.deleted_at IS NULL) \
         SELECT top, array_agg(id) AS below FROM below GROUP BY top",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Array<SqlUuid>, _>(tops)
    .load::<Row>(conn)?;
    grants::spread(&mut access.grants, &rows.into_iter().map(|r| (r.top, r.below)).collect());
    Ok(())
}

/// A role by its id, as [`Person::roles`] holds them.
pub fn role(conn: &mut PgConnection, tenant: Uuid, role: Uuid) -> Result<Option<Value>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Jsonb)]
        role: Value,
    }
    let row = diesel::sql_query(
        "SELECT jsonb_build_object('id', id, 'name', name, 'grants', grants, 'limits', limits) AS role FROM roles \
         WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(role)
    .get_result::<Row>(conn)
    .optional()?;
    Ok(row.map(|r| r.role))
}

/// Active users with a role that may set this object up. Whether they may here and now is another question.
pub fn configuring(conn: &mut PgConnection, tenant: Uuid, object: &str) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Role {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Nullable<Jsonb>)]
        grants: Option<Value>,
    }
    #[derive(QueryableByName)]
    struct User {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let roles = diesel::sql_query("SELECT id, grants FROM roles WHERE tenant_id = $1 AND deleted_at IS NULL")
        .bind::<SqlUuid, _>(tenant)
        .load::<Role>(conn)?;
    let may = |role: &Role| {
        let grants = role.grants.as_ref().map(parse_grants).unwrap_or_default();
        let mut access = Access::default();
        access.grants = grants;
        access.may(object, Action::Configure)
    };
    let roles: Vec<Uuid> = roles.iter().filter(|role| may(role)).map(|role| role.id).collect();
    let users = diesel::sql_query(
        "SELECT id FROM users WHERE tenant_id = $1 AND status = 'active' AND deleted_at IS NULL \
         AND (role_id = ANY($2) OR more_roles_ids && $2) ORDER BY id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Array<SqlUuid>, _>(roles)
    .load::<User>(conn)?;
    Ok(users.into_iter().map(|user| user.id).collect())
}

/// Which of these may sign in.
pub fn active(conn: &mut PgConnection, tenant: Uuid, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id FROM users WHERE tenant_id = $1 AND id = ANY($2) AND status = 'active' AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Array<SqlUuid>, _>(ids)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The limits of roles, and which of them hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    limits: Vec<Limits>,
    zone: chrono_tz::Tz,
    holding: Vec<bool>,
}

impl Standing {
    /// What depends on both.
    pub fn and(mut self, other: Standing) -> Standing {
        self.limits.extend(other.limits);
        self.holding.extend(other.holding);
        self
    }

    /// Is everything still in force that was, and nothing else?
    pub fn lasts(&self, place: &Place) -> bool {
        self.limits.iter().zip(&self.holding).all(|(limits, held)| limits.hold(place, self.zone) == *held)
    }
}

/// Whom rights are worked out for: a person, or a service key's role alone.
pub struct Subject<'a> {
    pub person: Option<&'a Person>,
    pub roles: &'a [Value],
}

impl Subject<'_> {
    pub fn of(person: &Person) -> Subject<'_> {
        Subject { person: Some(person), roles: person.roles.as_array().map_or(&[], Vec::as_slice) }
    }

    /// Everything that the subject may do here and now: roles, what is their own, what is shared with them.
    pub fn rights(
        &self,
        conn: &mut PgConnection,
        tenant: Uuid,
        catalog: &Catalog,
        place: &Place,
    ) -> Result<(Access, Standing)> {
        let zone = zone(self.person.and_then(|p| p.time_zone.as_deref()));
        let mut standing = Standing { limits: Vec::new(), zone, holding: Vec::new() };
        let mut access = Access::default();
        access.principals = self.person.map(|p| p.above.clone()).unwrap_or_default();
        access.principals.extend(self.person.map(|p| p.id));
        // Those without limits first, so that what they grant is not explained by one that has some.
        let mut roles: Vec<&Value> = self.roles.iter().collect();
        roles.sort_by_key(|role| role.get("limits").is_some_and(|limits| !limits.is_null()));
        for (at, role) in roles.into_iter().enumerate() {
            let text = |key: &str| role.get(key).and_then(Value::as_str).unwrap_or_default();
            // Limits that cannot be read are never met.
            let limits = role.get("limits").filter(|stored| !stored.is_null());
            let limits = limits.map(|l| serde_json::from_value(l.clone()).unwrap_or_else(|_| Limits::never()));
            let granted = role.get("grants").map(parse_grants).unwrap_or_default();
            let mut granted = grants::named(granted, text("name"));
            let holds = limits.as_ref().is_none_or(|limits| limits.hold(place, zone));
            match holds {
                true => access.principals.extend(Uuid::parse_str(text("id"))),
                false => granted = grants::denials(granted),
            }
            if let Some(limits) = limits {
                standing.limits.push(limits);
                standing.holding.push(holds);
            }
            access.grants = if at == 0 { granted } else { grants::merge(&access.grants, &granted) };
        }
        if let Some(person) = self.person {
            access.user = Some(person.id);
            access.department = person.department;
            access.subordinates.clone_from(&person.subordinates);
            let reports = person.subordinates.iter().filter(|id| **id != person.id);
            access.reports = reports.map(Uuid::to_string).collect();
            access.departments.clone_from(&person.departments);
        }
        own(&mut access, catalog);
        access.configured = catalog.objects().filter(|o| o.configured).map(|o| o.name.clone()).collect();
        sharing::add(conn, tenant, &mut access, catalog)?;
        access.withheld = Some(privacy::withheld(conn, tenant)?);
        spread(conn, tenant, &mut access)?;
        Ok((access, standing))
    }
}

/// China's where nothing else is known.
pub fn zone(name: Option<&str>) -> chrono_tz::Tz {
    name.and_then(|z| z.parse().ok()).unwrap_or(chrono_tz::Asia::Shanghai)
}

impl Person {
    /// The first role, then the others.
    pub fn role_ids(&self) -> Vec<Uuid> {
        let others = self.roles.as_array().into_iter().flatten().filter_map(|r| r.get("id")?.as_str()?.parse().ok());
        self.role.into_iter().chain(others.filter(|id| Some(*id) != self.role)).collect()
    }

    /// One of their roles, or the sharing rule, that goes by this name: as the reader calls it.
    pub fn called(&self, role: &str, lang: Lang) -> String {
        let mut roles = self.roles.as_array().into_iter().flatten();
        let found = roles.find(|r| r.get("name").and_then(Value::as_str) == Some(role));
        names::read(lang, role, found.and_then(|r| r.get(NAME_EN)?.as_str()))
    }

    /// What the person may do wherever they are: for work in the background and questions about them.
    pub fn rights(&self, conn: &mut PgConnection, tenant: Uuid, catalog: &Catalog) -> Result<Access> {
        Ok(Subject::of(self).rights(conn, tenant, catalog, &Place::Anywhere)?.0)
    }
}

/// What is a person's own, such as their inbox, needs no role.
fn own(access: &mut Access, catalog: &Catalog) {
    if access.user.is_none() {
        return;
    }
    for object in catalog.objects().filter(|o| o.scope == Scope::Personal) {
        let mut granted = grants::of(&access.grants, &object.name).cloned().unwrap_or_default();
        for action in [Action::Read, Action::Create, Action::Edit, Action::Delete, Action::BulkEdit] {
            let rules = granted.actions.entry(action).or_default();
            if !rules.any() {
                *rules = DataScope::Own.into();
            }
        }
        access.grants.insert(object.name.to_string(), granted);
    }
}

/// What cannot be read grants nothing.
pub fn parse_grants(stored: &Value) -> Grants {
    serde_json::from_value(stored.clone()).unwrap_or_else(|e| {
        log::error!("a role's grants cannot be read and grant nothing: {e}");
        Grants::default()
    })
}
