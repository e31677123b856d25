//! What a value must be before it is sent, and what a notice calls it.

use super::List;
use crate::fields;
use crate::i18n::{CELL_CLEARED, CELL_SET, label, tf};
use crate::state::prefs;
use kezhan_meta::check::check_field;
use kezhan_meta::{FieldMeta, Record, normalise_value};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

/// The value in its canonical form if it keeps the field's rules, else the fault in words.
pub fn checked(list: List, field: &FieldMeta, value: &Value, record: &Record) -> Result<Value, String> {
    let value = normalise_value(field, value).map_err(|fault| fault.item(prefs::lang()).message)?;
    let object = list.object.with_value(Arc::clone);
    match check_field(&object, field, &value, record).first() {
        Some(fault) => Err(fault.item(prefs::lang()).message),
        None => Ok(value),
    }
}

/// What a notice calls the change.
pub fn notice(field: &FieldMeta, value: &Value, record: &Record) -> String {
    let name = label(&field.label);
    let mut record = record.clone();
    record.insert(field.key.to_string(), value.clone());
    if let Some(expand) = record.get_mut("expand").and_then(Value::as_object_mut) {
        expand.remove(field.key.as_ref());
    }
    let text: String = fields::plain_text(fields::Shown::of(field, &record)).chars().take(40).collect();
    if text.is_empty() {
        tf(CELL_CLEARED, &[("field", &name)])
    } else {
        tf(CELL_SET, &[("field", &name), ("value", &text)])
    }
}
