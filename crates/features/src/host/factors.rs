//! Second factors of administrators of the installation: an authenticator application, and recovery codes.

use super::INSTALLATION;
use super::admins::Administrator;
use super::trail::{self, Actor};
use crate::people::factors::totp::{self, Offer, PENDING_MINUTES};
use crate::people::factors::{Shown, recovery};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::{Engine, Error, Result};
use kezhan_meta::problem::Code;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// What an administrator has.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Standing {
    /// Since when there is an authenticator application.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub totp_since: Option<DateTime<Utc>>,
    /// Recovery codes that have not been used.
    #[diesel(sql_type = BigInt)]
    pub recovery_codes: i64,
}

impl Standing {
    pub fn of(conn: &mut PgConnection, id: Uuid) -> Result<Standing> {
        Ok(diesel::sql_query(
            "SELECT (SELECT confirmed_at FROM host_totp_factors WHERE administrator_id = $1 AND secret IS NOT NULL) \
               AS totp_since, \
             (SELECT count(*) FROM host_recovery_codes WHERE administrator_id = $1 AND used_at IS NULL) AS recovery_codes",
        )
        .bind::<SqlUuid, _>(id)
        .get_result(conn)?)
    }

    /// What a sign-in has to be completed with; nothing where the password is enough.
    pub fn kinds(&self) -> Vec<&'static str> {
        let codes = (self.recovery_codes > 0).then_some("recovery_code");
        self.totp_since.iter().map(|_| "totp").chain(codes.filter(|_| self.totp_since.is_some())).collect()
    }
}

fn context(id: Uuid) -> String {
    format!("host_totp:{id}")
}

/// Makes a secret that counts once it is confirmed. What counted before counts until then.
pub fn begin(engine: &Engine, conn: &mut PgConnection, who: &Administrator) -> Result<Offer> {
    let (secret, offer) = totp::fresh("Kezhan /host", &who.username)?;
    let sealed = engine.vault().seal(conn, INSTALLATION, &context(who.id), &secret)?;
    diesel::sql_query(
        "INSERT INTO host_totp_factors (administrator_id, pending, pending_at) VALUES ($1, $2, now()) \
         ON CONFLICT (administrator_id) DO UPDATE SET pending = EXCLUDED.pending, pending_at = now()",
    )
    .bind::<SqlUuid, _>(who.id)
    .bind::<Binary, _>(sealed)
    .execute(conn)?;
    Ok(offer)
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Nullable<Binary>)]
    sealed: Option<Vec<u8>>,
}

/// Makes the new secret count, if this is a code of it. With recovery codes, in place of those before.
pub fn confirm(
    engine: &Engine,
    conn: &mut PgConnection,
    actor: &Actor,
    who: &Administrator,
    code: &str,
) -> Result<Vec<String>> {
    conn.transaction(|conn| {
        let kept = diesel::sql_query(
            "SELECT pending AS sealed FROM host_totp_factors WHERE administrator_id = $1 \
             AND pending_at > now() - make_interval(mins => $2) FOR UPDATE",
        )
        .bind::<SqlUuid, _>(who.id)
        .bind::<Integer, _>(PENDING_MINUTES)
        .get_result::<Kept>(conn)
        .optional()?;
        let sealed = kept.and_then(|k| k.sealed).ok_or_else(|| Error::refused(Code::NotPossible, &["totp"]))?;
        let secret = engine.vault().open(conn, INSTALLATION, &context(who.id), &sealed)?;
        let step = totp::step_of(&secret, code)?.ok_or_else(|| Error::invalid("code", Code::BadCode))?;
        diesel::sql_query(
            "UPDATE host_totp_factors SET secret = pending, confirmed_at = now(), last_step = $2, pending = NULL, \
             pending_at = NULL WHERE administrator_id = $1",
        )
        .bind::<SqlUuid, _>(who.id)
        .bind::<BigInt, _>(step)
        .execute(conn)?;
        trail::note(conn, actor, "second_factor_set", None, json!({ "factor": "totp" }))?;
        codes(conn, who.id)
    })
}

