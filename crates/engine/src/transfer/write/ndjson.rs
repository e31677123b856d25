//! One JSON object per line, by field key; empty cells are null, exact numbers stay exact.

use std::io::{BufWriter, Write};

use serde_json::{Map, Value};

use super::{Column, RowSink, WriteError};
use crate::transfer::Cell;

pub struct NdjsonSink<W: Write> {
    out: BufWriter<W>,
    keys: Vec<String>,
}

impl<W: Write> NdjsonSink<W> {
    pub fn new(out: W, columns: &[Column]) -> Self {
        Self { out: BufWriter::new(out), keys: columns.iter().map(|c| c.key.clone()).collect() }
    }
}

impl<W: Write + Send> RowSink for NdjsonSink<W> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), WriteError> {
        let object: Map<String, Value> = self.keys.iter().cloned().zip(cells.iter().map(value)).collect();
        serde_json::to_writer(&mut self.out, &object).map_err(std::io::Error::from)?;
        Ok(self.out.write_all(b"\n")?)
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        Ok(self.out.flush()?)
    }
}

/// As the interface writes values: decimals as strings, so that no reader rounds them.
fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Bool(value) => Value::Bool(*value),
        Cell::Number { value, .. } if value.scale() == 0 => match i64::try_from(*value) {
            Ok(value) => Value::from(value),
            Err(_) => Value::String(value.to_string()),
        },
        Cell::Number { value, .. } => Value::String(value.to_string()),
        Cell::DateTime(time) => Value::String(time.format("%Y-%m-%dT%H:%M:%S").to_string()),
        Cell::Text(_) | Cell::Date(_) => Value::String(cell.as_text().into_owned()),
    }
}
