//! Example records: believable, and the same on every run.

use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Rule};
use serde_json::{Map, Value, json};

pub const ID: &str = "0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b";
const OTHER: &str = "0199a1b2-c3d4-7e5f-8a6b-112233445566";

pub fn record(object: &ObjectMeta) -> Value {
    let shown = |f: &&FieldMeta| !f.secret && !matches!(f.key.as_ref(), "deleted_at" | "deleted_by");
    Value::Object(object.fields.iter().filter(shown).map(|f| (f.key.to_string(), value(object, f))).collect())
}

pub fn create(object: &ObjectMeta) -> Value {
    let told = |f: &&FieldMeta| !f.read_only && (f.required || f.in_list) && f.key != "owner";
    Value::Object(object.fields.iter().filter(told).map(|f| (f.key.to_string(), value(object, f))).collect())
}

pub fn patch(object: &ObjectMeta) -> Value {
    let free = |f: &&FieldMeta| !f.read_only && !f.immutable && !f.unique && f.key != "owner" && f.target().is_none();
    let one = object.fields.iter().filter(free).find(|f| f.in_list && f.key != object.title);
    let one = one.or_else(|| object.fields.iter().find(free));
    Value::Object(one.map(|f| (f.key.to_string(), value(object, f))).into_iter().collect::<Map<_, _>>())
}

pub fn value(object: &ObjectMeta, field: &FieldMeta) -> Value {
    let rule = |wanted: fn(&Rule) -> bool| field.rules.iter().any(wanted);
    match &field.kind {
        FieldType::Id => json!(ID),
        FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => json!(OTHER),
        FieldType::Text if rule(|r| matches!(r, Rule::Uscc)) => json!("91310115MA1K35F03D"),
        FieldType::Text if rule(|r| matches!(r, Rule::Currency)) => json!("CNY"),
        FieldType::Text if field.key == "since" => json!("created_at"),
        FieldType::Text if rule(|r| matches!(r, Rule::Key | Rule::Object)) => json!("account"),
        FieldType::Text => json!(text(object, &field.key)),
        FieldType::LongText if field.key == "scopes" => json!("account:read contact:write"),
        FieldType::LongText if field.key == "redirect_uris" => json!("https://app.example.com/callback"),
        FieldType::LongText | FieldType::RichText => json!("对方希望下周看演示。"),
        FieldType::Phone => json!("138 0013 8000"),
        FieldType::Email => json!("wang.wei@example.com"),
        FieldType::Url => json!("https://www.example.com"),
        FieldType::Integer if field.key == "version" => json!(3),
        FieldType::Integer => json!(120.max(minimum(field))),
        FieldType::Decimal { .. } => json!("2"),
        FieldType::Money => json!("128000.50"),
        FieldType::Percent => json!("12.5"),
        FieldType::Date => json!("2026-11-24"),
        FieldType::DateTime => json!("2026-11-24T02:22:12Z"),
        FieldType::Boolean => json!(true),
        FieldType::Choice { options } => json!(options.first().map(|o| o.value.as_ref())),
        FieldType::MultiChoice { options } => {
            json!(options.iter().take(2).map(|o| o.value.as_ref()).collect::<Vec<_>>())
        }
        FieldType::Tags => json!(["重点"]),
        FieldType::MultiReference { .. } => json!([OTHER]),
        FieldType::Address => json!({"country": "CN", "city": "上海市", "detail": "世纪大道 100 号"}),
        FieldType::Geo => json!({"lat": 31.2304, "lng": 121.4737}),
        FieldType::AutoNumber { .. } => json!("SJ20261100001"),
        FieldType::Json => json!({}),
    }
}

fn minimum(field: &FieldMeta) -> i64 {
    let of = |r: &Rule| match r {
        Rule::Range { min, .. } => min.as_ref().and_then(|m| m.parse().ok()),
        _ => None,
    };
    field.rules.iter().find_map(of).unwrap_or(0)
}

fn text(object: &ObjectMeta, key: &str) -> String {
    let known = match (object.name.as_ref(), key) {
        (_, "company") | ("account", "name") => "上海鑫茂贸易有限公司",
        ("contact" | "lead" | "user", "name") => "王伟",
        (_, "username") => "wang.wei",
        (_, "city") => "上海",
        (_, "country") => "中国",
        (_, "locale") => "zh-CN",
        (_, "time_zone") => "Asia/Shanghai",
        (_, "record") => OTHER,
        (_, "kind") => "text",
        (_, "external_id") => "ERP-10042",
        ("directory", "address") => "ldaps://ldap.example.com",
        ("directory", "base_dn") => "dc=example,dc=com",
        ("identity_provider", "client_id") => "kezhan",
        _ => return object.field(key).map_or_else(|| key.to_owned(), |f| f.label.zh.to_string()),
    };
    known.to_owned()
}

/// An input that fits this schema of an object: every property with something of its type.
pub fn input(schema: &Value) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object);
    let pairs = properties.into_iter().flatten().map(|(key, property)| (key.clone(), property_value(property)));
    Value::Object(pairs.collect())
}

fn property_value(property: &Value) -> Value {
    let given = property.get("example").or_else(|| property.get("default")).or_else(|| property.pointer("/enum/0"));
    if let Some(value) = given {
        return value.clone();
    }
    let kind = match property.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match (kind, property.get("format").and_then(Value::as_str)) {
        (Some("boolean"), _) => json!(true),
        (Some("integer" | "number"), _) => json!(1),
        (Some("array"), _) => json!([]),
        (Some("object"), _) => json!({}),
        (_, Some("uuid")) => json!(ID),
        (_, Some("date")) => json!("2026-11-24"),
        (_, Some("date-time")) => json!("2026-11-24T06:30:00Z"),
        (_, Some("password")) => json!("correct horse battery"),
        _ => json!("some words"),
    }
}
