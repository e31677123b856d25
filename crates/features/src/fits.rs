//! The last guard of every standard object: a record must fit the Rust struct that declares it.

use kezhan_engine::Hooks;
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record, Violation};

pub struct Fits(pub fn(&Record) -> Result<(), String>);

impl Hooks for Fits {
    fn check(&self, object: &ObjectMeta, record: &Record) -> Vec<Violation> {
        match (self.0)(record) {
            Ok(()) => Vec::new(),
            Err(error) => {
                log::error!("a {} passed its rules and does not fit its struct: {error}", object.name);
                vec![Violation::new("", Code::WrongType).with(&object.name)]
            }
        }
    }
}
