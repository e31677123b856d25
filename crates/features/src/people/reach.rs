//! Indexes for the conditions of roles and sharing rules, made and taken away in the background as those change.

use super::setup::system;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb, Text, Uuid as SqlUuid};
use kezhan_engine::access::Grants;
use kezhan_engine::jobs::{self, Handler, Run, Signal};
use kezhan_engine::sql::standing;
use kezhan_engine::{Action, Caller, DataScope, Engine, Result};
use kezhan_meta::{Filter, Scope};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

pub const KIND: &str = "reach_indexes";
/// Most of one company: each costs every write to its table.
const MOST: usize = 24;

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Orders a look at every company whose rights have changed and which has, or had, a condition in them.
pub fn order_due(conn: &mut PgConnection) -> Result<usize> {
    conn.transaction(|conn| {
        let due: Vec<Due> = diesel::sql_query(
            "UPDATE tenants t SET reach_epoch = access_epoch WHERE reach_epoch IS DISTINCT FROM access_epoch \
             AND (EXISTS (SELECT 1 FROM roles r WHERE r.tenant_id = t.id AND r.grants::text LIKE '%\"when\"%') \
               OR EXISTS (SELECT 1 FROM sharing_rules s WHERE s.tenant_id = t.id)) RETURNING t.id",
        )
        .load(conn)?;
        for tenant in &due {
            jobs::enqueue(conn, tenant.id, KIND, &json!({}), None)?;
        }
        Ok(due.len())
    })
}

pub struct Runs(pub Arc<Engine>);

impl Handler for Runs {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let caller = system(&self.0, conn, run.job.tenant_id)?;
        let wanted = wanted(conn, &caller)?;
        let there = there(conn, run.job.tenant_id)?;
        // Whoever still reads or writes by what was before is waited for, but not for ever.
        conn.batch_execute("SET statement_timeout = 0; SET lock_timeout = '60s'")?;
        let made = tend(conn, &wanted, &there);
        conn.batch_execute("RESET statement_timeout; RESET lock_timeout")?;
        let made = made?;
        conn.transaction(|conn| run.checkpoint(conn, &json!({ "made": made, "wanted": wanted.len() })))
    }
}

/// Drops what is not wanted and makes what is not there; how many were made.
fn tend(
    conn: &mut PgConnection,
    wanted: &BTreeMap<String, String>,
    there: &BTreeMap<String, bool>,
) -> QueryResult<usize> {
    // One that was broken off is made anew.
    for (name, _) in there.iter().filter(|(name, sound)| !**sound || !wanted.contains_key(*name)) {
        conn.batch_execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"))?;
    }
    let mut made = 0;
    for (_, statement) in wanted.iter().filter(|(name, _)| there.get(*name) != Some(&true)) {
        conn.batch_execute(statement)?;
        made += 1;
    }
    Ok(made)
}

/// The indexes of this tenant that there are, and whether each can be used.
fn there(conn: &mut PgConnection, tenant: Uuid) -> Result<BTreeMap<String, bool>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Bool)]
        sound: bool,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT c.relname::text AS name, i.indisvalid AS sound FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
         WHERE c.relnamespace = 'public'::regnamespace AND starts_with(c.relname, $1) \
         AND pg_get_indexdef(i.indexrelid) LIKE $2",
    )
    .bind::<Text, _>(standing::PREFIX)
    .bind::<Text, _>(format!("%{tenant}%"))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.name, row.sound)).collect())
}

/// Name and statement of each index by which somebody's records are found.
fn wanted(conn: &mut PgConnection, caller: &Caller) -> Result<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    for (name, condition) in conditions(conn, caller)? {
        let Some(object) = caller.catalog.get(&name).filter(|o| o.scope == Scope::Owned) else { continue };
        out.extend(standing::index(caller, object, &condition));
    }
    // By name, so that each look leaves out the same.
    if out.len() > MOST {
        log::warn!("company {} has more conditions in its rights than are given an index", caller.tenant);
    }
    Ok(out.into_iter().take(MOST).collect())
}

/// What roles and sharing rules let people read by.
fn conditions(conn: &mut PgConnection, caller: &Caller) -> Result<Vec<(String, Filter)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        object: String,
        #[diesel(sql_type = Jsonb)]
        told: Value,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT '' AS object, grants AS told FROM roles WHERE tenant_id = $1 AND deleted_at IS NULL \
         UNION ALL SELECT object, condition FROM sharing_rules WHERE tenant_id = $1 AND active AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .load(conn)?;
    let mut out = Vec::new();
    for row in rows {
        if !row.object.is_empty() {
            out.extend(serde_json::from_value::<Filter>(row.told).ok().map(|condition| (row.object, condition)));
            continue;
        }
        let Ok(grants) = serde_json::from_value::<Grants>(row.told) else { continue };
        for (object, granted) in grants {
            for rule in granted.actions.get(&Action::Read).into_iter().flat_map(|rules| rules.allows()) {
                if let DataScope::When(condition) = &rule.scope {
                    out.push((object.clone(), condition.clone()));
                }
            }
        }
    }
    Ok(out)
}
