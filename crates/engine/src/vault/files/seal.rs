//! Content in, sealed file out.

use super::stream::Stream;
use super::{CHUNK, FileKey, Head, TAG};
use crate::{Error, Result};

/// Seals a file as its content comes. Holds one chunk.
pub struct Sealer {
    stream: Stream,
    /// The number of the chunk at hand.
    number: u32,
    head: Option<Head>,
    chunk: Vec<u8>,
}

impl Sealer {
    /// For a file that will be stored by this name, which ends as sealed ones do.
    pub fn new(key: &FileKey, name: &str) -> Result<Sealer> {
        let head = Head::new(key.id())?;
        Ok(Sealer {
            stream: key.stream(&head, name)?,
            number: 0,
            head: Some(head),
            chunk: Vec::with_capacity(CHUNK + TAG),
        })
    }

    /// Takes more of the content; what is to be written of the file by now, which may be nothing.
    pub fn push(&mut self, mut piece: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(super::HEAD + piece.len() + CHUNK);
        self.begin(&mut out);
        while !piece.is_empty() {
            // A full chunk waits for what follows: it may be the last.
            if self.chunk.len() == CHUNK {
                self.stream.seal(self.number, false, &mut self.chunk)?;
                out.append(&mut self.chunk);
                let next = self.number.checked_add(1);
                self.number = next.ok_or_else(|| Error::Internal("a file is too long to be sealed".into()))?;
            }
            let (now, rest) = piece.split_at(piece.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            piece = rest;
        }
        Ok(out)
    }

    /// The end of the file.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.begin(&mut out);
        self.stream.seal(self.number, true, &mut self.chunk)?;
        out.append(&mut self.chunk);
        Ok(out)
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if let Some(head) = self.head.take() {
            out.extend_from_slice(&head.0);
        }
    }
}
