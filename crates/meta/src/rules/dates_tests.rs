use chrono::{Datelike, Timelike};
use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn one_day_in_many_forms() {
    for text in [
        "10/20/2016",
        "20/10/2016",
        "2016-10-20",
        "2016/10/20",
        "2016.10.20",
        "2016年10月20日",
        "2016 年 10 月 20 日",
        "2016年10月20号",
        "20161020",
        "20.10.2016",
        "10-20-16",
        "20 Oct 2016",
        "Oct 20, 2016",
        "October 20th, 2016",
        "20-Oct-16",
        "２０１６／１０／２０",
        " 2016-10-20 ",
        "2016-10-20 00:00:00",
        "10/20/2016 12:00 AM",
    ] {
        let order = decide_order([text]).unwrap_or_else(|| panic!("{text} is a date")).order;
        assert_eq!(parse_date(text, order), Some(day("2016-10-20")), "{text}");
    }
}

#[test]
fn order_is_decided_by_the_column() {
    let decide = |values: &[&str]| decide_order(values.iter().copied());
    let month_first = DateOrder::MonthFirst;
    let day_first = DateOrder::DayFirst;
    assert_eq!(decide(&["3/4/2017", "10/20/2016"]), Some(Decision { order: month_first, certain: true }));
    assert_eq!(decide(&["3/4/2017", "20/10/2016"]), Some(Decision { order: day_first, certain: true }));
    assert_eq!(decide(&["3/4/2017"]), Some(Decision { order: month_first, certain: false }));
    assert_eq!(decide(&["3/3/2017"]), Some(Decision { order: month_first, certain: true }));
    assert_eq!(
        decide(&["20/10/2016", "21/10/2016", "10/22/2016"]),
        Some(Decision { order: day_first, certain: false })
    );
    assert_eq!(decide(&["2016-10-20", "n/a"]), Some(Decision { order: month_first, certain: true }));
    assert_eq!(decide(&["n/a", "", "13/13/2016"]), None);
    // Points tell, whatever the rest of the column does.
    assert_eq!(decide(&["3.4.2017"]), Some(Decision { order: month_first, certain: true }));
    assert_eq!(parse_date("3.4.2017", month_first), Some(day("2017-04-03")));
    assert_eq!(parse_date("10.20.2016", month_first), Some(day("2016-10-20")));
    assert_eq!(parse_date("3/4/2017", day_first), Some(day("2017-04-03")));
    assert_eq!(parse_date("10/20/2016", day_first), None);
}

#[test]
fn not_dates() {
    for text in [
        "",
        "2016",
        "2016-10",
        "2016-13-01",
        "2016-02-30",
        "2/30/2016",
        "1234567",
        "99991231",
        "1.5",
        "10:30",
        "GTX 500",
        "1/2/3/2016",
        "2016-10-2010:30",
        "+8613800138000",
        "138-0013-8000",
        "2016年",
        "Oct 2016",
        "Foo 20, 2016",
        "0/0/2016",
        "1e5",
        "12/31/216",
        "a:b",
        "日:00",
    ] {
        assert_eq!(parse_date_time(text, DateOrder::MonthFirst), None, "{text}");
        assert!(!OrderVote::default().add(text) || text.contains(':'), "{text}");
    }
}

#[test]
fn times() {
    let read = |text| parse_date_time(text, DateOrder::MonthFirst).map(|t| t.local.to_string());
    for (text, expected) in [
        ("2016-10-20 13:05", "2016-10-20 13:05:00"),
        ("2016-10-20T13:05:09", "2016-10-20 13:05:09"),
        ("2016-10-20T13:05:09.250Z", "2016-10-20 13:05:09.250"),
        ("2016-10-20T13:05:09.123456+08:00", "2016-10-20 13:05:09.123"),
        ("10/20/2016 1:05 PM", "2016-10-20 13:05:00"),
        ("10/20/2016, 12:05:00 am", "2016-10-20 00:05:00"),
        ("2016年10月20日 下午1:05", "2016-10-20 13:05:00"),
        ("2016年10月20日13:05", "2016-10-20 13:05:00"),
        ("2016/10/20 上午 9:05:01", "2016-10-20 09:05:01"),
        ("20161020 13:05", "2016-10-20 13:05:00"),
    ] {
        assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        assert!(has_time(text));
    }
    for text in ["2016-10-20 25:00", "2016-10-20 13:60", "2016-10-20 13:5", "2016-10-20 13:05 PM", "2016-10-20 1:05:1"]
    {
        assert_eq!(read(text), None, "{text}");
    }
    let offset = |text| parse_date_time(text, DateOrder::MonthFirst).and_then(|t| t.offset);
    assert_eq!(offset("2016-10-20T13:05:09Z"), FixedOffset::east_opt(0));
    assert_eq!(offset("2016-10-20 13:05 +0800"), FixedOffset::east_opt(8 * 3600));
    assert_eq!(offset("2016-10-20T13:05-03:30"), FixedOffset::west_opt(3 * 3600 + 1800));
    assert_eq!(offset("2016-10-20T13:05"), None);
    assert!(!has_time("2016-10-20"));
    assert_eq!(parse_date("2016-10-20 13:05", DateOrder::MonthFirst), None);
}

