//! The record of what became of each row.

use super::Cell;
use crate::jobs::Job;
use crate::sql::{Bind, Sql};
use crate::vault::{SealedColumn, Vault};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use diesel::PgConnection;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// Cells and problems of rows of files that bring sealed fields.
pub const SEALED: SealedColumn =
    SealedColumn { table: "import_rows", id: "seal_id", column: "sealed", context: "import_row" };

/// What became of a row, or of a record made on its way.
#[derive(Default, Serialize)]
pub struct Entry {
    pub row_no: u64,
    pub part: usize,
    pub outcome: &'static str,
    pub object: String,
    pub record_id: Option<Uuid>,
    pub links: Option<Value>,
    pub error: Option<Value>,
    pub raw: Option<Value>,
    pub(super) seal_id: Option<Uuid>,
    /// Base64.
    pub(super) sealed: Option<String>,
}

impl Entry {
    /// Puts what is told of the row's cells under seal.
    fn close(&mut self, vault: &Vault, conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
        let told = [("raw", self.raw.take()), ("error", self.error.take())];
        let told: Map<String, Value> = told.into_iter().filter_map(|(key, v)| Some((key.to_owned(), v?))).collect();
        if !told.is_empty() {
            let id = Uuid::now_v7();
            self.sealed = Some(BASE64.encode(SEALED.seal_columns(vault, conn, tenant, id, &told)?));
            self.seal_id = Some(id);
        }
        Ok(())
    }
}

/// Puts what became of some rows on record; with a vault, what is told of their cells sealed.
pub fn store(conn: &mut PgConnection, job: &Job, entries: &mut [Entry], vault: Option<&Vault>) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    if let Some(vault) = vault {
        entries.iter_mut().try_for_each(|entry| entry.close(vault, conn, job.tenant_id))?;
    }
    let rows = serde_json::to_value(entries).map_err(|e| Error::Internal(e.to_string()))?;
    let mut sql = Sql::new("INSERT INTO import_rows (tenant_id, job_id, row_no, part, outcome, object, record_id, ");
    sql.push("links, error, raw, seal_id, sealed) SELECT ").uuid(job.tenant_id).push(", ").uuid(job.id);
    sql.push(", row_no, part, outcome, object, record_id, links, error, raw, seal_id, decode(sealed, 'base64') FROM jsonb_to_recordset(");
    sql.bind(Bind::Json(Some(rows))).push(") AS r(row_no bigint, part smallint, outcome text, object text, ");
    sql.push("record_id uuid, links jsonb, error jsonb, raw jsonb, seal_id uuid, sealed text)");
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
