//! Dates and times as they stand in files: American, European, Chinese, ISO, Excel serials.
//!
//! `3/4/2017` means nothing by itself. The order is decided once for a column, by [`OrderVote`] over
//! all its values, and then every value is read in that order.

use chrono::{Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use serde::{Deserialize, Serialize};

use super::text::half_width;

/// Which number comes first in `3/4/2017`. Forms that start with the year need no decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    #[default]
    MonthFirst,
    DayFirst,
}

/// A point in time as written; without an offset the reader's time zone is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeText {
    pub local: NaiveDateTime,
    pub offset: Option<FixedOffset>,
}

/// The dates of a column, tallied to find the order of day and month.
#[derive(Clone, Debug, Default)]
pub struct OrderVote {
    /// Dates that mean the same in any order.
    clear: u32,
    month_first: u32,
    day_first: u32,
    /// Day and month could be swapped.
    either: u32,
}

/// The outcome of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub order: DateOrder,
    /// False where no value tells, or some contradict: the person importing should confirm.
    pub certain: bool,
}

impl OrderVote {
    /// Counts one value; false if it is no date at all.
    pub fn add(&mut self, text: &str) -> bool {
        let text = half_width(text);
        let Some((date, _)) = split_time(text.trim()) else { return false };
        match numeric_parts(date) {
            Some((a, b, year)) => {
                let month_first = NaiveDate::from_ymd_opt(year, a, b).is_some();
                let day_first = NaiveDate::from_ymd_opt(year, b, a).is_some();
                match (month_first, day_first) {
                    (true, true) if a == b => self.clear += 1,
                    (true, true) => self.either += 1,
                    (true, false) => self.month_first += 1,
                    (false, true) => self.day_first += 1,
                    (false, false) => return false,
                }
                true
            }
            None => {
                let known = unambiguous(date).is_some();
                self.clear += u32::from(known);
                known
            }
        }
    }

    pub fn dates(&self) -> u32 {
        self.clear + self.month_first + self.day_first + self.either
    }

    /// None if no value was a date.
    pub fn decide(&self) -> Option<Decision> {
        if self.dates() == 0 {
            return None;
        }
        let order = if self.day_first > self.month_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
        let contradicted = self.day_first > 0 && self.month_first > 0;
        let told = self.day_first + self.month_first > 0 || self.either == 0;
        Some(Decision { order, certain: told && !contradicted })
    }
}

/// Decides the order over all values of a column.
pub fn decide_order<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<Decision> {
    let mut vote = OrderVote::default();
    for value in values {
        vote.add(value);
    }
    vote.decide()
}

/// Reads a date without a time; a time of midnight, as spreadsheets export it, is let pass.
pub fn parse_date(text: &str, order: DateOrder) -> Option<NaiveDate> {
    let parsed = parse_date_time(text, order)?;
    (parsed.local.time() == NaiveTime::MIN && parsed.offset.is_none()).then(|| parsed.local.date())
}

/// Reads a date with or without a time; without one midnight is meant.
pub fn parse_date_time(text: &str, order: DateOrder) -> Option<DateTimeText> {
    let text = half_width(text);
    let (date, time) = split_time(text.trim())?;
    let date = match numeric_parts(date) {
        Some((month, day, year)) if order == DateOrder::MonthFirst => NaiveDate::from_ymd_opt(year, month, day)?,
        Some((day, month, year)) => NaiveDate::from_ymd_opt(year, month, day)?,
        None => unambiguous(date)?,
    };
    let (time, offset) = match time {
        Some(time) => read_time(time)?,
        None => (NaiveTime::MIN, None),
    };
    Some(DateTimeText { local: date.and_time(time), offset })
}

/// Whether a text has a time of day beside its date.
pub fn has_time(text: &str) -> bool {
    let text = half_width(text);
    matches!(split_time(text.trim()), Some((_, Some(_))))
}

/// The moment an Excel serial number stands for. In the 1900 system day 60 is 29 February 1900, which
/// never was: it has no date, and days before it count from one day later.
pub fn excel_serial(serial: f64, system_1904: bool) -> Option<NaiveDateTime> {
    if !serial.is_finite() || !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let mut day = serial.floor();
    // Serials hold binary fractions of a day; milliseconds are what Excel itself shows.
    let mut millis = ((serial - day) * 86_400_000.0).round() as i64;
    if millis == 86_400_000 {
        day += 1.0;
        millis = 0;
    }
    let day = day as u64;
    let first = match (system_1904, day) {
        (true, _) => NaiveDate::from_ymd_opt(1904, 1, 1)?,
        (false, 0 | 60) => return None,
        (false, 1..60) => NaiveDate::from_ymd_opt(1899, 12, 31)?,
        (false, _) => NaiveDate::from_ymd_opt(1899, 12, 30)?,
    };
    let date = first.checked_add_days(Days::new(day))?;
    date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::milliseconds(millis))
}

/// Reads a bare number in a column known to hold dates as an Excel serial, within 1930 to 2100.
pub fn parse_excel_serial(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let serial: f64 = text.parse().ok()?;
    (10_959.0..73_416.0).contains(&serial).then(|| excel_serial(serial, false)).flatten()
}

/// Cuts a text into date and time of day.
pub(super) fn split_time(text: &str) -> Option<(&str, Option<&str>)> {
    if text.is_empty() || text.len() > 48 {
        return None;
    }
    let Some(colon) = text.find(':') else {
        return Some((text, None));
    };
    let before_hour = text[..colon].trim_end_matches(|c: char| c.is_ascii_digit());
    let before_half = before_hour.trim_end().trim_end_matches("上午").trim_end_matches("下午").trim_end();
    let date = before_half.strip_suffix(['T', 't', ',']).unwrap_or(before_half).trim_end();
    // A time glued to its date (`2016-10-2010:30`) has no border to cut at.
    let border = date.len() < before_hour.len() || date.ends_with('日');
    let time = text[before_half.len()..].trim_start_matches(['T', 't', ',']).trim_start();
    (border && !date.is_empty()).then_some((date, Some(time)))
}

