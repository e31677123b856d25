//! Rules that open records by condition to people, departments and roles.

use super::{identity, members};
use diesel::prelude::*;
use diesel::sql_types::{Array, Jsonb, Text, Uuid as SqlUuid};
use kezhan_engine::access::grants;
use kezhan_engine::{Access, Action, DataScope, Draft, Error, Hooks, Result, Saved};
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::{ReadsAll, resolve};
use kezhan_meta::{Catalog, Filter, Scope, Violation, kept};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub struct SharingRules;

impl Hooks for SharingRules {
    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        members::name_principal(draft)?;
        let catalog = &draft.caller.catalog;
        let name = draft.text("object").unwrap_or_default();
        let Some(object) = catalog.get(name).filter(|o| o.scope == Scope::Owned) else {
            return Err(Error::Invalid(vec![Violation::new("object", Code::NotAnOption).with(name)]));
        };
        let condition = serde_json::from_value::<Filter>(draft.value("condition").clone());
        let sound = |c: &Filter| resolve(c, catalog, object, &ReadsAll, &draft.caller.context()).is_ok();
        let Some(condition) = condition.ok().filter(sound) else {
            return Err(Error::Invalid(vec![Violation::new("condition", Code::BadValue)]));
        };
        match kept::compared(&condition, catalog, object) {
            Some(field) => Err(Error::Invalid(vec![Violation::new("condition", Code::SealedCondition).with(field)])),
            None => Ok(()),
        }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        identity::bump_access(saved.conn, saved.caller.tenant)
    }
}

/// By object, those of these with which some record is shared.
pub fn memberships(conn: &mut PgConnection, tenant: Uuid, principals: &[Uuid]) -> Result<HashMap<String, Vec<Uuid>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        object: String,
        #[diesel(sql_type = SqlUuid)]
        principal: Uuid,
    }
    // The first entry of each pair tells; there may be thousands more.
    let rows: Vec<Row> = diesel::sql_query(
        "WITH RECURSIVE pair AS ( \
            SELECT p.principal, (SELECT min(m.object) FROM record_members m WHERE m.tenant_id = $1 \
                AND m.principal = p.principal AND m.deleted_at IS NULL) AS object FROM unnest($2::text[]) AS p(principal) \
            UNION ALL \
            SELECT l.principal, (SELECT min(m.object) FROM record_members m WHERE m.tenant_id = $1 \
                AND m.principal = l.principal AND m.deleted_at IS NULL AND m.object > l.object) \
            FROM pair l WHERE l.object IS NOT NULL) \
         SELECT object, principal::uuid AS principal FROM pair WHERE object IS NOT NULL ORDER BY principal, object",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Array<Text>, _>(principals.iter().map(Uuid::to_string).collect::<Vec<_>>())
    .load(conn)?;
    let mut found: HashMap<String, Vec<Uuid>> = HashMap::new();
    for row in rows {
        found.entry(row.object).or_default().push(row.principal);
    }
    Ok(found)
}

/// Adds what the rules of the tenant open to this caller.
pub fn add(conn: &mut PgConnection, tenant: Uuid, access: &mut Access, catalog: &Catalog) -> Result<()> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        object: String,
        #[diesel(sql_type = Jsonb)]
        condition: Value,
        #[diesel(sql_type = Text)]
        level: String,
        #[diesel(sql_type = Text)]
        children: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT name::text AS name, object, condition, level, children FROM sharing_rules \
         WHERE tenant_id = $1 AND principal = ANY($2) AND active AND deleted_at IS NULL ORDER BY id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Array<Text>, _>(access.principals.iter().map(Uuid::to_string).collect::<Vec<_>>())
    .load(conn)?;
    access.member_of = Some(memberships(conn, tenant, &access.principals)?);
    for row in rows {
        // A rule that can no longer be understood opens nothing.
        let Ok(condition) = serde_json::from_value::<Filter>(row.condition) else { continue };
        let Some(object) = catalog.get(&row.object).filter(|o| o.scope == Scope::Owned) else { continue };
        let name: Arc<str> = row.name.as_str().into();
        for action in opened(&row.level) {
            let scope = DataScope::When(condition.clone());
            grants::open(&mut access.grants, &object.name, *action, scope, &name);
        }
        for child in catalog.objects().filter(|o| o.hangs_on(object)) {
            for action in opened(&row.children) {
                let scope = DataScope::Follows(condition.clone());
                grants::open(&mut access.grants, &child.name, *action, scope, &name);
            }
        }
    }
    Ok(())
}

/// What a level lets people do.
fn opened(level: &str) -> &'static [Action] {
    match level {
        "read" => &[Action::Read, Action::Export],
        "write" => &[Action::Read, Action::Export, Action::Edit],
        _ => &[],
    }
}
