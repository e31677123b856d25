//! Rows of equal height, of which only the visible ones are in the document; cards on phones.

use super::lines::{Line, Lines};
use super::state::ListState;
use super::tools::Tools;
use super::{List, cells, columns, head, row, typing};
use crate::i18n::{
    EMPTY_LIST, EMPTY_LIST_TEXT, FILTER_CLEAR, IMPORT, NEW_OBJECT, NO_MATCH, NO_MATCH_TEXT, label, t, tf, within,
};
use crate::lazy;
use crate::record::filter;
use crate::state::session::may;
use crate::ui::{self, Button, Look, icon};
use kezhan_meta::{Filter, ObjectMeta, Record, Scope};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

/// Height of the line of column heads.
pub const HEAD: i32 = 36;
/// Lines beyond the edges.
const SPARE: usize = 8;
/// Lines that a table begins with.
const FIRST: usize = 12;

/// How much is in the document, so that whoever asked for it sees the first of it soon.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawn {
    First,
    Seen,
    /// Lines beyond the edges as well: one scrolls into what is there.
    Around,
}

pub fn grid(list: List) -> AnyView {
    let node = list.cells.scroller;
    let scroll = RwSignal::new(0);
    let height = RwSignal::new(600);
    let drawn = drawn(list);

    let visible = Memo::new(move |_| {
        let (top, total) = (scroll.get().max(0), list.lines.with(Lines::len));
        let (first, end) = (list.line_at(top), list.line_at(top + height.get()) + 1);
        let (first, end) = match drawn.get() {
            Drawn::First => (first, end.min(first + FIRST)),
            Drawn::Seen => (first, end),
            Drawn::Around => (first.saturating_sub(SPARE), end + SPARE),
        };
        first.min(total)..end.min(total)
    });
    Effect::new(move || {
        let (range, total) = (visible.get(), list.lines.with(Lines::len));
        if list.grouped.get() {
            let lines = list.lines.with(|lines| range.filter_map(|at| lines.get(at)).collect::<Vec<_>>());
            list.groups.all.track();
            if let Some(hands) = list.groups.hands.get() {
                (hands.fetch)(list, lines);
            }
        } else if range.end + SPARE >= total && list.rows.has_more() && !list.rows.loading.get() {
            list.rows.more(&list.state.get_untracked());
        }
    });
    Effect::new(move || {
        if let Some(node) = node.get() {
            height.set(node.client_height().max(200));
        }
    });
    list.rows.stand(node);
    on_cleanup(move || {
        if list.grouped.try_get_untracked() == Some(true)
            && let Some(hands) = list.groups.hands.try_get_untracked().flatten()
        {
            (hands.remember)(list);
        }
        list.rows.remember(scroll.try_get_untracked().unwrap_or(0));
    });
    let on_scroll = move |_| {
        if let Some(node) = node.get_untracked() {
            let (top, seen) = (node.scroll_top(), node.client_height());
            // Nothing stays of what is there.
            if (top - scroll.get_untracked()).abs() > seen {
                begin(list, drawn);
            }
            scroll.set(top);
            height.set(seen);
        }
    };
    let body = move || {
        let state = list.state.get();
        let (rows, fresh) = (list.lines.with(Lines::len), list.rows.fresh.get());
        if let Some(error) = list.rows.error.get()
            && (rows == 0 || !fresh)
        {
            if matches!(error.status(), 400 | 422) && !state.filter.is_all() {
                return instead(list, lazy::filter_broken(list));
            }
            let state = state.clone();
            let written = crate::state::app().written;
            let again = move || list.ask(&state, written.get_untracked(), false);
            return instead(list, ui::failed(&error, again));
        }
        match (rows, fresh) {
            (0, false) => ui::loading_rows(14),
            (0, true) => instead(list, nothing(list, &state)),
            _ => {
                begin(list, drawn);
                rows_view(list, &state, visible)
            }
        }
    };
    // All is drawn anew when the columns change, not with every page nor with another question: rows that are not the
    // same any more are. What stands in place of rows, and groups, depend on the question too.
    let shape = Memo::new(move |_| {
        let empty = list.lines.with(Lines::len) == 0;
        let failed = list.rows.error.get().is_some();
        (
            list.state.with(|s| (Arc::as_ptr(&s.object) as usize, s.columns.clone())),
            (empty || failed || list.grouped.get()).then(|| (list.state.with(ListState::key), list.rows.fresh.get())),
            (empty, failed, list.grouped.get()),
            (list.steps(), list.narrow.get(), list.look.with(|_| columns::held(list))),
        )
    });
    let focused = Signal::derive(move || {
        let at = list.cells.at.get()?;
        Some(match at.col {
            Some(col) => cells::cell_id(at.row, col),
            None => row::row_id(at.row),
        })
    });
    let with_tools = move |ev: &web_sys::ClipboardEvent, run: fn(Tools) -> Callback<web_sys::ClipboardEvent>| {
        if typing::is_own(ev.target())
            && !list.cells.is_editing()
            && let Some(tools) = list.cells.tools.get_value()
        {
            run(tools).run(ev.clone());
        }
    };
    view! {
        <div node_ref=node class="grow min-h-0 overflow-auto scroll-thin relative [container-type:inline-size]" prop:style=move || columns::template(list)
            on:scroll=on_scroll on:keydown=move |ev| cells::key(list, &ev)
            on:copy=move |ev| with_tools(&ev, |tools| tools.copy) on:cut=move |ev| with_tools(&ev, |tools| tools.cut)
            on:paste=move |ev| with_tools(&ev, |tools| tools.paste)>
            <div node_ref=list.cells.grid id=typing::GRID class="-outline-offset-2 min-w-max"
                role=move || if list.narrow.get() { "group" } else if list.grouped.get() { "treegrid" } else { "grid" }
                tabindex=move || if list.narrow.get() || list.rows.rows.with(Vec::is_empty) { "-1" } else { "0" }
                aria-rowcount=move || (!list.narrow.get()).then(|| if list.grouped.get() { -1 } else { list.rows.count.get().map_or(-1, |n| n + 1) }.to_string())
                aria-colcount=move || (!list.narrow.get()).then(|| (list.state.with(|s| s.columns.len()) + 1).to_string())
                aria-label=move || label(&list.state.get().object.label_many) aria-description=cells::hint()
                aria-multiselectable=move || (!list.narrow.get()).then_some("true") aria-activedescendant=focused
                aria-busy=move || list.rows.loading.get().to_string()
                on:mousedown=move |ev| cells::pressed(list, &ev) on:mousemove=move |ev| cells::dragged(list, &ev)
                on:focus=move |_| typing::focus(list)
                on:dblclick=move |ev| cells::pressed_twice(list, &ev)>
                {move || (!list.narrow.get()).then(|| head::head(list))}
                <div class=move || if list.rows.fresh.get() || list.rows.error.with(Option::is_some) { "" } else { "opacity-60" }>
                    {move || { shape.get(); untrack(body) }}
                </div>
            </div>
            {move || (!list.narrow.get()).then(|| cells::layer(list, focused))}
        </div>
    }
    .into_any()
}

