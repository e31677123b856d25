//! Records change hands: one with what hangs on it, or everything that somebody leaves; and an administrator looks with
//! somebody else's eyes.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use reqwest::Method;
use serde_json::{Value, json};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

fn ids(api: &Api, plural: &str) -> usize {
    api.get(&format!("/{plural}")).ids().len()
}

/// A role that sees its own, and two people who have it.
fn two(server: &TestServer) -> (String, String) {
    let actions = ["read", "create", "edit", "delete", "transfer", "share", "bulk_edit"];
    let own: serde_json::Map<String, Value> = actions.iter().map(|a| ((*a).to_owned(), json!("self"))).collect();
    let role = server.role("销售三组", json!({"*": own, "user": {"read": "all"}}));
    (server.user("wang", &role, json!({})), server.user("li", &role, json!({})))
}

#[test]
fn what_hangs_on_a_record_goes_with_it_and_the_former_owner_may_stay() {
    let server = TestServer::new();
    let (wang_id, li_id) = two(&server);
    let (wang, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    let account = wang.create("accounts", json!({"name": "甲"}));
    for name in ["张", "李"] {
        wang.create("contacts", json!({"name": name, "account": id(&account)}));
    }
    let other = server.admin().create("contacts", json!({"name": "赵", "account": id(&account)}));
    let path = format!("/accounts/{}/actions/transfer", id(&account));
    for (wish, field) in [
        (json!({"owner": li_id, "keep": "everything"}), "keep"),
        (json!({"owner": li_id, "children": "yes"}), "children"),
        (json!({"owner": "nobody"}), "owner"),
    ] {
        assert_eq!(wang.post(&path, &wish).problem(422, "invalid")["errors"][0]["field"], field);
    }
    let done = wang.post(&path, &json!({"owner": li_id, "children": true, "keep": "read"})).ok();
    assert_eq!(done["children"], 2, "not what belongs to somebody else");
    assert_eq!(
        server.admin().get(&format!("/contacts/{}", id(&other))).ok()["owner"],
        server.admin().get("/auth/me").ok()["id"]
    );
    assert_eq!((ids(&li, "accounts"), ids(&li, "contacts")), (1, 3), "and sees what hangs on it");
    assert_eq!((ids(&wang, "accounts"), ids(&wang, "contacts")), (1, 3));
    wang.patch(&format!("/accounts/{}", id(&account)), &json!({"city": "上海"})).problem(403, "forbidden");
    let team = li.get(&format!("/record_members?record={}", id(&account))).ok();
    assert_eq!((&team["data"][0]["user"], &team["data"][0]["level"]), (&json!(wang_id), &json!("read")));
}

#[test]
fn everything_that_somebody_leaves_goes_to_a_successor_and_comes_back() {
    let server = TestServer::new();
    let admin = server.admin();
    let (wang_id, li_id) = two(&server);
    let (wang, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    let account = wang.create("accounts", json!({"name": "甲"}));
    wang.create("accounts", json!({"name": "乙"}));
    wang.create("contacts", json!({"name": "张", "account": id(&account)}));
    wang.create("follow_ups", json!({"content": "电话", "account": id(&account)}));
    wang.create("tasks", json!({"subject": "寄样"}));
    wang.create("tasks", json!({"subject": "已办", "status": "done"}));
    let told = admin.post("/bulk/hand_overs/preview", &json!({"from": wang_id})).ok();
    let share = |object: &str| {
        let found = told["objects"].as_array().unwrap().iter().find(|o| o["object"] == object);
        found.map(|o| (o["records"].as_i64().unwrap(), o["usual"].as_bool().unwrap()))
    };
    assert_eq!(share("account"), Some((2, true)));
    assert_eq!(share("contact"), Some((1, true)));
    assert_eq!(share("task"), Some((1, true)), "only what is open");
    assert_eq!(share("follow_up"), Some((1, false)), "what was done stays theirs");

    for (wish, field) in [
        (json!({"from": wang_id}), "to"),
        (json!({"from": wang_id, "to": wang_id}), "to"),
        (json!({"from": wang_id, "to": account["id"]}), "to"),
        (json!({"from": account["id"], "to": li_id}), "from"),
        (json!({"from": wang_id, "to": li_id, "objects": []}), "objects"),
    ] {
        assert_eq!(
            admin.post("/bulk/hand_overs", &wish).problem(422, "invalid")["errors"][0]["field"],
            field,
            "{wish}"
        );
    }
    admin
        .post("/bulk/hand_overs", &json!({"from": wang_id, "to": li_id, "objects": ["user"]}))
        .problem(403, "forbidden");

    let wish = json!({"from": wang_id, "to": li_id, "keep": "read"});
    let reply = admin.post("/bulk/hand_overs", &wish);
    assert_eq!(reply.status, 202, "{}", reply.text);
    let job = admin.wait(id(&reply.json()));
    assert_eq!((&job["state"], &job["progress"]["updated"]), (&json!("done"), &json!(4)), "{job}");
    assert_eq!(job["name"], "wang → li");
    let owned = |who: &str, plural: &str| admin.get(&format!("/{plural}?owner={who}")).ids().len();
    assert_eq!((owned(&li_id, "accounts"), owned(&li_id, "contacts"), owned(&li_id, "tasks")), (2, 1, 1));
    assert_eq!((owned(&wang_id, "follow_ups"), owned(&wang_id, "tasks")), (1, 1));
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    assert_eq!((ids(&li, "accounts"), ids(&wang, "accounts")), (2, 2), "wang still reads");
    wang.patch(&format!("/accounts/{}", id(&account)), &json!({"city": "上海"})).problem(403, "forbidden");

    // Who is in a team for having owned the record goes from there; no record goes to the recycle bin for that.
    let undo = admin.get(&format!("/bulk/jobs/{}/undo", id(&job))).ok();
    assert_eq!((&undo["deleted"], &undo["restored"]), (&json!(0), &json!(4)), "{undo}");
    assert_ne!(undo["withdrawn"], 0, "{undo}");
    let undone = admin.undo(&job);
    assert_eq!(undone["state"], "done", "{undone}");
    assert_eq!((owned(&wang_id, "accounts"), owned(&li_id, "accounts"), owned(&wang_id, "tasks")), (2, 0, 2));
    assert_eq!(admin.get("/record_members").ids().len(), 0, "nobody is left in a team");
    assert_eq!(ids(&li, "accounts"), 0);

    // Within one's own reach anybody may.
    let mine = wang.post("/bulk/hand_overs", &json!({"from": wang_id, "to": li_id, "objects": ["account"]}));
    assert_eq!(mine.status, 202, "{}", mine.text);
    assert_eq!(wang.wait(id(&mine.json()))["progress"]["updated"], 2);
    let others = wang.post("/bulk/hand_overs/preview", &json!({"from": li_id})).ok();
    assert_eq!(others["objects"], json!([]), "others' records are not even counted");
}

#[test]
fn an_administrator_looks_as_somebody_else_and_can_change_nothing() {
    let server = TestServer::new();
    let admin = server.admin();
    let (wang_id, li_id) = two(&server);
    let wang = server.sign_in("wang", PASSWORD);
    wang.create("accounts", json!({"name": "甲"}));
    admin.create("accounts", json!({"name": "总部的"}));
    wang.post("/auth/view_as", &json!({"user": li_id})).problem(403, "forbidden");
    admin.post("/auth/view_as", &json!({"user": "00000000-0000-7000-8000-000000000000"})).problem(422, "invalid");

    let token =
        admin.post("/auth/view_as", &json!({"user": wang_id})).ok()["access_token"].as_str().unwrap().to_owned();
    let as_wang = admin.bearing(&token);
    let me = as_wang.get("/auth/me").ok();
    assert_eq!((me["name"].as_str(), &me["viewer"]), (Some("wang"), &admin.get("/auth/me").ok()["id"]));
    assert_eq!(as_wang.get("/accounts").ok()["data"][0]["name"], "甲");
    assert_eq!(ids(&as_wang, "accounts"), 1);
    assert_eq!(as_wang.post("/accounts/query", &json!({"limit": 5})).ok()["data"].as_array().unwrap().len(), 1);
    // With their eyes on their own views, and not in their inbox.
    let view = |who: &Api, name: &str| {
        who.create("saved_views", json!({"name": name, "object": "account", "settings": {}}));
    };
    view(&wang, "我的客户");
    view(&admin, "管理员自己的");
    let names = as_wang.get("/saved_views").ok();
    assert_eq!(names["data"].as_array().unwrap().iter().map(|v| &v["name"]).collect::<Vec<_>>(), ["我的客户"]);
    as_wang.get("/notifications").problem(403, "forbidden");
    let record = format!("/accounts/{}", as_wang.get("/accounts").ids()[0]);
    for (method, path, body) in [
        (Method::POST, "/accounts", json!({"name": "乙"})),
        (Method::PATCH, record.as_str(), json!({"name": "乙"})),
        (Method::DELETE, record.as_str(), json!({})),
        (Method::PATCH, "/auth/me", json!({"locale": "en"})),
        (Method::POST, "/auth/password", json!({"current": PASSWORD, "password": "something else 7"})),
        (Method::POST, "/bulk/exports", json!({"object": "account", "format": "csv"})),
        (Method::POST, "/api_keys", json!({"name": "k"})),
        (Method::POST, "/auth/view_as", json!({"user": li_id})),
    ] {
        let reply = kezhan_tests::server::send(as_wang.request(method.clone(), path).json(&body));
        assert_eq!(
            (reply.status.as_u16(), reply.json()["code"].as_str()),
            (403, Some("read_only_view")),
            "{method} {path}"
        );
    }
    assert_eq!(as_wang.get(&record).ok()["name"], "甲");

    // The view lasts as long as the administrator's right and session.
    let own_role = admin.get(&format!("/users/{wang_id}")).ok()["role"].clone();
    let me = admin.get("/auth/me").ok()["id"].as_str().unwrap().to_owned();
    let second = server.user(
        "zhao",
        &server.role("二号管理员", json!({"*": {"read": "all", "configure": "all", "edit": "all"}})),
        json!({}),
    );
    let zhao = server.sign_in("zhao", PASSWORD);
    let seen = zhao.post("/auth/view_as", &json!({"user": me})).ok()["access_token"].as_str().unwrap().to_owned();
    let as_admin = zhao.bearing(&seen);
    assert_eq!(ids(&as_admin, "accounts"), 2);
    admin.patch(&format!("/users/{second}"), &json!({"role": own_role})).ok();
    as_admin.get("/accounts").problem(403, "forbidden");
    assert_eq!(admin.post("/auth/logout", &json!({})).status, 204);
    as_wang.get("/accounts").problem(401, "token_expired");
}
