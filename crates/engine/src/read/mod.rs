//! Reading: parse → plan → print → run → write JSON. One projection for every way out.

mod cursor;
mod difference;
mod group;
mod list;
mod one;
mod order;
pub mod project;

pub use difference::Whose;
pub use one::{Found, ReadOptions};
