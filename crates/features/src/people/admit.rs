//! Where every way of signing in ends. Whoever has proved who they are, by a password, through a directory or with a
//! provider of identities, is admitted here and nowhere else, so that what a company asks of everybody is asked of them
//! whichever way they came.

use super::challenge::{self, Further, Step};
use super::door::Door;
use super::factors::Standing;
use super::lock::{self, Counts};
use super::policy::Policy;
use super::session::{self, Session};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use uuid::Uuid;

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Ours.
    Password,
    /// One that a directory has checked.
    Directory,
    /// The word of a provider of identities.
    Provider,
    /// A link that an administrator made for them.
    Link,
    Passkey,
}

impl Way {
    const ALL: [Way; 5] = [Way::Password, Way::Directory, Way::Provider, Way::Link, Way::Passkey];

    pub const fn key(self) -> &'static str {
        match self {
            Way::Password => "password",
            Way::Directory => "directory",
            Way::Provider => "provider",
            Way::Link => "link",
            Way::Passkey => "passkey",
        }
    }

    pub fn parse(key: &str) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.key() == key)
    }
}

/// Somebody who has proved to be this user.
#[derive(Clone, Debug)]
pub struct Proven {
    pub tenant: Uuid,
    pub user: Uuid,
    /// What was typed to say who it is, in lower case: what failures are counted by. See [`Proven::nameless`].
    pub name: String,
    pub way: Way,
    /// A second factor has been seen, here or by whoever vouches for this person and is trusted to have.
    pub second_factor: bool,
}

impl Proven {
    /// Of somebody who typed no name here.
    pub fn nameless(tenant: Uuid, user: Uuid, way: Way, second_factor: bool) -> Proven {
        Proven { tenant, user, name: user.to_string(), way, second_factor }
    }
}

/// Where somebody stands who wants in.
#[derive(Clone, Copy, Debug)]
pub struct Threshold<'a> {
    pub door: &'a Door,
    /// The secret that the browser holds, by which it is known again.
    pub device: &'a str,
    /// It will come back with that secret: a browser, not a program.
    pub keeps_cookies: bool,
    /// How long a session lives unused, where the tenant's policy says nothing.
    pub days: i32,
    /// How long an access token lives.
    pub access_minutes: i64,
}

impl Threshold<'_> {
    /// What this person's failures here are counted by: the name that was typed, and the user, whatever was typed.
    pub fn counts(&self, conn: &mut PgConnection, proven: &Proven) -> Result<Vec<Counts>> {
        let known = lock::is_known(conn, proven.tenant, proven.user, self.device)?;
        let address = self.door.origin.ip.as_deref().unwrap_or_default();
        let user = proven.user.to_string();
        let names = [proven.name.as_str(), user.as_str()].into_iter().take(if proven.name == user { 1 } else { 2 });
        Ok(names.map(|name| Counts::of(proven.tenant, name, address, known.then_some(self.device))).collect())
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Admission {
    In(Session),
    /// Something is missing yet; there is no session until it is there.
    Further(Further),
}

/// Lets somebody in, or says what is missing.
pub fn admit(conn: &mut PgConnection, proven: &Proven, at: &Threshold<'_>) -> Result<Admission> {
    conn.transaction(|conn| {
        if !is_active(conn, proven.tenant, proven.user)? {
            return Err(Error::refused(Code::BadCredentials, &[]));
        }
        let policy = Policy::of(conn, proven.tenant)?;
        if let Some(step) = missing(conn, proven, &policy)? {
            return Ok(Admission::Further(challenge::begin(conn, proven, at, step)?));
        }
        for counts in at.counts(conn, proven)? {
            counts.forget(conn)?;
        }
        lock::know(conn, proven.tenant, proven.user, at.device)?;
        Ok(Admission::In(session::begin(conn, proven, &policy, at)?))
    })
}

fn missing(conn: &mut PgConnection, proven: &Proven, policy: &Policy) -> Result<Option<Step>> {
    let Proven { tenant, user, way, second_factor, .. } = *proven;
    if !second_factor {
        if Standing::of(conn, tenant, user)?.any() {
            return Ok(Some(Step::SecondFactor));
        }
        if policy.asks_second_factor(conn, tenant, user)? {
            return Ok(Some(Step::Enrol));
        }
    }
    let stale = way == Way::Password && policy.password_is_stale(conn, tenant, user)?;
    Ok(stale.then_some(Step::Password))
}

/// May this user sign in at all?
fn is_active(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        active: bool,
    }
    let row = diesel::sql_query(
        "SELECT EXISTS (SELECT 1 FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE u.tenant_id = $1 AND u.id = $2 \
         AND u.status = 'active' AND u.deleted_at IS NULL AND t.status = 'active') AS active",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .get_result::<Row>(conn)?;
    Ok(row.active)
}
