use super::*;
use kezhan_meta::{FieldMeta, FieldType, Label, Storage};

fn standard() -> Value {
    document(kezhan_domain::standard(), &kezhan_features::actions::all())
}

/// Every operation with its path and method.
fn operations(doc: &Value) -> Vec<(String, Value)> {
    let paths = doc["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(p, item)| item.as_object().unwrap().iter().map(move |(m, o)| (format!("{m} {p}"), o.clone())))
        .collect()
}

#[test]
fn nothing_has_a_name_twice() {
    assert_eq!(standard().get("x-clashes"), None);
}

#[test]
fn every_operation_says_what_a_client_needs() {
    for (at, operation) in operations(&standard()) {
        assert!(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "{at}: no summary");
        assert!(operation["operationId"].is_string(), "{at}: no operationId");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{at}: tags");
        let statuses: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
        // Where a browser is sent on, that is the success.
        assert!(statuses.iter().any(|s| s.starts_with(['2', '3'])), "{at}: no success");
        assert!(statuses.iter().any(|s| *s == "429"), "{at}: no failures");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|p| p.get("$ref").is_none()) {
            assert!(parameter["description"].as_str().is_some_and(|d| !d.is_empty()), "{at}: {parameter}");
        }
        let in_path = at.matches('{').count();
        let id = json!({"$ref": "#/components/parameters/Id"});
        let described = parameters.iter().filter(|p| p["in"] == "path" || **p == id).count();
        assert_eq!(in_path, described, "{at}: path parameters");
    }
}

#[test]
fn every_post_takes_a_key_or_says_why_not() {
    let key = json!({"$ref": "#/components/parameters/IdempotencyKey"});
    let mut without = Vec::new();
    for (at, operation) in operations(&standard()).into_iter().filter(|(at, _)| at.starts_with("post ")) {
        let keys = operation["parameters"].as_array().map_or(0, |all| all.iter().filter(|p| **p == key).count());
        assert!(keys <= 1, "{at}: twice");
        if keys == 0 {
            without.push(operation["operationId"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(without, crate::idempotency::EXEMPT.iter().map(|(id, _)| *id).collect::<Vec<_>>());
}

#[test]
fn every_reference_leads_somewhere() {
    let doc = standard();
    fn walk(value: &Value, doc: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    assert!(doc.pointer(&target[1..]).is_some(), "{target}");
                }
                map.values().for_each(|v| walk(v, doc));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(v, doc)),
            _ => {}
        }
    }
    walk(&doc, &doc);
}

#[test]
fn a_tenants_object_is_documented_and_replaces_nothing() {
    let field = FieldMeta {
        storage: Storage::Custom,
        ..FieldMeta::new("plate", Label::new("车牌", "Plate"), FieldType::Text)
    };
    let label = || Label::new("车", "Vehicle");
    let vehicle = ObjectMeta::custom("vehicle".into(), "vehicles".into(), label(), label(), vec![field.clone()]);
    let problem = ObjectMeta::custom("problem".into(), "problems".into(), label(), label(), vec![field]);
    let catalog = kezhan_domain::standard().extended([], [vehicle, problem], []);
    let doc = document(&catalog, &[]);
    assert_eq!(doc.get("x-clashes"), None);
    assert!(doc["components"]["schemas"]["Vehicle"]["properties"]["plate"].is_object());
    assert_eq!(doc["components"]["schemas"]["Problem"], standard()["components"]["schemas"]["Problem"]);
    assert!(doc["components"]["schemas"]["ProblemRecord"].is_object());
}

#[test]
fn examples_keep_the_rules() {
    let doc = standard();
    for object in kezhan_domain::standard().objects() {
        let example = doc["components"]["schemas"][format!("{}Create", pascal(&object.name))]["example"].clone();
        let mut record = example.as_object().unwrap().clone();
        for (key, value) in &mut record {
            *value = kezhan_meta::normalise_value(object.field(key).unwrap(), value).unwrap();
        }
        let faults = kezhan_meta::check_record(object, &record);
        let unexplained: Vec<_> =
            faults.iter().filter(|v| object.field(&v.field).is_none_or(|f| f.default.is_none())).collect();
        assert!(unexplained.is_empty(), "{}: {unexplained:?}", object.name);
    }
}

/// `UPDATE_OPENAPI=1` writes it anew.
#[test]
fn the_committed_document_is_the_current_one() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/openapi.json");
    let now = text(&standard());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == now, "openapi/openapi.json is out of date: `kezhan openapi > openapi/openapi.json`");
}
