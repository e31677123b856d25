//! Every operation of the OpenAPI document, as those who should get nothing: without a token, from another company,
//! a colleague out of reach, keys and applications for something else, and a reader who tries to write. New operations
//! join by themselves. Nothing is returned, counted, streamed or to be told by the time that an answer takes.

use crate::secrets::{Call, HIDDEN, MARK, Secrets, perform, secrets, secrets_that_are, silent, tells_none_of};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_features::people::setup::create_tenant;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// An application of the company, let in by its administrator for this alone.
fn application(secrets: &Secrets, scope: &str) -> Api {
    let back = "http://127.0.0.1/back";
    let app = json!({"name": "窄的应用", "kind": "public", "scopes": scope, "redirect_uris": back});
    let id = secrets.admin.create("oauth_clients", app)["id"].as_str().unwrap().to_owned();
    let verifier = "v".repeat(43);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let query = format!(
        "response_type=code&client_id={id}&redirect_uri={back}&code_challenge={challenge}&code_challenge_method=S256"
    );
    let onward = secrets.admin.post("/oauth/answer", &json!({"query": query, "allow": true})).ok();
    let onward = url::Url::parse(onward["redirect_to"].as_str().unwrap()).unwrap();
    let code = onward.query_pairs().find(|(k, _)| k == "code").unwrap().1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("code", &code),
        ("redirect_uri", back),
        ("code_verifier", &verifier),
    ];
    let tokens = send(secrets.admin.client.post(secrets.server.url("/oauth/token")).form(&form)).ok();
    secrets.server.anonymous().bearing(tokens["access_token"].as_str().unwrap())
}

