//! Signing in at a provider of identities: a real one, and one that lies.

use kezhan_tests::TestServer;
use kezhan_tests::oidc::{CLIENT_SECRET, Provider};
use kezhan_tests::server::{Api, PASSWORD};
use reqwest::blocking::Client;
use serde_json::{Value, json};

pub const CALLBACK: &str = "/api/v1/auth/oidc/callback";

pub fn server() -> TestServer {
    TestServer::with(&[("KEZHAN_INTERNAL_HOSTS", "127.0.0.1"), ("KEZHAN_SIGN_IN_LIMIT", "0")])
}

/// A provider as a company sets it up; answers its id.
pub fn set_up(admin: &Api, issuer: &str, more: Value) -> String {
    let mut record = json!({"name": "企业账号", "issuer": issuer, "client_id": "kezhan"});
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = admin.create("identity_providers", record)["id"].as_str().unwrap().to_owned();
    let path = format!("/identity_providers/{id}/actions/set_secret");
    assert_eq!(admin.post(&path, &json!({"secret": CLIENT_SECRET})).ok()["secret_set"], true);
    id
}

/// A browser without a screen: keeps cookies, follows nothing by itself.
pub struct Visitor {
    pub client: Client,
    pub base: String,
}

impl Visitor {
    pub fn new(server: &TestServer) -> Visitor {
        let client = Client::builder().no_proxy().cookie_store(true).redirect(reqwest::redirect::Policy::none());
        Visitor { client: client.build().unwrap(), base: server.url("") }
    }

