//! The OpenAPI document.

pub mod schemas;
