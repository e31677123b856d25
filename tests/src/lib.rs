//! What the tests stand on: a database per test, and the application in front of it.
//!
//! Lives here: fixtures shared by several test files. Never here: a test.

pub mod engine;
pub mod postgres;
pub mod process;
pub mod server;

pub use postgres::TestDb;
pub use server::TestServer;
