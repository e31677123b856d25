//! Sessions: one per sign-in, kept alive by a refresh token that changes with every use.

use super::admit::{Proven, Threshold};
use super::door::{Door, Guest};
use super::policy::Policy;
use super::{digest, identity, random_bytes, same};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::Result;
use kezhan_engine::audit::Event;
use uuid::Uuid;

/// A session that has just been begun or prolonged.
#[derive(Clone, Debug)]
pub struct Session {
    pub tenant: Uuid,
    pub id: Uuid,
    pub user: Uuid,
    /// Shown to the client once; only its hash is kept.
    pub refresh_token: String,
}

/// What became of a refresh token.
#[derive(Clone, Debug)]
pub enum Refreshed {
    Granted(Session),
    /// An older token of this session: someone has a copy, so the session is over.
    Reused(Session),
    /// Unknown, expired or revoked.
    Refused,
}

const PREFIX: &str = "kzr_";

/// Opens a session.
pub fn begin(conn: &mut PgConnection, proven: &Proven, policy: &Policy, at: &Threshold<'_>) -> Result<Session> {
    let (id, secret) = (Uuid::now_v7(), random_bytes());
    let Proven { tenant, user, way, second_factor, .. } = *proven;
    let door = at.door;
    diesel::sql_query(
        "INSERT INTO sessions (tenant_id, id, user_id, token_hash, generation, created_at, last_used_at, expires_at, \
         user_agent, ip, second_factor) VALUES ($1, $2, $3, $4, 0, now(), now(), $5, $6, $7, $8)",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(user)
    .bind::<Binary, _>(digest(&secret))
    .bind::<Timestamptz, _>(policy.session_end(Utc::now(), at.days, at.access_minutes))
    .bind::<Nullable<Text>, _>(door.origin.agent.as_deref())
    .bind::<Nullable<Text>, _>(door.origin.ip.as_deref())
    .bind::<Bool, _>(second_factor)
    .execute(conn)?;
    let mut guest = Guest::known(tenant, user, id);
    guest.detail.insert("way".into(), way.key().into());
    guest.detail.insert("second_factor".into(), second_factor.into());
    door.note(conn, Event::SignedIn, guest)?;
    Ok(Session { tenant, id, user, refresh_token: token(tenant, id, &secret) })
}

/// The session is as good from now on as one that began with a second factor: its user has just shown one.
pub fn strengthen(conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<()> {
    diesel::sql_query("UPDATE sessions SET second_factor = true WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Binary)]
    token_hash: Vec<u8>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    second_factor: bool,
}

/// Exchanges a refresh token for the next one. A token that was exchanged before ends the session, and so does a policy
/// that asks more than the session began with.
pub fn refresh(conn: &mut PgConnection, refresh_token: &str, at: &Threshold<'_>) -> Result<Refreshed> {
    let Some((tenant, id, secret)) = parse(refresh_token) else { return Ok(Refreshed::Refused) };
    conn.transaction(|conn| {
        let row = diesel::sql_query(
            "SELECT s.user_id, s.token_hash, s.created_at, s.second_factor FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
             JOIN tenants n ON n.id = s.tenant_id AND n.status = 'active' \
             WHERE s.tenant_id = $1 AND s.id = $2 AND s.revoked_at IS NULL AND s.expires_at > now() \
             AND u.status = 'active' AND u.deleted_at IS NULL FOR UPDATE OF s",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .get_result::<Standing>(conn)
        .optional()?;
        let Some(row) = row else { return Ok(Refreshed::Refused) };
        if !same(&row.token_hash, &digest(&secret)) {
            revoke(conn, tenant, id)?;
            let guest = Guest { actor: None, ..Guest::known(tenant, row.user_id, id) };
            at.door.note(conn, Event::TokenReused, guest)?;
            let session = Session { tenant, id, user: row.user_id, refresh_token: String::new() };
            return Ok(Refreshed::Reused(session));
        }
        let policy = Policy::of(conn, tenant)?;
        let ends = policy.session_end(row.created_at, at.days, at.access_minutes);
        if ends <= Utc::now() || !row.second_factor && policy.asks_second_factor(conn, tenant, row.user_id)? {
            revoke(conn, tenant, id)?;
            return Ok(Refreshed::Refused);
        }
        let next = random_bytes();
        diesel::sql_query(
            "UPDATE sessions SET previous_hash = token_hash, token_hash = $3, rotated_at = now(), generation = generation + 1, last_used_at = now(), \
             expires_at = $4 WHERE tenant_id = $1 AND id = $2",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .bind::<Binary, _>(digest(&next))
        .bind::<Timestamptz, _>(ends)
        .execute(conn)?;
        Ok(Refreshed::Granted(Session { tenant, id, user: row.user_id, refresh_token: token(tenant, id, &next) }))
    })
}

/// Ends one session.
pub fn revoke(conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<()> {
    diesel::sql_query("UPDATE sessions SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .execute(conn)?;
    identity::tell(conn, tenant)
}

/// Ends the session that a refresh token belongs to, if the token is the current one.
pub fn end_by_token(conn: &mut PgConnection, refresh_token: &str, door: &Door) -> Result<()> {
    let Some((tenant, id, secret)) = parse(refresh_token) else { return Ok(()) };
    end_where(conn, tenant, id, Some(&secret), door)
}

/// Signs out.
pub fn end(conn: &mut PgConnection, tenant: Uuid, id: Uuid, door: &Door) -> Result<()> {
    end_where(conn, tenant, id, None, door)
}

fn end_where(conn: &mut PgConnection, tenant: Uuid, id: Uuid, secret: Option<&[u8]>, door: &Door) -> Result<()> {
    let row = diesel::sql_query(
        "UPDATE sessions SET revoked_at = now() WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL \
         AND ($3 IS NULL OR token_hash = $3) RETURNING user_id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<Binary>, _>(secret.map(digest))
    .get_result::<Row>(conn)
    .optional()?;
    if let Some(row) = row {
        door.note(conn, Event::SignedOut, Guest::known(tenant, row.user_id, id))?;
    }
    identity::tell(conn, tenant)
}

/// Ends every session of a user but the one named.
pub fn revoke_all(conn: &mut PgConnection, tenant: Uuid, user: Uuid, except: Option<Uuid>) -> Result<()> {
    diesel::sql_query(
        "UPDATE sessions SET revoked_at = now() \
         WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND id IS DISTINCT FROM $3",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Nullable<SqlUuid>, _>(except)
    .execute(conn)?;
    identity::tell(conn, tenant)
}

fn token(tenant: Uuid, id: Uuid, secret: &[u8; 32]) -> String {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(tenant.as_bytes());
    bytes.extend_from_slice(id.as_bytes());
    bytes.extend_from_slice(secret);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn parse(token: &str) -> Option<(Uuid, Uuid, [u8; 32])> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    let bytes: [u8; 64] = bytes.try_into().ok()?;
    let (ids, secret) = bytes.split_at(32);
    let (tenant, id) = ids.split_at(16);
    Some((Uuid::from_slice(tenant).ok()?, Uuid::from_slice(id).ok()?, secret.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_trip() {
        let (tenant, id, secret) = (Uuid::now_v7(), Uuid::now_v7(), random_bytes());
        assert_eq!(parse(&token(tenant, id, &secret)), Some((tenant, id, secret)));
        assert_eq!(parse("kzr_"), None);
        assert_eq!(parse("nonsense"), None);
    }
}
