//! OAuth 2: a library of somebody else's gets what it should, and those who try tricks get nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_features::people::setup::create_tenant;
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use kezhan_tests::{TestServer, client_tool, root};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const BACK: &str = "https://app.example.com/back";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// A company, an application of it, and somebody who uses it.
struct World {
    server: TestServer,
    admin: Api,
    wang: Api,
    client: String,
    secret: Option<String>,
}

impl World {
    fn new(more: Value) -> World {
        let server = TestServer::new();
        let admin = server.admin();
        let all = json!({"read": "all", "create": "self", "edit": "self", "delete": "self"});
        let role = server.role("外勤", json!({"account": all, "contact": all}));
        server.user("wang", &role, json!({}));
        admin.create("accounts", json!({"name": "鑫茂"}));
        let wang = server.sign_in("wang", PASSWORD);
        let mut world = World { server, admin, wang, client: String::new(), secret: None };
        (world.client, world.secret) = world.register(more);
        world
    }

    fn register(&self, more: Value) -> (String, Option<String>) {
        let mut record = json!({"name": "报表", "scopes": "account:read account:write", "redirect_uris": BACK});
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let client = self.admin.create("oauth_clients", record);
        let id = client["id"].as_str().unwrap().to_owned();
        let secret = (client["kind"] == "confidential").then(|| {
            let made = self.admin.post(&format!("/oauth_clients/{id}/secret"), &json!({})).created();
            made["client_secret"].as_str().unwrap().to_owned()
        });
        (id, secret)
    }

