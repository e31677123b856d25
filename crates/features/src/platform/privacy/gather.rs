//! All that is kept about a person, in one structured and machine-readable document (PIPL art. 45, GDPR art. 15 and 20).
//! Written page by page, to its end: however much it is, little of it is in memory.

use diesel::PgConnection;
use kezhan_engine::sql::Sql;
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_meta::check::instant;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::{Filter, ObjectMeta, Op};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Entries of history that are read at once.
const PAGE: usize = 500;

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

/// Most bytes of a document that an answer holds; what is longer is sent while it is being made.
const INLINE: usize = 4 << 20;

/// The document, or none where it is too long for an answer.
pub fn gather(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    id: Uuid,
) -> Result<Option<Value>> {
    let mut short = Short { bytes: Vec::new(), over: false };
    match write(engine, conn, caller, object, id, &mut short) {
        Err(_) if short.over => Ok(None),
        Err(error) => Err(error),
        Ok(()) => serde_json::from_slice(&short.bytes).map(Some).map_err(failed),
    }
}

struct Short {
    bytes: Vec<u8>,
    over: bool,
}

impl Write for Short {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > INLINE {
            self.over = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the document. `complete` is its last member: one without it was broken off.
pub fn write(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    id: Uuid,
    out: &mut dyn Write,
) -> Result<()> {
    let system = caller.elevated();
    let record = engine.fetch(conn, &system, object, id)?.ok_or_else(Error::not_found)?;
    let mut paper = Paper(out);
    paper.text("{\"made_at\":")?.value(&instant(chrono::Utc::now()))?;
    paper.text(",\"object\":")?.value(&object.name)?.text(",\"record\":")?.value(&record)?;
    paper.text(",\"related\":{")?;
    let mut first = true;
    for relation in caller.catalog.related(&object.name) {
        let Some(child) = caller.catalog.get(&relation.object).cloned() else { continue };
        let filter = Filter::field(relation.field.to_string(), Op::Eq, json!(id));
        let name = serde_json::to_string(&relation.name).map_err(failed)?;
        let head = format!("{}{name}:[", if first { "" } else { "," });
        if paper.list(engine, conn, &system, &child, filter, &head)? {
            paper.text("]")?;
            first = false;
        }
    }
    paper.text("},\"files\":[")?;
    if let Some(attachments) = caller.catalog.get("attachment").cloned() {
        let of = |key: &str, value: Value| Filter::field(key.to_owned(), Op::Eq, value);
        let filter = Filter::And(vec![of("object", json!(object.name)), of("record", json!(id))]);
        paper.list(engine, conn, &system, &attachments, filter, "")?;
    }
    paper.text("],\"history\":[")?;
    paper.history(conn, caller, &object.name, id)?;
    paper.text("],\"complete\":true}")?;
    Ok(())
}

struct Paper<'o>(&'o mut dyn Write);

impl Paper<'_> {
    fn text(&mut self, text: &str) -> Result<&mut Self> {
        self.0.write_all(text.as_bytes()).map_err(failed)?;
        Ok(self)
    }

    fn value(&mut self, value: &impl Serialize) -> Result<&mut Self> {
        serde_json::to_writer(&mut *self.0, value).map_err(failed)?;
        Ok(self)
    }

    /// All records of a kind, with `head` before the first; false where there are none.
    fn list(
        &mut self,
        engine: &Engine,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        filter: Filter,
        head: &str,
    ) -> Result<bool> {
        let mut query = ListQuery { filter: Some(filter), limit: Some(LIMIT_MAX), ..ListQuery::default() };
        let mut any = false;
        loop {
            let (records, next) = engine.records(conn, caller, object, &query)?;
            for record in records {
                self.text(if any { "," } else { head })?.value(&record)?;
                any = true;
            }
            match next {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok(any),
            }
        }
    }

    fn history(&mut self, conn: &mut PgConnection, caller: &Caller, object: &str, id: Uuid) -> Result<()> {
        let (mut after, mut any) = (0, false);
        loop {
            let mut sql = Sql::new(
                "SELECT seq, jsonb_build_object('at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
                 'action', action, 'channel', channel, 'changes', changes) FROM changes WHERE tenant_id = ",
            );
            sql.uuid(caller.tenant).push(" AND object = ").text(object).push(" AND record_id = ").uuid(id);
            sql.push(" AND seq > ").int(after).push(" ORDER BY seq").limit(PAGE);
            let mut entries: Vec<(i64, Vec<u8>)> = Vec::new();
            sql.rows(conn, |row| {
                entries.extend(row.int8(0).zip(row.json(1).map(<[u8]>::to_vec)));
                Ok(())
            })?;
            let Some((last, _)) = entries.last() else { return Ok(()) };
            after = *last;
            for (_, entry) in entries {
                self.text(if any { "," } else { "" })?;
                self.0.write_all(&entry).map_err(failed)?;
                any = true;
            }
        }
    }
}
