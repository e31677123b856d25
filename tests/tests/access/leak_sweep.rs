//! Every operation of the OpenAPI document, as those who should get nothing: without a token, from another company,
//! a colleague out of reach, keys and applications for something else, and a reader who tries to write. New operations
//! join by themselves. Nothing is returned, counted, streamed or to be told by the time that an answer takes.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_features::people::setup::create_tenant;
use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use reqwest::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, Instant};

/// In every secret record's name, and nowhere else.
const MARK: &str = "zirkonium7731";

/// A company with a record of each kind that nobody but its administrator may see.
struct Secrets {
    server: TestServer,
    admin: Api,
    /// Plural → id of the secret record.
    ids: BTreeMap<&'static str, String>,
}

fn secrets() -> Secrets {
    let server = TestServer::new();
    let admin = server.admin();
    let named = |more: Value| {
        let mut record = json!({"name": MARK});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let mut ids = BTreeMap::new();
    let mut add = |plural: &'static str, record: Value| {
        let id = admin.create(plural, record)["id"].as_str().unwrap().to_owned();
        ids.insert(plural, id.clone());
        id
    };
    let account = add("accounts", named(json!({"phone": "13977310001", "external_id": "EXT-31", "tags": [MARK]})));
    let contact = add("contacts", named(json!({"account": account, "mobile": "13977310002"})));
    // Everybody's, and so no secret.
    let purpose = admin.create("processing_purposes", json!({"name": "邮件营销"}))["id"].clone();
    add("consents", json!({"contact": contact, "purpose": purpose, "evidence": MARK}));
    add("subject_requests", json!({"kind": "access", "requester": MARK, "contact": contact}));
    add("leads", named(json!({"company": MARK})));
    let deal = add("opportunities", named(json!({"account": account, "amount": "7731"})));
    add("opportunity_lines", json!({"opportunity": deal, "quantity": "1", "unit_price": "7731", "description": MARK}));
    add("follow_ups", json!({"content": MARK, "account": account}));
    add("tasks", json!({"subject": MARK, "account": account}));
    add("saved_views", named(json!({"object": "account", "settings": {}})));
    add("favorites", json!({"title": MARK, "object": "account", "record": account}));
    let user = admin.get("/auth/me").ok()["id"].clone();
    add("record_members", json!({"object": "account", "record": account, "user": user}));
    let part = reqwest::blocking::multipart::Part::bytes(MARK.as_bytes().to_vec()).file_name(format!("{MARK}.txt"));
    let form = reqwest::blocking::multipart::Form::new()
        .text("object", "account")
        .text("record", account.clone())
        .part("file", part);
    let file = send(admin.request(Method::POST, "/attachments").multipart(form)).created();
    ids.insert("attachments", file["id"].as_str().unwrap().to_owned());
    Secrets { server, admin, ids }
}

/// An operation with its path filled in and a body that fits well enough to get somewhere.
struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
    operation: String,
}

impl Secrets {
    fn calls(&self, document: &Value) -> Vec<Call> {
        let mut out = Vec::new();
        for (template, operations) in document["paths"].as_object().unwrap() {
            let Some(below) = template.strip_prefix("/api/v1") else { continue };
            for (method, operation) in operations.as_object().unwrap() {
                let plural = below.split('/').nth(1).unwrap_or_default();
                let id = self.ids.get(plural).cloned().unwrap_or_else(|| self.ids["accounts"].clone());
                let path = below
                    .replace("{id}", &id)
                    .replace("{object}", "account")
                    .replace("{key}", "external_id")
                    .replace("{value}", "EXT-31")
                    .replace("{outcome}", "failed")
                    .replace("{action}", "transfer")
                    .replace("{source}", &id);
                assert!(!path.contains('{'), "an unknown parameter in {template}");
                let body = operation.get("requestBody").map(|_| self.body(below, &id));
                out.push(Call {
                    method: method.to_uppercase().parse().unwrap(),
                    path,
                    body,
                    operation: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                });
            }
        }
        out
    }

    fn body(&self, template: &str, id: &str) -> Value {
        match template.rsplit('/').next().unwrap_or_default() {
            "query" => json!({"count": "exact", "filter": {"field": "id", "op": "eq", "value": id}}),
            "batch" => json!({"operations": [{"op": "update", "id": id, "record": {}}, {"op": "delete", "id": id}]}),
            "composite" => json!({"requests": [
                {"ref": "a", "method": "GET", "path": format!("/accounts/{}", self.ids["accounts"])},
                {"ref": "b", "method": "GET", "path": format!("/accounts?q={MARK}")},
            ]}),
            "exports" => json!({"object": "account", "format": "csv"}),
            "password" => json!({"challenge": "kzc_none", "password": "correct horse battery"}),
            "second_factor" => json!({"challenge": "kzc_none", "code": "000000"}),
            "enrol" => json!({"challenge": "kzc_none"}),
            "link" => json!({"token": "kzi_none"}),
            "accept" => json!({"token": "kzi_none", "password": "correct horse battery"}),
            "changes" => json!({"object": "account", "operation": "update", "record": {"city": MARK},
                "filter": {"field": "id", "op": "eq", "value": self.ids["accounts"]}}),
            "rotate" => json!({"overlap_hours": 0}),
            "question" | "answer" => json!({"query": "response_type=code&client_id=x&redirect_uri=x", "allow": true}),
            "login" => json!({"username": "admin", "password": "wrong"}),
            _ => json!({}),
        }
    }

