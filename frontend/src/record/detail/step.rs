//! To the next and the previous record of the list that this one was opened from.

use super::Open;
use crate::i18n::{NEXT_RECORD, PREVIOUS_RECORD, t};
use crate::state::lists::{self, Place};
use crate::ui::shortcuts::{Shortcut, pressed};
use crate::ui::{Button, Look};
use leptos::prelude::*;

fn url(open: Open, id: &str) -> String {
    let tab = open.url.peek("tab").map(|tab| format!("?tab={tab}")).unwrap_or_default();
    format!("/o/{}/{id}{tab}", open.object().plural)
}

pub fn place(open: Open) -> Option<Place> {
    lists::place(&open.object().plural, &open.id.get_value())
}

/// `K` and Alt-Up, `J` and Alt-Down.
pub fn shortcuts(open: Open) {
    let handle = window_event_listener(leptos::ev::keydown, move |ev| {
        let to = if pressed(&ev, Shortcut::Next) {
            place(open).and_then(|p| p.after)
        } else if pressed(&ev, Shortcut::Previous) {
            place(open).and_then(|p| p.before)
        } else {
            return;
        };
        ev.prevent_default();
        if let Some(id) = to {
            open.url.go(url(open, &id));
        }
    });
    on_cleanup(move || handle.remove());
}

pub fn steps(open: Open) -> AnyView {
    let Some(place) = place(open) else { return ().into_any() };
    let step = move |label: &'static str, icon: &'static str, id: Option<String>| {
        let none = id.is_none();
        view! {
            <Button label=label look=Look::Quiet icon=icon icon_only=true disabled=Signal::stored(none)
                on_click=move |_| if let Some(id) = &id { open.url.go(url(open, id)) }/>
        }
    };
    let text = format!("{} / {}{}", place.at, place.of, if place.open { "+" } else { "" });
    view! {
        <div class="hidden md:flex items-center print:hidden">
            <span class="muted text-xs tnum px-1">{text}</span>
            {step(t(PREVIOUS_RECORD), "chevron-up", place.before)}
            {step(t(NEXT_RECORD), "chevron-down", place.after)}
        </div>
    }
    .into_any()
}
