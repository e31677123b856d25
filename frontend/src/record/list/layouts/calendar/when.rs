//! Which days are shown, and by which fields.

use super::super::{Layout, fit};
use crate::i18n::{CALENDAR_DAY, CALENDAR_LIST, CALENDAR_MONTH, CALENDAR_WEEK, Key};
use crate::record::list::ListState;
use chrono::{Datelike, Days, Months, NaiveDate};
use kezhan_meta::query::{Aggregate, By, Count, Function, GroupKey, ListQuery, Sort};
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Tone};
use serde_json::json;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Month,
    Week,
    Day,
    List,
}

impl Span {
    pub const ALL: [(Span, &'static str, Key); 4] = [
        (Span::Month, "month", CALENDAR_MONTH),
        (Span::Week, "week", CALENDAR_WEEK),
        (Span::Day, "day", CALENDAR_DAY),
        (Span::List, "list", CALENDAR_LIST),
    ];

    pub fn view(self, time: bool) -> &'static str {
        match (self, time) {
            (Span::Month, _) => "dayGridMonth",
            (Span::Week, true) => "timeGridWeek",
            (Span::Week, false) => "dayGridWeek",
            (Span::Day, true) => "timeGridDay",
            (Span::Day, false) => "dayGridDay",
            (Span::List, _) => "listMonth",
        }
    }

    pub fn step(self, from: NaiveDate, back: bool) -> Option<NaiveDate> {
        match (self, back) {
            (Span::Month, false) => from.checked_add_months(Months::new(1)),
            (Span::Month, true) => from.checked_sub_months(Months::new(1)),
            // A list is read from its beginning.
            (Span::List, false) => from.with_day(1)?.checked_add_months(Months::new(1)),
            (Span::List, true) => from.with_day(1)?.checked_sub_months(Months::new(1)),
            (Span::Week, false) => from.checked_add_days(Days::new(7)),
            (Span::Week, true) => from.checked_sub_days(Days::new(7)),
            (Span::Day, false) => from.succ_opt(),
            (Span::Day, true) => from.pred_opt(),
        }
    }
}

/// The field that says when.
pub fn start(object: &ObjectMeta, layout: &Layout) -> Option<FieldMeta> {
    fit::asked(fit::dates(object), layout.get("start"))
}

/// Fields that can say until when: of the same sort.
pub fn ends(object: &ObjectMeta, start: &FieldMeta) -> Vec<FieldMeta> {
    let mut found = fit::dates(object);
    found.retain(|f| f.kind == start.kind && f.key != start.key);
    found
}

/// From a field to another.
#[derive(Clone, PartialEq)]
pub struct When {
    pub start: FieldMeta,
    pub end: Option<FieldMeta>,
}

impl When {
    pub fn read(object: &ObjectMeta, layout: &Layout) -> Option<When> {
        let start = start(object, layout)?;
        let end = fit::only(ends(object, &start), layout.get("end"));
        Some(When { start, end })
    }

    pub fn time(&self) -> bool {
        self.start.kind == FieldType::DateTime
    }

    /// The list's own question, within the days shown.
    pub fn within(&self, state: &ListState, (from, to): (NaiveDate, NaiveDate)) -> ListState {
        let last = to.pred_opt().unwrap_or(to);
        let field = |field: &FieldMeta, op, day: NaiveDate| Filter::field(field.key.to_string(), op, day.to_string());
        let starts =
            Filter::field(self.start.key.to_string(), Op::Between, json!([from.to_string(), last.to_string()]));
        let shown = match &self.end {
            None => starts,
            Some(end) => {
                Filter::Or(vec![starts, Filter::And(vec![field(&self.start, Op::Lt, from), field(end, Op::Gte, from)])])
            }
        };
        let mut columns = state.columns.clone();
        let keys = std::iter::once(&self.start)
            .chain(&self.end)
            .chain(tinted(&state.object).as_ref())
            .map(|f| f.key.to_string())
            .collect::<Vec<_>>();
        columns.extend(keys);
        let mut seen = std::collections::HashSet::new();
        columns.retain(|c| seen.insert(c.clone()));
        let sort = vec![Sort { field: self.start.key.to_string(), descending: false }];
        ListState { filter: state.filter.clone().and(shown), columns, sort, ..state.clone() }
    }

    /// How many start on each day that is shown.
    pub fn counts(&self, state: &ListState, (from, to): (NaiveDate, NaiveDate)) -> ListQuery {
        let last = to.pred_opt().unwrap_or(to);
        let key = self.start.key.to_string();
        let starts = Filter::field(key.clone(), Op::Between, json!([from.to_string(), last.to_string()]));
        ListQuery {
            group_by: vec![GroupKey::Dated { field: key, by: By::Day }],
            aggregates: vec![Aggregate { function: Function::Count, field: None, name: Some("n".to_owned()) }],
            sort: Vec::new(),
            fields: None,
            limit: None,
            count: Count::None,
            ..ListState { filter: state.filter.clone().and(starts), ..state.clone() }.query(None)
        }
    }
}

/// The choice whose tones colour the records.
pub fn tinted(object: &ObjectMeta) -> Option<FieldMeta> {
    let toned = |f: &&FieldMeta| matches!(&f.kind, FieldType::Choice { options } if options.iter().any(|o| o.tone != Tone::Neutral));
    object.fields.iter().filter(|f| f.in_list).find(toned).cloned()
}
