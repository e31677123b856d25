//! What a person may reach: the role's grants with the person's place in the organisation filled in.

use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::access::Grants;
use kezhan_engine::{Access, Action, DataScope, Result};
use kezhan_meta::{Catalog, Scope};
use serde_json::Value;
use std::collections::HashMap;
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
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub grants: Option<Value>,
    /// The person and everyone below, at any depth.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub subordinates: Vec<Uuid>,
    /// The department and everything below it.
    #[diesel(sql_type = Array<SqlUuid>)]
    pub departments: Vec<Uuid>,
}

/// The person with whoever stands below, in one statement. UNION, not UNION ALL: a cycle ends.
pub fn person(conn: &mut PgConnection, tenant: Uuid, user: Uuid, role: Option<Uuid>) -> Result<Option<Person>> {
    Ok(diesel::sql_query(
        "WITH RECURSIVE reports AS (\
           SELECT $2 AS id UNION \
           SELECT u.id FROM users u JOIN reports r ON u.manager_id = r.id WHERE u.tenant_id = $1 AND u.deleted_at IS NULL), \
         below AS (\
           SELECT home_department_id AS id FROM users WHERE tenant_id = $1 AND id = $2 AND home_department_id IS NOT NULL UNION \
           SELECT d.id FROM departments d JOIN below b ON d.parent_id = b.id WHERE d.tenant_id = $1 AND d.deleted_at IS NULL) \
         SELECT u.id, u.name::text AS name, u.username, u.home_department_id AS department, r.id AS role, \
           r.name::text AS role_name, u.locale, u.time_zone, r.grants, \
           ARRAY(SELECT id FROM reports) AS subordinates, ARRAY(SELECT id FROM below) AS departments \
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

/// The grants of a role by its id.
pub fn role_grants(conn: &mut PgConnection, tenant: Uuid, role: Uuid) -> Result<Option<Value>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Jsonb)]
        grants: Value,
    }
    let row = diesel::sql_query("SELECT grants FROM roles WHERE tenant_id = $1 AND id = $2 AND deleted_at IS NULL")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(role)
        .get_result::<Row>(conn)
        .optional()?;
    Ok(row.map(|r| r.grants))
}

impl Person {
    pub fn access(&self) -> Access {
        let grants = self.grants.as_ref().map(parse_grants).unwrap_or_default();
        let mut access = Access::default();
        access.grants = grants;
        access.user = Some(self.id);
        access.department = self.department;
        access.subordinates = self.subordinates.clone();
        access.departments = self.departments.clone();
        access
    }
}

/// What is a person's own, such as their inbox, needs no role.
pub fn own(access: &mut Access, catalog: &Catalog) {
    if access.user.is_none() {
        return;
    }
    for object in catalog.objects().filter(|o| o.scope == Scope::Personal) {
        let scope = |action: Action| (action, access.data_scope(&object.name, action).max(DataScope::Own));
        let mut grants: HashMap<Action, DataScope> =
            Action::ALL.into_iter().map(|a| (a, access.data_scope(&object.name, a))).collect();
        grants.extend([Action::Read, Action::Create, Action::Edit, Action::Delete].map(scope));
        access.grants.insert(object.name.to_string(), grants);
    }
}

/// What cannot be read grants nothing.
pub fn parse_grants(stored: &Value) -> Grants {
    serde_json::from_value(stored.clone()).unwrap_or_else(|e| {
        log::error!("a role's grants cannot be read and grant nothing: {e}");
        Grants::default()
    })
}

/// The grants for these objects only.
pub fn narrowed(grants: &Grants, objects: &[String]) -> Grants {
    let of = |object: &String| grants.get(object).or_else(|| grants.get("*")).cloned();
    objects.iter().filter_map(|o| Some((o.clone(), of(o)?))).collect()
}

/// Does every permission of `inner` lie within `outer`?
pub fn within(inner: &Grants, outer: &Access) -> bool {
    let covers = |object: &str| {
        inner
            .get(object)
            .is_none_or(|actions| actions.iter().all(|(action, scope)| *scope <= outer.data_scope(object, *action)))
    };
    // `*` stands for every object that is not named, so the outer exceptions count as well.
    let star = || {
        inner.get("*").is_none_or(|actions| {
            outer
                .grants
                .keys()
                .filter(|o| !inner.contains_key(*o))
                .all(|object| actions.iter().all(|(action, scope)| *scope <= outer.data_scope(object, *action)))
        })
    };
    outer.is_unrestricted() || (inner.keys().all(|o| covers(o)) && star())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn access(grants: Value) -> Access {
        let mut access = Access::default();
        access.grants = parse_grants(&grants);
        access
    }

    #[test]
    fn a_key_never_gets_more_than_its_maker_has() {
        let outer = access(json!({"*": {"read": "all", "edit": "self"}, "role": {"read": "self"}}));
        let fits = |grants: Value| within(&parse_grants(&grants), &outer);
        assert!(fits(json!({"account": {"read": "department", "edit": "self"}})));
        assert!(!fits(json!({"account": {"edit": "department"}})));
        assert!(!fits(json!({"account": {"delete": "self"}})));
        assert!(!fits(json!({"*": {"read": "all"}})), "role is an exception");
        assert!(fits(json!({"*": {"read": "all"}, "role": {}})));
    }

    #[test]
    fn a_list_of_objects_leaves_no_star() {
        let grants = parse_grants(&json!({"*": {"read": "all"}, "lead": {"read": "self"}}));
        let narrow = narrowed(&grants, &["account".into(), "lead".into()]);
        assert_eq!(narrow.len(), 2);
        assert!(!narrow.contains_key("*"));
    }
}