    fn query(&self, change: &[(&str, &str)]) -> String {
        let mut params: Vec<(String, String)> = [
            ("response_type", "code"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", BACK),
            ("scope", "account:read"),
            ("state", "a b&c=é#"),
            ("code_challenge", challenge(VERIFIER).as_str()),
            ("code_challenge_method", "S256"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
        for (key, value) in change {
            params.retain(|(known, _)| known != key);
            if !value.is_empty() {
                params.push(((*key).to_owned(), (*value).to_owned()));
            }
        }
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
    }

    /// Where the person is sent who said yes.
    fn allow(&self, who: &Api, query: &str) -> HashMap<String, String> {
        let onward = who.post("/oauth/answer", &json!({"query": query, "allow": true})).ok();
        pairs(onward["redirect_to"].as_str().unwrap())
    }

    fn code(&self) -> String {
        self.allow(&self.wang, &self.query(&[]))["code"].clone()
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let mut form: Vec<(&str, &str)> = form.to_vec();
        if !form.iter().any(|(k, _)| *k == "client_id") {
            form.push(("client_id", &self.client));
            if let Some(secret) = self.secret.as_deref().filter(|_| !form.iter().any(|(k, _)| *k == "client_secret")) {
                form.push(("client_secret", secret));
            }
        }
        send(self.admin.client.post(self.server.url(path)).form(&form))
    }

    fn exchange(&self, code: &str, more: &[(&str, &str)]) -> Reply {
        let mut form = vec![("grant_type", "authorization_code"), ("code", code)];
        for (key, value) in [("redirect_uri", BACK), ("code_verifier", VERIFIER)] {
            if !more.iter().any(|(k, _)| *k == key) {
                form.push((key, value));
            }
        }
        form.extend(more.iter().filter(|(_, v)| !v.is_empty()));
        self.post("/oauth/token", &form)
    }

    fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        self.post("/oauth/token", &[&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat())
    }

    fn tokens(&self) -> Value {
        self.exchange(&self.code(), &[]).ok()
    }

    fn bearing(&self, tokens: &Value) -> Api {
        self.server.anonymous().bearing(tokens["access_token"].as_str().unwrap())
    }
}

fn pairs(url: &str) -> HashMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

#[track_caller]
fn fails(reply: &Reply, error: &str) {
    let body = reply.json();
    assert_eq!(body["error"], error, "{}", reply.text);
    assert_eq!(reply.status, if error == "invalid_client" { 401 } else { 400 });
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(body.get("access_token").is_none());
}

/// Lets the library of another house go its way, with somebody who says yes.
fn library(world: &World, redirect: &str) -> Value {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("oauth-{}", world.client));
    std::fs::create_dir_all(&here).unwrap();
    let _ = std::os::unix::fs::symlink(client_tool("typescript/node_modules"), here.join("node_modules"));
    std::fs::copy(root().join("tests/clients/typescript/oauth.mjs"), here.join("oauth.mjs")).unwrap();
    let secret = world.secret.as_deref().unwrap_or("-");
    let mut child = Command::new("node")
        .current_dir(&here)
        .args(["oauth.mjs", &world.server.url(""), &world.client, secret, redirect, "account:read"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let asked = lines.next().expect("the library says where to go").unwrap();
    let (page, query) = asked.split_once('?').unwrap();
    assert!(page.ends_with("/oauth/authorize"));
    let question = world.wang.post("/oauth/question", &json!({"query": query})).ok();
    assert_eq!((&question["client"]["name"], &question["known"]), (&json!("报表"), &json!(false)));
    assert_eq!(question["reach"][0]["object"], "account");
    assert_eq!(question["reach"].as_array().unwrap().len(), 1);
    let onward = world.wang.post("/oauth/answer", &json!({"query": query, "allow": true})).ok();
    writeln!(child.stdin.take().unwrap(), "{}", onward["redirect_to"].as_str().unwrap()).unwrap();
    let said = lines.next().expect("the library reports").unwrap();
    assert!(child.wait().unwrap().success());
    serde_json::from_str(&said).unwrap()
}

#[test]
fn a_confidential_application_works_with_a_library_of_somebody_elses() {
    let world = World::new(json!({}));
    let reader = world.server.role("看客户", json!({"account": {"read": "all"}}));
    world.admin.patch(&format!("/oauth_clients/{}", world.client), &json!({"role": reader})).ok();
    let said = library(&world, BACK);
    assert_eq!(said, json!({"me": "wang", "known": "wang", "ended": 401, "scope": "account:read"}));
}

#[test]
fn a_native_application_works_on_whichever_port_it_got() {
    let world = World::new(json!({"kind": "public", "redirect_uris": "http://127.0.0.1/back"}));
    assert_eq!(library(&world, "http://127.0.0.1:53682/back")["me"], "wang");
}

#[test]
fn tokens_hold_no_more_than_the_scopes_and_the_person() {
    let world = World::new(json!({"scopes": "*:read account:write contact:read"}));
    let ask = |scope: &str| world.allow(&world.wang, &world.query(&[("scope", scope)]))["code"].clone();
    let narrow = world.bearing(&world.exchange(&ask("account:read"), &[]).ok());
    narrow.get("/accounts").ok();
    narrow.get("/contacts").problem(403, "forbidden");
    narrow.post("/accounts", &json!({"name": "x"})).problem(403, "forbidden");
    let wide = world.bearing(&world.exchange(&ask("*:read"), &[]).ok());
    wide.get("/contacts").ok();
    // What the person cannot, the application cannot.
    wide.get("/opportunities").problem(403, "forbidden");
    for (method, path, body) in [
        ("GET", "/auth/sessions", json!({})),
        ("GET", "/oauth/connected", json!({})),
        ("POST", "/oauth/answer", json!({"query": world.query(&[]), "allow": true})),
        ("POST", "/api_keys", json!({"name": "x"})),
        ("PATCH", "/auth/me", json!({"mobile": "13800000000"})),
    ] {
        let reply = send(wide.request(method.parse().unwrap(), path).json(&body));
        assert_eq!(reply.status, 403, "{path}: {}", reply.text);
    }
    // Once the application may less, so may its tokens.
    world.admin.patch(&format!("/oauth_clients/{}", world.client), &json!({"scopes": "contact:read"})).ok();
    narrow.get("/accounts").problem(403, "forbidden");
    world.admin.patch(&format!("/oauth_clients/{}", world.client), &json!({"active": false})).ok();
    wide.get("/contacts").problem(401, "token_expired");
}

#[test]
fn what_was_allowed_is_remembered_shown_and_taken_back() {
    let world = World::new(json!({}));
    let tokens = world.tokens();
    let app = world.bearing(&tokens);
    app.get("/accounts").ok();
    // Allowed before: a confidential application comes back at once, for no more than that.
    let again =
        |scope: &str| world.wang.post("/oauth/question", &json!({"query": world.query(&[("scope", scope)])})).ok();
    assert!(again("account:read")["redirect_to"].is_string());
    assert!(again("account:read account:write")["redirect_to"].is_null());
    let all = world.wang.get("/oauth/connected").ok();
    let one = &all["data"][0];
    assert_eq!((&one["name"], &one["scopes"]), (&json!("报表"), &json!(["account:read"])));
    assert!(one["last_used_at"].is_string() && one["last_used_ip"] == "127.0.0.1", "{one}");
    assert_eq!(world.admin.get("/oauth/connected").ok()["data"], json!([]));
    let path = format!("/oauth/connected/{}", one["id"].as_str().unwrap());
    world.admin.delete(&path).problem(404, "not_found");
    assert_eq!(world.wang.delete(&path).status, 204);
    app.get("/accounts").problem(401, "token_expired");
    fails(&world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]), "invalid_grant");
    assert!(again("account:read")["redirect_to"].is_null(), "asked anew");

    // One that cannot prove itself asks each time.
    let public = World::new(json!({"kind": "public"}));
    public.tokens();
    let question = public.wang.post("/oauth/question", &json!({"query": public.query(&[])})).ok();
    assert_eq!((&question["known"], &question["redirect_to"]), (&json!(true), &Value::Null));
    let trail = world.admin.get("/audit?category=security").ok().to_string();
    assert!(trail.contains("app_allowed") && trail.contains("app_withdrawn") && trail.contains("client_secret_made"));
}

#[test]
fn a_code_is_good_once_for_whom_it_was_given_and_with_its_verifier() {
    let world = World::new(json!({"kind": "public"}));
    let code = world.code();
    for (wrong, error) in [
        (("code_verifier", ""), "invalid_request"),
        (("code_verifier", "short"), "invalid_grant"),
        (("code_verifier", challenge(VERIFIER).as_str()), "invalid_grant"),
        (("redirect_uri", "https://app.example.com/back/"), "invalid_grant"),
        (("redirect_uri", ""), "invalid_request"),
    ] {
        fails(&world.exchange(&code, &[wrong]), error);
    }
    // Another application has got hold of the code.
    let (other, secret) = world.register(json!({"name": "别的"}));
    let mixed = [("client_id", other.as_str()), ("client_secret", secret.as_deref().unwrap())];
    fails(&world.exchange(&code, &mixed), "invalid_grant");
    let tokens = world.exchange(&code, &[]).ok();
    let app = world.bearing(&tokens);
    app.get("/accounts").ok();
    // A second time: whoever has a copy, and all that came of it, is out.
    fails(&world.exchange(&code, &[]), "invalid_grant");
    app.get("/accounts").problem(401, "token_expired");
    fails(&world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]), "invalid_grant");
    assert!(world.admin.get("/audit").text.contains("app_token_reused"));
    let late = world.code();
    world.server.db.run("UPDATE oauth_tokens SET expires_at = now() - interval '1 second' WHERE kind = 'code'");
    fails(&world.exchange(&late, &[]), "invalid_grant");
}

