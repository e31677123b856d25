//! Chunks of a sealed file in, content out. Where the bytes come from is the caller's business.

use super::stream::Stream;
use super::{CHUNK, FileKey, HEAD, Head, TAG, content_len};
use std::ops::{Range, RangeInclusive};

/// Not the file that was stored under this name, or not as it was stored.
#[derive(Debug, thiserror::Error)]
#[error("the stored file {0} is damaged, or another one in its place")]
pub struct Damaged(pub String);

impl From<Damaged> for std::io::Error {
    fn from(error: Damaged) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}

/// The content of a sealed file. Whoever reads part of it opens the last chunk first: that proves the length.
pub struct Content {
    stream: Stream,
    name: String,
    len: u64,
    last: u32,
}

impl Content {
    /// Of the file of this name that begins with `head` and has `size` bytes.
    pub fn new(key: &FileKey, name: &str, head: &Head, size: u64) -> Result<Content, Damaged> {
        let damaged = || Damaged(name.to_owned());
        let len = content_len(size).ok_or_else(damaged)?;
        let last = u32::try_from(len.saturating_sub(1) / CHUNK as u64).map_err(|_| damaged())?;
        if head.key() != key.id() {
            return Err(damaged());
        }
        Ok(Content { stream: key.stream(head, name).map_err(|_| damaged())?, name: name.to_owned(), len, last })
    }

    /// Bytes of content.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of the last chunk.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// The chunks with this part of the content, and where they lie in the file. An empty part needs none, but the whole
    /// of an empty file is one.
    pub fn chunks(&self, part: &Range<u64>) -> RangeInclusive<u32> {
        let of = |at: u64| u32::try_from(at / CHUNK as u64).unwrap_or(u32::MAX).min(self.last);
        of(part.start)..=of(part.end.saturating_sub(1))
    }

    /// Where a chunk lies in the file.
    pub fn place(&self, chunk: u32) -> Range<u64> {
        let step = (CHUNK + TAG) as u64;
        let start = HEAD as u64 + u64::from(chunk) * step;
        let content = self.len.saturating_sub(u64::from(chunk) * CHUNK as u64).min(CHUNK as u64);
        start..start + content + TAG as u64
    }

    /// The content of a chunk.
    pub fn open(&self, chunk: u32, mut sealed: Vec<u8>) -> Result<Vec<u8>, Damaged> {
        let damaged = || Damaged(self.name.clone());
        let place = self.place(chunk);
        if chunk > self.last || sealed.len() as u64 != place.end - place.start {
            return Err(damaged());
        }
        match self.stream.open(chunk, chunk == self.last, &mut sealed) {
            true => Ok(sealed),
            false => Err(damaged()),
        }
    }

    /// What of this chunk belongs to a part of the content, as positions within the chunk.
    pub fn within(&self, chunk: u32, part: &Range<u64>) -> Range<usize> {
        let start = u64::from(chunk) * CHUNK as u64;
        let at = |n: u64| n.saturating_sub(start).min(CHUNK as u64) as usize;
        at(part.start)..at(part.end.min(self.len))
    }
}
