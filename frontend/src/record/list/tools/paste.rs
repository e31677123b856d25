//! A range from a spreadsheet into the cells from the focused one on: read by the server's rules of imports, checked,
//! written as one act. What cannot be taken is told cell by cell.

use super::range::Range;
use super::{Left, can_edit, copy, pause};
use crate::api::records::RecordExt;
use crate::api::transfer::{self, CellValue};
use crate::bridge;
use crate::fields::reference;
use crate::i18n::{CELL_READ_ONLY, PASTE_BEYOND, PASTE_CURRENCY, PASTE_NOTHING, PASTED_CELLS, label, t, tf};
use crate::record::list::List;
use crate::record::list::cells::{self, At};
use crate::record::list::check::checked;
use crate::record::list::lines::Line;
use crate::record::list::write::{self, Outcome, Write};
use crate::state::toast;
use kezhan_meta::rules::dates::{DateOrder, decide_order, parse_date_time};
use kezhan_meta::{FieldMeta, FieldType, Record};
use leptos::prelude::*;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use web_sys::ClipboardEvent;

/// Cells that are read in one call.
const CELLS: usize = 10_000;
/// Rows that are pasted at once.
const ROWS: usize = 10_000;

pub fn paste(list: List, ev: &ClipboardEvent, left: RwSignal<Vec<Left>>, open: RwSignal<bool>) {
    let (Some(range), Some(data)) = (Range::now(list), ev.clipboard_data()) else { return };
    ev.prevent_default();
    let text = data.get_data("text/plain").unwrap_or_default();
    let html = data.get_data("text/html").unwrap_or_default();
    let mut rows = parse(&text);
    // Some programs tell the cells apart only in the table.
    if rows.len() <= 1 && rows.iter().all(|r| r.len() <= 1) && html.contains("<table") {
        rows = bridge::table_of(&html);
    }
    if rows.is_empty() {
        return toast::problem(t(PASTE_NOTHING));
    }
    rows.truncate(ROWS);
    let (height, width) = (rows.len(), rows.iter().map(Vec::len).max().unwrap_or(1).max(1));
    // A range of whole multiples is filled with copies.
    let times = |own: usize, chosen: usize| if chosen.is_multiple_of(own) { chosen.max(own) } else { own };
    let size = (times(height, range.rows()), times(width, range.columns()));
    let column = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(String::as_str).collect::<Vec<_>>();
    let orders = (0..width).map(|at| decide_order(column(at)).map(|d| d.order).unwrap_or_default()).collect();
    let job = Job { list, range, text, rows, orders, size, left, open };
    leptos::task::spawn_local(async move {
        let _ = list.progress.try_set(Some((0, 0)));
        job.run().await;
    });
}

