//! Delimited text: separator and encoding found out, quotation marks as RFC 4180 has them.

use std::io::Read;

use csv::{ByteRecord, Reader, ReaderBuilder};
use encoding_rs::Encoding;

use super::decode::{Budget, Decoded};
use super::sheet::{RawRow, RawRows};
use super::{Limits, ReadError, ReadOptions, RowErrorKind, SourceInfo, detect};
use crate::transfer::{Cell, Format};
use crate::vault::files::{Reader as Bytes, Stored};

const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// What the separator is judged by.
const SAMPLE_BYTES: u64 = 64 << 10;
const SAMPLE_ROWS: usize = 50;
/// More than what the reader takes ahead of the row it is working on.
const READ_AHEAD: usize = 64 << 10;

pub struct CsvRows {
    file: Stored,
    encoding: &'static Encoding,
    delimiter: u8,
    /// `sep=;`, with which Excel is told the separator.
    has_separator_line: bool,
    limits: Limits,
    budget: Budget,
    reader: Reader<Decoded<Bytes>>,
    record: ByteRecord,
    info: SourceInfo,
    /// Counted in rows, as spreadsheet programs do, not in lines.
    number: u64,
    stopped: bool,
}

impl CsvRows {
    pub fn open(file: &Stored, options: &ReadOptions) -> Result<Self, ReadError> {
        let encoding = match &options.encoding {
            Some(label) => {
                Encoding::for_label(label.as_bytes()).ok_or_else(|| ReadError::UnknownEncoding(label.clone()))?
            }
            None => detect::encoding(file)?,
        };
        let sample = sample(file, encoding)?;
        let (delimiter, has_separator_line) = match separator_line(&sample) {
            Some(delimiter) => (delimiter, true),
            None => (sniff(&sample), false),
        };
        let budget = Budget::default();
        let info = SourceInfo {
            format: Format::Csv,
            encoding: Some(encoding.name()),
            delimiter: Some(char::from(delimiter)),
            sheet: None,
            sheets: Vec::new(),
            has_header: true,
            header_row: 0,
            head: Vec::new(),
        };
        let mut rows = Self {
            reader: reader(file, encoding, delimiter, &budget)?,
            file: file.clone(),
            encoding,
            delimiter,
            has_separator_line,
            limits: options.limits,
            budget,
            record: ByteRecord::new(),
            info,
            number: 0,
            stopped: false,
        };
        rows.skip_separator_line();
        Ok(rows)
    }

    fn skip_separator_line(&mut self) {
        if self.has_separator_line {
            self.next();
            self.number = 0;
        }
    }
}

impl RawRows for CsvRows {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn restart(&mut self) -> Result<(), ReadError> {
        self.reader = reader(&self.file, self.encoding, self.delimiter, &self.budget)?;
        self.number = 0;
        self.stopped = false;
        self.skip_separator_line();
        Ok(())
    }

    fn next(&mut self) -> Option<Result<RawRow, (u64, RowErrorKind)>> {
        if self.stopped {
            return None;
        }
        self.budget.set(self.limits.row_bytes + READ_AHEAD);
        self.number += 1;
        let (number, before) = (self.number, self.reader.position().line());
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                // Blank lines are passed over without a word; in a spreadsheet program they are rows.
                let breaks: usize = self.record.iter().map(|f| f.iter().filter(|b| **b == b'\n').count()).sum();
                let lines = self.reader.position().line().saturating_sub(before);
                let number = number + lines.saturating_sub(breaks as u64 + 1);
                self.number = number;
                let cells = self.record.iter().map(|field| Cell::text(String::from_utf8_lossy(field))).collect();
                Some(Ok(RawRow { number, cells }))
            }
            Err(error) => {
                self.stopped = true;
                let kind = if self.budget.is_spent() {
                    RowErrorKind::TooLong { limit: self.limits.row_bytes }
                } else {
                    RowErrorKind::Damaged(error.to_string())
                };
                Some(Err((number, kind)))
            }
        }
    }
}

fn reader(
    file: &Stored,
    encoding: &'static Encoding,
    delimiter: u8,
    budget: &Budget,
) -> Result<Reader<Decoded<Bytes>>, ReadError> {
    budget.set(usize::MAX);
    let decoded = Decoded::new(file.open()?, encoding, budget.clone());
    Ok(builder(delimiter).from_reader(decoded))
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(16 << 10);
    builder
}

fn sample(file: &Stored, encoding: &'static Encoding) -> Result<String, ReadError> {
    let budget = Budget::default();
    budget.set(usize::MAX);
    let mut sample = Vec::new();
    Decoded::new(file.open()?, encoding, budget).take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    Ok(String::from_utf8_lossy(&sample).into_owned())
}

fn separator_line(sample: &str) -> Option<u8> {
    let line = sample.lines().next()?.trim().trim_matches('"');
    let separator = line.strip_prefix("sep=").or_else(|| line.strip_prefix("SEP="))?;
    separator.bytes().next().filter(|b| separator.len() == 1 && DELIMITERS.contains(b))
}

/// The separator that cuts most rows into the same number of cells.
fn sniff(sample: &str) -> u8 {
    let mut best = (0.0, b',');
    for delimiter in DELIMITERS {
        let mut widths: Vec<usize> = builder(delimiter)
            .from_reader(sample.as_bytes())
            .byte_records()
            .take(SAMPLE_ROWS)
            .filter_map(Result::ok)
            .map(|record| record.len())
            .collect();
        // The last row of a sample may be cut off.
        if widths.len() > 2 && sample.len() as u64 >= SAMPLE_BYTES - 4 {
            widths.pop();
        }
        let score = agreement(&widths);
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// Share of rows with the most frequent width above one; wider is better where the share is equal.
fn agreement(widths: &[usize]) -> f64 {
    let count = |width: usize| widths.iter().filter(|w| **w == width).count();
    let Some(width) = widths.iter().copied().filter(|w| *w > 1).max_by_key(|w| (count(*w), *w)) else {
        return 0.0;
    };
    count(width) as f64 / widths.len() as f64 + width.min(100) as f64 / 1000.0
}
