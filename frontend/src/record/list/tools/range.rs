//! The cells that are chosen: those between where one began and the one that has the keyboard.

use crate::record::list::cells::{self, At};
use crate::record::list::grid::HEAD;
use crate::record::list::lines::Line;
use crate::record::list::{List, columns};
use kezhan_meta::Record;
use leptos::prelude::*;
use std::sync::Arc;

/// Lines and columns from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub top: usize,
    pub bottom: usize,
    pub left: usize,
    pub right: usize,
}

impl Range {
    fn between(from: Option<At>, at: Option<At>) -> Option<Range> {
        let at = at?;
        let (row, col) = (at.row, at.col?);
        let (from_row, from_col) = from.map_or((row, col), |f| (f.row, f.col.unwrap_or(col)));
        Some(Range {
            top: row.min(from_row),
            bottom: row.max(from_row),
            left: col.min(from_col),
            right: col.max(from_col),
        })
    }

    pub fn tracked(list: List) -> Option<Range> {
        Range::between(list.cells.from.get(), list.cells.at.get())
    }

    pub fn now(list: List) -> Option<Range> {
        Range::between(list.cells.from.get_untracked(), list.cells.at.get_untracked())
    }

    pub fn is_one(self) -> bool {
        self.top == self.bottom && self.left == self.right
    }

    pub fn rows(self) -> usize {
        self.bottom - self.top + 1
    }

    pub fn columns(self) -> usize {
        self.right - self.left + 1
    }

    /// The records on its lines; heads of groups are none.
    pub fn records(self, list: List) -> Vec<Arc<Record>> {
        (self.top..=self.bottom).filter_map(|at| list.row(at)).collect()
    }
}

/// Moves the end of the range; where it began stays.
pub fn extend(list: List, to: At) {
    let from = list.cells.from.get_untracked().or(list.cells.at.get_untracked());
    cells::go(list, to);
    list.cells.from.set(from);
}

/// Everything that is there.
pub fn all(list: List) {
    let (rows, columns) = (list.len(), list.state.with_untracked(|s| s.columns.len()));
    let (Some(last), Some(right)) = (rows.checked_sub(1), columns.checked_sub(1)) else { return };
    let first = (0..rows).find(|at| matches!(list.line(*at), Some(Line::Row { .. }))).unwrap_or(0);
    list.cells.at.set(Some(At { row: first, col: Some(0) }));
    list.cells.from.set(Some(At { row: last, col: Some(right) }));
}

/// A frame over a range. Columns that stay hold their part of it.
pub fn over(list: List, range: Range, class: &'static str) -> AnyView {
    let frozen = list.look.with_untracked(|l| l.frozen);
    let style = move |left: usize, right: usize| {
        let held = left < frozen;
        let height = list.top(range.bottom + 1) - list.top(range.top) - 1;
        format!("grid-column:{}/{};height:{height}px;{}", left + 2, right + 3, columns::sticky(left, held))
    };
    let part = move |left: usize, right: usize| {
        let held = left < frozen;
        let place = format!("grid-over {}", if held { "z-[1]" } else { "" });
        let hold = if held { "sticky min-w-0" } else { "relative min-w-0" };
        view! {
            <div class=place prop:style=move || format!("top:{}px", HEAD + list.top(range.top))>
                <div class=hold prop:style=move || style(left, right)><div class=class></div></div>
            </div>
        }
    };
    let (edge, last) = (frozen.max(range.left), range.right);
    let held = (range.left < frozen).then(|| part(range.left, last.min(frozen.saturating_sub(1))));
    let rest = (last >= edge).then(|| part(edge, last));
    view! { {held}{rest} }.into_any()
}
