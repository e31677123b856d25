//! Rows in Postgres' binary format written straight as JSON.
//!
//! Formats: numeric in base-10000 digits with weight, sign and scale; timestamptz in µs and date in days
//! since 2000-01-01; jsonb one version byte then text; uuid 16 bytes; arrays with a header per dimension; rows as the columns they have.

use super::misfit;
use crate::{Error, Result};
use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc};
use diesel::pg::Pg;
use diesel::row::{Field as _, Row};
use kezhan_meta::rules::mask::Mask;
use kezhan_meta::{FieldMeta, FieldType, Storage};
use std::io::Write as _;
use uuid::Uuid;

/// How a column's bytes become JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Text,
    Int4,
    Int8,
    Numeric,
    Bool,
    Date,
    Time,
    Uuid,
    Jsonb,
    Texts,
    Uuids,
}

impl Wire {
    /// The format in which a field of this type arrives.
    pub fn of(field: &FieldMeta) -> Wire {
        if field.storage == Storage::Custom {
            return Wire::Jsonb;
        }
        match &field.kind {
            _ if field.sealed => Wire::Text,
            FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
                Wire::Uuid
            }
            FieldType::Text
            | FieldType::LongText
            | FieldType::RichText
            | FieldType::Choice { .. }
            | FieldType::Phone
            | FieldType::Email
            | FieldType::Url
            | FieldType::AutoNumber { .. } => Wire::Text,
            FieldType::Integer if field.key == "version" => Wire::Int4,
            FieldType::Integer => Wire::Int8,
            FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => Wire::Numeric,
            FieldType::Date => Wire::Date,
            FieldType::DateTime => Wire::Time,
            FieldType::Boolean => Wire::Bool,
            FieldType::MultiChoice { .. } | FieldType::Tags => Wire::Texts,
            FieldType::MultiReference { .. } => Wire::Uuids,
            FieldType::Address | FieldType::Geo | FieldType::Json => Wire::Jsonb,
        }
    }
}

/// One row's bytes. Diesel lends a field's bytes only while the field itself is held, so they are copied
/// into one buffer that all rows of a result share.
#[derive(Default)]
pub struct RawRow {
    buffer: Vec<u8>,
    spans: Vec<Option<(usize, usize)>>,
}

impl RawRow {
    pub(super) fn fill<'r, R: Row<'r, Pg>>(&mut self, row: &R) {
        self.buffer.clear();
        self.spans.clear();
        for at in 0..row.field_count() {
            let start = self.buffer.len();
            let found = row.get(at).is_some_and(|field| match field.value() {
                Some(value) => {
                    self.buffer.extend_from_slice(value.as_bytes());
                    true
                }
                None => false,
            });
            self.spans.push(found.then_some((start, self.buffer.len())));
        }
    }

    /// From one composite value: a count, then type, length and bytes of each column.
    fn fill_composite(&mut self, bytes: &[u8]) -> Result<()> {
        let read = |at: usize| bytes.get(at..at + 4).ok_or_else(|| misfit("record")).and_then(int4);
        self.buffer.clear();
        self.spans.clear();
        self.buffer.extend_from_slice(bytes);
        let mut at = 4;
        for _ in 0..read(0)? {
            let size = read(at + 4)?;
            at += 8;
            let end = usize::try_from(size).ok().map(|size| at + size);
            self.spans.push(end.map(|end| (at, end)));
            at = end.unwrap_or(at);
        }
        Ok(())
    }

