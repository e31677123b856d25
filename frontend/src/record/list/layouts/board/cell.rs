//! The cards of one place, page by page; only those in sight are drawn.

use super::{Board, Place, card};
use crate::i18n::{KANBAN_NONE, t};
use crate::record::list::ListState;
use crate::state::app;
use kezhan_meta::Record;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;

/// Height of a card with the gap below it.
pub const CARD: i32 = 116;
const SPARE: usize = 3;

pub fn view(board: Board, place: Place, class: &'static str) -> AnyView {
    let (list, rows) = (board.list, board.rows(place));
    Effect::new(move |before: Option<(ListState, u64)>| {
        let now = (list.state.get(), app().written.get());
        let another = before.as_ref().is_none_or(|b| b.0 != now.0);
        let question = board.narrowed(&now.0, place);
        // What was here before it was scrolled out of sight is here still.
        let known = before.is_none() && rows.holds(&question, now.1);
        if !known && (another || list.own.get_value() != now.1) {
            rows.start(&question, now.1);
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
            rows.more(&board.narrowed(&list.state.get_untracked(), place));
        }
    });
    Effect::new(move || {
        if let Some(node) = node.get() {
            height.set(node.client_height().max(CARD));
        }
    });
    let shown = move || {
        let range = visible.get();
        rows.rows.with(|all| range.filter_map(|n| all.get(n).cloned()).collect::<Vec<_>>())
    };
    // A card that comes or goes moves the others; it does not draw them anew.
    let drawn = move |record: Arc<Record>| {
        let own = record.clone();
        let at = Memo::new(move |_| rows.rows.with(|all| all.iter().position(|r| Arc::ptr_eq(r, &own)).unwrap_or(0)));
        card::view(board, place, at, &record)
    };
    let nothing = move || {
        (rows.fresh.get() && rows.rows.with(Vec::is_empty))
            .then(|| view! { <p class="text-xs muted px-2 py-3">{t(KANBAN_NONE)}</p> })
    };
    let failed = move || {
        rows.error.get().map(|e| view! { <p class="text-xs text-error px-2 py-3" role="alert">{e.message()}</p> })
    };
    view! {
        <div node_ref=node class=format!("overflow-y-auto scroll-thin {class}") role="list"
            on:scroll=move |_| if let Some(node) = node.get_untracked() { scroll.set(node.scroll_top()); height.set(node.client_height()) }>
            {nothing}{failed}
            <div class="relative" prop:style=move || format!("height:{}px", rows.rows.with(Vec::len) as i32 * CARD)>
                <For each=shown key=|r| Arc::as_ptr(r) as usize let(record)>{drawn(record)}</For>
            </div>
        </div>
    }
    .into_any()
}
