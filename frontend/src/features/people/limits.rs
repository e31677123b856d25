//! When and where a role is in force.

use super::draft::Draft;
use crate::i18n::{
    LIMIT_DAYS, LIMIT_FROM, LIMIT_HOURS, LIMIT_NETWORKS, LIMIT_NETWORKS_HINT, LIMIT_TO, LIMITS_TEXT, WEEKDAYS, t,
};
use leptos::prelude::*;
use serde_json::{Map, Value, json};

pub fn limits(draft: Draft) -> AnyView {
    let get = move |key: &'static str| draft.limits.with(|l| l.get(key).cloned().unwrap_or_default());
    let put = move |key: &'static str, value: Value| {
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        draft.limits.update(|l: &mut Map<String, Value>| match empty {
            true => drop(l.remove(key)),
            false => drop(l.insert(key.to_owned(), value)),
        });
    };
    let day = move |number: u64| {
        let on = move || get("days").as_array().is_some_and(|days| days.iter().any(|d| d.as_u64() == Some(number)));
        let toggle = move |ev: leptos::ev::Event| {
            let mut days: Vec<u64> =
                get("days").as_array().map(|d| d.iter().filter_map(Value::as_u64).collect()).unwrap_or_default();
            days.retain(|d| *d != number);
            if event_target_checked(&ev) {
                days.push(number);
            }
            days.sort_unstable();
            put("days", json!(days));
        };
        view! {
            <label class="inline-flex items-center gap-1.5 min-h-8 pointer-coarse:min-h-11">
                <input type="checkbox" prop:checked=on on:change=toggle/>
                {t(WEEKDAYS).split(',').nth(number as usize - 1).unwrap_or_default()}
            </label>
        }
    };
    let clock = move |key: &'static str, id: &'static str, text: &'static str| {
        view! {
            <label for=id class="muted">{text}</label>
            <input id=id type="time" class="input !w-32" prop:value=move || get(key).as_str().unwrap_or_default().to_owned()
                on:change=move |ev| put(key, json!(event_target_value(&ev)))/>
        }
    };
    let networks = move || {
        get("networks")
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|n| n.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
            .join("\n")
    };
    view! {
        <div class="p-4 overflow-y-auto scroll-thin grow min-h-0 flex flex-col gap-4 text-[13px] max-w-xl">
            <p class="muted">{t(LIMITS_TEXT)}</p>
            <fieldset class="flex flex-wrap gap-x-4 gap-y-1">
                <legend class="font-semibold pb-1">{t(LIMIT_DAYS)}</legend>
                {(1..=7).map(day).collect_view()}
            </fieldset>
            <fieldset class="flex flex-wrap items-center gap-2">
                <legend class="font-semibold pb-1">{t(LIMIT_HOURS)}</legend>
                {clock("from", "limit-from", t(LIMIT_FROM))}
                {clock("to", "limit-to", t(LIMIT_TO))}
            </fieldset>
            <div class="flex flex-col gap-1">
                <label for="limit-networks" class="font-semibold">{t(LIMIT_NETWORKS)}</label>
                <textarea id="limit-networks" class="input !h-24 py-2 font-mono" spellcheck="false" prop:value=networks
                    on:change=move |ev| {
                        let text = event_target_value(&ev);
                        let lines: Vec<&str> = text.split([',', '\n', ' ', '，']).map(str::trim).filter(|l| !l.is_empty()).collect();
                        put("networks", json!(lines));
                    }></textarea>
                <p class="muted">{t(LIMIT_NETWORKS_HINT)}</p>
            </div>
        </div>
    }
    .into_any()
}