#[test]
fn whoever_should_get_nothing_gets_nothing_from_any_operation() {
    let secrets = secrets();
    let server = &secrets.server;
    let document = secrets.admin.get("/openapi.json").ok();
    let calls: Vec<Call> = secrets.calls(&document).into_iter().chain(secrets.questions()).collect();
    assert!(calls.len() > 250, "{}", calls.len());
    let before = secrets.state();

    // The administrator finds the record by the same questions: the sweep asks for what is there.
    let found = secrets.questions().iter().filter(|c| perform(&secrets.admin, c).unwrap().text.contains(MARK)).count();
    assert!(found >= 10, "{found}");

    let every = |scope: &str| {
        let actions =
            ["read", "create", "edit", "delete", "transfer", "share", "export", "import", "bulk_edit", "reveal"];
        json!({"*": actions.into_iter().map(|a| (a.to_owned(), json!(scope))).collect::<Map<String, Value>>()})
    };
    let own = server.role("只管自己", every("self"));
    server.user("colleague", &own, json!({}));
    let engine = kezhan_tests::sealing_engine();
    create_tenant(&engine, &mut server.db.connect(), "other", "另一家公司", "admin", PASSWORD).unwrap();
    let login = json!({"username": "admin", "password": PASSWORD, "tenant": "other"});
    let mut stranger = server.anonymous();
    stranger.token = Some(stranger.post("/auth/login", &login).ok()["access_token"].as_str().unwrap().to_owned());
    let key = secrets.admin.post("/api_keys", &json!({"name": "窄", "objects": ["product"]})).created();
    let mut narrow = server.anonymous();
    narrow.token = Some(key["key"].as_str().or(key["token"].as_str()).unwrap().to_owned());
    let sign_in = |name: &str| {
        let body = json!({"username": name, "password": PASSWORD, "tenant": "test"});
        let mut api = server.anonymous();
        api.token = Some(api.post("/auth/login", &body).ok()["access_token"].as_str().unwrap().to_owned());
        api
    };

    let anonymous = server.anonymous();
    let open = [
        "login",
        "hostLogin",
        "refreshToken",
        "logout",
        "getOpenApi",
        "getOpenapi",
        "listSignInProviders",
        "startOidcSignIn",
        "finishOidcSignIn",
        // Refused at an address in numbers before anybody asks whose sign-in it is.
        "beginPasskeySignIn",
        "passkeySignIn",
        "beginPasskeyFactor",
        "beginPasskeyEnrolment",
    ];
    for call in &calls {
        let Some(reply) = perform(&anonymous, call) else { continue };
        silent("nobody", call, &reply);
        let public = open.contains(&call.operation.as_str()) || call.path == "/openapi.json";
        assert!(public || reply.status == 401, "nobody {} {}: {}", call.method, call.path, reply.status);
    }
    // Reads accounts, and of them the city alone: the record is there, and nothing of what is secret in it.
    let fields = json!({"account": ["city"]});
    let wish = json!({"name": "只看城市", "objects": ["account"], "fields": fields, "actions": ["read", "export"]});
    let city = secrets.admin.post("/api_keys", &wish).created();
    let city = server.anonymous().bearing(city["key"].as_str().unwrap());
    let application = application(&secrets, "product:read");
    let everyone = [
        ("a stranger", &stranger),
        ("a colleague", &sign_in("colleague")),
        ("a narrow key", &narrow),
        ("a key for one field", &city),
        ("an application", &application),
    ];
    for (who, api) in everyone {
        let outside = who != "a key for one field";
        for call in &calls {
            // Signing out would end the sweep.
            if call.operation == "logout" {
                continue;
            }
            let Some(reply) = perform(api, call) else { continue };
            silent(who, call, &reply);
            let secret = secrets.ids.iter().any(|(plural, id)| call.path.starts_with(&format!("/{plural}/{id}")));
            if secret && (outside || !call.path.starts_with("/accounts/")) {
                assert!(reply.status.is_client_error(), "{who} {} {}: {}", call.method, call.path, reply.status);
            }
            if let (Some(count), true) = (reply_count(&reply), outside && call.operation.contains("count")) {
                assert_eq!(count, 0, "{who} {}", call.operation);
            }
        }
    }
    // Jobs that were ordered on the way have found nothing to change.
    let order = "SELECT count(*) FROM jobs WHERE kind = 'change' AND state IN ('queued', 'running')";
    let since = Instant::now();
    while server.db.text(order) != "0" {
        assert!(since.elapsed() < Duration::from_secs(30), "jobs end");
        std::thread::sleep(Duration::from_millis(50));
    }
    for (who, api) in everyone {
        let jobs = api.get("/bulk/jobs");
        assert!(!jobs.text.contains(MARK) && !jobs.text.contains("\"changed\":1"), "{who}: {}", jobs.text);
    }
    assert_eq!(secrets.state(), before, "nothing was changed");
}

#[test]
fn who_may_do_everything_finds_nothing_of_what_is_confidential() {
    let secrets = secrets_that_are(true);
    let document = secrets.admin.get("/openapi.json").ok();
    let actions = ["read", "create", "edit", "delete", "transfer", "share", "export", "import", "bulk_edit", "reveal"];
    let every: Map<String, Value> = actions.into_iter().map(|a| (a.to_owned(), json!("all"))).collect();
    let role = secrets.server.role("一切业务", json!({"*": every}));
    secrets.server.user("director", &role, json!({}));
    let api = secrets.server.sign_in("director", PASSWORD);
    let before = secrets.state();
    let calls: Vec<Call> = secrets.calls(&document).into_iter().chain(secrets.questions()).collect();
    // What is told by the user who owns the records, and by what the director makes on the way, is no secret.
    for call in calls.iter().filter(|c| c.operation != "logout") {
        let Some(reply) = perform(&api, call) else { continue };
        silent("a director", call, &reply);
        let secret = secrets.ids.iter().any(|(plural, id)| call.path.starts_with(&format!("/{plural}/{id}")));
        if secret {
            assert!(reply.status.is_client_error(), "{} {}: {}", call.method, call.path, reply.status);
        }
        if call.operation.contains("count")
            && let Some(count) = reply_count(&reply)
        {
            assert_eq!(count, 0, "{}", call.operation);
        }
    }
    assert_eq!(secrets.state(), before, "nothing was changed");
}

