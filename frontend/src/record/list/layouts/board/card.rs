//! A card: the name and a few facts, a menu of where it can go, the keys that take it there.

use super::cell::CARD;
use super::{Board, Place, drag, moving};
use crate::api::records::RecordExt;
use crate::fields::{self, Shown};
use crate::i18n::{CARD_MENU, MOVE_TO, MOVE_TO_LANE, PEEK, label, t, tf};
use crate::record::list::record_url;
use crate::ui::{Menu, MenuItem, icon, keys};
use kezhan_meta::Record;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use wasm_bindgen::JsCast;

const FACTS: usize = 3;
/// Lanes that the menu offers.
const LANES: usize = 200;

fn card_id(place: Place, row: usize) -> String {
    format!("card-{}-{}-{row}", place.lane, place.column)
}

pub fn view(board: Board, place: Place, n: Memo<usize>, record: &Arc<Record>) -> AnyView {
    let list = board.list;
    let object = list.object.with_value(Arc::clone);
    let by = board.by.with_value(|f| f.key.to_string());
    let (id, title, url) = (record.id().to_owned(), record.title(&object), record_url(&object, record.id()));
    let all = list.state.with_untracked(|s| s.fields());
    let facts: Vec<AnyView> = all
        .iter()
        .filter(|f| f.key != object.title && f.key != by)
        .map(|f| Shown::of(f, record))
        .filter(|s| !s.is_empty())
        .take(FACTS)
        .map(|s| {
            let name = label(&s.field.label);
            view! { <li class="flex gap-1.5 min-w-0"><span class="muted shrink-0">{name}</span>{fields::brief(s)}</li> }
                .into_any()
        })
        .collect();
    let items = {
        let id = id.clone();
        move || targets(board, place, &id)
    };
    let menu = view! { <Menu label=tf(CARD_MENU, &[("title", &title)]) class="btn btn-quiet btn-icon !h-6 !w-6 pointer-coarse:!h-11 pointer-coarse:!w-11 pointer-coarse:-my-2.5 pointer-coarse:-me-2" face=icon("ellipsis") items=items/> };
    let movable = board.movable || board.across;
    let grab = drag::Grab::new(board, place, id.clone(), title.clone());
    let gone = {
        let id = id.clone();
        move || board.drag.with(|d| d.as_ref().is_some_and(|d| d.id == id))
    };
    let (name, open) = (title.clone(), (id, url.clone()));
    view! {
        <div class="absolute left-0 right-0" prop:style=move || format!("top:{}px;height:{}px", n.get() as i32 * CARD, CARD - 8) role="listitem">
            <article id=move || card_id(place, n.get()) class="panel h-full px-3 py-2 overflow-hidden text-[13px] select-none board-card" tabindex="0" aria-label=name
                class=("cursor-grab", movable) class=("opacity-40", gone)
                on:dragstart=|ev| ev.prevent_default()
                on:contextmenu=move |ev| if grab.held() { ev.prevent_default() }
                on:pointerdown=move |ev| if movable { grab.down(&ev) }
                on:pointermove=move |ev| grab.moved(&ev)
                on:touchmove=move |ev| if grab.held() { ev.prevent_default() }
                on:pointercancel=move |_| grab.cancel()
                on:pointerup=move |_| grab.up()
                on:keydown=move |ev| key(board, place, n.get_untracked(), &open, &ev)>
                <div class="flex items-center gap-1">
                    <a href=url class="font-semibold truncate grow hover:text-primary" draggable="false">{title}</a>
                    {menu}
                </div>
                <ul class="mt-1 flex flex-col gap-0.5">{facts}</ul>
            </article>
        </div>
    }
    .into_any()
}

