//! Levels of sensitivity, the map of what is kept, and the trail of who looked.

use kezhan_tests::TestServer;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

fn row<'a>(map: &'a Value, object: &str, field: &str) -> Option<&'a Value> {
    map["data"].as_array().unwrap().iter().find(|r| r["object"] == object && r["field"] == field)
}

#[test]
fn the_map_tells_what_is_kept_and_follows_what_the_company_says() {
    let server = TestServer::new();
    let admin = server.admin();
    server.role("仓库", json!({"contact": {"read": "self", "fields": {"mobile": "masked", "id_number": "hidden"}}}));
    let map = admin.get("/privacy/data_map").ok();
    let mobile = row(&map, "contact", "mobile").unwrap();
    assert_eq!((&mobile["sensitivity"], &mobile["stored"]), (&json!("personal"), &json!("contacts.mobile")));
    assert_eq!(mobile["legal_basis"], "contract");
    let reader = |row: &Value, role: &str| {
        row["readers"].as_array().unwrap().iter().find(|r| r["role"] == role).map(|r| r["level"].clone())
    };
    assert_eq!(reader(mobile, "仓库"), Some(json!("masked")));
    assert_eq!(reader(mobile, "Read only"), Some(json!("read")), "who edits nothing writes nothing");
    let number = row(&map, "contact", "id_number").unwrap();
    assert_eq!((&number["sensitivity"], &number["encrypted"]), (&json!("sensitive"), &json!(true)));
    assert_eq!(reader(number, "仓库"), None);
    assert_eq!(row(&map, "account", "city"), None, "not personal");
    assert_eq!(map["stores"][0]["kind"], "database");
    assert!(!map.to_string().contains("password"), "{}", map["stores"]);

    // The company says more: of a standard field and of one of its own.
    let own = json!({"object": "account", "key": "salary", "kind": "money", "label_zh": "薪资", "label_en": "Salary"});
    admin.create("field_definitions", own);
    let policy = json!({"object": "account", "field": "city", "sensitivity": "personal", "purpose": "上门拜访",
        "legal_basis": "consent", "retention_months": 24, "cross_border": "无"});
    let policy = admin.create("field_policies", policy);
    assert_eq!(policy["path"], "account.city");
    admin.create("field_policies", json!({"object": "account", "field": "salary", "sensitivity": "secret"}));
    let map = admin.get("/privacy/data_map").ok();
    let city = row(&map, "account", "city").unwrap();
    assert_eq!(
        (&city["sensitivity"], &city["declared"], &city["purpose"], &city["retention_months"]),
        (&json!("personal"), &json!("internal"), &json!("上门拜访"), &json!(24))
    );
    assert_eq!(row(&map, "account", "salary").unwrap()["sensitivity"], "secret");
    let meta = admin.get("/meta/objects/account").ok();
    let told = meta["fields"].as_array().unwrap().iter().find(|f| f["key"] == "city").unwrap();
    assert_eq!(told["sensitivity"], "personal");
    let sensitive = admin.get("/privacy/data_map?min=secret").ok();
    assert_eq!(sensitive["data"].as_array().unwrap().len(), 1);
    // Taken back, the declaration holds again.
    assert_eq!(admin.delete(&format!("/field_policies/{}", policy["id"].as_str().unwrap())).status, 204);
    assert_eq!(row(&admin.get("/privacy/data_map").ok(), "account", "city"), None);

    admin.post("/field_policies", &json!({"object": "nothing", "field": "x"})).problem(422, "invalid");
    admin.post("/field_policies", &json!({"object": "contact", "field": "nothing"})).problem(422, "invalid");
    let twice = json!({"object": "account", "field": "salary"});
    assert_eq!(admin.post("/field_policies", &twice).problem(422, "invalid")["errors"][0]["code"], "taken");
    admin.get("/privacy/data_map?min=x").problem(400, "bad_value");

    let csv = admin.get("/privacy/data_map/export?format=csv");
    assert!(csv.text.contains("contact.mobile") && csv.text.contains("仓库"), "{}", csv.text);
    let sheet = admin.get("/privacy/data_map/export");
    assert_eq!((sheet.status.as_u16(), sheet.header("content-type").contains("spreadsheet")), (200, true));

    let seller = server.role("卖", json!({"contact": {"read": "all"}, "field_policy": {"read": "all"}}));
    server.user("li", &seller, json!({}));
    let li = server.sign_in("li", PASSWORD);
    for path in ["/privacy/data_map", "/privacy/data_map/export"] {
        li.get(path).problem(403, "forbidden");
    }
    assert_eq!(li.post("/field_policies", &json!({"object": "contact", "field": "mobile"})).status, 403);
}

