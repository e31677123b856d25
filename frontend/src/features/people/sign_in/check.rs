//! Trying a provider or a directory before it is stored: what it says, or whom it finds.

use crate::i18n::{
    ELSEWHERE_CHECKED, ELSEWHERE_CLAIMS, ELSEWHERE_FOUND, ELSEWHERE_FOUND_NOBODY, ELSEWHERE_GROUPS, ELSEWHERE_LOCKED,
    ELSEWHERE_SCOPES, t, tf,
};
use crate::ui::badge;
use kezhan_meta::Tone;
use leptos::prelude::*;
use serde_json::Value;

fn texts(value: &Value) -> String {
    let all = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    all.collect::<Vec<_>>().join(", ")
}

/// What a provider says of itself.
pub fn provider(said: &Value) -> AnyView {
    let keys = said["keys"].as_u64().unwrap_or_default().to_string();
    let endpoint = said["authorization_endpoint"].as_str().unwrap_or_default().to_owned();
    let more = [(ELSEWHERE_SCOPES, texts(&said["scopes"])), (ELSEWHERE_CLAIMS, texts(&said["claims"]))];
    let more = more.into_iter().filter(|(_, text)| !text.is_empty());
    view! {
        <p class="text-success">{tf(ELSEWHERE_CHECKED, &[("keys", &keys)])}</p>
        <p class="break-all">{endpoint}</p>
        {more.map(|(key, text)| view! { <p class="break-words"><span class="muted">{t(key)}</span>" "{text}</p> }).collect_view()}
    }
    .into_any()
}

/// The first people of a directory.
pub fn directory(found: &Value) -> AnyView {
    let people = found["people"].as_array().cloned().unwrap_or_default();
    if people.is_empty() {
        return view! { <p class="text-warning">{t(ELSEWHERE_FOUND_NOBODY)}</p> }.into_any();
    }
    let line = |one: Value| {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let facts = [text("email"), text("mobile"), text("department")];
        let facts: Vec<String> = facts.into_iter().filter(|t| !t.is_empty()).collect();
        // By DN and by name: the names will do.
        let groups = one["groups"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let groups: Vec<&str> = groups.filter(|g| !g.contains('=')).collect();
        let groups = (!groups.is_empty()).then(|| format!("{}: {}", t(ELSEWHERE_GROUPS), groups.join(", ")));
        let locked = one["locked"].as_bool() == Some(true);
        view! {
            <li class="border-t border-base-300 py-1">
                <p><span class="font-semibold">{text("name")}</span>" "<span class="muted">{text("login")}</span>" "{locked.then(|| badge(t(ELSEWHERE_LOCKED), Tone::Warning))}</p>
                <p class="muted break-words">{facts.join(" · ")}</p>
                {groups.map(|text| view! { <p class="muted break-words">{text}</p> })}
            </li>
        }
    };
    view! {
        <p class="text-success">{t(ELSEWHERE_FOUND)}</p>
        <ul>{people.into_iter().map(line).collect_view()}</ul>
    }
    .into_any()
}