    /// Writes a column of rows as a JSON array, each row as `each` has it.
    pub fn write_rows(
        &self,
        at: usize,
        out: &mut Vec<u8>,
        mut each: impl FnMut(&RawRow, &mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let Some(bytes) = self.bytes(at) else {
            out.extend_from_slice(b"[]");
            return Ok(());
        };
        let mut row = RawRow::default();
        array(bytes, out, |item, out| {
            row.fill_composite(item)?;
            each(&row, out)
        })
    }

    pub fn bytes(&self, at: usize) -> Option<&[u8]> {
        let (start, end) = self.spans.get(at).copied().flatten()?;
        self.buffer.get(start..end)
    }

    pub fn is_null(&self, at: usize) -> bool {
        self.bytes(at).is_none()
    }

    pub fn text(&self, at: usize) -> Option<&str> {
        self.bytes(at).and_then(|b| std::str::from_utf8(b).ok())
    }

    pub fn uuid(&self, at: usize) -> Option<Uuid> {
        self.bytes(at).and_then(|b| Uuid::from_slice(b).ok())
    }

    pub fn int8(&self, at: usize) -> Option<i64> {
        self.bytes(at).and_then(|b| int8(b).ok())
    }

    pub fn int4(&self, at: usize) -> Option<i32> {
        self.bytes(at).and_then(|b| int4(b).ok())
    }

    pub fn bool(&self, at: usize) -> Option<bool> {
        self.bytes(at).map(|b| b.first() == Some(&1))
    }

    /// jsonb as its text.
    pub fn json(&self, at: usize) -> Option<&[u8]> {
        self.bytes(at).and_then(|b| b.get(1..))
    }

    pub fn time(&self, at: usize) -> Option<DateTime<Utc>> {
        self.bytes(at).and_then(|b| time(b).ok())
    }

    /// Writes the outline of a column of text; what has no outline shows as empty.
    pub fn write_masked(&self, at: usize, wire: Wire, mask: Option<Mask>, out: &mut Vec<u8>) -> Result<()> {
        let text = match wire {
            Wire::Text => self.text(at).map(str::to_owned),
            Wire::Jsonb => self.json(at).and_then(|json| serde_json::from_slice(json).ok()),
            _ => None,
        };
        match (mask, text) {
            (Some(mask), Some(text)) => string(mask.apply(&text).as_bytes(), out),
            _ => {
                out.extend_from_slice(b"null");
                Ok(())
            }
        }
    }

    /// Writes one column as a JSON value.
    pub fn write(&self, at: usize, wire: Wire, out: &mut Vec<u8>) -> Result<()> {
        match self.bytes(at) {
            None => out.extend_from_slice(b"null"),
            Some(bytes) => write_value(bytes, wire, out)?,
        }
        Ok(())
    }
}

fn write_value(bytes: &[u8], wire: Wire, out: &mut Vec<u8>) -> Result<()> {
    match wire {
        Wire::Text => string(bytes, out)?,
        Wire::Int4 => integer(out, int4(bytes)?),
        Wire::Int8 => integer(out, int8(bytes)?),
        Wire::Bool => out.extend_from_slice(if bytes.first() == Some(&1) { b"true" } else { b"false" }),
        Wire::Uuid => {
            let id = Uuid::from_slice(bytes).map_err(|_| misfit("uuid"))?;
            let mut buffer = Uuid::encode_buffer();
            out.push(b'"');
            out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
            out.push(b'"');
        }
        Wire::Jsonb => out.extend_from_slice(bytes.get(1..).ok_or_else(|| misfit("jsonb"))?),
        Wire::Numeric => {
            out.push(b'"');
            numeric(bytes, out)?;
            out.push(b'"');
        }
        Wire::Date => {
            let date = NaiveDate::from_ymd_opt(2000, 1, 1)
                .and_then(|epoch| epoch.checked_add_signed(Duration::days(i64::from(int4(bytes).ok()?))))
                .ok_or_else(|| misfit("date"))?;
            out.push(b'"');
            day(out, date)?;
            out.push(b'"');
        }
        Wire::Time => {
            out.push(b'"');
            instant(out, time(bytes)?)?;
            out.push(b'"');
        }
        Wire::Texts => array(bytes, out, string)?,
        Wire::Uuids => array(bytes, out, |item, out| write_value(item, Wire::Uuid, out))?,
    }
    Ok(())
}

fn integer(out: &mut Vec<u8>, number: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number in `width` digits, the leading ones zero.
fn digits(out: &mut Vec<u8>, number: u32, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut left = number;
    for place in out.iter_mut().skip(start).rev() {
        *place += (left % 10) as u8;
        left /= 10;
    }
}

/// `2026-11-24`, as chrono prints it but several times faster: a page has hundreds of them.
fn day(out: &mut Vec<u8>, date: NaiveDate) -> Result<()> {
    match u32::try_from(date.year()) {
        Ok(year @ 0..10_000) => {
            digits(out, year, 4);
            out.push(b'-');
            digits(out, date.month(), 2);
            out.push(b'-');
            digits(out, date.day(), 2);
            Ok(())
        }
        _ => print(out, format_args!("{}", date.format("%Y-%m-%d"))),
    }
}

/// As [`kezhan_meta::check::instant`].
fn instant(out: &mut Vec<u8>, at: DateTime<Utc>) -> Result<()> {
    if !(0..10_000).contains(&at.year()) {
        return print(out, format_args!("{}", kezhan_meta::check::instant(at)));
    }
    day(out, at.date_naive())?;
    for (mark, number) in [(b'T', at.hour()), (b':', at.minute()), (b':', at.second())] {
        out.push(mark);
        digits(out, number, 2);
    }
    let micros = at.timestamp_subsec_micros();
    if micros != 0 {
        out.push(b'.');
        digits(out, micros, 6);
    }
    out.push(b'Z');
    Ok(())
}

fn print(out: &mut Vec<u8>, args: std::fmt::Arguments<'_>) -> Result<()> {
    out.write_fmt(args).map_err(|e| Error::Internal(e.to_string()))
}

fn string(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let text = std::str::from_utf8(bytes).map_err(|_| misfit("text"))?;
    serde_json::to_writer(out, text).map_err(|e| Error::Internal(e.to_string()))
}

fn int4(bytes: &[u8]) -> Result<i32> {
    Ok(i32::from_be_bytes(bytes.try_into().map_err(|_| misfit("int4"))?))
}

fn int8(bytes: &[u8]) -> Result<i64> {
    Ok(i64::from_be_bytes(bytes.try_into().map_err(|_| misfit("int8"))?))
}

fn int2(bytes: &[u8], at: usize) -> Result<i16> {
    let two = bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).ok_or_else(|| misfit("numeric"))?;
    Ok(i16::from_be_bytes(two))
}

fn time(bytes: &[u8]) -> Result<DateTime<Utc>> {
    /// Seconds from 1970 to 2000.
    const EPOCH: i64 = 946_684_800;
    int8(bytes)?
        .checked_add(EPOCH * 1_000_000)
        .and_then(DateTime::from_timestamp_micros)
        .ok_or_else(|| misfit("timestamptz"))
}

/// Prints a numeric without trailing zeros after the point.
fn numeric(bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let count = int2(bytes, 0)?.max(0) as usize;
    let weight = i32::from(int2(bytes, 2)?);
    match int2(bytes, 4)? as u16 {
        0x0000 => {}
        0x4000 => out.push(b'-'),
        _ => return Err(misfit("numeric NaN or infinity")),
    }
    let scale = int2(bytes, 6)?.max(0) as usize;
    let digit = |group: i32| -> Result<i16> {
        match usize::try_from(group) {
            Ok(i) if i < count => int2(bytes, 8 + 2 * i),
            _ => Ok(0),
        }
    };
    let group_of = |group: i16| match u32::try_from(group) {
        Ok(group @ 0..10_000) => Ok(group),
        _ => Err(misfit("numeric")),
    };
    if weight < 0 {
        out.push(b'0');
    }
    for group in 0..=weight {
        match group {
            0 => integer(out, digit(0)?),
            _ => digits(out, group_of(digit(group)?)?, 4),
        }
    }
    if scale == 0 {
        return Ok(());
    }
    let point = out.len();
    out.push(b'.');
    let groups = scale.div_ceil(4) as i32;
    for group in 1..=groups {
        digits(out, group_of(digit(weight + group)?)?, 4);
    }
    out.truncate(point + 1 + scale);
    while out.last() == Some(&b'0') {
        out.pop();
    }
    if out.last() == Some(&b'.') {
        out.pop();
    }
    Ok(())
}

/// A one-dimensional array: dimensions, flags, element type, length, lower bound, then (length, bytes) each.
fn array(bytes: &[u8], out: &mut Vec<u8>, mut item: impl FnMut(&[u8], &mut Vec<u8>) -> Result<()>) -> Result<()> {
    let read = |at: usize| bytes.get(at..at + 4).ok_or_else(|| misfit("array")).and_then(int4);
    out.push(b'[');
    if read(0)? > 0 {
        let length = read(12)?;
        let mut at = 20;
        for i in 0..length {
            if i > 0 {
                out.push(b',');
            }
            let size = read(at)?;
            at += 4;
            match usize::try_from(size) {
                Ok(size) => {
                    item(bytes.get(at..at + size).ok_or_else(|| misfit("array"))?, out)?;
                    at += size;
                }
                Err(_) => out.extend_from_slice(b"null"),
            }
        }
    }
    out.push(b']');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_numeric(groups: &[i16], weight: i16, sign: u16, scale: i16) -> String {
        let mut bytes = Vec::new();
        for part in [groups.len() as i16, weight, sign as i16, scale] {
            bytes.extend(part.to_be_bytes());
        }
        for group in groups {
            bytes.extend(group.to_be_bytes());
        }
        let mut out = Vec::new();
        numeric(&bytes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numerics_print_exactly() {
        assert_eq!(as_numeric(&[], 0, 0, 0), "0");
        assert_eq!(as_numeric(&[], 0, 0, 4), "0");
        assert_eq!(as_numeric(&[1054], 0, 0, 4), "1054");
        assert_eq!(as_numeric(&[1000, 5534], 1, 0, 4), "10005534");
        assert_eq!(as_numeric(&[1100, 400], 0, 0, 4), "1100.04");
        assert_eq!(as_numeric(&[12, 3400], 0, 0x4000, 4), "-12.34");
        assert_eq!(as_numeric(&[5], -1, 0, 4), "0.0005");
        assert_eq!(as_numeric(&[5000], -2, 0, 8), "0.00005");
        assert_eq!(as_numeric(&[1], 2, 0, 0), "100000000");
    }

    proptest::proptest! {
        #[test]
        fn times_and_dates_print_as_chrono_prints_them(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            for at in [at, at.with_nanosecond(0).unwrap()] {
                let (mut time, mut date) = (Vec::new(), Vec::new());
                instant(&mut time, at).unwrap();
                day(&mut date, at.date_naive()).unwrap();
                proptest::prop_assert_eq!(String::from_utf8(time).unwrap(), kezhan_meta::check::instant(at));
                proptest::prop_assert_eq!(String::from_utf8(date).unwrap(), at.format("%Y-%m-%d").to_string());
            }
        }
    }

    #[test]
    fn damaged_bytes_are_errors_not_panics() {
        for wire in [Wire::Int4, Wire::Int8, Wire::Numeric, Wire::Date, Wire::Time, Wire::Uuid, Wire::Texts] {
            let mut out = Vec::new();
            assert!(write_value(&[1], wire, &mut out).is_err(), "{wire:?}");
        }
    }
}
