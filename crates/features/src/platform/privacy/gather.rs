//! All that is kept about a person, in one structured and machine-readable document (PIPL art. 45, GDPR art. 15 and 20).

use diesel::PgConnection;
use kezhan_engine::sql::Sql;
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_meta::check::instant;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::{Filter, ObjectMeta, Op, Record};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Pages of one relation; a person of whom there is more is told of by hand.
const PAGES: usize = 50;

pub fn gather(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    id: Uuid,
) -> Result<Value> {
    let system = caller.elevated();
    let record = engine.fetch(conn, &system, object, id)?.ok_or_else(Error::not_found)?;
    let mut related = Map::new();
    for relation in caller.catalog.related(&object.name) {
        let Some(child) = caller.catalog.get(&relation.object).cloned() else { continue };
        let filter = Filter::field(relation.field.to_string(), Op::Eq, json!(id));
        let found = all(engine, conn, &system, &child, filter)?;
        if !found.is_empty() {
            related.insert(relation.name.to_string(), json!(found));
        }
    }
    let mut files = Vec::new();
    if let Some(attachments) = caller.catalog.get("attachment").cloned() {
        let of = |key: &str, value: Value| Filter::field(key.to_owned(), Op::Eq, value);
        let filter = Filter::And(vec![of("object", json!(object.name)), of("record", json!(id))]);
        files = all(engine, conn, &system, &attachments, filter)?;
    }
    Ok(json!({
        "made_at": instant(chrono::Utc::now()),
        "object": object.name,
        "record": record,
        "related": related,
        "files": files,
        "history": history(conn, caller, &object.name, id)?,
    }))
}

fn all(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    filter: Filter,
) -> Result<Vec<Record>> {
    let mut query = ListQuery { filter: Some(filter), limit: Some(LIMIT_MAX), ..ListQuery::default() };
    let mut out = Vec::new();
    for _ in 0..PAGES {
        let (records, next) = engine.records(conn, caller, object, &query)?;
        out.extend(records);
        match next {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    Ok(out)
}

fn history(conn: &mut PgConnection, caller: &Caller, object: &str, id: Uuid) -> Result<Vec<Value>> {
    let mut sql = Sql::new(
        "SELECT jsonb_build_object('at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), 'action', \
         action, 'channel', channel, 'changes', changes) FROM changes WHERE tenant_id = ",
    );
    sql.uuid(caller.tenant).push(" AND object = ").text(object).push(" AND record_id = ").uuid(id);
    sql.push(" ORDER BY seq");
    let mut out = Vec::new();
    sql.rows(conn, |row| {
        if let Some(entry) = row.json(0) {
            out.push(serde_json::from_slice(entry).map_err(|e| Error::Internal(e.to_string()))?);
        }
        Ok(())
    })?;
    Ok(out)
}
