//! What serves all areas: imports and exports.

mod hints;
pub mod transfer;

pub use hints::HINTS;
