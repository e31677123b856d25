//! The cell that has the keyboard: which one it is, what keys do with it, and what is drawn over it.

use super::grid::{HEAD, record_url};
use super::groups;
use super::lines::Line;
use super::tools::{Left, Tools, range};
use super::{List, columns, typing};
use crate::api::records::RecordExt;
use crate::i18n::{CELL_READ_ONLY, label, t, tf};
use crate::lazy;
use crate::state::session::may;
use crate::state::toast;
use crate::ui::keys;
use kezhan_meta::{FieldMeta, FieldType, Record};
use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use std::collections::VecDeque;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Opens the editor to empty the cell.
pub const CLEAR: &str = "\u{8}";

/// A cell, or with no column the whole row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At {
    pub row: usize,
    pub col: Option<usize>,
}

#[derive(Clone, Copy)]
pub struct Cells {
    pub at: RwSignal<Option<At>>,
    /// Where the chosen range began, if it is more than one cell.
    pub from: RwSignal<Option<At>>,
    /// The text that opened the editor, where a key did.
    pub editing: RwSignal<Option<String>>,
    /// What was pressed and written since, while the editor was still on its way.
    pub ahead: StoredValue<VecDeque<Ahead>, LocalStorage>,
    /// Saves what the open editor holds; false where it does not pass.
    pub leave: StoredValue<Option<Callback<(), bool>>>,
    /// Values that the server did not take, shown for a moment.
    pub refused: RwSignal<Vec<(String, String)>>,
    /// What was pasted and not taken.
    pub left: RwSignal<Vec<Left>>,
    /// What is done with ranges, once its code is there.
    pub tools: StoredValue<Option<Tools>>,
    pub scroller: NodeRef<html::Div>,
    pub grid: NodeRef<html::Div>,
}

/// What a fast writer does before the editor can take it.
pub enum Ahead {
    Text(String),
    Key(KeyboardEvent),
}

impl Cells {
    pub fn new() -> Cells {
        Cells {
            at: RwSignal::new(None),
            from: RwSignal::new(None),
            editing: RwSignal::new(None),
            ahead: StoredValue::new_local(VecDeque::new()),
            leave: StoredValue::new(None),
            refused: RwSignal::new(Vec::new()),
            left: RwSignal::new(Vec::new()),
            tools: StoredValue::new(None),
            scroller: NodeRef::new(),
            grid: NodeRef::new(),
        }
    }

    /// Back to the grid, without what was being edited.
    pub fn close(self, list: List) {
        self.leave.set_value(None);
        self.editing.set(None);
        typing::focus(list);
    }

    /// One cell from now on, or none.
    pub fn choose(self, at: Option<At>) {
        self.from.set(None);
        self.at.set(at);
    }

    pub fn is_editing(self) -> bool {
        self.editing.with_untracked(Option::is_some)
    }

    /// Saves the open editor, if one is; false where it must stay open.
    pub fn settle(self) -> bool {
        !self.is_editing() || self.leave.get_value().is_none_or(|leave| leave.run(()))
    }
}

pub fn cell_id(row: usize, col: usize) -> String {
    format!("cell-{row}-{col}")
}

/// The focused cell's field and record.
pub fn current(list: List) -> Option<(FieldMeta, Arc<Record>)> {
    let at = list.cells.at.get_untracked()?;
    let field = list.state.with_untracked(|s| s.fields().into_iter().nth(at.col?))?;
    let record = list.row(at.row)?;
    Some((shown(list, &field, &record), record))
}

/// What a record shows in the column of a field: a name that is shown in English is also changed in English.
pub fn shown(list: List, field: &FieldMeta, record: &Record) -> FieldMeta {
    let english =
        list.object.with_value(|object| record.named_by(object).filter(|_| field.key == object.title).cloned());
    english.unwrap_or_else(|| field.clone())
}

/// May this person change the field here? The server decides again, by the record.
pub fn editable(list: List, field: &FieldMeta) -> bool {
    let (name, deleted) = list.state.with_untracked(|s| (s.object.name.to_string(), s.deleted));
    !deleted
        && !field.read_only
        && !field.immutable
        && !field.foreseen
        && !field.secret
        && !matches!(field.kind, FieldType::File | FieldType::Json | FieldType::AutoNumber { .. } | FieldType::Id)
        && may(&name, "edit")
}

/// Opens the editor on the focused cell, with the text that was typed.
pub fn edit(list: List, typed: &str) {
    let Some((field, _)) = current(list) else { return };
    if !editable(list, &field) {
        return toast::problem(tf(CELL_READ_ONLY, &[("field", &label(&field.label))]));
    }
    list.cells.editing.set(Some(typed.to_owned()));
}

