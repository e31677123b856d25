//! What holds for every object of the registry; a new one is held to it by being declared.

use kezhan_domain::registry::entries;
use kezhan_engine::{Error, ReadOptions};
use kezhan_meta::problem::Code;
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{FieldMeta, FieldType, Filter, Label, ObjectMeta, Op, Record, Storage};
use kezhan_tests::engine::Bench;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// A value that the field accepts; `n` makes it distinct.
fn sample(b: &mut Bench, object: &ObjectMeta, field: &FieldMeta, n: usize) -> Value {
    match (object.name.as_ref(), field.key.as_ref()) {
        // What stands for any record.
        ("attachment" | "notification" | "favorite" | "record_member", "object") => return json!("account"),
        ("attachment" | "notification" | "favorite" | "record_member", "record") => {
            return json!(b.create("account", json!({ "name": "附件的客户" })).to_string());
        }
        // One principal of three.
        ("record_member" | "sharing_rule", "unit" | "role") => return Value::Null,
        ("sharing_rule", "object") => return json!("account"),
        ("sharing_rule", "condition") => return json!({ "field": "level", "op": "eq", "value": "a" }),
        ("identity_provider" | "directory", "group_roles") => {
            return json!([{ "group": format!("g{n}"), "role": minimal(b, "role", n).to_string() }]);
        }
        ("identity_provider", "email_domains") => return json!([format!("d{n}.example")]),
        ("directory", "address") => return json!(format!("ldaps://ldap{n}.example")),
        ("directory", "user_filter") => return json!("(objectClass=person)"),
        ("directory", "deactivate_max") => return json!(n % 100),
        ("directory", key) if key.ends_with("_attribute") => return json!(format!("attribute{n}")),
        ("oauth_client", "role") => return Value::Null,
        ("oauth_client", "scopes") => return json!("account:read contact:write"),
        ("oauth_client", "redirect_uris") => return json!("https://app.example.com/back"),
        ("retention_rule", "object") => return json!("contact"),
        ("retention_rule", "since") => return json!("created_at"),
        ("retention_rule", "condition") => return json!({ "field": "gender", "op": "eq", "value": "male" }),
        ("retention_rule" | "processing_purpose", "months") => return json!(n + 1),
        ("subject_request", "lead") => return Value::Null,
        ("role", "limits") => return json!({ "networks": ["10.0.0.0/8"] }),
        ("field_definition", "kind") => return json!("text"),
        ("field_definition", "object") => return json!("account"),
        ("field_policy", "object") => return json!("contact"),
        ("field_policy", "field") => {
            return json!(["mobile", "phone", "email", "wechat", "address", "birthday", "name", "notes"][n % 8]);
        }
        // Secret is only what is encrypted.
        ("field_policy", "sensitivity") => return json!(["public", "internal", "personal", "sensitive"][n % 4]),
        ("record_layout", "object") => {
            return json!(["account", "contact", "lead", "task", "product", "stage", "role", "user"][n % 8]);
        }
        ("record_layout", "settings") => {
            return json!({ "sections": [{ "title": { "zh": "一", "en": "One" }, "fields": [] }] });
        }
        ("role", "grants") => return json!({ "account": { "read": "all" } }),
        ("user", "status") => return json!("active"),
        ("account", "tax_id") => {
            return json!(["91350100M000100Y43", "91330100799655058B", "914403001922038216"][n % 3]);
        }
        ("contact", "id_number") => {
            return json!(["11010519491231002X", "440524188001010014", "110105194912310038"][n % 3]);
        }
        (_, "currency") => return json!("CNY"),
        (_, "locale") => return json!("zh-CN"),
        (_, "time_zone") => return json!("Asia/Shanghai"),
        _ => {}
    }
    match &field.kind {
        FieldType::Id => Value::Null,
        FieldType::Text | FieldType::AutoNumber { .. } => {
            json!(format!("t{n}_{}", &Uuid::now_v7().simple().to_string()[20..]))
        }
        FieldType::LongText | FieldType::RichText => json!(format!("正文 {n}")),
        FieldType::Integer => json!(2000 + n),
        FieldType::Decimal { .. } | FieldType::Money => json!(format!("{}.5", n + 1)),
        FieldType::Percent => json!("12.5"),
        FieldType::Date => json!(format!("2026-11-{:02}", n % 28 + 1)),
        FieldType::DateTime => json!(format!("2026-11-{:02}T08:30:00Z", n % 28 + 1)),
        FieldType::Boolean => json!(true),
        FieldType::Choice { options } => json!(options[n % options.len()].value),
        FieldType::MultiChoice { options } => json!([options[n % options.len()].value]),
        FieldType::Tags => json!([format!("标签{n}")]),
        FieldType::Phone => json!(format!("1381234{:04}", n)),
        FieldType::Email => json!(format!("a{n}@example.com")),
        FieldType::Url => json!(format!("https://example.com/{n}")),
        FieldType::Address => json!({ "city": "上海市" }),
        FieldType::Geo => json!({ "lat": 31.2, "lng": 121.5 }),
        FieldType::Json => json!({ "n": n }),
        FieldType::Reference { .. } | FieldType::User | FieldType::Department => {
            // The target's own sample has no references of its own kind, so this ends.
            match field.target() == Some(object.name.as_ref()) {
                true => Value::Null,
                false => json!(minimal(b, field.target().unwrap(), n).to_string()),
            }
        }
        FieldType::MultiReference { .. } | FieldType::File => Value::Null,
    }
}