#[test]
fn a_field_that_is_hidden_or_masked_is_in_no_answer() {
    let secrets = secrets();
    let document = secrets.admin.get("/openapi.json").ok();
    let fields = json!({"notes": "hidden", "phone": "masked"});
    let role = secrets.server.role(
        "看不全",
        json!({
            "*": {"read": "all", "export": "all"}, "account": {"read": "all", "export": "all", "fields": fields}
        }),
    );
    secrets.server.user("reader", &role, json!({}));
    let api = secrets.server.sign_in("reader", PASSWORD);
    let asked = |field: &str, op: &str, value: &str| {
        let filter = json!({"field": field, "op": op, "value": value});
        let body = json!({"filter": filter, "count": "exact"});
        Call { method: Method::POST, path: "/accounts/query".into(), operation: body.to_string(), body: Some(body) }
    };
    let mut calls: Vec<Call> = secrets.calls(&document).into_iter().chain(secrets.questions()).collect();
    calls.push(Call {
        method: Method::GET,
        path: format!("/search?q={HIDDEN}"),
        body: None,
        operation: "notes".into(),
    });
    calls.push(Call { method: Method::GET, path: format!("/accounts?q={HIDDEN}"), body: None, operation: "q".into() });
    let mut told = 0;
    for call in calls.iter().filter(|c| c.operation != "logout") {
        let Some(reply) = perform(&api, call) else { continue };
        tells_none_of(&[HIDDEN, "13977310001"], "a reader of less", call, &reply);
        told += usize::from(reply.text.contains(MARK));
    }
    assert!(told > 20, "the record itself is there: {told}");
    for (field, op, value) in
        [("notes", "contains", &HIDDEN[..4]), ("phone", "starts_with", "1397"), ("phone_e164", "eq", "+8613977310001")]
    {
        let reply = perform(&api, &asked(field, op, value)).unwrap();
        assert!(reply.status.is_client_error(), "{field}: {}", reply.text);
    }
    // An export as well, which comes by itself.
    let export = api.request(Method::POST, "/bulk/exports").json(&json!({"object": "account", "format": "csv"}));
    let export = send(export).text;
    assert!(export.contains(MARK) && !export.contains(HIDDEN) && !export.contains("13977310001"), "{export}");
}

/// How often one of the first is slower than one of the second: a half where nothing tells them apart.
fn share(first: &[Duration], second: &[Duration]) -> f64 {
    let wins = first.iter().flat_map(|a| second.iter().map(move |b| (a, b)));
    let wins: f64 = wins
        .map(|(a, b)| {
            if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            }
        })
        .sum();
    wins / (first.len() * second.len()) as f64
}

