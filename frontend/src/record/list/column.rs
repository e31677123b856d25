//! One column of a board: its head with count and sum, its cards page by page.

use super::grid::record_url;
use super::kanban::{self, Board, Drag, amount, narrowed};
use super::{Rows, sums_text};
use crate::api::records::RecordExt;
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{CARD_MENU, KANBAN_NONE, MOVE_TO, label, t, tf};
use crate::state::app;
use crate::ui::{Menu, MenuItem, badge, icon, keys};
use kezhan_meta::{Record, Tone};
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::Value;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Height of a card with the gap below it.
const CARD: i32 = 116;
const SPARE: usize = 4;
const FACTS: usize = 3;
const SLOP: i32 = 6;

#[derive(Clone)]
pub struct Column {
    pub value: Value,
    pub title: String,
    pub tone: Tone,
    pub rows: Rows,
}

impl Column {
    pub fn new(value: Value, title: String, tone: Tone) -> Column {
        Column { value, title, tone, rows: Rows::new() }
    }
}

pub fn view(board: Board, at: usize, column: Column) -> AnyView {
    let (list, rows) = (board.list, column.rows);
    let value = StoredValue::new(column.value.clone());
    let narrow = move |state: &super::ListState| board.by.with_value(|by| value.with_value(|v| narrowed(state, by, v)));
    Effect::new(move |before: Option<(super::ListState, u64)>| {
        let now = (list.state.get(), app().written.get());
        let another = before.as_ref().is_none_or(|b| b.0 != now.0);
        if another || list.own.get_value() != now.1 {
            rows.start(&narrow(&now.0), now.1);
        }
        now
    });
    let node = NodeRef::<html::Div>::new();
    let (scroll, height) = (RwSignal::new(0), RwSignal::new(900));
    let visible = Memo::new(move |_| {
        let (first, shown) = ((scroll.get() / CARD).max(0) as usize, (height.get() / CARD) as usize + 1);
        let total = rows.rows.with(Vec::len);
        first.saturating_sub(SPARE).min(total)..(first + shown + SPARE).min(total)
    });
    Effect::new(move || {
        if visible.get().end + SPARE >= rows.rows.with(Vec::len) && rows.has_more() && !rows.loading.get() {
            rows.more(&narrow(&list.state.get_untracked()));
        }
    });
    let shown = move || {
        let range = visible.get();
        rows.rows.with(|all| range.filter_map(|n| all.get(n).map(|r| (n, r.clone()))).collect::<Vec<_>>())
    };
    let groups = Memo::new(move |_| {
        let key = board.by.with_value(|f| f.key.to_string());
        board.totals.with(|all| {
            value.with_value(|v| all.iter().filter(|g| g.value(&key) == v).cloned().collect::<Vec<Record>>())
        })
    });
    let count = move || {
        let n: i64 = groups.with(|all| all.iter().filter_map(|g| g.value("count").as_i64()).sum());
        bridge::decimal(&n.to_string(), 0, 0)
    };
    let sums = move || {
        let field = list.state.with(amount)?;
        groups.with(|all| (!all.is_empty()).then(|| sums_text(&[field], all).concat()))
    };
    let nothing = move || {
        (rows.fresh.get() && rows.rows.with(Vec::is_empty))
            .then(|| view! { <p class="text-xs muted px-2 py-3">{t(KANBAN_NONE)}</p> })
    };
    let failed = move || {
        rows.error.get().map(|e| view! { <p class="text-xs text-error px-2 py-3" role="alert">{e.message()}</p> })
    };
    let over = move || board.drag.with(|d| d.as_ref().is_some_and(|d| d.over == Some(at) && d.from != at));
    view! {
        <section class="w-[84vw] sm:w-72 shrink-0 snap-center flex flex-col min-h-0 rounded-lg bg-base-content/4" data-column=at.to_string()
            class=("outline-2", over) class=("outline", over) class=("outline-primary", over) aria-label=column.title.clone()>
            <header class="px-3 pt-2.5 pb-1.5 shrink-0">
                <div class="flex items-center gap-2">{badge(column.title.clone(), column.tone)}<span class="muted text-xs tnum" data-count>{count}</span></div>
                <div class="text-xs muted tnum truncate min-h-[1.125rem] mt-1" title=sums>{sums}</div>
            </header>
            <div node_ref=node class="grow min-h-0 overflow-y-auto scroll-thin px-2" role="list"
                on:scroll=move |_| if let Some(node) = node.get_untracked() { scroll.set(node.scroll_top()); height.set(node.client_height()) }>
                {nothing}{failed}
                <div class="relative" style=move || format!("height:{}px", rows.rows.with(Vec::len) as i32 * CARD)>
                    <For each=shown key=|(n, r)| (*n, Arc::as_ptr(r) as usize) let((n, record))>{card(board, at, n, &record)}</For>
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn card_id(column: usize, row: usize) -> String {
    format!("card-{column}-{row}")
}

fn card(board: Board, at: usize, n: usize, record: &Arc<Record>) -> AnyView {
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
            view! { <li class="flex gap-1.5 min-w-0"><span class="muted shrink-0">{name}</span><span class="truncate">{fields::plain_text(s)}</span></li> }.into_any()
        })
        .collect();
    let items = {
        let id = id.clone();
        move || {
            let other = board.columns.get_untracked().into_iter().enumerate().filter(|(to, _)| *to != at);
            other
                .map(|(to, column)| {
                    let id = id.clone();
                    MenuItem::new("arrow-right", tf(MOVE_TO, &[("column", &column.title)]), move || {
                        move_to(board, &id, at, to)
                    })
                })
                .collect()
        }
    };
    let menu = board.movable.then(|| {
        view! { <Menu label=tf(CARD_MENU, &[("title", &title)]) class="btn btn-quiet btn-icon !h-6 !w-6" face=icon("ellipsis") items=items/> }
    });
    let press = StoredValue::new(None::<(i32, i32)>);
    let name = title.clone();
    let grabbed = (id.clone(), title.clone());
    let gone = {
        let id = id.clone();
        move || board.drag.with(|d| d.as_ref().is_some_and(|d| d.id == id))
    };
    let open = (id.clone(), url.clone());
    view! {
        <div class="absolute left-0 right-0" style=format!("top:{}px;height:{}px", n as i32 * CARD, CARD - 8) role="listitem">
            <article id=card_id(at, n) class="panel h-full px-3 py-2 overflow-hidden text-[13px] select-none" tabindex="0" aria-label=name
                class=("cursor-grab", board.movable) class=("opacity-40", gone)
                on:dragstart=|ev| ev.prevent_default()
                on:pointerdown=move |ev| if board.movable && ev.button() == 0 && ev.pointer_type() != "touch" { press.set_value(Some((ev.client_x(), ev.client_y()))) }
                on:pointermove=move |ev| if let Some(from) = press.get_value() { dragged(board, at, &grabbed, from, &ev) }
                on:pointercancel=move |_| { press.set_value(None); board.drag.set(None) }
                on:pointerup=move |_| { press.set_value(None); dropped(board) }
                on:keydown=move |ev| key(board, at, n, &open, &ev)>
                <div class="flex items-center gap-1">
                    <A href=url attr:class="font-semibold truncate grow hover:text-primary" attr:draggable="false">{title}</A>
                    {menu}
                </div>
                <ul class="mt-1 flex flex-col gap-0.5">{facts}</ul>
            </article>
        </div>
    }
    .into_any()
}

