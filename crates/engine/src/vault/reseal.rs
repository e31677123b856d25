//! Sealed values outside the records, and what becomes of them after a data key was renewed: what old keys have sealed
//! is sealed anew, a few rows at a time.

use super::Vault;
use crate::{Error, Result};
use diesel::prelude::*;
use diesel::sql_types as st;
use serde_json::{Map, Value};
use uuid::Uuid;
use zeroize::Zeroizing;

/// A column of sealed values outside the records, by row: what it holds is sealed for `{context}:{id}`.
#[derive(Clone, Copy, Debug)]
pub struct SealedColumn {
    pub table: &'static str,
    /// The column with the uuid that, after the tenant, tells the row.
    pub id: &'static str,
    pub column: &'static str,
    pub context: &'static str,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = st::Uuid)]
    id: Uuid,
    #[diesel(sql_type = st::Binary)]
    sealed: Vec<u8>,
}

impl SealedColumn {
    fn place(&self, id: Uuid) -> String {
        format!("{}:{id}", self.context)
    }

    pub fn seal(
        &self,
        vault: &Vault,
        conn: &mut PgConnection,
        tenant: Uuid,
        id: Uuid,
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        vault.seal(conn, tenant, &self.place(id), plain)
    }

    pub fn open(
        &self,
        vault: &Vault,
        conn: &mut PgConnection,
        tenant: Uuid,
        id: Uuid,
        sealed: &[u8],
    ) -> Result<Vec<u8>> {
        vault.open(conn, tenant, &self.place(id), sealed)
    }

    /// Seals what would stand in some columns of the row, as one.
    pub fn seal_columns(
        &self,
        vault: &Vault,
        conn: &mut PgConnection,
        tenant: Uuid,
        id: Uuid,
        columns: &Map<String, Value>,
    ) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(columns).map(Zeroizing::new).map_err(|e| Error::Internal(e.to_string()))?;
        self.seal(vault, conn, tenant, id, &plain)
    }

    pub fn open_columns(
        &self,
        vault: &Vault,
        conn: &mut PgConnection,
        tenant: Uuid,
        id: Uuid,
        sealed: &[u8],
    ) -> Result<Map<String, Value>> {
        let plain = self.open(vault, conn, tenant, id, sealed).map(Zeroizing::new)?;
        serde_json::from_slice(&plain).map_err(|e| Error::Internal(e.to_string()))
    }

    /// Seals up to `limit` values anew, within the transaction at hand; how many there were.
    pub fn reseal(&self, vault: &Vault, conn: &mut PgConnection, tenant: Uuid, limit: u16) -> Result<usize> {
        let SealedColumn { table, id, column, .. } = self;
        let current = vault.current_id(conn, tenant)?;
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT {id} AS id, {column} AS sealed FROM {table} WHERE tenant_id = $1 AND {column} IS NOT NULL \
             AND substring({column} FROM 2 FOR 16) <> $2 LIMIT {limit} FOR UPDATE"
        ))
        .bind::<st::Uuid, _>(tenant)
        .bind::<st::Binary, _>(current.as_bytes().as_slice())
        .load(conn)?;
        for row in &rows {
            let plain = self.open(vault, conn, tenant, row.id, &row.sealed).map_err(|e| at(table, e))?;
            let sealed = self.seal(vault, conn, tenant, row.id, &plain)?;
            diesel::sql_query(format!(
                "UPDATE {table} SET {column} = $3 WHERE tenant_id = $1 AND {id} = $2 AND {column} IS NOT NULL"
            ))
            .bind::<st::Uuid, _>(tenant)
            .bind::<st::Uuid, _>(row.id)
            .bind::<st::Binary, _>(&sealed)
            .execute(conn)?;
        }
        Ok(rows.len())
    }
}

fn at(table: &str, error: Error) -> Error {
    Error::Internal(format!("{table}: {error}"))
}
