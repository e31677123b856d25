//! A reader that turns any encoding into UTF-8 and stops rows that never end.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Bytes that may still be read before the current row counts as endless.
#[derive(Clone, Default)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    pub fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    pub fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn spend(&self, bytes: usize) {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(bytes), Ordering::Relaxed);
    }
}

pub struct Decoded<R> {
    inner: R,
    decoder: Decoder,
    budget: Budget,
    raw: Vec<u8>,
    raw_read: usize,
    raw_end: usize,
    at_end: bool,
    text: Vec<u8>,
    text_read: usize,
    text_end: usize,
    finished: bool,
}

impl<R: Read> Decoded<R> {
    pub fn new(inner: R, encoding: &'static Encoding, budget: Budget) -> Self {
        Self {
            inner,
            decoder: encoding.new_decoder_with_bom_removal(),
            budget,
            raw: vec![0; 16 << 10],
            raw_read: 0,
            raw_end: 0,
            at_end: false,
            text: vec![0; 16 << 10],
            text_read: 0,
            text_end: 0,
            finished: false,
        }
    }

    /// Decodes until there is some text, or the file has ended.
    fn fill(&mut self) -> io::Result<()> {
        self.text_read = 0;
        self.text_end = 0;
        while self.text_end == 0 && !self.finished {
            if self.raw_read == self.raw_end && !self.at_end {
                self.raw_end = self.inner.read(&mut self.raw)?;
                self.raw_read = 0;
                self.at_end = self.raw_end == 0;
            }
            let input = &self.raw[self.raw_read..self.raw_end];
            let (result, read, written, _) = self.decoder.decode_to_utf8(input, &mut self.text, self.at_end);
            self.raw_read += read;
            self.text_end = written;
            self.finished = self.at_end && result == CoderResult::InputEmpty;
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.budget.is_spent() {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "endless row"));
        }
        if self.text_read == self.text_end {
            self.fill()?;
        }
        let count = out.len().min(self.text_end - self.text_read);
        out[..count].copy_from_slice(&self.text[self.text_read..self.text_read + count]);
        self.text_read += count;
        self.budget.spend(count);
        Ok(count)
    }
}
