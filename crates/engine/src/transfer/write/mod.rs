//! Writing rows as spreadsheets, one by one, in constant memory.

mod csv;
mod ndjson;
mod xlsx;

#[cfg(test)]
mod tests;

use std::io::Write;

use super::{Cell, Format};

/// Takes the rows of one sheet.
pub trait RowSink: Send {
    /// Writes one row; it should have as many cells as there are columns.
    fn row(&mut self, cells: &[Cell]) -> Result<(), WriteError>;

    /// Explains a cell of the row last written, where the format has room for it.
    fn note(&mut self, _column: usize, _text: &str) -> Result<(), WriteError> {
        Ok(())
    }

    /// Completes the file. A sink dropped without it leaves an unusable file.
    fn finish(self: Box<Self>) -> Result<(), WriteError>;
}

/// A column of the file to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Key of the field: what NDJSON uses.
    pub key: String,
    /// What a person reads above the column.
    pub label: String,
    /// Explanation shown with the header cell of an XLSX file.
    pub note: Option<String>,
    pub required: bool,
    /// Offered as a drop-down in an XLSX file.
    pub choices: Vec<String>,
    /// In characters; chosen from the label where none is given.
    pub width: Option<u16>,
}

impl Column {
    pub fn new(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self { key: key.into(), label: label.into(), ..Self::default() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the file cannot be written: {0}")]
    Io(#[from] std::io::Error),
    #[error("the spreadsheet cannot be written: {0}")]
    Xlsx(String),
    #[error("a spreadsheet holds at most 1,048,575 rows; choose CSV")]
    TooManyRows,
}

/// Starts a file. XLSX keeps its rows in a temporary file and writes to `out` when it is finished.
pub fn create<'a, W>(format: Format, out: W, columns: &[Column]) -> Result<Box<dyn RowSink + 'a>, WriteError>
where
    W: Write + Send + 'a,
{
    Ok(match format {
        Format::Csv => Box::new(csv::CsvSink::new(out, columns)?),
        Format::Xlsx => Box::new(xlsx::XlsxSink::new(out, columns)?),
        Format::Ndjson => Box::new(ndjson::NdjsonSink::new(out, columns)),
    })
}