/// Text with tabs, as spreadsheets put it: cells with line breaks or tabs stand in quotes.
fn parse(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            '\t' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' | '\r' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    // The last line need not be ended.
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

struct Job {
    list: List,
    range: Range,
    text: String,
    rows: Vec<Vec<String>>,
    /// Of each column: which of day and month comes first in its dates.
    orders: Vec<DateOrder>,
    /// Rows and columns that are to be written.
    size: (usize, usize),
    left: RwSignal<Vec<Left>>,
    open: RwSignal<bool>,
}

impl Job {
    fn text_at(&self, row: usize, column: usize) -> &str {
        let row = self.rows.get(row % self.rows.len().max(1));
        let width = self.rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
        row.and_then(|r| r.get(column % width)).map_or("", String::as_str)
    }

    async fn run(self) {
        let list = self.list;
        let records = self.records().await;
        let fields: Vec<Option<FieldMeta>> = list.state.with_untracked(|s| {
            let own = s.fields();
            (0..self.size.1).map(|n| own.get(self.range.left + n).cloned()).collect()
        });
        let Some(read) = self.read(&fields).await else {
            let _ = list.progress.try_set(None);
            return;
        };
        let (mut writes, mut left, mut texts) = (Vec::new(), Vec::new(), HashMap::new());
        for row in 0..self.size.0 {
            for (column, field) in fields.iter().enumerate() {
                let text = self.text_at(row, column).trim().to_owned();
                let record = records.get(row);
                let refuse = |reason: String| Left {
                    id: record.map(|r| r.id().to_owned()),
                    key: field.as_ref().map(|f| f.key.to_string()),
                    place: self.place(record, field.as_ref(), row),
                    text: text.clone(),
                    reason,
                };
                let (Some(record), Some(field)) = (record, field) else {
                    if !text.is_empty() {
                        left.push(refuse(t(PASTE_BEYOND).to_owned()));
                    }
                    continue;
                };
                let field = &cells::shown(list, field, record);
                if text.is_empty() && !can_edit(list, field) {
                    continue;
                }
                match self.value(field, record, (row, column), &read) {
                    Ok(value) if value == *record.value(&field.key) => {}
                    Ok(value) => {
                        texts.insert((record.id().to_owned(), field.key.to_string()), refuse(String::new()));
                        writes.push(Write::of(record, &field.key, value));
                    }
                    Err(why) => left.push(refuse(why)),
                }
            }
        }
        self.select();
        self.write(writes, left, texts);
    }

    /// The records of as many lines as are needed, fetched where they are not there yet.
    async fn records(&self) -> Vec<Arc<Record>> {
        let list = self.list;
        loop {
            let lines = self.range.top..list.len();
            let found: Vec<Arc<Record>> = lines.filter_map(|at| list.row(at)).take(self.size.0).collect();
            let failed = list.rows.error.try_with_untracked(Option::is_some) != Some(false);
            if found.len() >= self.size.0 || failed {
                return found;
            }
            if list.grouped.get_untracked() {
                // Only groups that are open have lines to write to.
                let waiting = (self.range.top..list.len()).filter_map(|at| list.line(at));
                let waiting = waiting.filter(|l| matches!(l, Line::Wait(_))).collect();
                let hands = list.groups.hands.get_untracked();
                if !hands.is_some_and(|hands| (hands.fetch)(list, waiting)) {
                    return found;
                }
            } else if list.rows.loading.get_untracked() {
                // On its way.
            } else if untrack(|| list.rows.has_more()) {
                list.rows.more(&list.state.get_untracked());
            } else {
                return found;
            }
            pause(40).await;
        }
    }

    /// The texts of the columns that can be written, as the server reads them.
    async fn read(&self, fields: &[Option<FieldMeta>]) -> Option<Vec<Vec<CellValue>>> {
        let editable = |f: &&FieldMeta| can_edit(self.list, f);
        let wanted: Vec<(usize, &FieldMeta)> =
            fields.iter().enumerate().filter_map(|(at, f)| Some((at, f.as_ref().filter(editable)?))).collect();
        let mut out = vec![vec![CellValue::default(); fields.len()]; self.rows.len()];
        if wanted.is_empty() {
            return Some(out);
        }
        let object = self.list.object.with_value(|o| o.name.to_string());
        let keys: Vec<String> = wanted.iter().map(|(_, f)| f.key.to_string()).collect();
        let per_call = (CELLS / keys.len()).max(1);
        for start in (0..self.rows.len()).step_by(per_call) {
            let end = (start + per_call).min(self.rows.len());
            let texts: Vec<Vec<String>> = (start..end)
                .map(|row| wanted.iter().map(|(at, _)| self.text_at(row, *at).to_owned()).collect())
                .collect();
            let answer = match transfer::cells(&object, &keys, &texts).await {
                Ok(answer) => answer,
                Err(error) => {
                    toast::error(&error);
                    return None;
                }
            };
            for (row, values) in answer.into_iter().enumerate() {
                for ((column, _), value) in wanted.iter().zip(values) {
                    if let Some(cell) = out.get_mut(start + row).and_then(|r| r.get_mut(*column)) {
                        *cell = value;
                    }
                }
            }
            let _ = self.list.progress.try_set(Some((end, self.rows.len())));
        }
        Some(out)
    }

    fn value(
        &self,
        field: &FieldMeta,
        record: &Record,
        (row, column): (usize, usize),
        read: &[Vec<CellValue>],
    ) -> Result<Value, String> {
        let list = self.list;
        if !can_edit(list, field) {
            return Err(tf(CELL_READ_ONLY, &[("field", &label(&field.label))]));
        }
        let height = self.rows.len().max(1);
        if let Some(value) = copy::kept(&self.text, row % height, column, field) {
            return checked(list, field, &value, record);
        }
        // Times are meant as they are shown here, whatever zone the server takes for the reader's.
        if let Some(instant) = self.instant(field, row, column) {
            return checked(list, field, &Value::String(instant), record);
        }
        let cell = read.get(row % height).and_then(|r| r.get(column)).cloned().unwrap_or_default();
        if let Some(problem) = cell.problem {
            return Err(problem.message);
        }
        let own = record.value("currency").as_str();
        if let Some(currency) = cell.currency.filter(|c| own.is_some_and(|own| own != c)) {
            return Err(tf(PASTE_CURRENCY, &[("currency", &currency), ("own", own.unwrap_or_default())]));
        }
        let ids = cell.value.as_array().map_or(std::slice::from_ref(&cell.value), Vec::as_slice);
        for (id, name) in ids.iter().zip(cell.names.iter().flatten()) {
            reference::meet(id.as_str().unwrap_or_default(), name.as_deref().unwrap_or_default());
        }
        checked(list, field, &cell.value, record)
    }

    fn instant(&self, field: &FieldMeta, row: usize, column: usize) -> Option<String> {
        let order = self.orders.get(column % self.orders.len().max(1)).copied().unwrap_or_default();
        let text = self.text_at(row, column).trim();
        let time = parse_date_time(text, order).filter(|t| field.kind == FieldType::DateTime && t.offset.is_none())?;
        bridge::local_to_instant(&time.local.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    fn place(&self, record: Option<&Arc<Record>>, field: Option<&FieldMeta>, row: usize) -> String {
        let title = self.list.object.with_value(|o| record.map(|r| r.title(o)));
        let title = title.unwrap_or_else(|| format!("{}", self.range.top + row + 1));
        match field {
            Some(field) => format!("{title} · {}", label(&field.label)),
            None => title,
        }
    }

    /// What was pasted is the range from now on.
    fn select(&self) {
        let (row, col) = (self.range.top, self.range.left);
        let last = (row + self.size.0 - 1).min(self.list.len().saturating_sub(1));
        let right = self.list.state.with_untracked(|s| s.columns.len()).saturating_sub(1).min(col + self.size.1 - 1);
        let (first, end) = (At { row, col: Some(col) }, At { row: last, col: Some(right) });
        let _ = self.list.cells.from.try_set((first != end).then_some(end));
        let _ = self.list.cells.at.try_set(Some(first));
    }

    fn write(self, writes: Vec<Write>, left: Vec<Left>, texts: HashMap<(String, String), Left>) {
        let (list, signal, open) = (self.list, self.left, self.open);
        if writes.is_empty() {
            return finish(list, signal, open, 0, left);
        }
        let n = writes.len().to_string();
        let told = move |done: usize| {
            let _ = list.progress.try_set(Some((done, 0)));
        };
        write::apply_many(list, writes, tf(PASTED_CELLS, &[("n", &n)]), told, move |outcome: Outcome| {
            let failed = outcome.failed.iter().filter_map(|(write, reason)| {
                let known = texts.get(&(write.id.clone(), write.key.clone()))?;
                Some(Left { reason: reason.clone(), ..known.clone() })
            });
            let all = left.iter().cloned().chain(failed).collect();
            finish(list, signal, open, outcome.done.len(), all);
        });
    }
}

fn finish(list: List, signal: RwSignal<Vec<Left>>, open: RwSignal<bool>, done: usize, left: Vec<Left>) {
    let _ = list.progress.try_set(None);
    if left.is_empty() && done == 0 {
        toast::done(t(PASTE_NOTHING));
    }
    if !left.is_empty() {
        let _ = open.try_set(true);
    }
    let _ = signal.try_set(left);
}
