//! What a chart asks, and what it is told.

use super::{FUNCTIONS, PERIODS, Shape};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::i18n::{CHART_BY_SERIES, CHART_COUNT, CHART_OF, KANBAN_EMPTY_VALUE, label, t, tf};
use crate::record::list::ListState;
use crate::record::list::layouts::{Layout, fit, names};
use kezhan_meta::query::{Aggregate, By, Count, Function, GroupKey, ListQuery};
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Record};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Groups that an answer holds at most.
const ANSWER_MAX: usize = 1_000;
/// Periods without records that are filled in between others.
const GAPS_MAX: usize = 400;
const CURRENCY: &str = "currency";

#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub function: Function,
    pub field: Option<FieldMeta>,
}

impl Measure {
    fn read(object: &ObjectMeta, text: Option<&str>) -> Measure {
        let count = Measure { function: Function::Count, field: None };
        let Some((function, key)) = text.and_then(|t| t.split_once(':')) else { return count };
        let function = FUNCTIONS.iter().find(|f| f.1 == function).map(|f| f.0);
        match (function, fit::only(fit::numbers(object), Some(key))) {
            (Some(function), Some(field)) => Measure { function, field: Some(field) },
            _ => count,
        }
    }

    fn function_key(&self) -> &'static str {
        FUNCTIONS.iter().find(|f| f.0 == self.function).map_or("count", |f| f.1)
    }

    /// As the address has it.
    pub fn key(&self) -> String {
        match &self.field {
            Some(field) => format!("{}:{}", self.function_key(), field.key),
            None => "count".to_owned(),
        }
    }

    pub fn name(&self) -> String {
        match (&self.field, FUNCTIONS.iter().find(|f| f.0 == self.function)) {
            (Some(field), Some((.., name))) => tf(*name, &[("field", &label(&field.label))]),
            _ => t(CHART_COUNT).to_owned(),
        }
    }

    fn is_money(&self) -> bool {
        self.field.as_ref().is_some_and(|f| f.kind == FieldType::Money)
    }

    fn aggregate(&self) -> Aggregate {
        let field = self.field.as_ref().map(|f| f.key.to_string());
        Aggregate { function: self.function, field, name: Some("measured".to_owned()) }
    }
}

/// What is drawn, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub shape: Shape,
    pub by: Option<FieldMeta>,
    /// For dates: the time that makes one group.
    pub period: Option<By>,
    pub measure: Measure,
    pub series: Option<FieldMeta>,
    pub unit: Option<String>,
}

impl Plan {
    pub fn read(object: &ObjectMeta, layout: &Layout) -> Plan {
        let asked = layout.get("shape");
        let shape = Shape::ALL.into_iter().find(|s| Some(s.key()) == asked).unwrap_or(Shape::Bar);
        let by = fit::asked(fit::groups(object), layout.get("by"));
        let series = fit::only(fit::groups(object), layout.get("series").filter(|_| shape.takes_series()));
        let series = series.filter(|s| by.as_ref().is_none_or(|b| b.key != s.key));
        let dated = [&by, &series].into_iter().flatten().any(is_dated);
        let named = layout.get("period").and_then(|p| PERIODS.iter().find(|(_, key, _)| *key == p));
        Plan {
            shape,
            period: dated.then(|| named.map_or(By::Month, |p| p.0)),
            measure: Measure::read(object, layout.get("measure")),
            by,
            series,
            unit: layout.get("unit").map(str::to_owned),
        }
    }

    fn key(&self, field: &FieldMeta) -> GroupKey {
        match self.period.filter(|_| is_dated(field)) {
            Some(by) => GroupKey::Dated { field: field.key.to_string(), by },
            None => GroupKey::Field(field.key.to_string()),
        }
    }

