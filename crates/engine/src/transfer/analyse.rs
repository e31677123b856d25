//! A first look at an uploaded file: what it holds, which object it may be about, which column is which field.

use super::hints::Hints;
use super::mapping::{self, ObjectProposal, Proposal};
use super::read::{self, ColumnProfile, HeadRow, ReadOptions};
use super::rows::unreadable;
use super::{Cell, Format};
use crate::vault::files::Stored;
use crate::{Caller, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};

const ROWS_SHOWN: usize = 20;
const PROFILED: usize = 2_000;

/// What the person importing has chosen already.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    pub object: Option<String>,
    pub sheet: Option<String>,
    pub encoding: Option<String>,
    pub header_row: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    pub format: Format,
    pub encoding: Option<&'static str>,
    pub delimiter: Option<char>,
    pub sheet: Option<String>,
    pub sheets: Vec<String>,
    pub has_header: bool,
    pub header_row: u64,
    pub head: Vec<HeadRow>,
    pub headers: Vec<String>,
    pub rows: Vec<Vec<String>>,
    pub columns: Vec<ColumnProfile>,
    pub objects: Vec<ObjectProposal>,
    pub object: Option<String>,
    /// The mapping is that of an earlier import.
    pub remembered: bool,
    pub mapping: Vec<Proposal>,
}

pub fn analyse(
    conn: &mut PgConnection,
    caller: &Caller,
    hints: &Hints,
    file: &Stored,
    name: &str,
    choices: &Choices,
) -> Result<Analysis> {
    let options = ReadOptions {
        sheet: choices.sheet.clone(),
        encoding: choices.encoding.clone(),
        header_row: choices.header_row,
        ..ReadOptions::default()
    };
    let mut source = read::open_with(file, &options).map_err(unreadable)?;
    let columns = read::profile(&mut *source, PROFILED).map_err(unreadable)?;
    let mut rows = Vec::new();
    while rows.len() < ROWS_SHOWN {
        match source.next_row() {
            Some(Ok(cells)) => rows.push(cells.iter().map(|c: &Cell| c.as_text().into_owned()).collect()),
            Some(Err(_)) => {}
            None => break,
        }
    }
    let headers = source.headers().to_vec();
    let objects = mapping::objects(caller, hints, name, &columns);
    let remembered = mapping::remembered(conn, caller, &mapping::signature(&headers), choices.object.as_deref())?;
    let guessed = || objects.first().map(|o| o.object.clone());
    let object = choices.object.clone().or(remembered.as_ref().map(|(object, _)| object.clone())).or_else(guessed);
    let mut mapping = Vec::new();
    if let Some(name) = &object {
        let unknown = || Error::invalid("object", Code::UnknownValue);
        let meta = caller.catalog.get(name).filter(|o| mapping::may_import(caller, o)).ok_or_else(unknown)?;
        mapping = mapping::columns_of(hints, meta, &columns);
    }
    if let Some((_, plans)) = &remembered {
        for proposal in &mut mapping {
            let column = proposal.plan.column;
            let plan = plans.iter().find(|p| p.column == column);
            proposal.score = if plan.is_some_and(|p| p.field.is_some()) { 1.0 } else { 0.0 };
            proposal.plan = plan.cloned().unwrap_or_default();
            proposal.plan.column = column;
        }
    }
    let info = source.info().clone();
    Ok(Analysis {
        format: info.format,
        encoding: info.encoding,
        delimiter: info.delimiter,
        sheet: info.sheet,
        sheets: info.sheets,
        has_header: info.has_header,
        header_row: info.header_row,
        head: info.head,
        headers,
        rows,
        columns,
        objects,
        object,
        remembered: remembered.is_some(),
        mapping,
    })
}
