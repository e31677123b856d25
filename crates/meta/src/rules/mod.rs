//! Pure rules about the values people type and import, the same on the server and in the browser.
//!
//! No I/O, no clock, no regular expressions: everything is decided from the arguments, so a form in
//! the browser and the write path on the server can never disagree.

pub mod company;
pub mod currency;
pub mod dates;
pub mod email;
pub mod id_card;
pub mod mask;
pub mod numbers;
pub mod passing;
pub mod periods;
pub mod phone;
pub mod relative;
pub mod text;
pub mod url;
pub mod uscc;
