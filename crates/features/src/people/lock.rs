//! The lock that guessing runs into, and that nobody can lock others out with.
//!
//! Failures are counted by name and address, so that a stranger who guesses locks out themselves; and by name over all
//! addresses, so that many of them do not get further together. A browser in which this user has signed in before has a
//! count of its own, which no stranger raises. All the same whether or not anybody has the name, so that neither the
//! answer nor the lock says who exists.

use super::digest;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Double, Integer, Nullable, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use uuid::Uuid;

/// Wrong passwords in a row that cost nothing.
const FREE: i32 = 5;
/// The same for all strangers together.
const FREE_TOGETHER: i32 = 50;
/// The first lock, in seconds; each further failure doubles it.
const FIRST: i64 = 15;
/// The longest lock, in seconds.
const LONGEST: i64 = 900;

/// What one attempt is counted by: each count with the failures that it forgives.
#[derive(Clone, Debug)]
pub struct Counts {
    tenant: Uuid,
    subjects: Vec<(Vec<u8>, i32)>,
}

impl Counts {
    /// `device`: the secret of a browser that is known to be this user's.
    pub fn of(tenant: Uuid, name: &str, address: &str, device: Option<&str>) -> Counts {
        let subject = |kind: &str, of: &str| digest(format!("{kind}\0{name}\0{of}").as_bytes());
        let subjects = match device {
            Some(device) => vec![(subject("device", device), FREE)],
            None => vec![(subject("address", address), FREE), (subject("all", ""), FREE_TOGETHER)],
        };
        Counts { tenant, subjects }
    }

    fn all(&self) -> Vec<&[u8]> {
        self.subjects.iter().map(|(subject, _)| subject.as_slice()).collect()
    }

    /// Refused while one of them is locked.
    pub fn check(&self, conn: &mut PgConnection) -> Result<()> {
        #[derive(QueryableByName)]
        struct Lock {
            #[diesel(sql_type = Nullable<Timestamptz>)]
            until: Option<DateTime<Utc>>,
        }
        let lock = diesel::sql_query(
            "SELECT max(locked_until) AS until FROM sign_in_failures \
             WHERE tenant_id = $1 AND subject = ANY($2) AND locked_until > now()",
        )
        .bind::<SqlUuid, _>(self.tenant)
        .bind::<Array<Binary>, _>(self.all())
        .get_result::<Lock>(conn)?;
        match lock.until {
            None => Ok(()),
            Some(until) => {
                let seconds = ((until - Utc::now()).num_seconds() + 1).max(1);
                Err(Error::refused(Code::LockedOut, &[&seconds.to_string()]))
            }
        }
    }

    /// Whoever knows the password starts anew.
    pub fn forget(&self, conn: &mut PgConnection) -> Result<()> {
        diesel::sql_query("DELETE FROM sign_in_failures WHERE tenant_id = $1 AND subject = ANY($2)")
            .bind::<SqlUuid, _>(self.tenant)
            .bind::<Array<Binary>, _>(self.all())
            .execute(conn)?;
        Ok(())
    }

    /// One more failure, and perhaps a lock. A day without failures forgets them.
    pub fn fail(&self, conn: &mut PgConnection) -> Result<()> {
        #[derive(QueryableByName)]
        struct Failures {
            #[diesel(sql_type = Integer)]
            failures: i32,
        }
        for (subject, free) in &self.subjects {
            let row = diesel::sql_query(
                "INSERT INTO sign_in_failures AS f (tenant_id, subject, failures, last_at) VALUES ($1, $2, 1, now()) \
                 ON CONFLICT (tenant_id, subject) DO UPDATE SET last_at = now(), \
                 failures = CASE WHEN f.last_at < now() - interval '1 day' THEN 1 ELSE f.failures + 1 END \
                 RETURNING failures",
            )
            .bind::<SqlUuid, _>(self.tenant)
            .bind::<Binary, _>(subject)
            .get_result::<Failures>(conn)?;
            let seconds = lock_seconds(row.failures - free);
            if seconds > 0 {
                diesel::sql_query(
                    "UPDATE sign_in_failures SET locked_until = now() + make_interval(secs => $3) \
                     WHERE tenant_id = $1 AND subject = $2",
                )
                .bind::<SqlUuid, _>(self.tenant)
                .bind::<Binary, _>(subject)
                .bind::<Double, _>(seconds as f64)
                .execute(conn)?;
            }
        }
        Ok(())
    }
}

/// Has this user signed in in the browser that holds this secret?
pub fn is_known(conn: &mut PgConnection, tenant: Uuid, user: Uuid, device: &str) -> Result<bool> {
    let known = diesel::sql_query(
        "UPDATE known_devices SET last_used_at = now() WHERE tenant_id = $1 AND user_id = $2 AND device_hash = $3",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Binary, _>(digest(device.as_bytes()))
    .execute(conn)?;
    Ok(known > 0)
}

/// This browser is this user's from now on.
pub fn know(conn: &mut PgConnection, tenant: Uuid, user: Uuid, device: &str) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO known_devices (tenant_id, user_id, device_hash) VALUES ($1, $2, $3) \
         ON CONFLICT (tenant_id, user_id, device_hash) DO UPDATE SET last_used_at = now()",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Binary, _>(digest(device.as_bytes()))
    .execute(conn)?;
    Ok(())
}

/// 0 for the first failures, then 15 s, 30 s, 60 s … up to a quarter of an hour.
fn lock_seconds(beyond: i32) -> i64 {
    match beyond {
        n if n < 0 => 0,
        n => (FIRST << n.min(10)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<i64> = [-4, -1, 0, 1, 2, 6, 7, 500].into_iter().map(lock_seconds).collect();
        assert_eq!(seconds, [0, 0, 15, 30, 60, 900, 900, 900]);
    }

    #[test]
    fn a_known_device_shares_no_count_with_strangers() {
        let tenant = Uuid::nil();
        let stranger = Counts::of(tenant, "wang", "203.0.113.7", None);
        let known = Counts::of(tenant, "wang", "203.0.113.7", Some("secret"));
        assert!(known.all().iter().all(|s| !stranger.all().contains(s)));
    }
}
