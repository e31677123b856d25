//! The objects of the product, declared once, by area, with their pure rules.
//!
//! Lives here: structs, choice lists, typed checks, the registry. Compiled to native code and to WASM.
//! Never here: a database, HTTP, I/O, or anything that a tenant may configure.

pub mod commerce;
pub mod customers;
pub mod people;
pub mod platform;
pub mod registry;
pub mod sales;
pub mod work;

pub use registry::standard;
