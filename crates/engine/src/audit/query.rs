//! Reading the trail: changes and events as one, newest first.
//!
//! For those who keep users and rights. It names everything that happened, but shows of a record no more than the reader
//! may see of it anyway: of one out of reach neither its name nor its values.

use super::given::RECORDS;
use super::retain::belongs;
use super::{Category, SEEN_AS};
use crate::sql::filter::like_escape;
use crate::sql::row::RawRow;
use crate::sql::{Bind, Sql};
use crate::{Action, Caller, Engine, Error, Result};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::resolve::Readable;
use kezhan_meta::{Filter as Condition, ObjectMeta, Record};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use uuid::Uuid;

/// Longest text that is looked for.
const TEXT_MAX: usize = 100;
/// Most records of one object that a text stands for.
const RECORDS_FOUND: usize = 200;

/// What is looked for; everything where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub actor: Option<Uuid>,
    pub object: Option<String>,
    pub record: Option<Uuid>,
    pub category: Option<Category>,
    pub action: Option<String>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    /// In addresses, clients, request numbers, who did it, and by what the record it was done to is found.
    pub q: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub id: i64,
    pub at: String,
    pub category: &'static str,
    pub action: String,
    pub actor: Option<Value>,
    /// With whose eyes the actor looked.
    #[serde(rename = "as")]
    pub seen_as: Option<Value>,
    pub object: Option<String>,
    /// The record, with its title where the reader may see it.
    pub record: Option<Value>,
    pub channel: String,
    pub ip: Option<String>,
    /// The session, API key or job.
    pub via: Option<Uuid>,
    pub agent: Option<String>,
    pub request_id: String,
    /// Of a change: field → `{from, to}`, as far as the reader may see it.
    pub changes: Map<String, Value>,
    pub detail: Value,
    /// There is more to it than the reader may see.
    pub withheld: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Page {
    pub entries: Vec<Entry>,
    pub next: Option<i64>,
}

const COLUMNS: &str =
    "e.seq, e.at, e.action, e.object, e.record_id, e.actor_id, e.channel, e.request_id, e.ip, e.via, ";

/// May this caller read the trail?
pub fn allowed(caller: &Caller) -> Result<()> {
    match caller.access.may("user", Action::Configure) {
        true => Ok(()),
        false => Err(Error::refused(Code::Forbidden, &["audit"])),
    }
}

impl Engine {
    /// A page of the trail, from the newest on, or from before `cursor`.
    pub fn audit(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        filter: &Filter,
        cursor: Option<i64>,
        limit: usize,
    ) -> Result<Page> {
        allowed(caller)?;
        if let Some(record) = filter.record
            && !self.known(conn, caller, filter.object.as_deref(), record)?
        {
            return Ok(Page::default());
        }
        // Only what every reader of the trail sees, and what this one may see of records: values would be told to those
        // who may not see them.
        let q: Option<String> = filter.q.as_deref().map(|q| q.trim().chars().take(TEXT_MAX).collect());
        let found = match q.filter(|q| !q.is_empty()) {
            None => None,
            Some(q) => {
                let named = |o: &&Arc<ObjectMeta>| filter.object.as_ref().is_none_or(|name| o.name == *name);
                let objects = caller.catalog.objects().filter(named).map(|o| &**o);
                let records = crate::search::ids(conn, caller, objects, &q, RECORDS_FOUND)?;
                Some(Found { text: q, records })
            }
        };
        let mut sql = Sql::new("SELECT t.*, u.name::text, u.username::text, v.name::text, v.username::text FROM (");
        let mut first = true;
        for (table, rest) in [
            ("changes", "NULL::text AS agent, e.changes, NULL::jsonb AS detail"),
            ("audit_events", "e.agent, NULL, e.detail"),
        ] {
            let Some(part) = part(caller, filter, found.as_ref(), cursor, limit, table, rest) else { continue };
            sql.push(if first { "(" } else { " UNION ALL (" }).append(part).push(")");
            first = false;
        }
        if first {
            return Ok(Page::default());
        }
        sql.push(") t LEFT JOIN users u ON u.tenant_id = ")
            .uuid(caller.tenant)
            .push(" AND u.id = t.actor_id LEFT JOIN users v ON v.tenant_id = ")
            .uuid(caller.tenant)
            .push(&format!(" AND v.id = (t.detail->>'{SEEN_AS}')::uuid ORDER BY t.seq DESC"));
        sql.limit(limit + 1);
        let mut page = Page::default();
        sql.rows(conn, |row| {
            match page.entries.last() {
                Some(last) if page.entries.len() == limit => page.next = Some(last.id),
                _ => page.entries.push(entry(row)),
            }
            Ok(())
        })?;
        self.clothe(conn, caller, &mut page.entries)?;
        Ok(page)
    }

