//! Writing: one path for everyone. Access → known and writable fields → defaults → merge into what was
//! there → hooks → rules → scope of the result → diff → record and change in one statement → hooks.

pub mod bulk;
mod conditions;
mod create;
mod delete;
pub(crate) mod draft;
mod homes;
mod host;
mod keep;
mod many;
pub mod merge;
mod number;
mod references;
mod rehearse;
mod rollup;
pub(crate) mod store;
mod update;
mod upsert;

pub use keep::Keep;

use crate::audit::Given;
use uuid::Uuid;

/// A record that went in, as this caller may see it.
#[derive(Clone, Debug)]
pub struct Written {
    pub id: Uuid,
    pub version: i64,
    pub body: Vec<u8>,
    /// The sensitive values in it; whoever sends it puts that into the trail, but for what the caller brought along.
    pub given: Given,
}