/// None beyond the edges while those that are seen are about to change, so that these are there sooner.
fn drawn(list: List) -> RwSignal<Drawn> {
    let drawn = RwSignal::new(Drawn::Seen);
    Effect::new(move || match list.rows.fresh.get() {
        false => drawn.set(Drawn::Seen),
        true => once_painted(move || {
            let _ = drawn.try_set(Drawn::Around);
        }),
    });
    drawn
}

/// A table of which nothing is there yet.
fn begin(list: List, drawn: RwSignal<Drawn>) {
    drawn.set(Drawn::First);
    once_painted(move || {
        let _ = drawn.try_set(Drawn::Seen);
        once_painted(move || {
            if list.rows.fresh.try_get_untracked() == Some(true) {
                let _ = drawn.try_set(Drawn::Around);
            }
        });
    });
}

/// Not in the frame in which what is there now is painted, but in the next.
fn once_painted(then: impl FnOnce() + 'static) {
    request_animation_frame(move || request_animation_frame(then));
}

/// In place of rows: in the middle of what is seen, however wide the columns are, and as a grid may hold it.
fn instead(list: List, content: AnyView) -> AnyView {
    let wide = !list.narrow.get_untracked();
    view! {
        <div class="sticky left-0 w-[100cqw]" role=wide.then_some("row")>
            <div role=wide.then_some("gridcell")>{content}</div>
        </div>
    }
    .into_any()
}

