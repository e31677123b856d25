//! The record of what became of each row.

use super::Cell;
use crate::jobs::Job;
use crate::sql::{Bind, Sql};
use crate::{Error, Result};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// What became of a row, or of a record made on its way.
#[derive(Serialize)]
pub struct Entry {
    pub row_no: u64,
    pub part: usize,
    pub outcome: &'static str,
    pub object: String,
    pub record_id: Option<Uuid>,
    pub links: Option<Value>,
    pub error: Option<Value>,
    pub raw: Option<Value>,
}

/// Puts what became of some rows on record.
pub fn store(conn: &mut PgConnection, job: &Job, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let rows = serde_json::to_value(entries).map_err(|e| Error::Internal(e.to_string()))?;
    let mut sql = Sql::new("INSERT INTO import_rows (tenant_id, job_id, row_no, part, outcome, object, record_id, ");
    sql.push("links, error, raw) SELECT ").uuid(job.tenant_id).push(", ").uuid(job.id);
    sql.push(", row_no, part, outcome, object, record_id, links, error, raw FROM jsonb_to_recordset(");
    sql.bind(Bind::Json(Some(rows))).push(") AS r(row_no bigint, part smallint, outcome text, object text, ");
    sql.push("record_id uuid, links jsonb, error jsonb, raw jsonb)");
    sql.execute(conn)?;
    Ok(())
}

/// The records that earlier runs of this job made.
pub fn made_before(conn: &mut PgConnection, job: &Job) -> Result<HashMap<Uuid, u64>> {
    let mut sql = Sql::new("SELECT record_id, row_no FROM import_rows WHERE tenant_id = ");
    sql.uuid(job.tenant_id).push(" AND job_id = ").uuid(job.id).push(" AND outcome = 'created' AND part = 0");
    let mut made = HashMap::new();
    sql.rows(conn, |row| {
        if let (Some(id), Some(number)) = (row.uuid(0), row.int8(1)) {
            made.insert(id, number.unsigned_abs());
        }
        Ok(())
    })?;
    Ok(made)
}

/// The cells of a row as a person reads them.
pub fn raw(cells: &[Cell]) -> Value {
    json!(cells.iter().map(Cell::as_text).collect::<Vec<_>>())
}

/// Does the server's message tell of its own trouble: a lock, a shut-down, a full disk?
fn is_passing(message: &str) -> bool {
    ["canceling statement", "deadlock detected", "terminating connection", "No space left", "out of memory"]
        .iter()
        .any(|sign| message.contains(sign))
}

/// Is this the fault of one row, rather than of the database or of us?
pub fn is_about_a_row(error: &Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error as E};
    match error {
        Error::Refused { .. } | Error::Invalid(_) | Error::Stale(_) => true,
        Error::Database(E::DatabaseError(kind, _)) => {
            matches!(
                kind,
                Kind::UniqueViolation | Kind::ForeignKeyViolation | Kind::NotNullViolation | Kind::CheckViolation
            ) || matches!(kind, Kind::Unknown if !is_passing(&error.to_string()))
        }
        _ => false,
    }
}
