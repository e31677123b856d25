//! A company with secrets, and every operation of the OpenAPI document to ask for them by.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, Reply, send};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

/// In every secret record's name, and nowhere else.
pub const MARK: &str = "zirkonium7731";

/// In a field of the secret account that some may not read, and nowhere else.
pub const HIDDEN: &str = "wolframit9921";

/// A company with a record of each kind that nobody but its administrator may see.
pub struct Secrets {
    pub server: TestServer,
    pub admin: Api,
    /// The administrator.
    pub owner: String,
    /// Plural → id of the secret record.
    pub ids: BTreeMap<&'static str, String>,
}

pub fn secrets() -> Secrets {
    secrets_that_are(false)
}

/// `confidential`: what stands by itself is, and all else hangs on that.
pub fn secrets_that_are(confidential: bool) -> Secrets {
    let server = TestServer::new();
    let admin = server.admin();
    let named = |more: Value| {
        let mut record = json!({"name": MARK});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    };
    let mut ids = BTreeMap::new();
    let mut add = |plural: &'static str, mut record: Value| {
        if confidential && ["accounts", "leads", "subject_requests"].contains(&plural) {
            record["confidential"] = json!(true);
        }
        let id = admin.create(plural, record)["id"].as_str().unwrap().to_owned();
        ids.insert(plural, id.clone());
        id
    };
    let account = add(
        "accounts",
        named(json!({"phone": "13977310001", "external_id": "EXT-31", "tags": [MARK], "notes": HIDDEN})),
    );
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
    let owner = admin.get("/auth/me").ok()["id"].as_str().unwrap().to_owned();
    add("record_members", json!({"object": "account", "record": account, "user": owner}));
    let part = reqwest::blocking::multipart::Part::bytes(MARK.as_bytes().to_vec()).file_name(format!("{MARK}.txt"));
    let form = reqwest::blocking::multipart::Form::new()
        .text("object", "account")
        .text("record", account.clone())
        .part("file", part);
    let file = send(admin.request(Method::POST, "/attachments").multipart(form)).created();
    ids.insert("attachments", file["id"].as_str().unwrap().to_owned());
    Secrets { server, admin, owner, ids }
}

/// An operation with its path filled in and a body that fits well enough to get somewhere.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    pub operation: String,
}

impl Secrets {
    pub fn calls(&self, document: &Value) -> Vec<Call> {
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

    pub fn body(&self, template: &str, id: &str) -> Value {
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
            "similar" => {
                json!({"record": {"name": MARK, "company": MARK, "phone": "13977310001", "mobile": "13977310002"}})
            }
            "transfer" => json!({"owner": self.owner, "children": true}),
            "reveal" => json!({"field": "phone", "reason": "看看"}),
            "merge" => json!({"losers": [id]}),
            "undo_merge" => json!({"merge": id}),
            "hand_overs" => json!({"from": self.owner, "to": self.owner}),
            "view_as" => json!({"user": self.owner}),
            "cells" => json!({"object": "account", "fields": ["name", "phone"],
                "rows": [{"id": self.ids["accounts"], "values": ["x", "13977310009"]}]}),
            "preview" if template.contains("hand_overs") => json!({"from": self.owner}),
            "preview_change" => json!({"change": {"status": "left"}}),
            "preview_grants" => json!({"grants": {}}),
            _ => json!({}),
        }
    }

    /// What lists, counts, groups, paths and searches could still tell.
    pub fn questions(&self) -> Vec<Call> {
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
            ask("accounts", json!({"aggregates": [{"fn": "max", "field": "created_at"}], "group_by": ["name"]})),
            ask("opportunities", json!({"filter": through, "count": "exact", "expand": ["account"]})),
            ask("opportunities", json!({"aggregates": [{"fn": "sum", "field": "amount"}], "group_by": ["name"]})),
            ask("tasks", json!({"group_by": ["account"], "expand": ["account"]})),
        ]
    }

    /// The secret records as they are now.
    pub fn state(&self) -> Vec<(String, Value)> {
        self.ids
            .iter()
            .map(|(plural, id)| (id.clone(), self.admin.get(&format!("/{plural}/{id}")).ok()))
            .map(|(id, record)| (id, record["version"].clone()))
            .collect()
    }
}

/// The beginning of a stream that does not end by itself: all that has happened since the beginning of time.
pub fn overhear(api: &Api, call: &Call) -> Option<Reply> {
    let since = if call.path == "/events" { "?since=WzAsMF0" } else { "" };
    let request = api.request(Method::GET, &format!("{}{since}", call.path)).timeout(Duration::from_secs(20));
    let mut response = request.send().unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let mut heard = vec![0; 256 << 10];
    let length = response.read(&mut heard).unwrap();
    heard.truncate(length);
    Some(Reply { status, headers, text: String::from_utf8_lossy(&heard).into_owned() })
}

pub fn perform(api: &Api, call: &Call) -> Option<Reply> {
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
pub fn silent(who: &str, call: &Call, reply: &Reply) {
    tells_none_of(&[MARK, "7731.0", "13977310", "\"sum_amount\":\"7731"], who, call, reply);
}

pub fn tells_none_of(secrets: &[&str], who: &str, call: &Call, reply: &Reply) {
    let mut text = reply.text.to_lowercase();
    if let Ok(Value::Object(problem)) = serde_json::from_str::<Value>(&reply.text)
        && problem.contains_key("instance")
    {
        let told: Map<String, Value> = problem.into_iter().filter(|(key, _)| key != "instance").collect();
        text = Value::Object(told).to_string().to_lowercase();
    }
    for secret in secrets {
        let asked = call.path.contains(secret) || call.body.as_ref().is_some_and(|b| b.to_string().contains(secret));
        let repeats = asked && reply.status.is_client_error();
        assert!(repeats || !text.contains(secret), "{who} {} {}: {text}", call.method, call.operation);
    }
    assert!(reply.status.as_u16() < 500, "{who} {} {}: {text}", call.method, call.operation);
}
