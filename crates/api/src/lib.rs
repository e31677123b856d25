//! The program around the product: configuration, database, HTTP.
//!
//! Lives here: settings, the embedded PostgreSQL, migrations, backup, the command line, and everything that speaks
//! HTTP. Never here: a business rule, or SQL about a business object.

pub mod backup;
pub mod cli;
pub mod config;
pub mod database;
pub mod embedded;
pub mod logging;
