//! One record among others: a row of cells, or a card on a phone.

use super::grid::record_url;
use super::state::phones;
use super::write::Write;
use super::{List, cells, columns, notice, strays};
use crate::api::records::RecordExt;
use crate::fields::{self, Shown};
use crate::i18n::{CALL, FOLLOW_UP_SAVE, MARK_AS, PEEK, SELECT_ROW, label, t, tf};
use crate::record::follow;
use crate::state::{prefs, session};
use crate::ui::icon;
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::json;
use std::sync::Arc;
use wasm_bindgen::JsValue;

pub fn row_id(row: usize) -> String {
    format!("row-{row}")
}

/// Where a row stands.
pub struct At {
    pub line: usize,
    pub place: String,
    /// Columns that stay.
    pub frozen: usize,
    /// How deep within groups.
    pub level: Option<usize>,
}

pub fn row(list: List, object: &ObjectMeta, fields: &[FieldMeta], record: Arc<Record>, at: At) -> AnyView {
    let At { line: at, place, frozen, level } = at;
    let id = record.id().to_owned();
    let url = record_url(object, &id);
    let title = record.title(object);
    let (mark, pick) = (id.clone(), id.clone());
    let chosen = move || list.is_picked(&mark);
    let shown = chosen.clone();
    let peek_id = id.clone();
    let open_peek = move |_| list.url.beside(Some(peek_id.clone()));
    let is_peeked = Memo::new(move |_| list.url.get("peek").as_deref() == Some(id.as_str()));
    let cell = |col: usize, field: &FieldMeta| {
        let shown = Shown::of(field, &record);
        let held = col < frozen;
        let class = match (held, col + 1 == frozen, field.kind.is_number()) {
            (false, _, false) => "grid-cell",
            (false, _, true) => "grid-cell num",
            (true, false, false) => "grid-cell grid-held",
            (true, false, true) => "grid-cell grid-held num",
            (true, true, false) => "grid-cell grid-held grid-edge",
            (true, true, true) => "grid-cell grid-held grid-edge num",
        };
        let content = if field.key == object.title {
            let (url, title) = (url.clone(), title.clone());
            view! {
                <span class="flex items-center gap-1 group">
                    <a href=url class="font-semibold truncate hover:text-primary hover:underline underline-offset-4">{title}</a>
                    <button type="button" tabindex="-1" class="btn btn-quiet btn-icon !h-6 !w-6 opacity-0 group-hover:opacity-100 focus:opacity-100 ms-auto"
                        aria-label=t(PEEK) title=t(PEEK) on:click=open_peek.clone()>{icon("panel-right-open")}</button>
                </span>
            }
            .into_any()
        } else {
            fields::in_grid(shown)
        };
        view! {
            <div class=class role="gridcell" id=cells::cell_id(at, col) data-col=col.to_string() aria-colindex=(col + 2).to_string()
                prop:style=columns::sticky(col, held)>{content}</div>
        }
        .into_any()
    };
    let cells = fields.iter().enumerate().map(|(col, field)| cell(col, field)).collect_view();
    let stray = strays::note(&record);
    view! {
        <div class="grid-row" class=("grid-stray", stray.is_some()) title=stray aria-description=stray role="row" id=row_id(at) data-row=at.to_string() prop:style=place aria-rowindex=(at + 2).to_string()
            prop:ariaLevel=level.map_or(JsValue::NULL, |l| l.to_string().into()) aria-selected=move || (shown() || is_peeked.get()).to_string()>
            <div class="grid-sticky justify-center" role="gridcell" aria-colindex="1">
                <input type="checkbox" class="checkbox" tabindex="-1" aria-label=format!("{} {title}", t(SELECT_ROW)) prop:checked=chosen
                    on:click=move |ev| list.pick(&pick, at, event_target_checked(&ev), ev.shift_key())/>
            </div>
            {cells}
        </div>
    }
    .into_any()
}

