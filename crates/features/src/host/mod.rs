//! Looking after an installation: companies are added, suspended, taken along and erased here, by people who belong to
//! none of them.

pub mod admins;
pub mod erase;
pub mod export;
pub mod factors;
pub mod tenants;
pub mod trail;

use uuid::Uuid;

/// What stands in a company's place where the installation itself counts failures and seals secrets: no company has
/// this id.
pub const INSTALLATION: Uuid = Uuid::max();
