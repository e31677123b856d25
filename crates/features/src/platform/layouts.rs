//! A company's own layouts: sound, for objects that there are, and heard of at once.

use crate::people::identity;
use kezhan_engine::{Draft, Error, Hooks, Result, Saved};
use kezhan_meta::problem::Code;
use kezhan_meta::{Layout, Violation};

pub struct Layouts;

/// The object that holds them.
pub const OBJECT: &str = "record_layout";

impl Hooks for Layouts {
    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let name = draft.text("object").unwrap_or_default();
        let catalog = &draft.caller.catalog;
        let Some(object) = catalog.get(name) else {
            return Err(Error::Invalid(vec![Violation::new("object", Code::NotAnOption).with(name)]));
        };
        let layout: Layout = match serde_json::from_value(draft.value("settings").clone()) {
            Ok(layout) => layout,
            Err(why) => return Err(Error::Invalid(vec![Violation::new("settings", Code::WrongType).with(why)])),
        };
        let faults = layout.faults(catalog, object, &draft.caller.context());
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        identity::bump_catalog(saved.conn, saved.caller.tenant)
    }
}
