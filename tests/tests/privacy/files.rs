//! Stored files: nothing of them is in the clear, parts are parts of them, and what was tampered with is not served.

use kezhan_tests::TestServer;
use kezhan_tests::import::plan;
use kezhan_tests::process::Process;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use kezhan_tests::{MASTER_KEY, TestDb};
use reqwest::Method;
use reqwest::blocking::Response;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

pub const CHUNK: usize = 64 << 10;
pub const HEAD: usize = 67;
pub const TAG: usize = 16;

pub fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n / 7 % 251) as u8).collect()
}

pub fn upload(api: &Api, account: &Value, content: Vec<u8>) -> Reply {
    let form = Form::new().text("object", "account").text("record", account["id"].as_str().unwrap().to_owned());
    let file = Part::bytes(content).file_name("合同.pdf");
    send(api.request(Method::POST, "/attachments").multipart(form.part("file", file)))
}

pub fn content(api: &Api, file: &Value, headers: &[(&str, &str)]) -> Response {
    let path = format!("/attachments/{}/content", file["id"].as_str().unwrap());
    let request =
        headers.iter().fold(api.request(Method::GET, &path), |request, (name, value)| request.header(*name, *value));
    request.send().unwrap()
}

/// Where the content of an attachment lies on disk.
pub fn place(db: &TestDb, data: &Path, file: &Value) -> PathBuf {
    data.join("files").join(storage_key(db, file))
}

pub fn storage_key(db: &TestDb, file: &Value) -> String {
    db.text(&format!("SELECT storage_key FROM attachments WHERE id = '{}'", file["id"].as_str().unwrap()))
}

pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => out.extend(files_below(&path)),
            path => out.push(path),
        }
    }
    out
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

#[test]
fn nothing_of_what_was_sent_lies_on_disk() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let text = "顶级机密的合同条款。".repeat(20_000);
    let file = upload(&api, &account, text.clone().into_bytes()).created();
    let picture = upload(&api, &account, b"\x89PNG the face of somebody".to_vec()).created();
    let sheet: String = (0..500).map(|n| format!("机密客户{n},上海\n")).collect();
    let sheet = api.upload("customers.csv", format!("客户名称,城市\n{sheet}"));

    let stored = files_below(&server.data().join("files"));
    assert_eq!(stored.len(), 3);
    for path in &stored {
        let bytes = fs::read(path).unwrap();
        // Each of six bytes and more: three of them come up by chance in one of thirty ciphertexts of this length.
        for clear in ["机密", "PNG the", "somebody", "上海", "客户"] {
            assert!(!holds(&bytes, clear), "{clear} is in {}", path.display());
        }
    }
    // What comes back is what went in, and is known by the same digest and length as ever.
    let got = content(&api, &file, &[]);
    assert_eq!(got.headers()["content-length"], text.len().to_string().as_str());
    assert_eq!(got.headers()["etag"], format!("\"{}\"", file["sha256"].as_str().unwrap()).as_str());
    assert_eq!(got.text().unwrap(), text);
    assert_eq!(content(&api, &picture, &[]).bytes().unwrap().as_ref(), b"\x89PNG the face of somebody");
    assert_eq!(sheet["columns"].as_array().unwrap().len(), 2);
    let mut plan = plan(&sheet);
    plan["object"] = json!("account");
    let job = api.import(&plan);
    assert_eq!(job["progress"]["created"], 500, "{job:#}");
    // A second look, and the rows with what became of them, read the same file.
    let again = api.post(&format!("/bulk/uploads/{}/mapping", sheet["id"].as_str().unwrap()), &json!({}));
    assert_eq!(again.ok()["rows"][0][0], "机密客户0");
    let rows = api.get(&format!("/bulk/jobs/{}/files/success", job["id"].as_str().unwrap()));
    assert!(rows.text.contains("机密客户499"));
}

