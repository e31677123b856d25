//! What people have let applications do: remembered, shown, taken back.

use super::clients::Client;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Error, Result};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::people::identity;

/// An application that acts on somebody's behalf.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Connected {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub client: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub website: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    pub scopes: Vec<String>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_used_ip: Option<String>,
}

/// What stands between an application and a person, or what it holds by itself.
#[derive(Clone, Debug, QueryableByName)]
pub struct Grant {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Array<Text>)]
    pub scopes: Vec<String>,
}

pub fn find(conn: &mut PgConnection, client: &Client, user: Option<Uuid>) -> Result<Option<Grant>> {
    Ok(diesel::sql_query(
        "SELECT id, scopes FROM oauth_grants WHERE tenant_id = $1 AND client_id = $2 \
         AND user_id IS NOT DISTINCT FROM $3 AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(client.tenant_id)
    .bind::<SqlUuid, _>(client.id)
    .bind::<Nullable<SqlUuid>, _>(user)
    .get_result(conn)
    .optional()?)
}

/// Lets an application in, or in further: what was allowed before stays allowed.
pub fn allow(conn: &mut PgConnection, client: &Client, user: Option<Uuid>, scopes: &[String]) -> Result<Grant> {
    Ok(diesel::sql_query(
        "INSERT INTO oauth_grants AS g (tenant_id, id, client_id, user_id, scopes) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (tenant_id, client_id, coalesce(user_id, '00000000-0000-0000-0000-000000000000')) WHERE revoked_at IS NULL \
         DO UPDATE SET updated_at = now(), scopes = ARRAY(SELECT DISTINCT s FROM unnest(g.scopes || EXCLUDED.scopes) s ORDER BY s) \
         RETURNING id, scopes",
    )
    .bind::<SqlUuid, _>(client.tenant_id)
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<SqlUuid, _>(client.id)
    .bind::<Nullable<SqlUuid>, _>(user)
    .bind::<Array<Text>, _>(scopes)
    .get_result(conn)?)
}

/// The applications that act on the caller's behalf, last used first.
pub fn connected(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Vec<Connected>> {
    Ok(diesel::sql_query(
        "SELECT g.id, g.client_id AS client, c.name::text AS name, c.website, g.scopes, g.created_at, g.last_used_at, g.last_used_ip \
         FROM oauth_grants g JOIN oauth_clients c ON c.tenant_id = g.tenant_id AND c.id = g.client_id \
         WHERE g.tenant_id = $1 AND g.user_id = $2 AND g.revoked_at IS NULL AND c.deleted_at IS NULL \
         ORDER BY coalesce(g.last_used_at, g.created_at) DESC, g.id LIMIT 200",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?)
}

/// Shuts an application out. Its tokens are good no longer.
pub fn withdraw(conn: &mut PgConnection, caller: &Caller, user: Uuid, id: Uuid) -> Result<()> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        client_id: Uuid,
    }
    let row: Option<Row> = diesel::sql_query(
        "UPDATE oauth_grants SET revoked_at = now() WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL \
         RETURNING client_id",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<SqlUuid, _>(id)
    .get_result(conn)
    .optional()?;
    let row = row.ok_or_else(Error::not_found)?;
    let note = Note::by(caller, Event::AppWithdrawn).on("user", Some(user));
    note.with(json!({ "client": row.client_id })).write(conn, caller.tenant)?;
    identity::tell(conn, caller.tenant)
}
