//! Access tokens: short-lived, signed, good without a look at the database.

use chrono::Utc;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use kezhan_engine::{Error, Result};
use kezhan_features::people::Credential;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use uuid::Uuid;

const ISSUER: &str = "kezhan";
/// Seconds by which clocks may differ.
const LEEWAY: i64 = 5;
/// Tokens whose signature is not checked again; then all are forgotten.
const KNOWN_MAX: usize = 10_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    /// The user.
    pub sub: Uuid,
    pub tenant: Uuid,
    pub session: Uuid,
    /// With whose eyes the user looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view_as: Option<Uuid>,
    pub iat: i64,
    pub exp: i64,
}

impl Claims {
    fn credential(&self) -> Credential {
        let (tenant, user, session) = (self.tenant, self.sub, self.session);
        match self.view_as {
            Some(subject) => Credential::ViewAs { tenant, user, session, subject },
            None => Credential::Session { tenant, user, session },
        }
    }
}

/// Signs and checks.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    secret: Vec<u8>,
    minutes: i64,
    /// Tokens that were found good, by their whole text, signature and all, and what they say; when they end included.
    known: RwLock<HashMap<Box<str>, Claims>>,
}

impl Tokens {
    pub fn new(secret: &str, minutes: u32) -> Tokens {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.leeway = LEEWAY.unsigned_abs();
        Tokens {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            secret: secret.as_bytes().to_vec(),
            minutes: i64::from(minutes),
            known: RwLock::default(),
        }
    }

    /// Seconds that a token lives.
    pub fn expires_in(&self) -> i64 {
        self.minutes * 60
    }

    pub fn issue(&self, tenant: Uuid, user: Uuid, session: Uuid) -> Result<String> {
        self.sign(tenant, user, session, None)
    }

    /// For looking as somebody else, within the user's own session.
    pub fn issue_view(&self, tenant: Uuid, user: Uuid, session: Uuid, subject: Uuid) -> Result<String> {
        self.sign(tenant, user, session, Some(subject))
    }

    /// The same view for longer, where it belongs to this session.
    pub fn renew_view(&self, token: &str, user: Uuid, session: Uuid) -> Result<Option<String>> {
        let mut lasting = self.validation.clone();
        lasting.validate_exp = false;
        let Ok(data) = decode::<Claims>(token, &self.decoding, &lasting) else { return Ok(None) };
        let Claims { sub, tenant, session: of, view_as, .. } = data.claims;
        let ours = (sub, of) == (user, session);
        view_as.filter(|_| ours).map(|subject| self.issue_view(tenant, user, session, subject)).transpose()
    }

    fn sign(&self, tenant: Uuid, sub: Uuid, session: Uuid, view_as: Option<Uuid>) -> Result<String> {
        let iat = Utc::now().timestamp();
        let claims = Claims { iss: ISSUER.into(), sub, tenant, session, view_as, iat, exp: iat + self.expires_in() };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).map_err(|e| Error::Internal(e.to_string()))
    }

    pub fn check(&self, token: &str) -> Result<Credential> {
        let living = |claims: &&Claims| claims.exp >= Utc::now().timestamp() - LEEWAY;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = known.get(token).filter(living) {
            return Ok(claims.credential());
        }
        drop(known);
        match decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(data) => {
                let credential = data.claims.credential();
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= KNOWN_MAX {
                    known.clear();
                }
                known.insert(token.into(), data.claims);
                Ok(credential)
            }
            Err(e) if matches!(e.kind(), ErrorKind::ExpiredSignature) => Err(Error::refused(Code::TokenExpired, &[])),
            Err(_) => Err(Error::refused(Code::Unauthenticated, &[])),
        }
    }

    /// What stands for a request that was kept. Without the secret, nobody guesses from it what a short one said.
    pub fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut hash = Sha256::new();
        for part in [self.secret.as_slice()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_tokens_are_good() {
        let ours = Tokens::new("0123456789abcdef0123456789abcdef", 15);
        let (tenant, user, session) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let token = ours.issue(tenant, user, session).unwrap();
        assert!(matches!(ours.check(&token), Ok(Credential::Session { user: u, .. }) if u == user));
        let others = Tokens::new("another secret of thirty-two chars", 15);
        assert!(others.check(&token).is_err());
        // The same claims without a signature.
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        assert!(ours.check(&unsigned).is_err());
        // One that is known does not vouch for another.
        let (head, signature) = token.rsplit_once('.').unwrap();
        let other = format!("{head}.{}", signature.chars().rev().collect::<String>());
        assert!(ours.check(&token).is_ok() && ours.check(&other).is_err());
    }

    #[test]
    fn a_token_ends_although_it_was_good() {
        let ours = Tokens::new("0123456789abcdef0123456789abcdef", 15);
        let (tenant, sub, session) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let exp = Utc::now().timestamp() - LEEWAY + 2;
        let claims = Claims { iss: ISSUER.into(), sub, tenant, session, view_as: None, iat: exp - 60, exp };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &ours.encoding).unwrap();
        assert!(ours.check(&token).is_ok());
        std::thread::sleep(std::time::Duration::from_millis(3_100));
        let Err(Error::Refused { code, .. }) = ours.check(&token) else { panic!("it still opens") };
        assert_eq!(code, Code::TokenExpired);
    }
}
