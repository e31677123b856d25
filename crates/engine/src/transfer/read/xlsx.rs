//! XLSX: cells are read from the packed file one by one, in a thread of their own.
//!
//! The thread is what lets a reader that borrows its workbook be handed around, and it keeps a file that
//! upsets the parser from upsetting anybody else.

use std::io::{BufReader, Read, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use chrono::NaiveDateTime;
use kezhan_meta::rules::dates::excel_serial;
use rust_decimal::Decimal;

use super::sheet::{RawRow, RawRows};
use super::{Limits, ReadError, ReadOptions, RowErrorKind, SourceInfo};
use crate::transfer::{Cell, Format};
use crate::vault::files::Stored;

/// Rows handed over at once, and how many such hands may wait: both bound memory.
const BATCH: usize = 128;
const WAITING: usize = 4;

type Batch = Vec<Result<RawRow, (u64, RowErrorKind)>>;

enum Message {
    Opened { sheet: String, sheets: Vec<String> },
    Failed(ReadError),
    Rows(Batch),
    Done,
}

pub struct XlsxRows {
    file: Stored,
    limits: Limits,
    info: SourceInfo,
    messages: Receiver<Message>,
    batch: std::vec::IntoIter<Result<RawRow, (u64, RowErrorKind)>>,
    number: u64,
    done: bool,
}

impl XlsxRows {
    pub fn open(file: &Stored, options: &ReadOptions) -> Result<Self, ReadError> {
        check_size(file, &options.limits)?;
        let (messages, sheet, sheets) = start(file, options.sheet.clone(), options.limits)?;
        let info = SourceInfo {
            format: Format::Xlsx,
            encoding: None,
            delimiter: None,
            sheet: Some(sheet),
            sheets,
            has_header: true,
            header_row: 0,
            head: Vec::new(),
        };
        let batch = Vec::new().into_iter();
        Ok(Self { file: file.clone(), limits: options.limits, info, messages, batch, number: 0, done: false })
    }
}

impl RawRows for XlsxRows {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn restart(&mut self) -> Result<(), ReadError> {
        let (messages, ..) = start(&self.file, self.info.sheet.clone(), self.limits)?;
        self.messages = messages;
        self.batch = Vec::new().into_iter();
        self.number = 0;
        self.done = false;
        Ok(())
    }

    fn next(&mut self) -> Option<Result<RawRow, (u64, RowErrorKind)>> {
        loop {
            if let Some(row) = self.batch.next() {
                self.number = match &row {
                    Ok(row) => row.number,
                    Err((number, _)) => *number,
                };
                return Some(row);
            }
            if self.done {
                return None;
            }
            match self.messages.recv() {
                Ok(Message::Rows(batch)) => self.batch = batch.into_iter(),
                Ok(Message::Done) => self.done = true,
                // The thread ended without saying so: the parser gave up in the middle.
                Ok(_) | Err(_) => {
                    self.done = true;
                    return Some(Err((self.number + 1, RowErrorKind::Damaged("unexpected content".into()))));
                }
            }
        }
    }
}

/// Unpacks every part once, only counting: declared sizes cannot be trusted.
fn check_size(file: &Stored, limits: &Limits) -> Result<(), ReadError> {
    let damaged = |error: zip::result::ZipError| ReadError::Damaged(error.to_string());
    let mut archive = zip::ZipArchive::new(BufReader::new(file.open()?)).map_err(damaged)?;
    if archive.index_for_name("xl/workbook.xml").is_none() {
        return Err(ReadError::NotASpreadsheet);
    }
    let mut total = 0;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let name = part.name().map_err(damaged)?.to_ascii_lowercase();
        let in_memory = !name.starts_with("xl/worksheets/") && name.ends_with(".xml");
        let left = limits.unpacked_bytes - total;
        let limit = if in_memory { left.min(limits.shared_text_bytes) } else { left };
        let mut pieces = Pieces { length: 0, longest: 0, within: false, last: [0; 2] };
        let read = std::io::copy(&mut part.take(limit + 1), &mut pieces)
            .map_err(|error| ReadError::Damaged(error.to_string()))?;
        // A worksheet is read piece by piece, and each is held in memory.
        if read > limit || !in_memory && name.ends_with(".xml") && pieces.longest > limits.row_bytes {
            return Err(ReadError::UnpacksTooLarge { limit });
        }
        total += read;
    }
    Ok(())
}

