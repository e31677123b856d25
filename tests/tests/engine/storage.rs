//! Files of records in a bucket, through a real service that speaks S3.

use kezhan_tests::TestServer;
use kezhan_tests::s3::S3;
use kezhan_tests::server::{Api, Reply, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn server(s3: &S3) -> TestServer {
    let settings = s3.settings();
    TestServer::with(&settings.each_ref().map(|(name, value)| (*name, value.as_str())))
}

fn upload(api: &Api, account: &Value, bytes: Vec<u8>) -> Reply {
    let form = Form::new().text("object", "account").text("record", account["id"].as_str().unwrap().to_owned());
    send(
        api.request(Method::POST, "/attachments")
            .multipart(form.part("file", Part::bytes(bytes).file_name("合同.pdf"))),
    )
}

fn content(api: &Api, attachment: &Value) -> reqwest::blocking::Response {
    api.request(Method::GET, &format!("/attachments/{}/content", attachment["id"].as_str().unwrap())).send().unwrap()
}

#[test]
fn files_go_into_a_bucket_and_come_back_whole() {
    let s3 = S3::start();
    let server = server(&s3);
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    // Nothing, little, and more than one part of an upload holds.
    for size in [0, 3, 11 << 20] {
        let bytes: Vec<u8> = (0..size).map(|n: u32| (n % 251) as u8).collect();
        let made = upload(&api, &account, bytes.clone()).created();
        assert_eq!(made["size"], size);
        let got = content(&api, &made);
        assert_eq!(got.status(), 200);
        assert_eq!(got.headers()["content-length"], size.to_string().as_str());
        assert!(got.bytes().unwrap() == bytes, "{size} bytes come back as others");
    }
    assert_eq!(s3.holds(), (3, 0));

    let first = api.get("/attachments").ids().remove(0);
    assert_eq!(api.delete(&format!("/attachments/{first}")).status, 204);
    api.get(&format!("/attachments/{first}/content")).problem(404, "not_found");
    // The recycle bin gives it back with its content.
    api.post(&format!("/attachments/{first}/restore"), &json!({})).ok();
    assert_eq!(content(&api, &json!({"id": first})).status(), 200);
}

#[test]
fn what_is_refused_leaves_nothing_in_the_bucket() {
    let s3 = S3::start();
    let settings = s3.settings();
    let mut settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.push(("KEZHAN_UPLOAD_MAX_MB", "6"));
    let server = TestServer::with(&settings);
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    // The first part is in the bucket already when the limit is reached.
    upload(&api, &account, vec![7; 8 << 20]).problem(413, "too_large");
    let nowhere = json!({"id": "0199a1b2-c3d4-7e5f-8a6b-112233445566"});
    upload(&api, &nowhere, vec![7; 10]).problem(422, "invalid");
    assert_eq!(s3.holds(), (0, 0));
    assert_eq!(api.get("/attachments").ids().len(), 0);
}

#[test]
fn a_service_that_is_down_is_said_at_once_and_nothing_is_half_written() {
    let s3 = S3::start();
    let port = s3.endpoint.rsplit(':').next().unwrap().parse().unwrap();
    let server = server(&s3);
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let made = upload(&api, &account, vec![1, 2, 3]).created();
    s3.stop();

    let asked = Instant::now();
    let refused = upload(&api, &account, vec![4, 5, 6]);
    refused.problem(503, "unavailable");
    assert!(!refused.header("retry-after").is_empty());
    let failed = content(&api, &made);
    assert_eq!(
        (failed.status().as_u16(), &failed.headers()["content-type"]),
        (503, &"application/problem+json".parse().unwrap())
    );
    assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
    assert_eq!(api.get("/attachments").ids().len(), 1, "no record without its file");

    // Back again, empty: moto keeps nothing. What comes now is kept.
    let s3 = S3::on(port);
    upload(&api, &account, vec![4, 5, 6]).created();
    assert_eq!(s3.holds(), (1, 0));
    assert_eq!(content(&api, &made).status().as_u16(), 500, "a file that is gone is not the caller's fault");
}
