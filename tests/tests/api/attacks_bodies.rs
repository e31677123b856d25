//! Files and requests that are made to use up memory, disk, connections or patience, or to reach where they should not:
//! each is refused at once, in plain words, and leaves no trace.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, refused, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use zip::write::{SimpleFileOptions, ZipWriter};

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// What these parts are packed into.
fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A workbook with this worksheet and these shared texts.
fn workbook(sheet: &[u8], texts: &[u8]) -> Vec<u8> {
    let book = br#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
    let links = br#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
    packed(&[
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", links),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", texts),
    ])
}

fn sheet(cells: &str) -> Vec<u8> {
    format!("<worksheet><sheetData><row r=\"1\">{cells}</row></sheetData></worksheet>").into_bytes()
}

/// The most memory that this process has held since the mark, in MB.
fn peak(mark: bool) -> u64 {
    if mark {
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

#[test]
fn bombs_do_not_go_off() {
    let server = TestServer::new();
    let api = server.admin();
    let two =
        "<c r=\"A1\" t=\"inlineStr\"><is><t>公司名称</t></is></c><c r=\"B1\" t=\"inlineStr\"><is><t>城市</t></is></c>";
    let no_texts = b"<sst></sst>";
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\">".to_owned()
        + &(0..9)
            .map(|n| {
                format!("<!ENTITY {} \"{}\">", char::from(b'b' + n), format!("&{};", char::from(b'a' + n)).repeat(10))
            })
            .collect::<String>()
        + "]>";
    let laughing = |of: &[u8]| [laughs.as_bytes(), of].concat();
    let endless = vec![b'A'; 100 << 20];
    let long_cell = [
        b"<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>".as_slice(),
        &endless,
        b"</v></c></row></sheetData></worksheet>",
    ]
    .concat();
    let long_note = [b"<worksheet><!--".as_slice(), &b"<>-".repeat(10 << 20), b"--><sheetData/></worksheet>"].concat();
    let inner = workbook(&sheet(two), no_texts);
    let bombs = [
        ("shared texts of 100 MB", workbook(&sheet(two), &endless), 413),
        ("a cell of 100 MB", workbook(&long_cell, no_texts), 413),
        ("a comment of 30 MB", workbook(&long_note, no_texts), 413),
        (
            "a billion laughs",
            workbook(&laughing(&sheet("<c t=\"str\"><v>&j;</v></c><c t=\"str\"><v>&j;</v></c>")), no_texts),
            422,
        ),
        (
            "a billion laughs in the texts",
            workbook(&sheet("<c r=\"A1\" t=\"s\"><v>0</v></c>"), &laughing(b"<sst><si><t>&j;</t></si></sst>")),
            422,
        ),
        ("an archive in an archive", packed(&[("a.xlsx", &inner), ("xl/a.zip", &inner)]), 422),
        ("an archive that is none", b"PK\x03\x04 and nothing more".to_vec(), 422),
        ("half of an archive", inner[..inner.len() / 2].to_vec(), 422),
        ("a path out of the archive", packed(&[("../../../../tmp/kezhan-evil", b"x"), ("/etc/evil", b"x")]), 422),
    ];
    drop((endless, long_cell, long_note));
    let before = peak(true);
    for (what, bytes, status) in bombs {
        let since = Instant::now();
        let reply = api.send_file("a.xlsx", bytes);
        refused(&reply, what);
        assert_eq!(reply.status, status, "{what}: {}", reply.text);
        assert!(since.elapsed() < Duration::from_secs(30), "{what}: {:?}", since.elapsed());
    }
    let grown = peak(false).saturating_sub(before);
    assert!(grown < 150, "{grown} MB for what was refused");
    assert_eq!(server.db.text("SELECT count(*) FROM accounts"), "0");
    assert!(!std::path::Path::new("/tmp/kezhan-evil").exists());
}

#[test]
fn no_name_leads_out_of_its_directory() {
    let outside = std::env::temp_dir().join(format!("kezhan-web-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(outside.join("web")).unwrap();
    std::fs::write(outside.join("secret.txt"), "秘密").unwrap();
    std::fs::write(outside.join("web/index.html"), "<p>page</p>").unwrap();
    let server = TestServer::with(&[("KEZHAN_WEB", outside.join("web").to_str().unwrap())]);
    let api = server.admin();
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/a/../../secret.txt",
        "/..%5csecret.txt",
        "/..%252fsecret.txt",
        "/docs/../../secret.txt",
        "/docs/..%2f..%2fsecret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/a%00/../../secret.txt",
        "/api/v1/../../../secret.txt",
    ] {
        let answer = raw(&server, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"));
        assert!(!answer.contains("秘密") && !answer.contains("root:"), "{path}: {answer}");
        assert!(!answer.starts_with("HTTP/1.1 5"), "{path}: {answer}");
    }
    let account = api.create("accounts", json!({"name": "甲"}));
    for name in ["../../../../tmp/kezhan-evil", "..\\..\\kezhan-evil", "/tmp/kezhan-evil", "C:\\kezhan-evil"] {
        let form = Form::new().text("object", "account").text("record", id(&account).to_owned());
        let form = form.part("file", Part::bytes(b"x").file_name(name));
        let kept = send(api.request(Method::POST, "/attachments").multipart(form)).created();
        assert_eq!(kept["name"], "kezhan-evil");
        let content = api.get(&format!("/attachments/{}/content", id(&kept)));
        assert!(!content.header("content-disposition").contains(".."), "{}", content.header("content-disposition"));
        assert_eq!(api.upload(name, "公司名称\n甲\n")["name"], "kezhan-evil");
    }
    let strays = |at: &std::path::Path| {
        std::fs::read_dir(at).unwrap().flatten().any(|e| e.file_name().to_string_lossy().contains("evil"))
    };
    assert!(!strays(server.data()) && !strays(&std::env::temp_dir()) && !strays(&server.data().join("files")));
    std::fs::remove_dir_all(&outside).unwrap();
}

#[test]
fn bodies_are_bounded_in_size_and_depth() {
    let server = TestServer::new();
    let api = server.admin();
    let post = |path: &str, body: String| {
        send(api.request(Method::POST, path).header("content-type", "application/json").body(body))
    };
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(11 << 20));
    for path in ["/accounts", "/accounts/batch", "/accounts/query", "/composite", "/auth/login", "/bulk/jobs"] {
        refused(&post(path, huge.clone()), path);
        for deep in
            ["[".repeat(200_000), "{\"a\":".repeat(200_000), format!("{}{}", "[".repeat(5_000), "]".repeat(5_000))]
        {
            refused(&post(path, deep), path);
        }
    }
    let mut tree = json!({"field": "name", "op": "eq", "value": "x"});
    for _ in 0..60 {
        tree = json!({"not": tree});
    }
    refused(&api.post("/accounts/query", &json!({"filter": tree})), "a deep tree");
    let wide: Vec<Value> = (0..20_000).map(|n| json!({"field": "name", "op": "eq", "value": n.to_string()})).collect();
    refused(&api.post("/accounts/query", &json!({"filter": {"or": wide}})), "a wide tree");
    refused(&api.get(&format!("/accounts?sort={}", "name,".repeat(5_000))), "a long sort");
    refused(&api.post("/accounts", &json!({"name": {"a": {"b": ["c"]}}})), "a tree for a text");
    refused(&api.post("/accounts", &json!({"name": "x".repeat(1 << 20)})), "a long name");
    let answer = raw(&server, &format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(300_000)));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{}", &answer[..answer.len().min(200)]);
    let headers: String = (0..2_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let answer = raw(&server, &format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n"));
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{}", &answer[..answer.len().min(200)]);
    assert_eq!(server.db.text("SELECT count(*) FROM accounts"), "0");
}

/// Sends it as it stands, and answers what comes back.
fn raw(server: &TestServer, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the rest byte by byte until the server has had enough; answers what it said, and after how long.
fn dribble(server: &TestServer, first: &str) -> (String, Duration) {
    let since = Instant::now();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(first.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut answer = Vec::new();
    while since.elapsed() < Duration::from_secs(15) {
        let mut piece = [0; 4096];
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&piece[..n]),
            Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                let _ = stream.write_all(b"x");
            }
            Err(_) => break,
        }
    }
    (String::from_utf8_lossy(&answer).into_owned(), since.elapsed())
}

#[test]
fn who_dribbles_is_cut_off_and_who_is_only_slow_is_not() {
    let server = TestServer::with(&[("KEZHAN_REQUEST_SECONDS", "1")]);
    let api: Api = server.admin();
    let bearer = api.token.as_deref().unwrap();
    let head = |path: &str, kind: &str| {
        format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {bearer}\r\ncontent-type: {kind}\r\ncontent-length: 5000\r\n\r\n"
        )
    };
    let (_, took) = dribble(&server, "GET /api/v1/accounts HTTP/1.1\r\nhost: x\r\nx-a: ");
    assert!(took < Duration::from_secs(6), "a head: {took:?}");
    let part = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nx";
    for (path, kind, begun) in [
        ("/accounts", "application/json", "{\"name\": \""),
        ("/attachments", "multipart/form-data; boundary=b", part),
        ("/bulk/uploads", "multipart/form-data; boundary=b", part),
        ("/auth/login", "application/json", "{\"username\": \""),
    ] {
        let (answer, took) = dribble(&server, &format!("{}{begun}", head(path, kind)));
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"), "{path}: {answer}");
        assert!(took < Duration::from_secs(6), "{path}: {took:?}");
    }
    assert_eq!(server.db.text("SELECT count(*) FROM attachments"), "0");

    // Two seconds for a body of four kilobytes: slow, and welcome.
    let body = format!("{{\"name\": \"慢\", \"notes\": \"{}\"}}", "x".repeat(4_000));
    let mut stream = TcpStream::connect(server.address).unwrap();
    let length = format!("content-length: {}", body.len());
    stream
        .write_all(head("/accounts", "application/json").replace("content-length: 5000", &length).as_bytes())
        .unwrap();
    for piece in body.as_bytes().chunks(1_000) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(450));
    }
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 201");
}