/// Measures the longest tag, text, comment or instruction of an XML part.
struct Pieces {
    length: usize,
    longest: usize,
    /// In a comment or an instruction, where a `<` begins nothing.
    within: bool,
    last: [u8; 2],
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for &byte in bytes {
            self.length += 1;
            match (self.last, byte) {
                (_, b'<') if !self.within => self.length = 0,
                ([_, b'<'], b'!' | b'?') => self.within = true,
                ([b'-', b'-'] | [b']', b']'] | [_, b'?'], b'>') => self.within = false,
                _ => {}
            }
            self.longest = self.longest.max(self.length);
            self.last = [self.last[1], byte];
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

type Started = (Receiver<Message>, String, Vec<String>);

fn start(file: &Stored, sheet: Option<String>, limits: Limits) -> Result<Started, ReadError> {
    let (sender, messages) = sync_channel(WAITING);
    let file = file.clone();
    thread::Builder::new().name("xlsx".into()).spawn(move || {
        let last = match run(&file, sheet, &limits, &sender) {
            Ok(()) => Message::Done,
            Err(error) => Message::Failed(error),
        };
        // Nobody listens any more when the source was dropped.
        let _ = sender.send(last);
    })?;
    match messages.recv() {
        Ok(Message::Opened { sheet, sheets }) => Ok((messages, sheet, sheets)),
        Ok(Message::Failed(error)) => Err(error),
        Ok(_) | Err(_) => Err(ReadError::Damaged("unexpected content".into())),
    }
}

fn run(file: &Stored, wanted: Option<String>, limits: &Limits, sender: &SyncSender<Message>) -> Result<(), ReadError> {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(file.open()?)).map_err(read_error)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible)
        .map(|s| s.name.clone())
        .collect();
    let sheet = match wanted {
        Some(name) if sheets.contains(&name) => name,
        Some(name) => return Err(ReadError::UnknownSheet(name)),
        None => first_with_content(&mut book, &sheets)?,
    };
    let system_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(read_error)?;
    let percent_styles: Vec<bool> = cells
        .styles()
        .iter()
        .map(|style| style.number_format.as_ref().is_some_and(|format| format.format_code.contains('%')))
        .collect();
    if sender.send(Message::Opened { sheet, sheets }).is_err() {
        return Ok(());
    }
    let mut rows = Rows { batch: Vec::with_capacity(BATCH), sender, current: None };
    loop {
        let (cell, style) = match cells.next_cell_with_style_id() {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(error) => {
                let next = rows.current.as_ref().map_or(1, |row| row.number + 1);
                rows.finish_row();
                rows.push(Err((next, RowErrorKind::Damaged(error.to_string()))));
                break;
            }
        };
        let (row, column) = cell.get_position();
        let percent = percent_styles.get(style).copied().unwrap_or(false);
        let value = convert(cell.get_value(), percent, system_1904);
        if value.is_empty() {
            continue;
        }
        let column = column as usize;
        if column >= limits.columns {
            rows.finish_row();
            rows.push(Err((
                u64::from(row) + 1,
                RowErrorKind::Damaged(format!("column {} is out of range", column + 1)),
            )));
            break;
        }
        if !rows.put(u64::from(row) + 1, column, value) {
            return Ok(());
        }
    }
    rows.finish_row();
    rows.flush();
    Ok(())
}

