//! Numbers and money. Digits are formatted from their decimal text, never through a float.

use super::{Input, Shown, plain};
use crate::bridge;
use crate::i18n::{AMOUNT_PLACEHOLDER, t};
use kezhan_meta::FieldType;
use kezhan_meta::rules::numbers;
use leptos::prelude::*;
use serde_json::Value;

pub fn text(shown: Shown<'_>) -> String {
    let digits = plain::text(shown.value);
    match shown.field.kind {
        FieldType::Money => bridge::money(&digits, shown.currency),
        FieldType::Percent => format!("{}%", bridge::decimal(&digits, 0, 4)),
        FieldType::Decimal { scale } => bridge::decimal(&digits, 0, scale),
        // A year or a count: grouping would make 1998 into 1,998.
        _ => digits,
    }
}

pub fn cell(shown: Shown<'_>) -> AnyView {
    view! { <span class="tnum truncate">{text(shown)}</span> }.into_any()
}

pub fn input(input: Input) -> AnyView {
    let (value, invalid) = (input.value, input.invalid);
    let percent = input.field.kind == FieldType::Percent;
    let placeholder = if input.field.kind == FieldType::Money { t(AMOUNT_PLACEHOLDER) } else { "" };
    let typed = input.clone();
    view! {
        <div class="relative">
            <input type="text" id=input.id.clone() class="input tnum" inputmode="decimal" autocomplete="off" placeholder=placeholder
                aria-invalid=move || invalid.get().to_string()
                prop:value=move || plain::text(&value.get())
                on:input=move |ev| typed.put_text(event_target_value(&ev))
                on:change=move |_| {
                    tidy(value);
                    crate::fields::finished(input.done);
                }/>
            {percent.then(|| view! { <span class="absolute right-3 top-1.5 muted">"%"</span> })}
        </div>
    }
    .into_any()
}

/// `1,234.5` and full-width digits are understood; anything else stays as typed for the check to name.
fn tidy(value: RwSignal<Value>) {
    let typed = plain::text(&value.get_untracked());
    if let Some(number) = numbers::parse_number(&typed) {
        value.set(Value::String(number.value.normalize().to_string()));
    }
}
