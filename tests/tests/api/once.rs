//! `Idempotency-Key`: whatever is posted twice under one key is done once.

use kezhan_tests::TestServer;
use kezhan_tests::import::plan;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

const HEADER: &str = "idempotency-key";

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn keyed(api: &Api, key: &str, path: &str, body: &Value) -> Reply {
    send(api.request(Method::POST, path).header(HEADER, key).json(body))
}

fn replayed(reply: &Reply) -> bool {
    reply.header("idempotency-replayed") == "true"
}

/// Sends it twice: the second answer is the first. Then something else under the same key, which is refused.
#[track_caller]
fn once(api: &Api, path: &str, body: &Value) -> Value {
    let (first, second) = (keyed(api, path, path, body), keyed(api, path, path, body));
    assert!(first.status.is_success() && !replayed(&first), "{path}: {}", first.text);
    assert!(replayed(&second), "{path}: {}", second.text);
    assert_eq!((first.status, &first.text), (second.status, &second.text), "{path}");
    assert_eq!(first.header("location"), second.header("location"), "{path}");
    keyed(api, path, "/accounts", &json!({"name": "别的"})).problem(422, "idempotency_mismatch");
    if first.text.is_empty() { Value::Null } else { first.json() }
}

#[test]
fn the_same_key_is_done_once() {
    let server = TestServer::new();
    let api = server.admin();
    let post = |key: &str, body: Value| {
        send(api.request(Method::POST, "/accounts").header("idempotency-key", key).json(&body))
    };
    let first = post("k1", json!({"name": "甲"}));
    let again = post("k1", json!({"name": "甲"}));
    assert_eq!(first.created(), again.created());
    assert_eq!((again.header("idempotency-replayed"), again.header("etag")), ("true", "\"1\""));
    assert_eq!(again.header("location"), first.header("location"));
    post("k1", json!({"name": "乙"})).problem(422, "idempotency_mismatch");
    assert_eq!(api.get("/accounts").ids().len(), 1);
    // A failure may be corrected under the same key.
    post("k2", json!({})).problem(422, "invalid");
    post("k2", json!({"name": "丙"})).created();
    post("", json!({"name": "丁"})).problem(400, "bad_value");

    let twins: Vec<_> = (0..4)
        .map(|_| {
            let api = api.clone();
            std::thread::spawn(move || {
                let request = api.request(Method::POST, "/accounts").header("idempotency-key", "twins");
                send(request.json(&json!({"name": "同时"}))).created()
            })
        })
        .map(|t| t.join().unwrap())
        .collect();
    assert!(twins.windows(2).all(|w| w[0] == w[1]));
}

#[test]
fn every_post_is_done_once() {
    let server = TestServer::new();
    let api = server.admin();
    let account = once(&api, "/accounts", &json!({"name": "上海鑫茂"}));
    let path = format!("/accounts/{}", id(&account));
    once(&api, "/accounts/batch", &json!({"operations": [{"op": "create", "record": {"name": "批"}}]}));
    let requests = json!([{"method": "POST", "path": "/accounts", "body": {"name": "合"}}]);
    once(&api, "/composite", &json!({"requests": requests}));
    api.delete(&path);
    once(&api, &format!("{path}/restore"), &json!({}));
    assert_eq!(api.get("/accounts").ids().len(), 3);

    let user = server.user("li", &server.role("员", json!({"account": {"read": "all"}})), json!({}));
    once(&api, &format!("{path}/actions/transfer"), &json!({"owner": user}));
    once(&api, "/auth/password", &json!({"current": PASSWORD, "password": "battery staple"}));

    let job = once(&api, "/bulk/jobs", &plan(&api.upload("客户.csv", "名称\n甲公司\n乙公司\n")));
    assert_eq!(api.wait(id(&job))["state"], "done");
    let undo = once(&api, &format!("/bulk/jobs/{}/undo", id(&job)), &json!({}));
    assert_eq!(api.wait(id(&undo))["state"], "done");
    assert_eq!(api.get("/bulk/jobs").ids().len(), 2);
}

#[test]
fn a_job_is_cancelled_once() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let api = server.admin();
    let job = api.order(&plan(&api.upload("客户.csv", "名称\n甲公司\n")));
    once(&api, &format!("/bulk/jobs/{job}/cancel"), &json!({}));
}

