//! Where someone is signed in, and the log of it.

use super::identity;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Error, Result};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// What a client says it is, in short. Anybody can say anything here: it tells one's own devices apart, no more.
#[derive(Clone, Debug, Serialize)]
pub struct Device {
    /// `Chrome 141`; nothing where it does not say.
    pub browser: Option<String>,
    pub system: Option<String>,
    /// `pc`, `smartphone`, `mobilephone`, `crawler`, `appliance` or `misc`.
    pub kind: Option<String>,
}

impl Device {
    pub fn of(agent: Option<&str>) -> Device {
        let parser = woothee::parser::Parser::new();
        let known = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty() && t != "UNKNOWN");
        match agent.and_then(|a| parser.parse(a)) {
            None => Device { browser: None, system: None, kind: None },
            Some(found) => {
                let version = found.version.split('.').next().and_then(known);
                let browser = known(found.name).map(|name| match version {
                    Some(version) => format!("{name} {version}"),
                    None => name,
                });
                Device { browser, system: known(found.os), kind: known(found.category) }
            }
        }
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    user_agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    ip: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    created_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    last_used_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    expires_at: DateTime<Utc>,
}

/// A sign-in that still stands.
#[derive(Clone, Debug, Serialize)]
pub struct Open {
    pub id: Uuid,
    pub device: Device,
    pub ip: Option<String>,
    pub created_at: DateTime<Utc>,
    /// When it was last prolonged, which happens every few minutes while it is used.
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The one that asks.
    pub current: bool,
}

/// Where this user is signed in, last used first.
pub fn open(conn: &mut PgConnection, tenant: Uuid, user: Uuid, current: Option<Uuid>) -> Result<Vec<Open>> {
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id, user_agent, ip, created_at, last_used_at, expires_at FROM sessions \
         WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > now() \
         ORDER BY last_used_at DESC, id LIMIT 200",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?;
    let each = |row: Row| Open {
        id: row.id,
        device: Device::of(row.user_agent.as_deref()),
        ip: row.ip,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        current: Some(row.id) == current,
    };
    Ok(rows.into_iter().map(each).collect())
}

/// Ends one session of this user, or all of them but the one that asks. How many there were.
pub fn end(
    conn: &mut PgConnection,
    caller: &Caller,
    user: Uuid,
    one: Option<Uuid>,
    except: Option<Uuid>,
) -> Result<usize> {
    let ended = diesel::sql_query(
        "UPDATE sessions SET revoked_at = now(), revoked_reason = 'ended' WHERE tenant_id = $1 AND user_id = $2 \
         AND revoked_at IS NULL AND ($3 IS NULL OR id = $3) AND ($4 IS NULL OR id <> $4)",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Nullable<SqlUuid>, _>(one)
    .bind::<Nullable<SqlUuid>, _>(except)
    .execute(conn)?;
    if one.is_some() && ended == 0 {
        return Err(Error::not_found());
    }
    let detail = json!({ "session": one, "count": ended });
    Note::by(caller, Event::SessionEnded).on("user", Some(user)).with(detail).write(conn, caller.tenant)?;
    identity::tell(conn, caller.tenant)?;
    Ok(ended)
}

#[derive(QueryableByName)]
struct Logged {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Nullable<Text>)]
    ip: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    agent: Option<String>,
    #[diesel(sql_type = Bool)]
    mine: bool,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    pub at: DateTime<Utc>,
    /// `sign_in`, `sign_in_failed`, `sign_out`, `token_reused`, `session_ended`, `password_changed`, `password_set`,
    /// `second_factor_set`, `second_factor_removed`, `recovery_codes_made`, `recovery_code_used`, `link_made`, `link_withdrawn`, `link_used`.
    pub action: String,
    pub device: Device,
    pub ip: Option<String>,
    /// Done by the user; false where it was tried by somebody who did not prove to be, or done by an administrator.
    pub own: bool,
}

/// What happened at this user's door, newest first.
pub fn log(conn: &mut PgConnection, tenant: Uuid, user: Uuid, limit: u32) -> Result<Vec<SignIn>> {
    let rows: Vec<Logged> = diesel::sql_query(format!(
        "SELECT at, action, ip, agent, actor_id IS NOT DISTINCT FROM record_id AS mine FROM audit_events \
         WHERE tenant_id = $1 AND object = 'user' AND record_id = $2 AND action IN ('sign_in', 'sign_in_failed', \
         'sign_out', 'token_reused', 'session_ended', 'password_changed', 'password_set', 'second_factor_set', \
         'second_factor_removed', 'recovery_codes_made', 'recovery_code_used', \
         'link_made', 'link_withdrawn', 'link_used') ORDER BY seq DESC LIMIT {limit}",
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?;
    let each = |row: Logged| SignIn {
        at: row.at,
        action: row.action,
        device: Device::of(row.agent.as_deref()),
        ip: row.ip,
        own: row.mine,
    };
    Ok(rows.into_iter().map(each).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_told_by_browser_and_system() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
        let device = Device::of(Some(chrome));
        assert_eq!(device.browser.as_deref(), Some("Chrome 141"));
        assert_eq!((device.system.as_deref(), device.kind.as_deref()), (Some("Windows 10"), Some("pc")));
        assert!(Device::of(Some("something of one's own")).browser.is_none());
        assert!(Device::of(None).system.is_none());
    }
}