pub(super) fn read_time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let mut text = text.trim();
    let mut half = None;
    for (mark, afternoon) in [("上午", false), ("下午", true)] {
        if let Some(rest) = text.strip_prefix(mark) {
            half = Some(afternoon);
            text = rest.trim_start();
        }
    }
    let (clock, offset) = split_offset(text)?;
    let mut clock = clock.trim_end();
    for (mark, afternoon) in [("am", false), ("pm", true), ("a.m.", false), ("p.m.", true)] {
        if let Some(start) = clock.len().checked_sub(mark.len())
            && clock.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(mark))
        {
            half = Some(afternoon);
            clock = clock[..start].trim_end();
            break;
        }
    }
    let mut parts = clock.splitn(3, ':');
    let mut hour = small(parts.next()?)?;
    let minute = parts.next().filter(|m| m.len() == 2).and_then(small)?;
    let (second, milli) = match parts.next() {
        Some(rest) => read_seconds(rest)?,
        None => (0, 0),
    };
    match half {
        Some(_) if hour > 12 => return None,
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    Some((NaiveTime::from_hms_milli_opt(hour, minute, second, milli)?, offset))
}

fn read_seconds(text: &str) -> Option<(u32, u32)> {
    let (second, fraction) = match text.split_once(['.', ',']) {
        Some((second, fraction)) if !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit()) => {
            (second, fraction)
        }
        Some(_) => return None,
        None => (text, "0"),
    };
    let milli = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    (second.len() == 2).then(|| Some((small(second)?, milli)))?
}

fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, FixedOffset::east_opt(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let digits = text[at + 1..].replacen(':', "", 1);
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..).filter(|m| !m.is_empty()).unwrap_or("0").parse().ok()?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    Some((&text[..at], Some(FixedOffset::east_opt(sign * seconds)?)))
}

/// `3.4.2017`: where the day stands before the month it is written with points, and nowhere else is.
fn dotted(date: &str) -> Option<NaiveDate> {
    let (day, month, year) = parts(date).filter(|_| date.contains('.'))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// `a/b/yyyy`: the two small numbers and the year, where the order is open.
fn numeric_parts(date: &str) -> Option<(u32, u32, i32)> {
    parts(date).filter(|_| dotted(date).is_none())
}

fn parts(date: &str) -> Option<(u32, u32, i32)> {
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    if !matches!(separator, '/' | '-' | '.') {
        return None;
    }
    let mut parts = date.split(separator);
    let (a, b, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || a.len() > 2 || b.len() > 2 {
        return None;
    }
    Some((small(a)?, small(b)?, year_of(year)?))
}

/// Forms that mean one date in any country.
fn unambiguous(date: &str) -> Option<NaiveDate> {
    if date.bytes().all(|b| b.is_ascii_digit()) {
        return compact(date);
    }
    if let Some((year, rest)) = date.split_once('年') {
        let (month, day) = rest.split_once('月')?;
        let day = day.trim().strip_suffix(['日', '号']).unwrap_or(day.trim());
        return from_parts(year.trim(), month.trim(), day.trim());
    }
    if date.chars().any(|c| c.is_ascii_alphabetic()) {
        return with_month_name(date);
    }
    if let Some(date) = dotted(date) {
        return Some(date);
    }
    let separator = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '-' | '/' | '.'))?;
    let mut parts = date.split(separator).map(str::trim);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    from_parts(year, month, day)
}

/// `20161020`.
fn compact(date: &str) -> Option<NaiveDate> {
    if date.len() != 8 {
        return None;
    }
    let found = from_parts(&date[..4], &date[4..6], &date[6..])?;
    // Other eight-digit numbers are local telephone numbers or order numbers.
    ("1900".."2100").contains(&&date[..4]).then_some(found)
}

/// `20 Oct 2016`, `Oct 20, 2016`, `20-Oct-16`, `Thursday, October 20th, 2016` without its weekday.
fn with_month_name(date: &str) -> Option<NaiveDate> {
    let words: Vec<&str> = date.split([' ', '-', ',', '.', '/']).filter(|w| !w.is_empty()).collect();
    let [first, second, year] = words.as_slice() else { return None };
    let (month, day) = match (month_by_name(first), month_by_name(second)) {
        (Some(month), None) => (month, second),
        (None, Some(month)) => (month, first),
        _ => return None,
    };
    let day = ["st", "nd", "rd", "th"].iter().find_map(|s| day.strip_suffix(s)).unwrap_or(day);
    NaiveDate::from_ymd_opt(year_of(year)?, month, small(day)?)
}

fn month_by_name(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word = word.to_ascii_lowercase();
    let fits = |name: &str| word == name || word == name[..3] || (word == "sept" && name == "september");
    NAMES.iter().position(|name| fits(name)).map(|index| index as u32 + 1)
}

fn from_parts(year: &str, month: &str, day: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year_of(year)?, small(month)?, small(day)?)
}

/// Four digits, or two that mean 1970 to 2069.
fn year_of(text: &str) -> Option<i32> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year: i32 = text.parse().ok()?;
    match text.len() {
        4 if year >= 1000 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

pub(super) fn small(text: &str) -> Option<u32> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
#[path = "dates_tests.rs"]
mod tests;
