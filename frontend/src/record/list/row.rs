//! One record among others: a row of cells, or a card on a phone.

use super::grid::record_url;
use super::{List, cells, columns};
use crate::api::records::RecordExt;
use crate::fields::{self, Shown};
use crate::i18n::{FOLLOW_UP_SAVE, PEEK, SELECT_ROW, label, t};
use crate::record::follow;
use crate::ui::icon;
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::prelude::*;
use std::sync::Arc;

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
        let class = match (held, field.kind.is_number()) {
            (false, false) => "grid-cell",
            (false, true) => "grid-cell num",
            (true, false) => "grid-cell grid-held",
            (true, true) => "grid-cell grid-held num",
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
            fields::contact::in_grid(shown).unwrap_or_else(|| fields::cell(shown))
        };
        view! {
            <div class=class role="gridcell" id=cells::cell_id(at, col) data-col=col.to_string() aria-colindex=(col + 2).to_string()
                prop:style=columns::sticky(col, held)>{content}</div>
        }
        .into_any()
    };
    let cells = fields.iter().enumerate().map(|(col, field)| cell(col, field)).collect_view();
    view! {
        <div class="grid-row" role="row" id=row_id(at) data-row=at.to_string() prop:style=place aria-rowindex=(at + 2).to_string()
            attr:aria-level=level.map(|l| l.to_string()) aria-selected=move || (shown() || is_peeked.get()).to_string()>
            <div class="grid-sticky justify-center" role="gridcell" aria-colindex="1">
                <input type="checkbox" class="checkbox" tabindex="-1" aria-label=format!("{} {title}", t(SELECT_ROW)) prop:checked=chosen
                    on:click=move |ev| list.pick(&pick, at, event_target_checked(&ev), ev.shift_key())/>
            </div>
            {cells}
        </div>
    }
    .into_any()
}

/// On a phone: the name and three facts, the whole card is one link.
pub fn card(object: &ObjectMeta, fields: &[FieldMeta], record: &Record, place: String) -> AnyView {
    let mut facts =
        fields.iter().filter(|f| f.key != object.title).map(|f| Shown::of(f, record)).filter(|s| !s.is_empty());
    let facts: Vec<AnyView> = facts
        .by_ref()
        .take(4)
        .map(|s| {
            let name = label(&s.field.label);
            view! { <span class="flex gap-1 min-w-0 items-center"><span class="muted text-xs shrink-0">{name}</span>{fields::brief(s)}</span> }.into_any()
        })
        .collect();
    let (url, title) = (record_url(object, record.id()), record.title(object));
    let follow = follow::link(object).map(|_| {
        let (href, name) = (format!("{url}?follow=1"), format!("{} · {title}", t(FOLLOW_UP_SAVE)));
        view! { <a href=href class="btn btn-quiet btn-icon !size-11 absolute right-4 bottom-1 muted" aria-label=name>{icon("message-square-text")}</a> }
    });
    view! {
        <div prop:style=place class="px-3 pt-2">
            {follow}
            <a href=url class="panel block h-24 pl-3 pr-14 py-2 overflow-hidden">
                <span class="font-semibold block truncate">{title}</span>
                <span class="grid grid-cols-2 gap-x-3 gap-y-0.5 text-[13px] mt-0.5">{facts}</span>
            </a>
        </div>
    }
    .into_any()
}
