//! Companies as the installation sees them: how many people and how much they keep, and not what.

use super::trail::{self, Actor};
use crate::people::identity;
use crate::people::setup;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::{Engine, Error, Result};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Company {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// `active`, `suspended` or `erasing`.
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = BigInt)]
    pub users: i64,
    /// Of files on records.
    #[diesel(sql_type = BigInt)]
    pub file_bytes: i64,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub erase_after: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "t.id, t.key, t.name, t.status, t.created_at, t.erase_after, \
    (SELECT count(*) FROM users u WHERE u.tenant_id = t.id AND u.deleted_at IS NULL) AS users, \
    (SELECT coalesce(sum(a.size), 0)::bigint FROM attachments a WHERE a.tenant_id = t.id) AS file_bytes";

pub fn list(conn: &mut PgConnection) -> Result<Vec<Company>> {
    Ok(diesel::sql_query(format!("SELECT {COLUMNS} FROM tenants t ORDER BY t.created_at, t.key")).load(conn)?)
}

pub fn find(conn: &mut PgConnection, id: Uuid) -> Result<Company> {
    let found = diesel::sql_query(format!("SELECT {COLUMNS} FROM tenants t WHERE t.id = $1"))
        .bind::<SqlUuid, _>(id)
        .get_result(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

pub fn find_key(conn: &mut PgConnection, key: &str) -> Result<Company> {
    let found = diesel::sql_query(format!("SELECT {COLUMNS} FROM tenants t WHERE t.key = $1"))
        .bind::<Text, _>(key)
        .get_result(conn)
        .optional()?;
    found.ok_or_else(Error::not_found)
}

/// A company that is to be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    pub key: String,
    pub name: String,
    /// The user name of its first administrator.
    pub admin: String,
    pub password: String,
}

pub fn create(conn: &mut PgConnection, engine: &Engine, actor: &Actor, wish: &Wish) -> Result<Company> {
    let mut faults = Vec::new();
    for (field, text) in [("name", &wish.name), ("admin", &wish.admin)] {
        match text.trim().chars().count() {
            0 => faults.push(Violation::new(field, Code::Required)),
            n if n > 100 => faults.push(Violation::new(field, Code::TooLong).with(100)),
            _ => {}
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    conn.transaction(|conn| {
        let (key, name) = (wish.key.trim(), wish.name.trim());
        let made = setup::create_tenant(engine, conn, key, name, wish.admin.trim(), &wish.password)?;
        trail::note(conn, actor, "create", Some((made.tenant, key)), json!({ "name": name }))?;
        find(conn, made.tenant)
    })
}

fn set(conn: &mut PgConnection, company: &Company, status: &str, days: Option<i32>) -> Result<()> {
    diesel::sql_query(
        "UPDATE tenants SET status = $2, erase_after = now() + make_interval(days => $3), access_epoch = access_epoch + 1 \
         WHERE id = $1",
    )
    .bind::<SqlUuid, _>(company.id)
    .bind::<Text, _>(status)
    .bind::<Nullable<Integer>, _>(days)
    .execute(conn)?;
    // Whoever is signed in is out, in every process.
    identity::tell(conn, company.id)
}

fn expect(company: &Company, status: &[&str]) -> Result<()> {
    match status.contains(&company.status.as_str()) {
        true => Ok(()),
        false => Err(Error::refused(Code::NotPossible, &[&company.status])),
    }
}

/// Sessions, keys and tokens of the company are good for nothing, and its jobs rest, from now on.
pub fn suspend(conn: &mut PgConnection, actor: &Actor, company: &Company) -> Result<()> {
    expect(company, &["active"])?;
    conn.transaction(|conn| {
        set(conn, company, "suspended", None)?;
        trail::note(conn, actor, "suspend", Some((company.id, &company.key)), json!({}))
    })
}

/// All is as before: sessions and keys that have not run out are good again, and jobs go on.
pub fn resume(conn: &mut PgConnection, actor: &Actor, company: &Company) -> Result<()> {
    expect(company, &["suspended"])?;
    conn.transaction(|conn| {
        set(conn, company, "active", None)?;
        trail::note(conn, actor, "resume", Some((company.id, &company.key)), json!({}))
    })
}

/// Suspends the company and has it erased after some days. `confirm` is its key, typed by whoever means it.
pub fn order_erasure(
    conn: &mut PgConnection,
    actor: &Actor,
    company: &Company,
    confirm: &str,
    days: i32,
) -> Result<Company> {
    if confirm != company.key {
        return Err(Error::Invalid(vec![Violation::new("confirm", Code::BadValue).with("confirm").with(&company.key)]));
    }
    // One that waits already need not wait any longer.
    expect(company, if days > 0 { &["active", "suspended"] } else { &["active", "suspended", "erasing"] })?;
    conn.transaction(|conn| {
        set(conn, company, "erasing", Some(days.max(0)))?;
        trail::note(conn, actor, "erase_ordered", Some((company.id, &company.key)), json!({ "days": days }))?;
        find(conn, company.id)
    })
}

/// Calls the erasure off; the company stays suspended.
pub fn call_off(conn: &mut PgConnection, actor: &Actor, company: &Company) -> Result<()> {
    expect(company, &["erasing"])?;
    conn.transaction(|conn| {
        set(conn, company, "suspended", None)?;
        trail::note(conn, actor, "erase_called_off", Some((company.id, &company.key)), json!({}))
    })
}
