//! What forms rest on: layouts with conditions, references within references, records alike, people's own settings.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// Field and code of each fault.
fn faults(problem: &Value) -> Vec<(String, String)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect()
}

fn fault(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}

/// The stage of the default pipeline that means this.
fn stage(api: &Api, outcome: &str) -> String {
    let found = api.get(&format!("/stages?outcome={outcome}&limit=1")).ok();
    id(&found["data"][0]).to_owned()
}

fn drawn(place: Value) -> Value {
    json!({"sections": [{"title": {"zh": "商机", "en": "Deal"}, "columns": 1, "fields": [{"field": "name"}, {"field": "stage"}, place]}]})
}

#[test]
fn a_company_draws_its_own_layout_and_its_conditions_hold() {
    let server = TestServer::new();
    let api = server.admin();
    let path = "/meta/objects/opportunity/layout";
    let standard = api.get(path).ok();
    assert_eq!((&standard["own"], &standard["version"]), (&Value::Null, &Value::Null));
    let lost = stage(&api, "lost");

    let needed = json!({"field": "stage.outcome", "op": "eq", "value": "lost"});
    let kept = api.put(path, &drawn(json!({"field": "lost_reason", "required_when": needed}))).ok();
    assert_eq!(kept["version"], 1);
    let first = &kept["layout"]["sections"][0];
    assert_eq!((&first["title"]["en"], &first["columns"]), (&json!("Deal"), &json!(1)));
    // The model that the screens are built from has it, with what it does not name at the end.
    let model = api.get("/meta/objects/opportunity").ok();
    assert_eq!(model["layout"], kept["layout"]);
    assert!(model["layout"]["sections"].as_array().unwrap().len() > 1);

    let deal = api.create("opportunities", json!({"name": "一单"}));
    let deal = format!("/opportunities/{}", id(&deal));
    let refused = api.patch(&deal, &json!({"stage": lost})).problem(422, "invalid");
    assert_eq!(faults(&refused), fault("lost_reason", "required"));
    api.post("/opportunities", &json!({"name": "又一单", "stage": lost})).problem(422, "invalid");
    api.patch(&deal, &json!({"stage": lost, "lost_reason": "价格"})).ok();

    // Fixed once it is lost; whoever opens the deal again may change it.
    let fixed = json!({"field": "stage.outcome", "op": "eq", "value": "lost"});
    assert_eq!(api.put(path, &drawn(json!({"field": "lost_reason", "read_only_when": fixed}))).ok()["version"], 2);
    let refused = api.patch(&deal, &json!({"lost_reason": "改口"})).problem(422, "invalid");
    assert_eq!(faults(&refused), fault("lost_reason", "read_only"));
    api.patch(&deal, &json!({"lost_reason": null, "stage": stage(&api, "open")})).ok();

    let history = api.get("/record_layouts").ok();
    let history = api.get(&format!("/record_layouts/{}/history", id(&history["data"][0]))).ok();
    assert_eq!(history["data"].as_array().unwrap().len(), 2, "who drew what is on record");

    assert_eq!(api.delete(path).status, 204);
    assert_eq!(api.get(path).ok()["layout"], standard["layout"]);
}

#[test]
fn a_layout_that_cannot_work_is_refused_and_only_those_who_configure_draw() {
    let server = TestServer::new();
    let api = server.admin();
    let path = "/meta/objects/accounts/layout";
    let broken = json!({"sections": [{"title": {"zh": "一", "en": "One"}, "fields": [
        {"field": "name", "visible_when": {"field": "level", "op": "eq", "value": "a"}},
        {"field": "phone", "visible_when": {"field": "level", "op": "eq", "value": "z"}},
        {"field": "colour"},
    ]}]});
    let refused = api.put(path, &broken).problem(422, "invalid");
    let at: Vec<String> = faults(&refused).into_iter().map(|(field, _)| field).collect();
    let fields = "sections.0.fields";
    assert_eq!(
        at,
        [format!("{fields}.0.visible_when"), format!("{fields}.1.visible_when"), format!("{fields}.2.field")]
    );
    api.put(path, &json!({"sections": [], "colour": 1})).problem(400, "bad_request");

    let role = server.role("试用", json!({"account": {"read": "all", "create": "all"}}));
    server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    assert!(li.get(path).ok()["layout"]["sections"].is_array());
    li.put(path, &json!({"sections": []})).problem(403, "forbidden");
    li.delete(path).problem(403, "forbidden");
    li.get("/meta/objects/lead/layout").problem(404, "not_found");
}

