//! Master keys: from the configuration, never in the database. They wrap data keys and nothing else.

use super::cipher::{self, Key};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// A key of 256 bits, known by a fingerprint that does not give it away.
pub struct MasterKey {
    fingerprint: String,
    key: Key,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.fingerprint)
    }
}

impl MasterKey {
    /// Reads 32 bytes as 64 hexadecimal digits or in Base64. `None` for anything else: a key that somebody thought up
    /// is none.
    pub fn parse(text: &str) -> Option<MasterKey> {
        let text = text.trim();
        let bytes = Zeroizing::new(match text.len() {
            64 => hex::decode(text).ok()?,
            _ => STANDARD.decode(text).ok()?,
        });
        let root = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
        Some(MasterKey::new(&root))
    }

    fn new(root: &[u8; 32]) -> MasterKey {
        let fingerprint = hex::encode(&cipher::mac(root, &[b"kezhan master key: fingerprint".as_slice()])[..8]);
        MasterKey { fingerprint, key: Key::new(&cipher::mac(root, &[b"kezhan master key: wrap".as_slice()])) }
    }

    /// A new key as text, for a file or the environment.
    pub fn generate() -> Zeroizing<String> {
        Zeroizing::new(hex::encode(*cipher::random()))
    }

    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn wrap(&self, tenant: Uuid, id: Uuid, purpose: &str, key: &[u8; 32]) -> Result<Vec<u8>> {
        self.key.seal(&[tenant.as_bytes(), id.as_bytes(), purpose.as_bytes()].concat(), key)
    }

    pub(super) fn unwrap(&self, tenant: Uuid, id: Uuid, purpose: &str, wrapped: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let plain = self.key.open(&[tenant.as_bytes(), id.as_bytes(), purpose.as_bytes()].concat(), wrapped)?;
        Some(Zeroizing::new(<[u8; 32]>::try_from(plain.as_slice()).ok()?))
    }
}

/// Reads keys, one a line or parted by commas; lines that begin with `#` tell people something. The first wraps, all of
/// them unwrap.
pub fn parse_keys(text: &str) -> Result<Vec<MasterKey>> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty());
    let keys = words.map(|word| {
        MasterKey::parse(word).ok_or_else(|| {
            Error::Internal("a master key is 32 random bytes, as 64 hexadecimal digits or in Base64".into())
        })
    });
    let keys: Vec<MasterKey> = keys.collect::<Result<_>>()?;
    match keys.is_empty() {
        true => Err(Error::Internal("there is no master key".into())),
        false => Ok(keys),
    }
}
