//! Writes that somebody has to decide about: another was faster, or the server wants more than was given.

use super::{Kind, Outcome, Write, absorb, remember, report, start};
use crate::api::records::{RecordExt, Written};
use crate::i18n::{BATCH_SELECTED, tf};
use crate::record::ask::Ask;
use crate::record::conflict;
use crate::record::list::List;
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// What nobody else has touched is written on top of theirs; about the rest one is asked, field by field.
pub fn clash(list: List, object: Arc<ObjectMeta>, base: &Record, mine: Record, text: String) {
    let Some(theirs) = list.find(base.id()) else { return };
    let (about, wanted) = (object.clone(), mine.clone());
    let saved = move |record: Record| {
        let ours = wanted.iter().filter(|(key, value)| record.value(key) == *value && theirs.value(key) != *value);
        let done: Vec<Write> = ours
            .map(|(key, value)| Write { version: record.version(), ..Write::of(&theirs, key, value.clone()) })
            .collect();
        remember(record.id(), record.version());
        let id = record.id().to_owned();
        let written = Written { version: record.version(), record: Some(record) };
        absorb(list, &HashMap::from([(id.as_str(), written)]));
        let outcome = Outcome { done, ..Outcome::default() };
        report(list, &about, &outcome, Kind::Act, text.clone(), false);
    };
    conflict::resolve(object, base.clone(), mine, Callback::new(saved));
}

/// Asks once for what else the server wants, and writes it with what has failed for the lack of it.
pub fn question(
    list: List,
    object: Arc<ObjectMeta>,
    outcome: Outcome,
    fields: Vec<(FieldMeta, Option<String>)>,
    (text, progress, then): (String, Option<Callback<usize>>, Option<Callback<Outcome>>),
) {
    let writes: Vec<Write> = outcome.failed.iter().map(|(write, _)| write.clone()).collect();
    let mut ids: Vec<String> = writes.iter().map(|w| w.id.clone()).collect();
    ids.dedup();
    let title = match ids.as_slice() {
        [id] => list.find(id).map(|row| row.title(&object)).unwrap_or_default(),
        many => tf(BATCH_SELECTED, &[("n", &many.len().to_string())]),
    };
    let given = move |more: Record| {
        list.asking.set(None);
        let each = |id: &String| {
            let version = writes.iter().find(|w| w.id == *id).and_then(|w| w.version);
            let with = |(key, after): (&String, &Value)| {
                let (id, key, after) = (id.clone(), key.clone(), after.clone());
                Write { id, key, before: Value::Null, after, version }
            };
            more.iter().map(with).collect::<Vec<_>>()
        };
        let more = ids.iter().flat_map(each);
        start(list, writes.iter().cloned().chain(more).collect(), Kind::Act, text.clone(), progress, then);
    };
    let cancel = move |()| {
        list.asking.set(None);
        if let Some(then) = then {
            then.run(outcome.clone());
        }
    };
    let _ = list.progress.try_set(None);
    let ask = Ask { object, title, fields, given: Callback::new(given), cancel: Callback::new(cancel) };
    let _ = list.asking.try_set(Some(ask));
}