/// The least that creates a record.
fn minimal(b: &mut Bench, object: &str, n: usize) -> Uuid {
    let meta = b.object(object);
    let mut record = Record::new();
    let needed = |f: &&FieldMeta| {
        f.required && !f.read_only && f.default.as_ref().is_none_or(|d| *d == kezhan_meta::Default::Derived)
            || matches!(
                (object, f.key.as_ref()),
                ("record_member" | "sharing_rule", "user") | ("oauth_client", "redirect_uris")
            )
    };
    for field in meta.fields.iter().filter(needed) {
        let value = sample(b, &meta, field, n);
        record.insert(field.key.to_string(), value);
    }
    b.create(object, Value::Object(record))
}

/// Everything that a caller may set.
fn full(b: &mut Bench, meta: &Arc<ObjectMeta>, n: usize) -> (Uuid, Record) {
    let mut record = Record::new();
    for field in meta.fields.iter().filter(|f| !f.read_only && !f.secret) {
        let value = sample(b, meta, field, n);
        if !value.is_null() {
            record.insert(field.key.to_string(), value);
        }
    }
    let id = b.create(&meta.name, Value::Object(record.clone()));
    (id, record)
}

fn each(test: impl Fn(&mut Bench, &Arc<ObjectMeta>)) {
    let mut b = Bench::new();
    for entry in entries() {
        let meta = b.object(&entry.meta.name);
        test(&mut b, &meta);
    }
}

#[test]
fn the_least_record_goes_in_and_the_fullest_comes_back_as_sent() {
    each(|b, meta| {
        minimal(b, &meta.name, 1);
        let (id, sent) = full(b, meta, 2);
        let stored = b.fetch(&meta.name, id);
        for (key, value) in sent {
            assert_eq!(stored.get(&key), Some(&value), "{}.{key}", meta.name);
        }
        let entry = entries().into_iter().find(|e| e.meta.name == meta.name).unwrap();
        (entry.fits)(&stored).unwrap_or_else(|e| panic!("{} does not fit its struct: {e}", meta.name));
    });
}

