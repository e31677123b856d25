use std::io::Write;

use chrono::NaiveDate;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tempfile::NamedTempFile;

use super::*;
use crate::transfer::read::{Limits, ReadError, open};

fn day() -> NaiveDate {
    "2016-10-20".parse().unwrap()
}

fn columns() -> Vec<Column> {
    ["a", "b", "c", "d", "e"].into_iter().map(|key| Column::new(key, format!("列 {key}"))).collect()
}

fn rows() -> Vec<Vec<Cell>> {
    let time = day().and_hms_opt(10, 30, 0).unwrap();
    vec![
        vec![
            Cell::text("客栈"),
            Cell::number(Decimal::new(1050, 2)),
            Cell::Date(day()),
            Cell::DateTime(time),
            Cell::Bool(true),
        ],
        vec![Cell::text("=1+1"), Cell::number(Decimal::from(-3)), Cell::Empty, Cell::Empty, Cell::Bool(false)],
        vec![Cell::text("a,\"b\"\nc"), Cell::Empty, Cell::Empty, Cell::Empty, Cell::text("x")],
    ]
}

fn written(format: Format, columns: &[Column], rows: &[Vec<Cell>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sink = create(format, &mut out, columns).unwrap();
    for row in rows {
        sink.row(row).unwrap();
    }
    sink.finish().unwrap();
    out
}

fn saved(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn read_back(bytes: &[u8]) -> (Vec<String>, Vec<Vec<Cell>>) {
    let file = saved(bytes);
    let mut source = open(file.path(), Limits::default()).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = source.next_row() {
        rows.push(row.unwrap());
    }
    (source.headers().to_vec(), rows)
}

#[test]
fn csv_is_safe_to_open() {
    let text = String::from_utf8(written(Format::Csv, &columns(), &rows())).unwrap();
    assert_eq!(
        text,
        "\u{feff}列 a,列 b,列 c,列 d,列 e\r\n\
         客栈,10.50,2016-10-20,2016-10-20 10:30:00,TRUE\r\n\
         '=1+1,-3,,,FALSE\r\n\
         \"a,\"\"b\"\"\nc\",,,,x\r\n"
    );
    for (given, expected) in [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("-5", "-5"),
        ("+5.5", "+5.5"),
        ("+86 138 0013 8000", "+86 138 0013 8000"),
        ("-", "'-"),
        ("a=b", "a=b"),
    ] {
        let out = written(Format::Csv, &[Column::new("k", "k")], &[vec![Cell::Text(given.into())]]);
        let out = String::from_utf8(out).unwrap();
        let line = out.strip_prefix("\u{feff}k\r\n").unwrap().trim_end_matches("\r\n");
        assert_eq!(line, expected, "{given}");
    }
}

#[test]
fn xlsx_keeps_types() {
    let mut columns = columns();
    columns[0].required = true;
    columns[0].note = Some("Name of the company".into());
    columns[1].choices = vec!["1".into(), "2".into()];
    let bytes = written(Format::Xlsx, &columns, &rows());
    let (headers, back) = read_back(&bytes);
    assert_eq!(headers, ["列 a", "列 b", "列 c", "列 d", "列 e"]);
    assert_eq!(back.len(), 3);
    for (row, expected) in back.iter().zip(rows()) {
        for (cell, expected) in row.iter().zip(&expected) {
            match expected {
                Cell::Number { value, .. } => assert!(matches!(cell, Cell::Number { value: v, .. } if v == value)),
                expected => assert_eq!(cell, expected),
            }
        }
    }
}

#[test]
fn ndjson_is_by_key() {
    let text = String::from_utf8(written(Format::Ndjson, &columns(), &rows())).unwrap();
    let first = text.lines().next().unwrap();
    assert_eq!(first, "{\"a\":\"客栈\",\"b\":\"10.50\",\"c\":\"2016-10-20\",\"d\":\"2016-10-20T10:30:00\",\"e\":true}");
    let (headers, back) = read_back(text.as_bytes());
    assert_eq!(headers, ["a", "b", "c", "d", "e"]);
    assert_eq!(back[1][0].as_text(), "=1+1");
    assert!(back[1][2].is_empty());
}

#[test]
fn packed_bombs_are_refused() {
    let text = "x".repeat(30_000);
    let rows: Vec<Vec<Cell>> = (0..100).map(|_| vec![Cell::text(text.clone())]).collect();
    let file = saved(&written(Format::Xlsx, &[Column::new("k", "k")], &rows));
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    assert!(matches!(open(file.path(), limits), Err(ReadError::UnpacksTooLarge { .. })));
    let limits = Limits { shared_text_bytes: 100, ..Limits::default() };
    assert!(matches!(open(file.path(), limits), Err(ReadError::UnpacksTooLarge { .. })));
}

#[test]
fn worksheets_as_people_keep_them() {
    use rust_xlsxwriter::Format as Style;

    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("封面").unwrap().write(0, 0, "2024 年客户").unwrap();
    let sheet = book.add_worksheet().set_name("客户").unwrap();
    sheet.merge_range(0, 0, 0, 3, "客户名单", &Style::new()).unwrap();
    for (column, label) in (0u16..).zip(["名称", "折扣", "日期", "用时"]) {
        sheet.write(2, column, label).unwrap();
    }
    sheet.write(4, 0, "鑫茂").unwrap();
    sheet.write_with_format(4, 1, 0.125, &Style::new().set_num_format("0.0%")).unwrap();
    sheet.write_with_format(4, 2, 42_663.5, &Style::new().set_num_format("yyyy/m/d h:mm")).unwrap();
    sheet.write_with_format(4, 3, 1.5, &Style::new().set_num_format("[h]:mm:ss")).unwrap();
    let file = saved(&book.save_to_buffer().unwrap());

    let mut source = open(file.path(), Limits::default()).unwrap();
    assert_eq!(source.info().sheet.as_deref(), Some("客户"));
    assert_eq!(source.info().sheets, ["封面", "客户"]);
    assert_eq!(source.headers(), ["名称", "折扣", "日期", "用时"]);
    let row = source.next_row().unwrap().unwrap();
    assert_eq!(source.row_number(), 5);
    let texts: Vec<String> = row.iter().map(|c| c.as_text().into_owned()).collect();
    assert_eq!(texts, ["鑫茂", "12.5%", "2016-10-20 12:00:00", "36:00:00"]);
    assert!(matches!(&row[1], Cell::Number { value, .. } if *value == Decimal::new(125, 1)));
    assert_eq!(row[2], Cell::DateTime(day().and_hms_opt(12, 0, 0).unwrap()));
    assert!(source.next_row().is_none());
}

#[test]
fn seeking_in_a_worksheet() {
    let rows: Vec<Vec<Cell>> =
        (0..1000).map(|n| vec![Cell::text(format!("row {n}")), Cell::number(Decimal::from(n))]).collect();
    let columns = [Column::new("a", "name"), Column::new("b", "value")];
    let file = saved(&written(Format::Xlsx, &columns, &rows));
    let mut source = open(file.path(), Limits::default()).unwrap();
    for n in [0u64, 700, 10, 999, 0] {
        source.seek_row(n).unwrap();
        assert_eq!(source.next_row().unwrap().unwrap()[0].as_text(), format!("row {n}"));
        assert_eq!(source.row_number(), n + 2);
    }
    source.seek_row(5000).unwrap();
    assert!(source.next_row().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn round_trip(texts in prop::collection::vec("[a-zA-Z一-龥éß,\"' \n(]{1,12}", 1..20), numbers in prop::collection::vec(-1_000_000_000i64..1_000_000_000, 20)) {
        let rows: Vec<Vec<Cell>> = texts
            .iter()
            .zip(&numbers)
            .map(|(text, number)| vec![Cell::text(format!("x{text}")), Cell::number(Decimal::new(*number, 3).normalize())])
            .collect();
        let columns = [Column::new("first", "First"), Column::new("second", "Second")];
        for format in [Format::Csv, Format::Xlsx, Format::Ndjson] {
            let (_, back) = read_back(&written(format, &columns, &rows));
            prop_assert_eq!(back.len(), rows.len(), "{}", format);
            for (row, expected) in back.iter().zip(&rows) {
                prop_assert_eq!(row[0].as_text(), expected[0].as_text());
                prop_assert_eq!(row[1].as_text(), expected[1].as_text());
            }
        }
    }

    #[test]
    fn damaged_worksheets_are_survived(damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>(), truncate in any::<bool>()) {
        let mut bytes = written(Format::Xlsx, &columns(), &rows());
        for (at, byte) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if truncate {
            bytes.truncate(cut.index(bytes.len()));
        }
        let file = saved(&bytes);
        if let Ok(mut source) = open(file.path(), Limits::default()) {
            prop_assert!(std::iter::from_fn(|| source.next_row()).count() <= 10);
        }
    }
}
