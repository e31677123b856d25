//! What became of the rows, as files: the failed ones as they came in with the reasons beside them, the others with
//! the ids of their records.

use super::ledger;
use super::read::RowSource;
use super::write::{self, Column, RowSink, WriteError};
use super::{Cell, Format};
use crate::sql::Sql;
use crate::vault::Vault;
use crate::{Error, Result};
use diesel::PgConnection;
use kezhan_meta::{Lang, ObjectMeta};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::io::Write;
use uuid::Uuid;

const PAGE: usize = 2_000;
const DONE: &[&str] = &["created", "updated", "skipped", "deleted"];

/// A row of an import on record.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub row: i64,
    pub outcome: String,
    pub object: String,
    pub record: Option<Uuid>,
    pub errors: Value,
    pub cells: Option<Vec<String>>,
}

/// Rows after this one, in the order of the file; all outcomes where none are named.
pub fn rows(
    conn: &mut PgConnection,
    vault: &Vault,
    tenant: Uuid,
    job: Uuid,
    outcomes: &[&str],
    after: i64,
    limit: usize,
) -> Result<Vec<Outcome>> {
    let mut sql = Sql::new("SELECT row_no, outcome, object, record_id, error::text, raw::text, ");
    sql.push("seal_id, sealed FROM import_rows WHERE ");
    sql.push("tenant_id = ")
        .uuid(tenant)
        .push(" AND job_id = ")
        .uuid(job)
        .push(" AND part = 0 AND row_no > ")
        .int(after);
    if !outcomes.is_empty() {
        let list = outcomes.iter().map(|o| (*o).to_owned()).collect();
        sql.push(" AND outcome = ANY(").bind(crate::sql::Bind::Texts(Some(list))).push(")");
    }
    sql.push(" ORDER BY row_no").limit(limit).uncached();
    let mut found = Vec::new();
    let mut closed = Vec::new();
    sql.rows(conn, |row| {
        if let (Some(id), Some(sealed)) = (row.uuid(6), row.bytes(7)) {
            closed.push((found.len(), id, sealed.to_vec()));
        }
        let json = |at: usize| row.text(at).and_then(|t| serde_json::from_str::<Value>(t).ok());
        found.push(Outcome {
            row: row.int8(0).unwrap_or_default(),
            outcome: row.text(1).unwrap_or_default().to_owned(),
            object: row.text(2).unwrap_or_default().to_owned(),
            record: row.uuid(3),
            errors: json(4).unwrap_or(Value::Null),
            cells: json(5).and_then(|v| serde_json::from_value(v).ok()),
        });
        Ok(())
    })?;
    for (at, id, sealed) in closed {
        let mut told: Map<String, Value> = ledger::SEALED.open_columns(vault, conn, tenant, id, &sealed)?;
        if let Some(outcome) = found.get_mut(at) {
            outcome.errors = told.remove("error").unwrap_or_default();
            outcome.cells = told.remove("raw").and_then(|v| serde_json::from_value(v).ok());
        }
    }
    Ok(found)
}

/// ` AND …`: created or changed by this import, on the way included.
pub fn condition(sql: &mut Sql, tenant: Uuid, object: &ObjectMeta, alias: &str, job: Uuid) {
    sql.push(" AND ")
        .column(alias, "id")
        .push(" IN (SELECT record_id FROM import_rows WHERE tenant_id = ")
        .uuid(tenant);
    sql.push(" AND job_id = ").uuid(job).push(" AND outcome IN ('created', 'updated') AND object = ");
    sql.text(object.name.to_string()).push(")").uncached();
}

/// Where a finished file comes from.
pub struct Sheet<'a> {
    pub vault: &'a Vault,
    pub tenant: Uuid,
    pub job: Uuid,
    pub headers: &'a [String],
    pub format: Format,
    pub lang: Lang,
}

impl Sheet<'_> {
    /// The rows that failed, as they were, with a column of reasons and, where there is room, a note on each cell.
    pub fn failed(&self, conn: &mut PgConnection, out: impl Write + Send) -> Result<()> {
        let reason = match self.lang {
            Lang::Zh => "失败原因",
            Lang::En => "Reason",
        };
        let mut columns: Vec<Column> = self.headers.iter().map(|h| Column::new(h.clone(), h.clone())).collect();
        columns.push(Column { width: Some(60), ..Column::new("_reason", reason) });
        let mut sink = write::create(self.format, out, &columns).map_err(unwritable)?;
        let mut after = -1;
        loop {
            let page = rows(conn, self.vault, self.tenant, self.job, &["failed"], after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.row;
            for row in page {
                self.failed_row(&mut *sink, &row).map_err(unwritable)?;
            }
        }
        sink.finish().map_err(unwritable)
    }

    fn failed_row(&self, sink: &mut dyn RowSink, row: &Outcome) -> std::result::Result<(), WriteError> {
        let given = row.cells.as_deref().unwrap_or_default();
        let mut cells: Vec<Cell> = given.iter().map(Cell::text).collect();
        cells.resize(self.headers.len(), Cell::Empty);
        let errors = row.errors.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |error: &Value, key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let reasons: Vec<String> = errors
            .iter()
            .map(|error| match text(error, "header") {
                header if header.is_empty() => text(error, "message"),
                header => format!("{header}: {}", text(error, "message")),
            })
            .collect();
        cells.push(Cell::text(reasons.join("; ")));
        sink.row(&cells)?;
        for error in errors {
            if let Some(at) = error.get("column").and_then(Value::as_u64) {
                sink.note(at as usize, &text(error, "message"))?;
            }
        }
        Ok(())
    }

    /// The rows that did not fail, with what became of them and the id of the record.
    pub fn success(
        &self,
        conn: &mut PgConnection,
        source: Option<&mut dyn RowSource>,
        out: impl Write + Send,
    ) -> Result<()> {
        let (outcome, record) = match self.lang {
            Lang::Zh => ("结果", "记录编号"),
            Lang::En => ("Outcome", "Record ID"),
        };
        let mut columns: Vec<Column> = self.headers.iter().map(|h| Column::new(h.clone(), h.clone())).collect();
        columns.push(Column::new("_outcome", outcome));
        columns.push(Column { width: Some(38), ..Column::new("_record", record) });
        let mut sink = write::create(self.format, out, &columns).map_err(unwritable)?;
        let mut source = source;
        let mut after = -1;
        loop {
            let page = rows(conn, self.vault, self.tenant, self.job, DONE, after, PAGE)?;
            let Some(last) = page.last().map(|r| r.row) else { break };
            let mut cells = match &mut source {
                Some(source) => until(*source, last),
                // The file has been swept away: what is on record is all there is.
                None => HashMap::new(),
            };
            after = last;
            for row in page {
                let mut line = cells.remove(&row.row).unwrap_or_default();
                line.resize(self.headers.len(), Cell::Empty);
                line.push(Cell::text(row.outcome));
                line.push(row.record.map_or(Cell::Empty, |id| Cell::text(id.to_string())));
                sink.row(&line).map_err(unwritable)?;
            }
        }
        sink.finish().map_err(unwritable)
    }
}

/// The rows of the file up to and with this one, by number.
fn until(source: &mut dyn RowSource, last: i64) -> HashMap<i64, Vec<Cell>> {
    let mut found = HashMap::new();
    while let Some(read) = source.next_row() {
        let number = i64::try_from(source.row_number()).unwrap_or(i64::MAX);
        if let Ok(cells) = read {
            found.insert(number, cells);
        }
        if number >= last {
            break;
        }
    }
    found
}

pub fn unwritable(error: WriteError) -> Error {
    Error::Internal(error.to_string())
}
