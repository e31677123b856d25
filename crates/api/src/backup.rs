//! A whole installation in one file, and back.
//!
//! The file is a tar archive: `database.dump` (custom format of `pg_dump`), `files/…`, and at its end
//! `manifest.json` with a digest of every entry, so that a restore checks everything before it changes anything. Where
//! that is asked for, the whole of it is encrypted.

use crate::backup_cover::{self, Cover, Opening, Sink};
use crate::config::{Config, ConfigError};
use crate::context::{Context, IoFault};
use crate::database::{self, DatabaseError};
use crate::embedded::{EmbeddedError, find_programs};
use crate::files::convert;
use chrono::{DateTime, Utc};
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use tar::{Archive, Builder, EntryType, Header};

const FORMAT: u32 = 1;
const DUMP: &str = "database.dump";
const FILES: &str = "files";
const MANIFEST: &str = "manifest.json";

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Programs(#[from] EmbeddedError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Io(#[from] IoFault),
    #[error("{program} failed: {output}")]
    Program { program: &'static str, output: String },
    #[error("{0} is not an undamaged backup: {1}")]
    Damaged(PathBuf, String),
    #[error("the backup was made by a newer version of this program (migration {0})")]
    Newer(String),
    #[error("the database is not empty; --force replaces everything in it")]
    NotEmpty,
    #[error("files are being encrypted: wait for the end of that")]
    FilesMove,
    #[error("{0} other connection(s) to the database: stop the server first")]
    InUse(i64),
}

type Result<T> = std::result::Result<T, BackupError>;

/// What an archive says about itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub version: String,
    pub created_at: DateTime<Utc>,
    pub migrations: Vec<String>,
    /// SHA-256 of every entry.
    pub entries: BTreeMap<String, String>,
}

/// Writes a consistent backup of a live installation. The target appears only when it is complete.
pub fn backup(config: &Config, url: &str, target: &Path, cover: Option<&Cover>) -> Result<Manifest> {
    let draft = beside(target, "part");
    // The dump is in the clear while it lasts: where the archive is not, it stays at home.
    let dump = match cover {
        None => beside(target, "dump"),
        Some(_) => {
            config.create_data_dir()?;
            config.data.join(format!("backup-{}.dump", std::process::id()))
        }
    };
    let result = write_archive(config, url, &draft, &dump, cover)
        .and_then(|manifest| Ok(fs::rename(&draft, target).context(|| name(target)).map(|()| manifest)?));
    for leftover in [&draft, &dump] {
        if leftover.exists() {
            fs::remove_file(leftover).context(|| name(leftover))?;
        }
    }
    result
}

fn write_archive(config: &Config, url: &str, draft: &Path, dump: &Path, cover: Option<&Cover>) -> Result<Manifest> {
    let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
    let migrations = database::applied_versions(&mut connection)?;
    // Files get other names while they are being sealed.
    if !convert::keep_still(&mut connection).map_err(DatabaseError::from)? {
        return Err(BackupError::FilesMove);
    }
    let out = private_file(draft)?;
    let mut archive = Builder::new(Sink::new(out, cover).context(|| name(draft))?);
    let mut entries = BTreeMap::new();

    // The dump first: a file is stored before the row that names it, so none can be missing afterwards.
    let sink = private_file(dump)?;
    let mut command = tool(config, "pg_dump", url)?;
    run("pg_dump", command.args(["--format=custom", "--no-owner", "--no-privileges"]).stdout(sink))?;
    append(&mut archive, &mut entries, DUMP, dump)?;
    for file in files_below(&config.files)? {
        let relative = file.strip_prefix(&config.files).unwrap_or(&file);
        append(&mut archive, &mut entries, &format!("{FILES}/{}", relative.display()), &file)?;
    }

    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: Utc::now(),
        migrations,
        entries,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(io::Error::from).context(|| MANIFEST.to_owned())?;
    let mut header = header(text.len() as u64, manifest.created_at);
    archive.append_data(&mut header, MANIFEST, text.as_slice()).context(|| name(draft))?;
    archive.into_inner().and_then(Sink::finish).context(|| name(draft))?;
    Ok(manifest)
}

