//! The life of a record in the engine.

use kezhan_engine::{DataScope, Error};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, Op};
use kezhan_tests::engine::Bench;
use serde_json::{Value, json};

fn codes(error: Error) -> Vec<(String, Code)> {
    match error {
        Error::Invalid(list) => list.into_iter().map(|v| (v.field, v.code)).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn what_goes_in_comes_out_in_canonical_form() {
    let mut b = Bench::new();
    let id = b.create(
        "account",
        json!({
            "name": "  上海鑫茂科技有限公司 ", "annual_revenue": 1100.04, "employees": "2822", "phone": "138 1234 5678",
            "tags": ["重点", "重点", "华东"], "address": {"city": "上海市", "detail": "南京路 1 号"},
            "location": {"lat": 31.2, "lng": 121.5}, "tax_id": "91350100M000100Y43", "level": "a",
        }),
    );
    let record = b.fetch("account", id);
    assert_eq!(record["name"], "上海鑫茂科技有限公司");
    assert_eq!(record["annual_revenue"], "1100.04");
    assert_eq!(record["employees"], 2822);
    assert_eq!(record["phone"], "138 1234 5678");
    assert_eq!(record["phone_e164"], "+8613812345678");
    assert_eq!(record["tags"], json!(["重点", "华东"]));
    assert_eq!(record["address"]["city"], "上海市");
    assert_eq!(record["deal_status"], "not_won");
    assert_eq!(record["version"], 1);
}

#[test]
fn bad_values_are_named_and_nothing_is_stored() {
    let mut b = Bench::new();
    let meta = b.object("account");
    let record = json!({
        "nmae": "x", "employees": "many", "tax_id": "91350100M000100Y4Z", "email": "a@", "version": 7,
        "level": "z", "won_at": "2026-01-01T00:00:00Z",
    });
    let error = b.engine.create(&mut b.conn, &b.system, &meta, record.as_object().cloned().unwrap()).unwrap_err();
    let found = codes(error);
    for expected in [
        ("nmae", Code::UnknownKey),
        ("employees", Code::WrongType),
        ("email", Code::BadEmail),
        ("version", Code::ReadOnly),
        ("level", Code::NotAnOption),
        ("won_at", Code::ReadOnly),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} not in {found:?}");
    }
    let record = json!({ "tax_id": "91350100M000100Y4Z" });
    let error = b.engine.create(&mut b.conn, &b.system, &meta, record.as_object().cloned().unwrap()).unwrap_err();
    assert_eq!(codes(error), [("name".into(), Code::Required), ("tax_id".into(), Code::BadUscc)]);
    assert_eq!(b.engine.count(&mut b.conn, &b.system, &meta, &ListQuery::default()).unwrap(), 0);
}

#[test]
fn a_stale_edit_is_refused_and_an_idle_one_changes_nothing() {
    let mut b = Bench::new();
    let meta = b.object("account");
    let id = b.create("account", json!({ "name": "甲" }));
    let mut patch = |patch: Value, expected| {
        b.engine.update(&mut b.conn, &b.system, &meta, id, patch.as_object().cloned().unwrap(), expected)
    };
    assert_eq!(patch(json!({ "city": "北京" }), Some(1)).unwrap().version, 2);
    assert!(matches!(patch(json!({ "city": "上海" }), Some(1)), Err(Error::Stale(2))));
    assert_eq!(patch(json!({ "city": "北京" }), Some(2)).unwrap().version, 2);
    assert_eq!(patch(json!({ "city": null }), None).unwrap().version, 3);
    let history = b.engine.history(&mut b.conn, &b.system, &meta, id, None, None).unwrap();
    let history: Value = serde_json::from_slice(&history).unwrap();
    let actions: Vec<&str> =
        history["data"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["update", "update", "create"]);
    assert_eq!(history["data"][0]["changes"]["city"], json!({ "from": "北京", "to": null }));
}

#[test]
fn the_recycle_bin_gives_back_what_it_took() {
    let mut b = Bench::new();
    let meta = b.object("account");
    let id = b.create("account", json!({ "name": "甲", "external_id": "X1" }));
    b.engine.delete(&mut b.conn, &b.system, &meta, id, Some(1)).unwrap();
    assert!(b.engine.fetch(&mut b.conn, &b.system, &meta, id).unwrap().is_none());
    // A deleted record does not hold its unique values.
    let other = b.create("account", json!({ "name": "乙", "external_id": "X1" }));
    let error = b.engine.restore(&mut b.conn, &b.system, &meta, id).unwrap_err();
    assert_eq!(codes(error), [("external_id".into(), Code::Taken)]);
    b.engine.delete(&mut b.conn, &b.system, &meta, other, None).unwrap();
    assert_eq!(b.engine.restore(&mut b.conn, &b.system, &meta, id).unwrap().version, 3);
    assert_eq!(b.fetch("account", id)["name"], "甲");
}

#[test]
fn upsert_finds_by_the_unique_field_or_creates() {
    let mut b = Bench::new();
    let meta = b.object("product");
    let record = |price: &str| json!({ "name": "GTX Pro", "price": price }).as_object().cloned().unwrap();
    let (first, created) = b.engine.upsert(&mut b.conn, &b.system, &meta, "code", "GTX-PRO", record("4821")).unwrap();
    assert!(created);
    let (second, created) = b.engine.upsert(&mut b.conn, &b.system, &meta, "code", "GTX-PRO", record("4900")).unwrap();
    assert!(!created);
    assert_eq!((first.id, second.version), (second.id, 2));
    assert!(b.engine.upsert(&mut b.conn, &b.system, &meta, "name", "x", record("1")).is_err());
}

#[test]
fn references_must_lead_somewhere_the_caller_may_see() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Department);
    let li = b.member("li", Some(south), DataScope::Department);
    let account = b.create_as(&wang, "account", json!({ "name": "北方公司" }));
    let contacts = b.object("contact");
    let record = json!({ "name": "张三", "account": account.to_string() }).as_object().cloned().unwrap();
    let error = b.engine.create(&mut b.conn, &li, &contacts, record.clone()).unwrap_err();
    assert_eq!(codes(error), [("account".into(), Code::NoSuchRecord)]);
    assert!(b.engine.create(&mut b.conn, &wang, &contacts, record).is_ok());
}