/// Moves the focus and brings it into view.
pub fn go(list: List, at: At) {
    let (rows, cols) = (list.len(), list.state.with_untracked(|s| s.columns.len()));
    if rows == 0 || cols == 0 {
        return list.cells.choose(None);
    }
    let at = At { row: at.row.min(rows - 1), col: at.col.map(|c| c.min(cols - 1)) };
    list.cells.choose(Some(at));
    reveal(list, at.row);
    let (Some(node), Some(col)) = (list.cells.scroller.get_untracked(), at.col) else { return };
    let places = columns::places(list);
    let (Some((left, width)), frozen) = (places.get(col).copied(), columns::frozen_edge(list)) else { return };
    if left + width <= frozen {
        return;
    }
    if left - frozen < node.scroll_left() {
        node.set_scroll_left(left - frozen);
    } else if left + width > node.scroll_left() + node.client_width() {
        node.set_scroll_left(left + width - node.client_width());
    }
}

/// Brings a line into view.
pub fn reveal(list: List, row: usize) {
    let Some(node) = list.cells.scroller.get_untracked() else { return };
    let (top, covered, height) =
        untrack(move || (list.top(row), list.covered(row), node_height(list) - HEAD - list.steps().row));
    if top - covered < node.scroll_top() {
        node.set_scroll_top(top - covered);
    } else if top > node.scroll_top() + height {
        node.set_scroll_top(top - height);
    }
}

fn node_height(list: List) -> i32 {
    list.cells.scroller.get_untracked().map_or(0, |node| node.client_height())
}

/// The next cell in reading order; nothing beyond the ends.
pub fn step(list: List, at: At, back: bool) -> Option<At> {
    let cols = list.state.with_untracked(|s| s.columns.len());
    let (col, last) = (at.col.unwrap_or(0), cols.checked_sub(1)?);
    match (back, col) {
        (false, col) if col < last => Some(At { col: Some(col + 1), ..at }),
        (true, 1..) => Some(At { col: Some(col - 1), ..at }),
        (back, _) => Some(At { row: beside(list, at.row, back)?, col: Some(if back { last } else { 0 }) }),
    }
}

/// The nearest line with a record above or below.
pub fn beside(list: List, row: usize, back: bool) -> Option<usize> {
    let is_record = |at: &usize| matches!(list.line(*at), Some(Line::Row { .. }));
    if back { (0..row).rev().find(is_record) } else { (row + 1..list.len()).find(is_record) }
}

/// Keys on the grid itself. With a cell: arrows, Tab, Enter, F2 and typing. With a row: J, K, X, Enter.
pub fn key(list: List, ev: &KeyboardEvent) {
    // Keys of a menu, of a head and of what is typed are theirs.
    let on_row = |e: &web_sys::Element| e.closest(".grid-head").ok().flatten().is_none();
    let element = ev.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    if keys::typing(ev) && !typing::is_own(ev.target()) || !element.as_ref().is_some_and(on_row) {
        return;
    }
    let at = list.cells.at.get_untracked();
    // What is written goes into the input; what an input method does is its own.
    if keys::composing(ev) {
        return;
    }
    if list.cells.is_editing() || list.cells.ahead.with_value(|ahead| !ahead.is_empty()) {
        return before_editor(list, ev);
    }
    if !keys::plain(ev) {
        return with_control(list, at, ev);
    }
    if let Some(Line::Head(group)) = at.map(|a| a.row).and_then(|row| list.line(row)) {
        let folded = untrack(move || list.groups.is_folded(group));
        match ev.key().as_str() {
            "Enter" | " " => groups::toggle(list, group),
            "ArrowRight" if folded => groups::toggle(list, group),
            "ArrowLeft" if !folded => groups::toggle(list, group),
            _ => return moved(list, at, ev),
        }
        return ev.prevent_default();
    }
    moved(list, at, ev);
}

/// Keys that end editing, pressed before there is an editor: it heeds them once it has the text.
fn before_editor(list: List, ev: &KeyboardEvent) {
    let ends = match ev.key().as_str() {
        "Enter" => !current(list).is_some_and(|(field, _)| many_lines(&field)) || ev.ctrl_key() || ev.meta_key(),
        "Tab" | "Escape" => true,
        _ => false,
    };
    if ends {
        ev.prevent_default();
        ev.stop_propagation();
        list.cells.ahead.update_value(|ahead| ahead.push_back(Ahead::Key(ev.clone())));
    }
}

/// Goes on with what was done meanwhile: the text of the next cell opens its editor, which takes it from there.
pub fn go_on(list: List) {
    while !list.cells.is_editing() {
        match list.cells.ahead.try_update_value(VecDeque::pop_front).flatten() {
            Some(Ahead::Text(text)) => edit(list, &text),
            Some(Ahead::Key(ev)) => moved(list, list.cells.at.get_untracked(), &ev),
            None => return,
        }
    }
}

