//! What somebody who means harm would send: each is refused in plain words, or kept as the harmless text that it is,
//! and leaves no trace.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey};
use kezhan_features::people::setup::create_tenant;
use kezhan_tests::TestServer;
use kezhan_tests::import::plan;
use kezhan_tests::server::{PASSWORD, Reply, refused, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::io::{Cursor, Read};
use std::time::{Duration, Instant};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

fn token(header: &Value, claims: &Value, key: &[u8], algorithm: Option<Algorithm>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = algorithm.map(|a| sign(message.as_bytes(), &EncodingKey::from_secret(key), a).unwrap());
    format!("{message}.{}", signature.unwrap_or_default())
}

#[test]
fn no_forged_token_opens_anything() {
    let server = TestServer::with(&[("KEZHAN_JWT_SECRET", SECRET)]);
    let ours = server.admin().token.unwrap();
    let engine = kezhan_tests::sealing_engine();
    let other = create_tenant(&engine, &mut server.db.connect(), "other", "别家公司", "boss", PASSWORD).unwrap();
    let parts: Vec<&str> = ours.split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let with = |changes: Value| {
        let mut claims = claims.clone();
        for (key, value) in changes.as_object().unwrap() {
            claims[key] = value.clone();
        }
        claims
    };
    let hs = |alg: &str| json!({"typ": "JWT", "alg": alg});
    let good = |claims: &Value| token(&hs("HS256"), claims, SECRET.as_bytes(), Some(Algorithm::HS256));
    let now = chrono::Utc::now().timestamp();
    let swapped = with(json!({"tenant": other.tenant, "sub": other.user}));
    let swapped_body = URL_SAFE_NO_PAD.encode(swapped.to_string());
    let without = |key: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().remove(key);
        claims
    };
    let mut forged = vec![
        ("another key", token(&hs("HS256"), &swapped, b"another secret of thirty-two chars", Some(Algorithm::HS256))),
        ("an empty key", token(&hs("HS256"), &claims, b"", Some(Algorithm::HS256))),
        ("our signature, other claims", format!("{}.{swapped_body}.{}", parts[0], parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("another algorithm of the family", token(&hs("HS384"), &claims, SECRET.as_bytes(), Some(Algorithm::HS384))),
        ("the longest of the family", token(&hs("HS512"), &claims, SECRET.as_bytes(), Some(Algorithm::HS512))),
        ("a key that the token names", {
            let header = json!({"alg": "HS256", "kid": "../../../../dev/null", "jku": "http://127.0.0.1:1/keys"});
            token(&header, &claims, b"", Some(Algorithm::HS256))
        }),
        ("a public key taken for a secret", token(&hs("RS256"), &claims, SECRET.as_bytes(), Some(Algorithm::HS256))),
        ("an elliptic one", token(&hs("ES256"), &claims, SECRET.as_bytes(), Some(Algorithm::HS256))),
        ("a year old", good(&with(json!({"iat": now - 31_536_000, "exp": now - 31_535_000})))),
        ("just expired", good(&with(json!({"exp": now - 10})))),
        ("for ever", good(&without("exp"))),
        ("of nobody", good(&without("sub"))),
        ("of another issuer", good(&with(json!({"iss": "somebody"})))),
        // Whoever had the secret: a session is good in its own company only.
        ("our session, another company", good(&swapped)),
        ("our session, only the user another", good(&with(json!({"sub": other.user})))),
        ("our session, only the company another", good(&with(json!({"tenant": other.tenant})))),
        ("not a token", "a.b.c".into()),
        ("a long one", format!("{}.{}.{}", parts[0], "A".repeat(30_000), parts[2])),
    ];
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        forged.push(("no algorithm", token(&hs(alg), &claims, b"", None)));
    }
    let strangers = server.anonymous();
    for (what, token) in &forged {
        let bearer = strangers.bearing(token);
        refused(&bearer.get("/accounts"), what);
        let write = bearer.post("/accounts", &json!({"name": "偷"}));
        assert!([401, 403].contains(&write.status.as_u16()), "{what}: {} {}", write.status, write.text);
        refused(&write, what);
        let cookie = strangers.request(Method::POST, "/accounts").header("cookie", format!("kz_access={token}"));
        refused(&send(cookie.header("x-requested-with", "kezhan").json(&json!({"name": "偷"}))), what);
    }
    assert_eq!(server.db.text("SELECT count(*) FROM accounts"), "0");
    let mut still = server.anonymous();
    still.token = Some(ours);
    still.get("/accounts").ok();
}

/// What the server alone writes, under every name that somebody might try.
const SYSTEM: &[&str] = &[
    "id",
    "tenant_id",
    "tenant",
    "created_at",
    "created_by",
    "created_by_id",
    "updated_at",
    "updated_by",
    "version",
    "deleted_at",
    "deleted_by",
    "department",
    "department_id",
    "owner_id",
    "host_owner_id",
    "host_owner",
    "search_text",
    "custom",
    "won_at",
    "__proto__",
    "constructor",
    "name_e164",
];

#[test]
fn what_the_server_writes_nobody_else_does() {
    let server = TestServer::new();
    let api = server.admin();
    let mine = api.create("accounts", json!({"name": "甲", "external_id": "X1"}));
    let path = format!("/accounts/{}", id(&mine));
    let before = api.get(&path).ok();
    let value = json!("0199a1b2-c3d4-7e5f-8a6b-112233445566");
    let upload = api.upload("a.csv", "公司名称,二\n乙,0199a1b2-c3d4-7e5f-8a6b-112233445566\n");
    for key in SYSTEM {
        let record = json!({"name": "乙", *key: value});
        let named = |reply: &Reply, of: &str| {
            refused(reply, &format!("{of} with {key}"));
            assert!(reply.text.contains(key), "{of} with {key}: {}", reply.text);
        };
        named(&api.post("/accounts", &record), "create");
        named(&api.patch(&path, &json!({*key: value})), "patch");
        named(&api.put("/accounts/by/external_id/X1", &record), "upsert of one that is there");
        named(&api.put("/accounts/by/external_id/X2", &record), "upsert of a new one");
        for operation in [
            json!({"op": "create", "record": record}),
            json!({"op": "update", "id": id(&mine), "record": {*key: value}}),
            json!({"op": "upsert", "key": "external_id", "value": "X1", "record": record}),
        ] {
            named(&api.post("/accounts/batch", &json!({"all_or_none": true, "operations": [operation]})), "batch");
        }
        let composite = json!({"requests": [{"method": "POST", "path": "/accounts", "body": record}]});
        named(&api.post("/composite", &composite), "composite");
        let mut import = plan(&upload);
        import["object"] = json!("account");
        import["columns"][1] = json!({"column": 1, "field": key});
        // A file may say by "id" which records it means; it gives none a new one.
        if *key != "id" {
            refused(&api.post("/bulk/preview", &import), key);
            refused(&api.post("/bulk/jobs", &import), key);
            let mut import = plan(&upload);
            import["object"] = json!("account");
            import["defaults"] = json!({*key: value});
            refused(&api.post("/bulk/jobs", &import), key);
        }
        let change = json!({"object": "account", "values": {*key: value}, "set": {*key: value}});
        refused(&api.post("/bulk/changes", &change), key);
    }
    let form = Form::new().text("object", "account").text("record", id(&mine).to_owned()).text("storage_key", "../x");
    let file = form.part("file", Part::bytes(b"x").file_name("a.txt"));
    refused(&send(api.request(Method::POST, "/attachments").multipart(file)), "storage_key");
    assert_eq!(api.get(&path).ok(), before);
    assert_eq!(server.db.text("SELECT count(*) FROM accounts"), "1");
    assert_eq!(server.db.text("SELECT count(*) FROM attachments"), "0");

    // Nobody makes more of themselves than they are.
    let role = server.role("看", json!({"account": {"read": "all"}, "user": {"read": "all"}}));
    let li = server.user("li", &role, json!({}));
    let me = server.sign_in("li", PASSWORD);
    let admin_role = server.tenant.role.to_string();
    for raise in [
        json!({"role": admin_role}),
        json!({"status": "active"}),
        json!({"manager": null}),
        json!({"password_hash": "x"}),
    ] {
        refused(&me.patch(&format!("/users/{li}"), &raise), &raise.to_string());
        refused(&me.patch("/auth/me", &raise), &raise.to_string());
    }
    assert_eq!(api.get(&format!("/users/{li}")).ok()["role"], json!(role));
}

const INJECTIONS: &[&str] = &[
    "'; DROP TABLE accounts; --",
    "' OR '1'='1",
    "%' OR 1=1 --",
    "\\'; SELECT pg_sleep(9); --",
    "$1",
    "$$; DELETE FROM accounts; $$",
    "?",
    ":name",
    "\"}'::jsonb",
    "{\"a\":1}",
    "$.** ? (@ like_regex \".*\")",
    "custom->>'x'",
    "{x,y}",
    "name\")); DELETE FROM accounts; --",
    "a' || (SELECT password_hash FROM users LIMIT 1) || '",
    "1; UPDATE users SET status = 'left'",
    "name DESC; --",
    "name\" DESC, (SELECT 1) --",
    "%",
    "_",
    "\\",
    "*",
    "E'\\x27'",
    "\u{ff07} OR 1=1",
];

#[test]
fn no_text_becomes_a_command() {
    let server = TestServer::new();
    let api = server.admin();
    let bank = json!({"object": "account", "key": "bank", "label_zh": "开户行", "label_en": "Bank", "kind": "text"});
    api.create("field_definitions", bank);
    let meta = api.get("/meta/objects/account").ok();
    let texts = meta["fields"].as_array().unwrap().iter();
    let texts = texts.filter(|f| f["read_only"] != true && f["type"] == "text");
    let texts: Vec<&str> = texts.map(|f| f["key"].as_str().unwrap()).collect();
    assert!(texts.contains(&"bank") && texts.len() > 4, "{texts:?}");
    api.create("accounts", json!({"name": "无辜", "bank": "无辜"}));
    let account = kezhan_domain::standard().get("account").unwrap();
    let since = Instant::now();
    for evil in INJECTIONS {
        for key in &texts {
            let mut record = json!({"name": "容器"});
            record[key] = json!(evil);
            let reply = api.post("/accounts", &record);
            // A field may have a form of its own; what it takes it gives back as it was.
            if reply.status != 422 {
                assert_eq!(reply.created()[key], json!(evil), "{key}");
                // Encrypted, and not looked for by what it says.
                if account.field(key).is_some_and(|f| f.sealed && !f.findable()) {
                    continue;
                }
                let found =
                    api.post("/accounts/query", &json!({"filter": {"field": key, "op": "eq", "value": evil}})).ok();
                let found = found["data"].as_array().unwrap().clone();
                assert!(!found.is_empty() && found.iter().all(|r| r[key] == json!(evil)), "{key} {evil}: {found:?}");
            }
        }
        for op in ["contains", "starts_with", "ends_with", "not_contains", "in"] {
            let value = if op == "in" { json!([evil]) } else { json!(evil) };
            for key in ["name", "bank"] {
                let ask = json!({"filter": {"field": key, "op": op, "value": value}});
                let reply = api.post("/accounts/query", &ask);
                assert!([200, 400].contains(&reply.status.as_u16()), "{op} {evil}: {} {}", reply.status, reply.text);
                let innocent = reply.text.contains("无辜");
                assert!(!innocent || op == "not_contains", "{op} {evil}: {}", reply.text);
            }
        }
        let get = |path: &str, parameter: &str| send(api.request(Method::GET, path).query(&[(parameter, evil)]));
        for parameter in ["sort", "fields", "expand", "cursor", "view", "limit", "count", "group", "filter", "deleted"]
        {
            refused(&get("/accounts", parameter), &format!("{parameter}={evil}"));
        }
        refused(&get("/accounts", "employees[gt]"), evil);
        refused(&get("/accounts", &format!("name[{evil}]")), evil);
        refused(&get("/accounts", &format!("bank.{evil}")), evil);
        refused(&get("/changes", "since"), evil);
        refused(&get("/changes", "objects"), evil);
        for (path, parameter) in [("/accounts", "q"), ("/search", "q"), ("/accounts", "name")] {
            let reply = get(path, parameter);
            assert!([200, 400].contains(&reply.status.as_u16()), "{parameter} {evil}: {} {}", reply.status, reply.text);
            assert!(!reply.text.contains("无辜"), "{parameter} {evil}: {}", reply.text);
        }
        for body in [
            json!({"filter": {"field": evil, "op": "eq", "value": "x"}}),
            json!({"filter": {"field": format!("bank.{evil}"), "op": "eq", "value": "x"}}),
            json!({"filter": {"field": "name", "op": evil, "value": "x"}}),
            json!({"filter": {"exists": evil}}),
            json!({"sort": [evil]}),
            json!({"group_by": [evil]}),
            json!({"group_by": ["city"], "aggregates": [{"fn": "count", "as": evil}]}),
            json!({"group_by": ["city"], "aggregates": [{"fn": evil, "field": "employees"}]}),
            json!({"aggregates": [{"fn": "sum", "field": evil}]}),
            json!({"fields": [evil]}),
            json!({"expand": [evil]}),
        ] {
            refused(&api.post("/accounts/query", &body), &body.to_string());
        }
        let field = json!({"object": "account", "key": evil, "label_zh": "x", "label_en": "x", "kind": "text"});
        refused(&api.post("/field_definitions", &field), evil);
        let object = json!({"key": evil, "plural": evil, "label_zh": "x", "label_en": "x"});
        refused(&api.post("/object_definitions", &object), evil);
        let login = api.post("/auth/login", &json!({"username": evil, "password": evil}));
        refused(&login, evil);
    }
    assert!(since.elapsed() < Duration::from_secs(120), "something slept: {:?}", since.elapsed());
    assert_eq!(server.db.text("SELECT count(*) FROM accounts WHERE name = '无辜'"), "1");
    assert_eq!(server.db.text("SELECT count(*) FROM users WHERE status <> 'active'"), "0");
}

#[test]
fn markup_comes_back_as_data() {
    let server = TestServer::new();
    let api = server.admin();
    let story =
        json!({"object": "account", "key": "story", "label_zh": "故事", "label_en": "Story", "kind": "rich_text"});
    api.create("field_definitions", story);
    for evil in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{7*7}}${7*7}",
        "</script><svg/onload=alert(1)>",
    ] {
        let account = api.post("/accounts", &json!({"name": evil, "notes": evil}));
        assert_eq!(account.created()["name"], evil);
        let rich = api.create("accounts", json!({"name": "乙", "story": evil}))["story"].as_str().unwrap().to_owned();
        for path in ["/accounts".into(), format!("/accounts/{}", id(&account.json())), "/search?q=alert".to_owned()] {
            let reply = api.get(&path);
            assert_eq!(reply.header("content-type"), "application/json", "{path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
        }
        assert!(!rich.contains("onerror") && !rich.contains("onload") && !rich.contains("<script"), "{rich}");
        // What is reflected is told as data too.
        let reflected = send(api.request(Method::GET, "/accounts").query(&[(evil, evil)]));
        refused(&reflected, evil);
        assert_eq!(reflected.header("x-content-type-options"), "nosniff");
    }
    for url in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>1</script>",
        "vbscript:x",
    ] {
        refused(&api.post("/accounts", &json!({"name": "甲", "website": url})), url);
    }
}

