//! Links by which somebody chooses a password: for whom they are good, how often, and for how long.

use diesel::connection::SimpleConnection;
use kezhan_features::people::setup::{self, create_tenant};
use kezhan_tests::TestServer;
use kezhan_tests::factor::{Begun, set_up};
use kezhan_tests::server::{Api, PASSWORD, Reply, send};
use reqwest::Method;
use serde_json::{Value, json};

fn token(made: &Value) -> String {
    made["path"].as_str().unwrap().strip_prefix("/welcome#").unwrap().to_owned()
}

fn accept(api: &Api, token: &str, password: &str) -> Reply {
    api.post("/auth/link/accept", &json!({"token": token, "password": password}))
}

#[test]
fn whoever_is_invited_chooses_a_password_and_is_in() {
    let server = TestServer::new();
    let (admin, stranger) = (server.admin(), server.anonymous());
    let role = server.role("看", json!({"account": {"read": "all"}}));
    let wish = json!({"name": "李娜", "email": "li.na@example.com", "role": role});
    let made = admin.post("/invitations", &wish).created();
    assert_eq!(made["purpose"], "invitation");
    let user = admin.get(&format!("/users/{}", made["user"].as_str().unwrap())).ok();
    assert_eq!((user["status"].as_str(), user["username"].as_str()), (Some("invited"), Some("li.na")));
    let listed = admin.get("/invitations").ok();
    assert_eq!(listed["data"][0]["name"], "李娜");
    assert_eq!(listed["data"][0]["expired"], false);
    assert!(!listed.to_string().contains("kzi_"));

    let token = token(&made);
    let welcome = stranger.post("/auth/link", &json!({"token": token})).ok();
    assert_eq!((welcome["company"].as_str(), welcome["username"].as_str()), (Some("测试公司"), Some("li.na")));
    assert_eq!(welcome["password_length"], 8);
    // One that the policy refuses leaves the link good.
    assert_eq!(accept(&stranger, &token, "password1").problem(422, "invalid")["errors"][0]["code"], "password_common");
    let entered = accept(&stranger, &token, "chosen by myself").ok();
    let li = server.anonymous().bearing(entered["access_token"].as_str().unwrap());
    li.get("/accounts").ok();
    server.sign_in("li.na", "chosen by myself");
    assert_eq!(admin.get(&format!("/users/{}", made["user"].as_str().unwrap())).ok()["status"], "active");
    assert_eq!(admin.get("/invitations").ok()["data"], json!([]));
    // Once.
    accept(&stranger, &token, "somebody else's").problem(401, "link_over");
    stranger.post("/auth/link", &json!({"token": token})).problem(401, "link_over");
    server.sign_in("li.na", "chosen by myself");
}

