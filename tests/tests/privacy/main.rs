//! What is sensitive: levels, sealed fields, the rights of people.

mod data_rights;
mod sealed_fields;
mod sensitivity;
mod vault;
