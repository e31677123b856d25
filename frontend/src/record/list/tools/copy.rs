//! Cells onto the clipboard: as text with tabs, as a table, and for this page as they are.

use super::fields;
use super::range::Range;
use crate::api::records::RecordExt;
use crate::bridge;
use crate::fields::{Shown, plain_text};
use crate::i18n::{COPIED_CELLS, tf};
use crate::record::list::{List, cells};
use crate::state::toast;
use kezhan_meta::check::as_decimal;
use kezhan_meta::{FieldMeta, FieldType as T, Record};
use serde_json::Value;
use std::cell::RefCell;
use web_sys::ClipboardEvent;

/// What was copied here last: pasted again, values need not be read from their texts.
pub struct Kept {
    pub text: String,
    pub fields: Vec<FieldMeta>,
    pub rows: Vec<Vec<Value>>,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// The value that this text was copied from, where the field takes such values.
pub fn kept(text: &str, row: usize, column: usize, field: &FieldMeta) -> Option<Value> {
    KEPT.with_borrow(|kept| {
        let kept = kept.as_ref().filter(|k| k.text == text)?;
        let same = kept.fields.get(column).is_some_and(|f| f.kind == field.kind);
        kept.rows.get(row)?.get(column).filter(|_| same).cloned()
    })
}

pub fn copy(list: List, ev: &ClipboardEvent) {
    let (Some(range), Some(data)) = (Range::now(list), ev.clipboard_data()) else { return };
    let (fields, records) = (fields(list, range), range.records(list));
    if records.is_empty() {
        return;
    }
    let shown = |f: &FieldMeta, r: &Record| cells::shown(list, f, r);
    let texts: Vec<Vec<String>> =
        records.iter().map(|r| fields.iter().map(|f| text_of(&shown(f, r), r)).collect()).collect();
    let text = texts.iter().map(|row| row.iter().map(|t| quoted(t)).collect::<Vec<_>>().join("\t")).collect::<Vec<_>>();
    // As spreadsheets end their lines, and without one at the end: a single cell stays a word.
    let text = text.join("\r\n");
    let _ = data.set_data("text/plain", &text);
    let _ = data.set_data("text/html", &table(&texts));
    ev.prevent_default();
    let values = records.iter().map(|r| fields.iter().map(|f| r.value(&shown(f, r).key).clone()).collect()).collect();
    for field in &fields {
        records.iter().for_each(|r| super::fill::meet(field, r));
    }
    let cells = records.len() * fields.len();
    KEPT.set(Some(Kept { text, fields, rows: values }));
    toast::done(tf(COPIED_CELLS, &[("n", &cells.to_string())]));
}

/// As shown, but amounts without their sign, and days so that every spreadsheet takes them for days: it is to calculate
/// with them.
fn text_of(field: &FieldMeta, record: &Record) -> String {
    let value = record.value(&field.key);
    match field.kind {
        T::Money => as_decimal(value).map(|n| bridge::decimal(&n.to_string(), 2, 4)).unwrap_or_default(),
        T::Date => value.as_str().unwrap_or_default().to_owned(),
        T::DateTime => value.as_str().map(bridge::wall_clock).unwrap_or_default(),
        _ => plain_text(Shown::of(field, record)),
    }
}

fn quoted(text: &str) -> String {
    match text.contains(['\t', '\n', '\r', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

fn table(texts: &[Vec<String>]) -> String {
    let safe = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let cell = |text: &String| format!("<td>{}</td>", safe(text));
    let row = |row: &Vec<String>| format!("<tr>{}</tr>", row.iter().map(cell).collect::<String>());
    format!("<table>{}</table>", texts.iter().map(row).collect::<String>())
}
