//! Who may see and do what.

mod draft;
mod levels;
mod matrix;
pub mod roles;
