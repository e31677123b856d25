//! Periods of the calendar by their names, as grouped answers give them: `2026`, `2026-Q4`, `2026-11`, `2026-W47`,
//! `2026-11-24`.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use std::ops::Range;

/// The days of a period, the end excluded; none if this names no period.
pub fn range(name: &str) -> Option<Range<NaiveDate>> {
    let shape: String = name.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let year = || name.get(..4)?.parse::<i32>().ok();
    let part = |at: usize| name.get(at..)?.parse::<u32>().ok();
    let months = |start: NaiveDate, n: u32| Some(start..start.checked_add_months(Months::new(n))?);
    match shape.as_str() {
        "0000" => months(NaiveDate::from_ymd_opt(year()?, 1, 1)?, 12),
        "0000-00" => months(NaiveDate::from_ymd_opt(year()?, part(5)?, 1)?, 1),
        "0000-Q0" => months(NaiveDate::from_ymd_opt(year()?, part(6)?.checked_sub(1)? * 3 + 1, 1)?, 3),
        "0000-W00" => {
            let start = NaiveDate::from_isoywd_opt(year()?, part(6)?, Weekday::Mon)?;
            Some(start..start.checked_add_days(Days::new(7))?)
        }
        "0000-00-00" => {
            let day = NaiveDate::parse_from_str(name, "%Y-%m-%d").ok().filter(|d| d.year() == year().unwrap_or(0))?;
            Some(day..day.succ_opt()?)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(name: &str) -> Option<String> {
        range(name).map(|r| format!("{}..{}", r.start, r.end))
    }

    #[test]
    fn every_sort_of_period_has_its_days() {
        assert_eq!(days("2026").unwrap(), "2026-01-01..2027-01-01");
        assert_eq!(days("2026-Q4").unwrap(), "2026-10-01..2027-01-01");
        assert_eq!(days("2026-02").unwrap(), "2026-02-01..2026-03-01");
        assert_eq!(days("2026-W01").unwrap(), "2025-12-29..2026-01-05");
        assert_eq!(days("2026-11-24").unwrap(), "2026-11-24..2026-11-25");
    }

    #[test]
    fn what_is_no_period_is_none() {
        for name in ["", "2026-13", "2026-Q0", "2026-Q5", "2026-W60", "2026-02-30", "26", "2026-1", "last_7_days"] {
            assert_eq!(days(name), None, "{name}");
        }
    }
}
