//! Schemas of an object's records, from its fields.

use super::{Builder, Named, examples, pascal};
use kezhan_meta::check::{LIST_MAX, LONG_TEXT_MAX, TEXT_MAX};
use kezhan_meta::field::Default;
use kezhan_meta::{Catalog, FieldMeta, FieldType, ObjectMeta, Rule};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// Which way a value travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Out,
    In,
}

/// `names` has the schemas' names by object.
pub fn schemas(doc: &mut Builder, catalog: &Catalog, object: &ObjectMeta, names: &HashMap<&str, Named>) {
    let Some(named) = names.get(object.name.as_ref()) else { return };
    for field in object.fields.iter().filter(|f| !f.options().is_empty()) {
        doc.schema(&choice_name(named, field), choice(field));
    }
    doc.schema(&named.one, record(catalog, object, named));
    doc.schema(&format!("{}Expand", named.one), expand(catalog, object, names));
    let writable = |f: &&FieldMeta| !f.read_only;
    let create = object.fields.iter().filter(writable);
    doc.schema(&format!("{}Create", named.one), input(object, named, create, true, &examples::create(object)));
    let patch = object.fields.iter().filter(writable).filter(|f| !f.immutable);
    doc.schema(&format!("{}Patch", named.one), input(object, named, patch, false, &examples::patch(object)));
    let page = json!({
        "type": "object", "required": ["data", "next_cursor"],
        "properties": {
            "data": {"type": "array", "items": reference(&named.one)},
            "next_cursor": {"type": ["string", "null"], "description": "For the next page; null on the last."},
            "count": {"type": "integer", "description": "Only where it was asked for."},
        },
    });
    doc.schema(&format!("{}Page", named.one), page);
    doc.schema(&format!("{}Batch", named.one), batch(named));
}

pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn choice_name(named: &Named, field: &FieldMeta) -> String {
    format!("{}{}", named.one, pascal(&field.key))
}

fn choice(field: &FieldMeta) -> Value {
    let values: Vec<&str> = field.options().iter().map(|o| o.value.as_ref()).collect();
    let meanings: Vec<String> =
        field.options().iter().map(|o| format!("`{}` {} · {}", o.value, o.label.zh, o.label.en)).collect();
    json!({"type": "string", "enum": values, "description": meanings.join("; ")})
}

fn record(catalog: &Catalog, object: &ObjectMeta, named: &Named) -> Value {
    let mut properties = Map::new();
    for field in object.fields.iter().filter(|f| !f.secret) {
        let mut schema = property(field, named, Way::Out, !(field.required || field.key == "id"));
        if field.read_only {
            annotate(&mut schema, "readOnly", json!(true));
        }
        if let (Some(target), Some(map)) = (field.target().and_then(|t| catalog.get(t)), schema.as_object_mut()) {
            let text = map.get("description").and_then(Value::as_str).unwrap_or_default();
            let text = format!("{text} Refers to `{}`.", target.plural);
            map.insert("description".into(), json!(text));
        }
        properties.insert(field.key.to_string(), schema);
    }
    properties.insert("expand".into(), reference(&format!("{}Expand", named.one)));
    let description = if object.help.is_empty() { object.label.en.to_string() } else { object.help.to_string() };
    json!({
        "type": "object", "description": description, "required": ["id"], "properties": properties,
        "example": examples::record(object),
    })
}

/// One property per reference: the record, or for a list the records.
fn expand(catalog: &Catalog, object: &ObjectMeta, names: &HashMap<&str, Named>) -> Value {
    let target = |f: &FieldMeta| f.target().and_then(|t| catalog.get(t)).and_then(|t| names.get(t.name.as_ref()));
    let described = |f: &FieldMeta| {
        let record = reference(&target(f)?.one);
        let schema = if f.kind.is_list() { json!({"type": "array", "items": record}) } else { record };
        Some((f.key.to_string(), schema))
    };
    let properties: Map<String, Value> = object.fields.iter().filter(|f| !f.secret).filter_map(described).collect();
    json!({
        "type": "object", "properties": properties,
        "description": "The records that references point to, as `expand` asked, lists in the order of the field; those that the caller may not see are left out.",
    })
}

fn input<'f>(
    object: &ObjectMeta,
    named: &Named,
    fields: impl Iterator<Item = &'f FieldMeta>,
    whole: bool,
    example: &Value,
) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let needed = field.required && field.default.is_none();
        if needed && whole {
            required.push(field.key.to_string());
        }
        let mut schema = property(field, named, Way::In, !field.required);
        if let (true, Some(value)) = (whole, default(field)) {
            annotate(&mut schema, "default", value);
        }
        if field.secret {
            annotate(&mut schema, "writeOnly", json!(true));
        }
        properties.insert(field.key.to_string(), schema);
    }
    let text = match whole {
        true => format!("What a new {} may hold.", object.label.en),
        false => format!("What changes; what is left out stays. Null empties a field of the {}.", object.label.en),
    };
    let mut schema = json!({
        "type": "object", "description": text, "additionalProperties": false, "properties": properties, "example": example,
    });
    if !required.is_empty() {
        annotate(&mut schema, "required", json!(required));
    }
    schema
}

fn default(field: &FieldMeta) -> Option<Value> {
    match field.default.as_ref()? {
        Default::Text(text) => Some(json!(text)),
        Default::Int(number) if matches!(field.kind, FieldType::Integer) => Some(json!(number)),
        Default::Int(number) => Some(json!(number.to_string())),
        Default::Bool(flag) => Some(json!(flag)),
        Default::CurrentUser | Default::Today | Default::Now | Default::Derived => None,
    }
}

