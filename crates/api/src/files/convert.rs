//! Seals the files that are there in the clear, or under a former key. Each is written anew under another name, then
//! named by its record, then the old one goes: at every moment the record names a file that is whole. Whoever breaks it
//! off begins it again.

use super::{FileError, Writing, open_waiting};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Uuid as SqlUuid};
use futures_util::TryStreamExt;
use kezhan_connect::Storage;
use kezhan_engine::vault::Vault;
use kezhan_engine::vault::files::{FileKey, SUFFIX, Sealer, Stored, is_sealed};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use tokio::runtime::Handle;
use uuid::Uuid;

const PAGE: i64 = 200;
const BUFFER: usize = 256 << 10;

/// Held while files are sealed, and shared by whoever wants them to stay as they are: a backup.
const LOCK: i64 = 0x6b7a_6669_6c65_7321;

/// What was done, and what was not.
#[derive(Debug, Default)]
pub struct Tally {
    pub sealed: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// Remains of a run that was broken off, taken away.
    pub remains: u64,
    /// Files that records name and that are not there.
    pub missing: Vec<String>,
    /// Files that stay as they were, and why.
    pub left: Vec<(String, String)>,
    /// Files in the clear that nothing names.
    pub strays: Vec<String>,
}

/// Where files of companies are.
pub struct Place<'a> {
    pub storage: &'a Storage,
    pub handle: &'a Handle,
    /// The directory of files, where imports wait.
    pub root: &'a Path,
}

#[derive(QueryableByName)]
struct Held {
    #[diesel(sql_type = Bool)]
    held: bool,
}

/// Keeps files from being sealed by others, until this connection closes; false where somebody is at it.
pub fn keep_still(conn: &mut PgConnection) -> QueryResult<bool> {
    lock(conn, "pg_try_advisory_lock_shared")
}

/// Keeps others from sealing and from backups, until this connection closes.
pub fn take_turn(conn: &mut PgConnection) -> QueryResult<bool> {
    lock(conn, "pg_try_advisory_lock")
}

fn lock(conn: &mut PgConnection, how: &str) -> QueryResult<bool> {
    let held: Held = diesel::sql_query(format!("SELECT {how}($1) AS held")).bind::<BigInt, _>(LOCK).get_result(conn)?;
    Ok(held.held)
}

/// Seals what is in the clear of a company; with `renewed` also what a former key has sealed. `each` hears of every file.
pub fn run(
    conn: &mut PgConnection,
    vault: &Vault,
    place: &Place<'_>,
    tenant: Uuid,
    renewed: bool,
    each: &mut dyn FnMut(&Tally),
) -> Result<Tally, FileError> {
    let key = vault.file_key(conn, tenant)?;
    let mut work = Work { conn, vault, place, tenant, renewed, key, tally: Tally::default(), each };
    work.attachments()?;
    work.uploads()?;
    work.remains()?;
    Ok(work.tally)
}

struct Work<'w> {
    conn: &'w mut PgConnection,
    vault: &'w Vault,
    place: &'w Place<'w>,
    tenant: Uuid,
    renewed: bool,
    key: FileKey,
    tally: Tally,
    each: &'w mut dyn FnMut(&Tally),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    sha256: Option<String>,
}

fn database(error: diesel::result::Error) -> FileError {
    kezhan_engine::Error::from(error).into()
}

/// The part of a name that says which file it is, whatever it was sealed with.
fn stem(name: &str) -> &str {
    let at = name.rfind('/').map_or(0, |slash| slash + 1);
    name.get(at..).and_then(|file| file.find('.')).map_or(name, |dot| name.get(..at + dot).unwrap_or(name))
}

