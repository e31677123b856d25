//! Passwords, kept as argon2id hashes.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use kezhan_engine::{Error, Result};
use std::sync::LazyLock;

/// Fewest characters of a password.
pub const LENGTH_MIN: usize = 8;
/// Most characters of a password: hashing must stay bounded.
pub const LENGTH_MAX: usize = 200;

/// Stands in where there is no such user, so that the answer takes as long.
static DUMMY: LazyLock<String> = LazyLock::new(|| hash("no one has this password").unwrap_or_default());

/// How somebody else would come to a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// It is one that many people have, or close to one.
    Common,
    /// It is made of the person's own name, address, number or company.
    Own,
}

/// Guesses that an attacker must need at the least: what zxcvbn calls "somewhat guessable", a million.
const GUESSES_MIN: u64 = 1_000_000;

/// Is it found within a million guesses, by whoever knows what people choose and these words about the person?
pub fn guessable(password: &str, own: &[&str]) -> Option<Guess> {
    let easy = |words: &[&str]| zxcvbn::zxcvbn(password, words).guesses() < GUESSES_MIN;
    match (easy(&[]), easy(own)) {
        (true, _) => Some(Guess::Common),
        (false, true) => Some(Guess::Own),
        (false, false) => None,
    }
}

/// Of how many classes it has characters: small letters, capitals, digits, others. Letters of scripts without capitals
/// count as others.
pub fn classes(password: &str) -> u32 {
    let classes: [fn(char) -> bool; 4] = [
        char::is_lowercase,
        char::is_uppercase,
        |c| c.is_ascii_digit(),
        |c| !c.is_lowercase() && !c.is_uppercase() && !c.is_ascii_digit(),
    ];
    classes.iter().map(|class| u32::from(password.chars().any(class))).sum()
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

    #[test]
    fn what_many_people_choose_is_guessed_and_so_is_ones_own_name() {
        for common in ["12345678", "qwertyui", "a1b2c3d4", "admin123", "P@ssw0rd"] {
            assert_eq!(guessable(common, &[]), Some(Guess::Common), "{common}");
        }
        assert_eq!(guessable("chenxiaoyan8", &["chenxiaoyan"]), Some(Guess::Own));
        assert_eq!(guessable("correct horse", &["chenxiaoyan"]), None);
    }

    #[test]
    fn classes_are_counted_once_each() {
        assert_eq!(["aaaa", "aB", "aB3", "aB3-", "客栈1"].map(classes), [1, 2, 3, 4, 2]);
    }
}
