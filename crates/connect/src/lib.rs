//! Adapters to the world outside: storage, later mail, directories, chat platforms, other systems.
//!
//! Lives here: one module per sort of peer, behind plain types of ours. Never here: an object, a tenant's data, HTTP
//! towards our own clients.

pub mod directory;
pub mod guard;
pub mod oidc;
pub mod storage;
pub mod web;

pub use guard::Guard;
pub use storage::Storage;
pub use web::Web;