#[test]
fn serials() {
    let read = |serial| excel_serial(serial, false).map(|t| t.to_string());
    assert_eq!(read(1.0).as_deref(), Some("1900-01-01 00:00:00"));
    assert_eq!(read(59.0).as_deref(), Some("1900-02-28 00:00:00"));
    assert_eq!(read(60.0), None);
    assert_eq!(read(61.0).as_deref(), Some("1900-03-01 00:00:00"));
    assert_eq!(read(42_663.0).as_deref(), Some("2016-10-20 00:00:00"));
    assert_eq!(read(42_663.5).as_deref(), Some("2016-10-20 12:00:00"));
    assert_eq!(read(42_663.999_999_999_99).as_deref(), Some("2016-10-21 00:00:00"));
    assert_eq!(read(2_958_465.0).as_deref(), Some("9999-12-31 00:00:00"));
    for serial in [-1.0, 0.0, 0.5, 2_958_466.0, f64::NAN, f64::INFINITY] {
        assert_eq!(read(serial), None);
    }
    assert_eq!(excel_serial(41_201.0, true).unwrap().date(), day("2016-10-20"));
    assert_eq!(parse_excel_serial("42663").unwrap().date(), day("2016-10-20"));
    assert_eq!(parse_excel_serial("42663.25").unwrap().hour(), 6);
    for text in ["2016", "100000", "-42663", "4e4", "", "x", "."] {
        assert_eq!(parse_excel_serial(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn every_form_reads_back(days in 0u64..60_000) {
        let date = day("1930-01-01").checked_add_days(Days::new(days)).unwrap();
        let (y, m, d) = (date.year(), date.month(), date.day());
        for text in [
            format!("{y}-{m:02}-{d:02}"), format!("{y}/{m}/{d}"), format!("{y}年{m}月{d}日"), format!("{y}{m:02}{d:02}"),
            format!("{m}/{d}/{y}"), date.format("%d %b %Y").to_string(), date.format("%B %-d, %Y").to_string(),
        ] {
            prop_assert_eq!(parse_date(&text, DateOrder::MonthFirst), Some(date), "{}", text);
        }
        prop_assert_eq!(parse_date(&format!("{d}.{m}.{y}"), DateOrder::DayFirst), Some(date));
        let serial = (date - day("1899-12-30")).num_days();
        prop_assert_eq!(excel_serial(serial as f64, false), Some(date.and_time(NaiveTime::MIN)));
    }

    #[test]
    fn minutes_of_serials_are_exact(day_number in 61u32..80_000, minute in 0u32..1440) {
        let serial = f64::from(day_number) + f64::from(minute) / 1440.0;
        let time = excel_serial(serial, false).unwrap().time();
        prop_assert_eq!((time.num_seconds_from_midnight(), time.nanosecond()), (minute * 60, 0));
    }

    #[test]
    fn never_panics(text in "[0-9/:.年月日TZapm上下午 +-]{0,24}", other in ".{0,24}", serial in any::<f64>()) {
        for text in [text, other] {
            let _ = parse_date_time(&text, DateOrder::DayFirst);
            let _ = parse_excel_serial(&text);
            let _ = OrderVote::default().add(&text);
            let _ = has_time(&text);
        }
        let _ = excel_serial(serial, true);
    }
}
