//! Makes anew what records are found by, after the rules for it have changed.

use super::keys::SearchKeys;
use crate::sql::{Bind, Sql};
use crate::write::draft;
use crate::{Caller, Engine, Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::ObjectMeta;
use kezhan_meta::query::{LIMIT_MAX, ListQuery, Sort};
use serde_json::{Value, json};

impl Engine {
    /// How many records of this object had to change. Page by page: it can be stopped and begun again, and keeps nobody
    /// waiting. It is no edit: no version, no history. For the system only.
    pub fn reindex(&self, conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta) -> Result<usize> {
        if !caller.access.is_unrestricted() {
            return Err(Error::Internal("only the system makes search keys anew".into()));
        }
        if !crate::write::store::has_search(object) {
            return Ok(0);
        }
        let mut changed = 0;
        for deleted in [false, true] {
            let mut query = ListQuery {
                sort: vec![Sort { field: "created_at".into(), descending: false }],
                limit: Some(LIMIT_MAX),
                deleted,
                ..ListQuery::default()
            };
            loop {
                let next = conn.transaction(|conn| {
                    let (records, next) = self.records(conn, caller, object, &query)?;
                    let row = |record: &kezhan_meta::Record| {
                        let SearchKeys { text, pairs } = draft::search_keys(object, record);
                        json!({"id": record.get("id"), "search_text": text, "search_pairs": pairs})
                    };
                    changed += store(conn, caller, object, records.iter().map(row).collect())?;
                    Ok::<_, Error>(next)
                })?;
                match next {
                    Some(_) => query.cursor = next,
                    None => break,
                }
            }
        }
        Ok(changed)
    }
}

fn store(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, rows: Vec<Value>) -> Result<usize> {
    let mut sql = Sql::new("UPDATE ");
    sql.ident(&object.table).push(" t SET search_text = v.search_text, search_pairs = v.search_pairs ");
    sql.push("FROM jsonb_to_recordset(").bind(Bind::Json(Some(Value::Array(rows))));
    sql.push(") AS v(id uuid, search_text text, search_pairs int[]) WHERE t.tenant_id = ").uuid(caller.tenant);
    sql.push(" AND t.id = v.id AND t.search_text <> v.search_text");
    sql.execute(conn)
}