#[test]
fn every_field_takes_each_of_its_operators_and_finds_its_own_value() {
    each(|b, meta| {
        let (id, _) = full(b, meta, 3);
        let stored = b.fetch(&meta.name, id);
        for field in meta.fields.iter().filter(|f| f.filterable()) {
            let value = stored.get(field.key.as_ref()).cloned().unwrap_or(Value::Null);
            for op in field.operators() {
                let operand = match op {
                    Op::Null => json!(value.is_null()),
                    Op::Within => json!("this_year"),
                    _ if value.is_null() => continue,
                    Op::In | Op::Nin => json!([value]),
                    Op::Between => json!([value, value]),
                    Op::Contains if field.kind == FieldType::Address => json!("上海"),
                    _ => value.clone(),
                };
                let query = ListQuery {
                    filter: Some(Filter::field(field.key.to_string(), *op, operand)),
                    limit: Some(200),
                    ..Default::default()
                };
                let at = format!("{}.{} {}", meta.name, field.key, op.key());
                let (found, _) =
                    b.engine.records(&mut b.conn, &b.system, meta, &query).unwrap_or_else(|e| panic!("{at}: {e}"));
                let hit = found.iter().any(|r| r["id"] == id.to_string());
                let expected = match op {
                    Op::Ne | Op::Nin | Op::HasNone | Op::Gt | Op::Lt => false,
                    Op::Within => hit,
                    _ => true,
                };
                assert_eq!(hit, expected, "{at}");
            }
        }
    });
}

#[test]
fn every_reference_expands_to_what_it_points_to_and_a_list_in_its_order() {
    each(|b, meta| {
        let companions = FieldMeta {
            storage: Storage::Custom,
            ..FieldMeta::new(
                "companions",
                Label::new("同伴", "Companions"),
                FieldType::MultiReference { to: meta.name.clone() },
            )
        };
        let catalog = b.system.catalog.clone();
        b.system.catalog = Arc::new(catalog.extended([(meta.name.clone(), companions)], [], []));
        let meta = b.object(&meta.name);
        let others: Vec<Uuid> = (0..3).map(|n| minimal(b, &meta.name, n)).collect();
        let (id, _) = full(b, &meta, 3);
        let list = json!([others[2].to_string(), others[0].to_string(), others[1].to_string()]);
        let patch = Record::from_iter([("companions".to_owned(), list.clone())]);
        b.engine.amend(&mut b.conn, &b.system, &meta, id, patch).unwrap();
        let stored = b.fetch(&meta.name, id);
        for field in meta.fields.iter().filter(|f| f.target().is_some() && !f.secret) {
            let key = field.key.to_string();
            let Some(value) = stored.get(&key).filter(|v| !v.is_null()) else { continue };
            let options = ReadOptions { expand: vec![key.clone()], ..ReadOptions::default() };
            let read = b.engine.read(&mut b.conn, &b.system, &meta, id, &options).unwrap().unwrap();
            let read: Value = serde_json::from_slice(&read.body).unwrap();
            let found = &read["expand"][&key];
            match found.as_array() {
                Some(items) => {
                    let ids: Vec<Value> = items.iter().map(|item| item["id"].clone()).collect();
                    assert_eq!(&Value::Array(ids), value, "{}.{key}", meta.name);
                }
                None => assert_eq!(&found["id"], value, "{}.{key}", meta.name),
            }
            let query = ListQuery { expand: vec![key.clone()], limit: Some(50), ..ListQuery::default() };
            let (page, _) = b.engine.records(&mut b.conn, &b.system, &meta, &query).unwrap();
            let listed = page.iter().find(|r| r["id"] == id.to_string()).unwrap();
            assert_eq!(&listed["expand"][&key], found, "{}.{key}", meta.name);
        }
        b.system.catalog = catalog;
    });
}

#[test]
fn every_sortable_field_orders_both_ways() {
    each(|b, meta| {
        for n in 0..3 {
            full(b, meta, n);
        }
        for field in meta.fields.iter().filter(|f| f.sortable()) {
            let mut ids = |descending: bool| -> Vec<Value> {
                let sort = vec![Sort { field: field.key.to_string(), descending }];
                let query = ListQuery { sort, limit: Some(200), ..Default::default() };
                let (found, _) = b.engine.records(&mut b.conn, &b.system, meta, &query).unwrap();
                found.into_iter().map(|r| r["id"].clone()).collect()
            };
            let mut forward = ids(false);
            forward.reverse();
            assert_eq!(forward, ids(true), "{}.{}", meta.name, field.key);
        }
    });
}

