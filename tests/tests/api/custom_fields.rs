//! A tenant's own fields on records that are there already.

use kezhan_tests::TestServer;
use kezhan_tests::server::Reply;
use serde_json::{Value, json};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// The one fault, which must be that records share a value.
fn shared(reply: &Reply) -> String {
    let problem = reply.problem(422, "invalid");
    let errors = problem["errors"].as_array().unwrap();
    let fault = (errors.len(), errors[0]["field"].as_str().unwrap(), errors[0]["code"].as_str().unwrap());
    assert_eq!(fault, (1, "is_unique", "not_unique"), "{problem}");
    errors[0]["message"].as_str().unwrap().to_owned()
}

#[test]
fn a_field_does_not_become_unique_over_records_that_share_a_value() {
    let server = TestServer::new();
    let mut api = server.admin();
    let field = |more: Value| {
        let mut field =
            json!({"object": "account", "key": "plate", "kind": "text", "label_zh": "车牌", "label_en": "Plate"});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        field
    };
    let plate = api.create("field_definitions", field(json!({})));
    let path = format!("/field_definitions/{}", id(&plate));
    let with = |plate: Value| json!({"name": "甲", "plate": plate});
    let first = api.create("accounts", with(json!("沪A12345")));
    api.create("accounts", with(json!("沪A12345")));
    api.create("accounts", with(json!("苏B1")));
    // Any number may be without one.
    api.create("accounts", with(Value::Null));
    api.create("accounts", with(Value::Null));

    let message = shared(&api.patch(&path, &json!({"is_unique": true})));
    assert_eq!(message, "2 records have the same “Plate” now, “沪A12345”; make them differ first");
    api.lang = "zh-CN";
    let message = shared(&api.patch(&path, &json!({"is_unique": true})));
    assert_eq!(message, "现有 2 条记录的“车牌”都是“沪A12345”，请先改为互不相同");
    api.lang = "en";
    // Nothing has changed: not the definition, and not what may be written.
    assert_eq!(api.get(&path).ok()["is_unique"], false);
    let again = api.create("accounts", with(json!("沪A12345")));

    // A new field over what an old one of the same key has left behind.
    assert_eq!(api.delete(&path).status, 204);
    shared(&api.post("/field_definitions", &field(json!({"is_unique": true}))));
    api.post(&format!("{path}/restore"), &json!({})).ok();

    for (record, plate) in [(&first, "沪A1"), (&again, "沪A2")] {
        api.patch(&format!("/accounts/{}", id(record)), &json!({"plate": plate})).ok();
    }
    api.patch(&path, &json!({"is_unique": true})).ok();
    let taken = api.post("/accounts", &with(json!("沪A1"))).problem(422, "invalid");
    assert_eq!((&taken["errors"][0]["field"], &taken["errors"][0]["code"]), (&json!("plate"), &json!("taken")));
}

#[test]
fn objects_that_share_a_table_do_not_share_their_values() {
    let server = TestServer::new();
    let api = server.admin();
    for (key, plural) in [("vehicle", "vehicles"), ("trailer", "trailers")] {
        api.create("object_definitions", json!({"key": key, "plural": plural, "label_zh": key, "label_en": key}));
        let field = json!({"object": key, "key": "plate", "kind": "integer", "label_zh": "车牌", "label_en": "Plate"});
        api.create("field_definitions", field);
        for plate in [7, if key == "vehicle" { 8 } else { 7 }] {
            api.create(plural, json!({"plate": plate}));
        }
    }
    let unique = |object: &str| {
        let found = api.get(&format!("/field_definitions?object={object}&key=plate")).ids().remove(0);
        api.patch(&format!("/field_definitions/{found}"), &json!({"is_unique": true}))
    };
    unique("vehicle").ok();
    assert!(shared(&unique("trailer")).contains("“7”"));

    // A number's international form stands beside it once.
    let field = json!({"object": "vehicle", "key": "tel", "kind": "phone", "label_zh": "电话", "label_en": "Phone"});
    api.create("field_definitions", field);
    let meta = api.get("/meta/objects/vehicle").ok();
    let keys: Vec<&str> = meta["fields"].as_array().unwrap().iter().filter_map(|f| f["key"].as_str()).collect();
    assert_eq!(keys.iter().filter(|key| **key == "tel_e164").count(), 1, "{keys:?}");
    let made = api.post("/vehicles", &json!({"plate": 9, "tel": "13800138000"}));
    assert_eq!(made.text.matches("tel_e164").count(), 1, "{}", made.text);
}

#[test]
fn a_field_that_must_have_a_file_gets_one_that_was_sent_ahead() {
    let server = TestServer::new();
    let api = server.admin();
    let field = json!({"object": "account", "key": "licence", "kind": "file", "label_zh": "营业执照", "label_en": "Licence", "required": true});
    api.create("field_definitions", field);
    let me = api.get("/auth/me").ok()["id"].as_str().unwrap().to_owned();
    let form = reqwest::blocking::multipart::Form::new()
        .text("object", "user")
        .text("record", me)
        .part("file", reqwest::blocking::multipart::Part::bytes(b"%PDF-1.4".to_vec()).file_name("执照.pdf"));
    let sent =
        api.client.post(server.url("/api/v1/attachments")).bearer_auth(api.token.as_ref().unwrap()).multipart(form);
    let file = kezhan_tests::server::send(sent).created()["id"].clone();
    api.post("/accounts", &json!({"name": "西湖茶业"})).problem(422, "invalid");
    let made = api.create("accounts", json!({"name": "西湖茶业", "licence": file}));
    let kept = api.get(&format!("/attachments/{}", file.as_str().unwrap())).ok();
    assert_eq!((&kept["object"], &kept["record"]), (&json!("account"), &made["id"]), "it hangs on the record now");
}
