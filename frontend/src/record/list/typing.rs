//! Where one types while a cell has the keyboard. A real input, always there, so that an input method composes from its
//! first letter on; what was written opens the editor.

use super::cells::Ahead;
use super::grid::HEAD;
use super::{List, cells, columns};
use crate::i18n::{GRID_HINT, t};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

pub const ID: &str = "grid-input";
pub const GRID: &str = "list-grid";

/// Is this the element that stands for the focused cell?
pub fn is_own(target: Option<web_sys::EventTarget>) -> bool {
    target.and_then(|t| t.dyn_into::<web_sys::Element>().ok()).is_some_and(|e| e.id() == ID)
}

fn input() -> Option<web_sys::HtmlTextAreaElement> {
    document().get_element_by_id(ID)?.dyn_into().ok()
}

/// The focus where the grid's keys are heard: in the input with a cell, else on the grid.
pub fn focus(list: List) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let cell = list.cells.at.get_untracked().is_some_and(|at| at.col.is_some());
    match (input().filter(|_| cell), list.cells.grid.get_untracked()) {
        (Some(input), _) => drop(input.focus_with_options(&options)),
        (None, Some(grid)) => drop(grid.focus_with_options(&options)),
        _ => {}
    }
}

pub fn input_view(list: List, active: Signal<Option<String>>) -> AnyView {
    let composing = RwSignal::new(false);
    let take = move || {
        let Some(input) = input() else { return };
        let text = input.value();
        input.set_value("");
        if text.is_empty() {
            return;
        }
        let editing = list.cells.is_editing();
        let mut opens = false;
        list.cells.ahead.update_value(|ahead| match ahead.back_mut() {
            // What comes behind a key that ends the editor is the next cell's.
            Some(Ahead::Text(next)) => next.push_str(&text),
            Some(Ahead::Key(_)) => ahead.push_back(Ahead::Text(text.clone())),
            // The editor is on its way.
            None if editing => list.cells.editing.update(|typed| typed.get_or_insert_default().push_str(&text)),
            None => opens = true,
        });
        if opens {
            cells::edit(list, &text);
        }
    };
    // The focus goes with the cell, unless it is elsewhere on purpose.
    Effect::new(move || {
        list.cells.at.track();
        if list.cells.is_editing() {
            return;
        }
        let inside = document().active_element().is_some_and(|active| {
            let scroller = list.cells.scroller.get_untracked();
            active.id() == ID || scroller.is_some_and(|s| s.contains(Some(&active)))
        });
        if inside {
            focus(list);
        }
    });
    let place = move || {
        let at = list.cells.at.get()?;
        let (left, width) = columns::places(list).get(at.col?).copied()?;
        let held = columns::is_frozen(list, at.col?);
        let scrolled = if held { list.cells.scroller.get_untracked().map_or(0, |s| s.scroll_left()) } else { 0 };
        Some(format!("top:{}px;left:{}px;width:{width}px", HEAD + list.top(at.row), left + scrolled))
    };
    view! {
        <textarea id=ID class=move || if composing.get() { "cell-input cell-input-on" } else { "cell-input" } prop:style=place tabindex="-1" rows="1"
            inputmode="none" autocomplete="off" spellcheck="false" aria-label=t(GRID_HINT) aria-controls=GRID aria-activedescendant=active
            on:compositionstart=move |_| composing.set(true)
            on:compositionend=move |_| { composing.set(false); take() }
            on:input=move |_| if !composing.get_untracked() { take() }></textarea>
    }
    .into_any()
}
