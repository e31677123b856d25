//! Files that are sealed chunk by chunk, so that they are written, read and read in part without being held whole.
//!
//! A sealed file is a header of 67 bytes and then the content in chunks of 64 KiB, each followed by its tag of 16 bytes;
//! only the last chunk may be shorter, and it is empty only where the file is. The header:
//!
//! | bytes | |
//! |---|---|
//! | 0–7 | `89 4B 5A 46 49 4C 45`, and the version of the format: 1 |
//! | 8–23 | the id of the company's key |
//! | 24–27 | bytes of content in a chunk, big-endian |
//! | 28–59 | salt |
//! | 60–66 | first part of the nonces |
//!
//! Each file has a key of its own: HMAC-SHA256 under the company's key over company, name and header, so that nothing of
//! the header can change and no file stands in for another. Chunks are AES-256-GCM in the STREAM construction (Hoang,
//! Reyhanitabar, Rogaway, Vizár 2015, with 32-bit counters as Tink has it): number of the chunk and whether it is the last
//! are part of its nonce. The length of the content follows from that of the file, and is proved by the last chunk.

mod local;
mod open;
mod seal;
mod stream;

#[cfg(test)]
mod tests;

pub use local::{Reader, Stored};
pub use open::{Content, Damaged};
pub use seal::Sealer;

use super::{DataKey, Purpose, Vault, cipher};
use crate::{Error, Result};
use diesel::PgConnection;
use std::sync::{Arc, PoisonError};
use stream::Stream;
use uuid::Uuid;

/// The end of the names of sealed files. What has another name is in the clear, from before files were sealed: a name
/// stands in the database, so that nobody who gets at the files alone puts one in the clear in place of a sealed one.
pub const SUFFIX: &str = ".sealed";

/// Bytes of content in a chunk, of a tag, of the header.
pub const CHUNK: usize = 64 << 10;
pub const TAG: usize = 16;
pub const HEAD: usize = 67;

const MAGIC: [u8; 8] = *b"\x89KZFILE\x01";
const NONCE: usize = 7;
/// What the key of a file is derived for.
const PURPOSE: &[u8] = b"kezhan file";

/// Is a file of this name sealed?
pub fn is_sealed(name: &str) -> bool {
    name.ends_with(SUFFIX)
}

/// The beginning of a sealed file.
#[derive(Clone, Copy)]
pub struct Head([u8; HEAD]);

impl Head {
    fn new(key: Uuid) -> Result<Head> {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(&MAGIC);
        head[8..24].copy_from_slice(key.as_bytes());
        head[24..28].copy_from_slice(&(CHUNK as u32).to_be_bytes());
        cipher::fill(&mut head[28..])?;
        Ok(Head(head))
    }

    /// Reads the header from the first bytes of a file; none where that is no sealed file of a known kind.
    pub fn parse(bytes: &[u8]) -> Option<Head> {
        let head: [u8; HEAD] = bytes.get(..HEAD)?.try_into().ok()?;
        (head[..8] == MAGIC && head[24..28] == (CHUNK as u32).to_be_bytes()).then_some(Head(head))
    }

    /// The key that the file was sealed with.
    pub fn key(&self) -> Uuid {
        Uuid::from_slice(&self.0[8..24]).unwrap_or_default()
    }
}

/// Bytes of a sealed file with so much content.
pub fn sealed_len(content: u64) -> u64 {
    HEAD as u64 + content + content.div_ceil(CHUNK as u64).max(1) * TAG as u64
}

/// Bytes of content in a sealed file of this size; none where no sealed file has it.
pub fn content_len(size: u64) -> Option<u64> {
    let body = size.checked_sub(HEAD as u64)?;
    let tags = body.div_ceil((CHUNK + TAG) as u64) * TAG as u64;
    let content = body.checked_sub(tags)?;
    (sealed_len(content) == size).then_some(content)
}

/// What the files of a company are sealed with.
#[derive(Clone)]
pub struct FileKey {
    id: Uuid,
    key: Arc<DataKey>,
}

impl FileKey {
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// `name`: by which the file is stored.
    fn stream(&self, head: &Head, name: &str) -> Result<Stream> {
        let tenant = self.key.tenant;
        let key = cipher::mac(&self.key.bytes, &[PURPOSE, tenant.as_bytes(), name.as_bytes(), &head.0]);
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&head.0[HEAD - NONCE..]);
        Stream::new(&key, nonce)
    }
}

impl Vault {
    /// What files of this company are sealed with from now on; made where there is none. Not within a transaction that
    /// may be undone: files know nothing of that.
    pub fn file_key(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<FileKey> {
        let (id, key) = self.current(conn, tenant, Purpose::File)?;
        Ok(FileKey { id, key })
    }

    /// The key that a file names, for files of this company only.
    pub fn file_key_of(&self, conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<FileKey> {
        let key = self.known(conn, tenant, id)?.filter(|k| k.tenant == tenant && k.purpose == Purpose::File);
        let key = key.ok_or_else(|| Error::Internal(format!("there is no key {id} for files of {tenant}")))?;
        Ok(FileKey { id, key })
    }

    /// The same, where it is at hand.
    pub fn file_key_known(&self, tenant: Uuid, id: Uuid) -> Option<FileKey> {
        let key = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        key.filter(|k| k.tenant == tenant && k.purpose == Purpose::File).map(|key| FileKey { id, key })
    }
}
