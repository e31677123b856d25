//! What was begun survives closing the form, a reload, and signing out and in again: it lies in this browser under the
//! person, the object and the record, until it is saved or thrown away.

use super::model::Form;
use crate::api::records::RecordExt;
use crate::fields;
use crate::state::{prefs, session};
use kezhan_meta::{FieldMeta, ObjectMeta, Record, Sensitivity};
use leptos::prelude::*;
use serde_json::{Value, json};

/// Older ones are forgotten.
const DAYS: f64 = 30.0;
const PREFIX: &str = "kz.draft.";

/// Where the draft of one form lies.
#[derive(Clone)]
pub struct Slot {
    key: String,
    version: Option<i64>,
    closed: StoredValue<bool>,
}

impl Slot {
    pub fn of(object: &ObjectMeta, base: Option<&Record>, given: &Record) -> Slot {
        let user = session::me().and_then(|me| me.id.clone()).unwrap_or_default();
        let about = match base {
            Some(record) => record.id().to_owned(),
            None => {
                let given: Vec<String> =
                    given.iter().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
                format!("new?{}", given.join("&"))
            }
        };
        Slot {
            key: format!("{PREFIX}{user}.{}.{about}", object.name),
            version: base.and_then(RecordExt::version),
            closed: StoredValue::new(false),
        }
    }

    /// What was begun, and whether the record has been changed since.
    pub fn read(&self) -> Option<(Record, bool)> {
        let kept: Value = serde_json::from_str(&prefs::read(&self.key)?).ok()?;
        let age = js_sys::Date::now() - kept["at"].as_f64()?;
        if age > DAYS * 86_400_000.0 {
            self.remove();
            return None;
        }
        Some((kept["values"].as_object().cloned()?, kept["version"].as_i64() != self.version))
    }

    pub fn write(&self, values: Record) {
        if self.closed.try_get_value() != Some(false) {
            return;
        }
        let kept = json!({ "at": js_sys::Date::now(), "version": self.version, "values": values });
        prefs::write(&self.key, &kept.to_string());
    }

    pub fn remove(&self) {
        prefs::remove(&self.key);
    }

    /// Saved, or thrown away: nothing more is kept.
    pub fn close(&self) {
        self.closed.try_set_value(true);
        self.remove();
    }
}

/// May the value lie in the browser's store? Secrets and what is like them may not.
pub fn keepable(field: &FieldMeta) -> bool {
    !field.secret && field.sensitivity < Sensitivity::Sensitive
}

impl Form {
    /// Keeps what differs from what stood there, as often as it changes.
    pub fn keep(&self) {
        let (drafts, slot) = (self.drafts, self.kept.clone());
        Effect::new(move || {
            let values: Record = drafts.with_value(|all| {
                all.iter()
                    .filter(|d| keepable(&d.field))
                    .filter_map(|d| {
                        let value = d.value.get();
                        let mine = value != d.pristine && !fields::file::waits(&value);
                        mine.then(|| (d.field.key.to_string(), value))
                    })
                    .collect()
            });
            match values.is_empty() {
                true => slot.remove(),
                false => slot.write(values),
            }
        });
    }
}
