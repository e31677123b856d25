//! Screens that know concrete objects; the same folders as everywhere else.

pub mod host;
pub mod people;
pub mod platform;
