//! All that a company has, as one archive: records of every object as NDJSON in the form of the API, the trail and what
//! else is the company's own, and its files. Read in one snapshot. Secrets and what proves people stay out.

use super::tenants::Company;
use super::trail::{self, Actor};
use crate::people::setup;
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::transfer::ledger;
use kezhan_engine::vault::{SealedColumn, Vault};
use kezhan_engine::{Caller, Engine, Error, Result, jobs};
use kezhan_meta::ObjectMeta;
use kezhan_meta::query::{ListQuery, Sort};
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use tar::{Builder, Header};
use uuid::Uuid;

const FORMAT: u32 = 1;
const PAGE: u32 = 200;

/// Tables that hold no records of an object and belong to the company all the same: the name of the entry, the table, and
/// what of it goes out. With [`LEFT_OUT`] and the tables of objects these are all that there are; a test sees to it.
pub const OTHERS: &[(&str, &str, &str)] = &[
    (
        "history",
        "changes",
        "SELECT to_jsonb(t) - 'tenant_id' - 'txid' FROM changes t WHERE tenant_id = $1 ORDER BY seq",
    ),
    (
        "audit",
        "audit_events",
        "SELECT to_jsonb(t) - 'tenant_id' - 'txid' FROM audit_events t WHERE tenant_id = $1 ORDER BY seq",
    ),
    (
        "audit_seals",
        "audit_seals",
        "SELECT to_jsonb(t) - 'tenant_id' FROM audit_seals t WHERE tenant_id = $1 ORDER BY no",
    ),
    ("merges", "merges", "SELECT to_jsonb(t) - 'tenant_id' FROM merges t WHERE tenant_id = $1 ORDER BY id"),
    (
        "api_keys",
        "api_keys",
        "SELECT to_jsonb(t) - 'tenant_id' - 'key_hash' - 'previous_hash' FROM api_keys t WHERE tenant_id = $1 ORDER BY id",
    ),
    (
        "connected_applications",
        "oauth_grants",
        "SELECT to_jsonb(t) - 'tenant_id' FROM oauth_grants t WHERE tenant_id = $1 ORDER BY id",
    ),
    (
        "outside_identities",
        "outside_identities",
        "SELECT to_jsonb(t) - 'tenant_id' FROM outside_identities t WHERE tenant_id = $1 ORDER BY realm, subject",
    ),
    (
        "sequences",
        "sequences",
        "SELECT to_jsonb(t) - 'tenant_id' FROM sequences t WHERE tenant_id = $1 ORDER BY name, period",
    ),
    // What was imported, changed at once and exported, and what became of each row of a file.
    (
        "jobs",
        "jobs",
        "SELECT to_jsonb(t) - 'tenant_id' - 'locked_by' - 'locked_at' - 'heartbeat_at' FROM jobs t \
         WHERE tenant_id = $1 AND kind <> 'shred_files' ORDER BY created_at, id",
    ),
    (
        "import_rows",
        "import_rows",
        "SELECT to_jsonb(t) - 'tenant_id' FROM import_rows t WHERE tenant_id = $1 ORDER BY job_id, row_no, part",
    ),
    (
        "import_mappings",
        "import_mappings",
        "SELECT to_jsonb(t) - 'tenant_id' FROM import_mappings t WHERE tenant_id = $1 ORDER BY object, signature",
    ),
    (
        "uploads",
        "uploads",
        "SELECT to_jsonb(t) - 'tenant_id' - 'path' FROM uploads t WHERE tenant_id = $1 ORDER BY created_at, id",
    ),
];

/// Of these, what a row holds sealed goes out opened, in the columns in which it would stand.
const SEALED: &[SealedColumn] = &[ledger::SEALED, jobs::SEALED];

const PROVES: &str = "what proves people: whoever gets the archive must not be able to sign in by it";
const PASSING: &str = "of this moment only";
const HERE: &str = "means something to this installation only";

