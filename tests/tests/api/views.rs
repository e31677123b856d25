//! Saved views: who sees, changes and deletes a shared one, and which one a role begins with.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn own() -> Value {
    let own = json!({"read": "all", "create": "self", "edit": "self", "delete": "self"});
    json!({"*": own, "user": {"read": "all"}, "department": {"read": "all"}, "role": {"read": "all"}})
}

fn view(name: &str, more: Value) -> Value {
    let mut view = json!({"name": name, "object": "account", "settings": {}});
    view.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    view
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

/// What someone finds: the list, each by id, and the metadata agree.
fn sees(api: &Api, all: &[String]) -> Vec<bool> {
    let (listed, meta) = (api.get("/saved_views").ids(), api.get("/meta/objects/account").ok());
    let meta: Vec<&str> = meta["views"].as_array().unwrap().iter().map(|v| v["id"].as_str().unwrap()).collect();
    all.iter()
        .map(|id| {
            let found = api.get(&format!("/saved_views/{id}")).status == 200;
            assert_eq!((listed.contains(id), meta.contains(&id.as_str())), (found, found));
            found
        })
        .collect()
}

#[test]
fn a_view_of_a_department_is_seen_by_its_members_and_changed_by_its_owner_and_administrators() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = server.role("自管", own());
    let department =
        |name: &str, parent: Value| id(&admin.create("departments", json!({"name": name, "parent": parent})));
    let east = department("华东", Value::Null);
    let (shanghai, north) = (department("上海", json!(east)), department("华北", Value::Null));
    let person = |name: &str, home: &str| {
        server.user(name, &role, json!({"home_department": home}));
        server.sign_in(name, PASSWORD)
    };
    let (wang, li, zhao, qian) =
        (person("wang", &east), person("li", &east), person("zhao", &shanghai), person("qian", &north));

    let kept = id(&wang.create("saved_views", view("我的", json!({}))));
    let team = id(&wang.create("saved_views", view("华东的", json!({"visibility": "team", "unit": east}))));
    let all = id(&wang.create("saved_views", view("大家的", json!({"visibility": "all"}))));
    let views = [kept.clone(), team.clone(), all.clone()];
    assert_eq!(sees(&wang, &views), [true, true, true]);
    assert_eq!(sees(&li, &views), [false, true, true], "a colleague");
    assert_eq!(sees(&zhao, &views), [false, true, true], "below the department");
    assert_eq!(sees(&qian, &views), [false, false, true], "elsewhere");
    assert_eq!(sees(&admin, &views), [false, true, true], "keeps shared ones in order, private ones stay private");

    // Seeing is not changing.
    let path = format!("/saved_views/{team}");
    li.patch(&path, &json!({"name": "我们的"})).problem(403, "forbidden");
    li.delete(&path).problem(403, "forbidden");
    qian.patch(&path, &json!({"name": "我们的"})).problem(404, "not_found");
    admin.patch(&path, &json!({"name": "华东区"})).ok();
    wang.patch(&path, &json!({"settings": {"q": "茶"}})).ok();
    assert_eq!(admin.delete(&format!("/saved_views/{kept}")).status, 404);
    // To a department of somebody else one shares nothing, and to none neither.
    let elsewhere = view("外人的", json!({"visibility": "team", "unit": north}));
    wang.post("/saved_views", &elsewhere).problem(422, "invalid");
    wang.post("/saved_views", &view("谁的", json!({"visibility": "team"}))).problem(422, "invalid");
    // Whoever moves away sees it no longer; taken back, nobody else does.
    let moved = id(&li.get("/auth/me").ok());
    admin.patch(&format!("/users/{moved}"), &json!({"home_department": north})).ok();
    assert_eq!(li.get(&path).status, 404);
    wang.patch(&path, &json!({"visibility": "private"})).ok();
    assert_eq!(zhao.get(&path).status, 404);
}

#[test]
fn administrators_say_with_which_view_a_role_begins_and_people_choose_another() {
    let server = TestServer::new();
    let admin = server.admin();
    let (role, other) = (server.role("销售员", own()), server.role("客服员", own()));
    server.user("wang", &role, json!({"more_roles": [other]}));
    let wang = server.sign_in("wang", PASSWORD);
    let first = json!({"visibility": "all", "default_for": [role, other]});
    wang.post("/saved_views", &view("自荐", first.clone())).problem(403, "forbidden");
    let first = id(&admin.create("saved_views", view("初选", first)));
    let second = admin.create("saved_views", view("改选", json!({"visibility": "all", "default_for": [role]})));
    let roles = |id: &str| wang.get(&format!("/saved_views/{id}")).ok()["default_for"].clone();
    assert_eq!(roles(&first), json!([other]), "a role begins with one view");
    assert_eq!(roles(&id(&second)), json!([role]));
    let narrow = format!("/saved_views/{first}");
    admin.patch(&narrow, &json!({"visibility": "private"})).problem(422, "invalid");

    let me = wang.get("/auth/me").ok();
    assert_eq!(me["roles"], json!([role, other]));
    let choice =
        json!({"account": {"default": first, "unpinned": [id(&second)]}, "lead": {"default": "none", "unpinned": []}});
    let me = wang.patch("/auth/me", &json!({"views": choice})).ok();
    assert_eq!(me["preferences"]["views"], choice);
    wang.patch("/auth/me", &json!({"views": {"account": {"default": "x"}}})).problem(422, "invalid");
}

#[test]
fn what_those_own_who_report_to_one_is_asked_for_by_a_word() {
    let server = TestServer::new();
    let role = server.role("sales", json!({ "*": { "read": "all", "create": "all", "edit": "all" } }));
    let boss = server.user("boss", &role, json!({}));
    let head = server.user("head", &role, json!({ "manager": boss }));
    server.user("zhang", &role, json!({ "manager": head }));
    server.user("li", &role, json!({}));
    let [boss, head, zhang, li] = ["boss", "head", "zhang", "li"].map(|name| server.sign_in(name, PASSWORD));
    for (api, name) in [(&boss, "甲"), (&head, "乙"), (&zhang, "丙"), (&li, "丁")] {
        api.create("accounts", json!({ "name": name }));
    }
    let found = |api: &Api, filter: Value| -> Vec<Value> {
        let page = api.post("/accounts/query", &json!({ "filter": filter, "sort": ["created_at"] })).ok();
        page["data"].as_array().unwrap().iter().map(|r| r["name"].clone()).collect()
    };
    let theirs = json!({ "field": "owner", "op": "eq", "value": "my_subordinates" });
    assert_eq!(found(&boss, theirs.clone()), ["乙", "丙"]);
    assert_eq!(found(&head, theirs.clone()), ["丙"]);
    assert_eq!(found(&zhang, theirs), Vec::<Value>::new());
    let and_mine = json!({ "field": "owner", "op": "in", "value": ["me", "my_subordinates"] });
    assert_eq!(found(&head, and_mine), ["乙", "丙"]);
    let others = json!({ "field": "owner", "op": "ne", "value": "my_subordinates" });
    assert_eq!(found(&head, others), ["甲", "乙", "丁"]);
    assert_eq!(
        (&boss.get("/auth/me").ok()["manages"], &li.get("/auth/me").ok()["manages"]),
        (&json!(true), &json!(false))
    );
}
