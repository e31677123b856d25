//! What CSV and XLSX have in common: rows under a row of headers.

use std::collections::VecDeque;

use super::{HeadRow, Limits, ReadError, ReadOptions, RowError, RowErrorKind, RowSource, SourceInfo, header};
use crate::transfer::{Cell, Format};

/// A row as it stands in the file.
#[derive(Clone, Debug)]
pub struct RawRow {
    pub number: u64,
    pub cells: Vec<Cell>,
}

impl RawRow {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }

    /// Cells up to the last one with content.
    fn width(&self) -> usize {
        self.cells.iter().rposition(|c| !c.is_empty()).map_or(0, |last| last + 1)
    }
}

/// All rows of a file, headers and blank ones included.
pub trait RawRows: Send {
    fn info(&self) -> &SourceInfo;
    fn restart(&mut self) -> Result<(), ReadError>;
    fn next(&mut self) -> Option<Result<RawRow, (u64, RowErrorKind)>>;
}

/// Rows of those looked through for headers that are told of, and how much of each.
const HEAD_SHOWN: usize = 10;
const CELLS_SHOWN: usize = 8;
const TEXT_SHOWN: usize = 40;

impl HeadRow {
    fn of(row: &RawRow) -> HeadRow {
        let cells = row.cells.iter().filter(|c| !c.is_empty()).take(CELLS_SHOWN);
        let cells = cells.map(|c| c.trimmed().chars().take(TEXT_SHOWN).collect()).collect();
        HeadRow { row: row.number, cells }
    }
}

type Raw = Result<RawRow, (u64, RowErrorKind)>;

pub struct Sheet<R> {
    raw: R,
    info: SourceInfo,
    limits: Limits,
    headers: Vec<String>,
    /// Rows that were read to find the headers and are still to be returned.
    ahead: VecDeque<Raw>,
    /// Number of the header row in the file, 0 if there is none.
    header_number: u64,
    /// Rows returned since the start.
    returned: u64,
    number: u64,
    stopped: bool,
}

impl<R: RawRows> Sheet<R> {
    pub fn open(mut raw: R, options: &ReadOptions) -> Result<Self, ReadError> {
        let limits = options.limits;
        let mut ahead: VecDeque<Raw> = VecDeque::new();
        let mut head: Vec<RawRow> = Vec::new();
        while head.len() < header::LOOK_AHEAD {
            match raw.next() {
                Some(Ok(row)) if row.is_blank() => {}
                Some(Ok(row)) => head.push(row),
                Some(Err(error)) => {
                    ahead.push_back(Err(error));
                    break;
                }
                None => break,
            }
        }
        if head.is_empty() {
            return Err(match ahead.pop_front() {
                Some(Err((_, kind))) => ReadError::Damaged(kind.to_string()),
                _ => ReadError::Empty,
            });
        }
        let header = match options.header_row {
            None => header::find(&head),
            Some(0) => None,
            Some(number) => {
                let at = head.iter().position(|row| row.number == number);
                Some(at.ok_or(ReadError::UnknownHeaderRow(number))?)
            }
        };
        let columns = columns(&head, header, raw.info().format);
        if columns > limits.columns {
            return Err(ReadError::TooManyColumns { limit: limits.columns });
        }
        let header_row = header.and_then(|index| head.get(index));
        // A title above is no name of a column: it stands alone.
        let above = header.and_then(|index| head.get(index.checked_sub(1)?)).filter(|row| row.width() > 1);
        let headers = header::names(header_row, above, columns);
        let header_number = header_row.map_or(0, |row| row.number);
        let shown = head.iter().take(HEAD_SHOWN).map(HeadRow::of).collect();
        for row in head.drain(header.map_or(0, |index| index + 1)..).rev() {
            ahead.push_front(Ok(row));
        }
        let info =
            SourceInfo { has_header: header.is_some(), header_row: header_number, head: shown, ..raw.info().clone() };
        Ok(Self { raw, info, limits, headers, ahead, header_number, returned: 0, number: 0, stopped: false })
    }

    fn next_raw(&mut self) -> Option<Raw> {
        loop {
            let raw = self.ahead.pop_front().or_else(|| self.raw.next())?;
            match raw {
                Ok(row) if row.is_blank() || row.number <= self.header_number => {}
                other => return Some(other),
            }
        }
    }

    fn shape(&self, mut row: RawRow) -> Result<Vec<Cell>, RowError> {
        let expected = self.headers.len();
        let found = row.width();
        if found > expected {
            row.cells.truncate(found);
            let kind = RowErrorKind::TooManyCells { found, expected };
            return Err(RowError { row: row.number, kind, cells: row.cells });
        }
        row.cells.resize(expected, Cell::Empty);
        Ok(row.cells)
    }
}

/// As many columns as the headers have. In delimited text a row that is wider was cut apart by a stray
/// separator and must not widen the table; the cells of a worksheet stand where they stand.
fn columns(head: &[RawRow], header: Option<usize>, format: Format) -> usize {
    let widths = head.iter().skip(header.unwrap_or(0)).map(RawRow::width);
    match header.and_then(|index| head.get(index)) {
        Some(row) if format == Format::Csv => widths.filter(|w| *w <= row.cells.len()).max().unwrap_or(0),
        _ => widths.max().unwrap_or(0),
    }
}

impl<R: RawRows> RowSource for Sheet<R> {
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
        let raw = self.next_raw()?;
        self.number = match &raw {
            Ok(row) => row.number,
            Err((number, _)) => *number,
        };
        let raw = match raw {
            Ok(_) if self.returned >= self.limits.rows => {
                Err((self.number, RowErrorKind::TooManyRows { limit: self.limits.rows }))
            }
            raw => raw,
        };
        self.returned += 1;
        Some(match raw {
            Ok(row) => self.shape(row),
            Err((row, kind)) => {
                self.stopped = kind.is_fatal();
                Err(RowError { row, kind, cells: Vec::new() })
            }
        })
    }

    fn row_number(&self) -> u64 {
        self.number
    }

    fn seek_row(&mut self, n: u64) -> Result<(), ReadError> {
        if n < self.returned {
            self.raw.restart()?;
            self.ahead.clear();
            self.returned = 0;
            self.number = 0;
            self.stopped = false;
        }
        while self.returned < n && self.next_row().is_some() {}
        Ok(())
    }
}