    /// Is this a record that the reader may see?
    fn known(&self, conn: &mut PgConnection, caller: &Caller, object: Option<&str>, id: Uuid) -> Result<bool> {
        let objects = caller.catalog.objects().filter(|o| object.is_none_or(|name| o.name == name));
        for object in objects {
            if !self.titles(conn, caller, object, &[id])?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts names to records, and takes away what the reader may not see.
    fn clothe(&self, conn: &mut PgConnection, caller: &Caller, entries: &mut [Entry]) -> Result<()> {
        let mut ids: BTreeMap<String, BTreeSet<Uuid>> = BTreeMap::new();
        for entry in entries.iter() {
            let Some(object) = &entry.object else { continue };
            ids.entry(object.clone()).or_default().extend(entry.record.as_ref().and_then(id_of));
            let named = entry.detail.get(RECORDS).and_then(Value::as_array).into_iter().flatten();
            ids.entry(object.clone()).or_default().extend(named.filter_map(parsed));
        }
        let mut titles: HashMap<Uuid, Value> = HashMap::new();
        for (name, ids) in ids {
            let Some(object) = caller.catalog.get(&name) else { continue };
            for some in ids.into_iter().collect::<Vec<_>>().chunks(LIMIT_MAX as usize) {
                titles.extend(self.titles(conn, caller, object, some)?);
            }
        }
        for entry in entries {
            if let Some(Value::Array(named)) = entry.detail.get_mut(RECORDS) {
                let all = named.len();
                named.retain(|id| parsed(id).is_some_and(|id| titles.contains_key(&id)));
                entry.withheld = named.len() < all;
            }
            let Some(id) = entry.record.as_ref().and_then(id_of) else { continue };
            let object = entry.object.as_deref().and_then(|name| caller.catalog.get(name));
            match (titles.get(&id), object) {
                (Some(title), Some(object)) => {
                    entry.record = Some(json!({ "id": id, "title": title }));
                    let all = entry.changes.len();
                    entry.changes.retain(|key, _| readable(caller, object, key));
                    entry.withheld = entry.changes.len() < all;
                }
                _ => {
                    entry.record = None;
                    entry.changes = Map::new();
                    entry.detail = Value::Null;
                    entry.withheld = true;
                }
            }
        }
        Ok(())
    }

    /// Id → title of those of these records that the reader may see, in the bin or not.
    fn titles(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Value>> {
        let mut out = HashMap::new();
        if !caller.access.may(&object.name, Action::Read) {
            return Ok(out);
        }
        let title =
            object.field(&object.title).filter(|f| caller.access.readable(object, f)).map(|f| f.key.to_string());
        let condition: Condition = serde_json::from_value(json!({ "field": "id", "op": "in", "value": ids }))
            .map_err(|e| Error::Internal(e.to_string()))?;
        for deleted in [false, true] {
            let query = ListQuery {
                filter: Some(condition.clone()),
                fields: Some(std::iter::once("id".to_owned()).chain(title.clone()).collect()),
                limit: Some(LIMIT_MAX),
                deleted,
                ..ListQuery::default()
            };
            let (records, _) = self.records(conn, caller, object, &query)?;
            let named = |record: Record| {
                let id = record.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok())?;
                let text = title.as_ref().and_then(|t| record.get(t.as_str())).cloned().unwrap_or_default();
                Some((id, text))
            };
            out.extend(records.into_iter().filter_map(named));
        }
        Ok(out)
    }
}

fn id_of(record: &Value) -> Option<Uuid> {
    record.get("id").and_then(parsed)
}

fn parsed(id: &Value) -> Option<Uuid> {
    id.as_str().and_then(|id| Uuid::parse_str(id).ok())
}

fn readable(caller: &Caller, object: &ObjectMeta, key: &str) -> bool {
    object.field(key).is_some_and(|f| caller.access.readable(object, f))
}

/// A text that is looked for.
struct Found {
    text: String,
    /// What search finds by it.
    records: Vec<Uuid>,
}

/// What of one table is looked for; nothing where none of it can be.
fn part(
    caller: &Caller,
    filter: &Filter,
    found: Option<&Found>,
    cursor: Option<i64>,
    limit: usize,
    table: &str,
    rest: &str,
) -> Option<Sql> {
    let mut sql = Sql::new("SELECT ");
    sql.push(COLUMNS).push(rest).push(" FROM ").push(table).push(" e WHERE e.tenant_id = ").uuid(caller.tenant);
    if let Some(cursor) = cursor {
        sql.push(" AND e.seq < ").int(cursor);
    }
    if let Some(actor) = filter.actor {
        sql.push(" AND e.actor_id = ").uuid(actor);
    }
    if let Some(object) = &filter.object {
        sql.push(" AND e.object = ").text(object.clone());
    }
    if let Some(record) = filter.record {
        sql.push(" AND (e.record_id = ").uuid(record);
        if table == "audit_events" {
            // Among those of an answer of many.
            sql.push(&format!(" OR e.record_id IS NULL AND jsonb_exists(e.detail->'{RECORDS}', "));
            sql.text(record.to_string()).push(")");
        }
        sql.push(")");
    }
    if let Some(action) = &filter.action {
        sql.push(" AND e.action = ").text(action.clone());
    }
    if let Some(from) = filter.from {
        sql.push(" AND e.at >= ").bind(Bind::Time(Some(from)));
    }
    if let Some(to) = filter.to {
        sql.push(" AND e.at < ").bind(Bind::Time(Some(to)));
    }
    if let Some(category) = filter.category {
        sql.push(" AND ");
        if !belongs(&mut sql, table, category) {
            return None;
        }
    }
    if let Some(found) = found {
        let pattern = format!("%{}%", like_escape(&found.text));
        let columns: &[&str] =
            if table == "changes" { &["e.ip", "e.request_id"] } else { &["e.ip", "e.request_id", "e.agent"] };
        sql.push(" AND (");
        for column in columns {
            sql.push(column).push(" ILIKE ").text(pattern.clone()).push(" OR ");
        }
        sql.push("e.actor_id IN (SELECT u.id FROM users u WHERE u.tenant_id = ").uuid(caller.tenant);
        sql.push(" AND (u.name ILIKE ").text(pattern.clone()).push(" OR u.username ILIKE ").text(pattern).push("))");
        if !found.records.is_empty() {
            sql.push(" OR e.record_id = ANY(").bind(Bind::Uuids(Some(found.records.clone()))).push(")");
        }
        sql.push(")");
    }
    sql.push(" ORDER BY e.seq DESC").limit(limit + 1);
    Some(sql)
}

fn entry(row: &RawRow) -> Entry {
    let text = |at| row.text(at).map(str::to_owned);
    let map = |at| row.json(at).and_then(|j| serde_json::from_slice::<Map<String, Value>>(j).ok()).unwrap_or_default();
    let (action, object) = (text(2).unwrap_or_default(), text(3));
    // Only events have a detail.
    let category = match (row.is_null(12), &object) {
        (true, Some(object)) => Category::of_object(object),
        _ => Category::of_event(&action),
    };
    let person = |id: Option<Uuid>, name: usize| {
        id.map(|id| json!({ "id": id, "name": row.text(name), "username": row.text(name + 1) }))
    };
    let mut detail = map(12);
    let seen_as = detail.remove(SEEN_AS).and_then(|id| id.as_str().and_then(|id| id.parse().ok()));
    Entry {
        id: row.int8(0).unwrap_or_default(),
        at: row.time(1).map(instant).unwrap_or_default(),
        category: category.key(),
        actor: person(row.uuid(5), 13),
        seen_as: person(seen_as, 15),
        record: row.uuid(4).map(|id| json!({ "id": id })),
        channel: text(6).unwrap_or_default(),
        request_id: text(7).unwrap_or_default(),
        ip: text(8),
        via: row.uuid(9),
        agent: text(10),
        changes: map(11),
        detail: Value::Object(detail),
        withheld: false,
        action,
        object,
    }
}
