//! Where every way of signing in ends. Whoever has proved who they are, by a password, through a directory or with a
//! provider of identities, is admitted here and nowhere else, so that what a company asks of everybody is asked of them
//! whichever way they came.

use super::door::Door;
use super::lock::{self, Counts};
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
}

/// Somebody who has proved to be this user.
#[derive(Clone, Debug)]
pub struct Proven {
    pub tenant: Uuid,
    pub user: Uuid,
    /// What was typed to say who it is, in lower case: what failures are counted by. See [`Proven::nameless`].
    pub name: String,
    pub way: Way,
    /// Whoever vouches for this person has seen a second factor, and is trusted to have.
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
    /// How long a session lives unused.
    pub days: i32,
}

impl Threshold<'_> {
    /// What this person's failures here are counted by.
    fn counts(&self, conn: &mut PgConnection, proven: &Proven) -> Result<Counts> {
        let known = lock::is_known(conn, proven.tenant, proven.user, self.device)?;
        let address = self.door.origin.ip.as_deref().unwrap_or_default();
        Ok(Counts::of(proven.tenant, &proven.name, address, known.then_some(self.device)))
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Admission {
    In(Session),
}

/// Lets somebody in.
pub fn admit(conn: &mut PgConnection, proven: &Proven, at: &Threshold<'_>) -> Result<Admission> {
    conn.transaction(|conn| {
        if !is_active(conn, proven.tenant, proven.user)? {
            return Err(Error::refused(Code::BadCredentials, &[]));
        }
        at.counts(conn, proven)?.forget(conn)?;
        lock::know(conn, proven.tenant, proven.user, at.device)?;
        Ok(Admission::In(session::begin(conn, proven.tenant, proven.user, at.days, at.door)?))
    })
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
