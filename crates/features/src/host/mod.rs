//! Looking after an installation: companies are added, suspended, taken along and erased here, by people who belong to
//! none of them.

pub mod admins;
pub mod erase;
pub mod export;
pub mod tenants;
pub mod trail;
