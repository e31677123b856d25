//! Levels of sensitivity that a company sets, and the map of what it keeps.

pub mod data_map;
mod policies;
pub mod reading;

pub use policies::{Policies, Reindex};

pub const OBJECT: &str = "field_policy";
