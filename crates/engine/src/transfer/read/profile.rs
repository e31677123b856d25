//! What the columns of a file hold, judged by their content: the ground for proposing a mapping.

use std::collections::HashSet;

use kezhan_meta::rules::dates::{self, DateOrder, OrderVote};
use kezhan_meta::rules::numbers::{self, NumberKind};
use kezhan_meta::rules::phone::{self, PhoneKind};
use kezhan_meta::rules::{email, url, uscc};
use serde::Serialize;

use super::{ReadError, RowSource};
use crate::transfer::Cell;

/// Distinct values shown as samples, and counted to tell choices from names.
const SAMPLES: usize = 10;
const DISTINCT: usize = 200;
/// Share of values that must agree before a column is called anything but text.
const ENOUGH: f32 = 0.8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    Empty,
    Text,
    Integer,
    Decimal,
    Money {
        currency: Option<&'static str>,
    },
    Percent,
    /// `certain` is false where day and month could be swapped.
    Date {
        order: DateOrder,
        certain: bool,
    },
    DateTime {
        order: DateOrder,
        certain: bool,
    },
    Boolean,
    Phone,
    Email,
    Url,
    Uscc,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnProfile {
    pub index: usize,
    pub header: String,
    pub rows: u64,
    pub non_empty: u64,
    /// Number of different values, counted up to a bound.
    pub distinct: usize,
    pub distinct_is_bound: bool,
    /// The first different values.
    pub samples: Vec<String>,
    pub max_chars: usize,
    #[serde(flatten)]
    pub kind: Kind,
    /// Share of the values that are of this kind.
    pub confidence: f32,
}

/// Reads up to `sample` rows and judges the columns; the source is put back to its first row.
pub fn profile(source: &mut dyn RowSource, sample: usize) -> Result<Vec<ColumnProfile>, ReadError> {
    source.seek_row(0)?;
    let mut columns: Vec<Tally> = source.headers().iter().map(|_| Tally::default()).collect();
    let mut rows = 0;
    for _ in 0..sample {
        match source.next_row() {
            Some(Ok(cells)) => {
                rows += 1;
                for (column, cell) in columns.iter_mut().zip(&cells) {
                    column.add(cell);
                }
            }
            Some(Err(_)) => {}
            None => break,
        }
    }
    source.seek_row(0)?;
    let headers = source.headers().iter().cloned();
    Ok(headers.zip(columns).enumerate().map(|(index, (header, tally))| tally.finish(index, header, rows)).collect())
}

#[derive(Default)]
struct Tally {
    non_empty: u64,
    distinct: HashSet<String>,
    distinct_is_bound: bool,
    samples: Vec<String>,
    max_chars: usize,
    integers: u64,
    decimals: u64,
    monies: u64,
    percents: u64,
    dates: u64,
    times: u64,
    booleans: u64,
    phones: u64,
    emails: u64,
    urls: u64,
    usccs: u64,
    identifiers: u64,
    currency: Option<&'static str>,
    vote: OrderVote,
}

impl Tally {
    fn add(&mut self, cell: &Cell) {
        let text = cell.trimmed();
        if text.is_empty() {
            return;
        }
        self.non_empty += 1;
        self.max_chars = self.max_chars.max(text.chars().count());
        self.remember(&text);
        match cell {
            Cell::Empty => {}
            Cell::Bool(_) => self.booleans += 1,
            Cell::Date(_) => {
                self.dates += 1;
                self.vote.add(&text);
            }
            Cell::DateTime(_) => {
                self.times += 1;
                self.vote.add(&text);
            }
            Cell::Number { .. } | Cell::Text(_) => self.add_text(&text),
        }
    }

    fn remember(&mut self, text: &str) {
        if self.distinct.contains(text) {
            return;
        }
        if self.samples.len() < SAMPLES {
            self.samples.push(text.chars().take(80).collect());
        }
        if self.distinct.len() < DISTINCT {
            self.distinct.insert(text.to_owned());
        } else {
            self.distinct_is_bound = true;
        }
    }

    fn add_text(&mut self, text: &str) {
        // Longer texts are none of the kinds below but addresses of the web.
        if text.len() > 400 {
            return;
        }
        if self.vote.add(text) {
            let time = dates::has_time(text)
                && dates::parse_date(text, DateOrder::MonthFirst).is_none()
                && dates::parse_date(text, DateOrder::DayFirst).is_none();
            if time { self.times += 1 } else { self.dates += 1 }
        }
        if text.contains('@') {
            self.emails += u64::from(email::normalise(text).is_some());
            return;
        }
        let web = text.starts_with("http") || text.starts_with("www.");
        self.urls += u64::from(web && url::normalise(text).is_some());
        self.usccs += u64::from(uscc::is_uscc(text));
        let word = numbers::parse_bool(text).is_some() && !matches!(text, "0" | "1");
        self.booleans += u64::from(word);
        if let Some(found) = phone::parse(text, "CN") {
            // Bare short numbers are rather amounts than numbers to call.
            self.phones += u64::from(!matches!(found.kind, PhoneKind::Local | PhoneKind::Short));
        }
        self.identifiers += u64::from(numbers::is_identifier(text));
        match numbers::parse_number(text).map(|n| n.kind) {
            Some(NumberKind::Integer) => self.integers += 1,
            Some(NumberKind::Decimal) => self.decimals += 1,
            Some(NumberKind::Percent) => self.percents += 1,
            Some(NumberKind::Money(currency)) => {
                self.monies += 1;
                self.currency = self.currency.or(currency);
            }
            None => {}
        }
    }

    /// The most telling kind that most values are of.
    fn finish(self, index: usize, header: String, rows: u64) -> ColumnProfile {
        let share = |count: u64| if self.non_empty == 0 { 0.0 } else { count as f32 / self.non_empty as f32 };
        let decision = self.vote.decide().unwrap_or(dates::Decision { order: DateOrder::default(), certain: true });
        let (order, certain) = (decision.order, decision.certain);
        let moments = if self.times > 0 { Kind::DateTime { order, certain } } else { Kind::Date { order, certain } };
        let numbers = self.integers + self.decimals + self.monies;
        let amounts = match (self.monies, self.decimals) {
            // Zero is often written without its currency.
            (1.., _) => Kind::Money { currency: self.currency },
            (0, 1..) => Kind::Decimal,
            (0, 0) => Kind::Integer,
        };
        let numbers = if self.identifiers > 0 { 0 } else { numbers };
        let candidates = [
            (Kind::Uscc, self.usccs),
            (Kind::Email, self.emails),
            (Kind::Url, self.urls),
            (moments, self.dates + self.times),
            (Kind::Phone, self.phones),
            (Kind::Boolean, self.booleans),
            (Kind::Percent, self.percents),
            (amounts, numbers),
        ];
        let found = candidates.into_iter().find(|(_, count)| share(*count) >= ENOUGH);
        let (kind, confidence) = match found {
            Some((kind, count)) => (kind, share(count)),
            None if self.non_empty == 0 => (Kind::Empty, 1.0),
            None => (Kind::Text, 1.0),
        };
        ColumnProfile {
            index,
            header,
            rows,
            non_empty: self.non_empty,
            distinct: self.distinct.len(),
            distinct_is_bound: self.distinct_is_bound,
            samples: self.samples,
            max_chars: self.max_chars,
            kind,
            confidence,
        }
    }
}
