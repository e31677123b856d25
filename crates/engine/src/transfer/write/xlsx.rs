//! XLSX with typed cells, a frozen header row, and what an import template needs: required marks, notes
//! and drop-downs.

use std::io::Write;

use chrono::Datelike;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, Note, Workbook, Worksheet, XlsxError};

use super::{Column, RowSink, WriteError};
use crate::transfer::Cell;

const LAST_ROW: u32 = 1_048_575;
/// What Excel allows in one cell.
const CELL_CHARS: usize = 32_767;
/// What Excel allows in a drop-down written out, separators included.
const CHOICE_CHARS: usize = 255;
const CHOICE_ROWS: u32 = 10_000;

pub struct XlsxSink<W> {
    out: W,
    workbook: Workbook,
    date: Format,
    time: Format,
    next: u32,
}

impl<W: Write> XlsxSink<W> {
    pub fn new(out: W, columns: &[Column]) -> Result<Self, WriteError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        let plain = Format::new().set_bold().set_background_color(Color::RGB(0x00F2_F4F7)).set_align(FormatAlign::Top);
        let required = plain.clone().set_font_color(Color::RGB(0x00C0_2626));
        sheet.set_freeze_panes(1, 0)?;
        for (index, column) in (0u16..).zip(columns) {
            let label = if column.required { format!("{}*", column.label) } else { column.label.clone() };
            let width = column.width.unwrap_or_else(|| width_of(&label));
            sheet.set_column_width(index, f64::from(width))?;
            sheet.write_string_with_format(0, index, &label, if column.required { &required } else { &plain })?;
            if let Some(note) = &column.note {
                sheet.insert_note(0, index, &Note::new(note.as_str()))?;
            }
            if let Some(list) = drop_down(&column.choices)? {
                sheet.add_data_validation(1, index, CHOICE_ROWS, index, &list)?;
            }
        }
        let date = Format::new().set_num_format("yyyy-mm-dd");
        let time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        Ok(Self { out, workbook, date, time, next: 1 })
    }
}

impl<W: Write + Send> RowSink for XlsxSink<W> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), WriteError> {
        if self.next > LAST_ROW {
            return Err(WriteError::TooManyRows);
        }
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0u16..).zip(cells) {
            write(sheet, self.next, column, cell, &self.date, &self.time)?;
        }
        self.next += 1;
        Ok(())
    }

    fn note(&mut self, column: usize, text: &str) -> Result<(), WriteError> {
        let Ok(column) = u16::try_from(column) else { return Ok(()) };
        let sheet = self.workbook.worksheet_from_index(0)?;
        sheet.insert_note(self.next - 1, column, &Note::new(text))?;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), WriteError> {
        let mut sink = *self;
        sink.workbook.save_to_writer(&mut sink.out)?;
        Ok(sink.out.flush()?)
    }
}

fn write(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell,
    date: &Format,
    time: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Bool(value) => sheet.write_boolean(row, column, *value)?,
        // Excel's calendar starts in 1900.
        Cell::Date(value) if value.year() < 1900 => sheet.write_string(row, column, cell.as_text())?,
        Cell::DateTime(value) if value.year() < 1900 => sheet.write_string(row, column, cell.as_text())?,
        Cell::Date(value) => sheet.write_date_with_format(row, column, value, date)?,
        Cell::DateTime(value) => sheet.write_datetime_with_format(row, column, value, time)?,
        // Spreadsheets keep 15 digits; a longer number would be changed silently.
        Cell::Number { value, text } => match value.to_f64() {
            Some(number) if value.normalize().mantissa().unsigned_abs() < 1_000_000_000_000_000 => {
                sheet.write_number(row, column, number)?
            }
            _ => sheet.write_string(row, column, text)?,
        },
        // Always a string cell, never a formula: nothing to escape.
        Cell::Text(text) => match text.char_indices().nth(CELL_CHARS) {
            Some((end, _)) => sheet.write_string(row, column, &text[..end])?,
            None => sheet.write_string(row, column, text)?,
        },
    };
    Ok(())
}

fn drop_down(choices: &[String]) -> Result<Option<DataValidation>, XlsxError> {
    let length: usize = choices.iter().map(|c| c.chars().count() + 1).sum();
    if choices.is_empty() || length > CHOICE_CHARS || choices.iter().any(|c| c.contains(',')) {
        return Ok(None);
    }
    // A wrong value is explained by the import, so the sheet only proposes.
    Ok(Some(DataValidation::new().allow_list_strings(choices)?.show_error_message(false)))
}

/// Chinese characters take the room of two.
fn width_of(label: &str) -> u16 {
    let wide: u16 = label.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    (wide + 4).clamp(10, 40)
}

impl From<XlsxError> for WriteError {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::IoError(error) => Self::Io(error),
            error => Self::Xlsx(error.to_string()),
        }
    }
}
