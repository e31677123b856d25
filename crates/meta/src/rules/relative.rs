//! Relative dates of filters and dashboards: `today`, `this_quarter`, `last_30_days`.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use chrono::{Datelike, Days, Months, NaiveDate};

/// The keywords without a number, in the order in which they are offered.
pub const KEYWORDS: &[&str] = &[
    "today",
    "yesterday",
    "tomorrow",
    "this_week",
    "last_week",
    "next_week",
    "this_month",
    "last_month",
    "next_month",
    "this_quarter",
    "last_quarter",
    "next_quarter",
    "this_year",
    "last_year",
    "next_year",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relative {
    /// The period that lies `offset` periods after the current one: 0 is this, -1 the last.
    Period { unit: Unit, offset: i32 },
    /// The last N: of days up to and including today; otherwise the N full periods before the current.
    Last { unit: Unit, count: u32 },
    /// The next N: of days from today on, included; otherwise the N full periods after the current.
    Next { unit: Unit, count: u32 },
}

/// The days meant by a keyword, the end excluded; none if it is no keyword. Weeks start on Monday.
pub fn range(keyword: &str, today: NaiveDate) -> Option<Range<NaiveDate>> {
    keyword.parse::<Relative>().ok()?.range(today)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKeyword;

impl fmt::Display for UnknownKeyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not a relative date such as today, this_month or last_30_days")
    }
}

impl std::error::Error for UnknownKeyword {}

impl Relative {
    /// None only where the range leaves the calendar.
    pub fn range(self, today: NaiveDate) -> Option<Range<NaiveDate>> {
        match self {
            Self::Period { unit, offset } => {
                let start = unit.shift(unit.start(today)?, offset)?;
                Some(start..unit.shift(start, 1)?)
            }
            Self::Last { unit: Unit::Day, count } => {
                let end = today.succ_opt()?;
                Some(end.checked_sub_days(Days::new(count.into()))?..end)
            }
            Self::Next { unit: Unit::Day, count } => Some(today..today.checked_add_days(Days::new(count.into()))?),
            Self::Last { unit, count } => {
                let end = unit.start(today)?;
                Some(unit.shift(end, -i32::try_from(count).ok()?)?..end)
            }
            Self::Next { unit, count } => {
                let start = unit.shift(unit.start(today)?, 1)?;
                Some(start..unit.shift(start, i32::try_from(count).ok()?)?)
            }
        }
    }
}

impl Unit {
    const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Larger numbers are mistakes, not questions.
    fn largest(self) -> u32 {
        match self {
            Self::Day => 3660,
            Self::Week => 520,
            Self::Month => 120,
            Self::Quarter => 40,
            Self::Year => 10,
        }
    }

    /// First day of the period that contains a date.
    pub fn start(self, date: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => Some(date),
            Self::Week => date.checked_sub_days(Days::new(date.weekday().num_days_from_monday().into())),
            Self::Month => date.with_day(1),
            Self::Quarter => NaiveDate::from_ymd_opt(date.year(), date.month0() / 3 * 3 + 1, 1),
            Self::Year => NaiveDate::from_ymd_opt(date.year(), 1, 1),
        }
    }

    fn shift(self, date: NaiveDate, by: i32) -> Option<NaiveDate> {
        let size = by.unsigned_abs();
        let (days, months) = match self {
            Self::Day => (size, 0),
            Self::Week => (size.checked_mul(7)?, 0),
            Self::Month => (0, size),
            Self::Quarter => (0, size.checked_mul(3)?),
            Self::Year => (0, size.checked_mul(12)?),
        };
        let (days, months) = (Days::new(days.into()), Months::new(months));
        if by < 0 {
            date.checked_sub_days(days)?.checked_sub_months(months)
        } else {
            date.checked_add_days(days)?.checked_add_months(months)
        }
    }
}

impl FromStr for Relative {
    type Err = UnknownKeyword;

    fn from_str(keyword: &str) -> Result<Self, UnknownKeyword> {
        let period = |unit, offset| Ok(Self::Period { unit, offset });
        match keyword {
            "today" => return period(Unit::Day, 0),
            "yesterday" => return period(Unit::Day, -1),
            "tomorrow" => return period(Unit::Day, 1),
            _ => {}
        }
        let (side, rest) = keyword.split_once('_').ok_or(UnknownKeyword)?;
        if let Some((number, plural)) = rest.split_once('_') {
            let singular = plural.strip_suffix('s').unwrap_or(plural);
            let unit = Unit::ALL.into_iter().find(|u| u.name() == singular).ok_or(UnknownKeyword)?;
            let digits_only = number.bytes().all(|b| b.is_ascii_digit());
            let count = number.parse().ok().filter(|n| digits_only && (1..=unit.largest()).contains(n));
            let count = count.ok_or(UnknownKeyword)?;
            return match side {
                "last" => Ok(Self::Last { unit, count }),
                "next" => Ok(Self::Next { unit, count }),
                _ => Err(UnknownKeyword),
            };
        }
        let unit = Unit::ALL.into_iter().skip(1).find(|u| u.name() == rest).ok_or(UnknownKeyword)?;
        match side {
            "this" => period(unit, 0),
            "last" => period(unit, -1),
            "next" => period(unit, 1),
            _ => Err(UnknownKeyword),
        }
    }
}

