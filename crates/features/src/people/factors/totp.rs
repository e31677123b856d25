//! Codes of an authenticator application: TOTP, RFC 6238, with SHA-1, six digits and steps of 30 seconds, which is what
//! the applications all know. A code is good one step early or late, and once.

use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::vault::SealedColumn;
use kezhan_engine::{Engine, Error, Result};
use kezhan_meta::problem::Code;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::Serialize;
use totp_rs::{Builder, Totp};
use uuid::Uuid;

/// Bytes of a secret, as RFC 4226 recommends.
const SECRET: usize = 20;
/// Minutes within which a new secret has to be confirmed.
pub(crate) const PENDING_MINUTES: i32 = 30;

/// A secret to be put into an authenticator application.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    /// Base32, to be typed where nothing can be scanned.
    pub secret: String,
    /// `otpauth://totp/…`
    pub uri: String,
    /// The same as a QR code, an SVG document.
    pub qr_svg: String,
}

fn of(secret: &[u8]) -> Result<Totp> {
    named(secret, "kezhan", "kezhan")
}

fn named(secret: &[u8], issuer: &str, account: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(secret.to_vec())
        .with_issuer(Some(issuer))
        .with_account_name(account)
        .build()
        .map_err(|e| Error::Internal(format!("TOTP: {e}")))
}

/// Where secrets lie, for when their key is renewed. One that is confirmed moves from the second to the first as it is.
pub const SEALED: SealedColumn =
    SealedColumn { table: "totp_factors", id: "user_id", column: "secret", context: "totp" };
pub const PENDING: SealedColumn = SealedColumn { column: "pending", ..SEALED };

/// A new secret, and how it is put into an application.
pub(crate) fn fresh(issuer: &str, account: &str) -> Result<([u8; SECRET], Offer)> {
    let secret: [u8; SECRET] = rand::random();
    // A colon parts issuer and account.
    let totp = named(&secret, &issuer.replace(':', " "), &account.replace(':', " "))?;
    let uri = totp.to_url().map_err(|e| Error::Internal(format!("TOTP: {e}")))?;
    let code = QrCode::new(uri.as_bytes()).map_err(|e| Error::Internal(format!("QR code: {e}")))?;
    let qr_svg = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok((secret, Offer { secret: totp.secret().to_base32(), uri, qr_svg }))
}

/// Makes a secret that counts once it is confirmed. What counted before counts until then.
pub fn begin(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Offer> {
    let names: Names = diesel::sql_query(
        "SELECT t.name AS company, coalesce(u.username, u.name)::text AS person FROM users u \
         JOIN tenants t ON t.id = u.tenant_id WHERE u.tenant_id = $1 AND u.id = $2",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .get_result(conn)?;
    let (secret, offer) = fresh(&format!("Kezhan {}", names.company), &names.person)?;
    let sealed = PENDING.seal(engine.vault(), conn, tenant, user, &secret)?;
    diesel::sql_query(
        "INSERT INTO totp_factors (tenant_id, user_id, pending, pending_at) VALUES ($1, $2, $3, now()) \
         ON CONFLICT (tenant_id, user_id) DO UPDATE SET pending = EXCLUDED.pending, pending_at = now()",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Binary, _>(sealed)
    .execute(conn)?;
    Ok(offer)
}

#[derive(QueryableByName)]
struct Names {
    #[diesel(sql_type = Text)]
    company: String,
    #[diesel(sql_type = Text)]
    person: String,
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Nullable<Binary>)]
    sealed: Option<Vec<u8>>,
}

/// The step of time whose code this is.
fn step(
    engine: &Engine,
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Uuid,
    sealed: &[u8],
    code: &str,
) -> Result<Option<i64>> {
    let secret = SEALED.open(engine.vault(), conn, tenant, user, sealed)?;
    step_of(&secret, code)
}

/// The step of time, about now, whose code of this secret it is.
pub(crate) fn step_of(secret: &[u8], code: &str) -> Result<Option<i64>> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let now = u64::try_from(Utc::now().timestamp()).unwrap_or_default();
    Ok(of(secret)?.check(&code, now).and_then(|step| i64::try_from(step).ok()))
}

/// Makes the new secret count, if this is a code of it.
pub fn confirm(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, user: Uuid, code: &str) -> Result<bool> {
    let kept = diesel::sql_query(
        "SELECT pending AS sealed FROM totp_factors WHERE tenant_id = $1 AND user_id = $2 \
         AND pending_at > now() - make_interval(mins => $3) FOR UPDATE",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<diesel::sql_types::Integer, _>(PENDING_MINUTES)
    .get_result::<Kept>(conn)
    .optional()?;
    let sealed = kept.and_then(|k| k.sealed).ok_or_else(|| Error::refused(Code::NotPossible, &["totp"]))?;
    let Some(step) = step(engine, conn, tenant, user, &sealed, code)? else { return Ok(false) };
    diesel::sql_query(
        "UPDATE totp_factors SET secret = pending, confirmed_at = now(), last_step = $3, pending = NULL, \
         pending_at = NULL WHERE tenant_id = $1 AND user_id = $2",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<BigInt, _>(step)
    .execute(conn)?;
    Ok(true)
}

/// Is it a code of this user's of which neither itself nor a later one was taken before?
pub fn verify(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, user: Uuid, code: &str) -> Result<bool> {
    let kept = diesel::sql_query("SELECT secret AS sealed FROM totp_factors WHERE tenant_id = $1 AND user_id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .get_result::<Kept>(conn)
        .optional()?;
    let Some(sealed) = kept.and_then(|k| k.sealed) else { return Ok(false) };
    let Some(step) = step(engine, conn, tenant, user, &sealed, code)? else { return Ok(false) };
    // Of two that show the same code at once, one is first.
    let taken = diesel::sql_query(
        "UPDATE totp_factors SET last_step = $3 WHERE tenant_id = $1 AND user_id = $2 AND last_step < $3",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<BigInt, _>(step)
    .execute(conn)?;
    Ok(taken > 0)
}

/// Was there one?
pub fn remove(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<bool> {
    let gone =
        diesel::sql_query("DELETE FROM totp_factors WHERE tenant_id = $1 AND user_id = $2 AND secret IS NOT NULL")
            .bind::<SqlUuid, _>(tenant)
            .bind::<SqlUuid, _>(user)
            .execute(conn)?;
    Ok(gone > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 6238, its last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = of(b"12345678901234567890").unwrap();
        for (at, code, step) in
            [(59, "287082", 1), (1_111_111_109, "081804", 37_037_036), (2_000_000_000, "279037", 66_666_666)]
        {
            assert_eq!(totp.check(code, at), Some(step));
            assert_eq!(totp.check(code, at + 30), Some(step), "one step late");
            assert_eq!(totp.check(code, at + 90), None);
        }
    }
}
