//! Telephone, e-mail, web: things one presses.

use super::plain;
use leptos::prelude::*;
use serde_json::Value;

fn link(href: String, text: String, outside: bool) -> AnyView {
    view! {
        <a class="link truncate tnum" href=href target=outside.then_some("_blank") rel=outside.then_some("noopener noreferrer")
            on:click=|ev| ev.stop_propagation()>{text}</a>
    }
    .into_any()
}

pub fn phone(value: &Value) -> AnyView {
    let text = plain::text(value);
    let number: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    link(format!("tel:{number}"), text, false)
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
