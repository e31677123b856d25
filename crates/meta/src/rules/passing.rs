//! Dates as people type them into a form: relative to the day it is, without a year, with Chinese hours.

use super::dates::{DateOrder, has_time, parse_date, parse_date_time, read_time, small, split_time};
use super::text::half_width;
use chrono::{Datelike, Months, NaiveDate, NaiveTime, TimeDelta};

/// A date as people write it down in passing, with the time where they say one: `明天`, `下周一 9:30`, `12-25`,
/// `tomorrow 3:00 pm`. A day without its year is the one nearest ahead, or of the last half year.
pub fn parse(text: &str, today: NaiveDate) -> Option<(NaiveDate, Option<NaiveTime>)> {
    let text = with_colon(in_full(half_width(text).trim().to_lowercase()));
    if let Some(known) = parse_date_time(&text, DateOrder::MonthFirst).filter(|known| known.offset.is_none()) {
        return Some((known.local.date(), has_time(&text).then(|| known.local.time())));
    }
    let (day, time) = match split_time(&text) {
        Some((day, Some(time))) => (day, Some(read_time(time).filter(|(_, offset)| offset.is_none())?.0)),
        // `明天9:30` has no border, and needs none: no digit ends a word.
        None => {
            let at = text.find(|c: char| c.is_ascii_digit())?;
            let (day, time) = text.split_at(at);
            (day, Some(read_time(time).filter(|(_, offset)| offset.is_none())?.0))
        }
        Some((day, None)) => (day, None),
    };
    Some((near(day.trim(), today)?, time))
}

const WEEKDAYS: [(&str, [&str; 4]); 7] = [
    ("一", ["周一", "星期一", "monday", "mon"]),
    ("二", ["周二", "星期二", "tuesday", "tue"]),
    ("三", ["周三", "星期三", "wednesday", "wed"]),
    ("四", ["周四", "星期四", "thursday", "thu"]),
    ("五", ["周五", "星期五", "friday", "fri"]),
    ("六", ["周六", "星期六", "saturday", "sat"]),
    ("日", ["周日", "星期日", "sunday", "sun"]),
];

fn near(day: &str, today: NaiveDate) -> Option<NaiveDate> {
    let away = |days: i64| today.checked_add_signed(TimeDelta::days(days));
    let words = [
        (["今天", "today"], 0),
        (["明天", "tomorrow"], 1),
        (["后天", "+2"], 2),
        (["大后天", "+3"], 3),
        (["昨天", "yesterday"], -1),
        (["前天", "-2"], -2),
    ];
    if let Some((_, days)) = words.iter().find(|(names, _)| names.contains(&day)) {
        return away(*days);
    }
    if day == "月底" {
        let next = today.with_day(1)?.checked_add_months(Months::new(1))?;
        return next.pred_opt();
    }
    let count = day.strip_suffix("天后").or_else(|| day.strip_prefix("in ")?.strip_suffix(" days"));
    if let Some(days) = count {
        return away(i64::from(small(days.trim())?));
    }
    // `dec 25` of the year that is near.
    if day.chars().any(|c| c.is_ascii_alphabetic()) && day.chars().any(|c| c.is_ascii_digit()) {
        let of = |year: i32| parse_date(&format!("{day} {year}"), DateOrder::MonthFirst);
        return of(today.year())
            .filter(|date| today - *date <= TimeDelta::days(HALF_A_YEAR))
            .or_else(|| of(today.year() + 1));
    }
    let now = i64::from(today.weekday().num_days_from_monday());
    let sunday = |name: &str| name.replace('天', "日");
    let weekday = |name: &str| WEEKDAYS.iter().position(|(_, names)| names.contains(&name)).map(|at| at as i64);
    // Of the next week: 下周一, next monday.
    if let Some(name) = day.strip_prefix("下").or_else(|| day.strip_prefix("next ")) {
        return away(7 - now + weekday(&sunday(name.trim()))?);
    }
    let day =
        day.strip_prefix("本").or_else(|| day.strip_prefix("这")).or_else(|| day.strip_prefix("this ")).unwrap_or(day);
    if let Some(at) = weekday(&sunday(day)) {
        // The next that comes, today's own among them.
        return away((at - now).rem_euclid(7));
    }
    let (month, day) = match day.split_once('月') {
        Some((month, day)) => (month, day.trim_end_matches(['日', '号'])),
        None => day.split_once(['-', '/', '.'])?,
    };
    let (month, day) = (small(month.trim())?, small(day.trim())?);
    let this = NaiveDate::from_ymd_opt(today.year(), month, day);
    match this {
        Some(date) if today - date <= TimeDelta::days(HALF_A_YEAR) => Some(date),
        _ => NaiveDate::from_ymd_opt(today.year() + 1, month, day),
    }
}

