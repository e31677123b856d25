//! By what a list is grouped, and which groups are folded: as its address says.

use crate::bridge;
use crate::i18n::{self, label, t, tf};
use crate::record::url::Url;
use crate::state::prefs;
use kezhan_meta::query::{By, GroupKey};
use kezhan_meta::{FieldMeta, FieldType as T, Filter, Lang, ObjectMeta, Op};
use serde_json::Value;
use std::collections::BTreeSet;

/// Levels of groups within groups.
pub const LEVELS: usize = 2;
pub const UNITS: [By; 5] = [By::Day, By::Week, By::Month, By::Quarter, By::Year];
const GROUP: &str = "group";
const FOLD: &str = "fold";
/// Everything but what is named.
const ALL: &str = "*";

/// Fields whose values many records share.
pub fn groupable(field: &FieldMeta) -> bool {
    let shared = matches!(
        field.kind,
        T::Choice { .. } | T::Reference { .. } | T::User | T::Department | T::Boolean | T::Date | T::DateTime
    );
    shared && !field.secret && !field.hidden && field.filterable() && field.key != "deleted_by"
}

pub fn is_dated(field: &FieldMeta) -> bool {
    matches!(field.kind, T::Date | T::DateTime)
}

/// What grouping by this field means at first: dates go by month.
pub fn key_of(field: &FieldMeta) -> GroupKey {
    match is_dated(field) {
        true => GroupKey::Dated { field: field.key.to_string(), by: By::Month },
        false => GroupKey::Field(field.key.to_string()),
    }
}

fn unit_key(by: By) -> &'static str {
    match by {
        By::Day => "day",
        By::Week => "week",
        By::Month => "month",
        By::Quarter => "quarter",
        By::Year => "year",
    }
}

pub fn unit_label(by: By) -> &'static str {
    t(match by {
        By::Day => i18n::BY_DAY,
        By::Week => i18n::BY_WEEK,
        By::Month => i18n::BY_MONTH,
        By::Quarter => i18n::BY_QUARTER,
        By::Year => i18n::BY_YEAR,
    })
}

/// `stage`, `created_at:month`.
pub fn text_of(key: &GroupKey) -> String {
    match key {
        GroupKey::Field(field) => field.clone(),
        GroupKey::Dated { field, by } => format!("{field}:{}", unit_key(*by)),
    }
}

fn parse(object: &ObjectMeta, text: &str) -> Option<GroupKey> {
    let (key, unit) = text.split_once(':').map_or((text, None), |(key, unit)| (key, Some(unit)));
    let field = object.field(key).filter(|f| groupable(f))?;
    match UNITS.into_iter().find(|by| Some(unit_key(*by)) == unit) {
        Some(by) if is_dated(field) => Some(GroupKey::Dated { field: key.to_owned(), by }),
        _ => Some(key_of(field)),
    }
}

pub fn read(object: &ObjectMeta, url: Url) -> Vec<GroupKey> {
    let mut keys: Vec<GroupKey> = Vec::new();
    for text in url.get(GROUP).unwrap_or_default().split(',') {
        let key = parse(object, text).filter(|k| keys.iter().all(|other| other.field() != k.field()));
        keys.extend(key);
    }
    keys.truncate(LEVELS);
    keys
}

pub fn put(url: Url, keys: &[GroupKey]) {
    let text: Vec<String> = keys.iter().take(LEVELS).map(text_of).collect();
    url.push(&[(GROUP, Some(text.join(","))), (FOLD, None)]);
}

/// The condition that makes a record one of a group's.
pub fn condition(key: &GroupKey, value: &Value) -> Filter {
    let field = key.field().to_owned();
    match (key, value) {
        (_, Value::Null) => Filter::field(field, Op::Null, true),
        (GroupKey::Dated { .. }, value) => Filter::field(field, Op::Within, value.clone()),
        (_, value) => Filter::field(field, Op::Eq, value.clone()),
    }
}

/// A period as people write it.
pub fn period_label(by: By, text: &str) -> String {
    let part = |at: usize| text.get(at..).unwrap_or_default();
    let (year, n) = (text.get(..4).unwrap_or(text), part(6).trim_start_matches('0'));
    match by {
        By::Day => bridge::date_time(text),
        By::Year => tf(i18n::PERIOD_YEAR, &[("year", text)]),
        By::Month if prefs::lang() == Lang::En => bridge::date_time(text),
        By::Month => tf(i18n::PERIOD_MONTH, &[("year", year), ("month", part(5).trim_start_matches('0'))]),
        By::Quarter => tf(i18n::PERIOD_QUARTER, &[("year", year), ("n", n)]),
        By::Week => tf(i18n::PERIOD_WEEK, &[("year", year), ("n", n)]),
    }
}

/// What the list is grouped by, in words.
pub fn label_of(object: &ObjectMeta, key: &GroupKey) -> String {
    let name = object.field(key.field()).map(|f| label(&f.label)).unwrap_or_default();
    match key {
        GroupKey::Field(_) => name,
        GroupKey::Dated { by, .. } => format!("{name} · {}", unit_label(*by)),
    }
}

/// Which groups are folded: those named, or all but those named.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fold {
    all: bool,
    named: BTreeSet<String>,
}

impl Fold {
    pub fn read(url: Url) -> Fold {
        let text = url.get(FOLD).unwrap_or_default();
        let mut named = BTreeSet::new();
        // One by one: collecting would sort.
        named.extend(text.split(',').filter(|n| !n.is_empty()).map(str::to_owned));
        Fold { all: named.remove(ALL), named }
    }

    pub fn holds(&self, path: &str) -> bool {
        self.named.contains(path) != self.all
    }

    pub fn toggle(mut self, path: &str) -> Fold {
        if !self.named.remove(path) {
            self.named.insert(path.to_owned());
        }
        self
    }

    pub fn everything(all: bool) -> Fold {
        Fold { all, named: BTreeSet::new() }
    }

    pub fn put(&self, url: Url) {
        let all = self.all.then_some(ALL).into_iter();
        let text: Vec<&str> = all.chain(self.named.iter().map(String::as_str)).collect();
        url.replace(&[(FOLD, Some(text.join(",")))]);
    }
}