#[test]
fn scopes_bound_reading_writing_and_search() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Own);
    let zhao = b.member("zhao", Some(north), DataScope::Department);
    let li = b.member("li", Some(south), DataScope::Department);
    let boss = b.member("boss", None, DataScope::All);
    let meta = b.object("account");
    let id = b.create_as(&wang, "account", json!({ "name": "华北鑫茂" }));
    assert_eq!(b.fetch("account", id)["department"], north.to_string());
    b.create_as(&zhao, "account", json!({ "name": "赵的客户" }));
    for (caller, count) in [(&wang, 1), (&zhao, 2), (&li, 0), (&boss, 2)] {
        assert_eq!(b.engine.count(&mut b.conn, caller, &meta, &ListQuery::default()).unwrap(), count);
    }
    let patch = json!({ "city": "天津" }).as_object().cloned().unwrap();
    let error = b.engine.update(&mut b.conn, &li, &meta, id, patch.clone(), None).unwrap_err();
    assert!(matches!(error, Error::Refused { code: Code::NotFound, .. }));
    assert!(b.engine.update(&mut b.conn, &zhao, &meta, id, patch, None).is_ok());
    let query = |q: &str| kezhan_engine::search::SearchQuery { q: q.into(), ..Default::default() };
    let hits = |b: &mut Bench, caller, q: &str| -> usize {
        let body = b.engine.search(&mut b.conn, caller, &query(q)).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["data"].as_array().unwrap().len()
    };
    for q in ["鑫茂", "xinmao", "hbxm"] {
        assert_eq!(hits(&mut b, &zhao, q), 1, "{q}");
        assert_eq!(hits(&mut b, &li, q), 0, "{q}");
    }
}