/// Cover sheets and empty first sheets are common; the first sheet with more than one cell is meant.
fn first_with_content<R: Read + std::io::Seek>(book: &mut Xlsx<R>, sheets: &[String]) -> Result<String, ReadError> {
    for name in sheets {
        let mut cells = book.worksheet_cells_reader(name).map_err(read_error)?;
        let mut filled = 0;
        while let Ok(Some(cell)) = cells.next_cell() {
            filled += usize::from(!matches!(cell.get_value(), DataRef::Empty));
            if filled > 1 {
                return Ok(name.clone());
            }
        }
    }
    Err(ReadError::Empty)
}

/// Collects cells into rows and rows into batches.
struct Rows<'a> {
    batch: Batch,
    sender: &'a SyncSender<Message>,
    current: Option<RawRow>,
}

impl Rows<'_> {
    /// False once nobody listens.
    fn put(&mut self, number: u64, column: usize, value: Cell) -> bool {
        if self.current.as_ref().is_none_or(|row| row.number != number) {
            self.finish_row();
            self.current = Some(RawRow { number, cells: Vec::new() });
            if self.batch.len() >= BATCH && !self.flush() {
                return false;
            }
        }
        if let Some(row) = &mut self.current {
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Cell::Empty);
            }
            row.cells[column] = value;
        }
        true
    }

    fn finish_row(&mut self) {
        if let Some(row) = self.current.take() {
            self.batch.push(Ok(row));
        }
    }

    fn push(&mut self, row: Result<RawRow, (u64, RowErrorKind)>) {
        self.batch.push(row);
    }

    fn flush(&mut self) -> bool {
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH));
        self.sender.send(Message::Rows(batch)).is_ok()
    }
}

fn convert(value: &DataRef<'_>, percent: bool, system_1904: bool) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::Int(value) => Cell::number(Decimal::from(*value)),
        DataRef::Float(value) if percent => as_percent(*value),
        DataRef::Float(value) => Cell::float(*value),
        DataRef::String(text) => Cell::text(text.as_str()),
        DataRef::SharedString(text) => Cell::text(*text),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::DateTime(time) if time.is_duration() => duration(time.as_f64()),
        DataRef::DateTime(time) => match excel_serial(time.as_f64(), system_1904) {
            Some(moment) => Cell::date_time(moment),
            // Below one is a time of day without a date.
            None if (0.0..1.0).contains(&time.as_f64()) => duration(time.as_f64()),
            None => Cell::float(time.as_f64()),
        },
        DataRef::DateTimeIso(text) => iso(text),
        DataRef::DurationIso(text) => Cell::text(text.as_str()),
        DataRef::Error(error) => Cell::text(error.to_string()),
    }
}

/// `12.5 %` is stored as 0.125; what the person sees is what is imported.
fn as_percent(value: f64) -> Cell {
    match Cell::float(value) {
        Cell::Number { value, .. } => match value.checked_mul(Decimal::ONE_HUNDRED) {
            Some(value) => {
                let value = value.normalize();
                Cell::Number { text: format!("{value}%"), value }
            }
            None => Cell::number(value),
        },
        other => other,
    }
}

fn duration(days: f64) -> Cell {
    let seconds = (days * 86_400.0).round();
    if !(0.0..1e12).contains(&seconds) {
        return Cell::float(days);
    }
    let seconds = seconds as u64;
    Cell::text(format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

fn iso(text: &str) -> Cell {
    match text.parse::<NaiveDateTime>().ok().or_else(|| Some(text.parse::<chrono::NaiveDate>().ok()?.into())) {
        Some(moment) => Cell::date_time(moment),
        None => Cell::text(text),
    }
}

fn read_error(error: XlsxError) -> ReadError {
    match error {
        XlsxError::Io(error) => ReadError::Io(error),
        XlsxError::Password => ReadError::OldOrProtectedExcel,
        error => ReadError::Damaged(error.to_string()),
    }
}
