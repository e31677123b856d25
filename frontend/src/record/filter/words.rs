//! Conditions as sentences.

use crate::fields;
use crate::i18n::{
    FILTER_AND, FILTER_EMPTY, FILTER_HAS, FILTER_HAS_NO, FILTER_HAS_NO_WITH, FILTER_HAS_WITH, FILTER_NOT,
    FILTER_NOT_EMPTY, FILTER_OR, Key, label, t, tf,
};
use crate::state::catalog;
use kezhan_meta::{Filter, ObjectMeta, Op, Related};
use leptos::prelude::*;

/// The records that a relation leads to, from this side; with the field's name where there are several ways.
pub fn relation(object: &ObjectMeta, relation: &Related) -> String {
    let catalog = catalog::catalog();
    let Some(target) = catalog.get(&relation.object) else { return relation.name.to_string() };
    if let Some(own) = &relation.label {
        return label(own);
    }
    let name = label(&target.label_many);
    let several = catalog.related(&object.name).iter().filter(|r| r.object == relation.object).count() > 1;
    match target.field(&relation.field).filter(|_| several) {
        Some(field) => format!("{name} · {}", label(&field.label)),
        None => name,
    }
}

/// `阶段 属于 报价、谈判`; the names of records follow once they are known.
pub fn sentence(object: &ObjectMeta, filter: &Filter) -> Signal<String> {
    match filter {
        Filter::And(parts) => joined(object, parts, FILTER_AND),
        Filter::Or(parts) => joined(object, parts, FILTER_OR),
        Filter::Not(inner) => match &**inner {
            Filter::Exists { relation, filter } => exists(object, relation, filter.as_deref(), true),
            inner => {
                let inner = sentence(object, inner);
                Signal::derive(move || tf(FILTER_NOT, &[("what", &inner.get())]))
            }
        },
        Filter::Exists { relation, filter } => exists(object, relation, filter.as_deref(), false),
        Filter::Field { field, op, value } => {
            let Some(meta) = fields::path_field(object, field) else { return Signal::stored(field.to_string()) };
            let name = fields::path_label(object, field);
            if *op == Op::Null {
                let empty = t(if value.as_bool() == Some(false) { FILTER_NOT_EMPTY } else { FILTER_EMPTY });
                return Signal::stored(format!("{name} {empty}"));
            }
            let operand = match meta.target() {
                Some(target) => fields::reference::names_later(target, value),
                None => Signal::stored(fields::condition_text(&meta, *op, value)),
            };
            // One of one is that one.
            let op = match (*op, value.as_array().map(Vec::len)) {
                (Op::In, Some(1)) => Op::Eq,
                (Op::Nin, Some(1)) => Op::Ne,
                (op, _) => op,
            };
            let start = format!("{name} {}", fields::op_text(op, &meta.kind));
            Signal::derive(move || format!("{start} {}", operand.get()))
        }
    }
}

fn joined(object: &ObjectMeta, parts: &[Filter], word: Key) -> Signal<String> {
    let one = |part: &Filter| (sentence(object, part), matches!(part, Filter::And(_) | Filter::Or(_)));
    let all: Vec<(Signal<String>, bool)> = parts.iter().map(one).collect();
    Signal::derive(move || {
        let text = |(part, group): &(Signal<String>, bool)| match group {
            true => format!("({})", part.get()),
            false => part.get(),
        };
        all.iter().map(text).collect::<Vec<_>>().join(t(word))
    })
}

fn exists(object: &ObjectMeta, name: &str, filter: Option<&Filter>, none: bool) -> Signal<String> {
    let catalog = catalog::catalog();
    let found = catalog.relation(&object.name, name);
    let records = found.map_or_else(|| name.to_owned(), |r| relation(object, r));
    let target = found.and_then(|r| catalog.get(&r.object));
    match (filter.filter(|f| !f.is_all()), target) {
        (Some(filter), Some(target)) => {
            let what = sentence(target, filter);
            let key = if none { FILTER_HAS_NO_WITH } else { FILTER_HAS_WITH };
            Signal::derive(move || tf(key, &[("records", &records), ("what", &what.get())]))
        }
        _ => Signal::stored(tf(if none { FILTER_HAS_NO } else { FILTER_HAS }, &[("records", &records)])),
    }
}