#[test]
fn the_time_of_an_answer_does_not_tell_whether_a_record_is_there() {
    const ROUNDS: usize = 3;
    const TIMES: usize = 30;
    let secrets = secrets();
    let own = json!({"read": "self", "create": "self", "edit": "self", "delete": "self", "transfer": "self", "share": "self"});
    let role = secrets.server.role("只管自己", json!({"*": own}));
    secrets.server.user("colleague", &role, json!({}));
    let api = secrets.server.sign_in("colleague", PASSWORD);
    let document = secrets.admin.get("/openapi.json").ok();
    let calls = secrets.calls(&document);
    let ask = |call: &Call, path: &str| {
        let request = api.request(call.method.clone(), path);
        let request = match &call.body {
            Some(body) => request.json(body),
            None => request,
        };
        let since = Instant::now();
        let reply = send(request);
        (since.elapsed(), reply)
    };
    let mut asked = 0;
    // Owned, hanging on an owned one, part of one, and beside any.
    for plural in ["accounts", "follow_ups", "opportunity_lines", "attachments"] {
        let id = &secrets.ids[plural];
        for call in
            calls.iter().filter(|c| c.path.starts_with(&format!("/{plural}/{id}")) && !c.path.ends_with("/events"))
        {
            asked += 1;
            let nowhere = || call.path.replace(id, &uuid::Uuid::now_v7().to_string());
            let (there, gone) = (ask(call, &call.path).1, ask(call, &nowhere()).1);
            let what = |reply: &Reply| (reply.status, reply.json()["code"].clone(), reply.json()["errors"].clone());
            assert_eq!(what(&there), what(&gone), "{} {}", call.method, call.path);
            // Taken in turn, so that whatever else the machine does falls on both. Chance goes so far from a half once
            // in millions; in each of three rounds on the same side, a difference is one.
            let mut shares = Vec::new();
            while shares.len() < ROUNDS && shares.iter().all(|s| !(0.15..0.85).contains(s)) {
                let times: Vec<(Duration, Duration)> =
                    (0..TIMES).map(|_| (ask(call, &call.path).0, ask(call, &nowhere()).0)).collect();
                let (there, gone): (Vec<_>, Vec<_>) = times.into_iter().unzip();
                shares.push(share(&there, &gone));
            }
            let told = shares.iter().all(|s| *s > 0.85) || shares.iter().all(|s| *s < 0.15);
            assert!(!told, "{} {}: {shares:?}", call.method, call.path);
        }
    }
    assert!(asked > 35, "{asked}");
    // The measure tells what differs.
    let [quick, slow] =
        [1, 2].map(|n| (0..TIMES as u64).map(|i| Duration::from_micros(n * 500 + i)).collect::<Vec<_>>());
    assert!(share(&slow, &quick) > 0.99 && (share(&quick, &quick) - 0.5).abs() < 0.01);
}

fn reply_count(reply: &Reply) -> Option<i64> {
    serde_json::from_str::<Value>(&reply.text).ok()?["count"].as_i64()
}

#[test]
fn a_reader_changes_nothing_by_any_operation() {
    let secrets = secrets();
    let reader = secrets.server.role("只读一切", json!({"*": {"read": "all"}}));
    secrets.server.user("reader", &reader, json!({}));
    let api = secrets.server.sign_in("reader", PASSWORD);
    let document = secrets.admin.get("/openapi.json").ok();
    let before = secrets.state();
    let records = |plural: &str| secrets.admin.get(&format!("/{plural}?count=exact")).ok()["count"].clone();
    let shared = [
        "accounts",
        "contacts",
        "leads",
        "opportunities",
        "opportunity_lines",
        "follow_ups",
        "tasks",
        "roles",
        "users",
        "departments",
        "products",
        "pipelines",
        "stages",
        "attachments",
        "record_members",
        "sharing_rules",
        "field_policies",
        "identity_providers",
        "directories",
        "processing_purposes",
        "consents",
        "subject_requests",
        "retention_rules",
        "object_definitions",
        "oauth_clients",
    ];
    let counts: Vec<Value> = shared.iter().map(|plural| records(plural)).collect();
    for call in secrets.calls(&document) {
        if call.method == Method::GET || call.path.starts_with("/auth/") {
            continue;
        }
        let Some(reply) = perform(&api, &call) else { continue };
        let asks = call.path.ends_with("/query") || call.path.ends_with("/similar");
        let private = ["/saved_views", "/favorites", "/notifications"].iter().any(|p| call.path.starts_with(p));
        let refused = reply.status.is_client_error();
        // A composite of nothing but reads, and orders of one's own, are a reader's right.
        let allowed = asks || private || call.path == "/composite" || call.path.starts_with("/bulk");
        assert!(refused || allowed, "{} {}: {} {}", call.method, call.path, reply.status, reply.text);
    }
    assert_eq!(secrets.state(), before);
    assert_eq!(shared.iter().map(|plural| records(plural)).collect::<Vec<_>>(), counts);
}
