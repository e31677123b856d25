//! Values brought into their canonical JSON form and held against their field's rules.
//! The same code runs in forms, in imports and on every write.

use crate::Record;
use crate::field::{FieldMeta, FieldType, Rule};
use crate::object::ObjectMeta;
use crate::problem::{Code, ProblemItem};
use crate::regions;
use crate::rules;
use crate::text::Lang;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::str::FromStr;

/// Longest one-line text, in characters, unless a rule says otherwise.
pub const TEXT_MAX: u32 = 500;
/// Longest plain or rich text.
pub const LONG_TEXT_MAX: u32 = 100_000;
/// Most items in a list field.
pub const LIST_MAX: usize = 200;

/// A rule that a value breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub field: String,
    pub code: Code,
    pub args: Vec<String>,
}

impl Violation {
    pub fn new(field: impl Into<String>, code: Code) -> Self {
        Violation { field: field.into(), code, args: Vec::new() }
    }

    pub fn with(mut self, arg: impl ToString) -> Self {
        self.args.push(arg.to_string());
        self
    }

    pub fn item(&self, lang: Lang) -> ProblemItem {
        ProblemItem {
            field: self.field.clone(),
            code: self.code.key().to_owned(),
            message: self.code.message(lang, &self.args),
        }
    }
}

type Fault = (Code, Vec<String>);

fn fault<T>(code: Code) -> Result<T, Fault> {
    Err((code, Vec::new()))
}

fn fault_with<T>(code: Code, arg: impl ToString) -> Result<T, Fault> {
    Err((code, vec![arg.to_string()]))
}

/// The value in the field's canonical JSON form. Empty text and empty lists become null.
pub fn normalise_value(field: &FieldMeta, value: &Value) -> Result<Value, Violation> {
    let value = normalise(&field.kind, value);
    let value = value.map_err(|(code, args)| Violation { field: field.key.to_string(), code, args })?;
    Ok(match &value {
        Value::String(name) if field.rules.contains(&Rule::City) => json!(regions::city(name)),
        Value::String(name) if field.rules.contains(&Rule::Currency) => json!(rules::currency::normalise(name)),
        _ => value,
    })
}

