//! Codes and tokens: given out, exchanged, ended. Only their digests are kept.

use super::clients::Client;
use super::{Answered, Refusal, grants, scopes};
use crate::people::delegation::{Delegate, Way};
use crate::people::door::{Door, Guest};
use crate::people::identity::{self, Proof};
use crate::people::{digest, random_token, same};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::Result;
use kezhan_engine::audit::Event;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// What access tokens, refresh tokens and codes begin with, to tell them by.
pub const ACCESS: &str = "kza_";
const REFRESH: &str = "kzf_";
const CODE: &str = "kzo_";

/// Seconds for which a code is good: it is exchanged at once.
const CODE_SECONDS: i64 = 60;

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    pub access_seconds: i64,
    pub refresh_seconds: i64,
}

/// What an application gets (RFC 6749, section 5.1).
#[derive(Clone, Debug, Serialize)]
pub struct Tokens {
    pub access_token: String,
    pub token_type: &'static str,
    pub expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    pub scope: String,
}

/// A digest of SHA-256 in base64url.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

/// RFC 7636, sections 4.1 and 4.6.
fn fits(verifier: &str, challenge: &str) -> bool {
    let fair = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    fair && same(URL_SAFE_NO_PAD.encode(digest(verifier.as_bytes())).as_bytes(), challenge.as_bytes())
}

struct New<'a> {
    kind: &'a str,
    prefix: &'a str,
    grant: Uuid,
    family: Uuid,
    scopes: &'a [String],
    seconds: i64,
    redirect_uri: Option<&'a str>,
    challenge: Option<&'a str>,
}

