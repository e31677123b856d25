//! Yes or no.

use super::Input;
use crate::i18n::{NO, YES, t};
use crate::ui::icon;
use leptos::prelude::*;
use serde_json::Value;

pub fn text(value: &Value) -> String {
    t(if value.as_bool() == Some(true) { YES } else { NO }).to_owned()
}

pub fn cell(value: &Value) -> AnyView {
    let yes = value.as_bool() == Some(true);
    view! { <span class=if yes { "text-success inline-flex relative" } else { "muted inline-flex relative" }>{icon(if yes { "check" } else { "minus" })}<span class="sr-only">{text(value)}</span></span> }
        .into_any()
}

pub fn input(input: Input) -> AnyView {
    let value = input.value;
    view! {
        <div class="h-8 flex items-center">
            <input type="checkbox" role="switch" id=input.id class="toggle toggle-primary"
                prop:checked=move || value.get().as_bool() == Some(true)
                on:change=move |ev| { value.set(Value::Bool(event_target_checked(&ev))); crate::fields::finished(input.done) }/>
        </div>
    }
    .into_any()
}