#[test]
fn who_opens_or_exports_sensitive_values_is_in_the_trail() {
    let server = TestServer::new();
    let admin = server.admin();
    let with = admin.create("contacts", json!({"name": "张三", "id_number": "11010519491231002X"}));
    let without = admin.create("contacts", json!({"name": "李四"}));
    let path = |record: &Value| format!("/contacts/{}", record["id"].as_str().unwrap());
    let rights = |level: &str| json!({"contact": {"read": "all", "export": "all", "fields": {"id_number": level}}});
    for (name, level) in [("sees", "read"), ("guesses", "masked")] {
        server.user(name, &server.role(name, rights(level)), json!({}));
    }
    let trail = |action: &str| admin.get(&format!("/audit?action={action}")).ok()["data"].as_array().unwrap().clone();
    let (sees, guesses) = (server.sign_in("sees", PASSWORD), server.sign_in("guesses", PASSWORD));
    for api in [&sees, &guesses] {
        api.get(&path(&without)).ok();
        api.get("/contacts").ok();
    }
    guesses.get(&path(&with)).ok();
    assert_eq!(trail("sensitive_read"), Vec::<Value>::new(), "lists, empty fields and outlines");
    sees.get(&path(&with)).ok();
    let entries = trail("sensitive_read");
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (&entries[0]["detail"]["fields"], &entries[0]["actor"]["username"], &entries[0]["category"]),
        (&json!(["id_number"]), &json!("sees"), &json!("reading"))
    );
    let order = json!({"object": "contact", "format": "csv", "columns": ["name", "id_number"],
        "filter": {"field": "id_number", "op": "eq", "value": "11010519491231002X"}});
    let file = sees.post("/bulk/exports", &order);
    assert!(file.text.contains("11010519491231002X"), "{}", file.text);
    let exported = &trail("export")[0]["detail"];
    assert_eq!(exported["sensitive"], json!(["id_number"]));
    assert!(!exported.to_string().contains("11010519491231002X"), "{exported}");
    let refused = guesses.post("/bulk/exports", &order);
    assert!(refused.status.is_client_error(), "{}", refused.text);
}

#[test]
fn a_field_that_becomes_personal_is_searched_by_those_only_who_may_see_it() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let admin = server.admin();
    admin.create("accounts", json!({"name": "甲公司", "tax_id": "91350100M000100Y43"}));
    let role = server.role("外", json!({"account": {"read": "all", "fields": {"tax_id": "masked"}}}));
    server.user("wai", &role, json!({}));
    let wai = server.sign_in("wai", PASSWORD);
    let hits = |api: &kezhan_tests::server::Api, q: &str| {
        api.get(&format!("/accounts?q={q}")).ok()["data"].as_array().unwrap().len()
    };
    // Not all of the open part is theirs: names only.
    assert_eq!((hits(&wai, "91350100M000100Y43"), hits(&admin, "91350100M000100Y43")), (0, 1));
    admin.create("field_policies", json!({"object": "account", "field": "tax_id", "sensitivity": "personal"}));
    let engine = std::sync::Arc::new(kezhan_tests::sealing_engine());
    let handler = kezhan_features::platform::privacy::Reindex(engine);
    kezhan_engine::jobs::Worker::new(server.db.url(), vec![std::sync::Arc::new(handler)]).drain().unwrap();
    assert_eq!((hits(&wai, "91350100M000100Y43"), hits(&admin, "91350100M000100Y43")), (0, 1));
    assert_eq!(hits(&wai, "甲公司"), 1);
}
