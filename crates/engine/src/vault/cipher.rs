//! The primitives: AES-256-GCM with random nonces, HMAC-SHA256.

use crate::{Error, Result};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use hmac::{Hmac, Mac};
use rand::TryRngCore;
use rand::rngs::OsRng;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Random nonces of 96 bits: good for 2³² messages under one key (NIST SP 800-38D, 8.3).
const NONCE: usize = 12;

/// A key ready for use. Cleared when dropped.
pub(super) struct Key(Aes256Gcm);

impl Key {
    pub fn new(bytes: &[u8; 32]) -> Key {
        Key(Aes256Gcm::new(bytes.into()))
    }

    /// Nonce, ciphertext, tag.
    pub fn seal(&self, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        fill(&mut nonce)?;
        let sealed = self.0.encrypt(&nonce.into(), Payload { msg: plain, aad });
        let sealed = sealed.map_err(|_| Error::Internal("a value is too long to be sealed".into()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// `None`: not sealed by this key for this purpose, or changed since.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        let nonce = <[u8; NONCE]>::try_from(nonce).ok()?;
        self.0.decrypt(&nonce.into(), Payload { msg: text, aad }).ok().map(Zeroizing::new)
    }
}

/// HMAC-SHA256 over the parts, each with its length before it.
pub(super) fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    // HMAC fills a short key up with zeros to the block of its hash.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

pub(super) fn random() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(bytes.as_mut_slice());
    bytes
}

pub(super) fn fill(bytes: &mut [u8]) -> Result<()> {
    OsRng.try_fill_bytes(bytes).map_err(|e| Error::Internal(format!("no random numbers: {e}")))
}
