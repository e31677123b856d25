//! What the tests stand on: a database per test, the application in front of it, a browser in front of that.
//!
//! Lives here: fixtures shared by several test files. Never here: a test.

pub mod browser;
pub mod engine;
pub mod factor;
pub mod import;
pub mod ldap;
pub mod oidc;
pub mod pages;
pub mod postgres;
pub mod process;
pub mod s3;
pub mod server;

pub use postgres::TestDb;
pub use server::TestServer;

use std::path::PathBuf;

/// One pixel.
pub const PNG: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xDE, 0x00, 0x00, 0x00, 0x0C, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x30, 0x4E, 0x9B, 0x09, 0x00, 0x02, 0x02, 0x01, 0x33, 0x56, 0x87, 0xE2, 0x54,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];

/// The master key of every test.
pub const MASTER_KEY: &str = "6b657a68616e2d74657374732d6f6e6c792d6d61737465722d6b65792d303031";

/// The product's engine, sealing as the servers of tests do.
pub fn sealing_engine() -> kezhan_engine::Engine {
    kezhan_features::engine()
        .with_vault(kezhan_engine::vault::Vault::new(vec![kezhan_engine::vault::MasterKey::parse(MASTER_KEY).unwrap()]))
}

/// The top of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Where tools and packages are kept between checkouts, as `scripts/lib.sh` has it.
pub fn cache() -> PathBuf {
    match (std::env::var_os("KEZHAN_CACHE"), std::env::var_os("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => PathBuf::from(home).join(".cache/kezhan"),
        (None, None) => std::env::temp_dir().join("kezhan-cache"),
    }
}

/// A program or package that `scripts/setup --tests` has installed for the clients.
pub fn client_tool(path: &str) -> PathBuf {
    installed("clients", path)
}

/// A program of a service that tests talk to, installed by the same.
pub fn peer_tool(path: &str) -> PathBuf {
    installed("peers", path)
}

/// A package of the providers of identities that tests sign in at.
pub fn oidc_tool(path: &str) -> PathBuf {
    installed("oidc", path)
}

/// A file of what audits pages, installed by the same.
pub fn audit_tool(path: &str) -> PathBuf {
    installed("audit", path)
}

fn installed(place: &str, path: &str) -> PathBuf {
    let tool = cache().join(place).join(path);
    assert!(tool.exists(), "{} is missing: run scripts/setup --tests", tool.display());
    tool
}
