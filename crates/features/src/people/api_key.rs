//! API keys: a machine's way in, as a person or as a service, never with more rights than its maker has.

use super::access::{self, parse_grants};
use super::identity::{self, Proof};
use super::{digest, same};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::access::grants::{narrowed, within};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Caller, Error, Result};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use rand::Rng;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Every key begins with this.
pub const PREFIX: &str = "kz_";

/// What a key is asked to be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    pub name: String,
    /// Acts for no person, only with its role.
    #[serde(default)]
    pub service: bool,
    /// The role it acts with; the maker's own where it is left out.
    pub role: Option<Uuid>,
    /// The objects it may touch; all of its role's where it is left out.
    pub objects: Option<Vec<String>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as it may be shown: never the secret.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct ApiKey {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The beginning of the key, to tell it by.
    #[diesel(sql_type = Text)]
    pub prefix: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub user: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub role: Option<Uuid>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub objects: Option<Vec<String>>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub revoked_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str =
    "id, name, prefix, user_id AS \"user\", role_id AS role, objects, created_at, expires_at, last_used_at, revoked_at";

/// What a key restricts its bearer to.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub id: Uuid,
    pub role: Option<Uuid>,
    pub objects: Option<Vec<String>>,
}

/// Makes a key: what is kept of it, and its text, which nobody will see again.
pub fn create(conn: &mut PgConnection, caller: &Caller, wish: &Wish) -> Result<(ApiKey, String)> {
    check(conn, caller, wish)?;
    let random =
        |n: usize| -> String { (&mut rand::rng()).sample_iter(Alphanumeric).take(n).map(char::from).collect() };
    let prefix = format!("{PREFIX}{}", random(10));
    let text = format!("{prefix}_{}", random(40));
    let key = diesel::sql_query(format!(
        "INSERT INTO api_keys (tenant_id, id, name, prefix, key_hash, user_id, role_id, objects, expires_at, created_by_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<Text, _>(wish.name.trim())
    .bind::<Text, _>(&prefix)
    .bind::<Binary, _>(digest(text.as_bytes()))
    .bind::<Nullable<SqlUuid>, _>(caller.user.filter(|_| !wish.service))
    .bind::<Nullable<SqlUuid>, _>(wish.role)
    .bind::<Nullable<Array<Text>>, _>(wish.objects.as_ref())
    .bind::<Nullable<Timestamptz>, _>(wish.expires_at)
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .get_result::<ApiKey>(conn)?;
    let detail = json!({ "name": key.name, "prefix": key.prefix, "role": key.role, "objects": key.objects,
        "service": key.user.is_none(), "expires_at": key.expires_at });
    Note::by(caller, Event::KeyMade).with(detail).write(conn, caller.tenant)?;
    Ok((key, text))
}

fn check(conn: &mut PgConnection, caller: &Caller, wish: &Wish) -> Result<()> {
    let mut faults = Vec::new();
    match wish.name.trim().chars().count() {
        0 => faults.push(Violation::new("name", Code::Required)),
        n if n > 100 => faults.push(Violation::new("name", Code::TooLong).with(100)),
        _ => {}
    }
    if wish.expires_at.is_some_and(|at| at <= Utc::now()) {
        faults.push(Violation::new("expires_at", Code::TooSmall).with(Utc::now().to_rfc3339()));
    }
    for object in wish.objects.iter().flatten().filter(|o| caller.catalog.get(o).is_none()) {
        faults.push(Violation::new("objects", Code::NotAnOption).with(object));
    }
    if wish.objects.as_ref().is_some_and(|o| o.is_empty() || o.len() > 200) {
        faults.push(Violation::new("objects", Code::TooShort).with(1));
    }
    if wish.service && wish.role.is_none() {
        faults.push(Violation::new("role", Code::Required));
    }
    if wish.service && !caller.access.may("user", Action::Configure) {
        return Err(Error::refused(Code::Forbidden, &["service API key"]));
    }
    if let Some(role) = wish.role {
        match access::role(conn, caller.tenant, role)? {
            None => faults.push(Violation::new("role", Code::NoSuchRecord)),
            Some(role) => {
                let mut grants = role.get("grants").map(parse_grants).unwrap_or_default();
                if let Some(objects) = &wish.objects {
                    grants = narrowed(&grants, objects);
                }
                if !caller.access.is_unrestricted() && !within(&grants, &caller.access.grants) {
                    return Err(Error::refused(Code::Forbidden, &["role"]));
                }
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// The caller's keys; everyone's for those who configure users.
pub fn list(conn: &mut PgConnection, caller: &Caller) -> Result<Vec<ApiKey>> {
    let everyone = caller.access.may("user", Action::Configure);
    Ok(diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM api_keys WHERE tenant_id = $1 AND ($2 OR user_id = $3) ORDER BY created_at DESC, id LIMIT 500"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<diesel::sql_types::Bool, _>(everyone)
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .load(conn)?)
}

/// Ends a key for good.
pub fn revoke(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<()> {
    let everyone = caller.access.may("user", Action::Configure);
    let key = diesel::sql_query(format!(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) \
         WHERE tenant_id = $1 AND id = $2 AND ($3 OR user_id = $4) RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<diesel::sql_types::Bool, _>(everyone)
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .get_result::<ApiKey>(conn)
    .optional()?
    .ok_or_else(Error::not_found)?;
    let detail = json!({ "name": key.name, "prefix": key.prefix });
    Note::by(caller, Event::KeyRevoked).with(detail).write(conn, caller.tenant)?;
    identity::tell(conn, caller.tenant)
}

/// Is this text a key in force? Notes its use, at most once a minute.
pub(super) fn proof(conn: &mut PgConnection, text: &str) -> Result<Option<Proof>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Binary)]
        key_hash: Vec<u8>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        user_id: Option<Uuid>,
        #[diesel(sql_type = Nullable<SqlUuid>)]
        role_id: Option<Uuid>,
        #[diesel(sql_type = Nullable<Array<Text>>)]
        objects: Option<Vec<String>>,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        due: bool,
    }
    let Some((prefix, _)) = text.rsplit_once('_') else { return Ok(None) };
    let rows = diesel::sql_query(
        "SELECT k.tenant_id, k.id, k.key_hash, k.user_id, k.role_id, k.objects, \
         (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS due \
         FROM api_keys k JOIN tenants t ON t.id = k.tenant_id \
         LEFT JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id \
         WHERE k.prefix = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) \
         AND t.status = 'active' AND (k.user_id IS NULL OR (u.status = 'active' AND u.deleted_at IS NULL))",
    )
    .bind::<Text, _>(prefix)
    .load::<Row>(conn)?;
    let hash = digest(text.as_bytes());
    let Some(row) = rows.into_iter().find(|r| same(&r.key_hash, &hash)) else { return Ok(None) };
    if row.due {
        diesel::sql_query("UPDATE api_keys SET last_used_at = now() WHERE tenant_id = $1 AND id = $2")
            .bind::<SqlUuid, _>(row.tenant_id)
            .bind::<SqlUuid, _>(row.id)
            .execute(conn)?;
    }
    let key = Bounds { id: row.id, role: row.role_id, objects: row.objects };
    Ok(Some(Proof { tenant: row.tenant_id, user: row.user_id, session: None, key: Some(key), view_as: None }))
}