    /// Where one is sent.
    pub fn onward(&self, url: &str) -> String {
        let reply = self.client.get(url).send().unwrap();
        assert!(reply.status().is_redirection(), "{url}: {} {}", reply.status(), reply.text().unwrap());
        reply.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Presses the button of the sign-in page; answers the provider's address.
    pub fn press(&self, provider: &str, return_to: Option<&str>) -> String {
        let url = format!("{}/api/v1/auth/providers", self.base);
        let all: Value = self.client.get(url).send().unwrap().json().unwrap();
        let button = all["data"].as_array().unwrap().iter().find(|b| b["id"] == provider).expect("the button");
        let mut url = reqwest::Url::parse(&format!("{}{}", self.base, button["start"].as_str().unwrap())).unwrap();
        if let Some(path) = return_to {
            url.query_pairs_mut().append_pair("return_to", path);
        }
        self.onward(url.as_str())
    }

    /// Signs in at the real provider; answers the address that it sends the browser back to.
    pub fn sign_in_there(&self, at: String, account: &str) -> String {
        let mut next = reqwest::Url::parse(&at).unwrap();
        for _ in 0..12 {
            if next.path() == CALLBACK {
                return next.to_string();
            }
            let mut reply = self.client.get(next.clone()).send().unwrap();
            if !reply.status().is_redirection() {
                let page = reply.text().unwrap();
                let form = page.split("action=\"").nth(1).unwrap_or_else(|| panic!("{page}"));
                let action = next.join(form.split('"').next().unwrap()).unwrap();
                let fields: &[(&str, &str)] = match page.contains("name=\"login\"") {
                    true => &[("prompt", "login"), ("login", account), ("password", "any")],
                    false => &[("prompt", "consent")],
                };
                reply = self.client.post(action).form(fields).send().unwrap();
            }
            assert!(reply.status().is_redirection(), "{next}: {}", reply.text().unwrap());
            next = next.join(reply.headers()["location"].to_str().unwrap()).unwrap();
        }
        panic!("no end to it: {next}");
    }

    /// All of it; answers where one ends up.
    pub fn sign_in(&self, provider: &str, account: &str) -> String {
        let back = self.sign_in_there(self.press(provider, None), account);
        self.onward(&back)
    }

    /// With the one that lies, which asks nobody.
    fn trust(&self, provider: &str) -> String {
        let back = self.onward(&self.press(provider, None));
        self.onward(&back)
    }

    pub fn me(&self) -> Option<Value> {
        let reply = self.client.get(format!("{}/api/v1/auth/me", self.base)).send().unwrap();
        reply.status().is_success().then(|| reply.json().unwrap())
    }
}

pub fn audit(admin: &Api, action: &str) -> Vec<Value> {
    let all = admin.get(&format!("/audit?action={action}&limit=50")).ok();
    all["data"].as_array().unwrap().clone()
}

#[test]
fn people_sign_in_at_a_provider_and_have_the_roles_of_their_groups() {
    let server = server();
    let admin = server.admin();
    let (sales, boss) = (server.role("外销", json!({"account": {"read": "self"}})), server.role("主管", json!({})));
    let east = admin.create("departments", json!({"name": "华东"}))["id"].clone();
    let people = json!({
        "li": {"name": "李雷", "email": "li@kezhan.test", "email_verified": true, "phone_number": "13812340001",
            "groups": ["crm-sales", "others"], "department": "华东"},
    });
    let provider = Provider::real(&server.url(CALLBACK), &people);
    let id = set_up(
        &admin,
        &provider.issuer,
        json!({"creates_users": true, "scopes": "openid profile email phone", "mobile_claim": "phone_number",
            "groups_claim": "groups", "department_claim": "department", "default_role": boss,
            "group_roles": [{"group": "CRM-Sales", "role": sales}, {"group": "crm-boss", "role": boss}]}),
    );
    let visitor = Visitor::new(&server);
    let back = visitor.sign_in_there(visitor.press(&id, Some("/o/accounts?view=1")), "li");
    assert_eq!(visitor.onward(&back), "/o/accounts?view=1");
    let me = visitor.me().expect("signed in");
    assert_eq!((&me["name"], &me["email"], &me["role"]), (&json!("李雷"), &json!("li@kezhan.test"), &json!(sales)));
    assert_eq!((&me["department"], &me["username"]), (&east, &json!("li")));
    assert_eq!(me["mobile"], "13812340001");

    // The same person again, found by what never changes.
    let user = me["id"].clone();
    admin.patch(&format!("/users/{}", user.as_str().unwrap()), &json!({"email": "other@kezhan.test"})).ok();
    let again = Visitor::new(&server);
    assert_eq!(again.sign_in(&id, "li"), "/");
    assert_eq!(again.me().unwrap()["id"], user);
    let linked = audit(&admin, "identity_linked");
    assert_eq!(linked.len(), 1);
    assert_eq!((&linked[0]["record"]["id"], &linked[0]["detail"]["subject"]), (&user, &json!("li")));

    // Whoever was deactivated here stays out, whatever the provider says.
    admin.patch(&format!("/users/{}", user.as_str().unwrap()), &json!({"status": "suspended"})).ok();
    let late = Visitor::new(&server);
    assert_eq!(late.sign_in(&id, "li"), "/?sign_in=inactive");
    assert!(late.me().is_none());
}

#[test]
fn the_public_address_holds_whatever_a_request_calls_us() {
    let server = TestServer::with(&[
        ("KEZHAN_INTERNAL_HOSTS", "127.0.0.1"),
        ("KEZHAN_SIGN_IN_LIMIT", "0"),
        ("KEZHAN_PUBLIC_URL", "https://crm.example.com/"),
    ]);
    let admin = server.admin();
    let liar = Provider::liar();
    let id = set_up(&admin, &liar.issuer, json!({}));
    let here = format!("https://crm.example.com{CALLBACK}");
    let told = |path: &str| {
        let request = server.anonymous().request(reqwest::Method::GET, path).header("host", "evil.example");
        kezhan_tests::server::send(request.header("x-forwarded-host", "evil.example"))
    };
    let places = told("/auth/providers").ok();
    assert_eq!(places["redirect_uri"], here);
    let at = reqwest::Url::parse(&Visitor::new(&server).press(&id, None)).unwrap();
    assert_eq!(at.query_pairs().find(|(k, _)| k == "redirect_uri").unwrap().1, here);
    let begun = admin.post("/auth/passkeys/begin", &json!({"password": PASSWORD})).ok();
    assert_eq!(begun["options"]["rp"]["id"], "crm.example.com");
}

#[test]
fn a_sign_in_comes_back_once_to_the_browser_that_began_it() {
    let server = server();
    let people = json!({"li": {"name": "李雷", "email": "li@kezhan.test", "email_verified": true}});
    let provider = Provider::real(&server.url(CALLBACK), &people);
    let id = set_up(&server.admin(), &provider.issuer, json!({"creates_users": true}));
    let (visitor, other) = (Visitor::new(&server), Visitor::new(&server));
    let back = visitor.sign_in_there(visitor.press(&id, None), "li");
    // Somebody else's browser gets nowhere with it, and has spoilt it.
    assert_eq!(other.onward(&back), "/?sign_in=state");
    assert_eq!(visitor.onward(&back), "/?sign_in=state");
    assert!(visitor.me().is_none() && other.me().is_none());
    let back = visitor.sign_in_there(visitor.press(&id, None), "li");
    assert_eq!(visitor.onward(&back), "/");
    assert_eq!(visitor.onward(&back), "/?sign_in=state");
    for forged in ["", "?code=x", "?code=x&state=y", "?state=", "?code=x&state=AAAA"] {
        assert_eq!(visitor.onward(&server.url(&format!("{CALLBACK}{forged}"))), "/?sign_in=state", "{forged}");
    }
    // The way back leads into the application only.
    for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "/api/v1/auth/logout"] {
        let visitor = Visitor::new(&server);
        let back = visitor.sign_in_there(visitor.press(&id, Some(evil)), "li");
        assert_eq!(visitor.onward(&back), "/", "{evil}");
    }
    // A "no" at the provider, and a code that is none.
    let at = visitor.press(&id, None);
    let state = reqwest::Url::parse(&at).unwrap().query_pairs().find(|(k, _)| k == "state").unwrap().1.into_owned();
    let denied = server.url(&format!("{CALLBACK}?error=access_denied&state={state}"));
    assert_eq!(visitor.onward(&denied), "/?sign_in=denied");
    let at = visitor.press(&id, None);
    let state = reqwest::Url::parse(&at).unwrap().query_pairs().find(|(k, _)| k == "state").unwrap().1.into_owned();
    assert_eq!(visitor.onward(&server.url(&format!("{CALLBACK}?code=guessed&state={state}"))), "/?sign_in=unproved");
}

