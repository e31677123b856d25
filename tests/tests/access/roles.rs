//! Roles over HTTP: grants are refused where they make no sense, and what a change would do is told before it is done.

use kezhan_tests::TestServer;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

#[test]
fn grants_that_name_what_is_not_there_are_refused() {
    let server = TestServer::new();
    let api = server.admin();
    let role = server.role("试", json!({"account": {"read": "self"}}));
    for (grants, what) in [
        (json!({"acount": {"read": "all"}}), "acount"),
        (json!({"account": {"read": "all", "fields": {"phoen": "masked"}}}), "account.phoen"),
        (json!({"account": {"read": {"when": {"field": "lvl", "op": "eq", "value": "a"}}}}), "account: when"),
        (json!({"contact": {"read": {"follows": {"field": "level", "op": "eq", "value": "a"}}}}), "contact: follows"),
        (json!({"*": {"fields": {"phone": "masked"}}}), "*.phone"),
    ] {
        let problem = api.patch(&format!("/roles/{role}"), &json!({"grants": grants})).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "grants");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains(what), "{problem}");
    }
    let known = json!({"account": {"read": [{"deny": "self"}, "all"], "fields": {"phone": {"owner": "write", "team": "read", "other": "masked"}}}});
    let stored = api.patch(&format!("/roles/{role}"), &json!({"grants": known})).ok();
    assert_eq!(stored["grants"], known);
}

#[test]
fn what_a_change_of_a_role_would_do_is_told_and_not_done() {
    let server = TestServer::new();
    let api = server.admin();
    let role = server.role("销售二组", json!({"account": {"read": "all"}, "contact": {"read": "self"}}));
    let li = server.user("li", &role, json!({}));
    server.user("wang", &role, json!({}));
    for owner in [&li, &li] {
        api.create("accounts", json!({"name": "李的", "owner": owner}));
    }
    api.create("accounts", json!({"name": "总部的"}));
    let path = format!("/roles/{role}/actions/preview_grants");
    let planned = json!({"account": {"read": "self"}, "contact": {"read": "self"}});
    let told = api.post(&path, &json!({"grants": planned})).ok();
    assert_eq!(
        told,
        json!({"people": 2, "counted": 2, "objects": [
            {"object": "account", "people_losing": 2, "records_lost": 4, "people_gaining": 0, "records_gained": 0},
        ], "limited": null})
    );
    assert_eq!(
        server.sign_in("li", kezhan_tests::server::PASSWORD).get("/accounts").ids().len(),
        3,
        "nothing is stored"
    );
    assert!(api.get(&format!("/roles/{role}/actions")).ok()["data"].as_array().unwrap().is_empty(), "no menu entry");
    server.sign_in("li", kezhan_tests::server::PASSWORD).post(&path, &json!({"grants": {}})).problem(403, "forbidden");
}

#[test]
fn who_may_change_everything_does_not_for_that_change_how_the_company_works() {
    let server = TestServer::new();
    let admin = server.admin();
    let all = json!({"read": "all", "create": "all", "edit": "all", "delete": "all"});
    let role = server.role("副手", json!({"*": all}));
    server.user("li", &role, json!({"name": "李娜"}));
    let li = server.sign_in("li", PASSWORD);
    let shared = json!({"name": "华东", "object": "account", "role": role, "condition": {"field": "city", "op": "eq", "value": "上海"}, "level": "read"});
    let rule = admin.create("sharing_rules", shared.clone());
    let me = li.get("/auth/me").ok();
    assert_eq!(me["permissions"]["account"]["edit"], "all");
    let configured: Vec<Value> = admin.get("/meta/objects").ok()["data"].as_array().unwrap().clone();
    let mut seen = 0;
    for object in configured {
        let name = object["name"].as_str().unwrap();
        if admin.get(&format!("/meta/objects/{name}")).ok()["configured"] == true {
            seen += 1;
            assert_eq!(me["permissions"][name], json!({"read": "all"}), "{name}");
        }
    }
    assert!(seen >= 9, "{seen}");
    let path = format!("/sharing_rules/{}", rule["id"].as_str().unwrap());
    li.get(&path).ok();
    li.post("/sharing_rules", &shared).problem(403, "forbidden");
    li.patch(&path, &json!({"name": "全国"})).problem(403, "forbidden");
    li.delete(&path).problem(403, "forbidden");
    assert_eq!(admin.get(&path).ok()["version"], rule["version"]);
}
