//! Names, and what else of a record is there in both languages.

use kezhan_engine::{Draft, Hooks, Result};
use kezhan_meta::{Lang, NAME_EN};
use serde_json::Value;

/// Of every object whose records may have a name in English besides.
pub struct Named;

impl Hooks for Named {
    /// The translation of a former text is none of the new one.
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        for (text, english) in [("name", NAME_EN), ("description", "description_en")] {
            let both = draft.object.field(english).is_some();
            if both && draft.before.is_some() && draft.changed(text) && !draft.changed(english) {
                draft.set(english, Value::Null);
            }
        }
        Ok(())
    }
}

/// Whichever of the two the reader reads.
pub fn read(lang: Lang, name: &str, english: Option<&str>) -> String {
    english.filter(|_| lang == Lang::En).unwrap_or(name).to_owned()
}
