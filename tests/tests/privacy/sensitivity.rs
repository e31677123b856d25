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
    let own = json!({"object": "account", "key": "salary", "kind": "money", "label_zh": "薪资", "label_en": "Salary",
        "is_sealed": true});
    admin.create("field_definitions", own);
    let policy = json!({"object": "account", "field": "city", "sensitivity": "personal", "purpose": "上门拜访",
        "legal_basis": "consent", "retention_months": 24, "cross_border": "无"});
    let policy = admin.create("field_policies", policy);
    assert_eq!(policy["path"], "account.city");
    admin.create("field_policies", json!({"object": "account", "field": "salary", "sensitivity": "secret"}));
    // Secret is what is encrypted, and nothing else.
    let plain = json!({"object": "contact", "field": "wechat", "sensitivity": "secret"});
    let fault = admin.post("/field_policies", &plain).problem(422, "invalid")["errors"][0].clone();
    assert_eq!((&fault["field"], &fault["code"]), (&json!("sensitivity"), &json!("not_sealed")));
    assert!(fault["message"].as_str().unwrap().contains("WeChat"), "{fault}");
    let path = format!("/field_policies/{}", policy["id"].as_str().unwrap());
    let fault = admin.patch(&path, &json!({"sensitivity": "secret"})).problem(422, "invalid")["errors"][0].clone();
    assert_eq!(fault["code"], "not_sealed");
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
        api.get("/contacts?fields=name").ok();
    }
    guesses.get("/contacts").ok();
    guesses.get(&path(&with)).ok();
    assert_eq!(trail("sensitive_read"), Vec::<Value>::new(), "other columns, empty fields and outlines");
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

#[test]
fn lists_queries_and_whatever_else_shows_sensitive_values_tell_who_was_given_them() {
    let server = TestServer::new();
    let admin = server.admin();
    let account = admin.create("accounts", json!({"name": "甲"}));
    let person = |name: &str, number: Option<&str>| {
        let contact = json!({"name": name, "account": account["id"], "id_number": number});
        admin.create("contacts", contact)["id"].clone()
    };
    let (zhang, li) = (person("张三", Some("11010519491231002X")), person("李四", Some("440524188001010014")));
    person("王五", None);
    let deal = json!({"name": "春茶", "account": account["id"], "contact": zhang});
    admin.create("opportunities", deal);
    let grants = json!({"*": {"read": "all", "create": "all", "edit": "all", "bulk_edit": "all"}});
    server.user("sees", &server.role("sees", grants), json!({}));
    let sees = server.sign_in("sees", PASSWORD);
    let mut known = 0;
    // What came into the trail since the last look, oldest first.
    let mut news = || {
        let all = admin.get("/audit?action=sensitive_read&limit=200").ok()["data"].as_array().unwrap().clone();
        let fresh: Vec<Value> = all[..all.len() - known].iter().rev().cloned().collect();
        known = all.len();
        fresh
    };
    let both = |entry: &Value| {
        let records = entry["detail"]["records"].as_array().unwrap();
        assert_eq!((entry["object"].as_str(), records.len()), (Some("contact"), 2), "{entry}");
        assert!(records.contains(&zhang) && records.contains(&li), "{entry}");
        assert_eq!((&entry["detail"]["count"], &entry["detail"]["fields"]), (&json!(2), &json!(["id_number"])));
    };
    for read in ["/contacts", "/contacts?fields=name,id_number&count=exact"] {
        sees.get(read).ok();
        let entries = news();
        assert_eq!(entries.len(), 1, "{read}: {entries:?}");
        both(&entries[0]);
    }
    sees.post("/contacts/query", &json!({"limit": 50})).ok();
    sees.get(&format!("/accounts/{}/timeline", account["id"].as_str().unwrap())).ok();
    let entries = news();
    assert_eq!(entries.len(), 2, "{entries:?}");
    entries.iter().for_each(both);
    // One record, alone or through others.
    let one = json!({"filter": {"field": "name", "op": "eq", "value": "张三"}});
    sees.post("/contacts/query", &one).ok();
    sees.get("/opportunities?expand=contact").ok();
    let path = format!("/contacts/{}", zhang.as_str().unwrap());
    sees.patch(&path, &json!({"job_title": "采购"})).ok();
    let batch = json!({"operations": [{"op": "update", "id": zhang, "record": {"job_title": "经理"}}]});
    assert_eq!(sees.post("/contacts/batch", &batch).status, 200);
    let entries = news();
    assert_eq!(entries.len(), 4, "{entries:?}");
    for entry in &entries {
        assert_eq!((&entry["record"]["id"], &entry["detail"]), (&zhang, &json!({"fields": ["id_number"]})), "{entry}");
    }
    let of_li = admin.get(&format!("/audit?action=sensitive_read&object=contact&record={}", li.as_str().unwrap())).ok();
    assert_eq!(of_li["data"].as_array().unwrap().len(), 4, "also among many");
    // What says nothing of such values, and what one brought along oneself.
    for quiet in ["/accounts", "/opportunities", "/contacts?fields=name", "/opportunities?fields=name,contact.name"] {
        sees.get(quiet).ok();
    }
    sees.patch(&path, &json!({"id_number": "110105194912310038"})).ok();
    sees.create("contacts", json!({"name": "赵六", "id_number": "11010519491231002X"}));
    sees.get(&format!("{path}/history")).ok();
    assert_eq!(news(), Vec::<Value>::new());

    // A field of one's own with asterisks in it is given out like any other, and so are sums of it.
    let own = json!({"object": "account", "key": "grade", "kind": "text", "label_zh": "评级", "label_en": "Grade"});
    admin.create("field_definitions", own);
    let own = json!({"object": "account", "key": "salary", "kind": "money", "label_zh": "薪资", "label_en": "Salary"});
    admin.create("field_definitions", own);
    for field in ["grade", "salary"] {
        admin.create("field_policies", json!({"object": "account", "field": field, "sensitivity": "sensitive"}));
    }
    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    admin.patch(&path, &json!({"grade": "A**", "salary": "100"})).ok();
    sees.get(&path).ok();
    let sum = json!({"aggregates": [{"fn": "sum", "field": "salary"}]});
    sees.post("/accounts/query", &sum).ok();
    sees.get(&format!("{path}/history")).ok();
    let fields: Vec<Value> = news().iter().map(|e| e["detail"]["fields"].clone()).collect();
    assert_eq!(fields, [json!(["grade", "salary"]), json!(["salary"]), json!(["grade", "salary"])]);
}

