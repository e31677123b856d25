//! Signing in, staying in, and staying out.

use kezhan_tests::TestServer;
use kezhan_tests::process::Process;
use kezhan_tests::server::{Api, PASSWORD, send};
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

#[test]
fn a_session_lives_by_rotating_its_token() {
    let server = TestServer::new();
    let api = server.anonymous();
    let login = api.post("/auth/login", &json!({"username": "ADMIN ", "password": PASSWORD}));
    let first = login.ok();
    assert_eq!(first["token_type"], "Bearer");
    assert_eq!(first["expires_in"], 900);
    assert_eq!(first["user"]["username"], "admin");
    assert_eq!(first["user"]["permissions"]["account"]["read"], "all");
    let cookies: Vec<_> = login.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
    for name in ["kz_access", "kz_refresh"] {
        let cookie = cookies.iter().find(|c| c.starts_with(name)).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    }

    let mut me = api.clone();
    me.token = Some(first["access_token"].as_str().unwrap().into());
    assert_eq!(me.get("/auth/me").ok()["id"], first["user"]["id"]);

    let second = api.post("/auth/refresh", &json!({"refresh_token": first["refresh_token"]})).ok();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let third = api.post("/auth/refresh", &json!({"refresh_token": second["refresh_token"]})).ok();
    // The second has been spent: whoever shows it again has stolen it, or been stolen from.
    api.post("/auth/refresh", &json!({"refresh_token": second["refresh_token"]})).problem(401, "token_expired");
    api.post("/auth/refresh", &json!({"refresh_token": third["refresh_token"]})).problem(401, "token_expired");
    me.token = Some(third["access_token"].as_str().unwrap().into());
    me.get("/auth/me").problem(401, "token_expired");
}

#[test]
fn signing_out_ends_the_session_at_once() {
    let server = TestServer::new();
    let api = server.anonymous();
    let login = api.post("/auth/login", &json!({"username": "admin", "password": PASSWORD})).ok();
    let mut me = api.clone();
    me.token = Some(login["access_token"].as_str().unwrap().into());
    me.get("/accounts").ok();
    assert_eq!(send(me.request(Method::POST, "/auth/logout")).status, 204);
    me.get("/accounts").problem(401, "token_expired");
    api.post("/auth/refresh", &json!({"refresh_token": login["refresh_token"]})).problem(401, "token_expired");
}

#[test]
fn guessing_is_stopped_and_learns_nothing() {
    let server = TestServer::new();
    let api = server.anonymous();
    let attempt =
        |name: &str, password: &str| api.post("/auth/login", &json!({"username": name, "password": password}));
    for name in ["admin", "nobody"] {
        for _ in 0..5 {
            let problem = attempt(name, "wrong").problem(401, "bad_credentials");
            assert_eq!(problem["title"], "The user name or the password is wrong");
        }
        let locked = attempt(name, PASSWORD);
        locked.problem(429, "locked_out");
        let seconds: u32 = locked.header("retry-after").parse().unwrap();
        assert!((1..=16).contains(&seconds), "{seconds}");
    }
}

#[test]
fn sign_ins_are_limited() {
    let server = TestServer::with(&[("KEZHAN_SIGN_IN_LIMIT", "3")]);
    let api = server.anonymous();
    for _ in 0..3 {
        api.post("/auth/login", &json!({"username": "admin", "password": PASSWORD})).ok();
    }
    let refused = api.post("/auth/login", &json!({"username": "admin", "password": PASSWORD}));
    refused.problem(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty());
}

#[test]
fn what_is_sent_in_another_form_is_named() {
    let server = TestServer::new();
    let api = server.anonymous();
    let form = api.request(Method::POST, "/auth/login").header("content-type", "application/x-www-form-urlencoded");
    let refused = send(form.body("username=admin")).problem(415, "unsupported_media");
    assert_eq!(refused["title"], "Unsupported content type: application/x-www-form-urlencoded");
    for (method, path, allow) in [
        (Method::DELETE, "/search", "GET"),
        (Method::GET, "/composite", "POST"),
        (Method::GET, "/auth/login", "POST"),
        (Method::PUT, "/bulk/exports", "POST"),
        (Method::POST, "/events", "GET"),
    ] {
        let reply = send(server.admin().request(method, path));
        reply.problem(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), allow, "{path}");
    }
}

#[test]
fn calls_are_limited_visibly() {
    let server = TestServer::with(&[("KEZHAN_RATE_LIMIT", "4")]);
    let admin = server.admin();
    let reply = admin.get("/accounts");
    assert_eq!((reply.header("ratelimit-limit"), reply.header("ratelimit-remaining")), ("4", "3"));
    let statuses: Vec<u16> = (0..6).map(|_| admin.get("/accounts").status.as_u16()).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_cookie_writes_only_for_our_own_page() {
    let server = TestServer::new();
    let mut api = server.admin();
    let cookie = format!("kz_access={}", api.token.take().unwrap());
    let write = || api.request(Method::POST, "/accounts").header("cookie", &cookie).json(&json!({"name": "甲"}));
    send(api.request(Method::GET, "/accounts").header("cookie", &cookie)).ok();
    send(write()).problem(403, "forbidden");
    send(write().header("origin", "https://evil.example")).problem(403, "forbidden");
    send(write().header("x-requested-with", "kezhan")).created();
    send(write().header("origin", server.url(""))).created();
}

#[test]
fn whoever_leaves_is_out() {
    let server = TestServer::new();
    let role = server.role("外勤", json!({"account": {"read": "all"}}));
    let id = server.user("li.na", &role, json!({}));
    let li = server.sign_in("li.na", PASSWORD);
    li.get("/accounts").ok();
    server.admin().patch(&format!("/users/{id}"), &json!({"status": "left"})).ok();
    li.get("/accounts").problem(401, "token_expired");
    server
        .anonymous()
        .post("/auth/login", &json!({"username": "li.na", "password": PASSWORD}))
        .problem(401, "bad_credentials");
}

#[test]
fn passwords_change_with_the_old_one() {
    let server = TestServer::new();
    let (one, other) = (server.admin(), server.admin());
    let change =
        |current: &str, password: &str| one.post("/auth/password", &json!({"current": current, "password": password}));
    let wrong = change("guess", "another password").problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["field"], "current");
    change(PASSWORD, "short").problem(422, "invalid");
    assert_eq!(change(PASSWORD, "another password").status, 204);
    one.get("/auth/me").ok();
    other.get("/auth/me").problem(401, "token_expired");
    server.sign_in("admin", "another password");
}

