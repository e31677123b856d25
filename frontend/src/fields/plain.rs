//! Values without a form of their own.

use super::Input;
use crate::i18n::{JSON_HINT, t};
use leptos::prelude::*;
use serde_json::Value;

pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(_) => joined(value),
        other => other.to_string(),
    }
}

pub fn joined(value: &Value) -> String {
    value
        .as_array()
        .map(|items| items.iter().map(text).collect::<Vec<_>>().join(crate::i18n::comma()))
        .unwrap_or_default()
}

pub fn cell(value: &Value) -> AnyView {
    view! { <span class="truncate tnum">{text(value)}</span> }.into_any()
}

/// Settings are edited as JSON; what does not parse is kept as typed and refused on saving.
pub fn json_input(input: Input) -> AnyView {
    let now = input.value.get_untracked();
    let first = if now.is_null() { String::new() } else { serde_json::to_string_pretty(&now).unwrap_or_default() };
    let invalid = input.invalid;
    view! {
        <textarea id=input.id class="textarea font-mono text-[13px] min-h-28" spellcheck="false" placeholder=t(JSON_HINT)
            aria-invalid=move || invalid.get().to_string()
            on:change=move |ev| {
                let text = event_target_value(&ev);
                input.value.set(match text.trim() {
                    "" => Value::Null,
                    text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
                });
                crate::fields::finished(input.done);
            }>{first}</textarea>
    }
    .into_any()
}
