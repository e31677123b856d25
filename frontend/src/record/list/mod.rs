//! The list of an object's records: toolbar, conditions, grid or cards, peek.

pub mod batch;
mod columns;
mod grid;
mod rows;
mod state;
mod summary;
mod toolbar;
mod views;

pub use grid::record_url;
pub use rows::Rows;
pub use state::ListState;
pub use summary::sums_text;

use super::url::Url;
use crate::layout::shell;
use crate::lazy;
use crate::state::{app, catalog, prefs, session};
use crate::ui::{Layer, Shape, keys};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use std::collections::HashSet;

/// What the parts of one list share.
#[derive(Clone, Copy)]
pub struct List {
    pub url: Url,
    pub state: Memo<ListState>,
    pub rows: Rows,
    pub selected: RwSignal<HashSet<String>>,
    pub narrow: RwSignal<bool>,
}

pub fn screen() -> AnyView {
    let plural = use_params_map();
    let plural = Memo::new(move |_| plural.with(|p| p.get("plural")).unwrap_or_default());
    (move || match catalog::by_plural(&plural.get()) {
        Some(object) => list(object),
        None => shell::missing(),
    })
    .into_any()
}

fn list(object: std::sync::Arc<kezhan_meta::ObjectMeta>) -> AnyView {
    let url = Url::new();
    let narrow = RwSignal::new(prefs::narrow());
    let resize = window_event_listener(leptos::ev::resize, move |_| {
        if narrow.get_untracked() != prefs::narrow() {
            narrow.set(prefs::narrow());
        }
    });
    on_cleanup(move || resize.remove());
    let meta = StoredValue::new(object.clone());
    let state = Memo::new(move |_| ListState::read(&meta.get_value(), url));
    let list = List { url, state, rows: Rows::new(), selected: RwSignal::new(HashSet::new()), narrow };

    // Another question, or something was written: look again, keeping what is on screen until the answer is there.
    Effect::new(move |before: Option<(ListState, u64)>| {
        let now = (state.get(), app().written.get());
        if before.as_ref() != Some(&now) {
            if before.as_ref().is_some_and(|b| b.0 != now.0) {
                list.selected.update(HashSet::clear);
            }
            list.rows.start(&now.0, now.1);
        }
        now
    });
    shortcuts(list);

    let creating = Memo::new(move |_| url.get("new").is_some());
    let peeked = Memo::new(move |_| url.get("peek"));
    let peek_object = object.clone();
    view! {
        <div class="grow min-h-0 flex">
            <section class="grow min-w-0 flex flex-col bg-base-100">
                {toolbar::toolbar(list)}
                {grid::grid(list)}
            </section>
            {move || peeked.get().map(|id| lazy::peek(peek_object.clone(), id, url))}
        </div>
        {move || creating.get().then(|| lazy::create_form(object.clone(), url))}
    }
    .into_any()
}

/// `/` searches, `C` creates.
fn shortcuts(list: List) {
    let handle = window_event_listener(leptos::ev::keydown, move |ev| {
        if keys::composing(&ev) || keys::typing(&ev) || !keys::plain(&ev) {
            return;
        }
        match ev.key().as_str() {
            "/" => {
                if let Some(input) = document().get_element_by_id("list-search") {
                    ev.prevent_default();
                    let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(input).focus();
                }
            }
            "c" if session::may(&list.state.with_untracked(|s| s.object.name.to_string()), "create") => {
                ev.prevent_default();
                list.url.push(&[("new", Some("1".to_owned()))]);
            }
            "Escape" if list.url.peek("peek").is_some() => list.url.replace(&[("peek", None)]),
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}

/// A dialog around a form or a set of choices.
pub fn dialog(label: String, wide: bool, close: impl Fn() + Send + Sync + 'static, content: AnyView) -> AnyView {
    view! {
        <Layer shape=if wide { Shape::Wide } else { Shape::Dialog } label=label on_close=move |()| close()>{content}</Layer>
    }
    .into_any()
}