#[test]
fn what_a_provider_does_not_prove_lets_nobody_in() {
    let server = server();
    let admin = server.admin();
    let liar = Provider::liar();
    let id = set_up(&admin, &liar.issuer, json!({"creates_users": true}));
    let now = chrono::Utc::now().timestamp();
    // A key that came up since the provider was asked is asked for, but not at every turn.
    Visitor::new(&server).press(&id, None);
    liar.lie(&json!({"published": ["second", "first"], "key": "second", "claims": {"sub": "early"}}));
    assert_eq!(Visitor::new(&server).trust(&id), "/");
    assert_eq!(liar.asked()["discovery"], 2);
    for (what, lie) in [
        ("another nonce", json!({"claims": {"nonce": "other"}})),
        ("no nonce", json!({"claims": {"nonce": null}})),
        ("another audience", json!({"claims": {"aud": "somebody-else"}})),
        ("a second audience", json!({"claims": {"aud": ["kezhan", "somebody-else"]}})),
        ("another issuer", json!({"claims": {"iss": "https://evil.example"}})),
        ("long expired", json!({"claims": {"exp": now - 3600}})),
        ("no signature", json!({"alg": "none"})),
        ("signed with our own secret", json!({"alg": "HS256"})),
        ("a key that is not published", json!({"key": "hidden"})),
        ("an answer of another provider", json!({"iss": "https://evil.example"})),
    ] {
        liar.lie(&lie);
        let visitor = Visitor::new(&server);
        assert_eq!(visitor.trust(&id), "/?sign_in=unproved", "{what}");
        assert!(visitor.me().is_none(), "{what}");
    }
    let users = admin.get("/users?count=exact").ok()["count"].clone();
    assert_eq!(users, 2, "nobody was made");
    assert_eq!(liar.asked()["discovery"], 2);
    let failed = audit(&admin, "sign_in_failed");
    assert_eq!(failed.len(), 10);
    assert!(failed.iter().all(|f| f["detail"]["reason"] == "unproved"), "{failed:?}");

    // The truth.
    liar.lie(&json!({}));
    assert_eq!(Visitor::new(&server).trust(&id), "/");
    let asked = liar.asked();
    let token = asked["tokens"].as_array().unwrap().last().unwrap().clone();
    assert!(token["verifier"].as_str().unwrap().len() >= 43);
}

