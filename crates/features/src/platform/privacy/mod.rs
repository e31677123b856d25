//! Personal information: how sensitive each field is and the map of what is kept; consents, what people ask about theirs,
//! and how long it is kept.

mod actions;
pub mod answers;
pub mod data_map;
mod erase;
mod foresee;
mod gather;
mod hooks;
mod policies;
pub mod reading;
pub mod retention;
pub mod shred;

pub use actions::{Erase, Gather, Restrict, gathered};
pub use foresee::Foresee;
pub use gather::write as write_gathered;
pub use policies::Reindex;

use kezhan_engine::Hooks;
use kezhan_engine::access::RESTRICTED;
use std::sync::Arc;

pub const OBJECT: &str = "field_policy";
/// Objects whose records are people, each under the field by which requests refer to it.
pub const SUBJECTS: [&str; 2] = ["contact", "lead"];
/// What people ask about theirs.
const REQUEST: &str = "subject_request";

pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    let mut all: Vec<(String, Arc<dyn Hooks>)> = vec![
        (OBJECT.into(), Arc::new(policies::Policies)),
        ("consent".into(), Arc::new(hooks::Consents)),
        ("subject_request".into(), Arc::new(hooks::Requests)),
        ("retention_rule".into(), Arc::new(retention::Rules)),
    ];
    all.extend(SUBJECTS.map(|subject| (subject.to_owned(), Arc::new(hooks::Restriction) as Arc<dyn Hooks>)));
    all
}
