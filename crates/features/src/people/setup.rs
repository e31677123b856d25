//! A tenant's beginning: itself, the roles and the pipeline that everybody starts with, and the first person.

use super::links::{self, Purpose};
use super::sign_in::set_password;
use super::{factors, presets, session};
use crate::sales::pipeline;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Violation};
use serde_json::{Value, json};
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
    Ok(Caller::system(tenant, engine.catalog(conn, tenant)?))
}

/// A tenant as a list shows it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Tenant {
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = BigInt)]
    pub users: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// A tenant by its two names.
#[derive(Clone, Debug, QueryableByName)]
pub struct TenantId {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub key: String,
}

pub fn tenant_ids(conn: &mut PgConnection) -> Result<Vec<TenantId>> {
    Ok(diesel::sql_query("SELECT id, key FROM tenants ORDER BY created_at, key").load(conn)?)
}

/// Makes anew what all records of all tenants are found by; `each` hears of every object.
pub fn reindex(conn: &mut PgConnection, engine: &Engine, mut each: impl FnMut(&str, &str, usize)) -> Result<()> {
    for tenant in tenant_ids(conn)? {
        let caller = system(engine, conn, tenant.id)?;
        for object in caller.catalog.objects() {
            let changed = engine.reindex(conn, &caller, object)?;
            each(&tenant.key, &object.name, changed);
        }
    }
    Ok(())
}

/// All tenants of this installation, oldest first.
pub fn tenants(conn: &mut PgConnection) -> Result<Vec<Tenant>> {
    Ok(diesel::sql_query(
        "SELECT key, name, status, created_at, (SELECT count(*) FROM users u WHERE u.tenant_id = t.id \
         AND u.deleted_at IS NULL) AS users FROM tenants t ORDER BY created_at, key",
    )
    .load(conn)?)
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
        let mut roles = Vec::new();
        for (_, role) in presets::roles() {
            roles.push(create(engine, conn, &caller, "role", role)?);
        }
        let role = roles.first().copied().ok_or_else(|| Error::Internal("no preset role".into()))?;
        let pipeline = create(engine, conn, &caller, "pipeline", pipeline::pipeline())?;
        for stage in pipeline::stages(pipeline) {
            create(engine, conn, &caller, "stage", stage)?;
        }
        let user = json!({"name": username, "username": username, "status": "active", "role": role});
        let user = create(engine, conn, &caller, "user", user)?;
        set_password(conn, tenant, user, password, None)?;
        Ok(NewTenant { tenant, role, user })
    })
}

/// Lets somebody in again who has lost password and second factor, and whom no colleague can help: the second factor is
/// gone, and the answer is the path of a link by which they choose another password.
pub fn rescue(engine: &Engine, conn: &mut PgConnection, key: &str, username: &str) -> Result<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant: Uuid,
        #[diesel(sql_type = SqlUuid)]
        user: Uuid,
    }
    conn.transaction(|conn| {
        let found = diesel::sql_query(
            "SELECT t.id AS tenant, u.id AS user FROM tenants t JOIN users u ON u.tenant_id = t.id \
             WHERE t.key = $1 AND u.username = $2 AND u.deleted_at IS NULL",
        )
        .bind::<Text, _>(key)
        .bind::<Text, _>(username)
        .get_result::<Row>(conn)
        .optional()?
        .ok_or_else(|| Error::invalid("user", Code::NoSuchRecord))?;
        let caller = system(engine, conn, found.tenant)?;
        if factors::remove_all(conn, found.tenant, found.user)? > 0 {
            session::revoke_all(conn, found.tenant, found.user, None)?;
            let note = Note::by(&caller, Event::SecondFactorRemoved).on("user", Some(found.user));
            note.write(conn, found.tenant)?;
        }
        Ok(links::make(conn, &caller, found.user, Purpose::Reset)?.path)
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
