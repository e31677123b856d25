//! One value of a spreadsheet, typed as far as the file itself is.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use rust_decimal::Decimal;

/// CSV knows only text; XLSX and NDJSON tell more. The text as the file had it is always kept, so that
/// a rejected row can be handed back unchanged.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    #[default]
    Empty,
    Text(String),
    Number {
        value: Decimal,
        text: String,
    },
    Date(NaiveDate),
    DateTime(NaiveDateTime),
    Bool(bool),
}

impl Cell {
    /// Text as a cell; white space alone is nothing. Postgres cannot store NUL, so it is dropped here.
    pub fn text(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.contains('\0') {
            text.retain(|c| c != '\0');
        }
        if text.trim().is_empty() { Self::Empty } else { Self::Text(text) }
    }

    pub fn number(value: Decimal) -> Self {
        Self::Number { text: value.to_string(), value }
    }

    /// A binary number of a spreadsheet, in the 15 digits that spreadsheets show.
    pub fn float(value: f64) -> Self {
        match decimal_of(value) {
            Some(value) => Self::number(value.normalize()),
            None => Self::text(value.to_string()),
        }
    }

    pub fn date_time(value: NaiveDateTime) -> Self {
        if value.time() == NaiveTime::MIN { Self::Date(value.date()) } else { Self::DateTime(value) }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// What a person would read in the cell.
    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) | Self::Number { text, .. } => Cow::Borrowed(text),
            Self::Date(date) => Cow::Owned(date.format("%Y-%m-%d").to_string()),
            Self::DateTime(time) => Cow::Owned(time.format("%Y-%m-%d %H:%M:%S").to_string()),
            Self::Bool(value) => Cow::Borrowed(if *value { "TRUE" } else { "FALSE" }),
        }
    }

    /// `as_text` without white space around it.
    pub fn trimmed(&self) -> Cow<'_, str> {
        match self.as_text() {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        }
    }
}

fn decimal_of(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Some(Decimal::from(value as i64));
    }
    // Exponent form with 15 significant digits: 0.1 + 0.2 is 0.3 again.
    Decimal::from_scientific(&format!("{value:.14e}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_read_as_shown() {
        for (value, text) in [
            (0.1 + 0.2, "0.3"),
            (1100.04, "1100.04"),
            (550.0, "550"),
            (-0.5, "-0.5"),
            (1e20, "100000000000000000000"),
            (123_456_789_012_345.0, "123456789012345"),
            (0.0, "0"),
            (13_800_138_000.0, "13800138000"),
        ] {
            assert_eq!(Cell::float(value).as_text(), text);
        }
        assert!(matches!(Cell::float(f64::NAN), Cell::Text(_)));
        assert!(matches!(Cell::float(1e300), Cell::Text(_)));
    }

    #[test]
    fn blank_text_is_nothing() {
        assert!(Cell::text(" \u{3000}\n").is_empty());
        assert!(Cell::text("\0").is_empty());
        assert_eq!(Cell::text("a\0b"), Cell::Text("ab".into()));
        assert_eq!(Cell::text(" a ").trimmed(), "a");
    }
}
