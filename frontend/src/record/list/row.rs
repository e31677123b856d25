//! One record among others: a row of cells, or a card on a phone.

use super::grid::record_url;
use super::{List, cells, columns};
use crate::api::records::RecordExt;
use crate::fields::{self, Shown};
use crate::i18n::{FOLLOW_UP_SAVE, PEEK, SELECT_ROW, label, t};
use crate::record::follow;
use crate::ui::icon;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Record};
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
    let is_peeked = move || list.peeked.with(|peeked| peeked.as_ref() == Some(&id));
    let cell = |col: usize, field: &FieldMeta| {
        let shown = Shown::of(field, &record);
        let held = col < frozen;
        let class = match (held, field.kind.is_number()) {
            (false, false) => "grid-cell",
            (false, true) => "grid-cell num",
            (true, false) => "grid-cell grid-held",
            (true, true) => "grid-cell grid-held num",
        };
        let content = match field.kind {
            _ if field.key == object.title => {
                let (url, title) = (url.clone(), title.clone());
                view! { <a href=url class="font-semibold hover:text-primary hover:underline underline-offset-4">{title}</a> }
                    .into_any()
            }
            // A press chooses the cell.
            FieldType::Phone | FieldType::Email => {
                view! { <span class="tnum">{fields::plain_text(shown)}</span> }.into_any()
            }
            _ => fields::cell(shown),
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
            attr:aria-level=level.map(|l| l.to_string()) aria-selected=move || (shown() || is_peeked()).to_string()>
            <div class="grid-sticky justify-center" role="gridcell" aria-colindex="1">
                <input type="checkbox" class="checkbox" tabindex="-1" aria-label=format!("{} {title}", t(SELECT_ROW)) prop:checked=chosen
                    on:click=move |ev| list.pick(&pick, at, event_target_checked(&ev), ev.shift_key())/>
            </div>
            {cells}
        </div>
    }
    .into_any()
}

/// What can be done with the cell under the pointer beyond choosing it: to look at its record, to call or write to somebody.
pub fn beside(list: List, field: &FieldMeta, record: &Record) -> Option<AnyView> {
    const CLASS: &str = "btn btn-plain btn-icon !h-6 !w-6 absolute right-1 inset-y-0 my-auto pointer-events-auto";
    if list.object.with_value(|o| o.title == field.key) {
        let id = record.id().to_owned();
        let open = move |_| list.url.replace(&[("peek", Some(id.clone()))]);
        return Some(
            view! { <button type="button" tabindex="-1" class=CLASS aria-label=t(PEEK) title=t(PEEK) on:click=open>{icon("panel-right-open")}</button> }
                .into_any(),
        );
    }
    let (sign, href, text) = fields::contact::reach(Shown::of(field, record))?;
    Some(
        view! { <a class=CLASS tabindex="-1" href=href aria-label=text.clone() title=text>{icon(sign)}</a> }.into_any(),
    )
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