/// Checks an archive completely: readable, nothing missing, nothing added, every digest right.
pub fn verify(source: &Path, opening: &Opening) -> Result<Manifest> {
    let damaged = |why: String| BackupError::Damaged(source.to_path_buf(), why);
    let mut found = BTreeMap::new();
    let mut manifest: Option<Manifest> = None;
    let mut archive = open(source, opening)?;
    for entry in archive.entries().map_err(|e| damaged(e.to_string()))? {
        let mut entry = entry.map_err(|e| damaged(e.to_string()))?;
        let path = entry.path().map_err(|e| damaged(e.to_string()))?.into_owned();
        if !path.components().all(|c| matches!(c, Component::Normal(_))) || !entry.header().entry_type().is_file() {
            return Err(damaged(format!("it holds {}", path.display())));
        }
        let name = path.to_string_lossy().into_owned();
        if name == MANIFEST {
            manifest = Some(serde_json::from_reader(&mut entry).map_err(|e| damaged(e.to_string()))?);
        } else {
            let mut hash = Sha256::new();
            let mut reader = HashReader { inner: entry, hash: &mut hash };
            io::copy(&mut reader, &mut io::sink()).map_err(|e| damaged(e.to_string()))?;
            found.insert(name, hex::encode(hash.finalize()));
        }
    }
    let manifest = manifest.ok_or_else(|| damaged("its end is missing".into()))?;
    if manifest.format != FORMAT {
        return Err(damaged(format!("format {} is unknown", manifest.format)));
    }
    if let Some((name, _)) = manifest.entries.iter().find(|(name, digest)| found.get(*name) != Some(digest)) {
        return Err(damaged(format!("{name} is missing or changed")));
    }
    match found.keys().find(|name| !manifest.entries.contains_key(*name)) {
        Some(extra) => Err(damaged(format!("{extra} was added"))),
        None => Ok(manifest),
    }
}

/// Puts a backup into an empty database, or with `force` in place of what is there, and migrates it forward.
/// The database changes in one transaction: an interrupted restore leaves it as it was.
pub fn restore(config: &Config, url: &str, source: &Path, force: bool, opening: &Opening) -> Result<Manifest> {
    let manifest = verify(source, opening)?;
    let known = database::known_versions()?;
    if let Some(newer) = manifest.migrations.iter().find(|v| !known.contains(v)) {
        return Err(BackupError::Newer(newer.clone()));
    }
    let mut connection = PgConnection::establish(url).map_err(DatabaseError::from)?;
    let others = count(&mut connection, OTHER_SESSIONS)?;
    if others > 0 {
        return Err(BackupError::InUse(others));
    }
    if !force && (count(&mut connection, RELATIONS)? > 0 || !files_below(&config.files)?.is_empty()) {
        return Err(BackupError::NotEmpty);
    }
    drop(connection);

    config.create_data_dir()?;
    let staged = beside(&config.files, "restore");
    let dump = beside(&config.files, "restore.dump");
    let result = unpack(source, opening, &staged, &dump)
        .and_then(|()| replace_database(config, url, &dump))
        .and_then(|()| replace_directory(&staged, &config.files));
    if dump.exists() {
        fs::remove_file(&dump).context(|| name(&dump))?;
    }
    result?;
    database::migrate(url)?;
    Ok(manifest)
}

const OTHER_SESSIONS: &str = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
     AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

const RELATIONS: &str = "SELECT count(*) AS n FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace \
     WHERE s.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'p', 'S', 'm') \
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')";

fn count(connection: &mut PgConnection, sql: &str) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let row: Count = sql_query(sql).get_result(connection).map_err(DatabaseError::from)?;
    Ok(row.n)
}

fn unpack(source: &Path, opening: &Opening, staged: &Path, dump: &Path) -> Result<()> {
    if staged.exists() {
        fs::remove_dir_all(staged).context(|| name(staged))?;
    }
    fs::create_dir_all(staged).context(|| name(staged))?;
    for entry in open(source, opening)?.entries().context(|| name(source))? {
        let mut entry = entry.context(|| name(source))?;
        let path = entry.path().context(|| name(source))?.into_owned();
        let target = match path.strip_prefix(FILES) {
            Ok(relative) => staged.join(relative),
            Err(_) if path == Path::new(DUMP) => dump.to_path_buf(),
            Err(_) => continue,
        };
        if let Some(dir) = target.parent() {
            fs::create_dir_all(dir).context(|| name(dir))?;
        }
        let mut file = private_file(&target)?;
        io::copy(&mut entry, &mut file).and_then(|_| file.sync_all()).context(|| name(&target))?;
    }
    Ok(())
}

