//! The same value further down, and none at all.

use super::range::{self, Range};
use super::{can_edit, fields};
use crate::api::records::{RecordExt, title_of};
use crate::fields::reference;
use crate::i18n::{CELL_READ_ONLY, CLEARED_CELLS, FILL_HANDLE, FILLED_CELLS, Key, label, t, tf};
use crate::record::list::check::checked;
use crate::record::list::grid::HEAD;
use crate::record::list::write::{self, Write};
use crate::record::list::{List, cells, columns};
use crate::state::toast;
use kezhan_meta::{FieldMeta, Record};
use leptos::ev::PointerEvent;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::JsCast;

/// Names of what a value refers to are known wherever the value is put.
pub fn meet(field: &FieldMeta, record: &Record) {
    let (Some(target), Some(known)) = (field.target(), record.expanded(&field.key)) else { return };
    let many = known.as_array().map_or(std::slice::from_ref(known), Vec::as_slice);
    for one in many {
        let id = one["id"].as_str().or(record.value(&field.key).as_str());
        if let Some(id) = id {
            reference::meet(id, &title_of(target, one));
        }
    }
}

/// The first line of the range into the others; of one line alone, the line above into it.
pub fn down(list: List) {
    let Some(mut range) = Range::now(list) else { return };
    if range.top == range.bottom {
        let Some(above) = cells::beside(list, range.top, true) else { return };
        range.top = above;
    }
    let records = range.records(list);
    let Some((source, rest)) = records.split_first() else { return };
    put(list, range, std::slice::from_ref(source), rest, FILLED_CELLS);
}

pub fn clear(list: List) {
    let Some(range) = Range::now(list) else { return };
    put(list, range, &[Arc::new(Record::new())], &range.records(list), CLEARED_CELLS);
}

/// The sources over and over into the targets, as one act.
fn put(list: List, range: Range, sources: &[Arc<Record>], targets: &[Arc<Record>], text: Key) {
    let (fields, refused): (Vec<_>, Vec<_>) = fields(list, range).into_iter().partition(|f| can_edit(list, f));
    if sources.is_empty() || targets.is_empty() {
        return;
    }
    if let Some(field) = refused.first() {
        toast::problem(tf(CELL_READ_ONLY, &[("field", &label(&field.label))]));
    }
    let mut writes = Vec::new();
    let mut problem = None;
    for field in &fields {
        sources.iter().for_each(|source| meet(field, source));
        for (target, source) in targets.iter().zip(sources.iter().cycle()) {
            let value = source.value(&cells::shown(list, field, source).key);
            let field = &cells::shown(list, field, target);
            if target.value(&field.key) == value {
                continue;
            }
            match checked(list, field, value, target) {
                Ok(value) => writes.push(Write::of(target, &field.key, value)),
                Err(why) => problem = Some(why),
            }
        }
    }
    if let Some(why) = problem {
        toast::problem(why);
    }
    if !writes.is_empty() {
        let n = writes.len().to_string();
        write::apply(list, writes, tf(text, &[("n", &n)]));
    }
}

/// The corner of the range: pulled down, it fills the lines that it passes.
pub fn handle(list: List) -> AnyView {
    let to = RwSignal::new(None::<usize>);
    let moved = move |ev: PointerEvent| {
        if to.get_untracked().is_none() {
            return;
        }
        let Some(scroller) = list.cells.scroller.get_untracked() else { return };
        let rect = scroller.get_bounding_client_rect();
        let y = ev.client_y() - rect.top() as i32 + scroller.scroll_top() - HEAD;
        let at = untrack(move || list.line_at(y.max(0))).min(list.len().saturating_sub(1));
        to.set(Some(at));
        follow(list, ev.client_y());
    };
    let finish = move |_| {
        let (Some(last), Some(range)) = (to.get_untracked(), Range::now(list)) else { return to.set(None) };
        to.set(None);
        if last <= range.bottom {
            return;
        }
        let below = Range { top: range.bottom + 1, bottom: last, ..range };
        put(list, range, &range.records(list), &below.records(list), FILLED_CELLS);
        range::extend(list, cells::At { row: last, col: Some(range.right) });
        list.cells.from.set(Some(cells::At { row: range.top, col: Some(range.left) }));
    };
    let preview = move || {
        let (last, range) = (to.get()?, Range::tracked(list)?);
        (last > range.bottom).then(|| {
            range::over(list, Range { top: range.bottom + 1, bottom: last, ..range }, "cell-range cell-range-fill")
        })
    };
    let corner = move || {
        let range = Range::tracked(list)?;
        let editable = list
            .state
            .with(|s| s.fields().into_iter().skip(range.left).take(range.columns()).any(|f| can_edit(list, &f)));
        let busy = list.cells.editing.with(Option::is_some);
        let is_row = list.row(range.bottom).is_some();
        (editable && !busy && is_row).then(|| {
            let held = columns::is_frozen(list, range.right);
            let place = format!("grid-column:{};{}", range.right + 2, columns::sticky(range.right, held));
            view! {
                <div class=if held { "grid-over z-[3]" } else { "grid-over" } prop:style=move || format!("top:{}px", HEAD + list.top(range.bottom))>
                    <div class=if held { "sticky min-w-0" } else { "relative min-w-0" } prop:style=place>
                        <div id="fill-handle" class="fill-handle" title=t(FILL_HANDLE) aria-hidden="true"
                            on:mousedown=|ev| { ev.prevent_default(); ev.stop_propagation() }
                            on:pointerdown=move |ev| {
                                ev.prevent_default();
                                if let Some(element) = ev.current_target().and_then(|t| t.dyn_into::<web_sys::Element>().ok()) {
                                    let _ = element.set_pointer_capture(ev.pointer_id());
                                }
                                to.set(Some(range.bottom));
                            }
                            on:pointermove=moved on:pointerup=finish on:pointercancel=move |_| to.set(None)></div>
                    </div>
                </div>
            }
        })
    };
    view! { {preview}{corner} }.into_any()
}

/// Near its edges the table scrolls along.
pub fn follow(list: List, y: i32) {
    const EDGE: i32 = 28;
    let Some(scroller) = list.cells.scroller.get_untracked() else { return };
    let rect = scroller.get_bounding_client_rect();
    let (top, bottom) = (rect.top() as i32 + HEAD, rect.bottom() as i32);
    if y > bottom - EDGE {
        scroller.set_scroll_top(scroller.scroll_top() + EDGE / 2);
    } else if y < top + EDGE {
        scroller.set_scroll_top(scroller.scroll_top() - EDGE / 2);
    }
}