fn put(conn: &mut PgConnection, tenant: Uuid, new: &New<'_>) -> Result<String> {
    let text = format!("{}{}", new.prefix, random_token());
    diesel::sql_query(
        "INSERT INTO oauth_tokens (tenant_id, id, grant_id, kind, hash, family, scopes, redirect_uri, challenge, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10))",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<SqlUuid, _>(new.grant)
    .bind::<Text, _>(new.kind)
    .bind::<Binary, _>(digest(text.as_bytes()))
    .bind::<SqlUuid, _>(new.family)
    .bind::<Array<Text>, _>(new.scopes)
    .bind::<Nullable<Text>, _>(new.redirect_uri)
    .bind::<Nullable<Text>, _>(new.challenge)
    .bind::<BigInt, _>(new.seconds)
    .execute(conn)?;
    Ok(text)
}

/// A code for what the person has just allowed.
pub(super) fn code(
    conn: &mut PgConnection,
    tenant: Uuid,
    grant: Uuid,
    scopes: &[String],
    redirect_uri: &str,
    challenge: &str,
) -> Result<String> {
    let (redirect_uri, challenge) = (Some(redirect_uri), Some(challenge));
    let family = Uuid::now_v7();
    put(
        conn,
        tenant,
        &New { kind: "code", prefix: CODE, grant, family, scopes, seconds: CODE_SECONDS, redirect_uri, challenge },
    )
}

fn pair(
    conn: &mut PgConnection,
    tenant: Uuid,
    (grant, family): (Uuid, Uuid),
    (lasting, now): (Option<&[String]>, &[String]),
    lives: Lives,
) -> Result<Tokens> {
    let plain = New {
        kind: "access",
        prefix: ACCESS,
        grant,
        family,
        scopes: now,
        seconds: lives.access_seconds,
        redirect_uri: None,
        challenge: None,
    };
    let access_token = put(conn, tenant, &plain)?;
    let refresh_token = match lasting {
        None => None,
        Some(scopes) => {
            let seconds = lives.refresh_seconds;
            Some(put(conn, tenant, &New { kind: "refresh", prefix: REFRESH, scopes, seconds, ..plain })?)
        }
    };
    let scope = now.join(" ");
    Ok(Tokens { access_token, token_type: "Bearer", expires_in: lives.access_seconds, refresh_token, scope })
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    grant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    family: Uuid,
    #[diesel(sql_type = Array<Text>)]
    scopes: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    redirect_uri: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    challenge: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    used_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    good: bool,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    user_id: Option<Uuid>,
}

/// A code or refresh token of this application, locked until the transaction ends; `good` says whether all stands by
/// which it is worth something.
fn take(conn: &mut PgConnection, client: &Client, kind: &str, text: &str) -> Result<Option<Row>> {
    Ok(diesel::sql_query(
        "SELECT t.id, t.grant_id, t.family, t.scopes, t.redirect_uri, t.challenge, t.used_at, g.user_id, \
           (t.revoked_at IS NULL AND t.expires_at > now() AND g.revoked_at IS NULL \
            AND u.status = 'active' AND u.deleted_at IS NULL) IS TRUE AS good \
         FROM oauth_tokens t JOIN oauth_grants g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id \
         LEFT JOIN users u ON u.tenant_id = g.tenant_id AND u.id = g.user_id \
         WHERE t.tenant_id = $1 AND g.client_id = $2 AND t.kind = $3 AND t.hash = $4 FOR UPDATE OF t",
    )
    .bind::<SqlUuid, _>(client.tenant_id)
    .bind::<SqlUuid, _>(client.id)
    .bind::<Text, _>(kind)
    .bind::<Binary, _>(digest(text.as_bytes()))
    .get_result(conn)
    .optional()?)
}

fn spend(conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<()> {
    diesel::sql_query("UPDATE oauth_tokens SET used_at = now() WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .execute(conn)?;
    Ok(())
}

/// Ends all that came of one consent: someone has a copy.
fn end_family(conn: &mut PgConnection, tenant: Uuid, family: Uuid) -> Result<()> {
    diesel::sql_query(
        "UPDATE oauth_tokens SET revoked_at = now() WHERE tenant_id = $1 AND family = $2 AND revoked_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(family)
    .execute(conn)?;
    identity::tell(conn, tenant)
}

fn reused(conn: &mut PgConnection, client: &Client, row: &Row, kind: &str, door: &Door) -> Result<()> {
    end_family(conn, client.tenant_id, row.family)?;
    let mut guest = Guest { tenant: client.tenant_id, user: row.user_id, ..Guest::default() };
    guest.detail.insert("client".into(), json!(client.id));
    guest.detail.insert("name".into(), json!(client.name));
    guest.detail.insert("kind".into(), json!(kind));
    door.note(conn, Event::AppTokenReused, guest)
}

fn invalid<T>(text: &str) -> Answered<T> {
    Ok(Err(Refusal::new("invalid_grant", text)))
}

/// Exchanges a code. One that comes a second time ends what it was exchanged for.
pub fn exchange(
    conn: &mut PgConnection,
    client: &Client,
    (code, redirect_uri, verifier): (&str, &str, &str),
    lives: Lives,
    door: &Door,
) -> Answered<Tokens> {
    conn.transaction(|conn| {
        let Some(row) = take(conn, client, "code", code)? else { return invalid("unknown code") };
        if row.used_at.is_some() {
            reused(conn, client, &row, "code", door)?;
            return invalid("the code was used before");
        }
        if !row.good {
            return invalid("the code has expired");
        }
        if row.redirect_uri.as_deref() != Some(redirect_uri) {
            return invalid("redirect_uri differs from that of the request");
        }
        if !row.challenge.as_deref().is_some_and(|challenge| fits(verifier, challenge)) {
            return invalid("code_verifier does not fit");
        }
        spend(conn, client.tenant_id, row.id)?;
        let both = (Some(row.scopes.as_slice()), row.scopes.as_slice());
        Ok(Ok(pair(conn, client.tenant_id, (row.grant_id, row.family), both, lives)?))
    })
}

/// Exchanges a refresh token for the next one. One that comes a second time ends them all.
pub fn refresh(
    conn: &mut PgConnection,
    client: &Client,
    (token, scope): (&str, Option<&str>),
    lives: Lives,
    door: &Door,
) -> Answered<Tokens> {
    conn.transaction(|conn| {
        let Some(row) = take(conn, client, "refresh", token)? else { return invalid("unknown refresh token") };
        if row.used_at.is_some() {
            reused(conn, client, &row, "refresh", door)?;
            return invalid("the refresh token was used before");
        }
        if !row.good {
            return invalid("the refresh token has expired");
        }
        let wanted = scope.map_or_else(|| row.scopes.clone(), scopes::list);
        if wanted.iter().any(|scope| !scopes::covers(&row.scopes, scope)) {
            return Ok(Err(Refusal::new("invalid_scope", "more than was allowed")));
        }
        spend(conn, client.tenant_id, row.id)?;
        let both = (Some(row.scopes.as_slice()), wanted.as_slice());
        Ok(Ok(pair(conn, client.tenant_id, (row.grant_id, row.family), both, lives)?))
    })
}

/// A token for the application itself, which acts with its role.
pub fn by_itself(conn: &mut PgConnection, client: &Client, scope: Option<&str>, lives: Lives) -> Answered<Tokens> {
    if !client.confidential || client.role.is_none() {
        return Ok(Err(Refusal::new("unauthorized_client", "this client has no role to act with")));
    }
    let allowed = client.scopes();
    let wanted = scope.map_or_else(|| allowed.clone(), scopes::list);
    if wanted.iter().any(|scope| !scopes::covers(&allowed, scope)) {
        return Ok(Err(Refusal::new("invalid_scope", "more than is open to this client")));
    }
    conn.transaction(|conn| {
        let grant = grants::allow(conn, client, None, &wanted)?;
        let both = (None, wanted.as_slice());
        Ok(Ok(pair(conn, client.tenant_id, (grant.id, Uuid::now_v7()), both, lives)?))
    })
}

/// Ends a token of this application (RFC 7009): a refresh token with all that came of the same consent.
pub fn revoke(conn: &mut PgConnection, client: &Client, token: &str) -> Result<()> {
    conn.transaction(|conn| {
        if let Some(row) = take(conn, client, "refresh", token)? {
            return end_family(conn, client.tenant_id, row.family);
        }
        if let Some(row) = take(conn, client, "access", token)? {
            diesel::sql_query("UPDATE oauth_tokens SET revoked_at = now() WHERE tenant_id = $1 AND id = $2")
                .bind::<SqlUuid, _>(client.tenant_id)
                .bind::<SqlUuid, _>(row.id)
                .execute(conn)?;
        }
        identity::tell(conn, client.tenant_id)
    })
}

/// A token that stands.
#[derive(QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub grant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub client_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub user_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub username: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    role_id: Option<Uuid>,
    #[diesel(sql_type = Array<Text>)]
    scopes: Vec<String>,
    #[diesel(sql_type = Text)]
    open: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
}

impl Standing {
    /// What was allowed, as far as it is still open to the application.
    pub fn scopes(&self) -> Vec<String> {
        scopes::within(&self.scopes, &scopes::list(&self.open))
    }
}

/// The token of this text, if it stands.
pub fn standing(conn: &mut PgConnection, text: &str) -> Result<Option<Standing>> {
    Ok(diesel::sql_query(
        "SELECT t.tenant_id, t.grant_id, g.client_id, g.user_id, u.username, c.role_id, t.scopes, c.scopes AS open, t.kind, \
           t.created_at, t.expires_at \
         FROM oauth_tokens t JOIN oauth_grants g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id \
         JOIN oauth_clients c ON c.tenant_id = g.tenant_id AND c.id = g.client_id JOIN tenants n ON n.id = t.tenant_id \
         LEFT JOIN users u ON u.tenant_id = g.tenant_id AND u.id = g.user_id \
         WHERE t.hash = $1 AND t.kind IN ('access', 'refresh') AND t.used_at IS NULL AND t.revoked_at IS NULL \
         AND t.expires_at > now() AND g.revoked_at IS NULL AND c.active AND c.deleted_at IS NULL AND n.status = 'active' \
         AND (g.user_id IS NULL OR (u.status = 'active' AND u.deleted_at IS NULL))",
    )
    .bind::<Binary, _>(digest(text.as_bytes()))
    .get_result(conn)
    .optional()?)
}

/// Is this text an access token in force?
pub(in crate::people) fn proof(conn: &mut PgConnection, text: &str) -> Result<Option<Proof>> {
    let Some(token) = standing(conn, text)?.filter(|t| t.kind == "access") else { return Ok(None) };
    // For a person with the person's rights; by itself with its role, and without one with none.
    let role = token.role_id.filter(|_| token.user_id.is_none());
    if token.user_id.is_none() && role.is_none() {
        return Ok(None);
    }
    let bounds = scopes::bounds(&token.scopes());
    let key = Delegate { id: token.grant_id, way: Way::Application, role, bounds, networks: Vec::new() };
    Ok(Some(Proof { tenant: token.tenant_id, user: token.user_id, session: None, key: Some(key), view_as: None }))
}

/// Forgets tokens that have been good for nothing for a week: until then a reuse is told from a guess.
pub fn sweep(conn: &mut PgConnection) -> Result<()> {
    diesel::sql_query("DELETE FROM oauth_tokens WHERE expires_at < now() - interval '7 days'").execute(conn)?;
    diesel::sql_query("DELETE FROM oauth_client_secrets WHERE expires_at < now() - interval '7 days'").execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_fits_its_challenge() {
        // RFC 7636, appendix B.
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(is_challenge(challenge) && fits(verifier, challenge));
        assert!(!fits(challenge, challenge), "plain is not S256");
        assert!(!fits("short", challenge) && !fits("", challenge));
        assert!(!is_challenge("abc") && !is_challenge(&"=".repeat(43)));
    }
}