#[test]
fn stages_decide_and_the_first_won_deal_makes_a_customer() {
    let mut b = Bench::new();
    let pipeline = b.create("pipeline", json!({ "name": "标准", "is_default": true }));
    let stage = |b: &mut Bench, name: &str, outcome: &str, probability: &str, at: i64| {
        let p = pipeline.to_string();
        b.create(
            "stage",
            json!({ "name": name, "pipeline": p, "outcome": outcome, "probability": probability, "sort_order": at }),
        )
    };
    let open = stage(&mut b, "初步接触", "open", "10", 1);
    let won = stage(&mut b, "赢单", "won", "100", 2);
    let account = b.create("account", json!({ "name": "甲公司" }));
    let deal = b.create("opportunity", json!({ "account": account.to_string(), "engaged_on": "2026-01-05" }));
    let record = b.fetch("opportunity", deal);
    assert_eq!(record["name"], "甲公司");
    assert_eq!(record["stage"], open.to_string());
    assert_eq!(record["pipeline"], pipeline.to_string());
    assert_eq!(record["probability"], "10");
    assert!(record["number"].as_str().unwrap().starts_with("SJ"));
    let meta = b.object("opportunity");
    let patch = json!({ "stage": won.to_string(), "closed_on": "2026-03-01" }).as_object().cloned().unwrap();
    b.engine.update(&mut b.conn, &b.system, &meta, deal, patch, None).unwrap();
    assert_eq!(b.fetch("opportunity", deal)["outcome"], "won");
    let customer = b.fetch("account", account);
    assert_eq!(customer["deal_status"], "won");
    assert_eq!(customer["won_at"], "2026-03-01T00:00:00Z");
    let line = json!({ "opportunity": deal.to_string(), "quantity": "3", "unit_price": "19.99", "discount": "10" });
    b.create("opportunity_line", line);
    assert_eq!(b.fetch("opportunity", deal)["amount"], "53.97");
}

#[test]
fn custom_objects_and_fields_behave_like_standard_ones() {
    let mut b = Bench::new();
    let define = |b: &mut Bench, record: Value| b.create("field_definition", record);
    b.create(
        "object_definition",
        json!({ "key": "vehicle", "plural": "vehicles", "label_zh": "车辆", "label_en": "Vehicle" }),
    );
    b.reload();
    for (object, key, kind, settings) in [
        ("vehicle", "name", "text", json!({ "searchable": true })),
        ("vehicle", "price", "money", Value::Null),
        ("vehicle", "keeper", "reference", json!({ "to": "account", "inverse": "vehicles" })),
        ("vehicle", "bought_on", "date", Value::Null),
        ("account", "vip", "boolean", Value::Null),
        ("account", "score", "decimal", json!({ "scale": 1 })),
    ] {
        define(
            &mut b,
            json!({
                "object": object, "key": key, "kind": kind, "settings": settings, "label_zh": key, "label_en": key,
                "required": object == "vehicle" && key == "name",
            }),
        );
    }
    diesel::RunQueryDsl::execute(
        diesel::sql_query("UPDATE tenants SET catalog_epoch = catalog_epoch + 1"),
        &mut b.conn,
    )
    .unwrap();
    b.reload();
    let account = b.create("account", json!({ "name": "车主公司", "vip": true, "score": 9.5 }));
    b.create("account", json!({ "name": "其他公司", "score": "10" }));
    let vehicle = b.create(
        "vehicle",
        json!({ "name": "沪A12345", "price": "199800", "keeper": account.to_string(), "bought_on": "2026-02-03" }),
    );
    assert_eq!(b.fetch("vehicle", vehicle)["price"], "199800");
    let vehicles = b.object("vehicle");
    let error = b.engine.create(&mut b.conn, &b.system, &vehicles, Default::default()).unwrap_err();
    assert_eq!(codes(error), [("name".into(), Code::Required)]);
    let found = |b: &mut Bench, object: &str, filter: Filter| {
        let meta = b.object(object);
        b.engine
            .count(&mut b.conn, &b.system, &meta, &ListQuery { filter: Some(filter), ..Default::default() })
            .unwrap()
    };
    assert_eq!(found(&mut b, "vehicle", Filter::field("price", Op::Gt, "199799.99")), 1);
    assert_eq!(found(&mut b, "vehicle", Filter::field("bought_on", Op::Lt, "2026-02-03")), 0);
    assert_eq!(found(&mut b, "vehicle", Filter::field("keeper.name", Op::Contains, "车主")), 1);
    assert_eq!(found(&mut b, "account", Filter::field("score", Op::Gt, "9.9")), 1);
    assert_eq!(found(&mut b, "account", Filter::field("vip", Op::Eq, true)), 1);
    let exists = Filter::Exists { relation: "vehicles".into(), filter: None };
    assert_eq!(found(&mut b, "account", exists), 1);
    let sorted = ListQuery { sort: vec![kezhan_meta::query::Sort::parse("-score")], ..Default::default() };
    let accounts = b.object("account");
    let (records, _) = b.engine.records(&mut b.conn, &b.system, &accounts, &sorted).unwrap();
    assert_eq!(records[0]["name"], "其他公司");
}

