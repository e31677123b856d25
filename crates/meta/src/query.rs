//! What a list asks for: fields, order, page, groups.

use crate::field::FieldMeta;
use crate::filter::{Filter, Op};
use crate::text::Str;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;

pub const LIMIT_DEFAULT: u32 = 50;
pub const LIMIT_MAX: u32 = 200;
/// Sort keys beside the id.
pub const SORT_MAX: usize = 4;
/// Levels of `expand`.
pub const EXPAND_MAX: usize = 2;

/// `-amount` is descending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    pub field: String,
    pub descending: bool,
}

impl Sort {
    pub fn parse(text: &str) -> Sort {
        match text.trim().strip_prefix('-') {
            Some(field) => Sort { field: field.to_owned(), descending: true },
            None => Sort { field: text.trim().trim_start_matches('+').to_owned(), descending: false },
        }
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.field)
    }
}

impl Serialize for Sort {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sort {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Sort::parse(&String::deserialize(d)?))
    }
}

/// How the total is counted: not at all, up to 1,000, or exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    #[default]
    None,
    Capped,
    Exact,
}

/// Where `capped` stops.
pub const COUNT_CAP: i64 = 1_000;

/// Time unit by which dates are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl By {
    /// The period that a day lies in, as grouped answers name it: `2026-11-24`, `2026-W48`, `2026-11`, `2026-Q4`, `2026`.
    pub fn name(self, day: NaiveDate) -> String {
        match self {
            By::Day => day.format("%Y-%m-%d").to_string(),
            By::Week => day.format("%G-W%V").to_string(),
            By::Month => day.format("%Y-%m").to_string(),
            By::Quarter => format!("{}-Q{}", day.year(), day.month0() / 3 + 1),
            By::Year => day.year().to_string(),
        }
    }

    /// The days of a period by its name, the end excluded.
    pub fn days(self, name: &str) -> Option<Range<NaiveDate>> {
        let (year, rest) = name.split_once('-').unwrap_or((name, ""));
        let year: i32 = year.parse().ok()?;
        let month = |from: u32, count: u32| {
            let start = NaiveDate::from_ymd_opt(year, from, 1)?;
            Some(start..start.checked_add_months(Months::new(count))?)
        };
        match self {
            By::Day => {
                let day: NaiveDate = name.parse().ok()?;
                Some(day..day.succ_opt()?)
            }
            By::Week => {
                let start = NaiveDate::from_isoywd_opt(year, rest.strip_prefix('W')?.parse().ok()?, Weekday::Mon)?;
                Some(start..start.checked_add_days(Days::new(7))?)
            }
            By::Month => month(rest.parse().ok()?, 1),
            By::Quarter => {
                let quarter: u32 = rest.strip_prefix('Q')?.parse().ok().filter(|q| (1..=4).contains(q))?;
                month(quarter * 3 - 2, 3)
            }
            By::Year => month(1, 12),
        }
    }
}

/// A group key: `"stage"` or `{"field":"created_at","by":"month"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GroupKey {
    Field(String),
    Dated { field: String, by: By },
}

impl GroupKey {
    pub fn field(&self) -> &str {
        match self {
            GroupKey::Field(field) | GroupKey::Dated { field, .. } => field,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    Count,
    CountDistinct,
    Sum,
    Avg,
    Min,
    Max,
}

/// `{"fn":"sum","field":"amount","as":"total"}`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    #[serde(rename = "fn")]
    pub function: Function,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Aggregate {
    /// The key in the answer: as asked, else `count`, `sum_amount`.
    pub fn key(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let function = match self.function {
            Function::Count => "count",
            Function::CountDistinct => "count_distinct",
            Function::Sum => "sum",
            Function::Avg => "avg",
            Function::Min => "min",
            Function::Max => "max",
        };
        match &self.field {
            Some(field) => format!("{function}_{}", field.replace('.', "_")),
            None => function.to_owned(),
        }
    }
}

/// A list request, from the query string or from the body of `POST …/query`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListQuery {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<Sort>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expand: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    pub count: Count,
    /// The recycle bin instead of the living.
    pub deleted: bool,
    /// Only what this import created or changed: the id of its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<GroupKey>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aggregates: Vec<Aggregate>,
}

/// One filter of a query string, such as `amount[gte]=1000`.
/// Lists are comma-separated; values stay text and are brought into the field's form when planned.
pub fn parse_parameter(name: &str, value: &str) -> Result<Filter, String> {
    let (field, op) = match name.split_once('[') {
        None => (name, Op::Eq),
        Some((field, rest)) => {
            let key = rest.strip_suffix(']').ok_or_else(|| name.to_owned())?;
            (field, Op::parse(key).ok_or_else(|| key.to_owned())?)
        }
    };
    let value = match op {
        Op::Null => Value::Bool(value != "false"),
        op if op.takes_list() => Value::Array(value.split(',').map(|v| Value::String(v.trim().to_owned())).collect()),
        _ => Value::String(value.to_owned()),
    };
    Ok(Filter::Field { field: Str::Owned(field.to_owned()), op, value })
}

/// May this field be compared in this way?
pub fn allows(field: &FieldMeta, op: Op) -> bool {
    field.filterable() && field.operators().contains(&op)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_string_filters_read_as_written() {
        assert_eq!(parse_parameter("city", "上海").unwrap(), Filter::field("city", Op::Eq, "上海"));
        assert_eq!(parse_parameter("amount[gte]", "1000").unwrap(), Filter::field("amount", Op::Gte, "1000"));
        let many = parse_parameter("owner[in]", "a,b").unwrap();
        assert_eq!(many, Filter::field("owner", Op::In, serde_json::json!(["a", "b"])));
        assert_eq!(parse_parameter("amount[like]", "x").unwrap_err(), "like");
        assert!(parse_parameter("amount[gte", "x").is_err());
    }

    #[test]
    fn periods_are_found_by_their_names() {
        let first: NaiveDate = "2020-12-01".parse().unwrap();
        for day in first.iter_days().take(800) {
            for by in [By::Day, By::Week, By::Month, By::Quarter, By::Year] {
                let days = by.days(&by.name(day)).unwrap();
                assert!(days.contains(&day), "{by:?} {day}");
                assert_eq!(by.name(days.start), by.name(day));
                assert_ne!(by.name(days.end), by.name(day));
            }
        }
        // The last days of a year can lie in the first week of the next.
        assert_eq!(By::Week.name("2024-12-31".parse().unwrap()), "2025-W01");
        for name in ["2026-13", "2026-Q5", "2026-W60", "", "x"] {
            assert!([By::Day, By::Week, By::Month, By::Quarter].iter().all(|by| by.days(name).is_none()), "{name}");
        }
    }

    #[test]
    fn sorts_print_as_they_parse() {
        for text in ["-created_at", "name"] {
            assert_eq!(Sort::parse(text).to_string(), text);
        }
    }
}
