//! The contract of the REST API, over real HTTP and a real PostgreSQL.

mod attacks;
mod attacks_bodies;
mod conformance;
mod custom_fields;
mod docs;
mod feed;
mod forms;
mod inbox;
mod merge;
mod once;
mod openapi;
mod records;
mod schema;
mod undo;
mod views;
