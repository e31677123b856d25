//! The OpenAPI document as it is served: valid, current, with examples and failures. Its parts are tested where it is
//! built.

use kezhan_tests::{TestServer, client_tool, root};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Command;

const METHODS: &[&str] = &["get", "put", "post", "delete", "patch"];

fn document(server: &TestServer) -> Value {
    server.anonymous().get("/openapi.json").ok()
}

/// Follows references inside the document.
fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(path) => {
            let target = document.pointer(path.trim_start_matches('#'));
            resolve(document, target.unwrap_or_else(|| panic!("{path} leads nowhere")))
        }
        None => value,
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

struct Operation<'a> {
    /// Method and path.
    name: String,
    path: &'a str,
    body: &'a Value,
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in object(&document["paths"]) {
        for (method, body) in object(item).filter(|(method, _)| METHODS.contains(&method.as_str())) {
            all.push(Operation { name: format!("{method} {path}"), path, body });
        }
    }
    all
}

/// Says which operations break a rule, all of them at once.
#[track_caller]
fn hold(document: &Value, rule: &str, broken: impl Fn(&Operation<'_>) -> Option<String>) {
    let faults: Vec<String> = operations(document)
        .iter()
        .filter_map(|operation| broken(operation).map(|why| format!("{}: {why}", operation.name)))
        .collect();
    assert!(faults.is_empty(), "{rule}: {} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_operation_shows_what_goes_in_and_what_comes_back() {
    let server = TestServer::new();
    let document = document(&server);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(operations(&document).len() > 100);

    hold(&document, "an operationId in camelCase", |o| {
        let id = o.body["operationId"].as_str().unwrap_or_default();
        let fits = id.starts_with(|c: char| c.is_ascii_lowercase()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
        (!fits).then(|| format!("“{id}”"))
    });
    let mut seen = HashSet::new();
    for operation in operations(&document) {
        let id = operation.body["operationId"].as_str().unwrap();
        assert!(seen.insert(id.to_owned()), "{id} twice");
    }
    hold(&document, "failures as problems", |o| {
        // RFC 6749, section 5.2, has a form of its own.
        if o.path.starts_with("/oauth/") {
            return None;
        }
        let failures = object(&o.body["responses"]).filter(|(status, _)| status.starts_with(['4', '5']));
        let failures: Vec<_> = failures.collect();
        let odd =
            failures.iter().find(|(_, r)| resolve(&document, r)["content"].get("application/problem+json").is_none());
        let needed = o.path.starts_with("/api/");
        odd.map(|(status, _)| (*status).clone()).or_else(|| (needed && failures.is_empty()).then(|| "none".into()))
    });
    hold(&document, "an example of what is sent", |o| {
        let sent = resolve(&document, &o.body["requestBody"]);
        object(&sent["content"]).find(|(_, media)| !has_example(&document, media)).map(|(kind, _)| kind.clone())
    });
    hold(&document, "an example of what comes back", |o| {
        // It is its own example.
        if o.path.ends_with("/openapi.json") {
            return None;
        }
        let success = object(&o.body["responses"]).filter(|(status, _)| status.starts_with('2'));
        let media = success.flat_map(|(_, r)| object(&resolve(&document, r)["content"]));
        let mut json = media.filter(|(kind, _)| kind.contains("json"));
        json.find(|(_, media)| !has_example(&document, media)).map(|(kind, _)| kind.clone())
    });
}

/// On the media type, on its schema, or on every property of it.
fn has_example(document: &Value, media: &Value) -> bool {
    media.get("example").is_some() || media.get("examples").is_some() || schema_example(document, &media["schema"], 0)
}

fn schema_example(document: &Value, schema: &Value, depth: u8) -> bool {
    let schema = resolve(document, schema);
    if depth > 6 || schema.get("example").is_some() || schema.get("examples").is_some() {
        return true;
    }
    if let Some(items) = schema.get("items") {
        return schema_example(document, items, depth + 1);
    }
    for several in ["allOf", "oneOf", "anyOf"] {
        if let Some(parts) = schema[several].as_array() {
            return parts.iter().any(|part| schema_example(document, part, depth + 1));
        }
    }
    object(&schema["properties"]).any(|(_, property)| schema_example(document, property, depth + 1))
}

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let server = TestServer::new();
    let served = server.anonymous().get("/openapi.json");
    served.ok();
    assert_eq!(served.header("content-type"), "application/json");
    let committed = fs::read_to_string(root().join("openapi/openapi.json")).unwrap();
    assert!(served.text == committed, "openapi/openapi.json is out of date: write it anew with `kezhan openapi`");
}

#[test]
fn the_document_is_valid() {
    let server = TestServer::new();
    let validator = client_tool("typescript/node_modules/.bin/validate-api");
    // A tenant's own document has to be as valid as everybody's.
    for (name, client) in [("anonymous", server.anonymous()), ("admin", server.admin())] {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openapi-{name}.json"));
        fs::write(&file, client.get("/openapi.json").text).unwrap();
        let output = Command::new(&validator).arg(&file).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_tenants_document_knows_its_own_fields_and_objects() {
    let server = TestServer::new();
    let admin = server.admin();
    admin.create(
        "object_definitions",
        serde_json::json!({"key": "ship", "plural": "ships", "label_zh": "船", "label_en": "Ship"}),
    );
    admin.create(
        "field_definitions",
        serde_json::json!({"object": "account", "key": "bank", "label_zh": "开户行", "label_en": "Bank", "kind": "text"}),
    );
    let own = admin.get("/openapi.json").ok();
    assert!(own["paths"].get("/api/v1/ships/{id}").is_some());
    assert!(own["components"]["schemas"]["Account"]["properties"].get("bank").is_some());
    let everybodys = document(&server);
    assert!(everybodys["paths"].get("/api/v1/ships/{id}").is_none());
    assert!(everybodys["components"]["schemas"]["Account"]["properties"].get("bank").is_none());
}
