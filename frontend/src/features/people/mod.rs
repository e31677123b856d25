//! Who may see and do what.

pub mod apps;
pub mod audit;
mod draft;
pub mod effect;
pub mod explain;
pub mod hand_over;
pub mod invitations;
pub mod keep;
pub mod keys;
mod levels;
mod limits;
mod matrix;
pub mod policy;
pub mod reveal;
mod role_form;
pub mod roles;
mod rules;
pub mod sharing;
pub mod sign_in;