#[test]
fn a_refresh_token_is_good_once_and_for_no_more() {
    let world = World::new(json!({"kind": "public"}));
    let tokens = world.tokens();
    let first = tokens["refresh_token"].as_str().unwrap();
    fails(&world.refresh(first, &[("scope", "account:read account:write")]), "invalid_scope");
    fails(&world.refresh(first, &[("scope", "*:read")]), "invalid_scope");
    let (other, secret) = world.register(json!({"name": "别的"}));
    let stolen = [("client_id", other.as_str()), ("client_secret", secret.as_deref().unwrap())];
    fails(&world.refresh(first, &stolen), "invalid_grant");
    let second = world.refresh(first, &[]).ok();
    let app = world.bearing(&second);
    app.get("/accounts").ok();
    fails(&world.refresh(first, &[]), "invalid_grant");
    app.get("/accounts").problem(401, "token_expired");
    fails(&world.refresh(second["refresh_token"].as_str().unwrap(), &[]), "invalid_grant");
    // Whoever is let go loses the application with everything else.
    let tokens = world.tokens();
    let app = world.bearing(&tokens);
    app.get("/accounts").ok();
    let id = world.wang.get("/auth/me").ok()["id"].as_str().unwrap().to_owned();
    world.admin.patch(&format!("/users/{id}"), &json!({"status": "left"})).ok();
    app.get("/accounts").problem(401, "token_expired");
    fails(&world.refresh(tokens["refresh_token"].as_str().unwrap(), &[]), "invalid_grant");
}

