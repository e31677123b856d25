//! What the browser and the server must decide alike: run natively and as WASM.

use kezhan_meta::check::{check_field, normalise_value};
use kezhan_meta::matches::matches;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::{Context, ReadsAll, resolve};
use kezhan_meta::{Area, Catalog, Choice, FieldMeta, FieldType, Filter, Label, ObjectMeta, Record, Rule, Scope, Tone};
use serde_json::{Value, json};
use std::borrow::Cow;

fn field(key: &'static str, kind: FieldType) -> FieldMeta {
    FieldMeta::new(key, Label::new(key, key), kind)
}

fn levels() -> FieldType {
    let options = vec![Choice::new("a", "甲", "A", Tone::Neutral), Choice::new("b", "乙", "B", Tone::Neutral)];
    FieldType::Choice { options: Cow::Owned(options) }
}

fn object(fields: Vec<FieldMeta>) -> ObjectMeta {
    ObjectMeta {
        name: "thing".into(),
        plural: "things".into(),
        table: "things".into(),
        label: Label::new("物", "Thing"),
        label_many: Label::new("物", "Things"),
        help: "".into(),
        area: Area::Platform,
        icon: "box".into(),
        title: "name".into(),
        scope: Scope::Tenant,
        moment: None,
        follows: None,
        opens: false,
        configured: false,
        custom: false,
        listed: true,
        layout: None,
        fields: Cow::Owned(fields),
    }
    .complete()
}

