//! How the list is laid out: as a table, or as a board by one of its fields.

use super::List;
use crate::i18n::{BOARD_BY, LAYOUT, LAYOUT_KANBAN, LAYOUT_TABLE, label, t};
use crate::record::url::Url;
use crate::ui::icon;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta};
use leptos::prelude::*;
use std::sync::Arc;

const KANBAN: &str = "kanban";

/// Fields whose values can be the columns of a board: the stages of a pipeline first.
pub fn boards(object: &ObjectMeta) -> Vec<FieldMeta> {
    let is_stage = |f: &&FieldMeta| f.target() == Some("stage") && f.kind.is_reference();
    let is_choice = |f: &&FieldMeta| matches!(f.kind, FieldType::Choice { .. }) && !f.secret && !f.hidden;
    let stages = object.fields.iter().filter(is_stage);
    let mut choices: Vec<&FieldMeta> = object.fields.iter().filter(is_choice).collect();
    choices.sort_by_key(|f| f.read_only);
    stages.chain(choices).cloned().collect()
}

/// The field of the board that is shown; nothing where it is a table.
pub fn board(url: Url, object: &ObjectMeta) -> Option<String> {
    if url.get("layout").as_deref() != Some(KANBAN) {
        return None;
    }
    let boards = boards(object);
    let asked = url.get("by");
    let found = boards.iter().find(|f| Some(f.key.as_ref()) == asked.as_deref()).or_else(|| boards.first());
    found.map(|f| f.key.to_string())
}

pub fn switch(list: List) -> AnyView {
    let boards = list.object.with_value(|o: &Arc<ObjectMeta>| boards(o));
    if boards.is_empty() {
        return ().into_any();
    }
    let button = move |kanban: bool| {
        let (picture, text) = if kanban { ("square-kanban", t(LAYOUT_KANBAN)) } else { ("table-2", t(LAYOUT_TABLE)) };
        view! {
            <button type="button" class="btn btn-quiet btn-icon aria-pressed:bg-base-content/10 max-sm:aria-pressed:hidden" aria-label=text title=text
                aria-pressed=move || (list.board.with(Option::is_some) == kanban).to_string()
                on:click=move |_| list.url.push(&[("layout", kanban.then(|| KANBAN.to_owned())), ("by", None), ("peek", None)])>{icon(picture)}</button>
        }
    };
    view! {
        <div class="hidden sm:block">{by(list)}</div>
        <div class="inline-flex" role="group" aria-label=t(LAYOUT)>{button(false)}{button(true)}</div>
    }
    .into_any()
}

/// Which field makes the columns. On a phone it stands above the board.
pub fn by(list: List) -> AnyView {
    let boards = list.object.with_value(|o: &Arc<ObjectMeta>| boards(o));
    let options = move || {
        let now = list.board.get();
        let option = |f: &FieldMeta| {
            let key = f.key.to_string();
            view! { <option value=key.clone() selected=now.as_deref() == Some(&key)>{label(&f.label)}</option> }
        };
        boards.iter().map(option).collect_view()
    };
    (move || {
        list.board.with(Option::is_some).then(|| {
            view! {
                <select class="select !h-8 sm:!w-36 text-[13px]" aria-label=t(BOARD_BY)
                    on:change=move |ev| list.url.replace(&[("by", Some(event_target_value(&ev)))])>{options.clone()}</select>
            }
        })
    })
    .into_any()
}
