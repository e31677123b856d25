//! A tenant's beginning: itself, an administrator's role and the first person.

use super::sign_in::set_password;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use kezhan_engine::{Access, Caller, Channel, Engine, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Lang, Record, Violation};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// A new tenant and who may configure it.
#[derive(Clone, Copy, Debug)]
pub struct NewTenant {
    pub tenant: Uuid,
    pub role: Uuid,
    pub user: Uuid,
}

/// The caller that stands for the system in this tenant.
pub fn system(engine: &Engine, conn: &mut PgConnection, tenant: Uuid) -> Result<Caller> {
    Ok(Caller {
        tenant,
        user: None,
        department: None,
        channel: Channel::System,
        request_id: String::new(),
        lang: Lang::Zh,
        offset_minutes: 480,
        access: Arc::new(Access::unrestricted()),
        catalog: engine.catalog(conn, tenant)?,
    })
}

/// Every action on every object.
pub fn all_grants() -> Value {
    json!({"*": {"read": "all", "create": "all", "edit": "all", "delete": "all", "export": "all", "import": "all",
        "configure": "all"}})
}

/// Makes a tenant with an administrator who signs in with this name and password.
pub fn create_tenant(
    engine: &Engine,
    conn: &mut PgConnection,
    key: &str,
    name: &str,
    username: &str,
    password: &str,
) -> Result<NewTenant> {
    if !kezhan_meta::check::is_key(&key.replace('-', "_")) {
        return Err(Error::Invalid(vec![Violation::new("key", Code::BadKey)]));
    }
    conn.transaction(|conn| {
        if exists(conn, key)? {
            return Err(Error::invalid("key", Code::Taken));
        }
        let tenant = Uuid::now_v7();
        diesel::sql_query("INSERT INTO tenants (id, key, name) VALUES ($1, $2, $3)")
            .bind::<SqlUuid, _>(tenant)
            .bind::<Text, _>(key)
            .bind::<Text, _>(name)
            .execute(conn)?;
        let caller = system(engine, conn, tenant)?;
        let role = create(engine, conn, &caller, "role", json!({"name": "系统管理员", "grants": all_grants()}))?;
        let user = json!({"name": username, "username": username, "status": "active", "role": role});
        let user = create(engine, conn, &caller, "user", user)?;
        set_password(conn, tenant, user, password, None)?;
        Ok(NewTenant { tenant, role, user })
    })
}

fn create(engine: &Engine, conn: &mut PgConnection, caller: &Caller, object: &str, values: Value) -> Result<Uuid> {
    let Value::Object(record) = values else { return Err(Error::Internal("not a record".into())) };
    let record: Record = record;
    let meta = caller.catalog.get(object).ok_or_else(|| Error::Internal(format!("no object {object}")))?;
    Ok(engine.create(conn, caller, meta, record)?.id)
}

fn exists(conn: &mut PgConnection, key: &str) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row = diesel::sql_query("SELECT EXISTS (SELECT 1 FROM tenants WHERE key = $1) AS found")
        .bind::<Text, _>(key)
        .get_result::<Row>(conn)?;
    Ok(row.found)
}
