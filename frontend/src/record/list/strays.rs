//! Rows that what was written has taken out of what is asked for: they stay where they are until the next look, and say
//! so.

use super::List;
use crate::api::records::{self, RecordExt};
use crate::i18n::{STRAY, STRAY_GONE, t};
use kezhan_meta::query::{Count, LIMIT_MAX, ListQuery};
use kezhan_meta::{Filter, Op, Record};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

/// In a row; no field has such a key.
const MARK: &str = "?stray";
const GONE: &str = "gone";

/// What a row is told about that is no longer asked for.
pub fn note(record: &Record) -> Option<&'static str> {
    let told = if record.get(MARK)? == GONE { STRAY_GONE } else { STRAY };
    Some(t(told))
}

/// These have been deleted meanwhile, or are not for the reader any more.
pub fn gone(list: List, ids: &[String]) {
    let ids: HashSet<&str> = ids.iter().map(String::as_str).collect();
    list.change(&ids, |row| drop(row.insert(MARK.to_owned(), Value::from(GONE))));
}

/// Asks the server, which knows every condition, which of these still belong here.
pub async fn mark(list: List, ids: Vec<String>) {
    let Some(state) = list.state.try_get_untracked().filter(|s| !s.filter.is_all() || !s.q.is_empty()) else { return };
    for chunk in ids.chunks(LIMIT_MAX as usize) {
        let query = ListQuery {
            filter: Some(state.filter.clone().and(Filter::field("id", Op::In, json!(chunk)))),
            fields: Some(vec!["id".to_owned()]),
            sort: Vec::new(),
            count: Count::None,
            limit: Some(LIMIT_MAX),
            ..state.query(None)
        };
        // A courtesy: without an answer the rows are as they were.
        let Ok(page) = records::query(&state.object.plural, &query).await else { return };
        let here: HashSet<&str> = page.data.iter().map(|r| r.id()).collect();
        let other = |id: &&str| list.find(id).is_some_and(|row| note(&row).is_some() == here.contains(id));
        let changed: HashSet<&str> = chunk.iter().map(String::as_str).filter(other).collect();
        list.change(&changed, |row| match here.contains(row.id()) {
            true => drop(row.remove(MARK)),
            false => drop(row.insert(MARK.to_owned(), Value::Bool(true))),
        });
    }
}