fn normalise(kind: &FieldType, value: &Value) -> Result<Value, Fault> {
    use FieldType as T;
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Value::String(text) = value
        && text.trim().is_empty()
    {
        return Ok(Value::Null);
    }
    match kind {
        T::Text | T::AutoNumber { .. } => one_line(value),
        T::LongText | T::RichText => match value {
            Value::String(text) if text.contains('\0') => fault_with(Code::WrongType, "text"),
            Value::String(text) => Ok(Value::String(text.replace("\r\n", "\n"))),
            _ => fault_with(Code::WrongType, "text"),
        },
        T::Phone => match rules::phone::is_phone(text(value)?, "CN") {
            true => one_line(value),
            false => fault(Code::BadPhone),
        },
        T::Email => match rules::email::is_email(text(value)?.trim()) {
            true => one_line(value),
            false => fault(Code::BadEmail),
        },
        T::Url => match rules::url::is_url(text(value)?.trim()) {
            true => one_line(value),
            false => fault(Code::BadUrl),
        },
        T::Integer => match value {
            Value::Number(n) => match n.as_i64().or_else(|| whole(n.as_f64()?)) {
                Some(i) => Ok(json!(i)),
                None => fault_with(Code::WrongType, "integer"),
            },
            Value::String(s) => match s.trim().parse::<i64>() {
                Ok(i) => Ok(json!(i)),
                Err(_) => fault_with(Code::WrongType, "integer"),
            },
            _ => fault_with(Code::WrongType, "integer"),
        },
        T::Decimal { scale } => decimal(value, u32::from(*scale)),
        // 16 digits before and 4 after the point: the column is numeric(20,4).
        T::Money => decimal(value, 4),
        T::Percent => decimal(value, 4),
        T::Date => match NaiveDate::parse_from_str(text(value)?.trim(), "%Y-%m-%d") {
            Ok(date) if in_range(date) => Ok(Value::String(date.format("%Y-%m-%d").to_string())),
            _ => fault(Code::BadDate),
        },
        T::DateTime => match DateTime::parse_from_rfc3339(text(value)?.trim()) {
            Ok(at) if in_range(at.date_naive()) => Ok(Value::String(instant(at.with_timezone(&Utc)))),
            _ => fault(Code::BadDate),
        },
        T::Boolean => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(s) if s == "true" => Ok(Value::Bool(true)),
            Value::String(s) if s == "false" => Ok(Value::Bool(false)),
            _ => fault_with(Code::WrongType, "boolean"),
        },
        T::Choice { options } => {
            let text = text(value)?.trim();
            match options.iter().any(|o| o.value == text) {
                true => Ok(Value::String(text.to_owned())),
                false => fault_with(Code::NotAnOption, text),
            }
        }
        T::MultiChoice { options } => list(value, |item| {
            let text = text(item)?.trim();
            match options.iter().any(|o| o.value == text) {
                true => Ok(Value::String(text.to_owned())),
                false => fault_with(Code::NotAnOption, text),
            }
        }),
        T::Tags => list(value, |item| match text(item)?.trim() {
            long if long.chars().count() > 50 => fault_with(Code::TooLong, 50),
            _ => one_line(item),
        }),
        T::Id | T::Reference { .. } | T::User | T::Department | T::File => id(value),
        T::MultiReference { .. } => list(value, id),
        T::Address => match serde_json::from_value::<crate::Address>(value.clone()) {
            Ok(address) if address == crate::Address::default() => Ok(Value::Null),
            Ok(address) => {
                // The browser has no regions at hand: the server has the last word.
                #[cfg(not(target_arch = "wasm32"))]
                let address = regions::all().settled(address);
                let address = json!(address);
                let ok = address
                    .as_object()
                    .is_some_and(|m| m.values().all(|v| v.as_str().is_none_or(|s| s.chars().count() <= 300)));
                if ok { Ok(address) } else { fault_with(Code::TooLong, 300) }
            }
            Err(_) => fault_with(Code::WrongType, "address"),
        },
        T::Geo => match serde_json::from_value::<crate::Geo>(value.clone()) {
            Ok(geo) if (-90.0..=90.0).contains(&geo.lat) && (-180.0..=180.0).contains(&geo.lng) => Ok(json!(geo)),
            Ok(_) => fault(Code::BadGeo),
            Err(_) => fault_with(Code::WrongType, "geo"),
        },
        T::Json => match value.to_string().len() {
            0..=65_536 => Ok(value.clone()),
            _ => fault_with(Code::TooLong, 65_536),
        },
    }
}

fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
}

/// Years that every part of the stack can hold and print.
fn in_range(date: NaiveDate) -> bool {
    use chrono::Datelike;
    (1..=9999).contains(&date.year())
}

/// The canonical form of an instant: UTC, microseconds only where there are any.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(
        if at.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros },
        true,
    )
}

fn text(value: &Value) -> Result<&str, Fault> {
    value.as_str().map_or_else(|| fault_with(Code::WrongType, "text"), Ok)
}

/// Trimmed, with control characters refused: they are never meant and break CSV, logs and terminals.
fn one_line(value: &Value) -> Result<Value, Fault> {
    let text = text(value)?.trim();
    match text.chars().any(char::is_control) {
        true => fault_with(Code::WrongType, "line"),
        false => Ok(Value::String(text.to_owned())),
    }
}

fn decimal(value: &Value, scale: u32) -> Result<Value, Fault> {
    let printed = match value {
        Value::String(s) => s.trim().to_owned(),
        Value::Number(n) => n.to_string(),
        _ => return fault_with(Code::WrongType, "decimal"),
    };
    let parsed = Decimal::from_str(&printed).or_else(|_| Decimal::from_scientific(&printed));
    match parsed {
        Ok(d) if d.normalize().scale() > scale => fault_with(Code::TooPrecise, scale),
        // numeric(20,4) and its like hold 16 digits before the point.
        Ok(d) if d.abs() >= Decimal::from(10_000_000_000_000_000_i64) => fault_with(Code::TooBig, "9999999999999999"),
        Ok(d) => Ok(Value::String(d.normalize().to_string())),
        Err(_) => fault_with(Code::WrongType, "decimal"),
    }
}

fn id(value: &Value) -> Result<Value, Fault> {
    match uuid::Uuid::parse_str(text(value)?.trim()) {
        Ok(id) => Ok(Value::String(id.to_string())),
        Err(_) => fault_with(Code::WrongType, "id"),
    }
}

