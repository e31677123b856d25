//! Second factors: what somebody has, beside what they know.

pub mod passkey;
pub mod recovery;
pub mod remove;
pub mod totp;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_meta::problem::Code;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// What a person shows of what they have.
#[derive(Clone, Debug)]
pub enum Shown {
    /// Of an authenticator application.
    Code(String),
    Recovery(String),
    /// Where it was shown besides.
    Passkey(Box<(passkey::Signed, passkey::Place)>),
    /// One that is being set up, under a name.
    NewPasskey(Box<(String, passkey::Signed, passkey::Place)>),
}

impl Shown {
    /// The field that a wrong one is to be named by.
    pub fn field(&self) -> &'static str {
        match self {
            Shown::Code(_) => "code",
            Shown::Recovery(_) => "recovery_code",
            Shown::Passkey(_) | Shown::NewPasskey(_) => "passkey",
        }
    }
}

/// What somebody has.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Standing {
    /// Since when there is an authenticator application.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub totp_since: Option<DateTime<Utc>>,
    /// Recovery codes that have not been used.
    #[diesel(sql_type = BigInt)]
    pub recovery_codes: i64,
    #[diesel(sql_type = BigInt)]
    pub passkeys: i64,
    /// Whether there is a password of ours to prove oneself with.
    #[diesel(sql_type = Bool)]
    pub password: bool,
}

impl Standing {
    pub fn of(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Standing> {
        Ok(diesel::sql_query(
            "SELECT (SELECT confirmed_at FROM totp_factors WHERE tenant_id = $1 AND user_id = $2 AND secret IS NOT NULL) \
             AS totp_since, \
             (SELECT count(*) FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL) \
             AS recovery_codes, \
             (SELECT count(*) FROM passkeys WHERE tenant_id = $1 AND user_id = $2) AS passkeys, \
             EXISTS (SELECT 1 FROM credentials WHERE tenant_id = $1 AND user_id = $2) AS password",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .get_result(conn)?)
    }

    /// Is there a second factor at all? Recovery codes alone are none.
    pub fn any(&self) -> bool {
        self.totp_since.is_some() || self.passkeys > 0
    }

    /// What a sign-in may be finished with.
    pub fn kinds(&self) -> Vec<&'static str> {
        let mut kinds = Vec::new();
        if self.totp_since.is_some() {
            kinds.push("totp");
        }
        if self.passkeys > 0 {
            kinds.push("passkey");
        }
        if self.recovery_codes > 0 {
            kinds.push("recovery_code");
        }
        kinds
    }
}

/// Is it this user's, and unused? Whatever was good is spent.
pub fn verify(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, user: Uuid, shown: &Shown) -> Result<bool> {
    match shown {
        Shown::Code(code) => totp::verify(engine, conn, tenant, user, code),
        Shown::Recovery(code) => recovery::spend(conn, tenant, user, code),
        Shown::Passkey(shown) => passkey::verify(conn, tenant, user, &shown.0, &shown.1),
        Shown::NewPasskey(_) => Ok(false),
    }
}

/// Sets up what is shown here for the first time; is it in force? Which factor it is.
pub fn enrol(
    engine: &Engine,
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Uuid,
    shown: Shown,
) -> Result<Option<&'static str>> {
    match shown {
        Shown::Code(code) => Ok(totp::confirm(engine, conn, tenant, user, &code)?.then_some("totp")),
        Shown::NewPasskey(made) => {
            let (name, signed, place) = *made;
            passkey::register(conn, tenant, user, &name, signed, &place)?;
            Ok(Some("passkey"))
        }
        Shown::Recovery(_) | Shown::Passkey(_) => Ok(None),
    }
}

/// Takes away everything of this user's; how much there was.
pub fn remove_all(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<usize> {
    let mut gone = 0;
    for table in ["totp_factors", "recovery_codes", "passkeys"] {
        gone += diesel::sql_query(format!("DELETE FROM {table} WHERE tenant_id = $1 AND user_id = $2"))
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(user)
            .execute(conn)?;
    }
    Ok(gone)
}

/// The caller switches their authenticator application off. Recovery codes go with the last factor.
pub fn switch_off(conn: &mut PgConnection, caller: &Caller, user: Uuid) -> Result<()> {
    if !totp::remove(conn, caller.tenant, user)? {
        return Err(Error::refused(Code::NotPossible, &["totp"]));
    }
    removed(conn, caller, user, "totp")
}

/// What follows when a factor is gone: recovery codes go with the last one.
pub fn removed(conn: &mut PgConnection, caller: &Caller, user: Uuid, factor: &str) -> Result<()> {
    if !Standing::of(conn, caller.tenant, user)?.any() {
        recovery::forget(conn, caller.tenant, user)?;
    }
    Note::by(caller, Event::SecondFactorRemoved)
        .on("user", Some(user))
        .with(json!({ "factor": factor }))
        .write(conn, caller.tenant)
}
