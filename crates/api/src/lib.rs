//! The program around the product: configuration, database, HTTP.
//!
//! Lives here: settings, the embedded PostgreSQL, migrations, backup, the command line, and everything that speaks
//! HTTP. Never here: a business rule, or SQL about a business object.

pub mod attachments;
pub mod audit;
pub mod audit_cli;
pub mod auth;
pub mod backup;
pub mod backup_cover;
pub mod bulk;
pub mod call;
pub mod changes;
pub mod cli;
pub mod composite;
pub mod config;
mod context;
pub mod database;
pub mod db;
pub mod docs;
pub mod embedded;
pub mod entrance;
pub mod extract;
pub mod files;
pub mod health;
mod hearing;
pub mod host;
pub mod host_cli;
pub mod idempotency;
pub mod invitations;
pub mod keys;
mod keys_cli;
pub mod layouts;
pub mod limit;
pub mod logging;
mod master;
pub mod me;
pub mod meta;
pub mod middleware;
pub mod oauth;
pub mod openapi;
pub mod outside;
mod pace;
pub mod parts;
pub mod policies;
pub mod privacy;
pub mod problem;
pub mod records;
pub mod search;
pub mod second_factor;
pub mod serve;
pub mod server;
pub mod sessions;
pub mod spa;
pub mod tenant;
pub mod token;
mod view_as;
pub mod worker;