#[test]
fn what_is_looked_at_as_somebody_else_was_looked_at_by_the_administrator() {
    let server = TestServer::new();
    let admin = server.admin();
    let contact = admin.create("contacts", json!({"name": "张三", "id_number": "11010519491231002X"}));
    let li = server.user("li", &server.role("r", json!({"contact": {"read": "all"}})), json!({}));
    let token = admin.post("/auth/view_as", &json!({"user": li})).ok()["access_token"].as_str().unwrap().to_owned();
    let as_li = admin.bearing(&token);
    as_li.get(&format!("/contacts/{}", contact["id"].as_str().unwrap())).ok();
    as_li.get("/contacts").ok();
    let read = |filter: &str| {
        admin.get(&format!("/audit?action=sensitive_read{filter}")).ok()["data"].as_array().unwrap().clone()
    };
    let entries = read("");
    assert_eq!(entries.len(), 2, "{entries:?}");
    for entry in &entries {
        assert_eq!((&entry["actor"]["username"], &entry["as"]["username"]), (&json!("admin"), &json!("li")), "{entry}");
        assert!(entry["detail"].get("as").is_none(), "{entry}");
    }
    let me = admin.get("/auth/me").ok()["id"].as_str().unwrap().to_owned();
    assert_eq!((read(&format!("&actor={me}")).len(), read(&format!("&actor={li}")).len()), (2, 0));
    let csv = admin.get("/audit/export?action=sensitive_read").text;
    assert!(csv.lines().skip(1).all(|line| line.contains("admin") && line.contains(",li,")), "{csv}");
    assert_eq!(admin.get("/audit").ok()["data"][0]["as"], Value::Null);
}

#[test]
fn the_roles_of_a_new_company_show_sensitive_values_only_to_those_who_keep_them() {
    let server = TestServer::new();
    let admin = server.admin();
    let number = "11010519491231002X";
    let contact = admin.create("contacts", json!({"name": "张三", "id_number": number}));
    let account = admin.create("accounts", json!({"name": "甲", "bank_account": "6222000011112222"}));
    let (contact, account) = (
        format!("/contacts/{}", contact["id"].as_str().unwrap()),
        format!("/accounts/{}", account["id"].as_str().unwrap()),
    );
    let roles = admin.get("/roles?limit=50").ok()["data"].as_array().unwrap().clone();
    let role = |name: &str| {
        let found = roles.iter().find(|r| r["name_en"] == name || r["name"] == name);
        found.unwrap_or_else(|| panic!("{name}")).clone()
    };
    for (name, username, banks, reveals) in [
        ("Sales director", "director", false, true),
        ("Customer service", "service", false, false),
        ("Marketing", "marketing", false, false),
        ("Finance", "finance", true, true),
        ("Read only", "reader", false, false),
    ] {
        let role = role(name);
        server.user(username, role["id"].as_str().unwrap(), json!({}));
        let api = server.sign_in(username, PASSWORD);
        let seen = api.get(&contact).ok()["id_number"].clone();
        assert!(seen.is_string() && seen != number, "{name}: {seen}");
        assert_eq!(api.get(&account).ok()["bank_account"] == "6222000011112222", banks, "{name}");
        let wish = json!({"field": "id_number", "reason": "客户来电核实身份"});
        let shown = api.post(&format!("{contact}/actions/reveal"), &wish);
        match reveals {
            true => assert_eq!(shown.ok()["value"], number, "{name}"),
            false => drop(shown.problem(403, "forbidden")),
        }
    }
    for name in ["Sales manager", "Sales representative"] {
        let grants = role(name)["grants"].clone();
        assert_eq!(grants["contact"]["fields"], json!({"id_number": "masked"}), "{name}");
        assert_eq!(grants["account"]["fields"], json!({"bank_account": "masked"}), "{name}");
        assert_eq!(grants["contact"]["read"], grants["*"]["read"], "{name}");
    }
    assert_eq!(admin.get(&contact).ok()["id_number"], number);
}