fn dragged(board: Board, at: usize, (id, title): &(String, String), from: (i32, i32), ev: &PointerEvent) {
    let (x, y) = (ev.client_x(), ev.client_y());
    if board.drag.with_untracked(Option::is_none) {
        if (x - from.0).abs() + (y - from.1).abs() < SLOP {
            return;
        }
        // The pointer stays with the card, so that the release is told here.
        if let Some(element) = ev.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
            let _ = element.set_pointer_capture(ev.pointer_id());
        }
    }
    let under =
        document().element_from_point(x as f32, y as f32).and_then(|e| e.closest("[data-column]").ok().flatten());
    let over = under.and_then(|e| e.get_attribute("data-column")?.parse().ok());
    board.drag.set(Some(Drag { id: id.clone(), title: title.clone(), from: at, over, x, y }));
    // Near an edge the board moves along.
    if let Some(node) = document().get_element_by_id("board") {
        let edge = node.get_bounding_client_rect();
        if f64::from(x) > edge.right() - 48.0 {
            node.set_scroll_left(node.scroll_left() + 16);
        } else if f64::from(x) < edge.left() + 48.0 {
            node.set_scroll_left(node.scroll_left() - 16);
        }
    }
}

fn dropped(board: Board) {
    let Some(drag) = board.drag.get_untracked() else { return };
    board.drag.set(None);
    if let Some(to) = drag.over.filter(|to| *to != drag.from) {
        kanban::shift(board, &drag.id, drag.from, to, true);
        follow(to);
    }
}

/// Moved by menu or keys: the focus goes with the card.
fn move_to(board: Board, id: &str, from: usize, to: usize) {
    kanban::shift(board, id, from, to, true);
    follow(to);
}

/// The first card of a column takes the focus, unless something else has it.
pub fn follow(column: usize) {
    request_animation_frame(move || {
        let free = document().active_element().is_none_or(|e| e.tag_name() == "BODY");
        if free {
            focus(column, 0);
        }
    });
}

fn focus(column: usize, row: usize) -> bool {
    let found =
        document().get_element_by_id(&card_id(column, row)).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
    found.is_some_and(|e| e.focus().is_ok())
}

/// Arrows go from card to card, with Alt they take the card to the next column.
fn key(board: Board, at: usize, n: usize, (id, url): &(String, String), ev: &KeyboardEvent) {
    // Keys of the menu and the link within the card are theirs.
    let own = ev.target().zip(ev.current_target()).is_some_and(|(t, c)| js_sys::Object::is(&t, &c));
    if keys::composing(ev) || !own {
        return;
    }
    let columns = board.columns.with_untracked(Vec::len);
    let step = |right: bool| if right { Some(at + 1).filter(|c| *c < columns) } else { at.checked_sub(1) };
    match ev.key().as_str() {
        "ArrowRight" | "ArrowLeft" if ev.alt_key() => {
            if let Some(to) = step(ev.key() == "ArrowRight").filter(|_| board.movable) {
                move_to(board, id, at, to);
            }
        }
        "ArrowRight" | "ArrowLeft" => {
            // Over empty columns, and to the last card of a shorter one.
            let mut to = step(ev.key() == "ArrowRight");
            while let Some(column) = to {
                if focus(column, n) || focus(column, 0) {
                    break;
                }
                to = if ev.key() == "ArrowRight" {
                    Some(column + 1).filter(|c| *c < columns)
                } else {
                    column.checked_sub(1)
                };
            }
        }
        "ArrowDown" => {
            focus(at, n + 1);
        }
        "ArrowUp" => {
            focus(at, n.saturating_sub(1));
        }
        "Enter" => board.list.url.go(url.clone()),
        " " => board.list.url.replace(&[("peek", Some(id.clone()))]),
        _ => return,
    }
    ev.prevent_default();
    ev.stop_propagation();
}
