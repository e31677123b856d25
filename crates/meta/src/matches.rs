//! Resolved filters evaluated in memory, with the same outcome as the SQL that the engine prints.

use crate::catalog::Catalog;
use crate::check::as_decimal;
use crate::field::FieldType;
use crate::filter::{Filter, Op};
use crate::object::ObjectMeta;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::HashMap;

/// A record with what it refers to and what refers to it, as far as the filter asks.
pub trait Graph {
    fn value(&self, field: &str) -> Value;
    /// The record that a reference field names.
    fn reference(&self, field: &str) -> Option<Box<dyn Graph + '_>>;
    /// Records that point here through the named relation.
    fn related(&self, relation: &str) -> Vec<Box<dyn Graph + '_>>;
}

/// A record alone: references lead nowhere.
impl Graph for crate::Record {
    fn value(&self, field: &str) -> Value {
        self.get(field).cloned().unwrap_or(Value::Null)
    }
    fn reference(&self, _: &str) -> Option<Box<dyn Graph + '_>> {
        None
    }
    fn related(&self, _: &str) -> Vec<Box<dyn Graph + '_>> {
        Vec::new()
    }
}

/// A record with the records that some of its references name.
pub struct Reached<'a> {
    pub record: &'a crate::Record,
    pub references: &'a HashMap<String, crate::Record>,
}

impl Graph for Reached<'_> {
    fn value(&self, field: &str) -> Value {
        self.record.value(field)
    }
    fn reference(&self, field: &str) -> Option<Box<dyn Graph + '_>> {
        self.references.get(field).map(|r| Box::new(r.clone()) as Box<dyn Graph>)
    }
    fn related(&self, _: &str) -> Vec<Box<dyn Graph + '_>> {
        Vec::new()
    }
}

/// Does the record meet the resolved condition?
pub fn matches(filter: &Filter, catalog: &Catalog, object: &ObjectMeta, record: &dyn Graph) -> bool {
    match filter {
        Filter::And(list) => list.iter().all(|f| matches(f, catalog, object, record)),
        Filter::Or(list) => list.iter().any(|f| matches(f, catalog, object, record)),
        Filter::Not(inner) => !matches(inner, catalog, object, record),
        Filter::Exists { relation, filter } => {
            let Some(target) = catalog.relation(&object.name, relation).and_then(|r| catalog.get(&r.object)) else {
                return false;
            };
            record
                .related(relation)
                .iter()
                .any(|r| filter.as_deref().is_none_or(|f| matches(f, catalog, target, r.as_ref())))
        }
        Filter::Field { field, op, value } => leaf(field, *op, value, catalog, object, record),
    }
}

fn leaf(path: &str, op: Op, operand: &Value, catalog: &Catalog, object: &ObjectMeta, record: &dyn Graph) -> bool {
    if let Some((head, rest)) = path.split_once('.') {
        if object.field(head).is_some_and(|f| f.kind == FieldType::Address) {
            let part = record.value(head).get(rest).cloned().unwrap_or(Value::Null);
            return compare(&FieldType::Text, op, &part, operand);
        }
        let target = object.field(head).and_then(|f| f.target()).and_then(|t| catalog.get(t));
        return match (target, record.reference(head)) {
            (Some(target), Some(next)) => leaf(rest, op, operand, catalog, target, next.as_ref()),
            // Nothing there: every field of it is empty.
            _ => compare(&FieldType::Text, op, &Value::Null, operand),
        };
    }
    let Some(field) = object.field(path) else { return false };
    compare(&field.kind, op, &record.value(path), operand)
}

/// One comparison of canonical values.
pub fn compare(kind: &FieldType, op: Op, value: &Value, operand: &Value) -> bool {
    let empty = value.is_null();
    match op {
        Op::Null => empty == operand.as_bool().unwrap_or(true),
        Op::Ne => empty || !equal(kind, value, operand),
        Op::Nin => empty || !items(operand).iter().any(|o| equal(kind, value, o)),
        Op::HasNone => empty || !items(operand).iter().any(|o| items(value).contains(o)),
        _ if empty => false,
        Op::Eq => equal(kind, value, operand),
        Op::In => items(operand).iter().any(|o| equal(kind, value, o)),
        Op::Gt => order(kind, value, operand) == Some(Ordering::Greater),
        Op::Gte => order(kind, value, operand).is_some_and(Ordering::is_ge),
        Op::Lt => order(kind, value, operand) == Some(Ordering::Less),
        Op::Lte => order(kind, value, operand).is_some_and(Ordering::is_le),
        Op::Between => match items(operand) {
            [low, high] => {
                order(kind, value, low).is_some_and(Ordering::is_ge)
                    && order(kind, value, high).is_some_and(Ordering::is_le)
            }
            _ => false,
        },
        Op::Contains => texts(value, operand).is_some_and(|(v, o)| v.contains(&o)),
        Op::StartsWith => texts(value, operand).is_some_and(|(v, o)| v.starts_with(&o)),
        Op::EndsWith => texts(value, operand).is_some_and(|(v, o)| v.ends_with(&o)),
        Op::HasAny => items(operand).iter().any(|o| items(value).contains(o)),
        Op::HasAll => items(operand).iter().all(|o| items(value).contains(o)),
        // Replaced by plain bounds when the tree was resolved.
        Op::Within => false,
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn equal(kind: &FieldType, value: &Value, operand: &Value) -> bool {
    match kind.is_number() || *kind == FieldType::DateTime {
        true => order(kind, value, operand) == Some(Ordering::Equal),
        false => value == operand,
    }
}

fn order(kind: &FieldType, value: &Value, operand: &Value) -> Option<Ordering> {
    if kind.is_number() {
        return Some(as_decimal(value)?.cmp(&as_decimal(operand)?));
    }
    if *kind == FieldType::DateTime {
        let at = |v: &Value| chrono::DateTime::parse_from_rfc3339(v.as_str()?).ok();
        return Some(at(value)?.cmp(&at(operand)?));
    }
    // Canonical dates order as text.
    Some(value.as_str()?.cmp(operand.as_str()?))
}

/// Text is compared without regard to case, as ILIKE does. An address is searched in all its parts.
fn texts(value: &Value, operand: &Value) -> Option<(String, String)> {
    let text = match value {
        Value::String(s) => s.clone(),
        Value::Object(parts) => parts.values().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => return None,
    };
    Some((text.to_lowercase(), operand.as_str()?.to_lowercase()))
}
