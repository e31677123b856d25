//! Files that wait for their import: where they lie, whose they are, when they go.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::vault::files::SUFFIX;
use kezhan_engine::{Caller, Error, Result};
use kezhan_meta::problem::Code;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// How long a file is kept.
pub const DAYS: i64 = 7;

#[derive(Clone, Debug, QueryableByName)]
pub struct Upload {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub size: i64,
    #[diesel(sql_type = Text)]
    pub path: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub created_by_id: Option<Uuid>,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
}

/// Where a file of this id lies, below the root of files: sealed.
pub fn path_of(tenant: Uuid, id: Uuid) -> PathBuf {
    Path::new("imports").join(tenant.to_string()).join(format!("{id}{SUFFIX}"))
}

/// Puts a file that has been written on record.
pub fn add(conn: &mut PgConnection, caller: &Caller, id: Uuid, name: &str, size: i64) -> Result<Upload> {
    let path = path_of(caller.tenant, id);
    Ok(diesel::sql_query(
        "INSERT INTO uploads (tenant_id, id, name, size, path, created_by_id, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7::int)) \
         RETURNING id, name, size, path, created_by_id, expires_at",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(name)
    .bind::<BigInt, _>(size)
    .bind::<Text, _>(path.to_string_lossy().into_owned())
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .bind::<BigInt, _>(DAYS)
    .get_result(conn)?)
}

/// An upload of the caller's own: what others have uploaded is none of their business.
pub fn find(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<Upload> {
    let found = diesel::sql_query(
        "SELECT id, name, size, path, created_by_id, expires_at FROM uploads \
         WHERE tenant_id = $1 AND id = $2 AND created_by_id IS NOT DISTINCT FROM $3 AND expires_at > now()",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .get_result(conn)
    .optional()?;
    found.ok_or_else(|| Error::invalid("upload", Code::NoSuchRecord))
}

/// Takes what has expired off the record; the paths of the files that may go.
pub fn sweep(conn: &mut PgConnection) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        path: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "DELETE FROM uploads u WHERE expires_at < now() AND NOT EXISTS (SELECT 1 FROM jobs j \
         WHERE j.tenant_id = u.tenant_id AND j.state IN ('queued', 'running') AND j.payload->>'path' = u.path) \
         RETURNING path",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|r| r.path).collect())
}
