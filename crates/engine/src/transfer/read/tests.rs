use std::io::Write;

use kezhan_meta::rules::dates::DateOrder;
use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::*;

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn read(bytes: &[u8]) -> Box<dyn RowSource> {
    open(file(bytes).path(), Limits::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn failure(bytes: &[u8]) -> ReadError {
    match open(file(bytes).path(), Limits::default()) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

fn texts(source: &mut dyn RowSource) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    while let Some(row) = source.next_row() {
        rows.push(row.unwrap().iter().map(|c| c.as_text().into_owned()).collect());
    }
    rows
}

#[test]
fn plain_csv() {
    let mut source = read("name,city\nAcme,\"Nairobi, Kenya\"\n\n\"a \"\"b\"\"\",\n".as_bytes());
    assert_eq!(source.headers(), ["name", "city"]);
    assert_eq!(source.info().delimiter, Some(','));
    assert_eq!(texts(source.as_mut()), [["Acme", "Nairobi, Kenya"], ["a \"b\"", ""]]);
    // As spreadsheet programs count, the blank line among them.
    assert_eq!(source.row_number(), 4);
}

#[test]
fn encodings() {
    let text = "客户名称;城市\n北京鑫茂科技有限公司;北京\n上海华夏;上海\n";
    let utf16 = |big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let gbk = encoding_rs::GB18030.encode(text).0.into_owned();
    let with_bom = |bom: &[u8], body: &[u8]| [bom, body].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), "UTF-8"),
        (with_bom(b"\xef\xbb\xbf", text.as_bytes()), "UTF-8"),
        (gbk, "gb18030"),
        (with_bom(b"\xff\xfe", &utf16(false)), "UTF-16LE"),
        (with_bom(b"\xfe\xff", &utf16(true)), "UTF-16BE"),
        (utf16(false), "UTF-16LE"),
    ] {
        let mut source = read(&bytes);
        assert_eq!(source.info().encoding, Some(encoding));
        assert_eq!(source.info().delimiter, Some(';'));
        assert_eq!(source.headers(), ["客户名称", "城市"]);
        assert_eq!(texts(source.as_mut())[0], ["北京鑫茂科技有限公司", "北京"]);
    }
}

#[test]
fn chinese_on_the_last_line_only() {
    let mut text = String::from("name,phone\n");
    for row in 0..20_000 {
        text.push_str(&format!("Customer {row},13800138000\n"));
    }
    text.push_str("最后的客户,13900139000\n");
    let file = file(&encoding_rs::GBK.encode(&text).0);
    let mut source = open(file.path(), Limits::default()).unwrap();
    assert_eq!(source.info().encoding, Some("gb18030"));
    source.seek_row(20_000).unwrap();
    assert_eq!(source.next_row().unwrap().unwrap()[0].as_text(), "最后的客户");
}

#[test]
fn short_gbk_texts() {
    for text in ["姓名,电话\n王伟,13800138000\n", "客户\n中国石油\n", "a,b\n张三,1\n"] {
        let bytes = encoding_rs::GBK.encode(text).0.into_owned();
        let source = read(&bytes);
        assert_eq!(source.info().encoding, Some("gb18030"), "{text}");
    }
}

#[test]
fn layouts() {
    let mut source = read("2024年客户名单,,\n,,\n名称*,电话,\nA,1,note\nB,2,\n".as_bytes());
    assert_eq!(source.headers(), ["名称", "电话", "#3"]);
    assert_eq!(texts(source.as_mut()), [["A", "1", "note"], ["B", "2", ""]]);

    let source = read(b"a\ta\t\ta\nx\ty\tz\tw\n");
    assert_eq!(source.headers(), ["a", "a (2)", "#3", "a (3)"]);

    let mut source = read(b"sep=;\na;b\n1,5;2\n");
    assert_eq!(source.headers(), ["a", "b"]);
    assert_eq!(texts(source.as_mut()), [["1,5", "2"]]);

    let mut source = read(b"1,2016-10-20,a@b.cn\n2,2016-10-21,c@d.cn\n");
    assert!(!source.info().has_header);
    assert_eq!(source.headers(), ["#1", "#2", "#3"]);
    assert_eq!(texts(source.as_mut()).len(), 2);

    let source = read("名称\n甲\n乙\n".as_bytes());
    assert_eq!(source.headers(), ["名称"]);
    let source = read(b"only,headers\n");
    assert_eq!(source.headers(), ["only", "headers"]);
}