#[test]
fn a_contact_of_another_account_is_refused() {
    let server = TestServer::new();
    let mut api = server.admin();
    let [ours, theirs] = ["鑫茂", "远大"].map(|name| id(&api.create("accounts", json!({"name": name}))).to_owned());
    let contact = |account: Value| id(&api.create("contacts", json!({"name": "王", "account": account}))).to_owned();
    let (wang, li, free) = (contact(json!(ours)), contact(json!(theirs)), contact(Value::Null));

    let deal = api.create("opportunities", json!({"name": "一单", "account": ours, "contact": wang}));
    let deal = format!("/opportunities/{}", id(&deal));
    let refused = api.patch(&deal, &json!({"contact": li})).problem(422, "invalid");
    assert_eq!(faults(&refused), fault("contact", "not_within"));
    // From the other side too, and both at once are fine.
    let refused = api.patch(&deal, &json!({"account": theirs})).problem(422, "invalid");
    assert_eq!(faults(&refused), fault("contact", "not_within"));
    api.patch(&deal, &json!({"account": theirs, "contact": li})).ok();
    api.patch(&deal, &json!({"contact": free})).ok();
    api.lang = "zh-CN";
    let refused =
        api.post("/tasks", &json!({"subject": "回访", "account": ours, "contact": li})).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["message"], "不属于所选的“客户”");
}

#[test]
fn a_companys_own_references_lie_within_others_too() {
    let server = TestServer::new();
    let api = server.admin();
    let field = |key: &str, settings: Value| json!({"object": "product", "key": key, "kind": "reference", "label_zh": key, "label_en": key, "settings": settings});
    api.create("field_definitions", field("maker", json!({"to": "account"})));
    let refused = api.post("/field_definitions", &field("agent", json!({"to": "contact", "within": "price"})));
    assert_eq!(faults(&refused.problem(422, "invalid")), fault("settings", "not_an_option"));
    api.create("field_definitions", field("agent", json!({"to": "contact", "within": "maker"})));
    let [ours, theirs] = ["鑫茂", "远大"].map(|name| id(&api.create("accounts", json!({"name": name}))).to_owned());
    let li = id(&api.create("contacts", json!({"name": "李", "account": theirs}))).to_owned();
    let refused = api.post("/products", &json!({"name": "泵", "maker": ours, "agent": li})).problem(422, "invalid");
    assert_eq!(faults(&refused), fault("agent", "not_within"));
    api.create("products", json!({"name": "泵", "maker": theirs, "agent": li}));
}

