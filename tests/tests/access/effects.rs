//! What a change of people, departments and limits would do, told before it is made; and what cannot be done at all.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn effect(api: &Api, plural: &str, id: &str, change: Value) -> Value {
    api.post(&format!("/{plural}/{id}/actions/preview_change"), &json!({"change": change})).ok()["objects"].clone()
}

fn lost(told: &Value, object: &str) -> (i64, i64, i64, i64) {
    let line = told.as_array().unwrap().iter().find(|line| line["object"] == object);
    let n = |key: &str| line.map_or(0, |line| line[key].as_i64().unwrap());
    (n("people_losing"), n("records_lost"), n("people_gaining"), n("records_gained"))
}

/// East and west; in each one who sees the department, and two accounts of hers.
fn two_departments(server: &TestServer) -> (Api, [String; 2], [String; 2]) {
    let api = server.admin();
    let role = server.role("看部门", json!({"account": {"read": "department_and_below"}}));
    let departments = ["华东", "华西"]
        .map(|name| api.create("departments", json!({"name": name}))["id"].as_str().unwrap().to_owned());
    let people = [("li", 0), ("wang", 1)].map(|(name, at): (&str, usize)| {
        let user = server.user(name, &role, json!({"home_department": departments[at]}));
        for n in 0..2 {
            api.create("accounts", json!({"name": format!("{name}的{n}"), "owner": user}));
        }
        user
    });
    (api, departments, people)
}

#[test]
fn whoever_changes_departments_takes_their_records_along_and_that_is_told() {
    let server = TestServer::new();
    let (api, [_, west], [li, _]) = two_departments(&server);
    let colleague = server.role("也看部门", json!({"account": {"read": "department"}}));
    let east = api.get(&format!("/users/{li}")).ok()["home_department"].clone();
    server.user("chen", &colleague, json!({"home_department": east}));
    let told = effect(&api, "users", &li, json!({"home_department": west}));
    // Chen loses li's two; wang gains them, and li gains wang's.
    assert_eq!(lost(&told, "account"), (1, 2, 2, 4), "{told}");
    assert_eq!(server.sign_in("wang", PASSWORD).get("/accounts").ids().len(), 2, "nothing is stored");
    api.patch(&format!("/users/{li}"), &json!({"home_department": west})).ok();
    let sees = |who: &str| server.sign_in(who, PASSWORD).get("/accounts").ids().len();
    assert_eq!((sees("wang"), sees("li"), sees("chen")), (4, 4, 0), "as it was told");
}

#[test]
fn another_role_a_lower_department_and_leaving_are_told_before_they_are_saved() {
    let server = TestServer::new();
    let (api, [east, west], [li, _]) = two_departments(&server);
    let all = server.role("看全部", json!({"account": {"read": "all"}}));
    assert_eq!(lost(&effect(&api, "users", &li, json!({"role": all})), "account"), (0, 0, 1, 2));
    assert_eq!(lost(&effect(&api, "users", &li, json!({"status": "left"})), "account"), (1, 2, 0, 0));
    // The west below the east: who sees the east sees the west as well.
    assert_eq!(lost(&effect(&api, "departments", &west, json!({"parent": east})), "account"), (0, 0, 1, 2));
    assert_eq!(effect(&api, "users", &li, json!({"name": "李"})), json!([]));
    // Only those whose sight may change are counted as concerned.
    let path = format!("/users/{li}/actions/preview_change");
    let told = api.post(&path, &json!({"change": {"role": all}})).ok();
    assert_eq!((&told["people"], &told["counted"]), (&json!(1), &json!(1)));
    let circle = json!({"change": {"parent": west}});
    api.post(&format!("/departments/{west}/actions/preview_change"), &circle).problem(422, "invalid");
    let li_herself = server.sign_in("li", PASSWORD).post(&format!("/users/{li}/actions/preview_change"), &circle);
    assert!(li_herself.status.is_client_error(), "{}", li_herself.text);
}

#[test]
fn limits_tell_whom_they_bind_and_whether_one_shuts_oneself_out() {
    let server = TestServer::new();
    let api = server.admin();
    let me = api.get("/auth/me").ok();
    let role = me["role"]["id"].as_str().or(me["role"].as_str()).unwrap().to_owned();
    let stored = api.get(&format!("/roles/{role}")).ok();
    let ask = |limits: Value| {
        let wish = json!({"grants": stored["grants"], "limits": limits});
        api.post(&format!("/roles/{role}/actions/preview_grants"), &wish)
    };
    let told = ask(json!({"networks": ["10.9.0.0/16"]})).ok();
    assert_eq!(told["limited"], json!({"people": 1, "bound": true, "you_are_outside": true}));
    let told = ask(json!({"networks": ["127.0.0.0/8", "::1/128"]})).ok();
    assert_eq!(told["limited"]["you_are_outside"], false);
    assert_eq!(ask(Value::Null).ok()["limited"], Value::Null, "as it is");
    ask(json!({"days": [8]})).problem(422, "invalid");
}

