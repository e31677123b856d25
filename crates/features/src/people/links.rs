//! Links by which somebody chooses a password: whoever is new, and whoever has forgotten theirs. An administrator makes
//! one and hands it over; it is good once, in its company, for the person that it was made for.

use super::admit::{self, Admission, Proven, Threshold, Way};
use super::door::Guest;
use super::policy::Policy;
use super::setup::system;
use super::sign_in::set_password;
use super::{digest, random_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Caller, Engine, Error, Result};
use kezhan_meta::Record;
use kezhan_meta::problem::Code;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

const PREFIX: &str = "kzi_";
/// The page that takes them. What makes the link stands behind `#`, which no browser sends to a server.
const PAGE: &str = "/welcome#";
/// Days that an invitation is good for, and a link for who has forgotten their password.
const DAYS: [(Purpose, i32); 2] = [(Purpose::Invitation, 7), (Purpose::Reset, 1)];

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody new.
    Invitation,
    /// Somebody who has forgotten their password.
    Reset,
}

impl Purpose {
    pub const fn key(self) -> &'static str {
        match self {
            Purpose::Invitation => "invitation",
            Purpose::Reset => "reset",
        }
    }

    fn parse(key: &str) -> Option<Purpose> {
        DAYS.into_iter().map(|(purpose, _)| purpose).find(|p| p.key() == key)
    }

    /// The state of a user whom such a link is for.
    pub const fn status(self) -> &'static str {
        match self {
            Purpose::Invitation => "invited",
            Purpose::Reset => "active",
        }
    }

    fn days(self) -> i32 {
        DAYS.into_iter().find(|(purpose, _)| *purpose == self).map_or(1, |(_, days)| days)
    }
}

/// A link that has just been made. Its path is shown here and never again: only its hash is kept.
#[derive(Clone, Debug, Serialize)]
pub struct Made {
    pub id: Uuid,
    pub user: Uuid,
    pub purpose: Purpose,
    /// To be put behind the address of the application.
    pub path: String,
    pub expires_at: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
}

/// For those who configure users.
pub fn allowed(caller: &Caller) -> Result<()> {
    match caller.access.may("user", Action::Configure) {
        true => Ok(()),
        false => Err(Error::refused(Code::Forbidden, &["invitations"])),
    }
}

/// A link for this user, in place of the one before.
pub fn make(conn: &mut PgConnection, caller: &Caller, user: Uuid, purpose: Purpose) -> Result<Made> {
    allowed(caller)?;
    let (id, secret) = (Uuid::now_v7(), random_bytes());
    let made = diesel::sql_query(
        "INSERT INTO entry_links (tenant_id, id, user_id, purpose, token_hash, created_by_id, expires_at) \
         SELECT u.tenant_id, $3, u.id, $4, $5, $6, now() + make_interval(days => $7) FROM users u \
         WHERE u.tenant_id = $1 AND u.id = $2 AND u.status = $8 AND u.deleted_at IS NULL \
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET id = EXCLUDED.id, purpose = EXCLUDED.purpose, \
         token_hash = EXCLUDED.token_hash, created_at = now(), created_by_id = EXCLUDED.created_by_id, \
         expires_at = EXCLUDED.expires_at, used_at = NULL RETURNING id, expires_at",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(purpose.key())
    .bind::<Binary, _>(digest(&secret))
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .bind::<Integer, _>(purpose.days())
    .bind::<Text, _>(purpose.status())
    .get_result::<Found>(conn)
    .optional()?
    .ok_or_else(|| Error::refused(Code::NotPossible, &[purpose.key()]))?;
    let detail = json!({ "purpose": purpose });
    Note::by(caller, Event::LinkMade).on("user", Some(user)).with(detail).write(conn, caller.tenant)?;
    let path = format!("{PAGE}{}", token(caller.tenant, made.id, &secret));
    Ok(Made { id: made.id, user, purpose, path, expires_at: made.expires_at })
}

/// A link that has not been used.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Open {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub user: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub username: Option<String>,
    #[diesel(sql_type = Text)]
    pub purpose: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub created_by: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
    #[diesel(sql_type = Bool)]
    pub expired: bool,
}

