//! Work on a range of cells: chosen by keys and pointer, copied, pasted, filled, emptied, each with one way back.

mod copy;
mod fill;
mod paste;
pub mod range;
mod report;

use super::List;
use super::cells;
use super::pause::pause;
use crate::i18n::{RANGE_SIZE, tf};
use kezhan_meta::FieldMeta;
use leptos::prelude::*;
use range::Range;
use web_sys::ClipboardEvent;

/// What the keys of the grid set going.
#[derive(Clone, Copy)]
pub struct Tools {
    pub copy: Callback<ClipboardEvent>,
    pub cut: Callback<ClipboardEvent>,
    pub paste: Callback<ClipboardEvent>,
    pub fill_down: Callback<()>,
    pub clear: Callback<()>,
}

/// What was not taken: where it was meant to go, the text, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    pub id: Option<String>,
    pub key: Option<String>,
    /// The record and the field, for people.
    pub place: String,
    pub text: String,
    pub reason: String,
}

impl Left {
    pub fn is(&self, id: &str, key: &str) -> bool {
        self.id.as_deref() == Some(id) && self.key.as_deref() == Some(key)
    }
}

/// What lies over the cells of a range, and the handle that fills from it.
pub fn tools(list: List) -> AnyView {
    let left = list.cells.left;
    let open = RwSignal::new(false);
    list.cells.tools.set_value(Some(Tools {
        copy: Callback::new(move |ev| copy::copy(list, &ev)),
        cut: Callback::new(move |ev| {
            copy::copy(list, &ev);
            fill::clear(list);
        }),
        paste: Callback::new(move |ev: ClipboardEvent| paste::paste(list, &ev, left, open)),
        fill_down: Callback::new(move |()| fill::down(list)),
        clear: Callback::new(move |()| fill::clear(list)),
    }));
    // Another question, other cells.
    Effect::new(move || {
        list.state.track();
        left.set(Vec::new());
    });
    // Who leaves the cells has seen the marks.
    Effect::new(move || {
        if list.cells.at.get().is_none() && left.with_untracked(|left| !left.is_empty()) {
            left.set(Vec::new());
        }
    });
    let chosen = move || Range::tracked(list);
    let frame = move || {
        let range = chosen()?;
        let class = if range.is_one() { "cell-range cell-range-one" } else { "cell-range" };
        (!range.is_one()).then(|| range::over(list, range, class))
    };
    let spoken = move || {
        let range = chosen().filter(|r| !r.is_one())?;
        Some(tf(RANGE_SIZE, &[("rows", &range.rows().to_string()), ("columns", &range.columns().to_string())]))
    };
    view! {
        {frame}
        {fill::handle(list)}
        {report::marks(list, left)}
        <p class="sr-only" role="status">{spoken}</p>
        {move || open.get().then(|| report::dialog(left, open))}
    }
    .into_any()
}

/// The fields of a range's columns.
fn fields(list: List, range: Range) -> Vec<FieldMeta> {
    list.state.with_untracked(|s| s.fields().into_iter().skip(range.left).take(range.columns()).collect())
}

fn can_edit(list: List, field: &FieldMeta) -> bool {
    cells::editable(list, field)
}
