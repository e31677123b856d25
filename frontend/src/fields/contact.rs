//! Telephone, e-mail, web: things one presses.

use super::{Shown, plain};
use crate::ui::icon;
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

pub fn tel(text: &str) -> String {
    let number: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    format!("tel:{number}")
}

pub fn phone(value: &Value) -> AnyView {
    let text = plain::text(value);
    link(tel(&text), text, false)
}

/// In a grid a press chooses the cell; what calls or writes to somebody is a button that shows under the pointer.
pub fn in_grid(shown: Shown<'_>) -> Option<AnyView> {
    let text = plain::text(shown.value);
    let (sign, href) = match shown.field.kind {
        _ if text.is_empty() => return None,
        FieldType::Phone => ("phone", tel(&text)),
        FieldType::Email => ("mail", format!("mailto:{text}")),
        _ => return None,
    };
    Some(
        view! {
            <span class="flex items-center gap-1 group">
                <span class="truncate tnum">{text.clone()}</span>
                <a class="btn btn-quiet btn-icon !h-6 !w-6 opacity-0 group-hover:opacity-100 focus:opacity-100 pointer-coarse:opacity-100 pointer-coarse:!size-10 pointer-coarse:-my-2 ms-auto" tabindex="-1" href=href
                    aria-label=text.clone() title=text.clone()>{icon(sign)}</a>
            </span>
        }
        .into_any(),
    )
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
