//! Sign-in with a password. What guessing runs into is in [`super::lock`].

use super::admit::{Proven, Way};
use super::door::{Door, Guest, outline};
use super::lock::{self, Counts};
use super::password;
use super::policy::{HISTORY_MAX, Policy};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::audit::Event;
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use uuid::Uuid;

/// A sign-in that has been looked up and not yet been decided.
#[derive(Clone, Debug)]
pub struct Attempt {
    tenant: Uuid,
    name: String,
    counts: Counts,
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

/// Finds out who wants in. Refused while the name is locked.
pub fn look_up(
    conn: &mut PgConnection,
    tenant: Option<&str>,
    name: &str,
    address: &str,
    device: Option<&str>,
) -> Result<Attempt> {
    let tenant = find_tenant(conn, tenant)?;
    let typed = name.trim();
    let name = typed.to_lowercase();
    // A tenant that does not exist behaves like one without that user.
    let tenant_id = tenant.unwrap_or_default();
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
    let device = match (device, user) {
        (Some(device), Some(user)) if lock::is_known(conn, tenant_id, user, device)? => Some(device),
        _ => None,
    };
    let counts = Counts::of(tenant_id, &name, address, device);
    counts.check(conn)?;
    Ok(Attempt { tenant: tenant_id, counts, user, hash, outline: outline(typed), name })
}

impl Attempt {
    /// The company.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// What was typed, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// May a directory be asked? Not for somebody who has a password here and has not come from one: it is nobody
    /// else's business.
    pub fn asks_directories(&self, conn: &mut PgConnection) -> Result<bool> {
        let (Some(user), Some(_)) = (self.user, &self.hash) else { return Ok(true) };
        super::outside::arrive::is_of_directory(conn, self.tenant, user)
    }

    /// Holds the password against the stored one. Slow on purpose: call it without holding a connection.
    pub fn verify(&self, password: &str) -> bool {
        password::verify(password, self.hash.as_deref())
    }

    /// Books the outcome: who it is on success, to be admitted; else the failure and perhaps a lock. Failures before it
    /// are forgotten only when somebody is in, or whoever knows the password could guess at the rest for ever.
    pub fn settle(self, conn: &mut PgConnection, fits: bool, door: &Door) -> Result<Proven> {
        if let (true, Some(user)) = (fits, self.user) {
            let (tenant, name) = (self.tenant, self.name);
            return Ok(Proven { tenant, user, name, way: Way::Password, second_factor: false });
        }
        self.counts.fail(conn)?;
        let mut guest = Guest { tenant: self.tenant, user: self.user, ..Guest::default() };
        if self.user.is_none() {
            guest.detail.insert("name".into(), self.outline.into());
        }
        door.note(conn, Event::SignInFailed, guest)?;
        Err(Error::refused(Code::BadCredentials, &[]))
    }
}

/// The tenant by its key, or the only one there is.
pub fn find_tenant(conn: &mut PgConnection, key: Option<&str>) -> Result<Option<Uuid>> {
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

/// Gives a user a password that the tenant's policy allows; sessions that began with the old one end.
pub fn set_password(
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Uuid,
    password: &str,
    keep: Option<Uuid>,
) -> Result<()> {
    Policy::of(conn, tenant)?.check_password(conn, tenant, user, password)?;
    let hash = password::hash(password)?;
    conn.transaction(|conn| {
        diesel::sql_query(
            "INSERT INTO former_passwords (tenant_id, user_id, password_hash, replaced_at) \
             SELECT tenant_id, user_id, password_hash, clock_timestamp() FROM credentials \
             WHERE tenant_id = $1 AND user_id = $2",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .execute(conn)?;
        diesel::sql_query(format!(
            "DELETE FROM former_passwords WHERE tenant_id = $1 AND user_id = $2 AND replaced_at NOT IN \
             (SELECT replaced_at FROM former_passwords WHERE tenant_id = $1 AND user_id = $2 \
             ORDER BY replaced_at DESC LIMIT {HISTORY_MAX})"
        ))
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .execute(conn)?;
        diesel::sql_query(
            "INSERT INTO credentials (tenant_id, user_id, password_hash, changed_at) VALUES ($1, $2, $3, now()) \
             ON CONFLICT (tenant_id, user_id) DO UPDATE SET password_hash = EXCLUDED.password_hash, \
             must_change = false, changed_at = now()",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .bind::<Text, _>(hash)
        .execute(conn)?;
        super::session::revoke_all(conn, tenant, user, keep)
    })
}

/// The user chooses another password at the next sign-in, before anything else.
pub fn must_change(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<()> {
    diesel::sql_query("UPDATE credentials SET must_change = true WHERE tenant_id = $1 AND user_id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .execute(conn)?;
    Ok(())
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
