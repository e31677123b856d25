//! Where one is signed in, and who can be locked out by whom.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

fn login(api: &Api, name: &str, password: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = api.request(Method::POST, "/auth/login").json(&json!({"username": name, "password": password}));
    for (key, value) in headers {
        request = request.header(*key, *value);
    }
    send(request)
}

fn with(api: &Api, reply: &Reply) -> Api {
    let mut api = api.clone();
    api.token = Some(reply.ok()["access_token"].as_str().unwrap().to_owned());
    api
}

fn sessions(api: &Api) -> Vec<Value> {
    api.get("/auth/sessions").ok()["data"].as_array().unwrap().clone()
}

fn device_of(reply: &Reply) -> String {
    let cookies = reply.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap());
    let ours: Vec<&str> = cookies.filter(|c| c.starts_with("kz_device=")).collect();
    assert_eq!(ours.len(), 1);
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/auth"] {
        assert!(ours[0].contains(part), "{}", ours[0]);
    }
    ours[0].split(';').next().unwrap().to_owned()
}

#[test]
fn sessions_are_listed_with_their_devices_and_ended_at_once() {
    let server = TestServer::new();
    let stranger = server.anonymous();
    let here = with(&stranger, &login(&stranger, "admin", PASSWORD, &[("user-agent", CHROME)]));
    let (there, third) = (server.admin(), server.admin());
    let all = sessions(&here);
    assert_eq!(all.len(), 3);
    let mine: Vec<&Value> = all.iter().filter(|s| s["current"] == true).collect();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0]["device"], json!({"browser": "Chrome 141", "system": "Windows 10", "kind": "pc"}));
    assert_eq!(mine[0]["ip"], "127.0.0.1");

    let id = |api: &Api| {
        let all = sessions(api);
        all.iter().find(|s| s["current"] == true).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let path = format!("/auth/sessions/{}", id(&there));
    assert_eq!(here.delete(&path).status, 204);
    there.get("/auth/me").problem(401, "token_expired");
    here.delete(&path).problem(404, "not_found");
    assert_eq!(here.delete("/auth/sessions").status, 204);
    third.get("/auth/me").problem(401, "token_expired");
    assert_eq!(sessions(&here).len(), 1, "this one stays");

    // Nobody else's, and not by a key.
    let role = server.role("看", json!({"account": {"read": "all"}}));
    let user = server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    li.delete(&format!("/auth/sessions/{}", id(&here))).problem(404, "not_found");
    let key = here.post("/api_keys", &json!({"name": "x"})).created();
    let mut machine = server.anonymous();
    machine.token = Some(key["key"].as_str().unwrap().to_owned());
    machine.delete("/auth/sessions").problem(403, "forbidden");
    here.get("/auth/me").ok();

    // An administrator signs somebody out, nobody else does.
    li.post(&format!("/users/{user}/actions/end_sessions"), &json!({})).problem(403, "forbidden");
    here.post(&format!("/users/{user}/actions/end_sessions"), &json!({})).ok();
    let since = Instant::now();
    while li.get("/auth/me").status != 401 {
        assert!(since.elapsed() < Duration::from_secs(2), "as long as it is said");
    }
    let ended = here.get("/audit?action=session_ended").ok();
    assert_eq!(ended["data"].as_array().unwrap().len(), 3);
    assert_eq!(ended["data"][0]["record"]["id"], json!(user));
}

#[test]
fn one_sees_what_happened_at_ones_own_door_and_at_no_other() {
    let server = TestServer::new();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    server.user("li", &role, json!({}));
    login(&server.anonymous(), "li", "wrong", &[("user-agent", CHROME)]);
    let li = server.sign_in("li", PASSWORD);
    let log = li.get("/auth/sign_ins").ok();
    let lines: Vec<(&str, bool)> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["action"].as_str().unwrap(), l["own"].as_bool().unwrap()))
        .collect();
    assert_eq!(lines, [("sign_in", true), ("sign_in_failed", false), ("password_set", false)]);
    assert_eq!(log["data"][1]["device"]["browser"], "Chrome 141");
    assert_eq!(li.get("/auth/sign_ins?limit=1").ok()["data"].as_array().unwrap().len(), 1);
    server.anonymous().get("/auth/sign_ins").problem(401, "unauthenticated");
}

/// Strangers behind a proxy, each with an address of their own.
#[test]
fn a_stranger_who_guesses_locks_out_nobody_but_strangers() {
    let server = TestServer::with(&[("KEZHAN_BEHIND_PROXY", "true"), ("KEZHAN_SIGN_IN_LIMIT", "0")]);
    let api = server.anonymous();
    let from = |address: &str, password: &str, cookie: Option<&str>| {
        let mut headers = vec![("x-forwarded-for", address)];
        headers.extend(cookie.map(|c| ("cookie", c)));
        login(&api, "admin", password, &headers)
    };
    let device = device_of(&from("198.51.100.1", PASSWORD, None));

    // One stranger locks themselves out, and nobody at another address.
    for _ in 0..5 {
        from("203.0.113.1", "wrong", None).problem(401, "bad_credentials");
    }
    from("203.0.113.1", PASSWORD, None).problem(429, "locked_out");
    from("198.51.100.1", PASSWORD, None).ok();
    // The known browser goes on even from the stranger's own address.
    from("203.0.113.1", PASSWORD, Some(&device)).ok();

    // Many strangers together do not get further than fifty guesses; the known browser still goes on.
    let mut refused = 0;
    for n in 0..60 {
        refused += i32::from(from(&format!("192.0.2.{n}"), "wrong", None).status == 429);
    }
    assert!(refused >= 9, "{refused}");
    from("192.0.2.200", PASSWORD, None).problem(429, "locked_out");
    from("192.0.2.200", PASSWORD, Some(&device)).ok();
    from("192.0.2.200", PASSWORD, Some("kz_device=made-up-by-a-stranger-in-the-street")).problem(429, "locked_out");

    // And whoever took the known browser is held up like anybody.
    for _ in 0..5 {
        from("192.0.2.201", "wrong", Some(&device)).problem(401, "bad_credentials");
    }
    from("192.0.2.201", PASSWORD, Some(&device)).problem(429, "locked_out");
}
