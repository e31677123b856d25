//! Users, departments and roles: what must hold among them, and who must hear of a change.

use super::limits::Limits;
use super::{access, identity, session, username};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use kezhan_engine::access::Grants;
use kezhan_engine::{Action, DataScope, Draft, Error, Hooks, Result, Saved};
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::{ReadsAll, resolve};
use kezhan_meta::{NAME_EN, Record, Violation, kept};
use serde_json::Value;
use uuid::Uuid;

pub struct Users;
pub struct Departments;
pub struct Roles;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

impl Hooks for Users {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        guard_rights(draft)?;
        match draft.text("username").map(|u| u.trim().to_lowercase()) {
            Some(given) => draft.set("username", given),
            None => {
                let base = username::from_name(draft.text("name").unwrap_or_default());
                let taken = taken_usernames(draft.conn, draft.caller.tenant, &base)?;
                draft.set("username", username::distinct(&base, &taken));
            }
        }
        let mut faults = Vec::new();
        if let Some(locale) = draft.text("locale").filter(|l| !["zh-CN", "en"].contains(l)) {
            faults.push(Violation::new("locale", Code::NotAnOption).with(locale));
        }
        if let Some(zone) = draft.text("time_zone").filter(|z| z.parse::<chrono_tz::Tz>().is_err()) {
            faults.push(Violation::new("time_zone", Code::NotAnOption).with(zone));
        }
        if draft.before.is_some() && draft.changed("manager") && closes_a_circle(draft, "users", "manager")? {
            faults.push(Violation::new("manager", Code::BelowItself));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        const TELLING: &[&str] =
            &["name", "username", "home_department", "manager", "role", "more_roles", "status", "locale", "time_zone"];
        if !differs(saved, TELLING) {
            return Ok(());
        }
        let gone = saved.after.is_none_or(|r| text(r, "status") != Some("active"));
        if let (true, Some(before)) = (gone, saved.before) {
            session::revoke_all(saved.conn, saved.caller.tenant, id_of(before)?, None)?;
        }
        if differs(saved, &["role", "more_roles", "status"]) {
            keep_one(saved)?;
        }
        let moved = saved.before.is_some() && differs(saved, &["home_department"]);
        if let Some(after) = saved.after.filter(|_| moved) {
            let department = text(after, "home_department").and_then(|id| Uuid::parse_str(id).ok());
            saved.engine.follow_owner(saved.conn, saved.caller, id_of(after)?, department)?;
        }
        identity::bump_access(saved.conn, saved.caller.tenant)
    }
}

/// Rights, reach and the way in are for those to change who configure users.
fn guard_rights(draft: &Draft<'_>) -> Result<()> {
    const ALWAYS: &[&str] = &["role", "more_roles"];
    const ON_UPDATE: &[&str] = &["status", "username", "manager", "home_department"];
    if draft.caller.access.may("user", Action::Configure) {
        return Ok(());
    }
    let activates = draft.before.is_none() && draft.text("status") == Some("active");
    let guarded = ALWAYS.iter().chain(if draft.before.is_some() { ON_UPDATE } else { &[] });
    let field = guarded.copied().find(|f| draft.changed(f)).or(activates.then_some("status"));
    match field {
        Some(field) => Err(Error::refused(Code::Forbidden, &[&format!("user.{field}")])),
        None => Ok(()),
    }
}

fn taken_usernames(conn: &mut PgConnection, tenant: Uuid, base: &str) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        username: String,
    }
    // A base holds letters, digits and dots only: nothing to escape.
    let rows = diesel::sql_query(
        "SELECT username FROM users WHERE tenant_id = $1 AND username LIKE $2 || '%' AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(base)
    .load::<Row>(conn)?;
    Ok(rows.into_iter().map(|r| r.username).collect())
}

impl Hooks for Departments {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if draft.before.is_some() && draft.changed("parent") && closes_a_circle(draft, "departments", "parent")? {
            return Err(Error::Invalid(vec![Violation::new("parent", Code::BelowItself)]));
        }
        Ok(())
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        match differs(saved, &["parent", "name"]) {
            true => identity::bump_access(saved.conn, saved.caller.tenant),
            false => Ok(()),
        }
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        let id = saved.before.map(id_of).transpose()?.unwrap_or_default();
        let used = |conn: &mut PgConnection, sql: &str| exists(conn, sql, saved.caller.tenant, id);
        if used(saved.conn, "SELECT 1 FROM departments WHERE tenant_id = $1 AND parent_id = $2 AND deleted_at IS NULL")?
        {
            return Err(Error::refused(Code::InUse, &["departments"]));
        }
        if used(
            saved.conn,
            "SELECT 1 FROM users WHERE tenant_id = $1 AND home_department_id = $2 AND deleted_at IS NULL",
        )? {
            return Err(Error::refused(Code::InUse, &["users"]));
        }
        Ok(())
    }
}