/// Transactions of another server have numbers that mean nothing here: what happened before the backup is put in front
/// of all that will happen, in its order, and each subscriber goes on with the first thing that it has not heard. What is
/// not sealed yet stays behind what is.
const RENUMBER: &[u8] = b"
DO $$ BEGIN
    PERFORM set_config('kezhan.maintenance', 'restore', true);
    IF to_regclass('public.audit_heads') IS NOT NULL THEN
        UPDATE public.subscriptions s SET (txid, seq) = (SELECT x.t, x.q FROM (
            (SELECT CASE WHEN (c.txid, c.seq) <= (h.txid, h.seq) THEN '1'::xid8 ELSE '2' END AS t, c.seq - 1 AS q, 0 AS o
             FROM public.changes c LEFT JOIN public.audit_heads h ON h.tenant_id = c.tenant_id
             WHERE c.tenant_id = s.tenant_id AND (c.txid, c.seq) > (s.txid, s.seq) ORDER BY 1, 2 LIMIT 1)
            UNION ALL
            (SELECT '2', coalesce(max(c.seq), 0), 1 FROM public.changes c WHERE c.tenant_id = s.tenant_id)
        ) x ORDER BY x.o LIMIT 1);
        UPDATE public.changes c SET txid = CASE WHEN EXISTS (SELECT FROM public.audit_heads h
            WHERE h.tenant_id = c.tenant_id AND (c.txid, c.seq) <= (h.txid, h.seq)) THEN '1'::xid8 ELSE '2' END;
        UPDATE public.audit_events c SET txid = CASE WHEN EXISTS (SELECT FROM public.audit_heads h
            WHERE h.tenant_id = c.tenant_id AND (c.txid, c.seq) <= (h.txid, h.seq)) THEN '1'::xid8 ELSE '2' END;
        UPDATE public.audit_heads SET txid = '2', seq = 0;
    ELSIF to_regclass('public.changes') IS NOT NULL THEN
        IF to_regclass('public.subscriptions') IS NOT NULL THEN
            UPDATE public.subscriptions s SET txid = '1', seq = coalesce(
                (SELECT min(c.seq) - 1 FROM public.changes c
                 WHERE c.tenant_id = s.tenant_id AND (c.txid, c.seq) > (s.txid, s.seq)),
                (SELECT max(c.seq) FROM public.changes c WHERE c.tenant_id = s.tenant_id), 0);
        END IF;
        UPDATE public.changes SET txid = '1';
    END IF;
END $$;";

/// Streams the dump as SQL into one transaction, which is committed only if both programs went through.
fn replace_database(config: &Config, url: &str, dump: &Path) -> Result<()> {
    const BEGIN: &[u8] = b"BEGIN;\nSET client_min_messages = warning;\nDROP SCHEMA IF EXISTS public CASCADE;\n\
        CREATE SCHEMA public AUTHORIZATION pg_database_owner;\nGRANT USAGE ON SCHEMA public TO PUBLIC;\n";
    let what = || "cannot run pg_restore".to_owned();
    let programs = find_programs(config.pg_bin.as_deref())?;
    let mut command = tool(config, "psql", url)?;
    command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let errors = beside(dump, "log");
    let mut psql = command.stderr(private_file(&errors)?).spawn().context(|| "cannot run psql".into())?;
    let mut reader = Command::new(programs.join("pg_restore"))
        .args(["--no-owner", "--no-privileges", "--file=-"])
        .arg(dump)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context(what)?;
    let mut copied = Ok(());
    if let (Some(mut sink), Some(mut sql)) = (psql.stdin.take(), reader.stdout.take()) {
        copied = sink.write_all(BEGIN).and_then(|()| io::copy(&mut sql, &mut sink)).map(|_| ());
        drop(sql);
        if reader.wait().context(what)?.success() && copied.is_ok() {
            copied = sink.write_all(RENUMBER).and_then(|()| sink.write_all(b"\nCOMMIT;\n"));
        } else {
            copied = copied.and(Err(io::Error::other("pg_restore could not read the dump")));
        }
    }
    let status = psql.wait().context(|| "cannot run psql".into())?;
    let output = fs::read_to_string(&errors).unwrap_or_default().trim().to_owned();
    fs::remove_file(&errors).context(|| name(&errors))?;
    if !status.success() {
        return Err(BackupError::Program { program: "psql", output });
    }
    Ok(copied.context(|| "cannot restore the database".into())?)
}

