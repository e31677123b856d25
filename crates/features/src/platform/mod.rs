//! What serves all areas: imports and exports, people's inboxes.

pub mod bulk;
mod hints;
pub mod notify;
pub mod transfer;
pub mod uploads;

pub use hints::HINTS;