#[test]
fn what_hangs_on_a_record_is_added_only_by_who_may_edit_it() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Department);
    let li = b.member("li", Some(south), DataScope::Department);
    let account = b.create_as(&wang, "account", json!({ "name": "北方公司" }));
    let deal = b.create_as(&wang, "opportunity", json!({ "name": "北方项目" }));
    let line = json!({ "opportunity": deal.to_string(), "quantity": "1", "unit_price": "5" });
    let file = json!({ "object": "account", "record": account.to_string(), "name": "合同.pdf" });
    let lost = json!({ "object": "account", "record": uuid::Uuid::now_v7().to_string(), "name": "无主.pdf" });
    for (object, record, caller, allowed) in [
        ("opportunity_line", &line, &wang, true),
        ("opportunity_line", &line, &li, false),
        ("attachment", &file, &wang, true),
        ("attachment", &file, &li, false),
        ("attachment", &lost, &wang, false),
    ] {
        let meta = b.object(object);
        let outcome = b.engine.create(&mut b.conn, caller, &meta, record.as_object().cloned().unwrap());
        assert_eq!(outcome.is_ok(), allowed, "{object} {record}");
    }
    let accounts = b.object("account");
    let verdicts = b.engine.explain(&mut b.conn, &li, &accounts, account).unwrap();
    assert!(verdicts.verdicts.iter().all(|v| !v.allowed && v.reason == kezhan_engine::explain::Reason::NotCovered));
    let verdicts = b.engine.explain(&mut b.conn, &wang, &accounts, account).unwrap();
    assert!(verdicts.verdicts.iter().all(|v| v.allowed && v.reason == kezhan_engine::explain::Reason::Granted));
}

#[test]
fn the_timeline_tells_all_that_happened_newest_first_and_page_by_page() {
    let mut b = Bench::new();
    let account = b.create("account", json!({ "name": "甲公司" }));
    for (n, at) in ["2026-01-05T02:00:00Z", "2026-03-05T02:00:00Z", "2026-02-05T02:00:00Z"].iter().enumerate() {
        let follow_up =
            json!({ "content": format!("第 {n} 次拜访"), "happened_at": at, "account": account.to_string() });
        b.create("follow_up", follow_up);
    }
    b.create("contact", json!({ "name": "李四", "account": account.to_string() }));
    assert_eq!(b.fetch("account", account)["last_followed_at"], "2026-03-05T02:00:00Z");
    assert_eq!(b.fetch("account", account)["version"], 1, "a follow-up is no edit of the account");
    let meta = b.object("account");
    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = b.engine.timeline(&mut b.conn, &b.system, &meta, account, Some(2), cursor.as_deref()).unwrap();
        let page: Value = serde_json::from_slice(&page).unwrap();
        for entry in page["data"].as_array().unwrap() {
            seen.push(match entry["kind"].as_str().unwrap() {
                "change" => entry["action"].as_str().unwrap().to_owned(),
                _ => entry["record"]["content"].as_str().or(entry["record"]["name"].as_str()).unwrap().to_owned(),
            });
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, ["李四", "create", "第 1 次拜访", "第 2 次拜访", "第 0 次拜访"]);
}

