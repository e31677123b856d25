//! Merges as they are kept: which record became which, and what was done.

use super::{Done, Order};
use crate::sql::{Bind, Sql};
use crate::{Caller, Error, Result};
use diesel::PgConnection;
use kezhan_meta::ObjectMeta;
use uuid::Uuid;

/// Records that became others that became others.
const STEPS: usize = 16;

pub fn keep(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, order: &Order, done: &Done) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let done = serde_json::to_value(done).map_err(|e| Error::Internal(e.to_string()))?;
    let mut sql =
        Sql::new("INSERT INTO merges (tenant_id, id, object, survivor_id, loser_ids, done, created_by_id) VALUES (");
    sql.uuid(caller.tenant).push(", ").uuid(id).push(", ").text(object.name.to_string()).push(", ");
    sql.uuid(order.survivor).push(", ").bind(Bind::Uuids(Some(order.losers.clone()))).push(", ");
    sql.bind(Bind::Json(Some(done))).push(", ").bind(Bind::Uuid(caller.user)).push(")");
    sql.execute(conn)?;
    Ok(id)
}

/// What a merge did, which from now on counts as undone.
pub fn take(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    survivor: Uuid,
    merge: Uuid,
) -> Result<(Vec<Uuid>, Done)> {
    let mut sql = Sql::new("UPDATE merges SET undone_at = now() WHERE tenant_id = ");
    sql.uuid(caller.tenant).push(" AND id = ").uuid(merge).push(" AND survivor_id = ").uuid(survivor);
    sql.push(" AND object = ").text(object.name.to_string());
    sql.push(" AND undone_at IS NULL RETURNING array_to_string(loser_ids, ','), done::text");
    let mut found = None;
    sql.rows(conn, |row| {
        let losers = row.text(0).unwrap_or_default().split(',').filter_map(|id| id.parse().ok()).collect();
        let done = serde_json::from_str(row.text(1).unwrap_or_default()).map_err(|e| Error::Internal(e.to_string()))?;
        found = Some((losers, done));
        Ok(())
    })?;
    found.ok_or_else(|| Error::invalid("merge", kezhan_meta::problem::Code::NoSuchRecord))
}

/// The living record that this one became, however many merges later. Whether the caller may see it is not asked here.
pub fn survivor_of(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, id: Uuid) -> Result<Option<Uuid>> {
    let mut at = None;
    for _ in 0..STEPS {
        let mut sql = Sql::new("SELECT survivor_id FROM merges WHERE tenant_id = ");
        sql.uuid(caller.tenant).push(" AND loser_ids @> ").bind(Bind::Uuids(Some(vec![at.unwrap_or(id)])));
        sql.push(" AND object = ").text(object.name.to_string());
        sql.push(" AND undone_at IS NULL ORDER BY id DESC FETCH FIRST 1 ROW ONLY");
        let mut next = None;
        sql.rows(conn, |row| {
            next = row.uuid(0);
            Ok(())
        })?;
        match next {
            Some(next) => at = Some(next),
            None => break,
        }
    }
    Ok(at)
}
