//! What is sensitive: levels, sealed fields, the rights of people.

mod data_rights;
mod files;
mod files_moved;
mod sealed_fields;
mod sealed_later;
mod sensitivity;
mod vault;
