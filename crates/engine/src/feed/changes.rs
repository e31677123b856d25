use super::{body, decode, encode, masked, page_size};
use crate::audit::Given;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Channel, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, ObjectMeta, Scope};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone, Debug, Default)]
pub struct ChangesQuery {
    /// The cursor of the last answer; without one, the feed begins now.
    pub since: Option<String>,
    /// Object names; empty for all, unless `lists` or `records` say which.
    pub objects: Vec<String>,
    /// Besides, objects without what imports write: for screens, to which a hundred thousand new records are no news.
    pub lists: Vec<String>,
    /// Besides, whatever happens to these records, `account/<id>`, and to what refers to them.
    pub records: Vec<String>,
    pub limit: Option<u32>,
}

/// A place in the feed. Transactions end in another order than they begin, so entries are ordered by
/// transaction and only handed out once every older transaction has ended: nothing can slip in behind.
type Place = (i64, i64);

/// Records that one reader may follow: some tabs' worth.
const FOLLOWED_MAX: usize = 50;

impl Engine {
    /// `{"data":[…],"next_cursor":…,"gap":bool}` in order. History is kept for good, so the feed reaches back
    /// without end; `gap` tells that the cursor belongs to a database since replaced by a backup.
    pub fn changes(&self, conn: &mut PgConnection, caller: &Caller, query: &ChangesQuery) -> Result<Vec<u8>> {
        let limit = page_size(query.limit, 500)?;
        let followed = followed(caller, &query.records)?;
        let lists = if query.lists.is_empty() { Vec::new() } else { wanted(caller, &query.lists)? };
        let objects = match query.objects.is_empty() && !(followed.is_empty() && lists.is_empty()) {
            true => Vec::new(),
            false => wanted(caller, &query.objects)?,
        };
        let place: Option<Place> = query.since.as_deref().map(decode).transpose()?;
        // Looked up first: what the next statement sees has come at least so far.
        let (frontier, gap) = frontier(conn, place)?;
        let Some(place) = place else {
            return body(Vec::new(), Some(encode(&frontier)?));
        };
        let guard = Guard::of(caller);
        let mut aliases = Aliases::default();
        let mut sql =
            Sql::new("SELECT c.txid::text::bigint, c.seq, c.at, c.object, c.record_id, c.action, c.version, ");
        sql.push("c.actor_id, c.channel, c.changes FROM changes c WHERE c.tenant_id = ").uuid(caller.tenant);
        sql.push(" AND (c.txid, c.seq) > (").text(place.0.to_string()).push("::xid8, ").int(place.1).push(")");
        sql.push(" AND c.txid < pg_snapshot_xmin(pg_current_snapshot()) AND (false");
        let around = around(caller, &followed);
        let whole = objects.iter().map(|object| (object, None, None));
        let listed = lists.iter().map(|object| (object, Some(Channel::Import), None));
        let narrowed = around.iter().map(|(object, ties)| (object, None, Some(ties)));
        for (object, but, ties) in whole.chain(listed).chain(narrowed) {
            sql.push(" OR (c.object = ").text(object.name.to_string());
            if let Some(channel) = but {
                sql.push(" AND c.channel <> ").text(channel.key());
            }
            // A record that is gone for good or out of reach is no business of the caller's.
            sql.push(" AND EXISTS (SELECT 1 FROM ");
            let r = aliases.fresh();
            column::from(&mut sql, object, &r);
            sql.push(" WHERE ").column(&r, "id").push(" = c.record_id AND ");
            if let Some(ties) = ties {
                sql.push("(false");
                for tie in ties {
                    sql.push(" OR ");
                    tie.condition(&mut sql, &r);
                }
                sql.push(") AND ");
            }
            guard.rows(&mut sql, object, &r, Action::Read, Life::Any, &mut aliases);
            sql.push("))");
        }
        sql.push(") ORDER BY c.txid, c.seq").limit(limit);
        let mut data: Vec<Value> = Vec::new();
        let mut last = place;
        let mut found = 0;
        let mut given = Given::default();
        sql.rows(conn, |row| {
            last = (row.int8(0).unwrap_or_default(), row.int8(1).unwrap_or_default());
            found += 1;
            let name = row.text(3).unwrap_or_default();
            let mut told = objects.iter().chain(&lists).chain(around.iter().map(|a| &a.0));
            let Some(object) = told.find(|o| o.name == name) else { return Ok(()) };
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
        // Nobody walks once more over what was nothing to them.
        if found < limit {
            last = last.max(frontier);
        }
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

/// An object, and which of its records.
type Around = (Arc<ObjectMeta>, Vec<Tie>);

/// By what a record has to do with one that is followed.
enum Tie {
    Itself(Uuid),
    Field(Box<FieldMeta>, Uuid),
    /// The fields that name an object and a record of it.
    Named(Box<[FieldMeta; 2]>, Arc<ObjectMeta>, Uuid),
}

impl Tie {
    fn condition(&self, sql: &mut Sql, r: &str) {
        match self {
            Tie::Itself(id) => drop(sql.column(r, "id").push(" = ").uuid(*id)),
            Tie::Field(field, id) => {
                column::expression(sql, r, field);
                sql.push(" = ").uuid(*id);
            }
            Tie::Named(fields, named, id) => {
                let [object, record] = &**fields;
                column::expression(sql, r, object);
                sql.push(" = ").text(named.name.to_string()).push(" AND ");
                column::expression(sql, r, record);
                sql.push(" = ").text(id.to_string());
            }
        }
    }
}

/// The records that are followed, as far as their objects may be read at all.
fn followed(caller: &Caller, asked: &[String]) -> Result<Vec<(Arc<ObjectMeta>, Uuid)>> {
    if asked.len() > FOLLOWED_MAX {
        return Err(Error::refused(Code::BadValue, &["records", &format!("≤ {FOLLOWED_MAX}")]));
    }
    asked
        .iter()
        .map(|one| {
            let bad = || Error::refused(Code::BadValue, &["records", one]);
            let (name, id) = one.split_once('/').ok_or_else(bad)?;
            let object = wanted(caller, &[name.to_owned()])?.pop().ok_or_else(bad)?;
            Ok((object, id.parse().map_err(|_| bad())?))
        })
        .collect()
}

/// What happens around records: to themselves, and to what fields that the caller may read tie to them.
fn around(caller: &Caller, followed: &[(Arc<ObjectMeta>, Uuid)]) -> Vec<Around> {
    let mut all: Vec<Around> = Vec::new();
    let mut add = |object: &Arc<ObjectMeta>, tie: Tie| match all.iter_mut().find(|(o, _)| o.name == object.name) {
        Some((_, ties)) => ties.push(tie),
        None => all.push((object.clone(), vec![tie])),
    };
    let may = |object: &ObjectMeta| caller.access.may(&object.name, Action::Read);
    let told = |object: &ObjectMeta, key: &str| {
        object.field(key).filter(|field| caller.access.readable(object, field)).cloned()
    };
    for (object, id) in followed {
        add(object, Tie::Itself(*id));
        for related in caller.catalog.related(&object.name) {
            let Some(source) = caller.catalog.get(&related.object).filter(|o| may(o)) else { continue };
            if let Some(field) = told(source, &related.field).filter(|field| field.kind.is_reference()) {
                add(source, Tie::Field(Box::new(field), *id));
            }
        }
        for source in caller.catalog.objects().filter(|o| may(o)) {
            let Scope::Polymorphic { object: name, record } = &source.scope else { continue };
            if let (Some(name), Some(record)) = (told(source, name), told(source, record)) {
                add(source, Tie::Named(Box::new([name, record]), object.clone(), *id));
            }
        }
    }
    all
}

/// How far the feed can be read: before the oldest transaction that is still running. And is the cursor from another
/// history: a restored database, whose transaction ids have not come so far?
fn frontier(conn: &mut PgConnection, place: Option<Place>) -> Result<(Place, bool)> {
    let mut out = ((0, 0), false);
    let mut sql = Sql::new("SELECT pg_snapshot_xmin(now.at)::text::bigint, ");
    sql.text(place.map_or(0, |place| place.0).to_string()).push("::xid8 >= pg_snapshot_xmax(now.at) ");
    sql.push("FROM (SELECT pg_current_snapshot() AS at) now");
    sql.rows(conn, |row| {
        out = ((row.int8(0).unwrap_or_default() - 1, i64::MAX), row.bool(1).unwrap_or_default());
        Ok(())
    })?;
    Ok(out)
}
