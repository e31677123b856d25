//! Reading spreadsheets as a stream of rows, whatever their format, encoding and layout.

mod csv;
mod decode;
mod detect;
mod header;
mod ndjson;
mod profile;
mod sheet;
mod xlsx;

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use super::{Cell, Format};
use crate::vault::files::Stored;

pub use profile::{ColumnProfile, Kind, profile};

/// How much of a file is read before it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub file_bytes: u64,
    pub rows: u64,
    pub columns: usize,
    /// Of one row; a quotation mark that is never closed would otherwise swallow the rest of a file.
    pub row_bytes: usize,
    /// Of all parts of an XLSX file together, unpacked.
    pub unpacked_bytes: u64,
    /// Of the one part of an XLSX file that has to be held in memory.
    pub shared_text_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 200 << 20,
            rows: 1_048_576,
            columns: 500,
            row_bytes: 1 << 20,
            unpacked_bytes: 2 << 30,
            shared_text_bytes: 96 << 20,
        }
    }
}

/// What the person importing may decide instead of the detection.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    pub limits: Limits,
    /// Sheet of an XLSX file; otherwise the first visible one.
    pub sheet: Option<String>,
    /// Label of an encoding (`gb18030`, `utf-8`) of a CSV file.
    pub encoding: Option<String>,
    /// The row that names the columns, counted as [`RowSource::row_number`] does; 0 where there is none. Records need none.
    pub header_row: Option<u64>,
}

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    pub format: Format,
    pub encoding: Option<&'static str>,
    pub delimiter: Option<char>,
    /// The sheet read, and all that could be.
    pub sheet: Option<String>,
    pub sheets: Vec<String>,
    /// False where the file has no headers and the columns are numbered instead.
    pub has_header: bool,
    /// Where these stand, 0 where there are none or the file needs none.
    pub header_row: u64,
    /// The beginning of the file as it is.
    pub head: Vec<HeadRow>,
}

/// What is in one of the first rows of a file, blank cells left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadRow {
    pub row: u64,
    pub cells: Vec<String>,
}

/// The rows of a file, one after the other. Rows without any content do not count.
pub trait RowSource: Send {
    fn info(&self) -> &SourceInfo;

    /// One name per column, none empty, none twice.
    fn headers(&self) -> &[String];

    /// The next row with as many cells as there are headers. After an error reading goes on with the
    /// next row, unless the error is fatal; then nothing more comes.
    fn next_row(&mut self) -> Option<Result<Vec<Cell>, RowError>>;

    /// Where the row last returned stands in the file, counted from 1 as spreadsheet programs do.
    fn row_number(&self) -> u64;

    /// Makes `next_row` continue with the row of index `n`, counted from 0 after the headers; errors
    /// count as rows.
    fn seek_row(&mut self, n: u64) -> Result<(), ReadError>;
}

/// Opens a file; the format is told from its content.
pub fn open(file: impl Into<Stored>, limits: Limits) -> Result<Box<dyn RowSource>, ReadError> {
    open_with(&file.into(), &ReadOptions { limits, ..ReadOptions::default() })
}

/// Opens a file with some decisions made.
pub fn open_with(file: &Stored, options: &ReadOptions) -> Result<Box<dyn RowSource>, ReadError> {
    if file.size()? > options.limits.file_bytes {
        return Err(ReadError::TooLarge { limit: options.limits.file_bytes });
    }
    Ok(match detect::format(file)? {
        Format::Csv => Box::new(sheet::Sheet::open(csv::CsvRows::open(file, options)?, options)?),
        Format::Xlsx => Box::new(sheet::Sheet::open(xlsx::XlsxRows::open(file, options)?, options)?),
        Format::Ndjson => Box::new(ndjson::NdjsonSource::open(file, options.limits)?),
    })
}

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    #[error("the file is empty")]
    Empty,
    #[error("the file is larger than {} MB", limit >> 20)]
    TooLarge { limit: u64 },
    #[error("the file unpacks to more than {} MB", limit >> 20)]
    UnpacksTooLarge { limit: u64 },
    #[error("the old Excel format or a password-protected file; save it as .xlsx without a password")]
    OldOrProtectedExcel,
    #[error("a web page; open it in a spreadsheet program and save it as .xlsx")]
    Html,
    #[error("neither a spreadsheet nor a text file")]
    NotASpreadsheet,
    #[error("there is no encoding {0:?}")]
    UnknownEncoding(String),
    #[error("there is no sheet {0:?}")]
    UnknownSheet(String),
    #[error("there is no row {0} among the first that have something in them")]
    UnknownHeaderRow(u64),
    #[error("more than {limit} columns")]
    TooManyColumns { limit: usize },
    #[error("the spreadsheet is damaged: {0}")]
    Damaged(String),
}

impl ReadError {
    /// Stable code for the error body.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "file_unreadable",
            Self::Empty => "file_empty",
            Self::TooLarge { .. } | Self::UnpacksTooLarge { .. } => "file_too_large",
            Self::OldOrProtectedExcel => "file_old_excel",
            Self::Html => "file_html",
            Self::NotASpreadsheet => "file_not_spreadsheet",
            Self::UnknownEncoding(_) => "file_unknown_encoding",
            Self::UnknownSheet(_) => "file_unknown_sheet",
            Self::UnknownHeaderRow(_) => "file_unknown_header_row",
            Self::TooManyColumns { .. } => "file_too_many_columns",
            Self::Damaged(_) => "file_damaged",
        }
    }
}

/// Why one row cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub struct RowError {
    /// As `RowSource::row_number`.
    pub row: u64,
    pub kind: RowErrorKind,
    /// What could be read of the row.
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowErrorKind {
    /// More cells than columns: usually a separator inside a text without quotation marks.
    TooManyCells {
        found: usize,
        expected: usize,
    },
    /// Fatal: usually a quotation mark that is never closed.
    TooLong {
        limit: usize,
    },
    /// Fatal.
    TooManyRows {
        limit: u64,
    },
    /// Fatal: the file breaks off or is damaged from here on.
    Damaged(String),
    NotJson(String),
    NotAnObject,
}

impl RowErrorKind {
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooManyCells { .. } => "row_too_many_cells",
            Self::TooLong { .. } => "row_too_long",
            Self::TooManyRows { .. } => "row_too_many_rows",
            Self::Damaged(_) => "row_damaged",
            Self::NotJson(_) => "row_not_json",
            Self::NotAnObject => "row_not_an_object",
        }
    }

    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::TooManyRows { .. } | Self::Damaged(_))
    }
}

impl fmt::Display for RowErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyCells { found, expected } => write!(
                f,
                "{found} cells in a file of {expected} columns; a text that contains the separator needs quotation marks"
            ),
            Self::TooLong { limit } => {
                write!(f, "longer than {} kB; is a quotation mark never closed?", limit >> 10)
            }
            Self::TooManyRows { limit } => write!(f, "more than {limit} rows"),
            Self::Damaged(why) => write!(f, "the file is damaged from here on: {why}"),
            Self::NotJson(why) => write!(f, "not valid JSON: {why}"),
            Self::NotAnObject => f.write_str("not a JSON object"),
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}: {}", self.row, self.kind)
    }
}

impl std::error::Error for RowError {}
