//! CSV as spreadsheet programs open it without questions: UTF-8 with a mark, CRLF.

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};
use kezhan_meta::rules::numbers::parse_number;

use super::{Column, RowSink, WriteError};
use crate::transfer::Cell;

pub struct CsvSink<W: Write> {
    writer: Writer<W>,
}

impl<W: Write> CsvSink<W> {
    pub fn new(mut out: W, columns: &[Column]) -> Result<Self, WriteError> {
        // Without the mark Excel reads Chinese as the system's code page.
        out.write_all(b"\xef\xbb\xbf")?;
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        writer.write_record(columns.iter().map(|c| harmless(Cow::Borrowed(&c.label)).into_owned())).map_err(io)?;
        Ok(Self { writer })
    }
}

impl<W: Write + Send> RowSink for CsvSink<W> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), WriteError> {
        for cell in cells {
            let text = match cell {
                Cell::Text(_) => harmless(cell.as_text()),
                _ => cell.as_text(),
            };
            self.writer.write_field(text.as_bytes()).map_err(io)?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(io)
    }

    fn finish(mut self: Box<Self>) -> Result<(), WriteError> {
        Ok(self.writer.flush()?)
    }
}

/// A text that a spreadsheet program would run as a formula gets an apostrophe in front. Numbers and
/// telephone numbers (`-5`, `+86 138…`) are harmless and stay as they are.
fn harmless(text: Cow<'_, str>) -> Cow<'_, str> {
    let mut chars = text.trim_start_matches([' ', '\u{3000}']).chars();
    let risky = match chars.next() {
        Some('=' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => true,
        Some('+' | '-') => {
            let plain = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')'));
            let phone = text.starts_with('+') && plain && text.bytes().filter(|b| b"+-()".contains(b)).count() == 1;
            !phone && parse_number(&text).is_none()
        }
        _ => false,
    };
    if risky { Cow::Owned(format!("'{text}")) } else { text }
}

fn io(error: csv::Error) -> WriteError {
    WriteError::Io(error.into())
}
