//! Reading: parse → plan → print → run → write JSON. One projection for every way out.

mod difference;
mod cursor;
mod group;
mod list;
mod one;
pub mod project;

pub use one::{Found, ReadOptions};
