//! All keys of the list's order: added, turned round, moved and taken away.

use super::{List, sorting};
use crate::i18n::{
    ARRANGE, MOVE_DOWN, MOVE_UP, REMOVE, SORT, SORT_ADD, SORT_ASCENDING, SORT_BY_FIELD, SORT_DEFAULT, SORT_DESCENDING,
    label, t,
};
use crate::lazy;
use crate::ui::{Popover, icon};
use kezhan_meta::query::{SORT_MAX, Sort};
use kezhan_meta::{FieldMeta, ObjectMeta};
use leptos::ev::{DragEvent, KeyboardEvent};
use leptos::prelude::*;
use std::sync::Arc;

/// The button above the list and the panel that it opens.
pub fn chooser(list: List) -> AnyView {
    let open = RwSignal::new(false);
    let any = Memo::new(move |_| list.state.with(|s| !s.sort.is_empty() || list.narrow.get() && !s.group.is_empty()));
    // On a phone there is one button for both.
    let title = move || t(if list.narrow.get() { ARRANGE } else { SORT });
    let groups =
        move || list.narrow.get().then(|| view! { <hr class="my-3 border-base-300"/>{lazy::group_panel(list)} });
    let trigger = view! {
        <button type="button" class="btn btn-quiet btn-icon aria-pressed:text-primary" aria-haspopup="dialog" aria-label=title title=title
            aria-pressed=move || any.get().to_string() aria-expanded=move || open.get().to_string()
            on:click=move |_| open.update(|o| *o = !*o)>{icon("arrow-up-down")}</button>
    }
    .into_any();
    view! { <Popover open=open trigger=trigger panel_class="p-3 w-80">{lazy::sort_panel(list)}{groups}</Popover> }
        .into_any()
}

fn sortable(object: &ObjectMeta) -> Vec<FieldMeta> {
    object.fields.iter().filter(|f| f.sortable() && !f.hidden && f.key != "id").cloned().collect()
}

pub fn panel(list: List) -> AnyView {
    // The key that is under the pointer.
    let dragged = RwSignal::new(None::<usize>);
    let body = move || {
        let (object, sort) = list.state.with(|s| (s.object.clone(), s.sort.clone()));
        let rest: Vec<FieldMeta> =
            sortable(&object).into_iter().filter(|f| sort.iter().all(|s| s.field != f.key)).collect();
        let of = sort.len();
        let keys = sort.iter().enumerate().map(|(at, key)| entry(list, &object, dragged, at, key, of)).collect_view();
        let none = sort.is_empty().then(|| view! { <p class="text-[13px] muted">{t(SORT_DEFAULT)}</p> });
        let options = rest.iter().map(|f| view! { <option value=f.key.to_string()>{label(&f.label)}</option> });
        let add = (of < SORT_MAX && !rest.is_empty()).then(|| {
            view! {
                <select class="select" aria-label=t(SORT_ADD) on:change=move |ev| {
                    let mut sort = list.state.with_untracked(|s| s.sort.clone());
                    sort.push(Sort { field: event_target_value(&ev), descending: false });
                    sorting::put(list, &sort);
                }>
                    <option value="" selected disabled>{t(SORT_ADD)}</option>
                    {options.collect_view()}
                </select>
            }
        });
        view! { {none}<ol class="flex flex-col gap-2">{keys}</ol>{add} }
    };
    view! { <div id="sort-panel" class="flex flex-col gap-2" role="group" aria-label=t(SORT)>{body}</div> }.into_any()
}

fn shift(list: List, from: usize, to: usize) {
    let mut sort = list.state.with_untracked(|s| s.sort.clone());
    if from < sort.len() && to < sort.len() && from != to {
        let key = sort.remove(from);
        sort.insert(to, key);
        sorting::put(list, &sort);
    }
}