#[test]
fn somebody_is_left_who_can_manage_rights() {
    let server = TestServer::new();
    let api = server.admin();
    let me = api.get("/auth/me").ok()["id"].as_str().unwrap().to_owned();
    let user = api.get(&format!("/users/{me}")).ok();
    let small =
        server.role("小角色", json!({"account": {"read": "self"}, "user": {"configure": "all", "edit": "all"}}));
    api.patch(&format!("/users/{me}"), &json!({"role": small})).problem(422, "last_administrator");
    api.patch(&format!("/users/{me}"), &json!({"status": "suspended"})).problem(422, "last_administrator");
    let role = user["role"].as_str().unwrap();
    let less = json!({"grants": {"account": {"read": "all"}, "role": {"read": "all", "edit": "all"}}});
    api.patch(&format!("/roles/{role}"), &less).problem(422, "last_administrator");
    assert_eq!(api.get(&format!("/users/{me}")).ok()["role"], user["role"], "nothing is stored");
    server.user("deputy", role, json!({}));
    api.patch(&format!("/users/{me}"), &json!({"role": small})).ok();
}

#[test]
fn what_is_hidden_of_a_record_is_neither_told_by_duplicates_nor_by_timelines() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "西湖茶业有限公司"}))["id"].as_str().unwrap().to_owned();
    let contact = api.create("contacts", json!({"name": "陈静", "account": account}))["id"].clone();
    let role = server.role(
        "看不全",
        json!({
            "account": {"read": "all", "create": "all", "fields": {"owner": "hidden"}},
            "contact": {"read": "all", "fields": {"account": "hidden"}},
        }),
    );
    server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    let same = json!({"record": {"name": "西湖茶业有限公司"}});
    assert_eq!(api.post("/accounts/similar", &same).ok()["data"][0]["owner"], "admin");
    let found = li.post("/accounts/similar", &same).ok();
    assert_eq!((&found["data"][0]["id"], &found["data"][0]["owner"]), (&json!(account), &Value::Null));
    let tells = |api: &Api| api.get(&format!("/accounts/{account}/timeline")).text.contains(contact.as_str().unwrap());
    assert!(tells(&api) && !tells(&li));
    assert!(li.get(&format!("/contacts/{}", contact.as_str().unwrap())).ok()["name"] == "陈静");
}

#[test]
fn why_names_the_role_of_a_field_and_the_limits_of_a_role() {
    let server = TestServer::new();
    let api = server.admin();
    let grants = json!({"account": {"read": "all", "fields": {"phone": "masked"}}});
    let role = server.role("外勤", grants);
    api.patch(&format!("/roles/{role}"), &json!({"limits": {"networks": ["10.9.0.0/16"]}})).ok();
    let li = server.user("li", &role, json!({}));
    let account = api.create("accounts", json!({"name": "西湖茶业", "phone": "13812345678"}))["id"].clone();
    let told = api.get(&format!("/accounts/{}/access?user={li}", account.as_str().unwrap())).ok();
    let read = told["verdicts"].as_array().unwrap().iter().find(|v| v["action"] == "read").unwrap();
    assert_eq!((&read["allowed"], &read["role"]), (&json!(true), &json!("外勤")));
    assert_eq!(read["limits"]["limits"]["networks"], json!(["10.9.0.0/16"]));
    assert!(read["explanation"].as_str().unwrap().contains("10.9.0.0/16"), "{read}");
    let phone = told["fields"].as_array().unwrap().iter().find(|f| f["field"] == "phone").unwrap();
    assert_eq!(phone, &json!({"field": "phone", "level": "masked", "roles": ["外勤"]}));
    // They are outside: to themselves it says so.
    server.sign_in("li", PASSWORD).get("/accounts").problem(403, "forbidden");
}

#[test]
fn whoever_may_hand_over_nothing_is_told_so() {
    let server = TestServer::new();
    let role = server.role("小销售", json!({"account": {"read": "all", "edit": "self"}, "user": {"read": "all"}}));
    let (li, wang) = (server.user("li", &role, json!({})), server.user("wang", &role, json!({})));
    let wish = json!({"from": wang, "to": li});
    server.sign_in("li", PASSWORD).post("/bulk/hand_overs", &wish).problem(403, "forbidden");
}