#[test]
fn only_administrators_invite_and_faults_are_named() {
    let server = TestServer::new();
    let role = server.role("管人", json!({"user": {"read": "all", "create": "all", "edit": "all"}}));
    let id = server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    li.post("/invitations", &json!({"name": "王伟"})).problem(403, "forbidden");
    li.get("/invitations").problem(403, "forbidden");
    li.post(&format!("/users/{id}/actions/reset_password"), &json!({})).problem(403, "forbidden");
    let admin = server.admin();
    let faulty = admin.post("/invitations", &json!({"name": "", "email": "nobody"})).problem(422, "invalid");
    let mut fields: Vec<&str> =
        faulty["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["email", "name"]);
    admin.post("/invitations", &json!({"name": "x", "status": "active"})).problem(400, "bad_request");
    // For whom it is not.
    admin.post(&format!("/users/{id}/actions/invite"), &json!({})).problem(422, "not_possible");
}

#[test]
fn a_link_is_replaced_withdrawn_and_runs_out() {
    let server = TestServer::new();
    let (admin, stranger) = (server.admin(), server.anonymous());
    let made = admin.post("/invitations", &json!({"name": "王伟"})).created();
    let first = token(&made);
    let path = format!("/users/{}/actions/invite", made["user"].as_str().unwrap());
    let second = token(&admin.post(&path, &json!({})).ok());
    stranger.post("/auth/link", &json!({"token": first})).problem(401, "link_over");
    stranger.post("/auth/link", &json!({"token": second})).ok();
    let open = admin.get("/invitations").ok();
    assert_eq!(open["data"].as_array().unwrap().len(), 1);
    let id = open["data"][0]["id"].as_str().unwrap();
    assert_eq!(admin.delete(&format!("/invitations/{id}")).status, 204);
    admin.delete(&format!("/invitations/{id}")).problem(404, "not_found");
    accept(&stranger, &second, "chosen by myself").problem(401, "link_over");

    let third = token(&admin.post(&path, &json!({})).ok());
    server.db.connect().batch_execute("UPDATE entry_links SET expires_at = now() - interval '1 second'").unwrap();
    accept(&stranger, &third, "chosen by myself").problem(401, "link_over");
    assert_eq!(admin.get("/invitations").ok()["data"][0]["expired"], true);
    // Nor once the person has been let go.
    let fourth = token(&admin.post(&path, &json!({})).ok());
    admin.patch(&format!("/users/{}", made["user"].as_str().unwrap()), &json!({"status": "suspended"})).ok();
    accept(&stranger, &fourth, "chosen by myself").problem(401, "link_over");
}

#[test]
fn a_link_tells_nothing_and_opens_nothing_elsewhere() {
    let server = TestServer::new();
    let engine = kezhan_tests::sealing_engine();
    create_tenant(&engine, &mut server.db.connect(), "other", "别家", "admin", PASSWORD).unwrap();
    let login = |tenant: &str| {
        let body = json!({"username": "admin", "password": PASSWORD, "tenant": tenant});
        let token = server.anonymous().post("/auth/login", &body).ok()["access_token"].clone();
        server.anonymous().bearing(token.as_str().unwrap())
    };
    let (ours, theirs, stranger) = (login("test"), login("other"), server.anonymous());
    let made = ours.post("/invitations", &json!({"name": "王伟"})).created();
    let (user, link) = (made["user"].as_str().unwrap(), token(&made));
    assert_eq!(theirs.get("/invitations").ok()["data"], json!([]));
    theirs.post(&format!("/users/{user}/actions/invite"), &json!({})).problem(404, "not_found");
    theirs.delete(&format!("/invitations/{}", made["id"].as_str().unwrap())).problem(404, "not_found");
    // The other company's number in our link, another secret, nonsense: all the same answer.
    let mut bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &link[4..]).unwrap();
    let encode =
        |b: &[u8]| format!("kzi_{}", base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, b));
    let other = server.db.text("SELECT id FROM tenants WHERE key = 'other'").parse::<uuid::Uuid>().unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let wrong_secret = encode(&bytes);
    bytes[last] ^= 1;
    bytes[..16].copy_from_slice(other.as_bytes());
    let answers: Vec<String> = [encode(&bytes), wrong_secret, "kzi_".to_owned(), "nonsense".to_owned()]
        .iter()
        .map(|forged| {
            let problem = accept(&stranger, forged, "chosen by myself").problem(401, "link_over");
            problem["title"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let kept = server.db.text("SELECT encode(token_hash, 'base64') FROM entry_links");
    assert!(!link.contains(&kept));
    // No token of another kind: neither way round.
    stranger.bearing(&link).get("/auth/me").problem(401, "unauthenticated");
    stranger.post("/auth/second_factor", &json!({"challenge": link, "code": "000000"})).problem(401, "challenge_over");
    accept(&stranger, &link, "chosen by myself").ok();
}

#[test]
fn who_has_forgotten_their_password_gets_a_link_and_shows_the_second_factor_all_the_same() {
    let server = TestServer::new();
    let (admin, stranger) = (server.admin(), server.anonymous());
    let role = server.role("看", json!({"account": {"read": "all"}}));
    let id = server.user("li", &role, json!({}));
    let li = server.sign_in("li", PASSWORD);
    let (_, codes) = set_up(&li, PASSWORD);
    let made = admin.post(&format!("/users/{id}/actions/reset_password"), &json!({})).ok();
    assert_eq!(made["purpose"], "reset");
    // The old one is good until then.
    Begun::with(&stranger, "li", PASSWORD);
    let begun = Begun::from(&stranger, &accept(&stranger, &token(&made), "chosen by myself"));
    assert_eq!(begun.challenge["step"], "second_factor");
    li.get("/auth/me").problem(401, "token_expired");
    begun.post("/auth/second_factor", json!({"recovery_code": codes[0]})).ok();
    stranger.post("/auth/login", &json!({"username": "li", "password": PASSWORD})).problem(401, "bad_credentials");
    let trail = admin.get(&format!("/audit?object=user&record={id}&category=security")).ok();
    let done: Vec<&str> = trail["data"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    assert_eq!(done[..3], ["recovery_code_used", "link_used", "link_made"], "{done:?}");
}

#[test]
fn what_is_shown_once_is_not_kept_for_a_repetition() {
    let server = TestServer::new();
    let admin = server.admin();
    let post = |path: &str, body: &Value| {
        send(admin.request(Method::POST, path).header("idempotency-key", format!("k{}", path.len())).json(body))
    };
    let wish = json!({"name": "王伟"});
    let made = post("/invitations", &wish).created();
    let again = post("/invitations", &wish).created();
    assert_eq!((&again["user"], again.get("path")), (&made["user"], None));
    let path = format!("/users/{}/actions/invite", made["user"].as_str().unwrap());
    assert!(post(&path, &json!({})).ok()["path"].is_string());
    assert!(post(&path, &json!({})).ok().get("path").is_none());
    let kept = server.db.text("SELECT string_agg(encode(body, 'escape'), ' ') FROM idempotency_keys");
    assert!(!kept.contains("kzi_"), "{kept}");
}

#[test]
fn whoever_runs_the_server_lets_the_last_administrator_in_again() {
    let server = TestServer::new();
    let admin = server.admin();
    set_up(&admin, PASSWORD);
    let engine = kezhan_tests::sealing_engine();
    let rescue = |key: &str, user: &str| setup::rescue(&engine, &mut server.db.connect(), key, user);
    assert!(rescue("test", "nobody").is_err() && rescue("other", "admin").is_err());
    let path = rescue("test", "admin").unwrap();
    let link = path.strip_prefix("/welcome#").unwrap();
    accept(&server.anonymous(), link, "chosen by myself").ok();
    server.sign_in("admin", "chosen by myself");
}