#[test]
fn every_object_has_versions_history_and_a_recycle_bin() {
    each(|b, meta| {
        let (id, _) = full(b, meta, 4);
        let stored = b.fetch(&meta.name, id);
        let version = stored["version"].as_i64().unwrap();
        let (engine, conn, system) = (&b.engine, &mut b.conn, &b.system);
        let stale = engine.update(conn, system, meta, id, Record::new(), Some(version + 1)).unwrap_err();
        assert!(matches!(stale, Error::Stale(v) if v == version), "{}", meta.name);
        engine.delete(conn, system, meta, id, Some(version)).unwrap_or_else(|e| panic!("{}: {e}", meta.name));
        assert!(engine.fetch(conn, system, meta, id).unwrap().is_none());
        let bin = ListQuery { deleted: true, ..Default::default() };
        assert_eq!(engine.count(conn, system, meta, &bin).unwrap(), 1, "{}", meta.name);
        let gone = ReadOptions { deleted: true, ..Default::default() };
        assert!(engine.read(conn, system, meta, id, &gone).unwrap().is_some());
        engine.restore(conn, system, meta, id).unwrap();
        let history = engine.history(conn, system, meta, id, None, None).unwrap();
        let history: Value = serde_json::from_slice(&history).unwrap();
        let actions: Vec<&str> =
            history["data"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
        assert_eq!(actions.last(), Some(&"create"), "{}", meta.name);
        assert_eq!(actions[..2], ["restore", "delete"], "{}", meta.name);
        engine.timeline(conn, system, meta, id, None, None).unwrap();
    });
}

#[test]
fn another_tenant_sees_and_reaches_nothing() {
    each(|b, meta| {
        let (id, _) = full(b, meta, 5);
        let mut stranger = b.system.clone();
        stranger.tenant = Uuid::now_v7();
        let (engine, conn) = (&b.engine, &mut b.conn);
        assert!(engine.fetch(conn, &stranger, meta, id).unwrap().is_none(), "{}", meta.name);
        assert_eq!(engine.count(conn, &stranger, meta, &ListQuery::default()).unwrap(), 0, "{}", meta.name);
        for error in [
            engine.update(conn, &stranger, meta, id, Record::new(), None).unwrap_err(),
            engine.delete(conn, &stranger, meta, id, None).unwrap_err(),
            engine.history(conn, &stranger, meta, id, None, None).unwrap_err(),
            engine.timeline(conn, &stranger, meta, id, None, None).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Refused { code: Code::NotFound, .. }), "{}: {error}", meta.name);
        }
    });
}

#[test]
fn without_a_role_nothing_opens() {
    each(|b, meta| {
        let (id, _) = full(b, meta, 6);
        let mut nobody = b.system.clone();
        nobody.access = Arc::new(kezhan_engine::Access::default());
        let (engine, conn) = (&b.engine, &mut b.conn);
        assert!(engine.list(conn, &nobody, meta, &ListQuery::default()).is_err(), "{}", meta.name);
        assert!(engine.fetch(conn, &nobody, meta, id).is_err(), "{}", meta.name);
        assert!(engine.create(conn, &nobody, meta, Record::new()).is_err(), "{}", meta.name);
        assert!(engine.delete(conn, &nobody, meta, id, None).is_err(), "{}", meta.name);
    });
}

#[test]
fn secrets_are_neither_read_nor_filtered_nor_written() {
    each(|b, meta| {
        for field in meta.fields.iter().filter(|f| f.secret) {
            let (id, _) = full(b, meta, 7);
            assert!(b.fetch(&meta.name, id).get(field.key.as_ref()).is_none());
            let filter = Filter::field(field.key.to_string(), Op::Null, true);
            let query = ListQuery { filter: Some(filter), ..Default::default() };
            assert!(b.engine.list(&mut b.conn, &b.system, meta, &query).is_err());
            let sort = ListQuery { sort: vec![Sort::parse(&field.key)], ..Default::default() };
            assert!(b.engine.list(&mut b.conn, &b.system, meta, &sort).is_err());
            let mut record = Record::new();
            record.insert(field.key.to_string(), json!("x"));
            assert!(b.engine.update(&mut b.conn, &b.system, meta, id, record, None).is_err());
        }
    });
}
