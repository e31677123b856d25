//! Pictures: of people, wherever they are shown, and on the cards of a gallery.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::server::{Api, PASSWORD, send};
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

/// One pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xDE, 0x00, 0x00, 0x00, 0x0C, 0x49,
    0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x30, 0x4E, 0x9B, 0x09, 0x00, 0x02, 0x02, 0x01, 0x33, 0x56, 0x87, 0xE2, 0x54,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
];

fn put(server: &TestServer, api: &Api, object: &str, record: &str, name: &str, kind: &str, bytes: Vec<u8>) -> Value {
    let part = Part::bytes(bytes).file_name(name.to_owned()).mime_str(kind).unwrap();
    let form = Form::new().text("object", object.to_owned()).text("record", record.to_owned()).part("file", part);
    let token = api.token.clone().unwrap();
    send(api.client.post(server.url("/api/v1/attachments")).bearer_auth(token).multipart(form)).created()["id"].clone()
}

#[test]
fn faces_and_covers_are_seen() {
    let server = TestServer::with_web();
    let field = |key: &str, label: &str, required: bool| json!({"object": "account", "key": key, "kind": "file", "label_zh": label, "label_en": key, "required": required});
    let admin = server.admin();
    admin.create("field_definitions", field("cover", "门头照片", false));
    let all = json!({"read": "all", "create": "all", "edit": "all", "delete": "all"});
    let role = server.role("全部", json!({"*": all}));
    let wang = server.user("wang", &role, json!({"name": "王伟", "username": "wang"}));
    let api = server.sign_in("wang", PASSWORD);
    let account = api.create("accounts", json!({"name": "北京海淀科技有限公司"}));
    let id = account["id"].as_str().unwrap();
    let face = put(&server, &api, "user", &wang, "头像.png", "image/png", PNG.to_vec());
    api.patch("/auth/me", &json!({"avatar": face})).ok();
    let cover = put(&server, &api, "account", id, "门头.png", "image/png", PNG.to_vec());
    api.patch(&format!("/accounts/{id}"), &json!({"cover": cover})).ok();

    let browser = Browser::signed_in(&server, "admin");
    let seen =
        |css: &str| browser.script(&format!("return document.querySelector(\"{css}\")?.naturalWidth ?? 0")) == json!(1);
    // Whoever is shown has their face: in lists, and on the timeline.
    browser.goto("/o/accounts?columns=name,owner");
    browser.sees("王伟");
    browser.until("the owner's picture is there", || seen("[role=gridcell] img"));
    browser.screenshot("faces");
    browser.goto("/o/accounts?layout=gallery&cover=cover");
    browser.until("the cover is there", || seen("main a img, main section img, main li img, main img"));
    browser.screenshot("gallery-cover");
    browser.goto(&format!("/o/accounts/{id}?tab=history"));
    browser.until("history has faces", || seen("main li img"));
    browser.no_complaints(&[]);
}