fn replace_directory(staged: &Path, target: &Path) -> Result<()> {
    let old = beside(target, "old");
    if old.exists() {
        fs::remove_dir_all(&old).context(|| name(&old))?;
    }
    if target.exists() {
        fs::rename(target, &old).context(|| name(target))?;
    }
    fs::rename(staged, target).context(|| name(target))?;
    if old.exists() {
        fs::remove_dir_all(&old).context(|| name(&old))?;
    }
    Ok(())
}

/// A program of the PostgreSQL client, connected. The password goes by environment: arguments are public.
fn tool(config: &Config, program: &str, url: &str) -> Result<Command> {
    let (url, password) = split_password(url);
    let mut command = Command::new(find_programs(config.pg_bin.as_deref())?.join(program));
    command.arg("--dbname").arg(url).stdin(Stdio::null());
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

/// `postgres://user:password@…` without its password, and the password.
fn split_password(url: &str) -> (String, Option<String>) {
    let split = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (user_info, host) = rest.get(..end)?.rsplit_once('@')?;
        let (user, password) = user_info.split_once(':')?;
        let bare = format!("{scheme}://{user}@{host}{}", rest.get(end..)?);
        Some((bare, percent_decode(password)?))
    };
    match split() {
        Some((bare, password)) => (bare, Some(password)),
        None => (url.to_owned(), None),
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let pair = [bytes.next()?, bytes.next()?];
            out.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

fn run(program: &'static str, command: &mut Command) -> Result<()> {
    let child = command.stderr(Stdio::piped()).spawn().context(|| format!("cannot run {program}"))?;
    let output = child.wait_with_output().context(|| format!("cannot run {program}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(BackupError::Program { program, output: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
}

fn open(source: &Path, opening: &Opening) -> Result<Archive<Box<dyn Read>>> {
    Ok(Archive::new(backup_cover::source(source, opening).context(|| name(source))?))
}

fn private_file(path: &Path) -> Result<File> {
    Ok(File::options().write(true).create(true).truncate(true).mode(0o600).open(path).context(|| name(path))?)
}

/// Every regular file below a directory, in a fixed order; none if there is no such directory.
fn files_below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(dir) = open.pop().filter(|dir| dir.exists()) {
        for entry in fs::read_dir(&dir).context(|| name(&dir))? {
            let entry = entry.context(|| name(&dir))?;
            let kind = entry.file_type().context(|| name(&dir))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn append<W: Write>(
    archive: &mut Builder<W>,
    entries: &mut BTreeMap<String, String>,
    entry: &str,
    path: &Path,
) -> Result<()> {
    let file = match File::open(path) {
        // Deleted since it was listed.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.context(|| name(path))?,
    };
    let length = file.metadata().context(|| name(path))?.len();
    let mut hash = Sha256::new();
    // Exactly as long as announced, whatever happens to the file meanwhile.
    let reader = HashReader { inner: BufReader::new(file).take(length), hash: &mut hash };
    archive.append_data(&mut header(length, Utc::now()), entry, reader).context(|| name(path))?;
    entries.insert(entry.to_owned(), hex::encode(hash.finalize()));
    Ok(())
}

fn header(length: u64, at: DateTime<Utc>) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(length);
    header.set_mode(0o600);
    header.set_mtime(at.timestamp().unsigned_abs());
    header
}

/// Digests what is read through it.
struct HashReader<'a, R> {
    inner: R,
    hash: &'a mut Sha256,
}

impl<R: Read> Read for HashReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{suffix}"));
    PathBuf::from(name)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}
