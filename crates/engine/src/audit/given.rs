//! Looks at what needs particular care: which sensitive values stand in an answer in full.
//!
//! What is planned to go out is known with the plan of the columns, and whether it did when each is written. One entry
//! tells of one answer, however many records it has; an answer without such values costs nothing.

use super::{Event, Note};
use crate::{Access, Caller, Result};
use diesel::PgConnection;
use kezhan_meta::{FieldMeta, Sensitivity};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Most records that an entry names; it tells how many there were.
const NAMED_MAX: usize = 200;

/// The member of a detail that names the records of an answer of many.
pub(super) const RECORDS: &str = "records";

/// Sensitive values that went out in full, by object.
#[derive(Clone, Debug, Default)]
pub struct Given(BTreeMap<String, Part>);

#[derive(Clone, Debug, Default)]
struct Part {
    fields: BTreeSet<String>,
    /// Whose values they are; none where they came out of many at once, as a sum does.
    records: BTreeSet<Uuid>,
}

/// Is it on record who was given this field? What the system reads for itself is given to nobody.
pub(crate) fn watched(access: &Access, field: &FieldMeta) -> bool {
    field.sensitivity >= Sensitivity::Sensitive && !access.is_unrestricted()
}

/// Does this JSON say something?
pub(crate) fn says_something(json: &[u8]) -> bool {
    !matches!(json, b"null" | b"\"\"" | b"[]" | b"{}")
}

impl Given {
    pub(crate) fn add(&mut self, object: &str, field: &str, record: Option<Uuid>) {
        if !self.0.contains_key(object) {
            self.0.insert(object.to_owned(), Part::default());
        }
        let Some(part) = self.0.get_mut(object) else { return };
        if !part.fields.contains(field) {
            part.fields.insert(field.to_owned());
        }
        part.records.extend(record);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn extend(&mut self, other: Given) {
        for (object, part) in other.0 {
            let known = self.0.entry(object).or_default();
            known.fields.extend(part.fields);
            known.records.extend(part.records);
        }
    }

    /// Apart from what the reader brought along.
    pub fn without<'k>(mut self, object: &str, keys: impl IntoIterator<Item = &'k String>) -> Given {
        if let Some(part) = self.0.get_mut(object) {
            for key in keys {
                part.fields.remove(key);
            }
            if part.fields.is_empty() {
                self.0.remove(object);
            }
        }
        self
    }

    /// Puts into the trail that the caller was given them. To be called before they go out.
    pub fn note(&self, conn: &mut PgConnection, caller: &Caller) -> Result<()> {
        for (object, Part { fields, records }) in &self.0 {
            let note = Note::by(caller, Event::SensitiveRead);
            let mut all = records.iter();
            let note = match (all.next(), all.next()) {
                (Some(one), None) => note.on(object, Some(*one)).with(json!({ "fields": fields })),
                (None, _) => note.on(object, None).with(json!({ "fields": fields })),
                _ => {
                    let named: Vec<&Uuid> = records.iter().take(NAMED_MAX).collect();
                    let detail = json!({ "fields": fields, "count": records.len(), RECORDS: named });
                    note.on(object, None).with(detail)
                }
            };
            note.write(conn, caller.tenant)?;
        }
        Ok(())
    }
}
