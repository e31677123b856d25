//! The vocabulary of the product: what an object, a field, a filter and a problem *are*.
//!
//! Lives here: field types, object metadata, filter trees and their evaluation in memory, field rules,
//! the error body. Compiled to native code and to WASM, so both sides share one truth.
//! Never here: a database, HTTP, a concrete business object, a clock read behind the caller's back.

pub mod address;
pub mod catalog;
pub mod check;
pub mod choice;
pub mod field;
pub mod filter;
pub mod kept;
pub mod kind;
pub mod layout;
pub mod matches;
pub mod object;
pub mod problem;
pub mod query;
pub mod regions;
pub mod resolve;
pub mod rules;
pub mod system;
pub mod text;
pub mod trail;

pub use catalog::Catalog;
pub use check::{Violation, check_record, normalise_value};
pub use choice::{Choice, ChoiceSet, Tone};
pub use field::{Default, FieldMeta, FieldType, Reset, Rule, Sensitivity, Storage};
pub use filter::{Filter, Op};
pub use kind::*;
pub use layout::Layout;
pub use object::{Area, NAME_EN, ObjectMeta, Related, SORT_ORDER, Scope};
pub use problem::{Problem, ProblemItem};
pub use text::{Label, Lang, Str};

/// A record as it crosses every border: field key → JSON value.
pub type Record = serde_json::Map<String, serde_json::Value>;
