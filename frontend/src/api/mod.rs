//! The server, as the contract describes it. Nothing here draws.

pub mod actions;
pub mod audit;
pub mod auth;
pub mod client;
pub mod files;
pub mod inbox;
pub mod records;
pub mod security;
pub mod transfer;
