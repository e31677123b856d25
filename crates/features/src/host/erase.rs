//! Every row of a company, in whichever table: found by the column that all of them have, so that no new table is
//! forgotten. Files lie elsewhere; whoever calls this removes them first.

use super::tenants::Company;
use super::trail::{self, Actor};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use kezhan_engine::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    /// Tables that refer to it.
    #[diesel(sql_type = Array<Text>)]
    referrers: Vec<String>,
}

fn tables(conn: &mut PgConnection) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let rows: Vec<Table> = diesel::sql_query(
        "SELECT t.table_name::text AS name, ARRAY(SELECT DISTINCT r.relname::text FROM pg_constraint c \
           JOIN pg_class r ON r.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid \
           WHERE c.contype = 'f' AND f.relname = t.table_name AND f.relnamespace = 'public'::regnamespace) AS referrers \
         FROM information_schema.columns t JOIN information_schema.tables b USING (table_schema, table_name) \
         WHERE t.table_schema = 'public' AND t.column_name = 'tenant_id' AND b.table_type = 'BASE TABLE'",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|t| (t.name, t.referrers.into_iter().collect())).collect())
}

/// Tables in an order in which nothing refers to a row that goes; those that refer to each other go together.
fn order(mut left: BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    while !left.is_empty() {
        let free = |(name, by): (&String, &BTreeSet<String>)| {
            by.iter().all(|r| r == name || !left.contains_key(r)).then(|| name.clone())
        };
        let next: Vec<String> = left.iter().filter_map(free).collect();
        let batch = if next.is_empty() {
            vec![left.keys().cloned().collect()]
        } else {
            next.into_iter().map(|n| vec![n]).collect()
        };
        for name in batch.iter().flatten() {
            left.remove(name);
        }
        out.extend(batch);
    }
    out
}

/// Indexes that were made for this company's own fields.
fn indexes(conn: &mut PgConnection, tenant: Uuid) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT format('%I', indexname) AS name FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE $1",
    )
    .bind::<Text, _>(format!("%{tenant}%"))
    .load(conn)?;
    Ok(rows.into_iter().map(|r| r.name).collect())
}

/// How many rows went, by table.
fn rows(conn: &mut PgConnection, tenant: Uuid) -> Result<Map<String, Value>> {
    // The trails are append-only, but for what says so; and this takes as long as it takes.
    conn.batch_execute(
        "SET LOCAL kezhan.maintenance = 'erase'; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'",
    )?;
    let mut gone = Map::new();
    for batch in order(tables(conn)?) {
        let deleted = match batch.as_slice() {
            [one] => format!("DELETE FROM \"{one}\" WHERE tenant_id = $1"),
            // In one statement, at whose end all that refer to each other are gone.
            many => {
                let parts = many.iter().enumerate();
                let parts = parts.map(|(at, t)| format!("d{at} AS (DELETE FROM \"{t}\" WHERE tenant_id = $1)"));
                format!("WITH {} SELECT 1", parts.collect::<Vec<_>>().join(", "))
            }
        };
        let count = diesel::sql_query(deleted).bind::<SqlUuid, _>(tenant).execute(conn)?;
        if let [one] = batch.as_slice()
            && count > 0
        {
            gone.insert(one.clone(), json!(count));
        }
    }
    Ok(gone)
}

/// Companies whose time has come.
pub fn due(conn: &mut PgConnection) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id FROM tenants WHERE status = 'erasing' AND erase_after <= now() ORDER BY erase_after",
    )
    .load(conn)?;
    Ok(rows.into_iter().map(|r| r.id).collect())
}

/// Takes every row of a company that is due, and leaves one line in the trail of the installation.
pub fn erase(conn: &mut PgConnection, actor: &Actor, company: &Company) -> Result<()> {
    conn.transaction(|conn| {
        let taken = diesel::sql_query(
            "SELECT 1 FROM tenants WHERE id = $1 AND status = 'erasing' AND erase_after <= now() FOR UPDATE",
        )
        .bind::<SqlUuid, _>(company.id)
        .execute(conn)?;
        if taken == 0 {
            return Err(Error::not_found());
        }
        for name in indexes(conn, company.id)? {
            conn.batch_execute(&format!("DROP INDEX {name}"))?;
        }
        let gone = rows(conn, company.id)?;
        diesel::sql_query("DELETE FROM tenants WHERE id = $1").bind::<SqlUuid, _>(company.id).execute(conn)?;
        trail::note(conn, actor, "erased", Some((company.id, &company.key)), json!({ "rows": gone }))
    })?;
    // What something at work in another process has written meanwhile.
    conn.transaction(|conn| rows(conn, company.id).map(|_| ()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_refers_goes_first() {
        let table = |name: &str, by: &[&str]| (name.to_owned(), by.iter().map(|b| (*b).to_owned()).collect());
        let all = BTreeMap::from([
            table("users", &["departments", "users", "accounts"]),
            table("departments", &["users"]),
            table("accounts", &["contacts", "accounts"]),
            table("contacts", &[]),
        ]);
        let order = order(all);
        assert_eq!(order, [vec!["contacts"], vec!["accounts"], vec!["departments", "users"]]);
    }
}