/// Further back, the same day of the next year is meant.
const HALF_A_YEAR: i64 = 183;

/// Short forms of day and half, as the long ones.
fn in_full(text: String) -> String {
    let mut text = text;
    for (short, long) in [("明早", "明天上午"), ("明晚", "明天下午"), ("今早", "今天上午"), ("今晚", "今天下午")]
    {
        text = text.replace(short, long);
    }
    for half in ["am", "pm"] {
        // `9am` is 9:00 am.
        if let Some(hour) = text.strip_suffix(half).map(str::trim_end).filter(|t| !t.contains(':'))
            && hour.ends_with(|c: char| c.is_ascii_digit())
        {
            return format!("{hour}:00 {half}");
        }
    }
    text
}

/// `9点`, `9点半` and `9点15分` as 9:00, 9:30 and 9:15.
fn with_colon(text: String) -> String {
    let Some((before, after)) = text.split_once('点') else { return text };
    match after.trim().trim_end_matches('分') {
        "" => format!("{before}:00"),
        "半" => format!("{before}:30"),
        minutes => format!("{before}:{minutes}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_found_from_the_day_it_is() {
        // A Tuesday.
        let today: NaiveDate = "2026-12-01".parse().unwrap();
        let read = |text: &str| {
            let (day, time) = parse(text, today)?;
            Some(format!("{day}{}", time.map(|t| t.format(" %H:%M").to_string()).unwrap_or_default()))
        };
        for (text, means) in [
            ("今天", "2026-12-01"),
            ("明天 9:00", "2026-12-02 09:00"),
            ("明天9:30", "2026-12-02 09:30"),
            ("后天下午3点", "2026-12-03 15:00"),
            ("明天9点半", "2026-12-02 09:30"),
            ("周五", "2026-12-04"),
            ("星期天", "2026-12-06"),
            ("周一", "2026-12-07"),
            ("周二", "2026-12-01"),
            ("下周一 9:15", "2026-12-07 09:15"),
            ("下周日", "2026-12-13"),
            ("Tomorrow 3:00 pm", "2026-12-02 15:00"),
            ("next monday", "2026-12-07"),
            ("fri", "2026-12-04"),
            ("12-25", "2026-12-25"),
            ("12/25 10:00", "2026-12-25 10:00"),
            ("1月5日", "2027-01-05"),
            ("11-20", "2026-11-20"),
            ("2026-12-05 10:00", "2026-12-05 10:00"),
            ("2026年12月5日", "2026-12-05"),
            ("20261205", "2026-12-05"),
            ("本周五", "2026-12-04"),
            ("3天后", "2026-12-04"),
            ("in 3 days", "2026-12-04"),
            ("月底", "2026-12-31"),
            ("Dec 25", "2026-12-25"),
            ("5 jan", "2027-01-05"),
            ("this friday", "2026-12-04"),
            ("明早9点", "2026-12-02 09:00"),
            ("今晚7:30", "2026-12-01 19:30"),
            ("next monday 9am", "2026-12-07 09:00"),
        ] {
            assert_eq!(read(text).as_deref(), Some(means), "{text}");
        }
        for none in ["", "soon", "13-45", "2-30", "明天 25:00", "下周", "1.5.6.7", "12", "99"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