#[test]
fn values_take_their_canonical_form() {
    let cases: Vec<(FieldType, Value, Value)> = vec![
        (FieldType::Text, json!("  客栈 "), json!("客栈")),
        (FieldType::Text, json!("   "), Value::Null),
        (FieldType::Integer, json!("42"), json!(42)),
        (FieldType::Integer, json!(42.0), json!(42)),
        (FieldType::Money, json!(1100.04), json!("1100.04")),
        (FieldType::Money, json!("0010.500"), json!("10.5")),
        (FieldType::Money, json!("1e3"), json!("1000")),
        (FieldType::Date, json!(" 2026-02-28 "), json!("2026-02-28")),
        (FieldType::DateTime, json!("2026-11-24T16:00:00+08:00"), json!("2026-11-24T08:00:00Z")),
        (FieldType::Boolean, json!("true"), json!(true)),
        (levels(), json!("a"), json!("a")),
        (FieldType::Tags, json!(["红", " 红 ", "", "绿"]), json!(["红", "绿"])),
        (FieldType::Tags, json!([]), Value::Null),
        (FieldType::Address, json!({}), Value::Null),
        (FieldType::Geo, json!({"lat": 31, "lng": 121.5}), json!({"lat": 31.0, "lng": 121.5})),
    ];
    for (kind, given, expected) in cases {
        let field = field("f", kind.clone());
        let once = normalise_value(&field, &given).unwrap_or_else(|v| panic!("{kind:?} {given}: {v:?}"));
        assert_eq!(once, expected, "{kind:?} {given}");
        assert_eq!(normalise_value(&field, &once).unwrap(), once, "{kind:?} {given}: not stable");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    let cases: Vec<(FieldType, Value, Code)> = vec![
        (FieldType::Text, json!(7), Code::WrongType),
        (FieldType::Text, json!("a\u{0}b"), Code::WrongType),
        (FieldType::Integer, json!(1.5), Code::WrongType),
        (FieldType::Money, json!("1.23456"), Code::TooPrecise),
        (FieldType::Money, json!("99999999999999999"), Code::TooBig),
        (FieldType::Money, json!("NaN"), Code::WrongType),
        (FieldType::Date, json!("2026-02-30"), Code::BadDate),
        (FieldType::Date, json!("24/11/2026"), Code::BadDate),
        (FieldType::DateTime, json!("2026-11-24 08:00"), Code::BadDate),
        (levels(), json!("c"), Code::NotAnOption),
        (FieldType::Email, json!("a@"), Code::BadEmail),
        (FieldType::Url, json!("javascript:alert(1)"), Code::BadUrl),
        (FieldType::Phone, json!("abc"), Code::BadPhone),
        (FieldType::Geo, json!({"lat": 91, "lng": 0}), Code::BadGeo),
        (FieldType::Tags, json!("红"), Code::WrongType),
        (FieldType::User, json!("me"), Code::WrongType),
    ];
    for (kind, given, code) in cases {
        let fault = normalise_value(&field("f", kind.clone()), &given).unwrap_err();
        assert_eq!(fault.code, code, "{kind:?} {given}");
    }
}

#[test]
fn rules_hold_between_fields_and_within_them() {
    let mut from = field("from", FieldType::Date);
    from.required = true;
    let to =
        FieldMeta { rules: Cow::Owned(vec![Rule::NotBefore { field: "from".into() }]), ..field("to", FieldType::Date) };
    let rate = FieldMeta {
        rules: Cow::Owned(vec![Rule::Range { min: Some("0".into()), max: Some("100".into()) }]),
        ..field("rate", FieldType::Percent)
    };
    let thing = object(vec![from, to, rate]);
    let broken = |record: Value| -> Vec<(String, Code)> {
        let Value::Object(record) = record else { return Vec::new() };
        kezhan_meta::check_record(&thing, &record).into_iter().map(|v| (v.field, v.code)).collect()
    };
    assert_eq!(broken(json!({})), [("from".to_owned(), Code::Required)]);
    assert_eq!(broken(json!({"from": "2026-01-02", "to": "2026-01-02", "rate": "100"})), []);
    let late = broken(json!({"from": "2026-01-02", "to": "2026-01-01", "rate": "100.5"}));
    assert_eq!(late, [("to".to_owned(), Code::BeforeOther), ("rate".to_owned(), Code::TooBig)]);
    let long = Value::String("长".repeat(501));
    let name = field("name", FieldType::Text);
    assert_eq!(check_field(&thing, &name, &long, &Record::new())[0].code, Code::TooLong);
}

const TEAM: &str = "01990000-0000-7000-8000-000000000001";

#[test]
fn conditions_are_read_and_evaluated_alike() {
    let thing = object(vec![
        field("name", FieldType::Text),
        field("due", FieldType::DateTime),
        field("amount", FieldType::Money),
        field("seat", FieldType::Address),
        field("team", FieldType::Department),
    ]);
    let catalog = Catalog::new([thing.clone()]);
    let now = chrono::DateTime::parse_from_rfc3339("2026-11-24T17:00:00Z").unwrap().to_utc();
    // One o'clock in the morning of the 25th in Shanghai.
    let context = Context {
        now,
        offset_minutes: 480,
        user: None,
        subordinates: [].into(),
        department: None,
        departments: vec![TEAM.to_owned()],
    };
    let record = json!({
        "name": "Kezhan 客栈", "due": "2026-11-24T16:30:00Z", "amount": "100.5",
        "seat": {"province": "浙江省", "city": "杭州市"}, "team": TEAM,
    });
    let Value::Object(record) = record else { unreachable!() };
    for (filter, expected) in [
        (json!({"field":"due","op":"within","value":"today"}), true),
        (json!({"field":"due","op":"within","value":"yesterday"}), false),
        (json!({"field":"due","op":"eq","value":"2026-11-25"}), true),
        (json!({"field":"amount","op":"eq","value":"100.50"}), true),
        (json!({"field":"amount","op":"between","value":["100","100.4"]}), false),
        (json!({"field":"due","op":"between","value":["2026-11-24","2026-11-25"]}), true),
        (json!({"field":"due","op":"between","value":["2026-11-20","2026-11-24"]}), false),
        (json!({"field":"seat.city","op":"in","value":["杭州市"]}), true),
        (json!({"field":"seat.district","op":"null","value":true}), true),
        (json!({"field":"team","op":"eq","value":"my_departments"}), true),
        (json!({"field":"team","op":"in","value":["my_departments"]}), true),
        // Who has no department is in nobody's.
        (json!({"field":"team","op":"eq","value":"my_department"}), false),
        (json!({"field":"team","op":"ne","value":"my_department"}), true),
        (json!({"field":"name","op":"contains","value":"KEZHAN"}), true),
        (json!({"not":{"field":"name","op":"null","value":true}}), true),
        (json!({"or":[]}), false),
        (json!({"and":[]}), true),
    ] {
        let filter: Filter = serde_json::from_value(filter).unwrap();
        let resolved = resolve(&filter, &catalog, &thing, &ReadsAll, &context).unwrap();
        assert_eq!(matches(&resolved, &catalog, &thing, &record), expected, "{filter:?}");
    }
    let unknown: Filter = serde_json::from_value(json!({"field":"nmae","op":"eq","value":"x"})).unwrap();
    assert_eq!(resolve(&unknown, &catalog, &thing, &ReadsAll, &context).unwrap_err().code, Code::UnknownField);
    let beyond: Filter = serde_json::from_value(json!({"field":"seat.planet","op":"eq","value":"x"})).unwrap();
    assert_eq!(resolve(&beyond, &catalog, &thing, &ReadsAll, &context).unwrap_err().code, Code::UnknownField);
    let unfit: Filter = serde_json::from_value(json!({"field":"name","op":"gt","value":"x"})).unwrap();
    assert_eq!(resolve(&unfit, &catalog, &thing, &ReadsAll, &context).unwrap_err().code, Code::UnknownOperator);
}
