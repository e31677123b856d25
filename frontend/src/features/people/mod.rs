//! Who may see and do what.

pub mod audit;
mod draft;
pub mod explain;
pub mod hand_over;
mod levels;
mod limits;
mod matrix;
pub mod reveal;
pub mod roles;
mod rules;
pub mod sharing;
