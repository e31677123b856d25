//! Lanes: rows of columns of equal height, of which only those in sight are drawn.

use super::{Board, Lane, Place, cell, totals};
use crate::i18n::{BOARD_HINT, label, t};
use leptos::html;
use leptos::prelude::*;

/// Height of a lane, its name and the gap below included.
const LANE: i32 = 348;
const SPARE: usize = 1;

pub fn view(board: Board) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let (scroll, height) = (RwSignal::new(0), RwSignal::new(900));
    let visible = Memo::new(move |_| {
        let (first, shown) = ((scroll.get() / LANE).max(0) as usize, (height.get() / LANE) as usize + 2);
        let total = board.lanes.with(Vec::len);
        first.saturating_sub(SPARE).min(total)..(first + shown + SPARE).min(total)
    });
    Effect::new(move || {
        if let Some(node) = node.get() {
            height.set(node.client_height().max(200));
        }
    });
    let shown = move || {
        board.lanes.with(|all| visible.get().filter_map(|n| all.get(n).map(|l| (n, l.clone()))).collect::<Vec<_>>())
    };
    let columns = board.columns.get_untracked();
    let heads = columns.iter().enumerate().map(|(at, column)| {
        view! { <div class="w-[84vw] sm:w-72 shrink-0 rounded-lg bg-base-100 border border-base-300">{totals::head(board, at, column)}</div> }
    });
    view! {
        <div node_ref=node id="board" class="grow min-h-0 overflow-auto scroll-thin bg-base-200" role="group"
            aria-label=board.by.with_value(|f| label(&f.label)) aria-description=t(BOARD_HINT)
            on:scroll=move |_| if let Some(node) = node.get_untracked() { scroll.set(node.scroll_top()); height.set(node.client_height()) }>
            <div class="sticky top-0 z-10 flex gap-3 px-3 py-2 bg-base-200 w-max min-w-full">{heads.collect_view()}</div>
            <div class="relative" prop:style=move || format!("height:{}px;width:max-content;min-width:100%", board.lanes.with(Vec::len) as i32 * LANE)>
                // Gives the lanes, which are out of the flow, the width of the columns.
                <div class="flex gap-3 px-3 h-0 invisible" aria-hidden="true">{columns.iter().map(|_| view! { <div class="w-[84vw] sm:w-72 shrink-0"></div> }).collect_view()}</div>
                <For each=shown key=|(n, lane)| (*n, lane.value.to_string(), lane.title.clone()) let((n, lane))>{row(board, n, lane)}</For>
            </div>
        </div>
    }
    .into_any()
}

fn row(board: Board, n: usize, lane: Lane) -> AnyView {
    let total = totals::of_lane(board, lane.value);
    let cells = board.columns.get_untracked().into_iter().enumerate().map(|(at, column)| {
        let place = Place { lane: n, column: at };
        view! {
            <div class="w-[84vw] sm:w-72 shrink-0 flex flex-col min-h-0 rounded-lg bg-base-content/4 pt-2" data-column=at.to_string() data-lane=n.to_string()
                class=("board-over", move || board.is_over(place)) role="group" aria-label=format!("{} · {}", lane.title, column.title)>
                {cell::view(board, place, "grow min-h-0 px-2")}
            </div>
        }
    });
    view! {
        <section class="absolute left-0 right-0 flex flex-col" prop:style=format!("top:{}px;height:{}px", n as i32 * LANE, LANE - 12) aria-label=lane.title.clone()>
            <h3 class="h-9 shrink-0 flex items-center gap-2 px-3 font-semibold text-[13px] sticky left-0 w-max max-w-[90vw]">
                <span class="truncate">{lane.title.clone()}</span>{total}
            </h3>
            <div class="flex gap-3 px-3 grow min-h-0">{cells.collect_view()}</div>
        </section>
    }
    .into_any()
}
