//! Telephone, e-mail, web: things one presses.

use super::{Shown, plain};
use kezhan_meta::FieldType;
use leptos::prelude::*;
use serde_json::Value;

fn link(href: String, text: String, outside: bool) -> AnyView {
    view! {
        <a class="link truncate tnum" href=href target=outside.then_some("_blank") rel=outside.then_some("noopener noreferrer")
            on:click=|ev| ev.stop_propagation()>{text}</a>
    }
    .into_any()
}

fn tel(text: &str) -> String {
    let number: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    format!("tel:{number}")
}

pub fn phone(value: &Value) -> AnyView {
    let text = plain::text(value);
    link(tel(&text), text, false)
}

/// What reaches somebody at once: its sign, where it leads, and the number or address.
pub fn reach(shown: Shown<'_>) -> Option<(&'static str, String, String)> {
    let text = plain::text(shown.value);
    match shown.field.kind {
        _ if text.is_empty() => None,
        FieldType::Phone => Some(("phone", tel(&text), text)),
        FieldType::Email => Some(("mail", format!("mailto:{text}"), text)),
        _ => None,
    }
}

pub fn email(value: &Value) -> AnyView {
    let text = plain::text(value);
    link(format!("mailto:{text}"), text, false)
}

/// Only web addresses become links; the server refuses others, and so does this.
pub fn url(value: &Value) -> AnyView {
    let text = plain::text(value);
    if !(text.starts_with("https://") || text.starts_with("http://")) {
        return plain::cell(value);
    }
    let short = text.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/').to_owned();
    link(text, short, true)
}
