//! All that a company has, as one archive: records of every object as NDJSON in the form of the API, the trail and what
//! else is the company's own, and its files. Read in one snapshot. Secrets and what proves people stay out.

use super::tenants::Company;
use super::trail::{self, Actor};
use crate::people::setup;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_meta::ObjectMeta;
use kezhan_meta::query::{ListQuery, Sort};
use serde_json::{Map, json};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use tar::{Builder, Header};
use uuid::Uuid;

const FORMAT: u32 = 1;
const PAGE: u32 = 200;

/// Tables that hold no records of an object and belong to the company all the same. What is not named here stays out:
/// sessions, passwords, tokens, and what is only there for a while.
const OTHERS: &[(&str, &str)] = &[
    ("history", "SELECT to_jsonb(t) - 'tenant_id' - 'txid' FROM changes t WHERE tenant_id = $1 ORDER BY seq"),
    ("audit", "SELECT to_jsonb(t) - 'tenant_id' - 'txid' FROM audit_events t WHERE tenant_id = $1 ORDER BY seq"),
    ("merges", "SELECT to_jsonb(t) - 'tenant_id' FROM merges t WHERE tenant_id = $1 ORDER BY id"),
    (
        "api_keys",
        "SELECT to_jsonb(t) - 'tenant_id' - 'key_hash' - 'previous_hash' FROM api_keys t WHERE tenant_id = $1 ORDER BY id",
    ),
    ("connected_applications", "SELECT to_jsonb(t) - 'tenant_id' FROM oauth_grants t WHERE tenant_id = $1 ORDER BY id"),
];

/// Reads a stored file by its key; none where it is missing.
pub type Files<'f> = &'f mut dyn FnMut(&mut PgConnection, &str) -> io::Result<Option<Box<dyn Read>>>;

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Internal(error.to_string())
}

/// A file that nobody else sees, gone once it is closed: an entry of the archive says its length before its content.
struct Spool(BufWriter<File>);

impl Spool {
    fn new() -> io::Result<Spool> {
        let path = std::env::temp_dir().join(format!("kezhan-export-{}", Uuid::now_v7().simple()));
        let file = File::options().read(true).write(true).create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Spool(BufWriter::new(file)))
    }

    fn line(&mut self, text: &[u8]) -> Result<()> {
        self.0.write_all(text).and_then(|()| self.0.write_all(b"\n")).map_err(failed)
    }

    fn put(self, archive: &mut Builder<impl Write>, name: &str, at: DateTime<Utc>) -> Result<()> {
        let mut file = self.0.into_inner().map_err(failed)?;
        let size = file.stream_position().map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        archive.append_data(&mut header(size, at), name, file).map_err(failed)
    }
}

fn header(size: u64, at: DateTime<Utc>) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(at.timestamp()).unwrap_or_default());
    header.set_cksum();
    header
}

/// Writes the archive (tar) of a company, and puts that on the trail first.
pub fn write(
    conn: &mut PgConnection,
    engine: &Engine,
    actor: &Actor,
    company: &Company,
    files: Files<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    trail::note(conn, actor, "export", Some((company.id, &company.key)), json!({}))?;
    conn.transaction(|conn| {
        conn.batch_execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = 0; \
             SET LOCAL idle_in_transaction_session_timeout = 0",
        )?;
        let now = Utc::now();
        let mut archive = Builder::new(out);
        let mut counts = Map::new();
        let caller = setup::system(engine, conn, company.id)?;
        for object in caller.catalog.objects() {
            let mut spool = Spool::new().map_err(failed)?;
            let count = records(conn, engine, &caller, object, &mut spool)?;
            spool.put(&mut archive, &format!("objects/{}.ndjson", object.plural), now)?;
            counts.insert(object.plural.to_string(), json!(count));
        }
        for (name, sql) in OTHERS {
            let mut spool = Spool::new().map_err(failed)?;
            let count = table(conn, company.id, sql, &mut spool)?;
            spool.put(&mut archive, &format!("{name}.ndjson"), now)?;
            counts.insert((*name).to_owned(), json!(count));
        }
        let mut missing = Vec::new();
        for (id, key, size) in attachments(conn, company.id)? {
            match files(conn, &key).map_err(failed)? {
                Some(content) => {
                    let mut spool = Spool::new().map_err(failed)?;
                    io::copy(&mut { content }, &mut spool.0).map_err(failed)?;
                    spool.put(&mut archive, &format!("files/{id}"), now)?;
                }
                None => missing.push(json!({ "id": id, "size": size })),
            }
        }
        // At the end: without it, the archive is not whole.
        let manifest = json!({
            "format": FORMAT, "version": env!("CARGO_PKG_VERSION"), "created_at": now,
            "company": { "id": company.id, "key": company.key, "name": company.name, "created_at": company.created_at },
            "records": counts, "missing_files": missing,
        });
        let text = serde_json::to_vec_pretty(&manifest).map_err(failed)?;
        archive.append_data(&mut header(text.len() as u64, now), "manifest.json", text.as_slice()).map_err(failed)?;
        archive.into_inner().and_then(|out| out.flush()).map_err(failed)
    })
}

/// Every record of an object, those in the recycle bin included.
fn records(
    conn: &mut PgConnection,
    engine: &Engine,
    caller: &Caller,
    object: &ObjectMeta,
    spool: &mut Spool,
) -> Result<u64> {
    let mut count = 0;
    for deleted in [false, true] {
        let sort = vec![Sort { field: "created_at".into(), descending: false }];
        let mut query = ListQuery { sort, deleted, limit: Some(PAGE), ..ListQuery::default() };
        loop {
            let (page, next) = engine.records(conn, caller, object, &query)?;
            count += page.len() as u64;
            for record in page {
                spool.line(&serde_json::to_vec(&record).map_err(failed)?)?;
            }
            match next {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
    }
    Ok(count)
}

/// Rows of a table, through a cursor: there may be many.
fn table(conn: &mut PgConnection, tenant: Uuid, sql: &str, spool: &mut Spool) -> Result<u64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        line: String,
    }
    // An id needs no quoting: it is hexadecimal digits and dashes.
    let sql = sql.replace("$1", &format!("'{tenant}'"));
    conn.batch_execute(&format!(
        "DECLARE export_rows NO SCROLL CURSOR FOR SELECT q.j::text AS line FROM ({sql}) q(j)"
    ))?;
    let mut count = 0;
    loop {
        let rows: Vec<Row> = diesel::sql_query("FETCH 500 FROM export_rows").load(conn)?;
        if rows.is_empty() {
            break;
        }
        count += rows.len() as u64;
        for row in rows {
            spool.line(row.line.as_bytes())?;
        }
    }
    conn.batch_execute("CLOSE export_rows")?;
    Ok(count)
}

/// Id, key in the store and size of every file.
fn attachments(conn: &mut PgConnection, tenant: Uuid) -> Result<Vec<(Uuid, String, Option<i64>)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        storage_key: String,
        #[diesel(sql_type = Nullable<diesel::sql_types::BigInt>)]
        size: Option<i64>,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id, storage_key, size::bigint AS size FROM attachments WHERE tenant_id = $1 AND storage_key IS NOT NULL ORDER BY id",
    )
    .bind::<SqlUuid, _>(tenant)
    .load(conn)?;
    Ok(rows.into_iter().map(|r| (r.id, r.storage_key, r.size)).collect())
}