/// Is Enter a new line in it?
pub fn many_lines(field: &FieldMeta) -> bool {
    matches!(field.kind, FieldType::LongText | FieldType::RichText | FieldType::Address)
}

/// Keys that go elsewhere.
pub fn moved(list: List, at: Option<At>, ev: &KeyboardEvent) {
    let last = list.len().saturating_sub(1);
    let (row, col) = (at.map(|a| a.row), at.and_then(|a| a.col));
    let below = |n: usize| row.map_or(0, |r| r.saturating_add(n));
    let above = |n: usize| row.map_or(0, |r| r.saturating_sub(n));
    let page = untrack(move || (node_height(list) / list.steps().row - 2).max(1)) as usize;
    let to = match (ev.key().as_str(), col) {
        ("ArrowDown", _) => At { row: below(1), col: if at.is_none() { Some(0) } else { col } },
        ("ArrowUp", _) => At { row: above(1), col: if at.is_none() { Some(0) } else { col } },
        ("ArrowRight", None) if at.is_some() => At { row: above(0), col: Some(0) },
        ("ArrowRight", Some(c)) => At { row: above(0), col: Some(c + 1) },
        ("ArrowLeft", Some(c)) => At { row: above(0), col: Some(c.saturating_sub(1)) },
        ("PageDown", _) => At { row: below(page), col },
        ("PageUp", _) => At { row: above(page), col },
        ("Home", Some(_)) => At { row: above(0), col: Some(0) },
        ("End", Some(_)) => At { row: above(0), col: Some(usize::MAX) },
        ("Home", None) => At { row: 0, col },
        ("End", None) => At { row: last, col },
        ("Tab", Some(_)) => match at.and_then(|at| step(list, at, ev.shift_key())) {
            Some(next) => next,
            None => return,
        },
        ("j", None) => At { row: below(1), col },
        ("k", None) => At { row: above(1), col },
        ("Escape", _) if list.url.peek("peek").is_some() => {
            ev.prevent_default();
            ev.stop_propagation();
            return list.url.beside(None);
        }
        ("Escape", _) if at.is_some() => {
            ev.prevent_default();
            ev.stop_propagation();
            let chosen = list.cells.from.get_untracked().is_some();
            return list.cells.choose(at.filter(|_| chosen));
        }
        _ => return act(list, at, ev),
    };
    ev.prevent_default();
    if ev.shift_key() && ev.key() != "Tab" && col.is_some() {
        return range::extend(list, to);
    }
    go(list, to);
}

fn act(list: List, at: Option<At>, ev: &KeyboardEvent) {
    let Some(at) = at else { return };
    let Some(record) = list.row(at.row) else { return };
    match (ev.key().as_str(), at.col) {
        ("Enter", None) => list.url.go(record_url(&list.object.with_value(Arc::clone), record.id())),
        ("Enter", Some(_)) => match current(list) {
            Some((field, _)) if !editable(list, &field) => {
                list.url.go(record_url(&list.object.with_value(Arc::clone), record.id()));
            }
            _ => edit(list, ""),
        },
        (" ", _) if ev.shift_key() => list.toggle(record.id()),
        (" ", _) => list.url.toggle_beside(record.id()),
        ("x", None) => list.toggle(record.id()),
        ("F2", Some(_)) => edit(list, ""),
        ("Delete" | "Backspace", Some(_)) => match list.cells.tools.get_value() {
            Some(tools) if list.cells.from.get_untracked().is_some() => tools.clear.run(()),
            _ => edit(list, CLEAR),
        },
        // It is written into the input, which opens the editor.
        (text, Some(_)) if text.chars().count() == 1 => return ev.stop_propagation(),
        _ => return,
    }
    ev.prevent_default();
    ev.stop_propagation();
}

fn with_control(list: List, at: Option<At>, ev: &KeyboardEvent) {
    if ev.alt_key() {
        return;
    }
    match (ev.key().as_str(), at) {
        ("z", _) if !ev.shift_key() => toast::undo(),
        ("z" | "Z" | "y", _) => toast::redo(),
        ("Enter", Some(at)) => {
            let Some(record) = list.row(at.row) else { return };
            list.url.go(record_url(&list.object.with_value(Arc::clone), record.id()));
        }
        ("d", Some(_)) => match list.cells.tools.get_value() {
            Some(tools) => tools.fill_down.run(()),
            None => return,
        },
        ("a", Some(_)) => range::all(list),
        ("Home", Some(at)) => go(list, At { row: 0, ..at }),
        ("End", Some(at)) => go(list, At { row: usize::MAX, ..at }),
        _ => return,
    }
    ev.prevent_default();
}

