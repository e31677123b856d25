//! A point on the earth.

use super::Input;
use crate::i18n::{GEO_HINT, t};
use leptos::prelude::*;
use serde_json::{Value, json};

pub fn text(value: &Value) -> String {
    match (value.get("lat").and_then(Value::as_f64), value.get("lng").and_then(Value::as_f64)) {
        (Some(lat), Some(lng)) => format!("{}, {}", degrees(lat), degrees(lng)),
        _ => String::new(),
    }
}

/// Five digits after the point; the browser formats numbers already.
fn degrees(value: f64) -> String {
    js_sys::Number::from(value).to_fixed(5).map(String::from).unwrap_or_default()
}

pub fn cell(value: &Value) -> AnyView {
    view! { <span class="truncate tnum">{text(value)}</span> }.into_any()
}

/// Latitude and longitude as maps give them: `31.23040, 121.47370`.
pub fn input(input: Input) -> AnyView {
    let typed = RwSignal::new(text(&input.value.get_untracked()));
    let invalid = input.invalid;
    view! {
        <input type="text" id=input.id class="input tnum" placeholder=t(GEO_HINT) autocomplete="off"
            aria-invalid=move || invalid.get().to_string()
            prop:value=move || typed.get()
            on:change=move |ev| {
                let text = event_target_value(&ev);
                input.value.set(parse(&text));
                typed.set(text);
                crate::fields::finished(input.done);
            }/>
    }
    .into_any()
}

fn parse(text: &str) -> Value {
    if text.trim().is_empty() {
        return Value::Null;
    }
    let numbers: Vec<f64> = text.split([',', '，', ' ']).filter_map(|p| p.trim().parse().ok()).collect();
    match numbers[..] {
        [lat, lng] => json!({ "lat": lat, "lng": lng }),
        _ => Value::String(text.to_owned()),
    }
}
