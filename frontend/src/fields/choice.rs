//! One or several of a closed list; free words.

use super::{Input, Shown};
use crate::api::records;
use crate::bridge;
use crate::i18n::label;
use crate::state::catalog;
use crate::ui::badge::tone_class;
use crate::ui::combobox::Lookup;
use crate::ui::combobox::fixed;
use crate::ui::{Combobox, Item};
use kezhan_meta::query::{GroupKey, ListQuery, Sort};
use kezhan_meta::rules::currency;
use kezhan_meta::{Choice, FieldMeta, ObjectMeta, Rule, Tone};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

fn values(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A value that is no longer an option still shows, as itself.
fn chosen(options: &[Choice], value: &Value) -> Vec<(String, Tone)> {
    values(value)
        .into_iter()
        .map(|v| {
            options.iter().find(|o| o.value == v).map_or((v.to_owned(), Tone::Neutral), |o| (label(&o.label), o.tone))
        })
        .collect()
}

pub fn text(shown: Shown<'_>) -> String {
    chosen(shown.field.options(), shown.value)
        .into_iter()
        .map(|(text, _)| text)
        .collect::<Vec<_>>()
        .join(crate::i18n::comma())
}

pub fn cell(shown: Shown<'_>) -> AnyView {
    tags(chosen(shown.field.options(), shown.value))
}

pub fn words(value: &Value) -> AnyView {
    tags(values(value).into_iter().map(|word| (word.to_owned(), Tone::Neutral)).collect())
}

/// Of several as many as there is room for. Each knows how many follow it, and says so where the next one does not fit.
fn tags(all: Vec<(String, Tone)>) -> AnyView {
    let last = all.len().saturating_sub(1);
    let title = all.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(crate::i18n::comma());
    let tag = |(n, (text, tone)): (usize, (String, Tone))| {
        let more = (n < last).then(|| format!("+{}", last - n));
        view! { <span class=tone_class(tone) data-more=more><span class="truncate leading-[1.375rem]">{text}</span></span> }
            .into_any()
    };
    let class = if last > 0 { "tags" } else { "flex min-w-0" };
    view! { <span class=class title=(last > 0).then_some(title)>{all.into_iter().enumerate().map(tag).collect_view()}</span> }.into_any()
}

pub fn items(options: &[Choice]) -> Vec<Item> {
    options.iter().map(|o| Item { tone: Some(o.tone), ..Item::new(o.value.clone(), label(&o.label)) }).collect()
}

/// The objects that the reader knows of, for fields that name one.
fn objects() -> Vec<Item> {
    catalog::catalog().objects().map(|o| Item::new(o.name.clone(), label(&o.label))).collect()
}

/// Currencies that most of ours are asked for in, first in every list of them.
const USUAL: [&str; 7] = ["CNY", "USD", "EUR", "HKD", "JPY", "GBP", "SGD"];

fn currencies() -> Vec<Item> {
    let rest = currency::codes().filter(|code| !USUAL.contains(code));
    let codes: Vec<&str> = USUAL.into_iter().chain(rest).collect();
    let names = bridge::currency_names(codes.iter().copied());
    codes.into_iter().zip(names).map(|(code, name)| Item::new(code, format!("{code} {name}"))).collect()
}

/// What a text field takes that is no free text: keys with their names.
pub fn listed(field: &FieldMeta) -> Option<Vec<Item>> {
    match field.rules.iter().find(|rule| matches!(rule, Rule::Object | Rule::Currency))? {
        Rule::Object => Some(objects()),
        _ => Some(currencies()),
    }
}

pub fn input(input: Input, many: bool) -> AnyView {
    let all = items(input.field.options());
    pick(input, all, many)
}

pub fn pick(input: Input, all: Vec<Item>, many: bool) -> AnyView {
    let now = input.value.get_untracked();
    let picked = values(&now)
        .into_iter()
        .map(|v| all.iter().find(|i| i.value == v).cloned().unwrap_or_else(|| Item::new(v, v)))
        .collect::<Vec<_>>();
    let chosen = RwSignal::new(picked);
    let (value, done) = (input.value, input.done);
    let finish = move |()| {
        value.set(collect(&chosen.get_untracked(), many));
        crate::fields::finished(done);
    };
    view! { <Combobox id=input.id chosen=chosen lookup=fixed(all) many=many invalid=input.invalid on_done=finish/> }
        .into_any()
}

/// The JSON form of what was chosen.
pub fn collect(items: &[Item], many: bool) -> Value {
    let mut values = items.iter().map(|i| Value::String(i.value.clone()));
    if many { Value::Array(values.collect()) } else { values.next().unwrap_or(Value::Null) }
}

pub fn words_input(input: Input) -> AnyView {
    let now = input.value.get_untracked();
    let chosen = RwSignal::new(values(&now).into_iter().map(|w| Item::new(w, w)).collect::<Vec<_>>());
    let (value, done) = (input.value, input.done);
    let finish = move |()| {
        value.set(collect(&chosen.get_untracked(), true));
        crate::fields::finished(done);
    };
    let known = known_words(&input.field);
    view! { <Combobox id=input.id chosen=chosen lookup=known many=true free=true invalid=input.invalid on_done=finish/> }
        .into_any()
}

/// The object whose fields are asked for here.
#[derive(Clone)]
pub struct Kind(pub Arc<ObjectMeta>);

/// Words that records have already in this field, the commonest first: whoever types one again means the same.
pub fn known_words(field: &FieldMeta) -> Lookup {
    let object = use_context::<Kind>().map(|kind| kind.0).filter(|object| object.field(&field.key) == Some(field));
    let key = field.key.to_string();
    let known = StoredValue::new(None::<Vec<Item>>);
    Arc::new(move |text| {
        let (object, key) = (object.clone(), key.clone());
        Box::pin(async move {
            let text = text.trim().to_lowercase();
            let all = match known.try_get_value()? {
                Some(all) => all,
                None => {
                    let all = words_of(object, &key).await;
                    known.try_set_value(Some(all.clone()));
                    all
                }
            };
            let fits = |item: &Item| item.label.to_lowercase().contains(&text);
            Some(all.into_iter().filter(fits).take(WORDS_SHOWN).collect())
        })
    })
}

const WORDS_SHOWN: usize = 50;

async fn words_of(object: Option<Arc<ObjectMeta>>, key: &str) -> Vec<Item> {
    let Some(object) = object else { return Vec::new() };
    let query = ListQuery {
        group_by: vec![GroupKey::Field(key.to_owned())],
        sort: vec![Sort { field: "count".to_owned(), descending: true }],
        ..ListQuery::default()
    };
    let groups = records::groups(&object.plural, &query).await.unwrap_or_default();
    groups.iter().filter_map(|group| group.get(key)?.as_str()).map(|word| Item::new(word, word)).collect()
}