impl Work<'_> {
    fn attachments(&mut self) -> Result<(), FileError> {
        let mut after = Uuid::nil();
        loop {
            let rows: Vec<Row> = diesel::sql_query(format!(
                "SELECT id, storage_key AS name, sha256 FROM attachments WHERE tenant_id = $1 AND id > $2 \
                 AND storage_key IS NOT NULL AND (storage_key NOT LIKE $3 OR $4) ORDER BY id LIMIT {PAGE}"
            ))
            .bind::<SqlUuid, _>(self.tenant)
            .bind::<SqlUuid, _>(after)
            .bind::<Text, _>(format!("%{SUFFIX}"))
            .bind::<Bool, _>(self.renewed)
            .load(self.conn)
            .map_err(database)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            for row in rows {
                match self.attachment(&row) {
                    Ok(None) => {}
                    Ok(Some(bytes)) => self.count(bytes),
                    Err(error) if error.is_missing() => self.tally.missing.push(row.name),
                    // One file that is damaged keeps no other from being sealed; a store that is away does.
                    Err(FileError::Damaged(error)) => self.tally.left.push((row.name, error.to_string())),
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn count(&mut self, bytes: u64) {
        self.tally.sealed += 1;
        self.tally.bytes += bytes;
        (self.each)(&self.tally);
    }

    /// Bytes of content; none where there was nothing to do.
    fn attachment(&mut self, row: &Row) -> Result<Option<u64>, FileError> {
        let (storage, handle) = (self.place.storage, self.place.handle);
        let target = match is_sealed(&row.name) {
            false => format!("{}{SUFFIX}", row.name),
            true => {
                let seen = handle.block_on(super::look(storage, &row.name))?;
                if seen.key() == Some(self.key.id()) {
                    return Ok(None);
                }
                let short: String = self.key.id().simple().to_string().chars().take(12).collect();
                format!("{}.{short}{SUFFIX}", stem(&row.name))
            }
        };
        let bytes = self.copy(&row.name, &target, row.sha256.as_deref())?;
        let sql = "UPDATE attachments SET storage_key = $4 WHERE tenant_id = $1 AND id = $2 AND storage_key = $3";
        let taken = diesel::sql_query(sql)
            .bind::<SqlUuid, _>(self.tenant)
            .bind::<SqlUuid, _>(row.id)
            .bind::<Text, _>(&row.name)
            .bind::<Text, _>(&target)
            .execute(self.conn)
            .map_err(database)?;
        // Of one that was erased meanwhile nothing stays.
        let done = if taken > 0 { &row.name } else { &target };
        handle.block_on(storage.remove(done))?;
        Ok((taken > 0).then_some(bytes))
    }

    fn copy(&mut self, from: &str, to: &str, sha256: Option<&str>) -> Result<u64, FileError> {
        let (storage, handle) = (self.place.storage, self.place.handle);
        let mut content = open_waiting(self.conn, self.vault, self.tenant, (storage, handle), from)?;
        let mut writing = handle.block_on(Writing::begin(storage, &self.key, to))?;
        let mut hash = Sha256::new();
        let outcome = loop {
            match content.advance() {
                Ok(Some(piece)) => {
                    hash.update(&piece);
                    if let Err(error) = handle.block_on(writing.write(&piece)) {
                        break Err(error);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let same = sha256.is_none_or(|known| known == hex::encode(hash.finalize()));
        let damaged = || kezhan_engine::vault::files::Damaged(from.to_owned());
        match outcome.and_then(|()| if same { Ok(()) } else { Err(damaged().into()) }) {
            Ok(()) => handle.block_on(writing.finish())?,
            Err(error) => {
                if let Err(e) = handle.block_on(writing.abort()) {
                    log::warn!("what was written of {to} stays behind: {e}");
                }
                return Err(error);
            }
        }
        // What the record is to name must be there before it does, and the old one may go after.
        let written = open_waiting(self.conn, self.vault, self.tenant, (storage, handle), to)?;
        if written.len != content.len {
            return Err(damaged().into());
        }
        Ok(content.len)
    }

    /// Files that wait for their import.
    fn uploads(&mut self) -> Result<(), FileError> {
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT id, path AS name, NULL::text AS sha256 FROM uploads WHERE tenant_id = $1 AND path NOT LIKE $2",
        )
        .bind::<SqlUuid, _>(self.tenant)
        .bind::<Text, _>(format!("%{SUFFIX}"))
        .load(self.conn)
        .map_err(database)?;
        for row in rows {
            let target = format!("{}{SUFFIX}", row.name);
            let from = Stored::find(self.vault, self.conn, self.tenant, self.place.root, &row.name)?;
            let bytes = match self.copy_local(&from, &target) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.tally.missing.push(row.name);
                    continue;
                }
                Err(error) => return Err(kezhan_engine::Error::Internal(format!("{}: {error}", row.name)).into()),
            };
            // The job that imports it names it too.
            for sql in [
                "UPDATE uploads SET path = $3 WHERE tenant_id = $1 AND path = $2",
                "UPDATE jobs SET payload = jsonb_set(payload, '{path}', to_jsonb($3::text)) \
                 WHERE tenant_id = $1 AND payload->>'path' = $2",
            ] {
                diesel::sql_query(sql)
                    .bind::<SqlUuid, _>(self.tenant)
                    .bind::<Text, _>(&row.name)
                    .bind::<Text, _>(&target)
                    .execute(self.conn)
                    .map_err(database)?;
            }
            self.remove_local(&row.name)?;
            self.count(bytes);
        }
        Ok(())
    }

    fn copy_local(&self, from: &Stored, to: &str) -> io::Result<u64> {
        let target = self.place.root.join(to);
        let draft = self.place.root.join(format!("{to}.part"));
        let mut content = from.open()?;
        let mut sealer = Sealer::new(&self.key, to).map_err(|e| io::Error::other(e.to_string()))?;
        let mut file = File::create(&draft)?;
        let (mut buffer, mut bytes) = (vec![0; BUFFER], 0);
        loop {
            let count = content.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            bytes += count as u64;
            let piece = buffer.get(..count).unwrap_or_default();
            file.write_all(&sealer.push(piece).map_err(|e| io::Error::other(e.to_string()))?)?;
        }
        file.write_all(&sealer.finish().map_err(|e| io::Error::other(e.to_string()))?)?;
        file.sync_all()?;
        fs::rename(draft, target)?;
        Ok(bytes)
    }

    fn remove_local(&self, name: &str) -> Result<(), FileError> {
        match fs::remove_file(self.place.root.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(kezhan_engine::Error::Internal(format!("{name}: {error}")).into())
            }
            _ => Ok(()),
        }
    }

    /// What a run that was broken off has left: files whose content a record has under another name.
    fn remains(&mut self) -> Result<(), FileError> {
        let (storage, handle) = (self.place.storage, self.place.handle);
        let mut found = storage.list(&self.tenant.to_string());
        while let Some((name, _)) = handle.block_on(found.try_next())? {
            if is_sealed(&name) && !self.renewed {
                continue;
            }
            match self.named("attachments", "storage_key", &name)? {
                Named::Itself => {}
                Named::Otherwise => {
                    handle.block_on(storage.remove(&name))?;
                    self.tally.remains += 1;
                }
                Named::Nowhere if is_sealed(&name) => {}
                Named::Nowhere => self.tally.strays.push(name),
            }
        }
        // One that is being uploaded has no record yet.
        for draft in storage.drafts(&self.tenant.to_string())? {
            if !matches!(self.named("attachments", "storage_key", &draft.key)?, Named::Nowhere) {
                draft.remove()?;
                self.tally.remains += 1;
            }
        }
        let folder = Path::new("imports").join(self.tenant.to_string());
        let Ok(waiting) = fs::read_dir(self.place.root.join(&folder)) else { return Ok(()) };
        for entry in waiting.flatten() {
            let name = folder.join(entry.file_name()).to_string_lossy().into_owned();
            if is_sealed(&name) {
                continue;
            }
            match self.named("uploads", "path", &name)? {
                Named::Itself => {}
                Named::Otherwise => {
                    self.remove_local(&name)?;
                    self.tally.remains += 1;
                }
                Named::Nowhere => self.tally.strays.push(name),
            }
        }
        Ok(())
    }

    fn named(&mut self, table: &str, column: &str, name: &str) -> Result<Named, FileError> {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = Nullable<Bool>)]
            itself: Option<bool>,
        }
        let found: Found = diesel::sql_query(format!(
            "SELECT bool_or({column} = $2) AS itself FROM {table} \
             WHERE tenant_id = $1 AND ({column} = $2 OR {column} LIKE $3)"
        ))
        .bind::<SqlUuid, _>(self.tenant)
        .bind::<Text, _>(name)
        .bind::<Text, _>(format!("{}.%", stem(name).replace('_', "\\_")))
        .get_result(self.conn)
        .map_err(database)?;
        Ok(match found.itself {
            Some(true) => Named::Itself,
            Some(false) => Named::Otherwise,
            None => Named::Nowhere,
        })
    }
}

enum Named {
    Itself,
    Otherwise,
    Nowhere,
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_stem_of_a_name_outlasts_its_keys() {
        for name in ["acme/1", "acme/1.sealed", "acme/1.0a1b2c3d4e5f.sealed"] {
            assert_eq!(super::stem(name), "acme/1");
        }
        assert_eq!(super::stem("a.b/1"), "a.b/1");
    }
}