#[test]
fn a_part_of_a_file_is_that_part_of_it() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let whole = bytes(3 * CHUNK + 100);
    let file = upload(&api, &account, whole.clone()).created();
    let edges = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 1, 3 * CHUNK, whole.len() - 1];
    for (at, from) in edges.iter().enumerate() {
        for to in &edges[at..] {
            let got = content(&api, &file, &[("range", &format!("bytes={from}-{to}"))]);
            assert_eq!(got.status(), 206);
            let range = format!("bytes {from}-{to}/{}", whole.len());
            assert_eq!(got.headers()["content-range"], range.as_str());
            assert_eq!(got.headers()["content-length"], (to + 1 - from).to_string().as_str());
            assert!(got.bytes().unwrap() == whole[*from..=*to], "{range}");
        }
    }
    let tail = content(&api, &file, &[("range", "bytes=-5")]);
    assert_eq!(tail.bytes().unwrap().as_ref(), &whole[whole.len() - 5..]);
    let beyond = content(&api, &file, &[("range", "bytes=9999999-")]);
    assert_eq!(
        (beyond.status().as_u16(), beyond.headers()["content-range"].to_str().unwrap()),
        (416, "bytes */196708")
    );
    assert_eq!(beyond.json::<Value>().unwrap()["code"], "range_not_satisfiable");
    let several = content(&api, &file, &[("range", "bytes=0-1,5-6")]);
    assert_eq!((several.status(), several.bytes().unwrap().len()), (reqwest::StatusCode::OK, whole.len()));

    let tag = format!("\"{}\"", file["sha256"].as_str().unwrap());
    let known = content(&api, &file, &[("if-none-match", &tag)]);
    assert_eq!((known.status().as_u16(), known.headers()["etag"].to_str().unwrap()), (304, tag.as_str()));
    assert_eq!(content(&api, &file, &[("range", "bytes=0-0"), ("if-range", &tag)]).status(), 206);
    assert_eq!(content(&api, &file, &[("range", "bytes=0-0"), ("if-range", "\"other\"")]).status(), 200);

    let empty = upload(&api, &account, Vec::new()).created();
    assert_eq!(content(&api, &empty, &[]).bytes().unwrap().len(), 0);
    assert_eq!(content(&api, &empty, &[("range", "bytes=0-0")]).status(), 416);
}

/// Refused before a byte of it is sent, or broken off before the length that was promised.
#[track_caller]
fn refused(api: &Api, file: &Value, range: Option<&str>, what: &str) {
    let headers: Vec<(&str, &str)> = range.map(|range| ("range", range)).into_iter().collect();
    let got = content(api, file, &headers);
    if got.status() == 500 {
        let problem: Value = got.json().unwrap();
        assert_eq!(problem["code"], "internal", "{what}");
        assert!(!problem.to_string().contains("sealed"), "{problem}");
        return;
    }
    assert!(got.status().is_success(), "{what}: {}", got.status());
    assert!(got.bytes().is_err(), "{what} is served as if it were whole");
}

#[test]
fn what_was_tampered_with_is_not_served() {
    let server = TestServer::new();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲"}));
    let (whole, other) = (bytes(3 * CHUNK + 100), vec![7; 3 * CHUNK + 100]);
    let (file, second) = (upload(&api, &account, whole.clone()).created(), upload(&api, &account, other).created());
    let path = place(&server.db, server.data(), &file);
    let good = fs::read(&path).unwrap();
    let step = CHUNK + TAG;
    let first = Some("bytes=0-9");

    let mut flipped = good.clone();
    flipped[HEAD + step + 500] ^= 1;
    fs::write(&path, &flipped).unwrap();
    refused(&api, &file, None, "a bit of the second chunk");
    refused(&api, &file, Some("bytes=66000-66001"), "a bit of the second chunk");
    assert_eq!(
        content(&api, &file, &[("range", "bytes=0-9")]).bytes().unwrap().as_ref(),
        &whole[..10],
        "other chunks are good"
    );

    for end in [HEAD + step, HEAD + 3 * step, good.len() - 1, HEAD, 10, 0] {
        fs::write(&path, &good[..end]).unwrap();
        refused(&api, &file, None, "a file that was cut short");
        refused(&api, &file, first, "a part of a file that was cut short");
    }
    let (one, two) = (good[HEAD..HEAD + step].to_vec(), good[HEAD + step..HEAD + 2 * step].to_vec());
    fs::write(&path, [&good[..HEAD], &two, &one, &good[HEAD + 2 * step..]].concat()).unwrap();
    refused(&api, &file, None, "chunks in another order");
    refused(&api, &file, first, "chunks in another order");

    // Another file of the same company and length, and one in the clear.
    fs::copy(place(&server.db, server.data(), &second), &path).unwrap();
    refused(&api, &file, None, "another file");
    refused(&api, &file, first, "another file");
    fs::write(&path, &whole).unwrap();
    refused(&api, &file, None, "a file in the clear");
    fs::remove_file(&path).unwrap();
    refused(&api, &file, None, "no file");
    fs::write(&path, &good).unwrap();
    assert!(content(&api, &file, &[]).bytes().unwrap() == whole);
}