/// Items normalised, repeated ones dropped, order kept.
fn list(value: &Value, item: impl Fn(&Value) -> Result<Value, Fault>) -> Result<Value, Fault> {
    let Value::Array(items) = value else { return fault_with(Code::WrongType, "list") };
    if items.len() > LIST_MAX {
        return fault_with(Code::TooLong, LIST_MAX);
    }
    let mut out: Vec<Value> = Vec::with_capacity(items.len());
    for one in items {
        if one.as_str().is_some_and(|s| s.trim().is_empty()) {
            continue;
        }
        let one = item(one)?;
        if !one.is_null() && !out.contains(&one) {
            out.push(one);
        }
    }
    Ok(if out.is_empty() { Value::Null } else { Value::Array(out) })
}

/// Every rule of the object that this record breaks. Values must be normalised already.
pub fn check_record(object: &ObjectMeta, record: &Record) -> Vec<Violation> {
    let mut out = Vec::new();
    for field in object.fields.iter().filter(|f| !f.read_only) {
        let value = record.get(field.key.as_ref()).unwrap_or(&Value::Null);
        out.extend(check_field(object, field, value, record));
    }
    out
}

/// The rules of one field; `record` gives the other fields that a rule may refer to.
pub fn check_field(object: &ObjectMeta, field: &FieldMeta, value: &Value, record: &Record) -> Vec<Violation> {
    if value.is_null() {
        let missing = field.required && !matches!(field.kind, FieldType::AutoNumber { .. });
        return if missing { vec![Violation::new(field.key.as_ref(), Code::Required)] } else { Vec::new() };
    }
    let mut out = Vec::new();
    let mut fail = |code, args: Vec<String>| out.push(Violation { field: field.key.to_string(), code, args });
    let has_length = field.rules.iter().any(|r| matches!(r, Rule::Length { .. }));
    if let (Value::String(s), false) = (value, has_length) {
        let max = match field.kind {
            FieldType::LongText | FieldType::RichText => LONG_TEXT_MAX,
            _ => TEXT_MAX,
        };
        if s.chars().count() > max as usize {
            fail(Code::TooLong, vec![max.to_string()]);
        }
    }
    for rule in field.rules.iter() {
        match rule {
            Rule::Length { min, max } => {
                let length = match value {
                    Value::String(s) => s.chars().count(),
                    Value::Array(items) => items.len(),
                    _ => continue,
                };
                if length < *min as usize {
                    fail(Code::TooShort, vec![min.to_string()]);
                } else if length > *max as usize {
                    fail(Code::TooLong, vec![max.to_string()]);
                }
            }
            Rule::Range { min, max } => {
                let Some(number) = as_decimal(value) else { continue };
                let bound = |b: &Option<crate::Str>| b.as_deref().and_then(|s| Decimal::from_str(s).ok());
                if let Some(min) = bound(min).filter(|m| number < *m) {
                    fail(Code::TooSmall, vec![min.to_string()]);
                }
                if let Some(max) = bound(max).filter(|m| number > *m) {
                    fail(Code::TooBig, vec![max.to_string()]);
                }
            }
            Rule::Uscc if value.as_str().is_none_or(|s| rules::uscc::check(s).is_err()) => fail(Code::BadUscc, vec![]),
            Rule::IdCard if value.as_str().is_none_or(|s| rules::id_card::check(s).is_err()) => {
                fail(Code::BadIdCard, vec![])
            }
            Rule::Currency if !value.as_str().is_some_and(rules::currency::is_code) => fail(Code::BadCurrency, vec![]),
            Rule::Key | Rule::Object if !value.as_str().is_some_and(is_key) => fail(Code::BadKey, vec![]),
            Rule::NotBefore { field: other } => {
                let earlier = record.get(other.as_ref()).and_then(Value::as_str).unwrap_or("");
                // Canonical dates and instants order as text.
                if value.as_str().is_some_and(|s| s < earlier) {
                    let label = object.field(other).map_or(other.to_string(), |f| f.label.zh.to_string());
                    fail(Code::BeforeOther, vec![label]);
                }
            }
            Rule::Uscc | Rule::IdCard | Rule::Currency | Rule::Key | Rule::Object | Rule::City => {}
        }
    }
    out
}

/// `[a-z][a-z0-9_]*`, at most 50 characters: field, object and option keys.
pub fn is_key(text: &str) -> bool {
    text.len() <= 50
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A canonical number, whichever JSON form its type has.
pub fn as_decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(s) => Decimal::from_str(s).ok(),
        Value::Number(n) => n.as_i64().map(Decimal::from),
        _ => None,
    }
}
