//! What differs from the view as it is kept, and the ways out.

use super::super::columns::FROZEN;
use super::super::groups::keys::text_of;
use super::{Edited, List, OBJECT, address, may_change};
use crate::api::records::{self, RecordExt};
use crate::i18n::{SAVE_VIEW, VIEW_MODIFIED, VIEW_RESET, VIEW_SAVED, VIEW_UPDATE, t};
use crate::state::{catalog, toast};
use kezhan_meta::Record;
use kezhan_meta::query::Sort;
use leptos::prelude::*;
use serde_json::{Value, json};

/// The part of the address that a view keeps.
pub fn settings(list: List) -> Value {
    let state = list.state.get_untracked();
    let mut out = json!({
        "filter": state.filter,
        "sort": state.sort.iter().map(Sort::to_string).collect::<Vec<_>>(),
    });
    if state.chosen_columns {
        out["fields"] = json!(state.columns);
    }
    let look = list.look.get_untracked();
    if !look.widths.is_empty() {
        out["widths"] = json!(look.widths);
    }
    if look.frozen != FROZEN {
        out["frozen"] = json!(look.frozen);
    }
    if !state.group.is_empty() {
        out["group"] = json!(state.group.iter().map(text_of).collect::<Vec<_>>());
    }
    list.layout.with_untracked(|layout| {
        for (key, value) in layout.parts() {
            out[key] = json!(value);
        }
    });
    if !state.q.is_empty() {
        out["q"] = json!(state.q);
    }
    out
}

pub fn note(list: List, edited: RwSignal<Option<Edited>>) -> AnyView {
    let modified = Memo::new(move |_| {
        list.state.get();
        list.look.track();
        list.layout.track();
        let id = list.url.get("view")?;
        let mut kept =
            list.views.with(|v| v.iter().flatten().find(|v| v.id() == id).map(|v| v.value("settings").clone()))?;
        // What is so anyway was written down at a time when it was not.
        if let Some(kept) = kept.as_object_mut().filter(|kept| kept.get("frozen") == Some(&json!(FROZEN))) {
            kept.remove("frozen");
        }
        Some(kept != settings(list))
    });
    (move || (modified.get() == Some(true)).then(|| ways_out(list, edited))).into_any()
}

fn current(list: List) -> Option<Record> {
    let id = list.url.peek("view")?;
    list.views.with_untracked(|v| v.iter().flatten().find(|v| v.id() == id).cloned())
}

/// What may be done about it.
fn ways_out(list: List, edited: RwSignal<Option<Edited>>) -> AnyView {
    let update = move |_| {
        let (Some(view), Some(object)) = (current(list), catalog::object(OBJECT)) else { return };
        let mut changes = Record::new();
        changes.insert("settings".to_owned(), settings(list));
        leptos::task::spawn_local(async move {
            match records::update(&object, view.id(), &changes, view.version()).await {
                Ok(_) => {
                    toast::done(t(VIEW_SAVED));
                    crate::state::touched();
                }
                Err(error) => toast::error(&error),
            }
        });
    };
    let reset = move |_| {
        if let Some(view) = current(list) {
            list.url.go(address(list, &view));
        }
    };
    let own = current(list).is_some_and(|view| may_change(&view));
    view! {
        <span class="muted text-xs whitespace-nowrap ms-1">{t(VIEW_MODIFIED)}</span>
        {own.then(|| view! { <button type="button" class="link text-xs whitespace-nowrap" on:click=update>{t(VIEW_UPDATE)}</button> })}
        <button type="button" class="link text-xs whitespace-nowrap" on:click=move |_| edited.set(Some(Edited::New))>{t(SAVE_VIEW)}</button>
        <button type="button" class="link text-xs whitespace-nowrap" on:click=reset>{t(VIEW_RESET)}</button>
    }
    .into_any()
}
