//! Which groups there are: the answer to the grouped question, in the order in which people expect them.

use super::{Group, Load};
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{KANBAN_EMPTY_VALUE, label, t};
use crate::record::list::ListState;
use crate::record::list::groups::keys;
use crate::record::list::layouts::names;
use kezhan_meta::check::as_decimal;
use kezhan_meta::query::{Aggregate, Count, Function, GroupKey, ListQuery};
use kezhan_meta::{FieldMeta, FieldType as T, Record, Tone};
use rust_decimal::Decimal;
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Columns that are added up; with the count as many as the server adds up at once.
const SUMS: usize = 9;
const CURRENCY: &str = "currency";
/// Most groups of one answer.
const MOST: usize = 1_000;

/// What a column comes to, by currency where it is money.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    pub field: String,
    pub parts: Vec<(String, Decimal)>,
}

impl Sum {
    fn add(&mut self, currency: &str, value: Decimal) {
        match self.parts.iter_mut().find(|(c, _)| c == currency) {
            Some((_, sum)) => *sum += value,
            None => self.parts.push((currency.to_owned(), value)),
        }
    }

    /// The greatest first: the one that counts is seen without looking further.
    fn sort(&mut self) {
        self.parts.sort_by_key(|part| std::cmp::Reverse(part.1));
    }

    /// Money as rows write it, one text for each currency.
    pub fn texts(&self, field: &FieldMeta) -> Vec<String> {
        let scale = match field.kind {
            T::Decimal { scale } => scale,
            _ => 0,
        };
        let text = |(currency, sum): &(String, Decimal)| match field.kind {
            T::Money => bridge::money_listed(&sum.to_string(), currency),
            _ => bridge::decimal(&sum.to_string(), 0, scale),
        };
        self.parts.iter().map(text).collect()
    }
}

pub fn summed(state: &ListState) -> Vec<FieldMeta> {
    let adds_up = |f: &FieldMeta| matches!(f.kind, T::Money | T::Decimal { .. } | T::Integer) && f.filterable();
    state.fields().into_iter().filter(adds_up).take(SUMS).collect()
}

fn question(state: &ListState, sums: &[FieldMeta]) -> ListQuery {
    let sum = |f: &FieldMeta| Aggregate { function: Function::Sum, field: Some(f.key.to_string()), name: None };
    let count = Aggregate { function: Function::Count, field: None, name: None };
    let by_currency = sums.iter().any(|f| f.kind == T::Money)
        && state.object.field(CURRENCY).is_some()
        && state.group.iter().all(|k| k.field() != CURRENCY);
    let currency = by_currency.then(|| GroupKey::Field(CURRENCY.to_owned()));
    ListQuery {
        group_by: state.group.iter().cloned().chain(currency).collect(),
        aggregates: std::iter::once(count).chain(sums.iter().map(sum)).collect(),
        sort: Vec::new(),
        fields: None,
        limit: None,
        count: Count::None,
        ..state.query(None)
    }
}

/// A value with what it is called and where it stands among the others.
struct Face {
    name: String,
    tone: Option<Tone>,
    rank: Rank,
}

#[derive(PartialEq)]
enum Rank {
    Place(i64),
    Text(String),
    Empty,
}

impl Rank {
    fn compare(&self, other: &Rank, down: bool) -> Ordering {
        let natural = match (self, other) {
            // What is not filled in comes last, whichever way the others go.
            (Rank::Empty, Rank::Empty) => return Ordering::Equal,
            (Rank::Empty, _) => return Ordering::Greater,
            (_, Rank::Empty) => return Ordering::Less,
            (Rank::Place(a), Rank::Place(b)) => a.cmp(b),
            (Rank::Text(a), Rank::Text(b)) => bridge::collate(a, b),
            (Rank::Place(_), Rank::Text(_)) => Ordering::Less,
            (Rank::Text(_), Rank::Place(_)) => Ordering::Greater,
        };
        if down { natural.reverse() } else { natural }
    }
}

/// The groups of the list's question, outer ones before those within them; and are there more?
pub async fn ask(state: &ListState) -> Result<(Vec<Group>, bool), crate::api::client::ApiError> {
    let sums = summed(state);
    let answer = records::groups(&state.object.plural, &question(state, &sums)).await?;
    let mut faces: Vec<HashMap<String, Face>> = Vec::new();
    for key in &state.group {
        faces.push(name_all(state, key, &answer).await);
    }
    let more = answer.len() >= MOST;
    Ok((arrange(state, &sums, &answer, &faces), more))
}

