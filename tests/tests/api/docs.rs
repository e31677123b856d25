//! Attachments, the OpenAPI document and its pages.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

fn upload(api: &Api, record: &Value, bytes: Vec<u8>, name: &'static str) -> Reply {
    upload_as(api, record, bytes, name, "image/png")
}

fn upload_as(api: &Api, record: &Value, bytes: Vec<u8>, name: &'static str, kind: &str) -> Reply {
    let file = Part::bytes(bytes).file_name(name).mime_str(kind).unwrap();
    let form = Form::new().text("object", "account").text("record", record.as_str().unwrap().to_owned());
    send(api.request(Method::POST, "/attachments").multipart(form.part("file", file)))
}

#[test]
fn files_come_back_as_they_went_in() {
    let server = TestServer::with(&[("KEZHAN_UPLOAD_MAX_MB", "1")]);
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let bytes: Vec<u8> = (0..700_000_u32).map(|n| (n % 251) as u8).collect();
    let made = upload(&api, &account["id"], bytes.clone(), "报价 单.png").created();
    assert_eq!((made["name"].as_str(), made["size"].as_i64()), (Some("报价 单.png"), Some(700_000)));
    assert!(!made.to_string().contains("storage_key"), "{made}");
    let path = format!("/attachments/{}/content", made["id"].as_str().unwrap());
    let got = api.request(Method::GET, &path).send().unwrap();
    if got.status() != 200 {
        panic!("{}", got.text().unwrap());
    }
    let disposition = got.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; ") && disposition.contains("%E6%8A%A5"), "{disposition}");
    assert!(got.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert_eq!(got.bytes().unwrap(), bytes);
    assert_eq!(send(api.request(Method::GET, &format!("{path}?inline=true"))).header("content-type"), "image/png");

    // Nothing but pictures is shown in place.
    for kind in ["application/pdf", "text/html", "image/svg+xml"] {
        let made = upload_as(&api, &account["id"], b"%PDF-1.4".to_vec(), "x", kind).created();
        let reply = send(
            api.request(Method::GET, &format!("/attachments/{}/content?inline=true", made["id"].as_str().unwrap())),
        );
        let kind = reply.header("content-type");
        assert_eq!((kind, reply.header("x-content-type-options")), ("application/octet-stream", "nosniff"));
        assert!(reply.header("content-security-policy").contains("sandbox"));
        api.delete(&format!("/attachments/{}", made["id"].as_str().unwrap()));
    }
    assert_eq!(api.get("/auth/me").ok()["upload_max_bytes"], 1 << 20);

    upload(&api, &account["id"], vec![0; (1 << 20) + 1], "big.png").problem(413, "too_large");
    upload(&api, &json!("0199a1b2-c3d4-7e5f-8a6b-112233445566"), vec![1], "x.png");
    api.post("/attachments", &json!({"name": "x"})).problem(415, "unsupported_media");
    assert_eq!(api.get("/attachments?object=account").ids().len(), 1);

    let role = server.role("无", json!({"account": {"read": "self"}, "attachment": {"read": "all", "create": "all"}}));
    server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    li.get(&path).problem(404, "not_found");
    let refused = upload(&li, &account["id"], vec![1], "x.png");
    assert!(refused.status.is_client_error(), "{}", refused.text);
}

#[test]
fn the_document_is_the_committed_one_and_grows_with_the_tenant() {
    let server = TestServer::new();
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json")).unwrap();
    assert!(server.anonymous().get("/openapi.json").text == committed);
    let api = server.admin();
    api.create(
        "object_definitions",
        json!({"key": "vehicle", "plural": "vehicles", "label_zh": "车", "label_en": "Vehicle"}),
    );
    let field = json!({"object": "vehicle", "key": "plate", "kind": "text", "label_zh": "车牌", "label_en": "Plate"});
    api.create("field_definitions", field);
    let own = api.get("/openapi.json").ok();
    assert!(own["components"]["schemas"]["Vehicle"]["properties"]["plate"].is_object());
    assert!(own["paths"]["/api/v1/vehicles/{id}"]["get"].is_object());
    assert!(server.anonymous().get("/openapi.json").text == committed);
}

#[test]
fn the_reference_needs_no_network() {
    let server = TestServer::new();
    let client = server.anonymous().client;
    let get = |path: &str| client.get(server.url(path)).send().unwrap().text().unwrap();
    let page = get("/docs");
    assert!(page.contains("swagger-ui") && !page.contains("https://"), "{page}");
    assert!(get("/docs/swagger-initializer.js").contains("/api/v1/openapi.json"));
    assert!(get("/docs/swagger-ui-bundle.js").len() > 100_000);
}

#[test]
fn every_answer_says_what_a_browser_may_do_with_it() {
    let server = TestServer::with(&[("KEZHAN_BEHIND_PROXY", "true")]);
    let get = |path: &str, scheme: &str| {
        send(server.admin().client.get(server.url(path)).header("x-forwarded-proto", scheme))
    };
    for path in ["/", "/docs/", "/docs/index.css", "/healthz", "/nothing.js", "/api/v1/accounts", "/api/nothing"] {
        let reply = get(path, "https");
        let policy = reply.header("content-security-policy");
        let safe = !policy.contains("unsafe-inline") && !policy.contains(" 'unsafe-eval'") && !policy.contains('*');
        assert!(safe && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        let loads_nothing = policy.starts_with("default-src 'none'");
        assert_eq!(loads_nothing, path.starts_with("/api/"), "{path}: {policy}");
        assert!(!path.starts_with("/api/") || !policy.contains("-src 'self'"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", "max-age=63072000"),
        ] {
            assert_eq!(reply.header(name), value, "{path}");
        }
        assert_eq!(get(path, "http").header("strict-transport-security"), "", "{path}");
    }
    // Without a proxy, whoever claims TLS is not believed.
    let open = TestServer::new();
    let claimed = open.anonymous().client.get(open.url("/")).header("x-forwarded-proto", "https");
    assert_eq!(send(claimed).header("strict-transport-security"), "");
}