/// A line with what tells the screen to draw it anew.
type Shown = (usize, Line, Option<Arc<Record>>);

fn rows_view(list: List, state: &ListState, visible: Memo<std::ops::Range<usize>>) -> AnyView {
    let narrow = list.narrow.get_untracked();
    let fields = StoredValue::new(Arc::new(state.fields()));
    let object = StoredValue::new(state.object.clone());
    let frozen = columns::held(list);
    let shown = move || {
        let range = visible.get();
        let over = list.groups.hands.get_untracked().filter(|_| list.grouped.get_untracked());
        let over = over.map(|hands| (hands.over)(list, range.start)).unwrap_or_default();
        let one = |at: usize| -> Option<Shown> {
            let line = list.lines.with(|lines| lines.get(at))?;
            match line {
                Line::Row { at: row, .. } => {
                    list.rows.rows.with(|rows| rows.get(row).map(|r| (at, line, Some(r.clone()))))
                }
                _ => Some((at, line, None)),
            }
        };
        over.into_iter().chain(range).filter_map(one).collect::<Vec<_>>()
    };
    let key = |(at, line, record): &Shown| match (line, record) {
        (Line::Row { .. }, Some(record)) => (*at, 0, Arc::as_ptr(record) as usize),
        (Line::Head(group), _) => (*at, 1, *group),
        (Line::Wait(group), _) => (*at, 2, *group),
        _ => (*at, 3, 0),
    };
    let draw = move |(at, line, record): Shown| {
        let place = format!("position:absolute;left:0;right:0;top:{}px", untrack(move || list.top(at)));
        match (line, record) {
            (Line::Row { group, .. }, Some(record)) => {
                let level = group.and_then(|g| list.groups.with(g, |g| g.level + 2));
                if narrow {
                    row::card(list, &object.get_value(), &fields.get_value(), &record, place)
                } else {
                    row::row(
                        list,
                        &object.get_value(),
                        &fields.get_value(),
                        record,
                        row::At { line: at, place, frozen, level },
                    )
                }
            }
            _ => match list.groups.hands.get_untracked() {
                Some(hands) => (hands.draw)(list, &fields.get_value(), at, line, place),
                None => ().into_any(),
            },
        }
    };
    view! {
        <div class="relative" role=(!narrow).then_some("rowgroup") prop:style=move || format!("height:{}px", list.height())>
            <For each=shown key=key let(shown)>{draw(shown)}</For>
        </div>
    }
    .into_any()
}

pub fn record_url(object: &ObjectMeta, id: &str) -> String {
    format!("/o/{}/{id}", object.plural)
}

pub fn nothing(list: List, state: &ListState) -> AnyView {
    let name = label(&state.object.label);
    if state.is_filtered() {
        let clear = move |_| list.url.push(&[filter::in_address(list, &Filter::all()), ("q", None), ("import", None)]);
        let action = view! { <Button label=t(FILTER_CLEAR) on_click=clear/> }.into_any();
        return ui::empty("search-x", t(NO_MATCH), t(NO_MATCH_TEXT), action);
    }
    let create = move |_| list.url.push(&[("new", Some("1".to_owned()))]);
    let import = format!("/imports?object={}", state.object.name);
    let many = within(&label(&state.object.label_many));
    let none = tf(EMPTY_LIST, &[("objects", &many)]);
    if !may(&state.object.name, "create") || is_made(&state.object) {
        return ui::empty(&state.object.icon, none, "", ().into_any());
    }
    let actions = view! {
        <Button label=tf(NEW_OBJECT, &[("object", &name)]) look=Look::Primary icon="plus" on_click=create/>
        <A href=import attr:class="btn btn-plain">{icon("file-up")}{t(IMPORT)}</A>
    }
    .into_any();
    ui::empty(&state.object.icon, none, tf(EMPTY_LIST_TEXT, &[("objects", &many)]), actions)
}

/// Do such records come of something else that one does, and not of a form?
pub fn is_made(object: &ObjectMeta) -> bool {
    match &object.scope {
        Scope::Polymorphic { .. } => !object.opens,
        Scope::Personal => object.field("visibility").is_none(),
        _ => false,
    }
}
