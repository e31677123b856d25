//! API keys: what they are held to, where they come from, how they change hands and end.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD, send};
use reqwest::Method;
use serde_json::{Value, json};

fn make(api: &Api, wish: Value) -> (Value, Api) {
    let made = api.post("/api_keys", &wish).created();
    let machine = api.bearing(made["key"].as_str().unwrap());
    (made, machine)
}

fn path(key: &Value) -> String {
    format!("/api_keys/{}", key["id"].as_str().unwrap())
}

#[test]
fn a_list_of_fields_is_all_there_is_wherever_one_asks() {
    let server = TestServer::new();
    let admin = server.admin();
    let account =
        admin.create("accounts", json!({"name": "鑫茂贸易", "phone": "13977310001", "city": "杭州", "level": "a"}));
    let (id, other) =
        (account["id"].as_str().unwrap(), admin.create("accounts", json!({"name": "乙", "city": "温州"})));
    admin.patch(&format!("/accounts/{id}"), &json!({"phone": "13977310002", "city": "宁波"})).ok();
    let contact = admin.create("contacts", json!({"name": "王伟", "account": id, "mobile": "13977310003"}));
    let fields = json!({"account": ["name", "city"], "contact": ["name", "account"]});
    let (_, machine) = make(&admin, json!({"name": "窄", "objects": ["account", "contact"], "fields": fields}));

    let seen = machine.get(&format!("/accounts/{id}")).ok();
    let keys: Vec<&String> = seen.as_object().unwrap().keys().collect();
    assert_eq!((&seen["name"], &seen["city"]), (&json!("鑫茂贸易"), &json!("宁波")));
    assert!(keys.iter().all(|k| ["id", "name", "city", "version"].contains(&k.as_str())), "{keys:?}");
    // Asking by what is not there is asking for what is not there.
    for question in ["phone=13977310002", "phone_e164[contains]=1397731", "level=a", "fields=id,phone", "sort=phone"] {
        let status = machine.get(&format!("/accounts?{question}")).status.as_u16();
        assert_eq!(status, 400, "{question}");
    }
    for question in [
        json!({"filter": {"field": "phone", "op": "starts_with", "value": "139"}}),
        json!({"group_by": ["level"]}),
        json!({"aggregates": [{"function": "max", "field": "level"}]}),
        json!({"sort": [{"field": "created_at"}]}),
    ] {
        let reply = machine.post("/accounts/query", &question);
        assert!(reply.status.is_client_error(), "{question}: {}", reply.text);
    }
    let through = json!({"filter": {"field": "account.phone", "op": "contains", "value": "1397"}});
    assert!(machine.post("/contacts/query", &through).status.is_client_error());
    let expanded = machine.get("/contacts?expand=account").ok();
    assert_eq!(expanded["data"][0]["expand"]["account"]["city"], "宁波");
    let silent = |what: &str, text: &str| assert!(!text.contains("1397731"), "{what}: {text}");
    silent("expand", &expanded.to_string());
    silent("list", &machine.get("/accounts").ok().to_string());
    let first = machine.get("/accounts?limit=1").ok();
    let rest = machine.get(&format!("/accounts?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).ids();
    assert_eq!((&first["data"][0]["id"], rest), (&other["id"], vec![id.to_owned()]), "newest first all the same");
    assert_eq!(machine.get("/search?q=77310002").ok()["data"], json!([]));
    assert_eq!(machine.get("/accounts?q=77310002").ok()["data"], json!([]));
    let history = machine.get(&format!("/accounts/{id}/history"));
    silent("history", &history.text);
    assert!(history.text.contains("宁波"));
    silent("changes", &machine.get("/changes?since=WzAsMF0&objects=account,contact").text);
    silent("timeline", &machine.get(&format!("/accounts/{id}/timeline")).text);
    let file = machine.post("/bulk/exports", &json!({"object": "account", "format": "csv"}));
    assert!(file.text.contains("宁波"), "{}", file.text);
    silent("export", &file.text);
    let meta = machine.get("/meta/objects/account").ok();
    assert!(!meta["fields"].as_array().unwrap().iter().any(|f| f["key"] == "phone"));
    // What is not seen is not written either.
    let reply = machine.patch(&format!("/accounts/{id}"), &json!({"phone": "13900000000"}));
    assert!(reply.status.is_client_error(), "{}", reply.text);
    machine.patch(&format!("/accounts/{id}"), &json!({"city": "上海"})).ok();
    assert_eq!(admin.get(&format!("/accounts/{id}")).ok()["phone"], "13977310002");
    silent("contact", &machine.get(&format!("/contacts/{}", contact["id"].as_str().unwrap())).text);
    assert!(machine.get(&format!("/accounts/{}", other["id"].as_str().unwrap())).ok().get("phone").is_none());
}

#[test]
fn a_read_only_key_reads() {
    let server = TestServer::new();
    let admin = server.admin();
    let account = admin.create("accounts", json!({"name": "甲"}));
    let record = format!("/accounts/{}", account["id"].as_str().unwrap());
    let (key, machine) = make(&admin, json!({"name": "只读", "actions": ["read"]}));
    machine.get(&record).ok();
    for (method, at, body) in [
        (Method::POST, "/accounts", json!({"name": "乙"})),
        (Method::PATCH, record.as_str(), json!({"name": "乙"})),
        (Method::DELETE, record.as_str(), json!({})),
        (Method::POST, "/bulk/exports", json!({"object": "account", "format": "csv"})),
        (Method::POST, "/saved_views", json!({"name": "v", "object": "account", "settings": {}})),
        (Method::PATCH, "/auth/me", json!({"mobile": "13800000000"})),
        (Method::POST, "/auth/password", json!({"current": PASSWORD, "password": "something else"})),
        (Method::PATCH, path(&key).as_str(), json!({"actions": null})),
        (Method::POST, format!("{}/rotate", path(&key)).as_str(), json!({})),
        (Method::GET, "/auth/sessions", json!({})),
        (Method::GET, "/audit", json!({})),
    ] {
        let reply = send(machine.request(method.clone(), at).json(&body));
        assert_eq!(reply.status, 403, "{method} {at}: {}", reply.text);
    }
    let me = machine.get("/auth/me").ok();
    assert_eq!((&me["username"], &me["email"], &me["mobile"]), (&json!("admin"), &Value::Null, &Value::Null));
    let others = make(&admin, json!({"name": "另一把"})).0;
    assert_eq!(machine.get("/api_keys").ok()["data"].as_array().unwrap().len(), 1, "it knows of itself alone");
    machine.get(&path(&others)).problem(404, "not_found");
}

#[test]
fn a_key_comes_from_its_networks_and_says_where_it_came_from() {
    let server = TestServer::with(&[("KEZHAN_BEHIND_PROXY", "true")]);
    let admin = server.admin();
    let bad = admin.post("/api_keys", &json!({"name": "x", "networks": ["10.0.0.0/8", "the office"]}));
    assert_eq!(bad.problem(422, "invalid")["errors"][0]["code"], "bad_network");
    let (key, machine) = make(&admin, json!({"name": "内网", "networks": ["10.1.0.0/16", "192.0.2.7"]}));
    let from = |address: &str| {
        send(machine.request(Method::GET, "/accounts").header("x-forwarded-for", address)).status.as_u16()
    };
    // Each after the other, so that what is known of the key does not carry over.
    assert_eq!([from("10.1.2.3"), from("10.2.2.3"), from("192.0.2.7"), from("192.0.2.8")], [200, 403, 200, 403]);
    let shown = admin.get(&path(&key)).ok();
    assert_eq!(shown["last_used_ip"], "192.0.2.7");
    assert!(shown["last_used_at"].is_string());
}

#[test]
fn bounds_change_from_the_next_request() {
    let server = TestServer::new();
    let admin = server.admin();
    admin.create("contacts", json!({"name": "王伟"}));
    let (key, machine) = make(&admin, json!({"name": "宽"}));
    machine.get("/contacts").ok();
    let at = path(&key);
    let changed = admin.patch(&at, &json!({"objects": ["account"], "actions": ["read"], "name": "窄"})).ok();
    assert_eq!((&changed["name"], &changed["objects"]), (&json!("窄"), &json!(["account"])));
    machine.get("/contacts").problem(403, "forbidden");
    assert_eq!(admin.get(&at).ok()["reach"].as_array().unwrap().len(), 1);
    admin.patch(&at, &json!({"objects": null})).ok();
    machine.get("/contacts").ok();
    machine.post("/contacts", &json!({"name": "李娜"})).problem(403, "forbidden");
    admin.patch(&at, &json!({"fields": {"contact": ["nonsense"]}})).problem(422, "invalid");
    admin.patch(&at, &json!({"key": "kz_x"})).problem(422, "invalid");
    admin.patch(&at, &json!({"expires_at": "2020-01-01T00:00:00Z"})).problem(422, "invalid");
    server.db.run("UPDATE api_keys SET expires_at = now() - interval '1 second'");
    admin.patch("/auth/me", &json!({"theme": "dark"})).ok();
    machine.get("/contacts").problem(401, "token_expired");
}

#[test]
fn a_rotated_key_has_two_texts_for_a_while() {
    let server = TestServer::new();
    let admin = server.admin();
    let (key, old) = make(&admin, json!({"name": "换"}));
    old.get("/accounts").ok();
    let at = path(&key);
    let next = admin.post(&format!("{at}/rotate"), &json!({"overlap_hours": 2})).ok();
    let new = admin.bearing(next["key"].as_str().unwrap());
    assert_eq!(next["prefix"], key["prefix"]);
    assert_ne!(next["key"], key["key"]);
    old.get("/accounts").ok();
    new.get("/accounts").ok();
    let shown = admin.get(&at).ok();
    assert!(shown["previous_until"].is_string() && shown["previous_used_at"].is_string(), "{shown}");
    assert!(shown.get("key").is_none());
    // After a leak the former text ends at once, and so does the one before it.
    let third = admin.post(&format!("{at}/rotate"), &json!({"overlap_hours": 0})).ok();
    old.get("/accounts").problem(401, "token_expired");
    new.get("/accounts").problem(401, "token_expired");
    let third = admin.bearing(third["key"].as_str().unwrap());
    third.get("/accounts").ok();
    assert_eq!(admin.delete(&at).status, 204);
    third.get("/accounts").problem(401, "token_expired");
    admin.post(&format!("{at}/rotate"), &json!({})).problem(422, "not_possible");
    admin.post(&format!("{at}/rotate"), &json!({"overlap_hours": 100_000})).problem(422, "invalid");
    let trail = admin.get("/audit?category=security").ok().to_string();
    assert!(trail.contains("key_rotated") && trail.contains("key_revoked"), "{trail}");
}

#[test]
fn a_key_shrinks_with_its_person() {
    let server = TestServer::new();
    let wide = server.role("全部", json!({"*": {"read": "all", "edit": "all"}}));
    let narrow = server.role("自己", json!({"*": {"read": "self"}}));
    let user = server.user("li", &wide, json!({}));
    let (admin, li) = (server.admin(), server.sign_in("li", PASSWORD));
    admin.create("accounts", json!({"name": "甲"}));
    // Held to a role of its own, within what the person may do.
    let (_, machine) = make(&li, json!({"name": "k", "role": wide}));
    assert_eq!(machine.get("/accounts").ids().len(), 1);
    admin.patch(&format!("/users/{user}"), &json!({"role": narrow})).ok();
    assert_eq!(machine.get("/accounts").ids().len(), 0);
    li.post("/api_keys", &json!({"name": "k", "role": wide})).problem(403, "forbidden");
    // A key is the person's own; administrators see and end everybody's.
    let (key, _) = make(&li, json!({"name": "mine"}));
    let other = server.user("wu", &narrow, json!({}));
    let wu = server.sign_in("wu", PASSWORD);
    wu.get(&path(&key)).problem(404, "not_found");
    wu.delete(&path(&key)).problem(404, "not_found");
    wu.patch(&path(&key), &json!({"name": "x"})).problem(404, "not_found");
    assert_eq!(admin.get(&path(&key)).ok()["user_name"], "li");
    assert_ne!(other, user);
    assert_eq!(admin.delete(&path(&key)).status, 204);
}

#[test]
fn what_a_key_would_reach_is_shown_before_it_is_made() {
    let server = TestServer::new();
    let reader = server.role("看客户", json!({"account": {"read": "department", "edit": "self"}}));
    let admin = server.admin();
    let wish = json!({"name": "", "role": reader, "actions": ["read"], "fields": {"account": ["name"]}});
    let reach = admin.post("/api_keys/preview", &wish).ok()["reach"].clone();
    let account = reach.as_array().unwrap().iter().find(|r| r["object"] == "account").unwrap();
    assert_eq!(account["actions"], json!({"read": "department"}));
    assert_eq!(account["fields"], json!(["id", "name", "version"]));
    assert!(!reach.as_array().unwrap().iter().any(|r| r["object"] == "contact"), "{reach}");
    assert_eq!(admin.get("/api_keys").ok()["data"], json!([]));
}

#[test]
fn jobs_of_a_key_are_seen_through_it_and_have_its_bounds() {
    let server = TestServer::new();
    let admin = server.admin();
    let account = admin.create("accounts", json!({"name": "甲", "city": "杭州"}));
    let change = json!({"object": "account", "operation": "update", "record": {"city": "宁波"},
        "filter": {"field": "id", "op": "eq", "value": account["id"]}});
    let own = admin.post("/bulk/changes", &change);
    assert_eq!(own.status, 202, "{}", own.text);
    let id = own.json()["id"].as_str().unwrap().to_owned();
    let (_, machine) = make(&admin, json!({"name": "k", "objects": ["account"]}));
    machine.get(&format!("/bulk/jobs/{id}")).problem(404, "not_found");
    assert_eq!(machine.get("/bulk/jobs").ok()["data"], json!([]));
    let ordered = machine.post("/bulk/changes", &change).json()["id"].as_str().unwrap().to_owned();
    machine.get(&format!("/bulk/jobs/{ordered}")).ok();
    assert_eq!(machine.get("/bulk/jobs").ok()["data"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/bulk/jobs").ok()["data"].as_array().unwrap().len(), 2);
}