#[test]
fn headings_in_two_rows_are_found_or_chosen() {
    let grouped = "客户,联系方式,,,地址,\n,联系人,电话,邮箱,城市,街道\n甲公司,王伟,13800138000,a@b.cn,上海,人民路\n";
    let kept = file(grouped.as_bytes());
    let mut source = open(kept.path(), Limits::default()).unwrap();
    assert_eq!(source.headers(), ["客户", "联系人", "电话", "邮箱", "城市", "街道"]);
    assert_eq!((source.info().header_row, source.info().head.len()), (2, 3));
    assert_eq!(source.info().head[1].cells[0], "联系人");
    assert_eq!(texts(source.as_mut()).len(), 1);
    source.seek_row(0).unwrap();
    assert_eq!(source.next_row().unwrap().unwrap()[0].as_text(), "甲公司");

    // Few of the groups' names: the row of the parts is found at once.
    let source = read("客户,,,,\n名称,电话,邮箱,城市,街道\n甲,13800138000,a@b.cn,上海,人民路\n".as_bytes());
    assert_eq!(source.headers()[0], "名称");
    // A first record that is words alone is no second row of headings.
    let mut source = read("名称,城市,级别,,\n甲,上海,重点,渠道,老客户\n乙,北京,,渠道,老客户\n".as_bytes());
    assert_eq!(source.info().header_row, 1);
    assert_eq!(texts(source.as_mut()).len(), 2);

    let chosen = |number: u64, text: &str| {
        let options = ReadOptions { header_row: Some(number), ..ReadOptions::default() };
        open_with(&Stored::from(file(text.as_bytes()).path()), &options)
    };
    let text = "客户,电话\n姓名,号码\n甲,13800138000\n";
    let mut second = chosen(2, text).unwrap();
    assert_eq!(second.headers(), ["姓名", "号码"]);
    assert_eq!(texts(second.as_mut()).len(), 1);
    let mut none = chosen(0, text).unwrap();
    assert_eq!((none.info().has_header, texts(none.as_mut()).len()), (false, 3));
    assert_eq!(chosen(9, text).err().unwrap().code(), "file_unknown_header_row");
}

#[test]
fn broken_rows_are_reported_and_passed() {
    let mut source = read(b"a,b\n1,2\n1,2,3\n4\n");
    assert!(source.next_row().unwrap().is_ok());
    let error = source.next_row().unwrap().unwrap_err();
    assert_eq!(error.kind, RowErrorKind::TooManyCells { found: 3, expected: 2 });
    assert_eq!((error.row, error.cells.len()), (3, 3));
    assert_eq!(source.next_row().unwrap().unwrap(), [Cell::Text("4".into()), Cell::Empty]);
    assert!(source.next_row().is_none());
}

#[test]
fn a_quotation_mark_that_never_closes() {
    let mut text = String::from("a,b\n1,\"2\n");
    for _ in 0..200_000 {
        text.push_str("some more text,3\n");
    }
    let limits = Limits { row_bytes: 100 << 10, ..Limits::default() };
    // Kept short at the head so that the header is found before the limit is hit.
    let body = file(format!("a,b\n{}{}", "x,y\n".repeat(30), &text[4..]).as_bytes());
    let mut source = open(body.path(), limits).unwrap();
    let errors: Vec<RowError> = std::iter::from_fn(|| source.next_row()).filter_map(Result::err).collect();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].kind, RowErrorKind::TooLong { limit: 100 << 10 });
    assert_eq!(errors[0].row, 32);
}

#[test]
fn limits() {
    let body = file(b"a,b\n1,2\n3,4\n5,6\n");
    let mut source = open(body.path(), Limits { rows: 2, ..Limits::default() }).unwrap();
    let last = std::iter::from_fn(|| source.next_row()).last().unwrap().unwrap_err();
    assert_eq!(last.kind, RowErrorKind::TooManyRows { limit: 2 });
    let refused = open(body.path(), Limits { columns: 1, ..Limits::default() });
    assert!(matches!(refused, Err(ReadError::TooManyColumns { limit: 1 })));
    let refused = open(body.path(), Limits { file_bytes: 3, ..Limits::default() });
    assert!(matches!(refused, Err(ReadError::TooLarge { limit: 3 })));
}