#[test]
fn another_companys_key_does_not_open_a_file() {
    let server = TestServer::new();
    let mine = server.admin();
    let setup = kezhan_features::people::setup::create_tenant;
    setup(&kezhan_tests::sealing_engine(), &mut server.db.connect(), "other", "另一家", "boss", PASSWORD).unwrap();
    let body = json!({"username": "boss", "password": PASSWORD, "tenant": "other"});
    let token = server.anonymous().post("/auth/login", &body).ok()["access_token"].as_str().unwrap().to_owned();
    let theirs = server.anonymous().bearing(&token);
    let account = |api: &Api| api.create("accounts", json!({"name": "甲"}));
    let secret = upload(&mine, &account(&mine), b"ours".to_vec()).created();
    let bait = upload(&theirs, &account(&theirs), b"bait".to_vec()).created();
    // Whoever may write to the disk puts our file in place of theirs; and to the database, theirs upon ours.
    let target = place(&server.db, server.data(), &bait);
    let own = fs::read(&target).unwrap();
    fs::copy(place(&server.db, server.data(), &secret), &target).unwrap();
    refused(&theirs, &bait, None, "our file in their place");
    fs::write(&target, own).unwrap();
    let key = storage_key(&server.db, &secret);
    let id = bait["id"].as_str().unwrap();
    server.db.run(&format!("UPDATE attachments SET storage_key = '{key}' WHERE id = '{id}'"));
    refused(&theirs, &bait, None, "their record with the name of our file");
    assert_eq!(content(&mine, &secret, &[]).text().unwrap(), "ours");
}

/// The most memory that a process has had, in MiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

#[test]
fn a_large_file_goes_in_and_comes_out_in_little_memory() {
    const MIB: usize = 96;
    let db = TestDb::new();
    let setup = kezhan_features::people::setup::create_tenant;
    setup(&kezhan_tests::sealing_engine(), &mut db.connect(), "test", "测试公司", "admin", PASSWORD).unwrap();
    let data = std::env::temp_dir().join(format!("kezhan-large-{}", uuid::Uuid::now_v7()));
    let settings = [
        ("DATABASE_URL", db.url()),
        ("KEZHAN_MASTER_KEY", MASTER_KEY),
        ("KEZHAN_UPLOAD_MAX_MB", "1000"),
        ("KEZHAN_HTTP_WORKERS", "1"),
    ];
    let server = Process::start_with(&data, &settings);
    let api = Api::at(server.base()).sign_in("admin", PASSWORD);
    let account = api.create("accounts", json!({"name": "甲"}));
    let small = upload(&api, &account, bytes(1 << 20)).created();
    content(&api, &small, &[]).bytes().unwrap();
    let before = peak(server.pid());
    let source = std::io::repeat(42).take((MIB << 20) as u64);
    let file = Part::reader_with_length(source, (MIB << 20) as u64).file_name("large.bin");
    let form = Form::new().text("object", "account").text("record", account["id"].as_str().unwrap().to_owned());
    let request = api.request(Method::POST, "/attachments").timeout(std::time::Duration::from_secs(300));
    let made = send(request.multipart(form.part("file", file))).created();
    assert_eq!(made["size"], MIB << 20);
    let uploaded = peak(server.pid());
    let path = format!("/attachments/{}/content", made["id"].as_str().unwrap());
    let mut got = api.request(Method::GET, &path).timeout(std::time::Duration::from_secs(300)).send().unwrap();
    let count = std::io::copy(&mut got, &mut std::io::sink()).unwrap();
    assert_eq!(count, (MIB << 20) as u64);
    let downloaded = peak(server.pid());
    // The peak as the kernel counts it is not exact, and may even seem to fall.
    assert!(uploaded.saturating_sub(before) < MIB as u64 / 2, "{before} MiB before, {uploaded} MiB after an upload");
    assert!(downloaded.saturating_sub(uploaded) < 32, "{uploaded} MiB before, {downloaded} MiB after a download");
    server.end("-TERM");
    fs::remove_dir_all(data).unwrap();
}