#[test]
fn nobody_is_sent_where_they_should_not_go() {
    let world = World::new(json!({}));
    let state = world.allow(&world.wang, &world.query(&[]))["state"].clone();
    assert_eq!(state, "a b&c=é#", "untouched");
    let ask = |query: &str| world.wang.post("/oauth/question", &json!({"query": query}));
    for uri in [
        "https://evil.example.com/back",
        "https://app.example.com/back/../evil",
        "https://app.example.com.evil.com/back",
        "https://app.example.com@evil.com/back",
        "https://app.example.com/back?next=https://evil.com",
        "https://app.example.com/back#x",
        "http://app.example.com/back",
        "//app.example.com/back",
        "javascript:alert(1)",
        "",
    ] {
        ask(&world.query(&[("redirect_uri", uri)])).problem(400, "unknown_client");
    }
    ask(&world.query(&[("client_id", "0199a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b")])).problem(400, "unknown_client");
    ask(&format!("{}&client_id={}", world.query(&[]), world.client)).problem(400, "bad_request");
    // What is wrong otherwise, the application hears.
    for (change, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", "abc"), "invalid_request"),
        (("scope", "account:read account:export"), "invalid_scope"),
        (("scope", "*:read"), "invalid_scope"),
        (("scope", "openid"), "invalid_scope"),
    ] {
        let told = ask(&world.query(&[change])).ok();
        let told = pairs(told["redirect_to"].as_str().unwrap());
        assert_eq!((told["error"].as_str(), told["state"].as_str()), (error, "a b&c=é#"), "{change:?}");
        assert!(!told.contains_key("code") && told["iss"].starts_with("http://127.0.0.1"));
    }
    let no = world.wang.post("/oauth/answer", &json!({"query": world.query(&[]), "allow": false})).ok();
    assert_eq!(pairs(no["redirect_to"].as_str().unwrap())["error"], "access_denied");
}

#[test]
fn applications_of_one_company_are_nothing_to_another() {
    let world = World::new(json!({}));
    let engine = kezhan_features::engine();
    create_tenant(&engine, &mut world.server.db.connect(), "other", "另一家", "admin", PASSWORD).unwrap();
    let login = json!({"username": "admin", "password": PASSWORD, "tenant": "other"});
    let anonymous = world.server.anonymous();
    let stranger = anonymous.bearing(anonymous.post("/auth/login", &login).ok()["access_token"].as_str().unwrap());
    stranger.post("/oauth/question", &json!({"query": world.query(&[])})).problem(400, "unknown_client");
    stranger.post("/oauth/answer", &json!({"query": world.query(&[]), "allow": true})).problem(400, "unknown_client");
    stranger.get(&format!("/oauth_clients/{}", world.client)).problem(404, "not_found");
    stranger.post(&format!("/oauth_clients/{}/secret", world.client), &json!({})).problem(404, "not_found");
    // Its own application introspects a token of ours: it hears of nothing.
    let app = json!({"name": "别家", "scopes": "account:read", "redirect_uris": BACK});
    let id = stranger.create("oauth_clients", app)["id"].as_str().unwrap().to_owned();
    let secret = stranger.post(&format!("/oauth_clients/{id}/secret"), &json!({})).created();
    let theirs = [("client_id", id.as_str()), ("client_secret", secret["client_secret"].as_str().unwrap())];
    let tokens = world.tokens();
    let (access, refresh) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    for token in [access, refresh] {
        let told = world.post("/oauth/introspect", &[&[("token", token)], &theirs[..]].concat()).ok();
        assert_eq!(told, json!({"active": false}));
        world.post("/oauth/revoke", &[&[("token", token)], &theirs[..]].concat()).ok();
    }
    fails(&world.refresh(refresh, &theirs), "invalid_grant");
    world.bearing(&tokens).get("/accounts").ok();
}

