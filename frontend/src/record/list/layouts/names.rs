//! Records by their ids, as the names of groups, columns and lanes.

use crate::api::records::{self, RecordExt};
use crate::fields::{self, Shown, reference};
use crate::i18n::{KANBAN_EMPTY_VALUE, t};
use crate::state::catalog;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::{FieldMeta, FieldType, Filter, Op, SORT_ORDER};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Names, with the place of those that have one by themselves.
pub type Names = HashMap<String, (String, Option<i64>)>;

pub async fn find(target: &str, ids: Vec<&str>) -> Names {
    let Some(object) = catalog::object(target) else { return Names::new() };
    let place = object.place_field().map(|f| f.key.to_string());
    let wanted: Vec<String> = records::face(&object).into_iter().chain(place).collect();
    let mut found = Names::new();
    for chunk in ids.chunks(LIMIT_MAX as usize) {
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(chunk))),
            fields: Some(wanted.clone()),
            limit: Some(LIMIT_MAX),
            ..ListQuery::default()
        };
        // Who may not read them sees the beginnings of their ids.
        let Ok(page) = records::query(&object.plural, &query).await else { continue };
        for record in page.data {
            let name = record.title(&object);
            reference::meet(record.id(), &name);
            found.insert(record.id().to_owned(), (name, record.value(SORT_ORDER).as_i64()));
        }
    }
    found
}

/// Values of a field in their order and by their names: options as declared, records that have a place by it, the
/// empty last, all others as they come.
pub async fn ordered(field: &FieldMeta, mut values: Vec<Value>) -> Vec<(Value, String)> {
    let named = match field.target() {
        Some(target) => find(target, values.iter().filter_map(Value::as_str).collect()).await,
        None => Names::new(),
    };
    let rank = |value: &Value| match (&field.kind, value.as_str()) {
        (_, None) if value.is_null() => i64::MAX,
        (FieldType::Choice { options }, Some(v)) => {
            options.iter().position(|o| o.value == v).map_or(i64::MAX - 1, |n| n as i64)
        }
        (_, Some(id)) => named.get(id).and_then(|n| n.1).unwrap_or(0),
        _ => 0,
    };
    values.sort_by_key(rank);
    let name = |value: &Value| match value {
        Value::Null => t(KANBAN_EMPTY_VALUE).to_owned(),
        Value::String(id) if field.target().is_some() => {
            named.get(id).map_or_else(|| id.chars().take(8).collect(), |n| n.0.clone())
        }
        value => fields::plain_text(Shown { field, value, expanded: None, currency: "" }),
    };
    values.into_iter().map(|value| (value.clone(), name(&value))).collect()
}
