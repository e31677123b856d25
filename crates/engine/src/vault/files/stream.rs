//! STREAM over AES-256-GCM: the nonce of a chunk is the file's own seven bytes, the number of the chunk in four, and one
//! that tells the last.
//!
//! By ring: what seals values (`aes-gcm`) does a third of its throughput, and in builds for tests a thousandth. A test
//! holds what is written here against the STREAM of RustCrypto.

use super::NONCE;
use crate::{Error, Result};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// "Less safe" for the nonces, which are ours to choose: no two chunks under one key have the same, as each file has a
/// key of its own.
pub(super) struct Stream {
    key: LessSafeKey,
    nonce: [u8; NONCE],
}

impl Stream {
    pub fn new(key: &[u8; 32], nonce: [u8; NONCE]) -> Result<Stream> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| Error::Internal("a key has no 256 bits".into()))?;
        Ok(Stream { key: LessSafeKey::new(key), nonce })
    }

    fn nonce(&self, chunk: u32, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..NONCE].copy_from_slice(&self.nonce);
        nonce[NONCE..11].copy_from_slice(&chunk.to_be_bytes());
        nonce[11] = u8::from(last);
        Nonce::assume_unique_for_key(nonce)
    }

    /// Turns the content of a chunk into the chunk.
    pub fn seal(&self, chunk: u32, last: bool, bytes: &mut Vec<u8>) -> Result<()> {
        let sealed = self.key.seal_in_place_append_tag(self.nonce(chunk, last), Aad::empty(), bytes);
        sealed.map_err(|_| Error::Internal("a chunk is too long to be sealed".into()))
    }

    /// And back; false where it is not that chunk.
    pub fn open(&self, chunk: u32, last: bool, bytes: &mut Vec<u8>) -> bool {
        match self.key.open_in_place(self.nonce(chunk, last), Aad::empty(), bytes).map(|content| content.len()) {
            Ok(length) => {
                bytes.truncate(length);
                true
            }
            Err(_) => false,
        }
    }
}
