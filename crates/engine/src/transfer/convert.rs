//! From a cell to the canonical value of a field. References are found elsewhere: they need the database.

use super::Cell;
use chrono::{Duration, NaiveDateTime, NaiveTime};
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::regions;
use kezhan_meta::rules::company::similarity;
use kezhan_meta::rules::dates::{self, DateOrder};
use kezhan_meta::rules::numbers::{NumberKind, parse_bool, parse_number};
use kezhan_meta::rules::text::{fold, half_width};
use kezhan_meta::rules::{email, url};
use kezhan_meta::{Address, Choice, FieldMeta, FieldType, Rule, normalise_value};
use serde_json::{Value, json};

/// Why a cell does not fit its field.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    pub code: Code,
    pub args: Vec<String>,
}

impl Misfit {
    pub fn new(code: Code, text: &str) -> Misfit {
        Misfit { code, args: vec![text.chars().take(80).collect()] }
    }
}

/// How the values of a column are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    pub order: DateOrder,
    /// Minutes east of UTC of the reader's time zone.
    pub offset_minutes: i32,
}

/// The value of a cell that is not empty, and the currency that was written with it.
pub fn value(field: &FieldMeta, cell: &Cell, reading: Reading) -> Result<(Value, Option<&'static str>), Misfit> {
    use FieldType as T;
    let text = cell.trimmed();
    let text = text.as_ref();
    let mut currency = None;
    let value = match &field.kind {
        T::Integer | T::Decimal { .. } | T::Money | T::Percent => {
            let number = match cell {
                Cell::Number { value, .. } => Some((*value, NumberKind::Decimal)),
                // A year is written as one.
                _ => {
                    let year = text.strip_suffix('年').filter(|_| field.kind == T::Integer);
                    parse_number(year.unwrap_or(text)).map(|n| (n.value, n.kind))
                }
            };
            let (number, kind) = number.ok_or_else(|| Misfit::new(Code::BadNumber, text))?;
            if let NumberKind::Money(code) = kind {
                currency = code;
            }
            let number = number.normalize();
            match field.kind {
                T::Integer => json!(
                    i64::try_from(number)
                        .ok()
                        .filter(|_| number.scale() == 0)
                        .ok_or_else(|| Misfit::new(Code::WrongType, "integer"))?
                ),
                // More places than are kept are rounded: spreadsheets calculate in binary.
                T::Decimal { scale } => json!(number.round_dp(u32::from(scale)).to_string()),
                _ => json!(number.round_dp(4).to_string()),
            }
        }
        T::Date => json!(
            moment(cell, reading)
                .map(|m| m.0.date())
                .ok_or_else(|| Misfit::new(Code::BadDate, text))?
                .format("%Y-%m-%d")
                .to_string()
        ),
        T::DateTime => {
            let (local, offset) = moment(cell, reading).ok_or_else(|| Misfit::new(Code::BadDate, text))?;
            let utc = local - Duration::minutes(i64::from(offset));
            json!(instant(utc.and_utc()))
        }
        T::Boolean => match cell {
            Cell::Bool(value) => json!(value),
            _ => json!(parse_bool(text).ok_or_else(|| Misfit::new(Code::BadBoolean, text))?),
        },
        T::Choice { options } => json!(choice(options, text).ok_or_else(|| Misfit::new(Code::UnknownValue, text))?),
        T::MultiChoice { options } => {
            let find = |word| choice(options, word).ok_or_else(|| Misfit::new(Code::UnknownValue, word));
            json!(items(text).map(find).collect::<Result<Vec<_>, _>>()?)
        }
        T::Tags => json!(items(text).collect::<Vec<_>>()),
        T::Email => json!(email::normalise(text).ok_or_else(|| Misfit::new(Code::BadEmail, text))?),
        T::Url => json!(url::normalise(text).ok_or_else(|| Misfit::new(Code::BadUrl, text))?),
        T::Address => address(text),
        T::Geo => {
            let mut parts = text.split([',', '，', ' ']).filter(|p| !p.is_empty()).map(|p| p.parse::<f64>().ok());
            match (parts.next().flatten(), parts.next().flatten()) {
                (Some(lat), Some(lng)) => json!({ "lat": lat, "lng": lng }),
                _ => return Err(Misfit::new(Code::BadGeo, text)),
            }
        }
        T::LongText | T::RichText => json!(text),
        T::Text if field.rules.contains(&Rule::Uscc) || field.rules.contains(&Rule::IdCard) => {
            json!(half_width(text).to_uppercase())
        }
        T::Text | T::Phone | T::Id => json!(one_line(text)),
        T::Reference { .. }
        | T::MultiReference { .. }
        | T::User
        | T::Department
        | T::File
        | T::AutoNumber { .. }
        | T::Json => return Err(Misfit::new(Code::ReadOnly, text)),
    };
    match normalise_value(field, &value) {
        Ok(value) => Ok((value, currency)),
        Err(fault) => Err(Misfit { code: fault.code, args: fault.args }),
    }
}