/// Tables with rows of companies that stay out of the archive, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("audit_heads", HERE),
    ("credentials", PROVES),
    ("entry_links", PROVES),
    ("former_passwords", PROVES),
    ("idempotency_keys", PASSING),
    ("inherited_members", "follows from team members and from what hangs on records"),
    ("known_devices", PROVES),
    ("oauth_client_secrets", PROVES),
    ("oauth_tokens", PROVES),
    ("outside_sign_ins", PASSING),
    ("passkey_ceremonies", PASSING),
    ("passkeys", PROVES),
    ("recovery_codes", PROVES),
    ("sessions", PROVES),
    ("sign_in_challenges", PROVES),
    ("sign_in_failures", PASSING),
    ("sign_in_secrets", PROVES),
    ("subscriptions", HERE),
    ("totp_factors", PROVES),
    ("vault_keys", "opens what is sealed here; the archive holds that opened"),
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
        for (name, of, sql) in OTHERS {
            let mut spool = Spool::new().map_err(failed)?;
            let sealed = SEALED.iter().find(|column| column.table == *of);
            let count = table(conn, company.id, sql, &mut spool, &mut |conn, line| match sealed {
                Some(column) => opened(conn, engine.vault(), company.id, column, line),
                None => Ok(line),
            })?;
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
        for (id, path) in uploads(conn, company.id)? {
            // One that was swept up at this moment is no loss.
            let Some(content) = files(conn, &path).map_err(failed)? else { continue };
            let mut spool = Spool::new().map_err(failed)?;
            io::copy(&mut { content }, &mut spool.0).map_err(failed)?;
            spool.put(&mut archive, &format!("uploads/{id}"), now)?;
        }
        let left_out: Map<_, _> = LEFT_OUT.iter().map(|(table, why)| ((*table).to_owned(), json!(why))).collect();
        // At the end: without it, the archive is not whole.
        let manifest = json!({
            "format": FORMAT, "version": env!("CARGO_PKG_VERSION"), "created_at": now,
            "company": { "id": company.id, "key": company.key, "name": company.name, "created_at": company.created_at,
                "settings": settings(conn, company.id)? },
            "records": counts, "missing_files": missing, "left_out": left_out,
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
fn table(
    conn: &mut PgConnection,
    tenant: Uuid,
    sql: &str,
    spool: &mut Spool,
    turn: &mut dyn FnMut(&mut PgConnection, String) -> Result<String>,
) -> Result<u64> {
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
            spool.line(turn(conn, row.line)?.as_bytes())?;
        }
    }
    conn.batch_execute("CLOSE export_rows")?;
    Ok(count)
}

/// A row as it would be if nothing of it were sealed.
fn opened(conn: &mut PgConnection, vault: &Vault, tenant: Uuid, sealed: &SealedColumn, line: String) -> Result<String> {
    let mut row: Map<String, Value> = serde_json::from_str(&line).map_err(failed)?;
    let content = row.remove(sealed.column);
    let id = if sealed.id == "id" { row.get("id").cloned() } else { row.remove(sealed.id) };
    if let (Some(Value::String(content)), Some(Value::String(id))) = (content, id) {
        let bytes = hex::decode(content.trim_start_matches("\\x")).map_err(failed)?;
        row.extend(sealed.open_columns(vault, conn, tenant, id.parse().map_err(failed)?, &bytes)?);
    }
    serde_json::to_string(&row).map_err(failed)
}

/// What the company has set for itself: language, time zone, its policy of signing in.
fn settings(conn: &mut PgConnection, tenant: Uuid) -> Result<serde_json::Value> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Jsonb)]
        settings: serde_json::Value,
    }
    let row: Row = diesel::sql_query(
        "SELECT to_jsonb(t) - 'id' - 'key' - 'name' - 'created_at' - 'catalog_epoch' - 'access_epoch' AS settings \
         FROM tenants t WHERE id = $1",
    )
    .bind::<SqlUuid, _>(tenant)
    .get_result(conn)?;
    Ok(row.settings)
}

/// Files that wait for their import.
fn uploads(conn: &mut PgConnection, tenant: Uuid) -> Result<Vec<(Uuid, String)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Text)]
        path: String,
    }
    let rows: Vec<Row> = diesel::sql_query("SELECT id, path FROM uploads WHERE tenant_id = $1 ORDER BY id")
        .bind::<SqlUuid, _>(tenant)
        .load(conn)?;
    Ok(rows.into_iter().map(|r| (r.id, r.path)).collect())
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