impl Hooks for Roles {
    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if !draft.caller.access.may("role", Action::Configure) {
            return Err(Error::refused(Code::Forbidden, &["role"]));
        }
        let grants: Grants = match serde_json::from_value(draft.value("grants").clone()) {
            Ok(grants) => grants,
            Err(e) => return Err(Error::Invalid(vec![Violation::new("grants", Code::WrongType).with(e)])),
        };
        let mut faults = unsound(draft, &grants);
        let limits = draft.value("limits");
        if !limits.is_null() && !serde_json::from_value::<Limits>(limits.clone()).is_ok_and(|l| l.sound()) {
            faults.push(Violation::new("limits", Code::BadValue));
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        if differs(saved, &["grants"]) {
            keep_one(saved)?;
        }
        match differs(saved, &["grants", "name", NAME_EN, "limits"]) {
            true => identity::bump_access(saved.conn, saved.caller.tenant),
            false => Ok(()),
        }
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        let id = saved.before.map(id_of).transpose()?.unwrap_or_default();
        let sql = "SELECT 1 FROM users WHERE tenant_id = $1 AND (role_id = $2 OR $2 = ANY(more_roles_ids)) \
                   AND deleted_at IS NULL \
                   UNION ALL SELECT 1 FROM api_keys WHERE tenant_id = $1 AND role_id = $2 AND revoked_at IS NULL";
        match exists(saved.conn, sql, saved.caller.tenant, id)? {
            true => Err(Error::refused(Code::InUse, &["users"])),
            false => Ok(()),
        }
    }
}

/// Whoever changes people and rights leaves somebody who can change them again.
fn keep_one(saved: &mut Saved<'_>) -> Result<()> {
    // The system sets companies up, before there is anybody.
    if saved.caller.access.is_unrestricted() || saved.before.is_none() {
        return Ok(());
    }
    match access::configuring(saved.conn, saved.caller.tenant, "role")?.is_empty() {
        true => Err(Error::refused(Code::LastAdministrator, &[])),
        false => Ok(()),
    }
}

/// Grants that name what is not there: they would allow nothing, or hide nothing, without anybody noticing.
fn unsound(draft: &Draft<'_>, grants: &Grants) -> Vec<Violation> {
    let catalog = &draft.caller.catalog;
    let fault = |what: String| Violation::new("grants", Code::NotAnOption).with(what);
    let mut out = Vec::new();
    for (name, granted) in grants {
        let object = catalog.get(name);
        if object.is_none() && name != "*" {
            out.push(fault(name.clone()));
            continue;
        }
        // What `*` says holds for objects of every shape, so it can name no field.
        let known = |field: &String| object.is_some_and(|o| o.field(field).is_some());
        out.extend(granted.fields.keys().filter(|f| !known(f)).map(|field| fault(format!("{name}.{field}"))));
        for rule in granted.actions.values().flat_map(|rules| &rules.0) {
            let condition = match &rule.scope {
                DataScope::When(condition) => condition,
                DataScope::Follows(_) => {
                    out.push(fault(format!("{name}: follows")));
                    continue;
                }
                _ => continue,
            };
            let context = draft.caller.context();
            let sound = object.is_some_and(|o| resolve(condition, catalog, o, &ReadsAll, &context).is_ok());
            if !sound {
                out.push(fault(format!("{name}: when")));
            } else if let Some(field) = object.and_then(|o| kept::compared(condition, catalog, o)) {
                out.push(Violation::new("grants", Code::SealedCondition).with(field));
            }
        }
    }
    out
}

/// Would this reference upwards lead back to the record itself?
fn closes_a_circle(draft: &mut Draft<'_>, table: &str, field: &str) -> Result<bool> {
    let up = draft.text(field).and_then(|v| Uuid::parse_str(v).ok());
    let (Some(up), Some(before)) = (up, draft.before) else { return Ok(false) };
    let sql = format!(
        "WITH RECURSIVE above AS (SELECT $2 AS id UNION \
         SELECT t.{field}_id FROM {table} t JOIN above a ON t.id = a.id WHERE t.tenant_id = $1 AND t.{field}_id IS NOT NULL) \
         SELECT EXISTS (SELECT 1 FROM above WHERE id = $3) AS found"
    );
    let row = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(draft.caller.tenant)
        .bind::<SqlUuid, _>(up)
        .bind::<SqlUuid, _>(id_of(before)?)
        .get_result::<Found>(draft.conn)?;
    Ok(row.found)
}

fn exists(conn: &mut PgConnection, sql: &str, tenant: Uuid, id: Uuid) -> Result<bool> {
    let row = diesel::sql_query(format!("SELECT EXISTS ({sql}) AS found"))
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .get_result::<Found>(conn)?;
    Ok(row.found)
}

/// Created, deleted, or another value in one of these fields.
fn differs(saved: &Saved<'_>, fields: &[&str]) -> bool {
    match (saved.before, saved.after) {
        (Some(before), Some(after)) => fields.iter().any(|f| before.get(*f) != after.get(*f)),
        _ => true,
    }
}

fn text<'r>(record: &'r Record, key: &str) -> Option<&'r str> {
    record.get(key).and_then(Value::as_str)
}

fn id_of(record: &Record) -> Result<Uuid> {
    let id = text(record, "id").and_then(|id| Uuid::parse_str(id).ok());
    id.ok_or_else(|| Error::Internal("a record without an id".into()))
}
