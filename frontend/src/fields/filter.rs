//! Operands of conditions: what one compares a field with, and how a condition reads as a sentence.

use super::{Input, Shown, plain, plain_text, reference};
use crate::i18n::{self, Key, label, t};
use crate::ui::combobox::fixed;
use crate::ui::{Combobox, Item, Lookup};
use kezhan_meta::rules::{dates, relative};
use kezhan_meta::{FieldMeta, FieldType as T, Op};
use leptos::prelude::*;
use serde_json::Value;

/// A day in any customary spelling.
pub fn parse_day(text: &str) -> Option<String> {
    dates::parse_date(text, dates::DateOrder::MonthFirst).map(|d| d.format("%Y-%m-%d").to_string())
}

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

fn relative_key(keyword: &str) -> Option<Key> {
    Some(match keyword {
        "today" => i18n::REL_TODAY,
        "yesterday" => i18n::REL_YESTERDAY,
        "tomorrow" => i18n::REL_TOMORROW,
        "this_week" => i18n::REL_THIS_WEEK,
        "last_week" => i18n::REL_LAST_WEEK,
        "next_week" => i18n::REL_NEXT_WEEK,
        "this_month" => i18n::REL_THIS_MONTH,
        "last_month" => i18n::REL_LAST_MONTH,
        "next_month" => i18n::REL_NEXT_MONTH,
        "this_quarter" => i18n::REL_THIS_QUARTER,
        "last_quarter" => i18n::REL_LAST_QUARTER,
        "next_quarter" => i18n::REL_NEXT_QUARTER,
        "this_year" => i18n::REL_THIS_YEAR,
        "last_year" => i18n::REL_LAST_YEAR,
        "next_year" => i18n::REL_NEXT_YEAR,
        "last_7_days" => i18n::REL_LAST_7_DAYS,
        "last_30_days" => i18n::REL_LAST_30_DAYS,
        "last_90_days" => i18n::REL_LAST_90_DAYS,
        "next_7_days" => i18n::REL_NEXT_7_DAYS,
        "next_30_days" => i18n::REL_NEXT_30_DAYS,
        _ => return None,
    })
}

fn relative_text(keyword: &str) -> String {
    relative_key(keyword).map_or_else(|| keyword.to_owned(), |key| t(key).to_owned())
}

fn relative_items() -> Vec<Item> {
    const DAYS: [&str; 5] = ["last_7_days", "last_30_days", "last_90_days", "next_7_days", "next_30_days"];
    relative::KEYWORDS.iter().copied().chain(DAYS).map(|k| Item::new(k, relative_text(k))).collect()
}

/// The operand of a condition in words: `华东、华南`.
pub fn condition_text(field: &FieldMeta, op: Op, value: &Value) -> String {
    let one = |value: &Value| match (&field.kind, value) {
        (_, Value::String(text)) if text == "me" && field.target() == Some("user") => t(i18n::ME).to_owned(),
        (T::Choice { .. } | T::MultiChoice { .. } | T::Boolean | T::Money | T::Percent | T::DateTime, _) => {
            plain_text(Shown { field, value, expanded: None, currency: "CNY" })
        }
        _ => plain::text(value),
    };
    match op {
        Op::Null => t(if value.as_bool() == Some(false) { i18n::NO } else { i18n::YES }).to_owned(),
        Op::Within => relative_text(&plain::text(value)),
        Op::Between => match value.as_array().map(Vec::as_slice) {
            Some([low, high]) => format!("{} – {}", one(low), one(high)),
            _ => String::new(),
        },
        _ => match value {
            Value::Array(items) => items.iter().map(one).collect::<Vec<_>>().join("、"),
            value => one(value),
        },
    }
}

/// The control in which the operand is given.
pub fn operand(id: String, field: &FieldMeta, op: Op, value: RwSignal<Value>) -> AnyView {
    match op {
        Op::Null => yes_no(id, value, true),
        Op::Within => pick(id, relative_items(), value),
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
    match &field.kind {
        T::Choice { options } | T::MultiChoice { options } => {
            combo(id, fixed(super::choice::items(options)), value, many, None)
        }
        T::Reference { .. } | T::MultiReference { .. } | T::Department | T::File | T::User => {
            let target = field.target().unwrap_or_default().to_owned();
            combo(id, people_first(&target), value, many, Some(target))
        }
        T::Boolean => yes_no(id, value, false),
        T::Tags => words(id, value),
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
            words(id, value)
        }
        T::Integer | T::Decimal { .. } | T::Money | T::Percent | T::Date | T::DateTime => {
            super::input(bare(id, field, value))
        }
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
    super::input(bare(id, field, own))
}

/// "Me" stands before everybody else.
fn people_first(target: &str) -> Lookup {
    let others = reference::lookup(target);
    if target != "user" {
        return others;
    }
    std::sync::Arc::new(move |text: String| {
        let me = Item::new("me", t(i18n::ME));
        let fits = text.is_empty() || me.label.to_lowercase().contains(&text.to_lowercase());
        let others = others(text);
        Box::pin(async move {
            let mut found = others.await?;
            if fits {
                found.insert(0, me);
            }
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
            .map(|v| Item::new(v.clone(), if v == "me" { t(i18n::ME).to_owned() } else { v }))
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

fn pick(id: String, items: Vec<Item>, value: RwSignal<Value>) -> AnyView {
    combo(id, fixed(items), value, false, None)
}

fn words(id: String, value: RwSignal<Value>) -> AnyView {
    let now: Vec<Item> = match value.get_untracked() {
        Value::Array(items) => items.iter().map(|v| Item::new(plain::text(v), plain::text(v))).collect(),
        _ => Vec::new(),
    };
    let chosen = RwSignal::new(now);
    let finish = move |()| value.set(super::choice::collect(&chosen.get_untracked(), true));
    view! { <Combobox id=id chosen=chosen lookup=fixed(Vec::new()) many=true free=true on_done=finish/> }.into_any()
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
        Some((first, rest)) => path_field(&*crate::state::catalog::object(object.field(first)?.target()?)?, rest),
    }
}