fn batch(named: &Named) -> Value {
    let op = |name: &str, required: &[&str], more: Value| {
        let mut properties = json!({"op": {"type": "string", "const": name}, "client_ref": {"description": "Comes back with the result."}});
        if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
            all.extend(more);
        }
        json!({"type": "object", "title": format!("{}Batch{}", named.one, pascal(name)), "additionalProperties": false, "required": required, "properties": properties})
    };
    let id = || json!({"type": "string", "format": "uuid"});
    let version = || json!({"type": "integer", "description": "Only if the record still has this version."});
    let undoes = json!({"type": "integer", "minimum": 1, "description": "The version that a change made which this one takes back, with what came along with it. Later versions are no conflict where they touched other fields."});
    let (create, patch) = (reference(&format!("{}Create", named.one)), reference(&format!("{}Patch", named.one)));
    json!({
        "type": "object", "additionalProperties": false, "required": ["operations"],
        "properties": {
            "all_or_none": {"type": "boolean", "default": false, "description": "Undo everything when one fails."},
            "operations": {"type": "array", "minItems": 1, "maxItems": 500, "items": {"oneOf": [
                op("create", &["op", "record"], json!({"record": create})),
                op("update", &["op", "id", "record"], json!({"id": id(), "record": patch.clone(), "version": version(), "undoes": undoes})),
                op("upsert", &["op", "key", "value", "record"], json!({"key": {"type": "string"}, "value": {"type": "string"}, "record": patch})),
                op("delete", &["op", "id"], json!({"id": id(), "version": version()})),
            ]}},
        },
    })
}

fn annotate(schema: &mut Value, key: &str, value: Value) {
    if let Some(map) = schema.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

fn property(field: &FieldMeta, named: &Named, way: Way, nullable: bool) -> Value {
    let mut schema = of_type(field, named, way);
    if nullable {
        schema = or_null(schema);
    }
    let label = format!("{} · {}", field.label.zh, field.label.en);
    let text = if field.help.en.is_empty() { format!("{label}.") } else { format!("{label}. {}", field.help.en) };
    annotate(&mut schema, "description", json!(text));
    schema
}

/// The same, or null.
fn or_null(schema: Value) -> Value {
    match schema.get("type") {
        Some(Value::String(kind)) => {
            let mut schema = schema.clone();
            annotate(&mut schema, "type", json!([kind, "null"]));
            schema
        }
        Some(Value::Array(kinds)) => {
            let mut schema = schema.clone();
            let kinds: Vec<Value> = kinds.iter().cloned().chain([json!("null")]).collect();
            annotate(&mut schema, "type", json!(kinds));
            schema
        }
        _ => json!({"oneOf": [schema, {"type": "null"}]}),
    }
}

fn of_type(field: &FieldMeta, named: &Named, way: Way) -> Value {
    let text = |max: u32| length(json!({"type": "string"}), field, way, max);
    match &field.kind {
        FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
            json!({"type": "string", "format": "uuid"})
        }
        FieldType::Text | FieldType::Phone | FieldType::AutoNumber { .. } => text(TEXT_MAX),
        FieldType::LongText => text(LONG_TEXT_MAX),
        FieldType::RichText => {
            length(json!({"type": "string", "contentMediaType": "text/html"}), field, way, LONG_TEXT_MAX)
        }
        FieldType::Email => length(json!({"type": "string", "format": "email"}), field, way, TEXT_MAX),
        FieldType::Url => length(json!({"type": "string", "format": "uri"}), field, way, TEXT_MAX),
        FieldType::Integer => range(json!({"type": "integer", "format": "int64"}), field),
        FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => match way {
            Way::Out => json!({"type": "string", "format": "decimal"}),
            Way::In => json!({"type": ["string", "number"], "format": "decimal"}),
        },
        FieldType::Date => json!({"type": "string", "format": "date"}),
        FieldType::DateTime => json!({"type": "string", "format": "date-time"}),
        FieldType::Boolean => json!({"type": "boolean"}),
        FieldType::Choice { .. } => reference(&choice_name(named, field)),
        FieldType::MultiChoice { .. } => {
            json!({"type": "array", "maxItems": LIST_MAX, "items": reference(&choice_name(named, field))})
        }
        FieldType::Tags => json!({"type": "array", "maxItems": LIST_MAX, "items": {"type": "string", "maxLength": 50}}),
        FieldType::MultiReference { .. } => {
            json!({"type": "array", "maxItems": LIST_MAX, "items": {"type": "string", "format": "uuid"}})
        }
        FieldType::Address => reference("Address"),
        FieldType::Geo => reference("Geo"),
        FieldType::Json => json!({"type": ["object", "array"], "items": {}, "additionalProperties": true}),
    }
}

fn length(mut schema: Value, field: &FieldMeta, way: Way, max: u32) -> Value {
    if way == Way::Out {
        return schema;
    }
    let rule = field.rules.iter().find_map(|r| match r {
        Rule::Length { min, max } => Some((*min, *max)),
        _ => None,
    });
    let (min, max) = rule.unwrap_or((0, max));
    if min > 0 && field.required {
        annotate(&mut schema, "minLength", json!(min));
    }
    annotate(&mut schema, "maxLength", json!(max));
    schema
}

fn range(mut schema: Value, field: &FieldMeta) -> Value {
    for rule in field.rules.iter() {
        let Rule::Range { min, max } = rule else { continue };
        for (key, bound) in [("minimum", min), ("maximum", max)] {
            if let Some(number) = bound.as_ref().and_then(|b| b.parse::<i64>().ok()) {
                annotate(&mut schema, key, json!(number));
            }
        }
    }
    schema
}
