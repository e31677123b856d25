//! Passwords, kept as argon2id hashes.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use kezhan_engine::{Error, Result};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use std::sync::LazyLock;

/// Fewest characters of a password.
pub const LENGTH_MIN: usize = 8;
/// Most characters of a password: hashing must stay bounded.
pub const LENGTH_MAX: usize = 200;

/// Stands in where there is no such user, so that the answer takes as long.
static DUMMY: LazyLock<String> = LazyLock::new(|| hash("no one has this password").unwrap_or_default());

/// A new password held against the rules for passwords.
pub fn check(password: &str) -> Result<()> {
    let violation = match password.chars().count() {
        n if n < LENGTH_MIN => Violation::new("password", Code::TooShort).with(LENGTH_MIN),
        n if n > LENGTH_MAX => Violation::new("password", Code::TooLong).with(LENGTH_MAX),
        _ => return Ok(()),
    };
    Err(Error::Invalid(vec![violation]))
}

pub fn hash(password: &str) -> Result<String> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    Ok(hashed.map_err(|e| Error::Internal(format!("hashing a password: {e}")))?.to_string())
}

/// Does the password fit? Takes the same time where there is no hash to compare with.
pub fn verify(password: &str, stored: Option<&str>) -> bool {
    if password.chars().count() > LENGTH_MAX {
        return false;
    }
    let fits = PasswordHash::new(stored.unwrap_or(DUMMY.as_str()))
        .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
    fits && stored.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let stored = hash("客栈-kezhan").unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("客栈-kezhan", Some(&stored)));
        assert!(!verify("kezhan", Some(&stored)));
        assert!(!verify("no one has this password", None));
        assert!(!verify("x", Some("not a hash")));
    }
}