    fn question(&self, state: &ListState) -> ListQuery {
        let by_currency = self.measure.is_money() && state.object.field(CURRENCY).is_some();
        let keys = [&self.by, &self.series].into_iter().flatten().map(|f| self.key(f));
        ListQuery {
            group_by: keys.chain(by_currency.then(|| GroupKey::Field(CURRENCY.to_owned()))).collect(),
            aggregates: vec![self.measure.aggregate()],
            sort: Vec::new(),
            fields: None,
            limit: None,
            count: Count::None,
            ..state.query(None)
        }
    }
}

fn is_dated(field: &FieldMeta) -> bool {
    matches!(field.kind, FieldType::Date | FieldType::DateTime)
}

/// The answer, in the order in which it is drawn.
pub struct Data {
    pub plan: Plan,
    pub groups: Vec<(Value, String)>,
    pub series: Vec<(Value, String)>,
    /// Currencies that occur, the most used first; none where no money is measured.
    pub units: Vec<String>,
    pub unit: Option<String>,
    /// More groups than are drawn.
    pub cut: bool,
    /// More groups than the server tells of.
    pub full: bool,
    numbers: HashMap<(usize, usize), String>,
}

impl Data {
    pub async fn read(state: &ListState, plan: &Plan) -> Result<Data, ApiError> {
        let rows = records::groups(&state.object.plural, &plan.question(state)).await?;
        let full = rows.len() >= ANSWER_MAX;
        let (units, unit, rows) = one_currency(plan, state, rows);
        let by = plan.by.as_ref();
        let groups = match by {
            Some(field) => order(plan, field, &rows, plan.shape != Shape::Pie).await,
            None => vec![(Value::Null, plan.measure.name())],
        };
        let series = match &plan.series {
            Some(field) => order(plan, field, &rows, false).await,
            None => Vec::new(),
        };
        let place = |all: &[(Value, String)], field: Option<&FieldMeta>, row: &Record| match field {
            Some(field) => all.iter().position(|(value, _)| value == row.value(&field.key)),
            None => Some(0),
        };
        let mut numbers = HashMap::new();
        for row in &rows {
            if let (Some(at), Some(line)) = (place(&groups, by, row), place(&series, plan.series.as_ref(), row)) {
                let number = match row.value("measured") {
                    Value::String(text) => text.clone(),
                    Value::Number(n) => n.to_string(),
                    _ => continue,
                };
                numbers.insert((at, line), number);
            }
        }
        let cut = groups.len() > super::draw::MOST;
        Ok(Data { plan: plan.clone(), groups, series, units, unit, cut, full, numbers })
    }

    pub fn measure_name(&self) -> String {
        match &self.unit {
            Some(unit) => format!("{} ({unit})", self.plan.measure.name()),
            None => self.plan.measure.name(),
        }
    }

    /// `商机：金额合计（按销售阶段、负责人）`.
    pub fn caption(&self) -> String {
        let by = self.plan.by.as_ref().map(|f| label(&f.label)).unwrap_or_default();
        let measure = self.measure_name();
        match &self.plan.series {
            Some(series) => {
                tf(CHART_BY_SERIES, &[("measure", &measure), ("by", &by), ("series", &label(&series.label))])
            }
            None => tf(CHART_OF, &[("measure", &measure), ("by", &by)]),
        }
    }

    pub fn number(&self, at: usize, series: usize) -> Option<f64> {
        self.numbers.get(&(at, series))?.parse().ok()
    }

    pub fn text(&self, at: usize, series: usize) -> String {
        let places = if self.plan.measure.is_money() { (2, 2) } else { (0, 2) };
        let none = if self.plan.measure.field.is_none() { "0" } else { "—" };
        match self.numbers.get(&(at, series)) {
            Some(number) => bridge::decimal(number, places.0, places.1),
            None => none.to_owned(),
        }
    }

    /// The condition of one part.
    pub fn narrow(&self, at: usize, series: Option<usize>) -> Option<Filter> {
        let mut parts = Vec::new();
        let by = self.plan.by.as_ref()?;
        parts.push(self.equals(by, &self.groups.get(at)?.0)?);
        if let (Some(field), Some((value, _))) = (&self.plan.series, series.and_then(|s| self.series.get(s))) {
            parts.push(self.equals(field, value)?);
        }
        if let Some(unit) = self.unit.as_ref().filter(|_| self.units.len() > 1) {
            parts.push(Filter::field(CURRENCY, Op::Eq, unit.as_str()));
        }
        Some(Filter::And(parts))
    }

