//! What is sensitive: levels, sealed fields, the rights of people.

mod data_rights;
mod files;
mod files_moved;
mod sealed_fields;
mod sensitivity;
mod vault;
