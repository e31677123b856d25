//! From what a caller sent to a record that may be stored.

use crate::access::{Level, Relation};
use crate::search::keys::{SearchKeys, SearchPart};
use crate::sql::column;
use crate::vault::VEIL;
use crate::{Access, Caller, Draft, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{
    Default, FieldMeta, FieldType, ObjectMeta, Record, Rule, Sensitivity, Violation, check_record, normalise_value,
    regions, rules,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Region that a telephone number without a country code is read in.
const REGION: &str = "CN";

/// The caller's values in canonical form, and what is wrong with the others: `settle` adds what else is.
/// `relation` is how the caller stands to a record that exists; whoever creates one stands to it as its owner.
pub fn accept(
    access: &Access,
    object: &ObjectMeta,
    input: &Record,
    relation: Option<Relation>,
) -> (Record, Vec<Violation>) {
    let stands = relation.unwrap_or(Relation::Owner);
    let mut out = Record::new();
    let mut faults = Vec::new();
    for (key, value) in input {
        let known = |f: &&FieldMeta| access.field_rule(object, f).level(stands) > Level::Hidden;
        let Some(field) = object.field(key).filter(known) else {
            faults.push(Violation::new(key.as_str(), Code::UnknownKey));
            continue;
        };
        if !access.writable(object, field, stands) || (field.immutable && relation.is_some()) {
            faults.push(Violation::new(key.as_str(), Code::ReadOnly));
            continue;
        }
        match normalise_value(field, value) {
            Ok(value) => drop(out.insert(key.clone(), value)),
            Err(fault) => faults.push(fault),
        }
    }
    (out, faults)
}

/// Values of fields that the caller left out.
pub fn defaults(caller: &Caller, object: &ObjectMeta, record: &mut Record) {
    for field in object.fields.iter() {
        let Some(default) = &field.default else { continue };
        if record.contains_key(field.key.as_ref()) {
            continue;
        }
        let value = match default {
            Default::Text(text) => json!(text),
            Default::Int(number) if field.kind == FieldType::Integer => json!(number),
            // Decimals are strings in JSON.
            Default::Int(number) => json!(number.to_string()),
            Default::Bool(flag) => json!(flag),
            Default::CurrentUser => caller.user.map_or(Value::Null, |id| json!(id.to_string())),
            Default::Today => json!(caller.context().today().format("%Y-%m-%d").to_string()),
            Default::Now => json!(kezhan_meta::check::instant(chrono::Utc::now())),
            // By the object's hooks.
            Default::Derived => continue,
        };
        record.insert(field.key.to_string(), value);
    }
}

/// Runs the hooks, fills companions and holds the record against every rule. Whoever has to correct something hears of
/// all of it at once, `faults` found before included.
pub fn settle(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    before: Option<&Record>,
    after: &mut Record,
    mut faults: Vec<Violation>,
) -> Result<()> {
    let mut of_hooks = Vec::new();
    for hook in engine.hooks_of(&object.name) {
        match hook.before_save(&mut Draft { engine, conn, caller, object, before, after }) {
            Err(Error::Invalid(found)) => of_hooks.extend(found),
            other => other?,
        }
    }
    companions(object, after);
    add(&mut faults, check_record(object, after));
    add(&mut faults, of_hooks);
    add(&mut faults, super::conditions::check(engine, conn, caller, object, before, after)?);
    if faults.is_empty() {
        for hook in engine.hooks_of(&object.name) {
            faults.extend(hook.check(object, after));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// What is wrong with a field as it was sent explains whatever else is wrong with it.
fn add(faults: &mut Vec<Violation>, found: Vec<Violation>) {
    let known: Vec<String> = faults.iter().map(|v| v.field.clone()).collect();
    faults.extend(found.into_iter().filter(|v| !known.contains(&v.field)));
}

/// Sanitised and derived values that stand beside what was typed.
pub fn companions(object: &ObjectMeta, record: &mut Record) {
    for field in object.fields.iter() {
        match field.kind {
            FieldType::Phone => {
                let raw = record.get(field.key.as_ref()).and_then(Value::as_str);
                let e164 = raw.and_then(|raw| rules::phone::e164(raw, REGION));
                record.insert(format!("{}_e164", field.key), json!(e164));
            }
            // A city that stands in the address is not asked for a second time.
            FieldType::Address => {
                let city = object.fields.iter().find(|f| f.rules.contains(&Rule::City)).map(|f| f.key.as_ref());
                let named = record.get(field.key.as_ref()).and_then(|a| a.get("city")).and_then(Value::as_str);
                if let Some((key, name)) = city.zip(named.map(regions::city))
                    && record.get(key).is_none_or(Value::is_null)
                {
                    record.insert(key.to_owned(), json!(name));
                }
            }
            FieldType::RichText => {
                if let Some(Value::String(html)) = record.get_mut(field.key.as_ref()) {
                    *html = ammonia::clean(html);
                }
            }
            _ => {}
        }
    }
}

/// What search finds the record by.
pub fn search_keys(object: &ObjectMeta, record: &Record) -> SearchKeys {
    let (mut open, mut personal) = (Vec::new(), Vec::new());
    for field in object.fields.iter().filter(|f| f.searchable && !f.sealed) {
        let Some(text) = record.get(field.key.as_ref()).and_then(Value::as_str) else { continue };
        let parts = if field.sensitivity < Sensitivity::Personal { &mut open } else { &mut personal };
        parts.push(match field.kind {
            FieldType::Phone => SearchPart::Phone(text),
            FieldType::Email => SearchPart::Email(text),
            FieldType::LongText | FieldType::RichText => SearchPart::Text(text),
            _ if field.unique => SearchPart::Code(text),
            _ => SearchPart::Name(text),
        });
    }
    SearchKeys::of(&open, &personal)
}

/// `{"field":{"from":…,"to":…}}` for every field whose value differs.
pub fn diff(object: &ObjectMeta, before: Option<&Record>, after: &Record) -> serde_json::Map<String, Value> {
    let empty = Record::new();
    let before_record = before.unwrap_or(&empty);
    let mut out = serde_json::Map::new();
    for field in object.fields.iter().filter(|f| tracked(f)) {
        let from = before_record.get(field.key.as_ref()).unwrap_or(&Value::Null);
        let to = after.get(field.key.as_ref()).unwrap_or(&Value::Null);
        if !same(field, from, to) {
            // The trail is kept for years and cannot be changed: of a sealed value it tells that there is one.
            let told = |value: &Value| if field.sealed && !value.is_null() { json!(VEIL) } else { value.clone() };
            let (from, to) = (told(from), told(to));
            let entry = match before {
                Some(_) => json!({ "from": from, "to": to }),
                None => json!({ "to": to }),
            };
            out.insert(field.key.to_string(), entry);
        }
    }
    out
}

/// Is a change of this field part of the record's history? Secrets leave no trace.
fn tracked(field: &FieldMeta) -> bool {
    !field.secret && (field.key == "owner" || field.key == "department" || !kezhan_meta::system::is_system(&field.key))
}

fn same(field: &FieldMeta, a: &Value, b: &Value) -> bool {
    if a == b {
        return true;
    }
    match field.kind {
        _ if field.kind.is_number() => match (kezhan_meta::check::as_decimal(a), kezhan_meta::check::as_decimal(b)) {
            (Some(a), Some(b)) => a == b,
            _ => false,
        },
        FieldType::DateTime => {
            let at = |v: &Value| v.as_str().and_then(column::instant);
            a.is_string() && at(a) == at(b)
        }
        _ => false,
    }
}
