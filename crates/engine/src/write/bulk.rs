//! Whole lives of many records at once, for demonstration and measurement: each is held against the same rules
//! and leaves the same history as if people had entered it, at the times that it names.

use super::{draft, store};
use crate::sql::{Bind, Sql};
use crate::vault::fields;
use crate::{Caller, Engine, Error, Result};
use chrono::{DateTime, Utc};
use diesel::{Connection, PgConnection};
use kezhan_meta::check::instant;
use kezhan_meta::{ObjectMeta, Record, Storage, check_record, normalise_value};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Rows of one statement: few round trips, and bound values of a few megabytes at most.
const ROWS: usize = 2000;

/// A record as someone left it.
#[derive(Clone, Debug)]
pub struct State {
    pub at: DateTime<Utc>,
    pub by: Option<Uuid>,
    pub record: Record,
}

/// A record's life up to now: as it was created, then as each edit left it.
#[derive(Clone, Debug)]
pub struct Life {
    pub id: Uuid,
    pub states: Vec<State>,
    /// What the record merely mirrors from others, such as the last follow-up: values without a history.
    pub mirrored: Record,
}

struct Entry {
    at: DateTime<Utc>,
    row: Value,
}

impl Engine {
    /// Puts records of some objects into a tenant, in this order. Hooks are not asked to complete them: what hooks
    /// would derive, the records bring along. For the system only.
    pub fn load(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        lives: Vec<(Arc<ObjectMeta>, Vec<Life>)>,
    ) -> Result<()> {
        if !caller.access.is_unrestricted() {
            return Err(Error::Internal("only the system loads whole lives".into()));
        }
        conn.transaction(|conn| {
            let mut entries = Vec::new();
            for (object, lives) in lives {
                let columns = columns(&object);
                for chunk in lives.chunks(ROWS) {
                    let mut rows = Vec::with_capacity(chunk.len());
                    for life in chunk {
                        rows.push(self.row(conn, caller, &object, life, &mut entries)?);
                    }
                    insert(conn, &object.table, &columns, rows)?;
                    super::host::fill(conn, caller, &object, chunk.iter().map(|life| life.id).collect())?;
                }
            }
            // The feed tells things in the order in which they happened.
            entries.sort_by_key(|entry| entry.at);
            let columns: Vec<String> =
                ["tenant_id", "at", "object", "record_id", "action", "version", "actor_id", "channel", "changes"]
                    .map(str::to_owned)
                    .into();
            let mut rows = entries.into_iter().map(|entry| entry.row).peekable();
            while rows.peek().is_some() {
                insert(conn, "changes", &columns, rows.by_ref().take(ROWS).collect())?;
            }
            Ok(())
        })
    }

    /// The finished row of a table, and the history that led to it.
    fn row(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        life: &Life,
        entries: &mut Vec<Entry>,
    ) -> Result<Value> {
        let mut before: Option<Record> = None;
        for (n, state) in life.states.iter().enumerate() {
            let after = self.settled(caller, object, &state.record)?;
            let changes = draft::diff(object, before.as_ref(), &after);
            let row = json!({
                "tenant_id": caller.tenant,
                "at": instant(state.at),
                "object": object.name,
                "record_id": life.id,
                "action": if n == 0 { "create" } else { "update" },
                "version": n + 1,
                "actor_id": state.by,
                "channel": caller.channel.key(),
                "changes": changes,
            });
            entries.push(Entry { at: state.at, row });
            before = Some(after);
        }
        let (Some(mut record), Some(first), Some(last)) = (before, life.states.first(), life.states.last()) else {
            return Err(Error::Internal(format!("a life of {} without a state", object.name)));
        };
        record.extend(life.mirrored.clone());
        if object.fields.iter().any(|f| f.sealed) {
            record = fields::stored(conn, caller, object, life.id, &record)?.into_owned();
        }
        let mut row = row_of(object, &mut record);
        row.insert("tenant_id".into(), json!(caller.tenant));
        row.insert("id".into(), json!(life.id));
        row.insert("version".into(), json!(life.states.len()));
        row.insert("created_at".into(), json!(instant(first.at)));
        row.insert("created_by_id".into(), json!(first.by));
        row.insert("updated_at".into(), json!(instant(last.at)));
        row.insert("updated_by_id".into(), json!(last.by));
        Ok(Value::Object(row))
    }

    /// Canonical, complete and sound, or an error that says where it is not.
    fn settled(&self, caller: &Caller, object: &Arc<ObjectMeta>, record: &Record) -> Result<Record> {
        let mut out = Record::new();
        for (key, value) in record {
            let field = object.field(key).ok_or_else(|| Error::Internal(format!("{} has no {key}", object.name)))?;
            let value = normalise_value(field, value).map_err(|fault| Error::Invalid(vec![fault]))?;
            out.insert(key.clone(), value);
        }
        draft::defaults(caller, object, &mut out);
        draft::companions(object, &mut out);
        let mut faults = check_record(object, &out);
        for hook in self.hooks_of(&object.name) {
            faults.extend(hook.check(object, &out));
        }
        if faults.is_empty() { Ok(out) } else { Err(Error::Invalid(faults)) }
    }
}

/// A record's columns and what search finds it by; takes the values out of the record.
pub(super) fn row_of(object: &ObjectMeta, record: &mut Record) -> Map<String, Value> {
    let mut row = Map::new();
    let keys = draft::search_keys(object, record);
    row.insert("search_text".into(), json!(keys.text));
    row.insert("search_pairs".into(), json!(keys.pairs));
    row.insert("custom".into(), Value::Object(store::custom_of(object, record)));
    row.insert("object".into(), json!(object.name));
    for field in object.fields.iter() {
        if let (Storage::Column(column), Some(value)) = (&field.storage, record.remove(field.key.as_ref())) {
            row.insert(column.to_string(), value);
        }
    }
    row
}

pub(super) fn columns(object: &ObjectMeta) -> Vec<String> {
    let living = |name: &String| !matches!(name.as_str(), "deleted_at" | "deleted_by_id");
    crate::ddl::columns(object).into_iter().map(|c| c.name).filter(living).collect()
}

pub(super) fn insert(conn: &mut PgConnection, table: &str, columns: &[String], rows: Vec<Value>) -> Result<()> {
    let mut names = Sql::default();
    for (n, column) in columns.iter().enumerate() {
        names.push(if n > 0 { ", " } else { "" }).ident(column);
    }
    let mut sql = Sql::new("INSERT INTO ");
    sql.ident(table).push(" (").append(names.clone()).push(") SELECT ").append(names);
    sql.push(" FROM jsonb_populate_recordset(NULL::").ident(table).push(", ");
    sql.bind(Bind::Json(Some(Value::Array(rows)))).push(")");
    sql.execute(conn)?;
    Ok(())
}
