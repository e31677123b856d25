//! Stored files that lie on this machine's disk, for readers that wait and jump about.

use super::{CHUNK, Content, Damaged, FileKey, HEAD, Head, SUFFIX, content_len, is_sealed};
use crate::vault::Vault;
use crate::{Error, Result};
use diesel::PgConnection;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A file on disk, sealed or in the clear, that may be opened any number of times.
#[derive(Clone)]
pub struct Stored {
    path: PathBuf,
    sealed: Option<(FileKey, String)>,
}

impl From<&Path> for Stored {
    /// In the clear.
    fn from(path: &Path) -> Stored {
        Stored { path: path.to_owned(), sealed: None }
    }
}

impl Stored {
    /// The file of this name below `root`. One that was sealed meanwhile is found under its new name.
    pub fn find(vault: &Vault, conn: &mut PgConnection, tenant: Uuid, root: &Path, name: &str) -> Result<Stored> {
        let sealed = format!("{name}{SUFFIX}");
        let name = if !is_sealed(name) && !root.join(name).exists() { &sealed } else { name };
        let path = root.join(name);
        if !is_sealed(name) || !path.exists() {
            return Ok(Stored::from(path.as_path()));
        }
        let read = |e: io::Error| Error::Internal(format!("{}: {e}", path.display()));
        let mut bytes = Vec::with_capacity(HEAD);
        File::open(&path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut bytes)).map_err(read)?;
        let head = Head::parse(&bytes).ok_or_else(|| Error::Internal(Damaged(name.to_owned()).to_string()))?;
        let key = vault.file_key_of(conn, tenant, head.key())?;
        Ok(Stored { path, sealed: Some((key, name.to_owned())) })
    }

    /// Bytes of content.
    pub fn size(&self) -> io::Result<u64> {
        let size = std::fs::metadata(&self.path)?.len();
        match &self.sealed {
            None => Ok(size),
            Some((_, name)) => Ok(content_len(size).ok_or_else(|| Damaged(name.clone()))?),
        }
    }

    pub fn open(&self) -> io::Result<Reader> {
        let mut file = File::open(&self.path)?;
        let Some((key, name)) = &self.sealed else { return Ok(Reader::Clear(file)) };
        let size = file.metadata()?.len();
        let mut bytes = [0; HEAD];
        file.read_exact(&mut bytes)?;
        let head = Head::parse(&bytes).ok_or_else(|| Damaged(name.clone()))?;
        let content = Content::new(key, name, &head, size)?;
        let last = content.last();
        let mut reader = Chunked { file, content, at: 0, chunk: None };
        reader.load(last)?;
        Ok(Reader::Sealed(Box::new(reader)))
    }
}

#[cfg(test)]
pub(super) fn tests_only(path: &Path, key: FileKey, name: &str) -> Stored {
    Stored { path: path.to_owned(), sealed: Some((key, name.to_owned())) }
}

/// The content of a stored file.
pub enum Reader {
    Clear(File),
    Sealed(Box<Chunked>),
}

/// Holds the chunk that was read last.
pub struct Chunked {
    file: File,
    content: Content,
    at: u64,
    chunk: Option<(u32, Vec<u8>)>,
}

impl Chunked {
    fn load(&mut self, number: u32) -> io::Result<&[u8]> {
        if self.chunk.as_ref().is_none_or(|(at, _)| *at != number) {
            self.chunk = None;
            let place = self.content.place(number);
            let mut sealed = vec![0; (place.end - place.start) as usize];
            self.file.seek(SeekFrom::Start(place.start))?;
            self.file.read_exact(&mut sealed)?;
            self.chunk = Some((number, self.content.open(number, sealed)?));
        }
        Ok(self.chunk.as_ref().map_or(&[], |(_, content)| content.as_slice()))
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let reader = match self {
            Reader::Clear(file) => return file.read(into),
            Reader::Sealed(reader) => reader,
        };
        if reader.at >= reader.content.len() || into.is_empty() {
            return Ok(0);
        }
        let number = (reader.at / CHUNK as u64) as u32;
        let offset = (reader.at % CHUNK as u64) as usize;
        let chunk = reader.load(number)?.get(offset..).unwrap_or_default();
        let count = chunk.len().min(into.len());
        into[..count].copy_from_slice(&chunk[..count]);
        reader.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let reader = match self {
            Reader::Clear(file) => return file.seek(to),
            Reader::Sealed(reader) => reader,
        };
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => reader.at.checked_add_signed(by),
            SeekFrom::End(by) => reader.content.len().checked_add_signed(by),
        };
        reader.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(reader.at)
    }
}