/// Links that nobody has used yet, newest first.
pub fn open(conn: &mut PgConnection, caller: &Caller) -> Result<Vec<Open>> {
    allowed(caller)?;
    Ok(diesel::sql_query(
        "SELECT l.id, l.user_id AS user, u.name::text AS name, u.username::text AS username, l.purpose, l.created_at, \
         l.expires_at, l.expires_at <= now() AS expired, b.name::text AS created_by FROM entry_links l \
         JOIN users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id \
         LEFT JOIN users b ON b.tenant_id = l.tenant_id AND b.id = l.created_by_id \
         WHERE l.tenant_id = $1 AND l.used_at IS NULL AND u.deleted_at IS NULL ORDER BY l.created_at DESC LIMIT 500",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .load(conn)?)
}

/// Nobody comes in by it any more.
pub fn withdraw(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<()> {
    #[derive(QueryableByName)]
    struct Gone {
        #[diesel(sql_type = SqlUuid)]
        user_id: Uuid,
    }
    allowed(caller)?;
    let gone = diesel::sql_query(
        "DELETE FROM entry_links WHERE tenant_id = $1 AND id = $2 AND used_at IS NULL RETURNING user_id",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .get_result::<Gone>(conn)
    .optional()?
    .ok_or_else(Error::not_found)?;
    Note::by(caller, Event::LinkWithdrawn).on("user", Some(gone.user_id)).write(conn, caller.tenant)
}

/// What whoever opens a link is told.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Welcome {
    #[diesel(sql_type = Text)]
    pub purpose: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub username: Option<String>,
    #[diesel(sql_type = Text)]
    pub company: String,
    #[diesel(sql_type = Text)]
    pub tenant: String,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
}

fn over() -> Error {
    Error::refused(Code::LinkOver, &[])
}

/// A link that is good; of one that never was, is over or used, all the same is said.
const GOOD: &str = "l.tenant_id = $1 AND l.id = $2 AND l.token_hash = $3 AND l.used_at IS NULL AND l.expires_at > now() \
    AND u.tenant_id = l.tenant_id AND u.id = l.user_id AND u.deleted_at IS NULL AND t.id = l.tenant_id \
    AND t.status = 'active' AND u.status = CASE l.purpose WHEN 'invitation' THEN 'invited' ELSE 'active' END";

pub fn look(conn: &mut PgConnection, shown: &str) -> Result<Welcome> {
    let (tenant, id, secret) = parse(shown).ok_or_else(over)?;
    diesel::sql_query(format!(
        "SELECT l.purpose, u.name::text AS name, u.username::text AS username, t.name AS company, t.key AS tenant, \
         l.expires_at FROM entry_links l, users u, tenants t WHERE {GOOD}"
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Binary, _>(digest(&secret))
    .get_result(conn)
    .optional()?
    .ok_or_else(over)
}

/// The person chooses a password, and comes in. A password that the policy refuses leaves the link as it was.
pub fn accept(
    engine: &Engine,
    conn: &mut PgConnection,
    shown: &str,
    password: &str,
    at: &Threshold<'_>,
) -> Result<Admission> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = SqlUuid)]
        user_id: Uuid,
        #[diesel(sql_type = Text)]
        purpose: String,
    }
    let (tenant, id, secret) = parse(shown).ok_or_else(over)?;
    conn.transaction(|conn| {
        let taken = diesel::sql_query(format!(
            "UPDATE entry_links l SET used_at = now() FROM users u, tenants t WHERE {GOOD} RETURNING l.user_id, l.purpose"
        ))
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(id)
        .bind::<Binary, _>(digest(&secret))
        .get_result::<Taken>(conn)
        .optional()?
        .ok_or_else(over)?;
        let purpose = Purpose::parse(&taken.purpose).ok_or_else(over)?;
        set_password(conn, tenant, taken.user_id, password, None)?;
        if purpose == Purpose::Invitation {
            let caller = system(engine, conn, tenant)?;
            let object = caller.catalog.get("user").cloned().ok_or_else(|| Error::Internal("no object user".into()))?;
            let active = Record::from_iter([("status".to_owned(), json!("active"))]);
            engine.amend(conn, &caller, &object, taken.user_id, active)?;
        }
        let mut guest =
            Guest { tenant, actor: Some(taken.user_id), user: Some(taken.user_id), ..Guest::default() };
        guest.detail.insert("purpose".into(), purpose.key().into());
        at.door.note(conn, Event::LinkUsed, guest)?;
        admit::admit(conn, &Proven::nameless(tenant, taken.user_id, Way::Link, false), at)
    })
}

/// What the password that is chosen has to keep to, for the page that asks for it.
pub fn rules(conn: &mut PgConnection, shown: &str) -> Result<Policy> {
    let (tenant, ..) = parse(shown).ok_or_else(over)?;
    Policy::of(conn, tenant)
}

/// Drops what is long over.
pub fn sweep(conn: &mut PgConnection) -> Result<()> {
    diesel::sql_query("DELETE FROM entry_links WHERE expires_at < now() - interval '30 days'").execute(conn)?;
    Ok(())
}

fn token(tenant: Uuid, id: Uuid, secret: &[u8; 32]) -> String {
    let bytes = [tenant.as_bytes().as_slice(), id.as_bytes(), secret].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn parse(token: &str) -> Option<(Uuid, Uuid, [u8; 32])> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    let (tenant, rest) = bytes.split_at_checked(16)?;
    let (id, secret) = rest.split_at_checked(16)?;
    Some((Uuid::from_slice(tenant).ok()?, Uuid::from_slice(id).ok()?, secret.try_into().ok()?))
}