fn arrange(state: &ListState, sums: &[FieldMeta], answer: &[Record], faces: &[HashMap<String, Face>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut at: HashMap<Vec<String>, usize> = HashMap::new();
    let depth = state.group.len();
    for row in answer {
        let values: Vec<Value> = state.group.iter().map(|k| row.value(k.field()).clone()).collect();
        let words: Vec<String> = values.iter().map(Value::to_string).collect();
        let currency = row.value(CURRENCY).as_str().unwrap_or_default();
        for level in 0..depth {
            let place = *at.entry(words[..=level].to_vec()).or_insert_with(|| {
                let face = faces.get(level).and_then(|f| f.get(&words[level]));
                groups.push(Group {
                    level,
                    path: values[..=level].to_vec(),
                    name: face.map(|f| f.name.clone()).unwrap_or_default(),
                    tone: face.and_then(|f| f.tone),
                    count: 0,
                    sums: sums.iter().map(|f| Sum { field: f.key.to_string(), parts: Vec::new() }).collect(),
                    leaf: level + 1 == depth,
                    loaded: 0,
                    next: None,
                    load: Load::Idle,
                    stale: false,
                });
                groups.len() - 1
            });
            let Some(group) = groups.get_mut(place) else { continue };
            group.count += row.value("count").as_i64().unwrap_or_default();
            for (sum, field) in group.sums.iter_mut().zip(sums) {
                if let Some(value) = as_decimal(row.value(&format!("sum_{}", field.key))) {
                    sum.add(if field.kind == T::Money { currency } else { "" }, value);
                }
            }
        }
    }
    groups.iter_mut().flat_map(|g| &mut g.sums).for_each(Sum::sort);
    let down: Vec<bool> = state.group.iter().map(|k| goes_down(state, k)).collect();
    let rank = |group: &Group, level: usize| {
        group.path.get(level).and_then(|v| faces.get(level)?.get(&v.to_string())).map(|f| &f.rank)
    };
    groups.sort_by(|a, b| {
        for (level, down) in down.iter().enumerate() {
            let order = match (rank(a, level), rank(b, level)) {
                (Some(x), Some(y)) => {
                    let same = || a.path[level].to_string().cmp(&b.path[level].to_string());
                    x.compare(y, *down).then_with(same)
                }
                // The outer group stands before those within it.
                (x, y) => x.is_some().cmp(&y.is_some()),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        Ordering::Equal
    });
    groups
}

/// The order of the list holds for its groups too; without one the newest period is first.
fn goes_down(state: &ListState, key: &GroupKey) -> bool {
    state.direction(key.field()).unwrap_or(matches!(key, GroupKey::Dated { .. }))
}

async fn name_all(state: &ListState, key: &GroupKey, answer: &[Record]) -> HashMap<String, Face> {
    let Some(field) = state.object.field(key.field()) else { return HashMap::new() };
    let mut values: HashMap<String, Value> = HashMap::new();
    for row in answer {
        let value = row.value(key.field());
        values.entry(value.to_string()).or_insert_with(|| value.clone());
    }
    let known = match field.target() {
        Some(target) => names::find(target, values.values().filter_map(Value::as_str).collect()).await,
        None => HashMap::new(),
    };
    let face = |value: &Value| {
        if value.is_null() {
            return Face { name: t(KANBAN_EMPTY_VALUE).to_owned(), tone: None, rank: Rank::Empty };
        }
        let text = value.as_str().unwrap_or_default().to_owned();
        match (key, &field.kind) {
            (GroupKey::Dated { by, .. }, _) => {
                Face { name: keys::period_label(*by, &text), tone: None, rank: Rank::Text(text) }
            }
            (_, T::Choice { options }) => match options.iter().position(|o| o.value == text) {
                Some(at) => {
                    Face { name: label(&options[at].label), tone: Some(options[at].tone), rank: Rank::Place(at as i64) }
                }
                None => Face { name: text.clone(), tone: Some(Tone::Neutral), rank: Rank::Text(text) },
            },
            _ => match known.get(&text) {
                Some((name, Some(place))) => Face { name: name.clone(), tone: None, rank: Rank::Place(*place) },
                Some((name, None)) => Face { name: name.clone(), tone: None, rank: Rank::Text(name.clone()) },
                None => {
                    let shown = Shown { field, value, expanded: None, currency: "" };
                    let rank = if value.as_bool() == Some(true) { Rank::Place(0) } else { Rank::Text(text) };
                    Face { name: fields::plain_text(shown), tone: None, rank }
                }
            },
        }
    };
    values.into_iter().map(|(word, value)| (word, face(&value))).collect()
}