    fn equals(&self, field: &FieldMeta, value: &Value) -> Option<Filter> {
        let key = field.key.to_string();
        Some(match (value, self.plan.period.filter(|_| is_dated(field))) {
            (Value::Null, _) => Filter::field(key, Op::Null, true),
            (value, Some(by)) => {
                let days = by.days(value.as_str()?)?;
                let last = days.end.pred_opt()?;
                Filter::field(key, Op::Between, json!([days.start.to_string(), last.to_string()]))
            }
            (value, None) if field.kind == FieldType::Boolean => Filter::field(key, Op::Eq, value.clone()),
            (value, None) => Filter::field(key, Op::In, json!([value])),
        })
    }
}

/// The rows of one currency, where money is measured.
fn one_currency(plan: &Plan, state: &ListState, rows: Vec<Record>) -> (Vec<String>, Option<String>, Vec<Record>) {
    if !plan.measure.is_money() {
        return (Vec::new(), None, rows);
    }
    if state.object.field(CURRENCY).is_none() {
        return (Vec::new(), None, rows);
    }
    let of = |row: &Record| row.value(CURRENCY).as_str().unwrap_or_default().to_owned();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for row in rows.iter().filter(|r| !r.value("measured").is_null()) {
        *seen.entry(of(row)).or_default() += 1;
    }
    let mut units: Vec<String> = seen.keys().cloned().collect();
    units.sort_by_key(|u| (std::cmp::Reverse(seen.get(u).copied()), u.clone()));
    let unit = plan.unit.clone().filter(|u| units.contains(u)).or_else(|| units.first().cloned());
    let rows = rows.into_iter().filter(|r| Some(of(r)) == unit).collect();
    (units, unit, rows)
}

/// The values of a field in their order: options as declared, periods by time without gaps, records that have a place
/// by it, all others by size.
async fn order(plan: &Plan, field: &FieldMeta, rows: &[Record], fill: bool) -> Vec<(Value, String)> {
    let mut sizes: Vec<(Value, f64)> = Vec::new();
    for row in rows {
        let value = row.value(&field.key).clone();
        let size = match row.value("measured") {
            Value::String(text) => text.parse().unwrap_or(0.0),
            other => other.as_f64().unwrap_or(0.0),
        };
        match sizes.iter_mut().find(|(v, _)| *v == value) {
            Some((_, sum)) => *sum += size,
            None => sizes.push((value, size)),
        }
    }
    if let Some(by) = plan.period.filter(|_| is_dated(field)) {
        return periods(by, sizes.into_iter().map(|(v, _)| v).collect(), fill);
    }
    sizes.sort_by(|a, b| b.1.total_cmp(&a.1));
    names::ordered(field, sizes.into_iter().map(|(value, _)| value).collect()).await
}

fn periods(by: By, values: Vec<Value>, fill: bool) -> Vec<(Value, String)> {
    let mut names: Vec<String> = values.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    let none = values.iter().any(Value::is_null);
    names.sort();
    let edges = names.first().zip(names.last()).and_then(|(first, last)| Some((by.days(first)?.start, by.days(last)?)));
    if let Some((mut day, last)) = edges.filter(|_| fill) {
        let mut all = Vec::new();
        while day < last.end && all.len() < GAPS_MAX {
            let name = by.name(day);
            day = by.days(&name).map_or(last.end, |d| d.end);
            all.push(name);
        }
        // Too far apart: only those that there are.
        if day >= last.end {
            names = all;
        }
    }
    let empty = none.then(|| (Value::Null, t(KANBAN_EMPTY_VALUE).to_owned()));
    names.into_iter().map(|n| (Value::String(n.clone()), n)).chain(empty).collect()
}
