//! What the keys do.

use crate::bridge;
use crate::i18n::{
    HELP, Key, LAYOUT_GALLERY, LAYOUT_KANBAN, PEEK, SC_ALL_CELLS, SC_CLEAR_CELL, SC_CLIPBOARD, SC_EDIT_CELL, SC_ENDS,
    SC_FILL_DOWN, SC_FOLD, SC_IN_GRID, SC_LEAVE_CELL, SC_MOVE_CARD, SC_NEXT_CARD, SC_NEXT_CELL, SC_NEXT_ROW, SC_OPEN,
    SC_PAGE, SC_PICK_ROW, SC_RANGE, SC_SAVE_CELL, SC_TOP_BOTTOM, t,
};
use crate::ui::shortcuts::{TABLE, caption};
use crate::ui::{Layer, Shape};
use leptos::prelude::*;

type Lines = &'static [(Key, &'static [&'static str])];

/// Keys that mean something to whatever has the focus, as they stand on the keyboard; `^` is the key of commands. What
/// they do is in `record::list`: `cells`, `editor`, `layouts::board::card` and `layouts::gallery`.
const WITHIN: &[(Key, Lines)] = &[
    (
        LAYOUT_KANBAN,
        &[(SC_NEXT_CARD, &["↑ ↓ ← →"]), (SC_MOVE_CARD, &["Alt ↑ ↓ ← →"]), (SC_OPEN, &["Enter"]), (PEEK, &["Space"])],
    ),
    (LAYOUT_GALLERY, &[(SC_NEXT_CARD, &["↑ ↓ ← →"]), (SC_OPEN, &["Enter"]), (PEEK, &["Space"]), (SC_PICK_ROW, &["X"])]),
    (
        SC_IN_GRID,
        &[
            (SC_NEXT_CELL, &["↑ ↓ ← →", "Tab", "Shift Tab"]),
            (SC_PAGE, &["Page Up", "Page Down"]),
            (SC_ENDS, &["Home", "End"]),
            (SC_TOP_BOTTOM, &["^Home", "^End"]),
            (SC_RANGE, &["Shift ↑ ↓ ← →"]),
            (SC_ALL_CELLS, &["^A"]),
            (SC_EDIT_CELL, &["Enter", "F2"]),
            (SC_SAVE_CELL, &["Enter", "Tab"]),
            (SC_LEAVE_CELL, &["Esc"]),
            (SC_CLEAR_CELL, &["Delete"]),
            (SC_CLIPBOARD, &["^C", "^X", "^V"]),
            (SC_FILL_DOWN, &["^D"]),
            (PEEK, &["Space"]),
            (SC_OPEN, &["^Enter"]),
            (SC_PICK_ROW, &["Shift Space"]),
            (SC_NEXT_ROW, &["J", "K"]),
            (SC_FOLD, &["←", "→"]),
        ],
    ),
];

fn section(scope: Key, lines: Vec<(Key, Vec<String>)>) -> AnyView {
    let line = |(what, caps): (Key, Vec<String>)| {
        let caps = caps.into_iter().map(|cap| {
            view! { <kbd class="px-1.5 py-0.5 rounded border border-base-300 bg-base-200 text-xs font-sans whitespace-nowrap">{cap}</kbd> }
        });
        view! {
            <div class="flex items-center gap-3 min-h-8 text-[13px]">
                <dt class="grow">{t(what)}</dt>
                <dd class="flex flex-wrap justify-end gap-1.5">{caps.collect_view()}</dd>
            </div>
        }
    };
    view! {
        <section class="break-inside-avoid pb-4">
            <h3 class="text-xs muted mb-1">{t(scope)}</h3>
            <dl>{lines.into_iter().map(line).collect_view()}</dl>
        </section>
    }
    .into_any()
}

pub fn dialog(open: RwSignal<bool>) -> AnyView {
    let everywhere = TABLE.iter().map(|(scope, all)| {
        let line = |(_, what, presses): &(_, Key, &[_])| (*what, presses.iter().map(caption).collect());
        section(*scope, all.iter().map(line).collect())
    });
    let command = bridge::command_key();
    let within = WITHIN.iter().map(move |(scope, all)| {
        let line = |(what, caps): &(Key, &[&str])| (*what, caps.iter().map(|cap| cap.replace('^', &command)).collect());
        section(*scope, all.iter().map(line).collect())
    });
    view! {
        <Layer shape=Shape::Wide label=t(HELP) on_close=move |()| open.set(false)>
            <div class="p-4 pb-0 sm:columns-2 gap-8 overflow-y-auto scroll-thin -outline-offset-2" tabindex="0">{everywhere.collect_view()}{within.collect_view()}</div>
        </Layer>
    }
    .into_any()
}
