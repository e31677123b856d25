//! The vault: seals what must not be read from the database, its dumps or its disks.
//!
//! Envelopes: each tenant has keys of its own in `vault_keys`, wrapped by a master key from the configuration. A sealed
//! value is `version (1) | key id (16) | nonce (12) | ciphertext and tag`, AES-256-GCM; tenant and context are associated
//! data, so that it opens nowhere but where it was put. Exact matches are found through HMAC-SHA256 under a key that
//! seals nothing and stays the same when the sealing key is renewed. Files have keys of their own ([`files`]).

mod cipher;
pub(crate) mod fields;
pub mod files;
mod keys;
mod master;
mod records;
mod reseal;

pub use keys::{KeyRow, Lost};
pub use master::{MasterKey, parse_keys};
pub use reseal::SealedColumn;

use crate::{Error, Result};
use cipher::Key;
use diesel::PgConnection;
pub use fields::VEIL;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
/// Of version and key id.
const HEAD: usize = 17;

/// Reads the master keys anew, where they may have changed since the start: a file.
type Source = dyn Fn() -> Result<Vec<MasterKey>> + Send + Sync;

/// Shared by all that hold a copy. The default one has no master key, and refuses to seal.
#[derive(Clone, Default)]
pub struct Vault(Arc<Inner>);

#[derive(Default)]
struct Inner {
    masters: RwLock<Vec<Arc<MasterKey>>>,
    source: Option<Box<Source>>,
    /// By id, which is random: one that was rolled back again is never asked for.
    keys: RwLock<HashMap<Uuid, Arc<DataKey>>>,
    /// By company, for look-ups without the database.
    indexes: RwLock<HashMap<Uuid, Arc<DataKey>>>,
    /// Was a key asked for that is not at hand?
    missed: AtomicBool,
}

struct DataKey {
    tenant: Uuid,
    purpose: Purpose,
    cipher: Key,
    bytes: Zeroizing<[u8; 32]>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Seal,
    Index,
    File,
}

impl Purpose {
    const fn key(self) -> &'static str {
        match self {
            Purpose::Seal => "seal",
            Purpose::Index => "index",
            Purpose::File => "file",
        }
    }

    fn parse(key: &str) -> Option<Purpose> {
        [Purpose::Seal, Purpose::Index, Purpose::File].into_iter().find(|p| p.key() == key)
    }
}

impl Vault {
    /// The first key wraps; all of them unwrap.
    pub fn new(masters: Vec<MasterKey>) -> Vault {
        let masters = RwLock::new(masters.into_iter().map(Arc::new).collect());
        Vault(Arc::new(Inner { masters, ..Inner::default() }))
    }

    /// With keys that are read again when one is missing, so that a new one needs no restart.
    pub fn reading(source: impl Fn() -> Result<Vec<MasterKey>> + Send + Sync + 'static) -> Result<Vault> {
        let masters = RwLock::new(source()?.into_iter().map(Arc::new).collect());
        Ok(Vault(Arc::new(Inner { masters, source: Some(Box::new(source)), ..Inner::default() })))
    }

    /// Seals a value for one place: `context` names it (`totp:<user>`, `account.tax_id:<record>`).
    pub fn seal(&self, conn: &mut PgConnection, tenant: Uuid, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let (id, key) = self.current(conn, tenant, Purpose::Seal)?;
        let sealed = key.cipher.seal(&associated(tenant, context), plain)?;
        Ok([&[VERSION], id.as_bytes().as_slice(), &sealed].concat())
    }

    /// Opens a value in the place for which it was sealed; fails in any other, and if a bit of it has changed.
    pub fn open(&self, conn: &mut PgConnection, tenant: Uuid, context: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let refused = || Error::Internal(format!("a sealed value does not open as {context}"));
        let id = key_of(sealed).ok_or_else(refused)?;
        let key = self.known(conn, tenant, id)?;
        let key = key.filter(|k| k.tenant == tenant && k.purpose == Purpose::Seal).ok_or_else(refused)?;
        let plain = key.cipher.open(&associated(tenant, context), sealed.get(HEAD..).unwrap_or_default());
        plain.map(|mut plain| std::mem::take(&mut *plain)).ok_or_else(refused)
    }

    /// What equal values of one context have in common: 32 bytes to find them by, from which nobody without the key can
    /// tell the value.
    pub fn index(&self, conn: &mut PgConnection, tenant: Uuid, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let (_, key) = self.current(conn, tenant, Purpose::Index)?;
        Ok(cipher::mac(&key.bytes, &[context.as_bytes(), plain]).to_vec())
    }

    /// Opens with the keys at hand; none where the key is not among them.
    pub(crate) fn open_known(&self, tenant: Uuid, context: &str, sealed: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let refused = || Error::Internal(format!("a sealed value does not open as {context}"));
        let id = key_of(sealed).ok_or_else(refused)?;
        let key = self.0.keys.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        let Some(key) = key else {
            self.0.missed.store(true, Ordering::Relaxed);
            return Ok(None);
        };
        let fits = key.tenant == tenant && key.purpose == Purpose::Seal;
        let rest = sealed.get(HEAD..).filter(|_| fits).ok_or_else(refused)?;
        key.cipher.open(&associated(tenant, context), rest).map(Some).ok_or_else(refused)
    }

    pub(crate) fn index_known(&self, tenant: Uuid, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let key = self.0.indexes.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        let key = key.ok_or_else(|| Error::Internal("there is no key to look for sealed values with".into()))?;
        Ok(cipher::mac(&key.bytes, &[context.as_bytes(), plain]).to_vec())
    }

    /// Has a key been missed since this was asked last?
    pub(crate) fn take_missed(&self) -> bool {
        self.0.missed.load(Ordering::Relaxed) && self.0.missed.swap(false, Ordering::Relaxed)
    }

    /// Is there a master key at all?
    pub fn is_open(&self) -> bool {
        !self.masters().is_empty()
    }

    fn masters(&self) -> Vec<Arc<MasterKey>> {
        self.0.masters.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The id of the key that a value is sealed with.
pub fn key_of(sealed: &[u8]) -> Option<Uuid> {
    let (version, rest) = sealed.split_first()?;
    (*version == VERSION).then_some(())?;
    Uuid::from_slice(rest.get(..16)?).ok()
}

fn associated(tenant: Uuid, context: &str) -> Vec<u8> {
    [&[VERSION], tenant.as_bytes().as_slice(), context.as_bytes()].concat()
}
