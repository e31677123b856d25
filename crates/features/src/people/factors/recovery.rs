//! Recovery codes: a way in for whoever has lost the other factor. Each is good once.

use crate::people::digest;
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Uuid as SqlUuid};
use kezhan_engine::Result;
use uuid::Uuid;

/// How many there are in a set.
pub const COUNT: usize = 10;
/// Letters and digits that are not taken for each other (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code: 80 random bits, more than anybody guesses from a hash.
const LENGTH: usize = 16;

/// A new set, in place of the one before. They are shown here and never again: only their hashes are kept.
pub fn renew(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Vec<String>> {
    forget(conn, tenant, user)?;
    let codes = fresh();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|c| hash(user, c)).collect();
    diesel::sql_query(
        "INSERT INTO recovery_codes (tenant_id, user_id, code_hash) SELECT $1, $2, h FROM unnest($3) AS h",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Array<Binary>, _>(hashes)
    .execute(conn)?;
    Ok(codes)
}

/// Is it one of this user's that has not been used? Then it is used now.
pub fn spend(conn: &mut PgConnection, tenant: Uuid, user: Uuid, code: &str) -> Result<bool> {
    let spent = diesel::sql_query(
        "UPDATE recovery_codes SET used_at = now() WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3 \
         AND used_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<Binary, _>(hash(user, code))
    .execute(conn)?;
    Ok(spent > 0)
}

pub fn forget(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<()> {
    diesel::sql_query("DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .execute(conn)?;
    Ok(())
}

/// A set of codes that nobody has.
pub(crate) fn fresh() -> Vec<String> {
    (0..COUNT).map(|_| code()).collect()
}

/// `7K3M-9QTZ-04XH-PWEB`
fn code() -> String {
    let bytes: [u8; LENGTH] = rand::random();
    let letters: Vec<char> = bytes.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join("-")
}

/// As it is meant, however it was typed.
fn plain(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase());
    letters
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

pub(crate) fn hash(user: Uuid, code: &str) -> Vec<u8> {
    digest(format!("recovery\0{user}\0{}", plain(code)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let (user, made) = (Uuid::now_v7(), code());
        assert_eq!(made.len(), LENGTH + 3);
        let typed = made.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(hash(user, &typed), hash(user, &made));
        assert_ne!(hash(Uuid::now_v7(), &made), hash(user, &made));
    }
}