fn change(list: List, at: usize, change: impl FnOnce(&mut Sort)) {
    let mut sort = list.state.with_untracked(|s| s.sort.clone());
    if let Some(key) = sort.get_mut(at) {
        change(key);
        sorting::put(list, &sort);
    }
}

fn entry(
    list: List,
    object: &Arc<ObjectMeta>,
    dragged: RwSignal<Option<usize>>,
    at: usize,
    key: &Sort,
    of: usize,
) -> AnyView {
    let taken = list.state.with_untracked(|s| s.sort.clone());
    let free = |f: &FieldMeta| f.key == key.field || taken.iter().all(|s| s.field != f.key);
    let options = sortable(object).into_iter().filter(free).map(|f| {
        view! { <option value=f.key.to_string() selected=f.key == key.field>{label(&f.label)}</option> }
    });
    let name = object.field(&key.field).map(|f| label(&f.label)).unwrap_or_default();
    let step = |up: bool| {
        let (picture, word) = if up { ("arrow-up", t(MOVE_UP)) } else { ("arrow-down", t(MOVE_DOWN)) };
        let here = if up { at > 0 } else { at + 1 < of };
        view! {
            <button type="button" class="btn btn-quiet btn-icon !h-7 !w-6" aria-label=format!("{word} {name}") title=word disabled=!here
                on:click=move |_| shift(list, at, if up { at - 1 } else { at + 1 })>{icon(picture)}</button>
        }
    };
    let descending = key.descending;
    let turn = if descending {
        ("arrow-down-wide-narrow", t(SORT_DESCENDING))
    } else {
        ("arrow-up-narrow-wide", t(SORT_ASCENDING))
    };
    // Alt with an arrow moves the key that has the focus.
    let on_key = move |ev: KeyboardEvent| {
        let to = match ev.key().as_str() {
            "ArrowUp" if ev.alt_key() && at > 0 => at - 1,
            "ArrowDown" if ev.alt_key() && at + 1 < of => at + 1,
            _ => return,
        };
        ev.prevent_default();
        ev.stop_propagation();
        shift(list, at, to);
        focus_later(to);
    };
    let on_drop = move |ev: DragEvent| {
        ev.prevent_default();
        if let Some(from) = dragged.get_untracked() {
            shift(list, from, at);
        }
        dragged.set(None);
    };
    view! {
        <li class="flex items-center gap-1 rounded data-[over]:bg-base-200" on:keydown=on_key
            on:dragover=move |ev: DragEvent| if dragged.get_untracked().is_some() { ev.prevent_default() }
            on:drop=on_drop>
            <span class="muted cursor-grab shrink-0" draggable="true" aria-hidden="true"
                on:dragstart=move |_| dragged.set(Some(at)) on:dragend=move |_| dragged.set(None)>{icon("grip-vertical")}</span>
            <select id=format!("sort-{at}") class="select !h-8 grow min-w-0" aria-label=t(SORT_BY_FIELD)
                on:change=move |ev| change(list, at, |key| key.field = event_target_value(&ev))>{options.collect_view()}</select>
            <button type="button" class="btn btn-quiet btn-icon !h-7 !w-7" aria-label=format!("{} {name}", turn.1) title=turn.1
                on:click=move |_| change(list, at, |key| key.descending = !key.descending)>{icon(turn.0)}</button>
            {step(true)}{step(false)}
            <button type="button" class="btn btn-quiet btn-icon !h-7 !w-6" aria-label=format!("{} {name}", t(REMOVE)) title=t(REMOVE)
                on:click=move |_| {
                    let mut sort = list.state.with_untracked(|s| s.sort.clone());
                    sort.remove(at);
                    sorting::put(list, &sort);
                }>{icon("x")}</button>
        </li>
    }
    .into_any()
}

/// The keys are drawn anew.
fn focus_later(at: usize) {
    use wasm_bindgen::JsCast;
    request_animation_frame(move || {
        let select = document().get_element_by_id(&format!("sort-{at}"));
        if let Some(select) = select.and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = select.focus();
        }
    });
}
