//! Operands of conditions: what one compares a field with, and how a condition reads as a sentence.

use super::{Input, Shown, address, plain, plain_text, reference, relative};
use crate::i18n::{self, label, t};
use crate::ui::combobox::fixed;
use crate::ui::{Combobox, Item, Lookup};
use kezhan_meta::{FieldMeta, FieldType as T, Op};
use leptos::prelude::*;
use serde_json::Value;

pub fn op_text(op: Op, kind: &T) -> &'static str {
    let day = matches!(kind, T::Date | T::DateTime);
    t(match op {
        Op::Eq => i18n::OP_EQ,
        Op::Ne => i18n::OP_NE,
        Op::Gt if day => i18n::OP_AFTER,
        Op::Gte if day => i18n::OP_FROM,
        Op::Lt if day => i18n::OP_BEFORE,
        Op::Lte if day => i18n::OP_UNTIL,
        Op::Gt => i18n::OP_GT,
        Op::Gte => i18n::OP_GTE,
        Op::Lt => i18n::OP_LT,
        Op::Lte => i18n::OP_LTE,
        Op::In => i18n::OP_IN,
        Op::Nin => i18n::OP_NIN,
        Op::Contains => i18n::OP_CONTAINS,
        Op::StartsWith => i18n::OP_STARTS_WITH,
        Op::EndsWith => i18n::OP_ENDS_WITH,
        Op::Between => i18n::OP_BETWEEN,
        Op::Null => i18n::OP_NULL,
        Op::HasAny => i18n::OP_HAS_ANY,
        Op::HasAll => i18n::OP_HAS_ALL,
        Op::HasNone => i18n::OP_HAS_NONE,
        Op::Within => i18n::OP_WITHIN,
    })
}

/// The operand of a condition in words: `华东、华南`.
pub fn condition_text(field: &FieldMeta, op: Op, value: &Value) -> String {
    let one = |value: &Value| match (&field.kind, value) {
        (
            T::Choice { .. }
            | T::MultiChoice { .. }
            | T::Boolean
            | T::Money
            | T::Percent
            | T::Decimal { .. }
            | T::Date
            | T::DateTime,
            _,
        ) => plain_text(Shown { field, value, expanded: None, currency: "" }),
        _ => plain::text(value),
    };
    match op {
        Op::Null => t(if value.as_bool() == Some(false) { i18n::NO } else { i18n::YES }).to_owned(),
        Op::Within => relative::text(&plain::text(value)),
        Op::Between => match value.as_array().map(Vec::as_slice) {
            Some([low, high]) => format!("{} – {}", one(low), one(high)),
            _ => String::new(),
        },
        _ => match value {
            Value::Array(items) => items.iter().map(one).collect::<Vec<_>>().join(crate::i18n::comma()),
            value => one(value),
        },
    }
}

/// The control in which the operand is given.
pub fn operand(id: String, field: &FieldMeta, op: Op, value: RwSignal<Value>) -> AnyView {
    match op {
        Op::Null => ().into_any(),
        Op::Within => relative::input(id, value),
        Op::Between => view! {
            <div class="grid grid-cols-2 gap-2">
                {edge(format!("{id}-low"), field, value, 0)}
                {edge(format!("{id}-high"), field, value, 1)}
            </div>
        }
        .into_any(),
        _ => one_or_many(id, field, op, value),
    }
}

fn one_or_many(id: String, field: &FieldMeta, op: Op, value: RwSignal<Value>) -> AnyView {
    let many = op.takes_list();
    if let Some(listed) = super::choice::listed(field) {
        return combo(id, fixed(listed), value, many, None);
    }
    match &field.kind {
        T::Choice { options } | T::MultiChoice { options } => {
            combo(id, fixed(super::choice::items(options)), value, many, None)
        }
        T::Reference { .. } | T::MultiReference { .. } | T::Department | T::File | T::User => {
            let target = field.target().unwrap_or_default().to_owned();
            combo(id, named_first(&target), value, many, Some(target))
        }
        T::Boolean => yes_no(id, value, false),
        T::Tags => words(id, value, super::choice::known_words(field)),
        T::Text
        | T::LongText
        | T::RichText
        | T::Phone
        | T::Email
        | T::Url
        | T::AutoNumber { .. }
        | T::Id
        | T::Integer
        | T::Decimal { .. }
        | T::Money
        | T::Percent
            if many =>
        {
            words(id, value, address::names(field).unwrap_or_else(|| fixed(Vec::new())))
        }
        T::Integer | T::Decimal { .. } | T::Money | T::Percent | T::Date => super::input(bare(id, field, value)),
        T::DateTime => super::input(bare(id, &by_day(field, &value.get_untracked()), value)),
        T::Text
        | T::LongText
        | T::RichText
        | T::Phone
        | T::Email
        | T::Url
        | T::AutoNumber { .. }
        | T::Id
        | T::Address
        | T::Geo
        | T::Json => super::text::input(bare(id, field, value), "text", "off"),
    }
}

fn bare(id: String, field: &FieldMeta, value: RwSignal<Value>) -> Input {
    let invalid = Signal::stored(false);
    Input { id, field: field.clone(), value, expanded: None, invalid, home: None, done: Callback::new(|()| ()) }
}