#[test]
fn a_file_is_taken_once_however_its_parts_are_parted() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let send_to = |path: &str, key: &str, content: &str, fields: &[(&'static str, &str)]| {
        // Each form has a boundary of its own.
        let mut form = Form::new().part("file", Part::bytes(content.as_bytes().to_vec()).file_name("a.csv"));
        for (name, value) in fields {
            form = form.text(*name, (*value).to_owned());
        }
        send(api.request(Method::POST, path).header(HEADER, key).multipart(form))
    };
    let other = api.create("accounts", json!({"name": "乙"}));
    let (here, there) =
        ([("object", "account"), ("record", id(&account))], [("object", "account"), ("record", id(&other))]);
    let stored = || walk(server.data());
    for (path, fields, elsewhere) in
        [("/attachments", &here[..], &there[..]), ("/bulk/uploads", &[], &[("object", "contact")])]
    {
        let before = stored();
        let first = send_to(path, path, "名称\n甲\n", fields);
        let again = send_to(path, path, "名称\n甲\n", fields);
        assert_eq!((first.created(), replayed(&first)), (again.created(), false));
        assert!(replayed(&again));
        send_to(path, path, "名称\n丙\n", fields).problem(422, "idempotency_mismatch");
        send_to(path, path, "名称\n甲\n", elsewhere).problem(422, "idempotency_mismatch");
        assert_eq!(stored(), before + 1, "{path}: files of calls that were not done stay behind");
    }
    assert_eq!(api.get("/attachments").ids().len(), 1);
}

/// Files below a directory.
fn walk(path: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(path) else { return 0 };
    let count = |entry: std::fs::DirEntry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 };
    entries.map(|entry| count(entry.unwrap())).sum()
}

#[test]
fn what_changes_nothing_is_done_again_but_only_for_the_same_request() {
    let server = TestServer::new();
    let api = server.admin();
    api.create("accounts", json!({"name": "甲"}));
    let upload = api.upload("客户.csv", "名称\n甲公司\n");
    for (path, body) in [
        ("/accounts/query", json!({"limit": 5})),
        ("/bulk/preview", plan(&upload)),
        (&format!("/bulk/uploads/{}/mapping", id(&upload)), json!({"object": "account"})),
        ("/bulk/exports", json!({"object": "account", "format": "csv"})),
    ] {
        let (first, again) = (keyed(&api, path, path, &body), keyed(&api, path, path, &body));
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (200, 200), "{path}: {} {}", first.text, again.text);
        assert_eq!(first.text, again.text, "{path}");
        assert!(!replayed(&again), "{path}");
        keyed(&api, path, "/contacts/query", &json!({})).problem(422, "idempotency_mismatch");
    }
    // What it tells is what there is now.
    api.create("accounts", json!({"name": "乙"}));
    assert_eq!(keyed(&api, "/accounts/query", "/accounts/query", &json!({"limit": 5})).ids().len(), 2);
}

#[test]
fn a_secret_is_shown_once_and_kept_nowhere() {
    let server = TestServer::new();
    let api = server.admin();
    let wish = json!({"name": "夜间导出"});
    let (first, again) = (keyed(&api, "k", "/api_keys", &wish), keyed(&api, "k", "/api_keys", &wish));
    let (mut first, again) = (first.created(), again.created());
    let secret = first.as_object_mut().unwrap().remove("key").unwrap();
    assert_eq!(first, again, "the same key but for its text");
    assert_eq!(api.get("/api_keys").ids().len(), 1);
    // The kept answer is sealed; `again` is what opens from it.
    let kept = server.db.text("SELECT string_agg(encode(body, 'escape') || headers::text, '') FROM idempotency_keys");
    assert!(!kept.contains(secret.as_str().unwrap()), "{kept}");
}

#[test]
fn no_post_passes_the_key_by() {
    let server = TestServer::with(&[("KEZHAN_RATE_LIMIT", "0")]);
    let api = server.admin();
    let document = api.get("/openapi.json").ok();
    let exempt: Vec<&str> = kezhan_api::idempotency::EXEMPT.iter().map(|(id, _)| *id).collect();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("post") else { continue };
        if exempt.contains(&operation["operationId"].as_str().unwrap()) {
            continue;
        }
        let path = path.trim_start_matches("/api/v1").replace("{id}", "0199a1b2-c3d4-7e5f-8a6b-112233445566");
        assert!(!path.contains('{'), "{path}");
        // A key that is none shows that someone looks at it.
        let refused = keyed(&api, "", &path, &json!({})).problem(400, "bad_value");
        assert!(refused["title"].as_str().unwrap().contains("Idempotency-Key"), "{path}: {refused}");
        seen += 1;
    }
    assert!(seen > 60, "{seen}");
}
