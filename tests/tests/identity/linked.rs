//! Identities at a real provider that people connect from their own profile, and signing out there.

use super::elsewhere::{CALLBACK, Visitor, audit, server, set_up};
use kezhan_tests::TestServer;
use kezhan_tests::oidc::Provider;
use kezhan_tests::server::PASSWORD;
use reqwest::StatusCode;
use serde_json::{Value, json};

/// Neither address is known to be theirs: nobody is found by it.
fn provider(server: &TestServer) -> Provider {
    let people = json!({"li": {"name": "李雷"}, "han": {"name": "韩梅梅"}});
    Provider::real(&server.url(CALLBACK), &people)
}

impl Visitor {
    fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        let reply = request.header("x-requested-with", "kezhan").json(body).send().unwrap();
        (reply.status(), reply.json().unwrap_or_default())
    }

    fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(reqwest::Method::POST, path, &body)
    }

    fn with_password(server: &TestServer, name: &str) -> Visitor {
        let visitor = Visitor::new(server);
        assert_eq!(visitor.post("/auth/login", json!({"username": name, "password": PASSWORD})).0, 200);
        visitor
    }

    fn identities(&self) -> Value {
        self.send(reqwest::Method::GET, "/auth/identities", &json!({})).1
    }

    /// The provider's page.
    fn connect(&self, provider: &str) -> String {
        let (status, answer) = self.post("/auth/identities", json!({"provider": provider, "password": PASSWORD}));
        assert_eq!(status, 200, "{answer}");
        answer["url"].as_str().unwrap().to_owned()
    }
}

#[test]
fn an_account_at_a_provider_is_connected_from_the_profile_and_parted_from() {
    let server = server();
    let admin = server.admin();
    let provider = provider(&server);
    let id = set_up(&admin, &provider.issuer, json!({}));
    let role = server.role("x", json!({}));
    let (li, han) = (server.user("li", &role, json!({})), server.user("han", &role, json!({})));
    assert_eq!(Visitor::new(&server).sign_in(&id, "li"), "/?sign_in=unknown_user");

    let visitor = Visitor::with_password(&server, "li");
    assert_eq!(visitor.identities(), json!({"data": [], "available": [{"id": id, "name": "企业账号"}]}));
    let (status, refused) = visitor.post("/auth/identities", json!({"provider": id, "password": "guess"}));
    assert_eq!((status.as_u16(), &refused["errors"][0]["field"]), (422, &json!("password")));
    assert_eq!(visitor.post("/auth/identities", json!({"provider": id})).0, 422, "it takes a proof");
    let back = visitor.sign_in_there(visitor.connect(&id), "li");
    // Somebody else's browser gets nowhere with it.
    assert_eq!(Visitor::with_password(&server, "han").onward(&back), "/?sign_in=state");
    let back = visitor.sign_in_there(visitor.connect(&id), "li");
    assert_eq!(visitor.onward(&back), "/settings/security?linked=done");
    let identities = visitor.identities();
    assert_eq!((&identities["data"][0]["subject"], &identities["available"]), (&json!("li"), &json!([])));
    let noted = audit(&admin, "identity_linked");
    assert_eq!((noted.len(), &noted[0]["detail"]["by"], &noted[0]["actor"]["id"]), (1, &json!("profile"), &json!(li)));

    // From now on it is a way in, to one person only.
    let again = Visitor::new(&server);
    assert_eq!(again.sign_in(&id, "li"), "/");
    assert_eq!(again.me().unwrap()["id"], li);
    let other = Visitor::with_password(&server, "han");
    let back = other.sign_in_there(other.connect(&id), "li");
    assert_eq!(other.onward(&back), "/settings/security?linked=taken");
    // And one person is one there.
    let second = Visitor::with_password(&server, "li");
    let back = second.sign_in_there(second.connect(&id), "han");
    assert_eq!(second.onward(&back), "/settings/security?linked=another");
    assert!(
        audit(&admin, "sign_in_failed")
            .iter()
            .all(|f| f["detail"]["reason"] == "unknown_user" || f["detail"]["provider"].is_null())
    );

    let path = format!("/auth/identities/{id}");
    assert_eq!(other.send(reqwest::Method::DELETE, &path, &json!({})).0, 404, "not one of theirs");
    assert_eq!(visitor.send(reqwest::Method::DELETE, &path, &json!({})).0, 204);
    assert_eq!(Visitor::new(&server).sign_in(&id, "li"), "/?sign_in=unknown_user");
    assert_eq!(audit(&admin, "identity_unlinked").len(), 1);
    assert_eq!(other.me().unwrap()["id"], han);
}

#[test]
fn nobody_parts_from_the_only_way_in() {
    let server = server();
    let admin = server.admin();
    let provider = provider(&server);
    let id = set_up(&admin, &provider.issuer, json!({"creates_users": true}));
    let visitor = Visitor::new(&server);
    assert_eq!(visitor.sign_in(&id, "li"), "/");
    let (status, refused) = visitor.send(reqwest::Method::DELETE, &format!("/auth/identities/{id}"), &json!({}));
    assert_eq!((status.as_u16(), &refused["code"]), (422, &json!("not_possible")));
    assert_eq!(visitor.identities()["data"][0]["source"], id);
}

#[test]
fn signing_out_here_leads_on_to_sign_out_there_where_the_company_wants_it() {
    let server = server();
    let admin = server.admin();
    let provider = provider(&server);
    let id = set_up(&admin, &provider.issuer, json!({"creates_users": true}));
    let visitor = Visitor::new(&server);
    assert_eq!(visitor.sign_in(&id, "li"), "/");
    assert_eq!(visitor.post("/auth/logout", json!({})).0, 204, "not unless it is wanted");
    let checked = admin.post("/sign_in/check_provider", &json!({"issuer": provider.issuer})).ok();
    assert_eq!(checked["end_session_endpoint"], format!("{}/session/end", provider.issuer));

    admin.patch(&format!("/identity_providers/{id}"), &json!({"signs_out": true})).ok();
    // Still known there, and in without a password.
    let straight = visitor.onward(&visitor.press(&id, None));
    assert!(straight.contains(CALLBACK), "{straight}");
    assert_eq!(visitor.onward(&straight), "/");
    let (status, answer) = visitor.post("/auth/logout", json!({}));
    assert_eq!(status, 200);
    assert!(visitor.me().is_none());
    let page = visitor.client.get(answer["url"].as_str().unwrap()).send().unwrap().text().unwrap();
    let part = |before: &str| page.split(before).nth(1).unwrap_or_else(|| panic!("{page}")).split('"').next().unwrap();
    let form = [("xsrf", part("name=\"xsrf\" value=\"")), ("logout", "yes")];
    let reply = visitor.client.post(part("action=\"")).form(&form).send().unwrap();
    assert_eq!(reply.headers()["location"].to_str().unwrap(), server.url("/"));
    let asked = visitor.onward(&visitor.press(&id, None));
    assert!(!asked.contains(CALLBACK), "it asks who one is: {asked}");

    // Whoever comes in with a password has nothing to do with the provider, whoever was here before.
    assert_eq!(visitor.sign_in(&id, "li"), "/");
    let role = server.role("x", json!({}));
    server.user("wang", &role, json!({}));
    assert_eq!(visitor.post("/auth/login", json!({"username": "wang", "password": PASSWORD})).0, 200);
    assert_eq!(visitor.post("/auth/logout", json!({})).0, 204);
}
