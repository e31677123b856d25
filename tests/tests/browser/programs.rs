//! Programs that get in: API keys with their bounds, and applications that people let act for them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::server::{PASSWORD, Reply, send};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What is shown this once.
fn shown_once(browser: &Browser) -> String {
    browser.find("#once-text");
    browser.script("return document.querySelector('#once-text').value").as_str().unwrap().to_owned()
}

#[test]
fn a_key_is_made_within_bounds_shown_once_replaced_and_ended() {
    let server = TestServer::with_web();
    let admin = server.admin();
    admin.create("accounts", json!({"name": "鑫茂贸易", "city": "杭州"}));
    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("main a[href='/settings/keys']");
    browser.sees("还没有 API 密钥");
    browser.press("新建密钥");
    browser.fill("#key-name", "夜间导出");
    browser.press("只读");
    browser.pick("#key-objects", "客户", "客户");
    browser.find("[data-key-form] legend");
    // Not all fields: then what the record is called, and what else is ticked.
    browser.press("客户全部字段");
    browser.press("城市");
    browser.sees("仅 2 个字段");
    browser.screenshot("key-form");
    browser.press("保存");
    let text = shown_once(&browser);
    browser.screenshot("key-once");
    browser.press_css("[data-once] .btn-primary");
    browser.until("the browser says what became of copying", || {
        let page = browser.visible();
        page.contains("已复制") || page.contains("不允许自动复制")
    });
    let machine = server.anonymous().bearing(&text);
    let seen = machine.get("/accounts").ok();
    assert_eq!((&seen["data"][0]["name"], &seen["data"][0]["city"]), (&json!("鑫茂贸易"), &json!("杭州")));
    assert!(seen["data"][0].get("phone").is_none(), "{seen}");
    machine.post("/accounts", &json!({"name": "乙"})).problem(403, "forbidden");
    machine.get("/contacts").problem(403, "forbidden");
    browser.press_css("dialog[open] [data-once] > div .btn-plain");
    browser.sees("夜间导出");
    browser.sees("只读 · 1 个对象 · 限定字段");
    let holds = format!("return document.documentElement.outerHTML.includes({text:?})");
    assert_eq!(browser.script(&holds), false, "a key is shown once");
    browser.screenshot("keys");

    browser.press("更换密钥 · 夜间导出");
    browser.press("旧密钥保留 24 小时");
    let second = shown_once(&browser);
    assert_ne!(text, second);
    browser.keys("\u{e00c}");
    browser.sees("前仍有效");
    machine.get("/accounts").ok();
    server.anonymous().bearing(&second).get("/accounts").ok();

    browser.press("吊销");
    browser.sees("将立即无法访问");
    browser.press_css("dialog[open] .btn-danger");
    browser.sees("还没有 API 密钥");
    for key in [&text, &second] {
        assert_eq!(server.anonymous().bearing(key).get("/accounts").status, 401);
    }
    browser.no_complaints(&[]);
}

#[test]
fn an_application_is_registered_asks_is_refused_is_let_in_and_sent_away() {
    let server = TestServer::with_web();
    let role = server.role("外勤", json!({"account": {"read": "all", "create": "self"}}));
    server.user("wang", &role, json!({"name": "王伟"}));
    let admin = server.admin();
    admin.create("accounts", json!({"name": "鑫茂贸易"}));
    // Where people are sent back to: an address that no client of ours takes over, for that might write another.
    let back = server.url("/healthz");
    let browser = Browser::signed_in_at(&server, "admin", "/settings/apps");
    browser.sees("还没有登记应用");
    browser.press("登记应用");
    browser.press("保存");
    browser.sees("必填");
    browser.fill("#app-name", "销售报表");
    browser.pick("#app-scopes", "客户 · 查看", "客户 · 查看");
    browser.fill("#app-redirect_uris", &back);
    browser.screenshot("app-form");
    browser.press("保存");
    browser.until("it is registered", || admin.get("/oauth_clients").ids().len() == 1);
    let client = admin.get("/oauth_clients").ids()[0].clone();
    browser.sees("account:read");
    browser.screenshot("apps");
    browser.press("生成应用密钥");
    browser.press("生成");
    let secret = shown_once(&browser);

    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", &client),
            ("redirect_uri", &back),
            ("scope", "account:read"),
            ("state", "7"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .finish();
    let token = |grant: &[(&str, &str)]| -> Reply {
        let form = [&[("client_id", client.as_str()), ("client_secret", &secret)], grant].concat();
        send(server.anonymous().client.post(server.url("/oauth/token")).form(&form))
    };
    let sent = |browser: &Browser| -> Vec<(String, String)> {
        browser.until("the browser is back at the application", || browser.path().starts_with("/healthz?"));
        let path = browser.path();
        url::form_urlencoded::parse(path.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
    };
    let of = |pairs: &[(String, String)], key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());

    let browser = Browser::signed_in_at(&server, "wang", &format!("/oauth/authorize?{query}"));
    browser.sees("允许“销售报表”访问您的数据吗？");
    browser.sees("将以您（王伟）的身份访问");
    browser.screenshot("consent");
    browser.press("拒绝");
    let refused = sent(&browser);
    assert_eq!((of(&refused, "error"), of(&refused, "state")), (Some("access_denied".into()), Some("7".into())));
    browser.goto(&format!("/oauth/authorize?{query}"));
    browser.press("允许");
    let code = of(&sent(&browser), "code").unwrap();
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", back.as_str()),
        ("code_verifier", VERIFIER),
    ];
    let tokens = token(&grant).ok();
    let app = server.anonymous().bearing(tokens["access_token"].as_str().unwrap());
    assert_eq!(app.get("/accounts").ids().len(), 1);
    app.post("/accounts", &json!({"name": "乙"})).problem(403, "forbidden");

    browser.goto("/settings/security");
    browser.sees("销售报表");
    browser.press("撤回");
    browser.sees("没有已连接的应用");
    assert_eq!(app.get("/accounts").status, 401);
    let again =
        [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap_or("none"))];
    assert_eq!(token(&again).json()["error"], Value::from("invalid_grant"));
    // For a bare answer the browser looks for an icon by itself.
    browser.no_complaints(&["422", "favicon.ico"]);
    // What asks for something unsound is told so, and sent nowhere.
    browser.goto(&format!("/oauth/authorize?{}", query.replace("healthz", "elsewhere")));
    browser.sees("无法处理这个请求");
    assert_eq!(server.sign_in("wang", PASSWORD).get("/oauth/connected").ok()["data"], json!([]));
}
