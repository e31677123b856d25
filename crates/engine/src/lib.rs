//! The object engine: reads and writes records of any object, from metadata alone.
//!
//! Lives here: access, query planning and printing, the row-to-JSON writer, the one write path, custom
//! objects and fields, history and change feed, search, spreadsheets. Never here: a concrete object, HTTP.

pub mod access;
pub mod audit;
pub mod caller;
pub mod custom;
pub mod ddl;
pub mod error;
pub mod events;
pub mod explain;
pub mod feed;
pub mod hooks;
pub mod jobs;
pub mod read;
pub mod search;
pub mod similar;
pub mod sql;
pub mod transfer;
pub mod vault;
pub mod write;

pub use access::{Access, Action, DataScope};
pub use caller::{Caller, Channel, Origin};
pub use error::{Error, Result};
pub use hooks::{Draft, Hooks, Saved};
pub use read::{Found, ReadOptions, Whose};
pub use write::{Keep, Written};

use std::collections::HashMap;
use std::sync::Arc;

/// The engine: the standard catalogue, what tenants added to it, and the hooks that features registered.
pub struct Engine {
    pub(crate) standard: Arc<kezhan_meta::Catalog>,
    pub(crate) hooks: HashMap<String, Vec<Arc<dyn Hooks>>>,
    pub(crate) catalogs: custom::Catalogs,
    vault: vault::Vault,
}

impl Engine {
    pub fn new(standard: kezhan_meta::Catalog, hooks: Vec<(String, Arc<dyn Hooks>)>) -> Engine {
        let mut by_object: HashMap<String, Vec<Arc<dyn Hooks>>> = HashMap::new();
        for (object, hook) in hooks {
            by_object.entry(object).or_default().push(hook);
        }
        Engine {
            standard: Arc::new(standard),
            hooks: by_object,
            catalogs: custom::Catalogs::default(),
            vault: vault::Vault::default(),
        }
    }

    /// With what seals its secrets.
    pub fn with_vault(self, vault: vault::Vault) -> Engine {
        Engine { vault, ..self }
    }

    pub fn vault(&self) -> &vault::Vault {
        &self.vault
    }

    pub(crate) fn hooks_of(&self, object: &str) -> &[Arc<dyn Hooks>] {
        self.hooks.get(object).map_or(&[], Vec::as_slice)
    }
}