#[test]
fn no_cell_of_an_export_runs() {
    let server = TestServer::new();
    let api = server.admin();
    let formulas = [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "+1+cmd",
        "-2+3+cmd|x",
        "@SUM(A1:A9)",
        "＝1+1",
        "=HYPERLINK(\"http://x\",\"y\")",
    ];
    for text in formulas {
        api.create("accounts", json!({"name": text, "notes": format!("\t{text}")}));
    }
    let export = |format: &str| {
        let body = json!({"object": "account", "format": format, "columns": ["name", "notes"]});
        api.request(Method::POST, "/bulk/exports").json(&body).send().unwrap().bytes().unwrap().to_vec()
    };
    let csv = String::from_utf8(export("csv")).unwrap();
    for text in formulas {
        let quoted = text.replace('"', "\"\"");
        assert!(csv.contains(&format!("'{quoted}")), "{csv}");
        for before in ["\n", "\r", ",", "\""] {
            assert!(!csv.contains(&format!("{before}{quoted}")), "{text} stands at the start of a cell: {csv}");
        }
    }
    let mut book = zip::ZipArchive::new(Cursor::new(export("xlsx"))).unwrap();
    let mut sheet = String::new();
    let name = "xl/worksheets/sheet1.xml";
    book.by_name(name).unwrap().read_to_string(&mut sheet).unwrap();
    assert!(sheet.contains("SUM(A1:A9)") || book.index_for_name("xl/sharedStrings.xml").is_some());
    assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "{sheet}");
}