#[test]
fn only_a_verified_address_finds_somebody_who_is_here_already() {
    let server = server();
    let admin = server.admin();
    let liar = Provider::liar();
    let id = set_up(&admin, &liar.issuer, json!({}));
    let boss = server.user("boss", &server.role("x", json!({})), json!({"email": "Boss@kezhan.test"}));
    let says = |claims: Value, me: Value| liar.lie(&json!({"claims": claims, "me": me}));
    for (verified, sub) in [(json!(false), "a"), (Value::Null, "b"), (json!("yes"), "c")] {
        says(json!({"sub": sub, "email": "boss@kezhan.test", "email_verified": verified}), json!({}));
        let visitor = Visitor::new(&server);
        let end = visitor.trust(&id);
        assert!(
            ["/?sign_in=unknown_user", "/?sign_in=unproved", "/?sign_in=provider"].contains(&end.as_str()),
            "{end}"
        );
        assert!(visitor.me().is_none());
    }
    // Making users does not make the address theirs.
    admin.patch(&format!("/identity_providers/{id}"), &json!({"creates_users": true})).ok();
    says(json!({"sub": "d", "email": "boss@kezhan.test", "email_verified": false}), json!({}));
    assert_eq!(Visitor::new(&server).trust(&id), "/?sign_in=email_taken");
    // The user-info endpoint says what the token leaves out.
    says(json!({"sub": "e"}), json!({"email": "boss@kezhan.test", "email_verified": true, "name": "老板"}));
    let visitor = Visitor::new(&server);
    assert_eq!(visitor.trust(&id), "/");
    assert_eq!(visitor.me().unwrap()["id"], boss);
    // The address belongs to that subject now; the next one with it is somebody else.
    says(json!({"sub": "f", "email": "boss@kezhan.test", "email_verified": true}), json!({}));
    assert_eq!(Visitor::new(&server).trust(&id), "/?sign_in=email_taken");
    // Other domains stay out.
    admin.patch(&format!("/identity_providers/{id}"), &json!({"email_domains": ["kezhan.test"]})).ok();
    says(json!({"sub": "g", "email": "g@kezhan.test.evil", "email_verified": true}), json!({}));
    assert_eq!(Visitor::new(&server).trust(&id), "/?sign_in=email_domain");
}

#[test]
fn a_provider_is_its_companys_and_its_secret_nobodys() {
    let server = server();
    let admin = server.admin();
    let liar = Provider::liar();
    let id = set_up(&admin, &liar.issuer, json!({"creates_users": true}));
    let record = admin.get(&format!("/identity_providers/{id}")).ok();
    assert_eq!(record["secret_set"], true);
    let history = admin.get(&format!("/identity_providers/{id}/history")).ok();
    let trail = admin.get("/audit?limit=200").ok();
    for text in [&record, &history, &trail] {
        assert!(!text.to_string().contains(CLIENT_SECRET));
    }
    assert_eq!(audit(&admin, "secret_set").len(), 1);
    // What was given for one address goes to no other.
    let patched = admin.patch(&format!("/identity_providers/{id}"), &json!({"issuer": "https://evil.example"})).ok();
    assert_eq!(patched["secret_set"], false);
    admin.patch(&format!("/identity_providers/{id}"), &json!({"issuer": liar.issuer})).ok();
    Visitor::new(&server).trust(&id);
    let sent = liar.asked()["tokens"].as_array().unwrap().last().unwrap()["basic"].clone();
    assert!(!sent.as_str().unwrap().contains("secret"), "{sent}");

    // Another company does not know it.
    let engine = kezhan_tests::sealing_engine();
    let other = kezhan_features::people::setup::create_tenant(
        &engine,
        &mut server.db.connect(),
        "other",
        "另一家",
        "admin",
        kezhan_tests::server::PASSWORD,
    );
    let other = other.unwrap().tenant;
    let start = |tenant: &str| {
        let path = format!("/api/v1/auth/oidc/start?tenant={tenant}&provider={id}");
        Visitor::new(&server).onward(&server.url(&path))
    };
    assert_eq!(start(&other.to_string()), "/?sign_in=provider");
    assert!(start(&server.tenant.tenant.to_string()).starts_with(&liar.issuer));
    let names = |query: &str| server.anonymous().get(&format!("/auth/providers{query}")).ok()["data"].clone();
    assert_eq!(names(""), json!([]), "several companies: none is named");
    assert_eq!((names("?tenant=other"), names("?tenant=nobody")), (json!([]), json!([])));
    assert_eq!(names("?tenant=test")[0]["name"], "企业账号");
    admin.patch(&format!("/identity_providers/{id}"), &json!({"active": false})).ok();
    assert_eq!(names("?tenant=test"), json!([]));
    assert_eq!(start(&server.tenant.tenant.to_string()), "/?sign_in=provider");
}

