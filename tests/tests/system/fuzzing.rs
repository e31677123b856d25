//! Whatever is sent to whichever operation: no failure of ours, and only answers that the OpenAPI document promises.

use kezhan_tests::server::{Api, send};
use kezhan_tests::{TestServer, client_tool};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The objects that are tried at length. What the others have in common with them runs the same code: there only what
/// the document gives as an example is sent, for to invent something takes the fuzzer a quarter of a second per operation.
const AT_LENGTH: &[&str] = &["accounts", "users", "field_definitions"];
/// Would end the fuzzer's own session, never answers to the end, or is what the fuzzer reads to know what there is.
const LEFT_OUT: &[&str] = &["logout", "streamEvents", "getOpenapi"];

/// One record of each object, for real ids in the paths: calls are to get past “not found”.
fn records(client: &Api) -> Vec<(&'static str, String)> {
    let mut made: Vec<(&str, String)> = Vec::new();
    let mut add = |plural: &'static str, record: Value| {
        let id = client.create(plural, record)["id"].as_str().unwrap().to_owned();
        made.push((plural, id.clone()));
        id
    };
    let account = add("accounts", json!({"name": "温州鹿城鞋业有限公司", "city": "温州"}));
    add("contacts", json!({"name": "王伟", "account": account}));
    add("leads", json!({"name": "李娜", "company": "瑞安线缆厂"}));
    let product = add("products", json!({"name": "GTX Pro"}));
    let pipeline = add("pipelines", json!({"name": "渠道流程"}));
    let stage = add("stages", json!({"name": "初步接触", "pipeline": pipeline, "sort_order": 1}));
    let deal = add("opportunities", json!({"name": "鞋材年度框架", "account": account, "stage": stage}));
    add("opportunity_lines", json!({"opportunity": deal, "product": product, "quantity": "2", "unit_price": "10"}));
    add("follow_ups", json!({"content": "电话沟通样品", "account": account}));
    add("tasks", json!({"subject": "寄样品"}));
    add("departments", json!({"name": "华东"}));
    add("positions", json!({"name": "销售"}));
    add("roles", json!({"name": "旁观", "grants": {"account": {"read": "self"}}}));
    let user = add("users", json!({"name": "陈测", "username": "chen"}));
    add("record_members", json!({"object": "account", "record": account, "user": user}));
    let condition = json!({"field": "city", "op": "eq", "value": "温州"});
    add("sharing_rules", json!({"name": "温州", "object": "account", "condition": condition, "user": user}));
    add("field_policies", json!({"object": "account", "field": "city", "sensitivity": "internal"}));
    let provider = json!({"name": "企业账号", "issuer": "https://login.example.com", "client_id": "kezhan"});
    add("identity_providers", provider);
    // It could not be reached, and every sign-in would have to say so.
    let directory =
        json!({"name": "公司目录", "address": "ldaps://ldap.example.com", "base_dn": "dc=x", "signs_in": false});
    add("directories", directory);
    let back = "https://app.example.com/back";
    add("oauth_clients", json!({"name": "报表", "scopes": "account:read", "redirect_uris": back}));
    let contact = add("contacts", json!({"name": "林测"}));
    let purpose = add("processing_purposes", json!({"name": "邮件营销"}));
    add("consents", json!({"contact": contact, "purpose": purpose}));
    add("subject_requests", json!({"kind": "access", "requester": "林测", "contact": contact}));
    add("retention_rules", json!({"name": "三年", "object": "contact", "months": 36}));
    add("saved_views", json!({"name": "温州的", "object": "account", "settings": {}}));
    add("favorites", json!({"title": "鹿城鞋业", "object": "account", "record": account}));
    let news = json!({"kind": "mentioned", "title": "鹿城鞋业", "object": "account", "record": account});
    add("notifications", news);
    add("object_definitions", json!({"key": "ship", "plural": "ships", "label_zh": "船", "label_en": "Ship"}));
    let field = json!({"object": "account", "key": "bank", "label_zh": "开户行", "label_en": "Bank", "kind": "text"});
    add("field_definitions", field);
    let layout = json!({"sections": [{"title": {"zh": "一", "en": "One"}, "fields": []}]});
    add("record_layouts", json!({"object": "lead", "settings": layout}));
    let form = Form::new().text("object", "account").text("record", account.clone());
    let form = form.part("file", Part::bytes(b"%PDF").file_name("a.pdf"));
    let file = send(client.request(Method::POST, "/attachments").multipart(form)).created();
    made.push(("attachments", file["id"].as_str().unwrap().to_owned()));
    made
}

/// The paths that the engine gives to every object, of the objects that are not tried at length.
fn in_passing(document: &Value, records: &[(&str, String)]) -> Vec<String> {
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let common: Vec<&str> = paths.iter().filter_map(|path| path.strip_prefix("/api/v1/positions")).collect();
    let others = records.iter().map(|(plural, _)| *plural).filter(|plural| !AT_LENGTH.contains(plural));
    let of = |plural: &str| common.iter().map(|rest| format!("/api/v1/{plural}{rest}")).collect::<Vec<_>>();
    others.flat_map(of).filter(|path| paths.contains(&path)).collect()
}

