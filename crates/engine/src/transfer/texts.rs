//! Cells that come from a spreadsheet through the clipboard: texts in, values out, by the rules of imports.

use super::Cell;
use super::convert::{self, Misfit, Reading};
use super::directory::{self, Directory, Hit};
use super::hints::Hints;
use crate::{Action, Caller, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use kezhan_meta::rules::dates::OrderVote;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Cells of one call.
pub const CELLS_MAX: usize = 20_000;

/// Texts as they stood side by side, each column for a field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    pub object: String,
    pub fields: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

struct Column<'o> {
    field: &'o FieldMeta,
    reading: Reading,
}

/// A value for each text, or why it is none. Nothing is written.
pub fn read(conn: &mut PgConnection, caller: &Caller, hints: &Hints, texts: &Texts) -> Result<Value> {
    let object = caller.catalog.get(&texts.object).cloned();
    let object = object.ok_or_else(|| Error::invalid("object", Code::UnknownValue))?;
    if !caller.access.may(&object.name, Action::Edit) {
        return Err(Error::refused(Code::Forbidden, &["edit"]));
    }
    if texts.rows.len() * texts.fields.len().max(1) > CELLS_MAX {
        return Err(Error::refused(Code::TooComplex, &[&format!("> {CELLS_MAX}")]));
    }
    let mut columns = Vec::new();
    for (at, key) in texts.fields.iter().enumerate() {
        let known = object.field(key).filter(|f| caller.access.readable(&object, f));
        let field = known.ok_or_else(|| Error::refused(Code::UnknownField, &[key]))?;
        columns.push(Column { field, reading: reading(caller, field, texts, at) });
    }
    let targets = targets(conn, caller, hints, &columns)?;
    let cell = |row: &Vec<String>, at: usize, column: &Column<'_>| {
        let text = row.get(at).map(|t| t.trim()).unwrap_or_default();
        match value(column, text, &targets) {
            Ok(found) => found,
            Err(misfit) => json!({ "problem": {
                "code": misfit.code.key(), "message": misfit.code.message(caller.lang, &misfit.args),
            } }),
        }
    };
    let row = |row: &Vec<String>| -> Vec<Value> {
        columns.iter().enumerate().map(|(at, column)| cell(row, at, column)).collect()
    };
    let rows: Vec<Vec<Value>> = texts.rows.iter().map(row).collect();
    Ok(json!({ "rows": rows }))
}

/// All dates of a column are read in the order that suits them all.
fn reading(caller: &Caller, field: &FieldMeta, texts: &Texts, at: usize) -> Reading {
    let mut vote = OrderVote::default();
    if matches!(field.kind, FieldType::Date | FieldType::DateTime) {
        for text in texts.rows.iter().filter_map(|row| row.get(at)) {
            vote.add(text);
        }
    }
    Reading { order: vote.decide().map(|d| d.order).unwrap_or_default(), offset_minutes: caller.offset_minutes }
}

fn targets(
    conn: &mut PgConnection,
    caller: &Caller,
    hints: &Hints,
    columns: &[Column<'_>],
) -> Result<BTreeMap<String, Directory>> {
    let mut found = BTreeMap::new();
    for target in columns.iter().filter_map(|c| c.field.target()) {
        let object: Option<Arc<ObjectMeta>> = caller.catalog.get(target).cloned();
        if let Some(object) = object.filter(|_| !found.contains_key(target)) {
            let keys = directory::reference_keys(&object);
            found.insert(target.to_owned(), Directory::load(conn, caller, hints, &object, keys)?);
        }
    }
    Ok(found)
}

fn value(column: &Column<'_>, text: &str, targets: &BTreeMap<String, Directory>) -> std::result::Result<Value, Misfit> {
    let field = column.field;
    if field.read_only || field.immutable || field.secret {
        return Err(Misfit::new(Code::ReadOnly, text));
    }
    if text.is_empty() {
        return Ok(json!({ "value": null }));
    }
    let directory = match (&field.kind, field.target()) {
        (FieldType::File, _) | (_, None) => {
            let (value, currency) = convert::value(field, &Cell::text(text), column.reading)?;
            return Ok(json!({ "value": value, "currency": currency }));
        }
        (_, Some(target)) => targets.get(target),
    };
    let find = |name: &str| match directory.and_then(|d| d.find(name)) {
        Some(Hit::One(id)) => Ok(id),
        Some(Hit::Many) => Err(Misfit::new(Code::AmbiguousValue, name)),
        None => Err(Misfit::new(Code::UnknownValue, name)),
    };
    if matches!(field.kind, FieldType::MultiReference { .. }) {
        let ids = convert::items(text).map(find).collect::<std::result::Result<Vec<_>, _>>()?;
        let names: Vec<Option<&str>> = ids.iter().map(|id| directory.and_then(|d| d.title(*id))).collect();
        return Ok(json!({ "value": ids, "names": names }));
    }
    let id = find(text)?;
    Ok(json!({ "value": id, "names": [directory.and_then(|d| d.title(id))] }))
}