    /// What lists, counts, groups, paths and searches could still tell.
    fn questions(&self) -> Vec<Call> {
        let get = |path: String| Call { method: Method::GET, operation: path.clone(), path, body: None };
        let ask = |plural: &str, body: Value| Call {
            method: Method::POST,
            path: format!("/{plural}/query"),
            operation: format!("{plural} {body}"),
            body: Some(body),
        };
        let by_name = json!({"field": "name", "op": "starts_with", "value": &MARK[..5]});
        let through = json!({"field": "account.name", "op": "contains", "value": MARK});
        vec![
            get(format!("/search?q={MARK}")),
            get("/search?q=77310001".into()),
            get(format!("/accounts?q={MARK}&count=exact")),
            get("/accounts?sort=name&expand=owner,parent&count=exact&deleted=true".into()),
            get(format!("/contacts?account={}&expand=account", self.ids["accounts"])),
            get("/changes?since=WzAsMF0&objects=account,contact,opportunity,follow_up,task,attachment".into()),
            ask("accounts", json!({"filter": by_name, "count": "exact"})),
            ask("accounts", json!({"group_by": ["name"]})),
            ask("accounts", json!({"aggregates": [{"function": "max", "field": "name"}]})),
            ask("opportunities", json!({"filter": through, "count": "exact", "expand": ["account"]})),
            ask("opportunities", json!({"aggregates": [{"function": "sum", "field": "amount"}]})),
            ask("tasks", json!({"group_by": ["account"]})),
        ]
    }

    /// The secret records as they are now.
    fn state(&self) -> Vec<(String, Value)> {
        self.ids
            .iter()
            .map(|(plural, id)| (id.clone(), self.admin.get(&format!("/{plural}/{id}")).ok()))
            .map(|(id, record)| (id, record["version"].clone()))
            .collect()
    }
}

/// The beginning of a stream that does not end by itself: all that has happened since the beginning of time.
fn overhear(api: &Api, call: &Call) -> Option<Reply> {
    let since = if call.path == "/events" { "?since=WzAsMF0" } else { "" };
    let request = api.request(Method::GET, &format!("{}{since}", call.path)).timeout(Duration::from_secs(20));
    let mut response = request.send().unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let mut heard = vec![0; 256 << 10];
    let length = response.read(&mut heard).unwrap();
    heard.truncate(length);
    Some(Reply { status, headers, text: String::from_utf8_lossy(&heard).into_owned() })
}

fn perform(api: &Api, call: &Call) -> Option<Reply> {
    if call.path.ends_with("/events") {
        return overhear(api, call);
    }
    let request = api.request(call.method.clone(), &call.path);
    Some(send(match &call.body {
        Some(body) => request.json(body),
        None => request,
    }))
}

/// Nothing of the secret records in what came back, except that an answer may repeat what was asked.
fn silent(who: &str, call: &Call, reply: &Reply) {
    let mut text = reply.text.to_lowercase();
    if let Ok(Value::Object(problem)) = serde_json::from_str::<Value>(&reply.text)
        && problem.contains_key("instance")
    {
        let told: Map<String, Value> = problem.into_iter().filter(|(key, _)| key != "instance").collect();
        text = Value::Object(told).to_string().to_lowercase();
    }
    let asked = call.path.contains(MARK) || call.body.as_ref().is_some_and(|b| b.to_string().contains(MARK));
    if !(asked && reply.status.is_client_error()) {
        assert!(!text.contains(MARK), "{who} {} {}: {text}", call.method, call.operation);
    }
    for number in ["7731.0", "13977310", "\"sum_amount\":\"7731"] {
        assert!(!text.contains(number), "{who} {} {}: {text}", call.method, call.operation);
    }
    assert!(reply.status.as_u16() < 500, "{who} {} {}: {text}", call.method, call.operation);
}

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
    assert!(found >= 7, "{found}");

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
        let asks = call.path.ends_with("/query");
        let private = ["/saved_views", "/favorites", "/notifications"].iter().any(|p| call.path.starts_with(p));
        let refused = reply.status.is_client_error();
        // A composite of nothing but reads, and orders of one's own, are a reader's right.
        let allowed = asks || private || call.path == "/composite" || call.path.starts_with("/bulk");
        assert!(refused || allowed, "{} {}: {} {}", call.method, call.path, reply.status, reply.text);
    }
    assert_eq!(secrets.state(), before);
    assert_eq!(shared.iter().map(|plural| records(plural)).collect::<Vec<_>>(), counts);
}
