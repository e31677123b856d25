//! What serves all areas: imports and exports.

pub mod bulk;
mod hints;
pub mod transfer;
pub mod uploads;

pub use hints::HINTS;
