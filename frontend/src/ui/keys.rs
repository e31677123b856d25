//! Keyboard rules shared by all widgets.

use leptos::ev::KeyboardEvent;
use leptos::prelude::{document, request_animation_frame};
use wasm_bindgen::JsCast;

/// While an input method composes, Enter and Escape belong to it. Safari reports its last key as 229.
pub fn composing(ev: &KeyboardEvent) -> bool {
    ev.is_composing() || ev.key_code() == 229
}

/// Is the reader typing somewhere, or choosing in a layer? Then single-letter shortcuts stay quiet.
pub fn typing(ev: &KeyboardEvent) -> bool {
    let Some(element) = ev.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) else { return false };
    let tag = element.tag_name();
    matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT")
        || element.get_attribute("contenteditable").is_some()
        || element.closest("dialog").ok().flatten().is_some()
}

/// The same of texts alone, which have an undo of their own.
pub fn writing(ev: &KeyboardEvent) -> bool {
    let input = ev.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok());
    let ticks = |input: &web_sys::HtmlInputElement| matches!(input.type_().as_str(), "checkbox" | "radio");
    typing(ev) && !input.is_some_and(|input| ticks(&input) && input.closest("dialog").ok().flatten().is_none())
}

/// Has nothing on the page the keyboard, but at most the page as a whole?
pub fn idle() -> bool {
    document().active_element().is_none_or(|e| e.tag_name() == "BODY" || e.id() == "content")
}

/// Puts the keyboard there once what is on its way is drawn, unless it has found another place.
pub fn resume(id: &'static str) {
    resume_at(id.to_owned());
}

pub fn resume_at(id: String) {
    request_animation_frame(move || {
        let found = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(element) = found.filter(|_| idle()) {
            let _ = element.focus();
        }
    });
}

pub fn plain(ev: &KeyboardEvent) -> bool {
    !ev.ctrl_key() && !ev.meta_key() && !ev.alt_key()
}
