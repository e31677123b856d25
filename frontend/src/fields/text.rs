//! Lines, paragraphs, formatted text.

use super::{Input, plain};
use leptos::html;
use leptos::prelude::*;
use serde_json::Value;

pub fn cell(value: &Value) -> AnyView {
    view! { <span class="truncate">{plain::text(value)}</span> }.into_any()
}

pub fn rich_cell(value: &Value) -> AnyView {
    view! { <span class="truncate">{without_tags(value)}</span> }.into_any()
}

/// The words of formatted text. It comes from the server already sanitised; here only words are wanted.
pub fn without_tags(value: &Value) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in value.as_str().unwrap_or_default().chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").trim().to_owned()
}

pub fn input(input: Input, kind: &'static str, complete: &'static str) -> AnyView {
    let (value, invalid, done) = (input.value, input.invalid, input.done);
    let note = format!("{}-note", input.id);
    view! {
        <input type=kind id=input.id.clone() class="input" autocomplete=complete
            aria-invalid=move || invalid.get().to_string() aria-describedby=note aria-required=input.field.required.to_string()
            prop:value=move || plain::text(&value.get())
            on:input=move |ev| input.put_text(event_target_value(&ev))
            on:change=move |_| crate::fields::finished(done)/>
    }
    .into_any()
}

pub fn area(input: Input) -> AnyView {
    let (value, invalid, done) = (input.value, input.invalid, input.done);
    view! {
        <textarea id=input.id.clone() class="textarea min-h-20 field-sizing-content max-h-96" rows="3"
            aria-invalid=move || invalid.get().to_string()
            prop:value=move || plain::text(&value.get())
            on:input=move |ev| input.put_text(event_target_value(&ev))
            on:change=move |_| crate::fields::finished(done)></textarea>
    }
    .into_any()
}

/// Formatted by the browser's own keys (Ctrl-B, Ctrl-I …); the server sanitises what is sent.
pub fn rich_area(input: Input) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let first = input.typed();
    let (invalid, done) = (input.invalid, input.done);
    Effect::new(move || {
        if let Some(node) = node.get() {
            node.set_inner_html(&first);
        }
    });
    view! {
        <div id=input.id.clone() node_ref=node class="textarea min-h-24 max-h-96 overflow-auto prose-plain" contenteditable="true"
            role="textbox" aria-multiline="true" aria-invalid=move || invalid.get().to_string()
            on:input=move |_| {
                if let Some(node) = node.get_untracked() {
                    let html = node.inner_html();
                    input.put_text(if node.text_content().unwrap_or_default().trim().is_empty() { String::new() } else { html });
                }
            }
            on:blur=move |_| crate::fields::finished(done)></div>
    }
    .into_any()
}