fn settings(records: &[(&str, String)], in_passing: &[String]) -> String {
    let mut text = String::from(
        "warnings = false\n[generation]\nallow-x00 = true\nmax-examples = 4\n[phases.stateful]\nenabled = false\n",
    );
    for (plural, id) in records {
        let path = format!("include-path-regex = \"^/api/v1/{plural}/\\\\{{id\\\\}}\"");
        writeln!(text, "[[operations]]\n{path}\nparameters = {{ \"path.id\" = \"{id}\" }}").unwrap();
        // Else the version would hardly ever fit.
        let parameters = format!("{{ \"path.id\" = \"{id}\", \"header.If-Match\" = \"*\" }}");
        writeln!(text, "[[operations]]\n{path}\ninclude-method = \"PATCH\"\nparameters = {parameters}").unwrap();
    }
    for path in in_passing {
        let path = path.replace('{', "\\\\{").replace('}', "\\\\}");
        writeln!(text, "[[operations]]\ninclude-path-regex = \"^{path}$\"\nphases.fuzzing.enabled = false").unwrap();
    }
    text
}

#[test]
fn nothing_that_is_sent_breaks_the_server_or_its_promises() {
    let server = TestServer::with(&[
        ("KEZHAN_ACCESS_TOKEN_MINUTES", "60"),
        ("KEZHAN_RATE_LIMIT", "0"),
        ("KEZHAN_SIGN_IN_LIMIT", "0"),
    ]);
    let admin = server.admin();
    let fuzzer = client_tool("python/bin/schemathesis");
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzzing");
    fs::create_dir_all(&here).unwrap();
    let document = server.anonymous().get("/openapi.json").ok();
    let records = records(&admin);
    for path in document["paths"].as_object().unwrap().keys().filter_map(|path| path.strip_suffix("/batch")) {
        assert!(records.iter().any(|(plural, _)| path.ends_with(&format!("/{plural}"))), "no record for {path}");
    }
    let in_passing = in_passing(&document, &records);
    fs::write(here.join("schemathesis.toml"), settings(&records, &in_passing)).unwrap();
    let mut command = Command::new(fuzzer);
    command
        .current_dir(&here)
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(server.url("/api/v1/openapi.json"))
        .args([
            "--url",
            &server.url(""),
            "--header",
            &format!("Authorization: Bearer {}", admin.token.as_deref().unwrap()),
        ])
        .args(["--header", "Accept-Language: en"])
        // Not `coverage`: on deep schemas its own generator now and then calls itself inconsistent.
        .args(["--phases", "examples,fuzzing", "--seed", "20261124", "--workers", "2"])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ])
        .args([
            "--continue-on-failure",
            "--no-shrink",
            "--generation-database",
            "none",
            "--suppress-health-check",
            "all",
        ])
        .args(["--request-timeout", "20", "--no-color", "--report", "har", "--report-har-path", "calls.har"]);
    for operation in LEFT_OUT {
        command.args(["--exclude-operation-id", operation]);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    fs::write(here.join("report.txt"), said.as_bytes()).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let calls: Value = serde_json::from_slice(&fs::read(here.join("calls.har")).unwrap()).unwrap();
    let calls = calls["log"]["entries"].as_array().unwrap();
    // Of calls that are all refused at the door nothing could be learnt.
    let went_in = calls.iter().filter(|c| (200..300).contains(&c["response"]["status"].as_u64().unwrap_or(0))).count();
    assert!(went_in > 300, "{went_in} of {} calls went in", calls.len());
    let untried = untried(&document, calls, &in_passing);
    assert!(untried.is_empty(), "never called: {untried:?}");
}

/// Operations that none of these calls was for, but for those that are tried in passing.
fn untried(document: &Value, calls: &[Value], in_passing: &[String]) -> Vec<String> {
    let called: Vec<(String, Vec<&str>)> = calls
        .iter()
        .map(|call| {
            let url = call["request"]["url"].as_str().unwrap();
            let path = url.splitn(4, '/').nth(3).unwrap().split('?').next().unwrap();
            (call["request"]["method"].as_str().unwrap().to_lowercase(), path.split('/').collect())
        })
        .collect();
    let mut untried = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let wanted: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        if in_passing.contains(path) {
            continue;
        }
        let fits = |given: &[&str]| {
            given.len() == wanted.len() && given.iter().zip(&wanted).all(|(g, w)| w.starts_with('{') || g == w)
        };
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            if !LEFT_OUT.contains(&id) && !called.iter().any(|(m, p)| m == method && fits(p)) {
                untried.push(id.to_owned());
            }
        }
    }
    untried
}