impl fmt::Display for Relative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Period { unit: Unit::Day, offset: -1 } => f.write_str("yesterday"),
            Self::Period { unit: Unit::Day, offset: 0 } => f.write_str("today"),
            Self::Period { unit: Unit::Day, offset: 1 } => f.write_str("tomorrow"),
            Self::Period { unit, offset: 0 } => write!(f, "this_{}", unit.name()),
            Self::Period { unit, offset: -1 } => write!(f, "last_{}", unit.name()),
            Self::Period { unit, offset: 1 } => write!(f, "next_{}", unit.name()),
            Self::Period { unit, offset } => write!(f, "{offset:+}_{}", unit.name()),
            Self::Last { unit, count } => write!(f, "last_{count}_{}s", unit.name()),
            Self::Next { unit, count } => write!(f, "next_{count}_{}s", unit.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn keywords() {
        // A Wednesday.
        let today = day("2026-11-25");
        for (keyword, start, end) in [
            ("today", "2026-11-25", "2026-11-26"),
            ("yesterday", "2026-11-24", "2026-11-25"),
            ("tomorrow", "2026-11-26", "2026-11-27"),
            ("this_week", "2026-11-23", "2026-11-30"),
            ("last_week", "2026-11-16", "2026-11-23"),
            ("next_week", "2026-11-30", "2026-12-07"),
            ("this_month", "2026-11-01", "2026-12-01"),
            ("last_month", "2026-10-01", "2026-11-01"),
            ("next_month", "2026-12-01", "2027-01-01"),
            ("this_quarter", "2026-10-01", "2027-01-01"),
            ("last_quarter", "2026-07-01", "2026-10-01"),
            ("next_quarter", "2027-01-01", "2027-04-01"),
            ("this_year", "2026-01-01", "2027-01-01"),
            ("last_year", "2025-01-01", "2026-01-01"),
            ("next_year", "2027-01-01", "2028-01-01"),
            ("last_7_days", "2026-11-19", "2026-11-26"),
            ("next_7_days", "2026-11-25", "2026-12-02"),
            ("last_1_day", "2026-11-25", "2026-11-26"),
            ("last_2_weeks", "2026-11-09", "2026-11-23"),
            ("last_3_months", "2026-08-01", "2026-11-01"),
            ("next_2_quarters", "2027-01-01", "2027-07-01"),
            ("last_5_years", "2021-01-01", "2026-01-01"),
        ] {
            assert_eq!(range(keyword, today), Some(day(start)..day(end)), "{keyword}");
        }
        assert_eq!(range("this_week", day("2026-11-29")), Some(day("2026-11-23")..day("2026-11-30")));
        assert_eq!(range("last_month", day("2026-03-31")), Some(day("2026-02-01")..day("2026-03-01")));
    }

    #[test]
    fn not_keywords() {
        for keyword in [
            "",
            "now",
            "this_day",
            "this",
            "last_",
            "last_0_days",
            "last_99999_days",
            "last_-1_days",
            "last_+7_days",
            "this_7_days",
            "last_7_fortnights",
            "LAST_WEEK",
            "last_7",
            "last_7_days_ago",
        ] {
            assert_eq!(range(keyword, day("2026-11-25")), None, "{keyword}");
        }
    }

    #[test]
    fn keywords_read_back() {
        for keyword in KEYWORDS.iter().copied().chain(["last_30_days", "next_2_weeks"]) {
            assert_eq!(keyword.parse::<Relative>().unwrap().to_string(), keyword);
        }
    }

    proptest! {
        #[test]
        fn periods_join_without_gap(days in 0u64..60_000) {
            let today = day("1970-01-01").checked_add_days(Days::new(days)).unwrap();
            for unit in ["week", "month", "quarter", "year"] {
                let get = |side: &str| range(&format!("{side}_{unit}"), today).unwrap();
                prop_assert!(get("this").contains(&today));
                prop_assert_eq!(get("last").end, get("this").start);
                prop_assert_eq!(get("this").end, get("next").start);
                prop_assert_eq!(range(&format!("last_1_{unit}"), today).unwrap(), get("last"));
                prop_assert_eq!(range(&format!("next_1_{unit}"), today).unwrap(), get("next"));
            }
        }

        #[test]
        fn n_days_are_n_days(n in 1u32..3000) {
            let today = day("2026-11-25");
            for side in ["last", "next"] {
                let found = range(&format!("{side}_{n}_days"), today).unwrap();
                prop_assert!(found.contains(&today));
                prop_assert_eq!((found.end - found.start).num_days(), i64::from(n));
            }
        }

        #[test]
        fn never_panics(keyword in "(last|next|this|.{0,3})_?[0-9]{0,12}_?(day|month|.{0,5})s?", far in any::<bool>()) {
            let _ = range(&keyword, if far { NaiveDate::MAX } else { NaiveDate::MIN });
        }
    }
}
