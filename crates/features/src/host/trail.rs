//! What was done to the installation, by whom. Nothing in it is changed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::Result;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// Who acts: an administrator of the installation, or whoever sits at its command line.
#[derive(Clone, Debug)]
pub struct Actor {
    pub name: String,
    pub ip: Option<String>,
}

impl Actor {
    pub fn command_line() -> Actor {
        Actor { name: "command line".to_owned(), ip: None }
    }
}

#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Line {
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub actor: String,
    /// `sign_in`, `sign_in_failed`, `sign_out`, `create`, `suspend`, `resume`, `export`, `erase_ordered`,
    /// `erase_called_off`, `erased`, `administrator_added`, `second_factor_set`, `second_factor_removed`,
    /// `recovery_codes_made`.
    #[diesel(sql_type = Text)]
    pub action: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub company: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub company_key: Option<String>,
    #[diesel(sql_type = Jsonb)]
    pub detail: Value,
    #[diesel(sql_type = Nullable<Text>)]
    pub ip: Option<String>,
}

pub fn note(
    conn: &mut PgConnection,
    actor: &Actor,
    action: &str,
    company: Option<(Uuid, &str)>,
    detail: Value,
) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO host_trail (actor, action, company, company_key, detail, ip) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind::<Text, _>(&actor.name)
    .bind::<Text, _>(action)
    .bind::<Nullable<SqlUuid>, _>(company.map(|c| c.0))
    .bind::<Nullable<Text>, _>(company.map(|c| c.1))
    .bind::<Jsonb, _>(detail)
    .bind::<Nullable<Text>, _>(&actor.ip)
    .execute(conn)?;
    Ok(())
}

/// Newest first, before a line.
pub fn list(conn: &mut PgConnection, before: Option<i64>, limit: i64) -> Result<Vec<Line>> {
    let sql = format!(
        "SELECT seq, at, actor, action, company, company_key, detail, ip FROM host_trail \
         WHERE $1 IS NULL OR seq < $1 ORDER BY seq DESC LIMIT {}",
        limit.clamp(1, 200)
    );
    Ok(diesel::sql_query(sql).bind::<Nullable<BigInt>, _>(before).load(conn)?)
}
