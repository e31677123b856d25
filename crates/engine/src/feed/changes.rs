use super::{body, decode, encode, masked, page_size};
use crate::audit::Given;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::ObjectMeta;
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub struct ChangesQuery {
    /// The cursor of the last answer; without one, the feed begins now.
    pub since: Option<String>,
    /// Object names; empty for all.
    pub objects: Vec<String>,
    pub limit: Option<u32>,
}

/// A place in the feed. Transactions end in another order than they begin, so entries are ordered by
/// transaction and only handed out once every older transaction has ended: nothing can slip in behind.
type Place = (i64, i64);

impl Engine {
    /// `{"data":[…],"next_cursor":…,"gap":bool}` in order. History is kept for good, so the feed reaches back
    /// without end; `gap` tells that the cursor belongs to a database since replaced by a backup.
    pub fn changes(&self, conn: &mut PgConnection, caller: &Caller, query: &ChangesQuery) -> Result<Vec<u8>> {
        let limit = page_size(query.limit, 500)?;
        let objects = wanted(caller, &query.objects)?;
        let Some(since) = &query.since else {
            let start = encode(&(frontier(conn)? - 1, i64::MAX))?;
            return body(Vec::new(), Some(start));
        };
        let place: Place = decode(since)?;
        let guard = Guard::of(caller);
        let mut aliases = Aliases::default();
        let mut sql =
            Sql::new("SELECT c.txid::text::bigint, c.seq, c.at, c.object, c.record_id, c.action, c.version, ");
        sql.push("c.actor_id, c.channel, c.changes FROM changes c WHERE c.tenant_id = ").uuid(caller.tenant);
        sql.push(" AND (c.txid, c.seq) > (").text(place.0.to_string()).push("::xid8, ").int(place.1).push(")");
        sql.push(" AND c.txid < pg_snapshot_xmin(pg_current_snapshot()) AND (false");
        for object in &objects {
            sql.push(" OR (c.object = ").text(object.name.to_string());
            // A record that is gone for good or out of reach is no business of the caller's.
            sql.push(" AND EXISTS (SELECT 1 FROM ");
            let r = aliases.fresh();
            column::from(&mut sql, object, &r);
            sql.push(" WHERE ").column(&r, "id").push(" = c.record_id AND ");
            guard.rows(&mut sql, object, &r, Action::Read, Life::Any, &mut aliases);
            sql.push("))");
        }
        sql.push(") ORDER BY c.txid, c.seq").limit(limit);
        let mut data: Vec<Value> = Vec::new();
        let mut last = place;
        let mut given = Given::default();
        sql.rows(conn, |row| {
            last = (row.int8(0).unwrap_or_default(), row.int8(1).unwrap_or_default());
            let name = row.text(3).unwrap_or_default();
            let Some(object) = objects.iter().find(|o| o.name == name) else { return Ok(()) };
            let id = row.uuid(4).unwrap_or_default();
            data.push(json!({
                "at": row.time(2).map(instant),
                "object": name,
                "id": row.uuid(4).map(|id| id.to_string()),
                "action": row.text(5),
                "version": row.int4(6),
                "actor": row.uuid(7).map(|id| id.to_string()),
                "channel": row.text(8),
                "changes": masked(&caller.access, (object, id), row, 9, &mut given),
            }));
            Ok(())
        })?;
        given.note(conn, caller)?;
        let gap = gap(conn, place)?;
        let answer = json!({ "data": data, "next_cursor": encode(&last)?, "gap": gap });
        serde_json::to_vec(&answer).map_err(|e| Error::Internal(e.to_string()))
    }
}

fn wanted(caller: &Caller, asked: &[String]) -> Result<Vec<Arc<ObjectMeta>>> {
    let may = |o: &Arc<ObjectMeta>| caller.access.may(&o.name, Action::Read);
    if asked.is_empty() {
        return Ok(caller.catalog.objects().filter(|o| may(o)).cloned().collect());
    }
    asked
        .iter()
        .map(|name| {
            let object = caller.catalog.get(name).or_else(|| caller.catalog.by_plural(name)).filter(|o| may(o));
            object.cloned().ok_or_else(|| Error::refused(Code::UnknownField, &[name]))
        })
        .collect()
}

/// The oldest transaction that is still running.
fn frontier(conn: &mut PgConnection) -> Result<i64> {
    let mut out = 0;
    Sql::new("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").rows(conn, |row| {
        out = row.int8(0).unwrap_or_default();
        Ok(())
    })?;
    Ok(out)
}

/// Is the cursor from another history: a restored database, whose transaction ids have not come so far?
fn gap(conn: &mut PgConnection, place: Place) -> Result<bool> {
    let mut out = false;
    let mut sql = Sql::new("SELECT ");
    sql.text(place.0.to_string()).push("::xid8 >= pg_snapshot_xmax(pg_current_snapshot())");
    sql.rows(conn, |row| {
        out = row.bool(0).unwrap_or_default();
        Ok(())
    })?;
    Ok(out)
}