/// Instants are asked for by the day, unless one was given to the minute.
fn by_day(field: &FieldMeta, now: &Value) -> FieldMeta {
    let exact = now.as_str().is_some_and(|text| text.contains('T'));
    let kind = if exact || field.kind != T::DateTime { field.kind.clone() } else { T::Date };
    FieldMeta { kind, ..field.clone() }
}

fn edge(id: String, field: &FieldMeta, value: RwSignal<Value>, at: usize) -> AnyView {
    let now = value.with_untracked(|v| v.get(at).cloned().unwrap_or(Value::Null));
    let own = RwSignal::new(now);
    Effect::watch(
        move || own.get(),
        move |new: &Value, _, _| {
            value.update(|v| {
                let mut both = v.as_array().cloned().unwrap_or_default();
                both.resize(2, Value::Null);
                both[at] = new.clone();
                *v = Value::Array(both);
            });
        },
        false,
    );
    let field = by_day(field, &own.get_untracked());
    super::input(bare(id, &field, own))
}

/// "Me" and "my department" stand before all others.
fn named_first(target: &str) -> Lookup {
    let others = reference::lookup(target);
    let named: Vec<Item> = reference::named(target).map(|(value, name)| Item::new(value, name)).collect();
    std::sync::Arc::new(move |text: String| {
        let fits = |i: &&Item| i.label.to_lowercase().contains(&text.to_lowercase());
        let mut found: Vec<Item> = named.iter().filter(fits).cloned().collect();
        let others = others(text);
        Box::pin(async move {
            found.extend(others.await?);
            Some(found)
        })
    })
}

fn combo(id: String, lookup: Lookup, value: RwSignal<Value>, many: bool, target: Option<String>) -> AnyView {
    let now: Vec<String> = match value.get_untracked() {
        Value::String(one) if !one.is_empty() => vec![one],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let chosen = RwSignal::new(
        now.into_iter()
            .map(|v| Item::new(v.clone(), reference::name_of(&v).map_or(v, str::to_owned)))
            .collect::<Vec<_>>(),
    );
    match target {
        Some(target) => reference::resolve_names(&target, chosen, false),
        None => name_fixed(&lookup, chosen),
    }
    let finish = move |()| value.set(super::choice::collect(&chosen.get_untracked(), many));
    view! { <Combobox id=id chosen=chosen lookup=lookup many=many on_done=finish/> }.into_any()
}

/// Labels for values out of a list that is at hand.
fn name_fixed(lookup: &Lookup, chosen: RwSignal<Vec<Item>>) {
    let all = lookup(String::new());
    leptos::task::spawn_local(async move {
        let Some(all) = all.await else { return };
        let _ = chosen.try_update(|items| {
            for item in items {
                if let Some(known) = all.iter().find(|k| k.value == item.value) {
                    *item = known.clone();
                }
            }
        });
    });
}

fn words(id: String, value: RwSignal<Value>, known: Lookup) -> AnyView {
    let now: Vec<Item> = match value.get_untracked() {
        Value::Array(items) => items.iter().map(|v| Item::new(plain::text(v), plain::text(v))).collect(),
        _ => Vec::new(),
    };
    let chosen = RwSignal::new(now);
    let finish = move |()| value.set(super::choice::collect(&chosen.get_untracked(), true));
    view! { <Combobox id=id chosen=chosen lookup=known many=true free=true on_done=finish/> }.into_any()
}

fn yes_no(id: String, value: RwSignal<Value>, default: bool) -> AnyView {
    if !value.get_untracked().is_boolean() {
        value.set(Value::Bool(default));
    }
    view! {
        <select id=id class="select" on:change=move |ev| value.set(Value::Bool(event_target_value(&ev) == "true"))>
            <option value="true" selected=value.get_untracked() == Value::Bool(true)>{t(i18n::YES)}</option>
            <option value="false" selected=value.get_untracked() == Value::Bool(false)>{t(i18n::NO)}</option>
        </select>
    }
    .into_any()
}

/// `客户 › 城市`: a path through references, by its labels.
pub fn path_label(object: &kezhan_meta::ObjectMeta, path: &str) -> String {
    match path.split_once('.') {
        None => object.field(path).map_or_else(|| path.to_owned(), |f| label(&f.label)),
        Some((first, rest)) => {
            let Some(field) = object.field(first) else { return path.to_owned() };
            if let Some(part) = part(field, rest) {
                return format!("{} › {}", label(&field.label), label(&part.label));
            }
            let target = field.target().and_then(crate::state::catalog::object);
            let rest = target.map_or_else(|| rest.to_owned(), |o| path_label(&o, rest));
            format!("{} › {rest}", label(&field.label))
        }
    }
}

/// The field at the end of a path.
pub fn path_field(object: &kezhan_meta::ObjectMeta, path: &str) -> Option<FieldMeta> {
    match path.split_once('.') {
        None => object.field(path).cloned(),
        Some((first, rest)) => {
            let field = object.field(first)?;
            part(field, rest).or_else(|| path_field(&*crate::state::catalog::object(field.target()?)?, rest))
        }
    }
}

/// A part of an address.
fn part(field: &FieldMeta, key: &str) -> Option<FieldMeta> {
    (field.kind == T::Address).then(|| kezhan_meta::address::part(key).cloned()).flatten()
}
