//! What is chosen while records are being merged.

use crate::api::records::RecordExt;
use crate::fields::Shown;
use crate::record::url::Url;
use kezhan_meta::{FieldMeta, ObjectMeta, Record, system};
use leptos::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

#[derive(Clone, Copy)]
pub struct Plan {
    object: StoredValue<Arc<ObjectMeta>>,
    records: StoredValue<Vec<(Record, HashSet<String>)>>,
    /// Field → the record whose value was chosen for it.
    chosen: RwSignal<HashMap<String, usize>>,
    url: Url,
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

impl Plan {
    pub fn new(object: Arc<ObjectMeta>, records: Vec<(Record, HashSet<String>)>, url: Url) -> Plan {
        Plan {
            object: StoredValue::new(object),
            records: StoredValue::new(records),
            chosen: RwSignal::new(HashMap::new()),
            url,
        }
    }

    pub fn object(self) -> Arc<ObjectMeta> {
        self.object.get_value()
    }

    pub fn len(self) -> usize {
        self.records.with_value(Vec::len)
    }

    fn of<T>(self, at: usize, with: impl FnOnce(&Record) -> T) -> Option<T> {
        self.records.with_value(|all| all.get(at).map(|(record, _)| with(record)))
    }

    pub fn id(self, at: usize) -> String {
        self.of(at, |r| r.id().to_owned()).unwrap_or_default()
    }

    pub fn title(self, at: usize) -> String {
        self.object.with_value(|object| self.of(at, |r| r.title(object))).unwrap_or_default()
    }

    pub fn href(self, at: usize) -> String {
        self.object.with_value(|object| format!("/o/{}/{}", object.plural, self.id(at)))
    }

    /// The record that stays, as the address says; the first where it says nothing.
    pub fn survivor(self) -> usize {
        let kept = self.url.get("keep");
        (0..self.len()).find(|at| kept.as_deref() == Some(self.id(*at).as_str())).unwrap_or(0)
    }

    pub fn keep(self, at: usize) {
        self.url.replace(&[("keep", Some(self.id(at)))]);
    }

    pub fn kept(self) -> (String, Option<i64>) {
        let at = untrack(|| self.survivor());
        (self.id(at), self.of(at, |r| r.version()).flatten())
    }

    /// What one writes, and where at least one of them says something.
    pub fn fields(self) -> Vec<FieldMeta> {
        let writable =
            |f: &&FieldMeta| !f.read_only && !f.secret && !f.hidden && !f.immutable && !system::is_system(&f.key);
        let told = |f: &&FieldMeta| (0..self.len()).any(|at| self.of(at, |r| !is_empty(r.value(&f.key))) == Some(true));
        self.object.with_value(|o| o.fields.iter().filter(writable).filter(told).cloned().collect())
    }

    pub fn agree(self, field: &FieldMeta) -> bool {
        let value = |at: usize| self.of(at, |r| r.value(&field.key).clone());
        let first = value(0);
        (1..self.len()).all(|at| value(at) == first) && !(0..self.len()).any(|at| self.unseen(field, at))
    }

    pub fn unseen(self, field: &FieldMeta, at: usize) -> bool {
        self.records.with_value(|all| all.get(at).is_some_and(|(_, unseen)| unseen.contains(field.key.as_ref())))
    }

    pub fn shown(self, field: &FieldMeta, at: usize, draw: impl FnOnce(Shown<'_>) -> AnyView) -> AnyView {
        self.of(at, |r| draw(Shown::of(field, r))).unwrap_or_else(|| ().into_any())
    }

    pub fn choose(self, field: &str, at: usize) {
        self.chosen.update(|chosen| {
            chosen.insert(field.to_owned(), at);
        });
    }

    /// Whose value the field will have: as chosen, else the survivor's own, else the first that there is.
    pub fn pick(self, field: &FieldMeta) -> usize {
        if let Some(at) = self.chosen.with(|chosen| chosen.get(field.key.as_ref()).copied()) {
            return at;
        }
        let survivor = self.survivor();
        let says = |at: &usize| self.of(*at, |r| !is_empty(r.value(&field.key))) == Some(true);
        // Whose it is stays with it.
        if says(&survivor) || self.unseen(field, survivor) || field.key == "owner" {
            return survivor;
        }
        (0..self.len()).filter(|at| !self.unseen(field, *at)).find(says).unwrap_or(survivor)
    }

    /// As the action takes it.
    pub fn input(self) -> Record {
        untrack(|| {
            let survivor = self.survivor();
            let losers: Vec<String> = (0..self.len()).filter(|at| *at != survivor).map(|at| self.id(at)).collect();
            let differing = self.fields().into_iter().filter(|f| !self.agree(f));
            let take: Map<String, Value> = differing
                .filter_map(|f| {
                    let at = self.pick(&f);
                    (at != survivor).then(|| (f.key.to_string(), json!(self.id(at))))
                })
                .collect();
            Record::from_iter([("losers".to_owned(), json!(losers)), ("take".to_owned(), Value::Object(take))])
        })
    }
}