#[test]
fn files_of_other_kinds() {
    assert!(matches!(failure(b""), ReadError::Empty));
    assert!(matches!(failure(b"\n \n"), ReadError::Empty));
    assert!(matches!(failure(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ReadError::OldOrProtectedExcel));
    assert!(matches!(failure(b"<html><table><tr><td>1</td></tr></table>"), ReadError::Html));
    assert!(matches!(failure(b"%PDF-1.4 ..."), ReadError::NotASpreadsheet));
    assert!(matches!(failure(&[1, 2, 3, 4, 5, 0, 7]), ReadError::NotASpreadsheet));
    assert!(matches!(failure(b"PK\x03\x04 but no archive"), ReadError::Damaged(_)));
    assert!(matches!(failure(b",,\n,,\n"), ReadError::Empty));
}

#[test]
fn ndjson() {
    let text =
        "{\"name\":\"甲\",\"n\":12.50}\n\n{\"name\":\"乙\",\"ok\":true,\"tags\":[1,2]}\n[1]\n{bad\n{\"late\":\"x\"}\n";
    let file = file(text.as_bytes());
    let mut source = open(file.path(), Limits::default()).unwrap();
    assert_eq!(source.info().format, Format::Ndjson);
    assert_eq!(source.headers(), ["name", "n", "ok", "tags", "late"]);
    let rows: Vec<_> = std::iter::from_fn(|| source.next_row()).collect();
    assert_eq!(rows.len(), 5);
    let first = rows[0].as_ref().unwrap();
    assert_eq!(first[1].as_text(), "12.5");
    assert!(first[4].is_empty());
    let second = rows[1].as_ref().unwrap();
    assert_eq!((&second[2], second[3].as_text().as_ref()), (&Cell::Bool(true), "[1,2]"));
    assert_eq!(rows[2].as_ref().unwrap_err().kind, RowErrorKind::NotAnObject);
    assert_eq!(rows[3].as_ref().unwrap_err().kind.code(), "row_not_json");
    assert_eq!(rows[3].as_ref().unwrap_err().row, 5);
    source.seek_row(4).unwrap();
    assert_eq!(source.next_row().unwrap().unwrap()[4].as_text(), "x");
}

#[test]
fn profiles() {
    let text = "名称,电话,邮箱,网址,税号,日期,金额,折扣,数量,编号,重要,空,时间\n\
        鑫茂,13800138000,a@b.cn,www.a.cn,91350100M000100Y43,10/20/2016,¥1200,5%,3,007,是,,2016-10-20 10:00\n\
        华夏,021-61234567,c@d.cn,https://c.cn,91330100799655058B,3/4/2017,\"1,300元\",10%,4,010,否,,2016-10-21 11:30\n";
    let file = file(text.as_bytes());
    let mut source = open(file.path(), Limits::default()).unwrap();
    let columns = profile(source.as_mut(), 1000).unwrap();
    let kinds: Vec<Kind> = columns.iter().map(|c| c.kind).collect();
    let order = DateOrder::MonthFirst;
    assert_eq!(
        kinds,
        [
            Kind::Text,
            Kind::Phone,
            Kind::Email,
            Kind::Url,
            Kind::Uscc,
            Kind::Date { order, certain: true },
            Kind::Money { currency: None },
            Kind::Percent,
            Kind::Integer,
            Kind::Text,
            Kind::Boolean,
            Kind::Empty,
            Kind::DateTime { order, certain: true },
        ]
    );
    assert_eq!(columns[0].samples, ["鑫茂", "华夏"]);
    assert_eq!((columns[0].rows, columns[11].non_empty), (2, 0));
    // The source stands at its first row again.
    assert_eq!(source.next_row().unwrap().unwrap()[0].as_text(), "鑫茂");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let file = file(&bytes);
        if let Ok(mut source) = open(file.path(), Limits::default()) {
            let width = source.headers().len();
            while let Some(row) = source.next_row() {
                if let Ok(row) = row {
                    prop_assert_eq!(row.len(), width);
                }
            }
            prop_assert!(profile(source.as_mut(), 100).is_ok());
        }
    }

    #[test]
    fn seeking_equals_reading(rows in prop::collection::vec("[a-z\"\n,]{0,12}", 1..40), n in 0u64..45) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["head", "line"]).unwrap();
        for row in &rows {
            writer.write_record([row.as_str(), "x"]).unwrap();
        }
        let file = file(&writer.into_inner().unwrap());
        let mut source = open(file.path(), Limits::default()).unwrap();
        let all = texts(source.as_mut());
        prop_assert_eq!(all.len(), rows.len());
        source.seek_row(n).unwrap();
        let rest = texts(source.as_mut());
        prop_assert_eq!(&all[all.len().min(n as usize)..], &rest[..]);
    }
}