/// On a phone: the name and what fits of the facts, all of it one link; beside it what the thumb does most.
pub fn card(list: List, object: &ObjectMeta, fields: &[FieldMeta], record: &Record, place: String) -> AnyView {
    let facts = fields.iter().filter(|f| f.key != object.title).map(|f| Shown::of(f, record)).filter(|s| !s.is_empty());
    let facts = facts.take(6).map(|s| {
        let name = label(&s.field.label);
        view! { <span class="flex gap-1 max-w-full min-w-0 items-center h-[22px]"><span class="muted text-xs shrink-0">{name}</span>{fields::brief(s)}</span> }
    });
    let facts = facts.collect_view();
    let (url, title) = (record_url(object, record.id()), record.title(object));
    // A number of which only the outline is shown calls nobody.
    let number =
        phones(object).filter_map(|f| record.value(&f.key).as_str()).find(|n| !n.is_empty() && !n.contains('*'));
    let call = number.map(|number| (fields::contact::tel(number), "phone", format!("{} · {title}", t(CALL))));
    let follow = follow::link(object)
        .map(|_| (format!("{url}?follow=1"), "message-square-text", format!("{} · {title}", t(FOLLOW_UP_SAVE))));
    let acts: Vec<_> = call.into_iter().chain(follow).collect();
    let finish = object.closing().filter(|_| session::may(&object.name, "edit")).and_then(|(field, choice)| {
        let value = json!(choice.value);
        // Its own column may not be there; that it is open is then not known.
        let open = record.get(field.key.as_ref()).is_some_and(|now| *now != value);
        let name = format!("{} · {title}", tf(MARK_AS, &[("choice", &label(&choice.label))]));
        open.then(|| (name, Write::of(record, &field.key, value.clone()), notice(field, &value, record)))
    });
    let room = if acts.is_empty() && finish.is_none() { "pr-3" } else { "pr-14" };
    let (height, lines) = if untrack(|| list.tall_cards()) { ("h-30", "h-[70px]") } else { ("h-24", "h-[46px]") };
    let acts = acts.into_iter().map(|(href, sign, name)| {
        view! { <a href=href class="btn btn-quiet btn-icon !size-11 muted" aria-label=name>{icon(sign)}</a> }
    });
    let finish = finish.map(|(name, write, told)| {
        let press = move |_| list.pressed.set(Some((write.clone(), told.clone())));
        view! { <button type="button" class="btn btn-quiet btn-icon !size-11 muted" aria-label=name on:click=press>{icon("circle-check")}</button> }
    });
    let acts = view! { {acts.collect_view()}{finish} };
    let (id, name) = (record.id().to_owned(), format!("{} {title}", t(SELECT_ROW)));
    let stray = strays::note(record);
    let picker = move || list.picking.get().then(|| pick_box(list, id.clone(), name.clone(), height));
    let held = record.id().to_owned();
    view! {
        <div prop:style=place class="px-3 pt-2"
            on:contextmenu=move |ev| if prefs::coarse() { ev.prevent_default(); list.picking.set(true); list.toggle(&held) }>
            <div class="absolute right-4 inset-y-0 pt-2 flex flex-col justify-center" class:hidden=move || list.picking.get()>{acts}</div>
            <a href=url class=format!("panel block pl-3 py-2 overflow-hidden {height} {room}") class=("grid-stray", stray.is_some()) aria-description=stray>
                <span class="font-semibold block truncate">{title}</span>
                <span class=format!("flex flex-wrap content-start gap-x-3 gap-y-0.5 overflow-hidden text-[13px] mt-0.5 {lines}")>{facts}</span>
            </a>
            {picker}
        </div>
    }
    .into_any()
}

/// Over the card: a touch picks it, and opens nothing.
fn pick_box(list: List, id: String, name: String, height: &str) -> AnyView {
    let mark = id.clone();
    view! {
        <label class=format!("absolute inset-x-3 top-2 rounded-[var(--radius-box)] flex justify-end p-3 has-checked:bg-primary/8 has-checked:outline-2 outline-primary -outline-offset-1 {height}")>
            <input type="checkbox" class="checkbox bg-base-100 size-6" aria-label=name prop:checked=move || list.is_picked(&mark) on:change=move |_| list.toggle(&id)/>
        </label>
    }
    .into_any()
}
