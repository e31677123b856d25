//! Holding a plan against the object and the file.

use super::directory::{self, KeyField};
use super::hints::Hints;
use super::mapping;
use super::rows::Column;
use super::settings::Plan;
use crate::{Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Record, Violation, normalise_value};
use serde_json::Value;

/// The columns that go into fields.
pub fn columns(object: &ObjectMeta, plan: &Plan, headers: &[String]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    let mut faults = Vec::new();
    for (at, one) in plan.columns.iter().enumerate() {
        let Some(key) = &one.field else { continue };
        let path = format!("columns[{at}]");
        let Some(header) = headers.get(one.column) else {
            faults.push(Violation::new(format!("{path}.column"), Code::UnknownValue).with(one.column));
            continue;
        };
        let Some(field) = object.field(key).filter(|f| mapping::importable(f)) else {
            faults.push(Violation::new(format!("{path}.field"), Code::UnknownValue).with(key));
            continue;
        };
        if columns.iter().any(|c| c.field.key == field.key) {
            faults.push(Violation::new(format!("{path}.field"), Code::MappedTwice).with(key));
            continue;
        }
        columns.push(Column {
            at: one.column,
            header: header.clone(),
            field: field.clone(),
            plan: one.clone(),
            order: one.date_order.unwrap_or_default(),
            certain: true,
        });
    }
    if columns.is_empty() && faults.is_empty() {
        faults.push(Violation::new("columns", Code::NothingMapped));
    }
    if faults.is_empty() { Ok(columns) } else { Err(Error::Invalid(faults)) }
}

pub fn canonical_defaults(object: &ObjectMeta, defaults: &Record) -> Result<Record> {
    let mut out = Record::new();
    let mut faults = Vec::new();
    for (key, value) in defaults {
        match object.field(key).filter(|f| mapping::importable(f)) {
            None => faults.push(Violation::new(format!("defaults.{key}"), Code::UnknownKey)),
            Some(field) => match normalise_value(field, value) {
                Ok(Value::Null) => {}
                Ok(value) => drop(out.insert(key.clone(), value)),
                Err(fault) => faults.push(Violation { field: format!("defaults.{key}"), ..fault }),
            },
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(Error::Invalid(faults)) }
}

/// The keys by which rows are matched: those asked for, else all that the file has columns for.
pub fn matchers(hints: &Hints, object: &ObjectMeta, plan: &Plan, columns: &[Column]) -> Result<Vec<KeyField>> {
    let mapped = |key: &str| columns.iter().any(|c| c.field.key == key);
    let mut keys = directory::sameness_keys(hints, object);
    if mapped("id") {
        keys.insert(0, KeyField { field: "id".to_owned(), form: directory::Form::Plain });
    }
    if let Some(wanted) = &plan.duplicates.keys {
        let texts = |f: &&FieldMeta| matches!(f.kind, FieldType::Text | FieldType::Email | FieldType::Phone);
        for key in wanted.iter().filter(|k| k.as_str() != "id") {
            let Some(field) = object.field(key).filter(texts) else {
                return Err(Error::Invalid(vec![Violation::new("duplicates.keys", Code::UnknownValue).with(key)]));
            };
            if !keys.iter().any(|k| k.field == *key) {
                let form = match field.kind {
                    FieldType::Phone => directory::Form::Phone,
                    FieldType::Email => directory::Form::Email,
                    _ => directory::Form::Plain,
                };
                keys.push(KeyField { field: key.clone(), form });
            }
        }
        keys.retain(|k| wanted.contains(&k.field));
    }
    keys.retain(|k| mapped(&k.field));
    Ok(keys)
}
