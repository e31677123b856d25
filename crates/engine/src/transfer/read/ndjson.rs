//! One JSON object per line.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{Limits, ReadError, RowError, RowErrorKind, RowSource, SourceInfo};
use crate::transfer::{Cell, Format};
use crate::vault::files::{Reader, Stored};

pub struct NdjsonSource {
    file: Stored,
    limits: Limits,
    info: SourceInfo,
    headers: Vec<String>,
    lines: Lines,
    returned: u64,
    number: u64,
    stopped: bool,
}

impl NdjsonSource {
    /// Reads all keys once: a column may appear first in the last line.
    pub fn open(file: &Stored, limits: Limits) -> Result<Self, ReadError> {
        let mut headers: Vec<String> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        let mut lines = Lines::open(file, limits.row_bytes)?;
        while let Some(Ok(line)) = lines.next_line() {
            let Ok(Keys(keys)) = serde_json::from_slice(line) else { continue };
            for key in keys {
                if !known.contains(&key) {
                    known.insert(key.clone());
                    headers.push(key);
                }
            }
            if headers.len() > limits.columns {
                return Err(ReadError::TooManyColumns { limit: limits.columns });
            }
        }
        let info = SourceInfo {
            format: Format::Ndjson,
            encoding: Some("UTF-8"),
            delimiter: None,
            sheet: None,
            sheets: Vec::new(),
            has_header: true,
            header_row: 0,
            head: Vec::new(),
        };
        let lines = Lines::open(file, limits.row_bytes)?;
        Ok(Self { file: file.clone(), limits, info, headers, lines, returned: 0, number: 0, stopped: false })
    }

    fn cells(&self, mut object: Map<String, Value>) -> Vec<Cell> {
        self.headers.iter().map(|key| object.get_mut(key).map(Value::take).map_or(Cell::Empty, cell)).collect()
    }
}

impl RowSource for NdjsonSource {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn headers(&self) -> &[String] {
        &self.headers
    }

    fn next_row(&mut self) -> Option<Result<Vec<Cell>, RowError>> {
        if self.stopped {
            return None;
        }
        let parsed = match self.lines.next_line()? {
            Ok(line) if self.returned < self.limits.rows => match serde_json::from_slice(line) {
                Ok(Value::Object(object)) => Ok(object),
                Ok(other) => Err((RowErrorKind::NotAnObject, Cell::text(other.to_string()))),
                Err(error) => {
                    let text = String::from_utf8_lossy(line).into_owned();
                    Err((RowErrorKind::NotJson(error.to_string()), Cell::text(text)))
                }
            },
            Ok(_) => Err((RowErrorKind::TooManyRows { limit: self.limits.rows }, Cell::Empty)),
            Err(kind) => Err((kind, Cell::Empty)),
        };
        self.number = self.lines.number;
        self.returned += 1;
        Some(parsed.map(|object| self.cells(object)).map_err(|(kind, cell)| {
            self.stopped = kind.is_fatal();
            RowError { row: self.number, kind, cells: vec![cell] }
        }))
    }

    fn row_number(&self) -> u64 {
        self.number
    }

    fn seek_row(&mut self, n: u64) -> Result<(), ReadError> {
        if n < self.returned {
            self.lines = Lines::open(&self.file, self.limits.row_bytes)?;
            self.returned = 0;
            self.number = 0;
            self.stopped = false;
        }
        while self.returned < n && self.next_row().is_some() {}
        Ok(())
    }
}

/// Non-blank lines of bounded length.
struct Lines {
    reader: BufReader<Reader>,
    buffer: Vec<u8>,
    limit: usize,
    number: u64,
}

impl Lines {
    fn open(file: &Stored, limit: usize) -> Result<Self, ReadError> {
        Ok(Self { reader: BufReader::new(file.open()?), buffer: Vec::new(), limit, number: 0 })
    }

    fn next_line(&mut self) -> Option<Result<&[u8], RowErrorKind>> {
        loop {
            self.buffer.clear();
            let mut bounded = self.reader.by_ref().take(self.limit as u64 + 1);
            let read = match bounded.read_until(b'\n', &mut self.buffer) {
                Ok(read) => read,
                Err(error) => return Some(Err(RowErrorKind::Damaged(error.to_string()))),
            };
            if read == 0 {
                return None;
            }
            self.number += 1;
            if read > self.limit {
                return Some(Err(RowErrorKind::TooLong { limit: self.limit }));
            }
            let start = if self.number == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            if !self.buffer[start..].trim_ascii().is_empty() {
                return Some(Ok(self.buffer[start..].trim_ascii()));
            }
        }
    }
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(value) => Cell::Bool(value),
        Value::String(text) => Cell::text(text),
        Value::Number(number) => {
            let text = number.to_string();
            match text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text)) {
                Ok(value) => Cell::Number { value, text },
                Err(_) => Cell::text(text),
            }
        }
        nested => Cell::text(nested.to_string()),
    }
}

/// The keys of a JSON object, its values skipped.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;
        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = map.next_key()? {
                    map.next_value::<IgnoredAny>()?;
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(KeysVisitor)
    }
}
