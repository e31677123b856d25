//! What the tests stand on: a database per test, the application in front of it, a browser in front of that.
//!
//! Lives here: fixtures shared by several test files. Never here: a test.

pub mod browser;
pub mod engine;
pub mod import;
pub mod postgres;
pub mod process;
pub mod server;

pub use postgres::TestDb;
pub use server::TestServer;

use std::path::PathBuf;

/// The top of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}