/// A new set of recovery codes; those before it are void.
pub fn renew(conn: &mut PgConnection, actor: &Actor, who: &Administrator) -> Result<Vec<String>> {
    if Standing::of(conn, who.id)?.totp_since.is_none() {
        return Err(Error::refused(Code::NotPossible, &["recovery_codes"]));
    }
    conn.transaction(|conn| {
        trail::note(conn, actor, "recovery_codes_made", None, json!({}))?;
        codes(conn, who.id)
    })
}

fn codes(conn: &mut PgConnection, id: Uuid) -> Result<Vec<String>> {
    forget_codes(conn, id)?;
    let codes = recovery::fresh();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|c| recovery::hash(id, c)).collect();
    diesel::sql_query(
        "INSERT INTO host_recovery_codes (administrator_id, code_hash) SELECT $1, h FROM unnest($2) AS h",
    )
    .bind::<SqlUuid, _>(id)
    .bind::<Array<Binary>, _>(hashes)
    .execute(conn)?;
    Ok(codes)
}

fn forget_codes(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    diesel::sql_query("DELETE FROM host_recovery_codes WHERE administrator_id = $1")
        .bind::<SqlUuid, _>(id)
        .execute(conn)?;
    Ok(())
}

/// Is it this administrator's, and unused? Whatever was good is spent.
pub fn verify(engine: &Engine, conn: &mut PgConnection, id: Uuid, shown: &Shown) -> Result<bool> {
    let taken = match shown {
        Shown::Code(code) => {
            let kept = diesel::sql_query("SELECT secret AS sealed FROM host_totp_factors WHERE administrator_id = $1")
                .bind::<SqlUuid, _>(id)
                .get_result::<Kept>(conn)
                .optional()?;
            let Some(sealed) = kept.and_then(|k| k.sealed) else { return Ok(false) };
            let secret = engine.vault().open(conn, INSTALLATION, &context(id), &sealed)?;
            let Some(step) = totp::step_of(&secret, code)? else { return Ok(false) };
            // Of two that show the same code at once, one is first.
            diesel::sql_query(
                "UPDATE host_totp_factors SET last_step = $2 WHERE administrator_id = $1 AND last_step < $2",
            )
            .bind::<SqlUuid, _>(id)
            .bind::<BigInt, _>(step)
            .execute(conn)?
        }
        Shown::Recovery(code) => diesel::sql_query(
            "UPDATE host_recovery_codes SET used_at = now() WHERE administrator_id = $1 AND code_hash = $2 \
             AND used_at IS NULL",
        )
        .bind::<SqlUuid, _>(id)
        .bind::<Binary, _>(recovery::hash(id, code))
        .execute(conn)?,
        Shown::Passkey(_) | Shown::NewPasskey(_) => 0,
    };
    Ok(taken > 0)
}

/// Switches it off.
pub fn remove(conn: &mut PgConnection, actor: &Actor, who: &Administrator) -> Result<()> {
    conn.transaction(|conn| {
        let gone =
            diesel::sql_query("DELETE FROM host_totp_factors WHERE administrator_id = $1 AND secret IS NOT NULL")
                .bind::<SqlUuid, _>(who.id)
                .execute(conn)?;
        if gone == 0 {
            return Err(Error::refused(Code::NotPossible, &["totp"]));
        }
        forget_codes(conn, who.id)?;
        trail::note(conn, actor, "second_factor_removed", None, json!({ "administrator": who.username }))
    })
}

/// The same for somebody who has lost everything, from the command line.
pub fn forget(conn: &mut PgConnection, actor: &Actor, username: &str) -> Result<()> {
    let who: Option<Administrator> =
        diesel::sql_query("SELECT id, username, now() AS expires_at FROM host_administrators WHERE username = $1")
            .bind::<Text, _>(username.trim().to_lowercase())
            .get_result(conn)
            .optional()?;
    remove(conn, actor, &who.ok_or_else(Error::not_found)?)
}
