use super::{body, decode, encode, entry, page_size};
use crate::audit::Given;
use crate::read::ReadOptions;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Bind, Sql, column};
use crate::{Action, Caller, Engine, Error, Result};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use kezhan_meta::check::instant;
use kezhan_meta::query::ListQuery;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{Filter, ObjectMeta, Op, Record};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Where a page ended: the moment, and the entry's own id, which is ordered bytewise here and in SQL.
type Place = (DateTime<Utc>, String);

/// An entry before its record is read.
struct Entry {
    at: DateTime<Utc>,
    key: String,
    json: Value,
    /// A record that refers here: object and id, read in full afterwards.
    refers: Option<(Arc<ObjectMeta>, Uuid)>,
}

impl Engine {
    /// Everything that happened to a record: its own changes and what refers to it (follow-ups, tasks,
    /// contacts, opportunities …), newest first, each only as far as the caller may see it.
    pub fn timeline(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        id: Uuid,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Vec<u8>> {
        let options = ReadOptions { fields: Some(vec!["id".into()]), deleted: true, ..ReadOptions::default() };
        self.read(conn, caller, object, id, &options)?.ok_or_else(Error::not_found)?;
        let limit = page_size(limit, 100)?;
        let place = cursor.map(decode::<Place>).transpose()?;
        let mut given = Given::default();
        let mut entries = own_changes(conn, caller, object, id, limit, place.as_ref(), &mut given)?;
        entries.extend(referring(conn, caller, object, id, limit, place.as_ref())?);
        entries.sort_by(|a, b| (b.at, &b.key).cmp(&(a.at, &a.key)));
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = match entries.last().filter(|_| more) {
            Some(last) => Some(encode(&(last.at, &last.key))?),
            None => None,
        };
        let records = self.referred(conn, caller, &entries, &mut given)?;
        let mut data = Vec::with_capacity(entries.len());
        for mut entry in entries {
            if let (Some((_, id)), Value::Object(json)) = (&entry.refers, &mut entry.json) {
                match records.get(id) {
                    Some(record) => drop(json.insert("record".into(), Value::Object(record.clone()))),
                    None => continue,
                }
            }
            data.push(entry.json);
        }
        given.note(conn, caller)?;
        body(data, next)
    }

    /// The records that entries show, one query per object.
    fn referred(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        entries: &[Entry],
        given: &mut Given,
    ) -> Result<HashMap<Uuid, Record>> {
        let mut by_object: HashMap<&str, (&Arc<ObjectMeta>, Vec<String>)> = HashMap::new();
        for (object, id) in entries.iter().filter_map(|e| e.refers.as_ref()) {
            by_object.entry(&object.name).or_insert((object, Vec::new())).1.push(id.to_string());
        }
        let mut out = HashMap::new();
        for (object, ids) in by_object.into_values() {
            let query = ListQuery {
                limit: Some(ids.len() as u32),
                filter: Some(Filter::field("id", Op::In, json!(ids))),
                ..ListQuery::default()
            };
            for record in self.records_given(conn, caller, object, &query, given)?.0 {
                if let Some(id) = record.get("id").and_then(column::uuid) {
                    out.insert(id, record);
                }
            }
        }
        Ok(out)
    }
}

fn before(sql: &mut Sql, at: &Sql, key: &str, place: Option<&Place>) {
    if let Some((when, id)) = place {
        sql.push(" AND (").append(at.clone()).push(&format!(", {key}) < ("));
        sql.bind(Bind::Time(Some(*when))).push(", ").text(id.clone()).push(")");
    }
}

fn own_changes(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    limit: usize,
    place: Option<&Place>,
    given: &mut Given,
) -> Result<Vec<Entry>> {
    let mut sql = entry::select(caller, object, id);
    // Padded, so that the order of the texts is that of the numbers.
    before(&mut sql, &Sql::new("c.at"), "lpad(c.seq::text, 20, '0') COLLATE \"C\"", place);
    sql.push(" ORDER BY c.at DESC, c.seq DESC").limit(limit + 1);
    let mut out = Vec::new();
    sql.rows(conn, |row| {
        let mut json = entry::json(caller, (object, id), row, given);
        json.insert("kind".into(), json!("change"));
        let key = format!("{:020}", row.int8(entry::SEQ).unwrap_or_default());
        let at = row.time(entry::AT).unwrap_or_default();
        out.push(Entry { at, key, json: Value::Object(json), refers: None });
        Ok(())
    })?;
    Ok(out)
}

/// When a record belongs into the timeline: a follow-up to the moment it took place, not to when it was typed in.
fn moment(source: &ObjectMeta) -> Sql {
    let Some(field) = source.moment.as_ref().and_then(|key| source.field(key)) else {
        return Sql::new("t.created_at");
    };
    let mut sql = Sql::new("COALESCE(");
    column::expression(&mut sql, "t", field);
    sql.push(", t.created_at)");
    sql
}

fn referring(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    limit: usize,
    place: Option<&Place>,
) -> Result<Vec<Entry>> {
    let guard = Guard::of(caller);
    let mut aliases = Aliases::default();
    let mut sources: Vec<Arc<ObjectMeta>> = Vec::new();
    let mut sql = Sql::default();
    for related in caller.catalog.related(&object.name).iter().filter(|r| r.timeline) {
        let Some(source) = caller.catalog.get(&related.object) else { continue };
        let Some(field) = source.field(&related.field) else { continue };
        // That it refers here is the value of a field.
        if !caller.access.may(&source.name, Action::Read) || !caller.access.readable(source, field) {
            continue;
        }
        if !sources.is_empty() {
            sql.push(" UNION ALL ");
        }
        let at = moment(source);
        sql.push(&format!("(SELECT {}::int, t.id, ", sources.len())).append(at.clone());
        sql.push(" AS at, t.id::text COLLATE \"C\" AS key, t.created_by_id, u.name FROM ");
        column::from(&mut sql, source, "t");
        sql.push(" LEFT JOIN users u ON u.tenant_id = t.tenant_id AND u.id = t.created_by_id WHERE ");
        column::expression(&mut sql, "t", field);
        sql.push(" = ").uuid(id).push(" AND ");
        guard.rows(&mut sql, source, "t", Action::Read, Life::Living, &mut aliases);
        before(&mut sql, &at, "t.id::text COLLATE \"C\"", place);
        sql.push(" ORDER BY at DESC, key DESC").limit(limit + 1).push(")");
        sources.push(source.clone());
    }
    let mut out = Vec::new();
    if sources.is_empty() {
        return Ok(out);
    }
    sql.rows(conn, |row| {
        let (Some(source), Some(id)) = (row.int4(0).and_then(|i| sources.get(i as usize)), row.uuid(1)) else {
            return Ok(());
        };
        let at = row.time(2).unwrap_or_default();
        let json = json!({
            "kind": "record",
            "at": instant(at),
            "object": source.name,
            "id": id.to_string(),
            "actor": row.uuid(4).map(|actor| json!({ "id": actor.to_string(), "name": row.text(5) })),
        });
        let key = row.text(3).unwrap_or_default().to_owned();
        out.push(Entry { at, key, json, refers: Some((source.clone(), id)) });
        Ok(())
    })?;
    Ok(out)
}
