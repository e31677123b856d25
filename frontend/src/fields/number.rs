//! Numbers and money. Digits are formatted from their decimal text, never through a float.

use super::{Input, Shown, plain};
use crate::bridge;
use crate::i18n::{AMOUNT_PLACEHOLDER, t};
use crate::state::prefs;
use kezhan_meta::FieldType;
use kezhan_meta::rules::numbers;
use leptos::prelude::*;
use serde_json::Value;

pub fn text(shown: Shown<'_>) -> String {
    let digits = plain::text(shown.value);
    match shown.field.kind {
        // In a condition it is of any currency.
        FieldType::Money if shown.currency.is_empty() => bridge::decimal(&digits, 0, 4),
        FieldType::Money => bridge::money(&digits, shown.currency),
        FieldType::Percent => format!("{}%", bridge::decimal(&digits, 0, 4)),
        FieldType::Decimal { scale } => bridge::decimal(&digits, 0, scale),
        // A year or a count: grouping would make 1998 into 1,998.
        _ => digits,
    }
}

/// Among others, as the reader likes amounts there; nothing where that is as anywhere.
pub fn in_list(shown: Shown<'_>) -> Option<AnyView> {
    let money = shown.field.kind == FieldType::Money && !shown.currency.is_empty() && !shown.value.is_null();
    (money && prefs::short_amounts()).then(|| {
        let short = bridge::money_short(&plain::text(shown.value), shown.currency);
        view! { <span class="tnum truncate" title=text(shown)>{short}</span> }.into_any()
    })
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
