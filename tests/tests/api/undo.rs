//! Taking back a change takes back what rules made of it.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD, send};
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn a_deal_that_is_closed_again_by_an_undo_was_closed_when_it_was() {
    let server = TestServer::new();
    let api = server.admin();
    let stage = |outcome: &str| {
        let found = api.get(&format!("/stages?outcome={outcome}&sort=sort_order&limit=1")).ok();
        found["data"][0]["id"].as_str().unwrap().to_owned()
    };
    let (open, won) = (stage("open"), stage("won"));
    let deal = api.create("opportunities", json!({"name": "年度框架", "stage": open}));
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let closed = json!({"stage": won, "closed_on": "2026-03-01", "probability": "90"});
    api.patch(&path, &closed).ok();
    let reopened = api.patch(&path, &json!({"stage": open})).ok();
    assert_eq!((&reopened["closed_on"], &reopened["probability"]), (&Value::Null, &json!("10")));

    let version = &reopened["version"];
    let back = api.patch(&format!("{path}?undoes={version}"), &json!({"stage": won})).ok();
    assert_eq!(
        (&back["closed_on"], &back["probability"], &back["outcome"]),
        (&json!("2026-03-01"), &json!("90"), &json!("won"))
    );

    // In a batch too; what somebody has changed since stays as it is.
    let reopened = api.patch(&path, &json!({"stage": open})).ok();
    api.patch(&path, &json!({"probability": "35"})).ok();
    let undo = json!({"op": "update", "id": deal["id"], "record": {"stage": won}, "undoes": reopened["version"]});
    let back = api.post("/opportunities/batch", &json!({"operations": [undo]})).ok();
    let back = &back["results"][0]["record"];
    assert_eq!((&back["closed_on"], &back["probability"]), (&json!("2026-03-01"), &json!("100")), "{back}");

    api.patch(&format!("{path}?undoes=first"), &json!({"stage": open})).problem(400, "bad_value");
    // A version that was no change, or never was, brings nothing along.
    let none = api.patch(&format!("{path}?undoes=99"), &json!({"stage": open})).ok();
    assert_eq!(none["closed_on"], Value::Null);
}

#[test]
fn where_a_record_goes_with_its_new_owner_is_on_record() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = server.role("sales", json!({ "*": { "read": "all", "create": "all", "edit": "all" } }));
    let home = |name: &str| admin.create("departments", json!({ "name": name }))["id"].clone();
    let (east, north) = (home("华东"), home("华北"));
    let zhang = server.user("zhang", &role, json!({ "home_department": east }));
    let li = server.user("li", &role, json!({ "home_department": north }));
    let wu = server.user("wu", &role, json!({ "home_department": north }));
    let account = admin.create("accounts", json!({ "name": "鑫茂科技", "owner": zhang }));
    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    let told = |owner: &str| {
        admin.patch(&path, &json!({ "owner": owner })).ok();
        admin.get(&format!("{path}/history")).ok()["data"][0]["changes"].clone()
    };
    let changes = told(&li);
    assert_eq!(changes["department"], json!({ "from": east, "to": north }), "{changes}");
    let changes = told(&wu);
    assert_eq!((changes["owner"]["to"].clone(), changes.get("department")), (json!(wu), None), "the same department");
}

#[test]
fn who_gave_a_record_to_the_wrong_colleague_takes_it_back_at_once_and_nobody_else_does() {
    let server = TestServer::new();
    let own = json!({ "read": "self", "create": "self", "edit": "self", "transfer": "self", "bulk_edit": "self" });
    let role = server.role("sales", json!({ "*": own, "user": { "read": "all" } }));
    let [zhang, li, wu] = ["zhang", "li", "wu"].map(|name| server.user(name, &role, json!({})));
    let [zhang_api, li_api, wu_api] = ["zhang", "li", "wu"].map(|name| server.sign_in(name, PASSWORD));
    let account = zhang_api.create("accounts", json!({ "name": "鑫茂科技" }));
    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    let owner = || server.admin().get(&path).ok()["owner"].clone();
    let given = |api: &Api, to: &str| api.patch(&path, &json!({ "owner": to })).ok()["version"].as_i64().unwrap();
    let back = |api: &Api, version: i64, patch: Value| api.patch(&format!("{path}?undoes={version}"), &patch);
    let version = given(&zhang_api, &li);
    assert_eq!(zhang_api.get(&path).status, 404, "it is out of reach");
    // Nothing but what was changed, and as it was.
    back(&zhang_api, version, json!({ "owner": wu })).problem(404, "not_found");
    back(&zhang_api, version, json!({ "owner": zhang, "name": "改名" })).problem(404, "not_found");
    back(&zhang_api, version - 1, json!({ "owner": zhang })).problem(404, "not_found");
    back(&wu_api, version, json!({ "owner": zhang })).problem(404, "not_found");
    assert_eq!(owner(), json!(li));
    assert_eq!(back(&zhang_api, version, json!({ "owner": zhang })).ok()["owner"], json!(zhang));
    // Once its new owner has begun to work on it, it is theirs.
    let version = given(&zhang_api, &li);
    li_api.patch(&path, &json!({ "notes": "已联系" })).ok();
    back(&zhang_api, version, json!({ "owner": zhang })).problem(404, "not_found");
    assert_eq!(owner(), json!(li));
    // In a batch, as lists do it.
    let second = zhang_api.create("accounts", json!({ "name": "西湖茶业" }));
    let give = json!({ "op": "update", "id": second["id"], "record": { "owner": li } });
    let done = zhang_api.post("/accounts/batch", &json!({ "operations": [give] })).ok();
    let undo = json!({
        "op": "update", "id": second["id"], "record": { "owner": zhang }, "undoes": done["results"][0]["record"]["version"],
    });
    let undone = zhang_api.post("/accounts/batch", &json!({ "operations": [undo] })).ok();
    assert_eq!(undone["results"][0]["status"], 200, "{undone} after {done}");
}

#[test]
fn what_nobody_else_has_touched_is_taken_back_whatever_else_they_changed() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲", "city": "上海"}));
    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    let mine = api.patch(&path, &json!({"city": "苏州"})).ok();
    let undo = |version: &Value, city: &str| {
        let asked = api.request(Method::PATCH, &format!("{path}?undoes={version}"));
        send(asked.header("if-match", format!("\"{version}\"")).json(&json!({"city": city})))
    };
    api.patch(&path, &json!({"website": "https://a.example"})).ok();
    let back = undo(&mine["version"], "上海").ok();
    assert_eq!((&back["city"], &back["website"]), (&json!("上海"), &json!("https://a.example")));
    // Of what somebody has changed since, they decide.
    let mine = api.patch(&path, &json!({"city": "苏州"})).ok();
    api.patch(&path, &json!({"city": "无锡"})).ok();
    undo(&mine["version"], "上海").problem(412, "stale");
    let batch = json!({"operations": [{"op": "update", "id": account["id"], "record": {"city": "上海"},
        "version": mine["version"], "undoes": mine["version"]}]});
    let answer = api.post("/accounts/batch", &batch);
    assert!(answer.text.contains("stale"), "{}", answer.text);
    assert_eq!(api.get(&path).ok()["city"], "无锡");
}
