//! Personal information: consents, what people ask about theirs, and how long it is kept.

mod actions;
mod erase;
mod gather;
mod hooks;
pub mod retention;
pub mod shred;

pub use actions::{Erase, Gather, Restrict};

use kezhan_engine::Hooks;
use std::sync::Arc;

/// Objects whose records are people, each under the field by which requests refer to it.
pub const SUBJECTS: [&str; 2] = ["contact", "lead"];
/// Kept, and otherwise left alone.
const RESTRICTED: &str = "processing_restricted";

pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    let mut all: Vec<(String, Arc<dyn Hooks>)> = vec![
        ("consent".into(), Arc::new(hooks::Consents)),
        ("subject_request".into(), Arc::new(hooks::Requests)),
        ("retention_rule".into(), Arc::new(retention::Rules)),
    ];
    all.extend(SUBJECTS.map(|subject| (subject.to_owned(), Arc::new(hooks::Restriction) as Arc<dyn Hooks>)));
    all
}
