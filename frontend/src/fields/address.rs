//! Postal addresses, from the large to the small as Chinese ones are written.

use super::{Input, plain};
use crate::i18n::{
    ADDRESS_CITY, ADDRESS_COUNTRY, ADDRESS_DETAIL, ADDRESS_DISTRICT, ADDRESS_POSTCODE, ADDRESS_PROVINCE, Key, t,
};
use leptos::prelude::*;
use serde_json::{Map, Value};

const PARTS: [(&str, Key); 6] = [
    ("country", ADDRESS_COUNTRY),
    ("province", ADDRESS_PROVINCE),
    ("city", ADDRESS_CITY),
    ("district", ADDRESS_DISTRICT),
    ("detail", ADDRESS_DETAIL),
    ("postcode", ADDRESS_POSTCODE),
];

pub fn text(value: &Value) -> String {
    let mut parts: Vec<&str> =
        PARTS.iter().filter_map(|(key, _)| value.get(*key)?.as_str()).filter(|s| !s.is_empty()).collect();
    // 上海市上海市浦东新区: a municipality is its own province.
    parts.dedup();
    let chinese = parts.iter().any(|p| !p.is_ascii());
    if chinese { parts.concat() } else { parts.into_iter().rev().collect::<Vec<_>>().join(", ") }
}

pub fn cell(value: &Value) -> AnyView {
    view! { <span class="truncate">{text(value)}</span> }.into_any()
}

pub fn input(input: Input) -> AnyView {
    let value = input.value;
    let first = input.id.clone();
    view! {
        <div class="grid grid-cols-2 sm:grid-cols-4 gap-2" role="group" aria-labelledby=first.clone()>
            {PARTS.into_iter().map(|(key, label)| {
                let id = if key == "country" { first.clone() } else { format!("{first}-{key}") };
                let class = if key == "detail" { "input col-span-2 sm:col-span-3" } else { "input" };
                view! {
                    <input type="text" id=id class=class placeholder=t(label) aria-label=t(label) autocomplete="off"
                        prop:value=move || value.with(|v| v.get(key).map(plain::text).unwrap_or_default())
                        on:input=move |ev| put(value, key, event_target_value(&ev))
                        on:change=move |_| input.done.run(())/>
                }
            }).collect_view()}
        </div>
    }
    .into_any()
}

fn put(value: RwSignal<Value>, key: &str, text: String) {
    value.update(|v| {
        let mut map = match v.take() {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        // The code of the area no longer fits once a part of the name has changed.
        if matches!(key, "province" | "city" | "district") {
            map.remove("code");
        }
        if text.is_empty() {
            map.remove(key);
        } else {
            map.insert(key.to_owned(), Value::String(text));
        }
        *v = if map.is_empty() { Value::Null } else { Value::Object(map) };
    });
}