#[test]
fn records_alike_are_found_and_those_of_others_are_masked() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = server.role("试用", json!({
        "account": {"read": "self", "create": "self"}, "contact": {"read": "self"}, "lead": {"read": "self", "create": "self"},
    }));
    let wang = server.user("wang", &role, json!({"name": "王小明"}));
    server.user("li", &role, json!({"name": "李四"}));
    let known = admin.create("accounts", json!({
        "name": "深圳市腾讯计算机系统有限公司", "tax_id": "914403001922038216", "phone": "0755-86013388", "owner": wang,
    }));
    let lead = admin
        .create("leads", json!({"name": "张三", "mobile": "13812345678", "email": "Zhang@Example.com", "owner": wang}));
    let ask = |api: &Api, plural: &str, record: Value| {
        api.post(&format!("/{plural}/similar"), &json!({"record": record})).ok()["data"].as_array().unwrap().clone()
    };

    let seen = server.sign_in("wang", PASSWORD);
    let found = ask(&seen, "accounts", json!({"name": "深圳腾讯计算机系统股份公司"}));
    let found = found.iter().find(|f| f["object"] == "account").expect("the same company in other words");
    assert_eq!((&found["id"], &found["masked"], &found["owner"]), (&known["id"], &json!(false), &json!("王小明")));
    // Itself does not count.
    let own = seen.get(&format!("/accounts/{}/similar", id(&known))).ok();
    assert_eq!(own["data"], json!([]));

    let other = server.sign_in("li", PASSWORD);
    for record in [
        json!({"name": "深圳市腾讯计算机系统有限公司"}),
        json!({"name": "别的", "tax_id": "914403001922038216"}),
        json!({"name": "别的", "phone": "+86 755 8601 3388"}),
    ] {
        let found = ask(&other, "accounts", record);
        // No more and no less than that it is there, and whose it is.
        let masked = json!({"object": "account", "id": null, "title": "深***公司", "owner": "王小明", "masked": true, "matched": []});
        assert_eq!(found, [masked]);
    }
    // A lead's number and address, however they are written; from another object as well.
    let masked =
        json!({"object": "lead", "id": null, "title": "张*", "owner": "王小明", "masked": true, "matched": []});
    assert_eq!(ask(&other, "leads", json!({"name": "李", "mobile": "138 1234 5678"})), std::slice::from_ref(&masked));
    assert_eq!(
        ask(&other, "leads", json!({"name": "李", "email": "zhang@example.com"})),
        std::slice::from_ref(&masked)
    );
    assert_eq!(ask(&other, "accounts", json!({"name": "李", "email": "zhang@example.com"})), [masked]);
    other.get(&format!("/leads/{}/similar", id(&lead))).problem(404, "not_found");
    other.post("/products/similar", &json!({"record": {"name": "泵"}})).problem(403, "forbidden");
    other.post("/accounts/similar", &json!({"record": {"colour": "红"}})).problem(400, "unknown_field");
    assert_eq!(ask(&other, "accounts", json!({"name": "毫无关系"})), Vec::<Value>::new());
}

#[test]
fn people_settle_their_own_matters_whatever_their_role() {
    let server = TestServer::new();
    let role = server.role("试用", json!({"account": {"read": "self"}}));
    server.user("li", &role, json!({"name": "李四"}));
    let li = server.sign_in("li", PASSWORD);
    let navigation = json!({"sections": ["work"], "order": ["opportunity", "account"], "hidden": ["lead"], "collapsed": ["sales"], "views": []});
    let change = json!({"name": "李思", "mobile": "13900001111", "locale": "en", "time_zone": "America/New_York", "theme": "dark", "density": "compact", "navigation": navigation});
    let me = li.patch("/auth/me", &change).ok();
    assert_eq!(
        (&me["name"], &me["locale"], &me["time_zone"]),
        (&json!("李思"), &json!("en"), &json!("America/New_York"))
    );
    // On another machine.
    let there = server.sign_in("li", PASSWORD).get("/auth/me").ok();
    assert_eq!(there, me);
    assert_eq!(there["preferences"], json!({"theme": "dark", "density": "compact", "navigation": navigation}));
    // One at a time: the others stay.
    let me = li.patch("/auth/me", &json!({"theme": "light"})).ok();
    assert_eq!((&me["preferences"]["theme"], &me["preferences"]["density"]), (&json!("light"), &json!("compact")));

    for (field, value) in [
        ("theme", "blue"),
        ("density", "tiny"),
        ("time_zone", "Mars/Base"),
        ("locale", "fr"),
        ("mobile", "12"),
        ("name", ""),
    ] {
        let refused = li.patch("/auth/me", &json!({field: value})).problem(422, "invalid");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    // What is not one's own to decide.
    for field in ["role", "status", "username", "permissions"] {
        li.patch("/auth/me", &json!({field: "x"})).problem(400, "bad_request");
    }
    let admin = server.admin();
    let seen = admin.get(&format!("/users/{}", me["id"].as_str().unwrap())).ok();
    assert_eq!((seen["name"].as_str(), seen.get("preferences")), (Some("李思"), None));
}