/// Where a card can go.
fn targets(board: Board, from: Place, id: &str) -> Vec<MenuItem> {
    let list = board.list;
    let item = |picture, text: String, to: Place| {
        let id = id.to_owned();
        MenuItem::new(picture, text, move || go(board, &id, from, to))
    };
    let peek = id.to_owned();
    let mut items = vec![MenuItem::new("panel-right-open", t(PEEK), move || {
        list.url.beside(Some(peek.clone()));
    })];
    if board.movable {
        let columns = board.columns.get_untracked().into_iter().enumerate().filter(|(at, _)| *at != from.column);
        items.extend(columns.map(|(at, column)| {
            item("arrow-right", tf(MOVE_TO, &[("column", &column.title)]), Place { column: at, ..from })
        }));
    }
    if board.across {
        let lanes = board.lanes.get_untracked().into_iter().enumerate().filter(|(at, _)| *at != from.lane).take(LANES);
        items.extend(lanes.map(|(at, lane)| {
            item("arrow-down", tf(MOVE_TO_LANE, &[("lane", &lane.title)]), Place { lane: at, ..from })
        }));
    }
    items
}

/// Moved by menu or keys: the focus goes with the card.
fn go(board: Board, id: &str, from: Place, to: Place) {
    moving::shift(board, id, from, to);
    follow(to);
}

/// The first card of a place takes the focus, unless something else has it.
pub fn follow(place: Place) {
    request_animation_frame(move || {
        let free = document().active_element().is_none_or(|e| e.tag_name() == "BODY");
        if free {
            focus(place, 0);
        }
    });
}

/// A card that is back where it was has the focus there, once what was over the board has gone.
pub fn return_to(place: Place, row: usize) {
    set_timeout(
        move || {
            focus(place, row);
        },
        Duration::from_millis(60),
    );
}

fn focus(place: Place, row: usize) -> bool {
    let found =
        document().get_element_by_id(&card_id(place, row)).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
    found.is_some_and(|e| e.focus().is_ok())
}

/// Arrows go from card to card, with Alt they take the card to the next column or lane.
fn key(board: Board, at: Place, n: usize, (id, url): &(String, String), ev: &KeyboardEvent) {
    // Keys of the menu and the link within the card are theirs.
    let own = ev.target().zip(ev.current_target()).is_some_and(|(t, c)| js_sys::Object::is(&t, &c));
    if keys::composing(ev) || !own {
        return;
    }
    let (columns, lanes) = (board.columns.with_untracked(Vec::len), board.lanes.with_untracked(Vec::len));
    let beside = |place: Place, right: bool| {
        let column = if right { Some(place.column + 1).filter(|c| *c < columns) } else { place.column.checked_sub(1) };
        column.map(|column| Place { column, ..place })
    };
    let beyond = |down: bool| {
        let lane = if down { Some(at.lane + 1).filter(|l| *l < lanes) } else { at.lane.checked_sub(1) };
        lane.map(|lane| Place { lane, ..at })
    };
    let key = ev.key();
    match key.as_str() {
        "ArrowRight" | "ArrowLeft" if ev.alt_key() => {
            if let Some(to) = beside(at, key == "ArrowRight").filter(|_| board.movable) {
                go(board, id, at, to);
            }
        }
        "ArrowDown" | "ArrowUp" if ev.alt_key() => {
            if let Some(to) = beyond(key == "ArrowDown").filter(|_| board.across) {
                go(board, id, at, to);
            }
        }
        "ArrowRight" | "ArrowLeft" => {
            // Over empty columns, and to the last card of a shorter one.
            let mut to = beside(at, key == "ArrowRight");
            while let Some(place) = to {
                if focus(place, n) || focus(place, 0) {
                    break;
                }
                to = beside(place, key == "ArrowRight");
            }
        }
        "ArrowDown" => {
            if !focus(at, n + 1) {
                beyond(true).map(|to| focus(to, 0));
            }
        }
        "ArrowUp" => match n.checked_sub(1) {
            Some(up) => drop(focus(at, up)),
            None => drop(beyond(false).map(|to| focus(to, 0))),
        },
        "Enter" => board.list.url.go(url.clone()),
        " " => board.list.url.toggle_beside(id),
        _ => return,
    }
    ev.prevent_default();
    ev.stop_propagation();
}