#[test]
fn the_feed_hands_out_changes_once_and_in_order() {
    let mut b = Bench::new();
    let read = |b: &mut Bench, since: Option<String>, objects: &[&str]| -> Value {
        let objects = objects.iter().map(|o| (*o).to_owned()).collect();
        let query = kezhan_engine::feed::ChangesQuery { since, objects, limit: Some(2), ..Default::default() };
        serde_json::from_slice(&b.engine.changes(&mut b.conn, &b.system, &query).unwrap()).unwrap()
    };
    let mut cursor = read(&mut b, None, &[])["next_cursor"].as_str().unwrap().to_owned();
    for n in 0..3 {
        b.create("product", json!({ "name": format!("产品{n}") }));
    }
    b.create("task", json!({ "subject": "别的" }));
    let mut names = Vec::new();
    let patience = std::time::Instant::now();
    // The feed waits for older transactions of the whole cluster, other tests' among them.
    while names.len() < 3 && patience.elapsed().as_secs() < 30 {
        let page = read(&mut b, Some(cursor.clone()), &["products"]);
        let data = page["data"].as_array().unwrap();
        if data.is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        names.extend(data.iter().map(|c| c["changes"]["name"]["to"].as_str().unwrap().to_owned()));
        assert_eq!(page["gap"], false);
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(names, ["产品0", "产品1", "产品2"]);
}

#[test]
fn what_a_user_owns_moves_with_them_to_another_department() {
    let mut b = Bench::new();
    let north = b.create("department", json!({ "name": "北区" }));
    let south = b.create("department", json!({ "name": "南区" }));
    let wang = b.member("wang", Some(north), DataScope::Own);
    let li = b.member("li", Some(south), DataScope::Department);
    let account = b.create_as(&wang, "account", json!({ "name": "王的客户" }));
    let users = b.object("user");
    let patch = json!({ "home_department": south.to_string() }).as_object().cloned().unwrap();
    b.engine.update(&mut b.conn, &b.system, &users, wang.user.unwrap(), patch, None).unwrap();
    assert_eq!(b.fetch("account", account)["department"], south.to_string());
    let accounts = b.object("account");
    assert!(b.engine.fetch(&mut b.conn, &li, &accounts, account).unwrap().is_some());
}

#[test]
fn a_nul_character_is_the_callers_fault_wherever_it_stands() {
    let mut b = Bench::new();
    let meta = b.object("account");
    for query in [
        ListQuery { filter: Some(Filter::field("name", Op::Contains, "a\u{0}")), ..Default::default() },
        ListQuery { filter: Some(Filter::field("phone", Op::Eq, "\u{0}")), ..Default::default() },
    ] {
        let error = b.engine.list(&mut b.conn, &b.system, &meta, &query).unwrap_err();
        assert_eq!(error.problem(kezhan_meta::Lang::En).status, 400, "{query:?}: {error}");
    }
    let view = json!({ "name": "v", "object": "account", "settings": { "q": "a\u{0}" } });
    let views = b.object("saved_view");
    let error = b.engine.create(&mut b.conn, &b.system, &views, view.as_object().cloned().unwrap()).unwrap_err();
    assert_eq!(error.problem(kezhan_meta::Lang::En).status, 400, "{error}");
}