#[test]
fn an_application_proves_itself_or_gets_nothing() {
    let world = World::new(json!({}));
    let code = world.code();
    fails(&world.exchange(&code, &[("client_id", world.client.as_str())]), "invalid_client");
    let wrong = [("client_id", world.client.as_str()), ("client_secret", "kzs_wrong")];
    fails(&world.exchange(&code, &wrong), "invalid_client");
    fails(&world.post("/oauth/token", &[("grant_type", "client_credentials")]), "unauthorized_client");
    fails(&world.post("/oauth/token", &[("grant_type", "password"), ("username", "admin")]), "unsupported_grant_type");
    fails(&world.post("/oauth/token", &[("grant_type", "refresh_token"), ("grant_type", "x")]), "invalid_request");
    let basic = world.admin.client.post(world.server.url("/oauth/token"));
    let reply = send(basic.basic_auth(&world.client, Some("wrong")).form(&[("grant_type", "client_credentials")]));
    fails(&reply, "invalid_client");
    assert!(reply.header("www-authenticate").starts_with("Basic"));
    // A secret is replaced without a standstill, or at once.
    let path = format!("/oauth_clients/{}/secret", world.client);
    let next = world.admin.post(&path, &json!({})).created()["client_secret"].clone();
    world.exchange(&code, &[]).ok();
    world.admin.post(&path, &json!({"at_once": true})).created();
    let again = world.code();
    fails(&world.exchange(&again, &[]), "invalid_client");
    let former = [("client_id", world.client.as_str()), ("client_secret", next.as_str().unwrap())];
    fails(&world.exchange(&again, &former), "invalid_client");
    world.wang.post(&path, &json!({})).problem(403, "forbidden");
    let (public, _) = world.register(json!({"kind": "public"}));
    world.admin.post(&format!("/oauth_clients/{public}/secret"), &json!({})).problem(422, "not_possible");
    fails(&world.post("/oauth/introspect", &[("client_id", &public), ("token", "x")]), "invalid_client");
}

#[test]
fn what_is_registered_is_sound() {
    let world = World::new(json!({}));
    let wide = world.server.tenant.role.to_string();
    for (change, field) in [
        (json!({"scopes": "account:fly"}), "scopes"),
        (json!({"scopes": "nothing:read"}), "scopes"),
        (json!({"redirect_uris": "http://app.example.com/back"}), "redirect_uris"),
        (json!({"redirect_uris": "https://*.example.com/back"}), "redirect_uris"),
        (json!({"redirect_uris": null}), "redirect_uris"),
        (json!({"kind": "public", "role": wide}), "kind"),
    ] {
        let mut record = json!({"name": "x", "scopes": "account:read", "redirect_uris": BACK});
        record.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = world.admin.post("/oauth_clients", &record).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let record = json!({"name": "x", "scopes": "account:read", "redirect_uris": BACK});
    world.wang.post("/oauth_clients", &record).problem(403, "forbidden");
    // The page on which one says yes stands in no frame of anybody's.
    let page = send(world.admin.client.get(world.server.url("/oauth/authorize?client_id=x")));
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    let metadata = send(world.admin.client.get(world.server.url("/.well-known/oauth-authorization-server"))).ok();
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
}