#[test]
fn whoever_says_who_comes_in_must_be_able_to_give_rights() {
    let server = server();
    let admin = server.admin();
    let half = server.role(
        "半个管理员",
        json!({"identity_provider": {"read": "all", "create": "all", "edit": "all",
        "configure": "all"}, "directory": {"read": "all", "create": "all", "edit": "all", "configure": "all"},
        "role": {"read": "all"}}),
    );
    server.user("half", &half, json!({}));
    let api = server.sign_in("half", kezhan_tests::server::PASSWORD);
    let provider = json!({"name": "x", "issuer": "https://evil.example", "client_id": "x"});
    api.post("/identity_providers", &provider).problem(403, "forbidden");
    let directory = json!({"name": "x", "address": "ldaps://evil.example", "base_dn": "dc=x"});
    api.post("/directories", &directory).problem(403, "forbidden");
    let id = admin.create("identity_providers", provider)["id"].as_str().unwrap().to_owned();
    let change = json!({"group_roles": [{"group": "all", "role": server.tenant.role}]});
    api.patch(&format!("/identity_providers/{id}"), &change).problem(403, "forbidden");
    let path = format!("/identity_providers/{id}/actions/set_secret");
    api.post(&path, &json!({"secret": "x"})).problem(403, "forbidden");
    api.post("/sign_in/check_provider", &json!({"issuer": "https://x.example"})).problem(403, "forbidden");
    // What makes no sense is named.
    for (field, value) in [
        ("issuer", json!("ftp://x")),
        ("group_roles", json!([{"group": "x", "role": uuid::Uuid::now_v7()}])),
        ("group_roles", json!([{"group": " ", "role": server.tenant.role}])),
        ("group_roles", json!({"x": 1})),
        ("email_domains", json!(["a@b"])),
    ] {
        let reply = admin.patch(&format!("/identity_providers/{id}"), &json!({field: value}));
        assert_eq!(reply.problem(422, "invalid")["errors"][0]["field"], field);
    }
    // People see beforehand what a change does to others.
    admin.patch(&format!("/identity_providers/{id}"), &json!({"issuer": "https://login.example"})).ok();
    let path = format!("/identity_providers/{id}/actions/preview_change");
    let effect = admin.post(&path, &json!({"change": {"active": false}})).ok();
    assert_eq!((&effect["people"], &effect["shut_out"]), (&json!(0), &json!(0)));
}

#[test]
fn nothing_inside_is_called_unless_the_operator_allows_it() {
    let server = TestServer::new();
    let admin = server.admin();
    let liar = Provider::liar();
    for issuer in
        [liar.issuer.as_str(), "https://127.0.0.1", "https://169.254.169.254", "https://localhost", "https://[::1]"]
    {
        let reply = admin.post("/sign_in/check_provider", &json!({"issuer": issuer})).problem(422, "invalid");
        assert_eq!(
            (&reply["errors"][0]["field"], &reply["errors"][0]["code"]),
            (&json!("issuer"), &json!("not_reachable"))
        );
    }
    assert_eq!(liar.asked()["discovery"], 0);
    let mut values = json!({"address": "ldap://127.0.0.1:389", "base_dn": "dc=x", "bind_dn": ""});
    for address in ["ldap://127.0.0.1:389", "ldaps://[::1]", "ldap://169.254.169.254", "ldaps://10.0.0.1"] {
        values["address"] = json!(address);
        let reply = admin.post("/sign_in/check_directory", &json!({"values": values})).problem(422, "invalid");
        assert!(reply["errors"][0]["message"].as_str().unwrap().contains("internal address"), "{reply}");
    }
    let id = set_up(&admin, &liar.issuer, json!({}));
    assert_eq!(Visitor::new(&server).press(&id, None), "/?sign_in=provider");
    // With leave, it says what it is.
    let server = self::server();
    let said = server.admin().post("/sign_in/check_provider", &json!({"issuer": liar.issuer})).ok();
    assert_eq!(said["keys"], 1);
    assert_eq!(said["redirect_uri"], server.url(CALLBACK));
    liar.lie(&json!({"issuer": "https://other.example"}));
    let reply = server.admin().post("/sign_in/check_provider", &json!({"issuer": liar.issuer})).problem(422, "invalid");
    assert!(reply["errors"][0]["message"].as_str().unwrap().contains("unexpected issuer"), "{reply}");
}