/// An address with the regions that it begins with, and their code, in their own parts.
fn address(text: &str) -> Value {
    const COUNTRIES: [&str; 3] = ["中国", "China", "中华人民共和国"];
    let country = COUNTRIES.into_iter().find(|c| text.starts_with(c) && text.len() > c.len());
    let local = country.map_or(text, |c| text[c.len()..].trim_start_matches([' ', ',', '，']));
    let (place, rest) = regions::all().split(local);
    if place.province.is_none() {
        return json!({ "detail": text });
    }
    let mut address = Address { country: country.map(str::to_owned), ..Address::default() };
    place.fill(&mut address);
    address.detail = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
    json!(address)
}

/// Line breaks within a cell become spaces where a field holds one line.
fn one_line(text: &str) -> String {
    match text.chars().any(char::is_control) {
        true => text.split(char::is_control).map(str::trim).filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" "),
        false => text.to_owned(),
    }
}

/// The entries of a cell that holds several.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，', ';', '；', '、', '|', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

/// The option of this value or label, in either language.
fn choice<'a>(options: &'a [Choice], text: &str) -> Option<&'a str> {
    let wanted = fold(text);
    let found = options.iter().find(|o| names(o).iter().any(|n| fold(n) == wanted));
    // `A（重点客户）` is also known as A and as 重点客户.
    let part = |n: &&str| n.split(['（', '）', '(', ')']).any(|p| fold(p) == wanted);
    found.or_else(|| options.iter().find(|o| names(o).iter().any(&part))).map(|o| o.value.as_ref())
}

fn names(option: &Choice) -> [&str; 3] {
    [&option.value, &option.label.zh, &option.label.en]
}

/// The options that were probably meant, likeliest first.
pub fn near_choices<'a>(options: &'a [Choice], text: &str) -> Vec<(&'a Choice, f64)> {
    let score = |o: &Choice| names(o).into_iter().map(|n| similarity(text, n)).fold(0.0, f64::max);
    let mut found: Vec<_> = options.iter().map(|o| (o, score(o))).filter(|(_, s)| *s > 0.0).collect();
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(3);
    found
}

/// The local time and its offset from UTC in minutes.
fn moment(cell: &Cell, reading: Reading) -> Option<(NaiveDateTime, i32)> {
    let here = |local| (local, reading.offset_minutes);
    match cell {
        Cell::Date(date) => Some(here(date.and_time(NaiveTime::MIN))),
        Cell::DateTime(time) => Some(here(*time)),
        Cell::Number { text, .. } => {
            // A plain `20161020` is a date written in digits, `42663` a spreadsheet's serial.
            let written = dates::parse_date_time(text, reading.order).map(|d| d.local);
            written.or_else(|| dates::parse_excel_serial(text)).map(here)
        }
        Cell::Text(text) => match dates::parse_date_time(text.trim(), reading.order) {
            Some(parsed) => {
                let offset = parsed.offset.map_or(reading.offset_minutes, |o| o.local_minus_utc() / 60);
                Some((parsed.local, offset))
            }
            None => dates::parse_excel_serial(text.trim()).map(here),
        },
        Cell::Empty | Cell::Bool(_) => None,
    }
}