#[test]
fn an_api_key_does_what_it_is_for_and_no_more() {
    let server = TestServer::new();
    let admin = server.admin();
    admin.post("/api_keys", &json!({"name": "x", "objects": ["nonsense"]})).problem(422, "invalid");
    let made = admin.post("/api_keys", &json!({"name": "导出", "objects": ["account"]})).created();
    let text = made["key"].as_str().unwrap();
    assert!(text.starts_with("kz_") && text.starts_with(made["prefix"].as_str().unwrap()));

    let mut machine = server.anonymous();
    machine.token = Some(text.into());
    machine.get("/accounts").ok();
    machine.create("accounts", json!({"name": "乙"}));
    machine.get("/contacts").problem(403, "forbidden");
    machine.post("/api_keys", &json!({"name": "child"})).problem(403, "forbidden");

    let listed = admin.get("/api_keys").ok();
    assert_eq!(listed["data"][0]["name"], "导出");
    assert!(listed["data"][0]["last_used_at"].is_string());
    assert!(!listed.to_string().contains(text));

    assert_eq!(admin.delete(&format!("/api_keys/{}", made["id"].as_str().unwrap())).status, 204);
    machine.get("/accounts").problem(401, "token_expired");
    machine.token = Some("kz_aaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".into());
    machine.get("/accounts").problem(401, "token_expired");
}

#[test]
fn a_service_key_is_bound_by_its_role_and_its_maker() {
    let server = TestServer::new();
    let reader = server.role("看客户", json!({"account": {"read": "all"}}));
    let admin = server.admin();
    let wish = json!({"name": "bi", "service": true, "role": reader});
    let made = admin.post("/api_keys", &wish).created();
    let mut machine = server.anonymous();
    machine.token = Some(made["key"].as_str().unwrap().into());
    machine.get("/accounts").ok();
    machine.post("/accounts", &json!({"name": "x"})).problem(403, "forbidden");

    server.user("clerk", &reader, json!({}));
    let clerk = server.sign_in("clerk", PASSWORD);
    clerk.post("/api_keys", &wish).problem(403, "forbidden");
    let everything = server.tenant.role.to_string();
    clerk.post("/api_keys", &json!({"name": "up", "role": everything})).problem(403, "forbidden");
}

#[test]
fn nothing_is_open_to_strangers() {
    let server = TestServer::new();
    let api = server.anonymous();
    for path in ["/accounts", "/users", "/meta/objects", "/search?q=ab", "/changes", "/nonsense", "/auth/me"] {
        let reply = api.get(path);
        reply.problem(401, "unauthenticated");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
    let mut forged = api.clone();
    forged.token = Some("eyJhbGciOiJub25lIn0.e30.".into());
    forged.get("/accounts").problem(401, "unauthenticated");
}

/// A session that was known to be good is at an end in every process, and not only when that knowledge has grown old.
#[test]
fn signing_out_is_heard_of_in_other_processes() {
    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    let server = TestServer::with(&[("KEZHAN_JWT_SECRET", SECRET)]);
    let data = server.data().join("other");
    let settings = [
        ("DATABASE_URL", server.db.url()),
        ("KEZHAN_JWT_SECRET", SECRET),
        ("KEZHAN_MASTER_KEY", kezhan_tests::MASTER_KEY),
        ("KEZHAN_WORKER", "false"),
    ];
    let other = Process::start_with(&data, &settings);
    let deadline = Instant::now() + Duration::from_secs(10);
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND application_name = 'kezhan-hearing' AND state = 'idle'";
    while server.db.text(listening) != "2" {
        assert!(Instant::now() < deadline, "the processes do not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    let here = server.admin();
    let mut there = Api::at(other.base());
    there.token = here.token.clone();
    let role = server.role("外勤", json!({"account": {"read": "all"}}));
    server.user("li.na", &role, json!({}));
    let li = Api::at(other.base()).sign_in("li.na", PASSWORD);
    // Within what a process takes for granted: two seconds from each of these.
    let refused = |api: &Api, path: &str, status: u16| {
        let since = Instant::now();
        while api.get(path).status != status {
            assert!(since.elapsed() < Duration::from_millis(1500), "{path} stays open");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    li.get("/accounts").ok();
    server.admin().patch(&format!("/roles/{role}"), &json!({"grants": {"contact": {"read": "all"}}})).ok();
    refused(&li, "/accounts", 403);
    there.get("/auth/me").ok();
    assert_eq!(send(here.request(Method::POST, "/auth/logout")).status, 204);
    refused(&there, "/auth/me", 401);
}