/// The cell under the pointer, by what its element says of itself.
fn under(ev: &web_sys::MouseEvent) -> Option<At> {
    let element = ev.target()?.dyn_into::<web_sys::Element>().ok()?;
    let cell = element.closest("[data-col]").ok()??;
    let row = cell.closest("[data-row]").ok()??;
    Some(At {
        row: row.get_attribute("data-row")?.parse().ok()?,
        col: Some(cell.get_attribute("data-col")?.parse().ok()?),
    })
}

pub fn pressed(list: List, ev: &web_sys::MouseEvent) {
    let Some(at) = under(ev) else { return };
    // No text is chosen by dragging, but cells.
    ev.prevent_default();
    if !list.cells.settle() {
        return;
    }
    match ev.shift_key() && list.cells.at.get_untracked().is_some() {
        true => range::extend(list, at),
        false => list.cells.choose(Some(at)),
    }
    typing::focus(list);
}

/// The pointer goes over cells with its button held.
pub fn dragged(list: List, ev: &web_sys::MouseEvent) {
    if ev.buttons() != 1 || list.cells.is_editing() {
        return;
    }
    let (Some(to), Some(at)) = (under(ev), list.cells.at.get_untracked()) else { return };
    if to != at {
        range::extend(list, to);
    }
}

pub fn pressed_twice(list: List, ev: &web_sys::MouseEvent) {
    let on_link = ev
        .target()
        .and_then(|t| t.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|e| e.closest("a, button, input").ok().flatten().is_some());
    if !on_link && let Some(at) = under(ev) {
        list.cells.choose(Some(at));
        edit(list, "");
    }
}

/// What lies over the cells: the frame of the focused one, the editor, what was refused.
pub fn layer(list: List, focused: Signal<Option<String>>) -> AnyView {
    let frame = move || {
        let at = list.cells.at.get()?;
        let class = if list.cells.editing.with(Option::is_some) { "cell-frame opacity-0" } else { "cell-frame" };
        let line = list.lines.with(|lines| lines.get(at.row));
        // A head shows it itself, wherever it stands.
        if matches!(line, Some(Line::Head(_))) {
            return None;
        }
        Some(match at.col.filter(|_| line != Some(Line::Note)) {
            Some(col) => over(list, at.row, col, view! { <div class=class></div> }.into_any(), "").into_any(),
            None => view! { <div class="row-frame" prop:style=format!("top:{}px", HEAD + list.top(at.row))></div> }
                .into_any(),
        })
    };
    let editor = move || {
        let open = Memo::new(move |_| list.cells.editing.with(Option::is_some));
        move || {
            open.get().then(|| {
                let At { row, col } = list.cells.at.get_untracked()?;
                Some(over(list, row, col?, lazy::cell_editor(list), "z-[5]"))
            })
        }
    };
    let refused = move || {
        let cells = list.cells.refused.get();
        let columns = list.state.with(|s| s.columns.clone());
        let place = |(id, key): &(String, String)| {
            let row = list.position(id)?;
            let col = columns.iter().position(|c| c == key)?;
            Some(over(list, row, col, view! { <div class="cell-refused"></div> }.into_any(), ""))
        };
        cells.iter().take(40).filter_map(place).collect_view()
    };
    // Their code is not in the way of the list itself: nobody copies or fills before a cell is chosen.
    let chosen = Memo::new(move |was: Option<&bool>| was.is_some_and(|was| *was) || list.cells.at.get().is_some());
    let tools = move || chosen.get().then(|| lazy::cell_tools(list));
    view! { <div class="grid-layer">{refused}{frame}{tools}{typing::input_view(list, focused)}{editor()}</div> }
        .into_any()
}

/// Something over one cell: a row of the same columns with nothing else in it, so that frozen columns hold it too.
fn over(list: List, row: usize, col: usize, content: AnyView, class: &str) -> AnyView {
    let frozen = columns::is_frozen(list, col);
    let place = format!("grid-column:{};{}", col + 2, columns::sticky(col, frozen));
    let class = format!("grid-over {class} {}", if frozen { "z-[1]" } else { "" });
    view! {
        <div class=class prop:style=move || format!("top:{}px", HEAD + list.top(row))>
            <div class=if frozen { "sticky min-w-0" } else { "relative min-w-0" } prop:style=place>{content}</div>
        </div>
    }
    .into_any()
}

/// Words for a screen reader: how the grid is worked.
pub fn hint() -> &'static str {
    t(crate::i18n::GRID_HINT)
}
