//! Sign-in with a password, and the lock that guessing runs into.
//!
//! Failures are counted per sign-in name, whether or not anybody has it, so that neither the answer nor the
//! lock nor the time they take says who exists.

use super::door::{Door, Guest, outline};
use super::{digest, password};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::Event;
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use uuid::Uuid;

/// Wrong passwords in a row that cost nothing.
const FREE_ATTEMPTS: i32 = 5;
/// The first lock, in seconds; each further failure doubles it.
const FIRST_LOCK: i64 = 15;
/// The longest lock, in seconds.
const LONGEST_LOCK: i64 = 900;

/// A sign-in that has been looked up and not yet been decided.
#[derive(Debug)]
pub struct Attempt {
    tenant: Uuid,
    subject: Vec<u8>,
    user: Option<Uuid>,
    hash: Option<String>,
    /// What was typed, as far as the audit trail may have it.
    outline: String,
}

#[derive(QueryableByName)]
struct Tenant {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    password_hash: Option<String>,
}

#[derive(QueryableByName)]
struct Lock {
    #[diesel(sql_type = Timestamptz)]
    locked_until: DateTime<Utc>,
}

#[derive(QueryableByName)]
struct Failures {
    #[diesel(sql_type = Integer)]
    failures: i32,
}

/// Finds out who wants in. Refused while the name is locked.
pub fn look_up(conn: &mut PgConnection, tenant: Option<&str>, name: &str) -> Result<Attempt> {
    let tenant = find_tenant(conn, tenant)?;
    let typed = name.trim();
    let name = typed.to_lowercase();
    // A tenant that does not exist behaves like one without that user.
    let tenant_id = tenant.unwrap_or_default();
    let subject = digest(name.as_bytes());
    let lock = diesel::sql_query(
        "SELECT locked_until FROM sign_in_failures WHERE tenant_id = $1 AND subject = $2 AND locked_until > now()",
    )
    .bind::<SqlUuid, _>(tenant_id)
    .bind::<Binary, _>(&subject)
    .get_result::<Lock>(conn)
    .optional()?;
    if let Some(lock) = lock {
        return Err(locked((lock.locked_until - Utc::now()).num_seconds() + 1));
    }
    let known = diesel::sql_query(
        "SELECT u.id, c.password_hash FROM users u \
         LEFT JOIN credentials c ON c.tenant_id = u.tenant_id AND c.user_id = u.id \
         WHERE u.tenant_id = $1 AND (u.username = $2 OR u.email IN ($2, $3)) AND u.status = 'active' AND u.deleted_at IS NULL \
         ORDER BY (u.username = $2) DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(tenant_id)
    .bind::<Text, _>(&name)
    .bind::<Text, _>(typed)
    .get_result::<Known>(conn)
    .optional()?;
    let (user, hash) = known.map_or((None, None), |k| (Some(k.id), k.password_hash));
    Ok(Attempt { tenant: tenant_id, subject, user, hash, outline: outline(typed) })
}

impl Attempt {
    /// Holds the password against the stored one. Slow on purpose: call it without holding a connection.
    pub fn verify(&self, password: &str) -> bool {
        password::verify(password, self.hash.as_deref())
    }

    /// Books the outcome: tenant and user on success, else the failure and perhaps a lock.
    pub fn settle(self, conn: &mut PgConnection, fits: bool, door: &Door) -> Result<(Uuid, Uuid)> {
        if let (true, Some(user)) = (fits, self.user) {
            diesel::sql_query("DELETE FROM sign_in_failures WHERE tenant_id = $1 AND subject = $2")
                .bind::<SqlUuid, _>(self.tenant)
                .bind::<Binary, _>(&self.subject)
                .execute(conn)?;
            return Ok((self.tenant, user));
        }
        // A day without failures forgets them.
        let row = diesel::sql_query(
            "INSERT INTO sign_in_failures AS f (tenant_id, subject, failures, last_at) VALUES ($1, $2, 1, now()) \
             ON CONFLICT (tenant_id, subject) DO UPDATE SET last_at = now(), \
             failures = CASE WHEN f.last_at < now() - interval '1 day' THEN 1 ELSE f.failures + 1 END \
             RETURNING failures",
        )
        .bind::<SqlUuid, _>(self.tenant)
        .bind::<Binary, _>(&self.subject)
        .get_result::<Failures>(conn)?;
        let seconds = lock_seconds(row.failures);
        if seconds > 0 {
            diesel::sql_query(
                "UPDATE sign_in_failures SET locked_until = now() + make_interval(secs => $3) \
                 WHERE tenant_id = $1 AND subject = $2",
            )
            .bind::<SqlUuid, _>(self.tenant)
            .bind::<Binary, _>(&self.subject)
            .bind::<diesel::sql_types::Double, _>(seconds as f64)
            .execute(conn)?;
        }
        let mut guest = Guest { tenant: self.tenant, user: self.user, ..Guest::default() };
        if self.user.is_none() {
            guest.detail.insert("name".into(), self.outline.into());
        }
        door.note(conn, Event::SignInFailed, guest)?;
        Err(Error::refused(Code::BadCredentials, &[]))
    }
}

fn locked(seconds: i64) -> Error {
    Error::refused(Code::LockedOut, &[&seconds.max(1).to_string()])
}

/// 0 for the first failures, then 15 s, 30 s, 60 s … up to a quarter of an hour.
fn lock_seconds(failures: i32) -> i64 {
    match failures - FREE_ATTEMPTS {
        n if n < 0 => 0,
        n => (FIRST_LOCK << n.min(10)).min(LONGEST_LOCK),
    }
}

/// The tenant by its key, or the only one there is.
fn find_tenant(conn: &mut PgConnection, key: Option<&str>) -> Result<Option<Uuid>> {
    if let Some(key) = key.map(str::trim).filter(|k| !k.is_empty()) {
        let row = diesel::sql_query("SELECT id FROM tenants WHERE key = $1 AND status = 'active'")
            .bind::<Text, _>(key.to_lowercase())
            .get_result::<Tenant>(conn)
            .optional()?;
        return Ok(row.map(|t| t.id));
    }
    let rows = diesel::sql_query("SELECT id FROM tenants WHERE status = 'active' LIMIT 2").load::<Tenant>(conn)?;
    match rows.as_slice() {
        [only] => Ok(Some(only.id)),
        [] => Ok(None),
        _ => Err(Error::invalid("tenant", Code::Required)),
    }
}

/// Gives a user a password; sessions that began with the old one end.
pub fn set_password(
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Uuid,
    password: &str,
    keep: Option<Uuid>,
) -> Result<()> {
    password::check(password)?;
    let hash = password::hash(password)?;
    conn.transaction(|conn| {
        diesel::sql_query(
            "INSERT INTO credentials (tenant_id, user_id, password_hash, changed_at) VALUES ($1, $2, $3, now()) \
             ON CONFLICT (tenant_id, user_id) DO UPDATE SET password_hash = EXCLUDED.password_hash, changed_at = now()",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .bind::<Text, _>(hash)
        .execute(conn)?;
        super::session::revoke_all(conn, tenant, user, keep)
    })
}

/// The stored hash of a user's password.
pub fn password_hash(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Option<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        password_hash: String,
    }
    let row = diesel::sql_query("SELECT password_hash FROM credentials WHERE tenant_id = $1 AND user_id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .get_result::<Row>(conn)
        .optional()?;
    Ok(row.map(|r| r.password_hash))
}

/// How many tenants there are; the sign-in page asks for one where there are several.
pub fn tenant_count(conn: &mut PgConnection) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    Ok(diesel::sql_query("SELECT count(*) AS n FROM tenants WHERE status = 'active'").get_result::<Row>(conn)?.n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = [1, 4, 5, 6, 7, 11, 12, 500].into_iter().map(lock_seconds).collect();
        assert_eq!(seconds, [0, 0, 15, 30, 60, 900, 900, 900]);
    }
}
