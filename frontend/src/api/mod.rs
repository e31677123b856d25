//! The server, as the contract describes it. Nothing here draws.

pub mod actions;
pub mod audit;
pub mod auth;
pub mod client;
pub mod files;
pub mod host;
pub mod inbox;
pub mod invitations;
pub mod keys;
pub mod outside;
pub mod passkeys;
pub mod privacy;
pub mod records;
pub mod security;
pub mod sign_in;
pub mod transfer;

use serde_json::Value;

/// The texts of a list, where it is one.
pub fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
