//! What somebody has beside what they know: set up, asked for, lost, taken away, and what does not get around it.

use diesel::connection::SimpleConnection;
use kezhan_tests::TestServer;
use kezhan_tests::factor::{Begun, code, set_up, texts};
use kezhan_tests::server::{Api, PASSWORD, Reply};
use serde_json::{Value, json};

fn sql(server: &TestServer, text: &str) {
    server.db.connect().batch_execute(text).unwrap();
}

/// Of the tests, not of people: they sign in more often than once in 30 seconds.
fn forget_steps(server: &TestServer) {
    sql(server, "UPDATE totp_factors SET last_step = 0");
}

/// `li`, who may do nothing much, and an administrator.
fn staff() -> (TestServer, Api, String) {
    let server = TestServer::new();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    let id = server.user("li", &role, json!({}));
    let admin = server.admin();
    (server, admin, id)
}

fn begun(server: &TestServer, name: &str) -> Begun {
    Begun::with(&server.anonymous(), name, PASSWORD)
}

fn token(server: &TestServer, reply: &Reply) -> Api {
    server.anonymous().bearing(reply.ok()["access_token"].as_str().unwrap())
}

#[test]
fn a_sign_in_takes_the_password_and_then_a_code() {
    let (server, _, _) = staff();
    let li = server.sign_in("li", PASSWORD);
    li.post("/auth/second_factor/totp", &json!({"password": "guess"})).problem(422, "invalid");
    li.post("/auth/second_factor/totp", &json!({})).problem(422, "invalid");
    let offer = li.post("/auth/second_factor/totp", &json!({"password": PASSWORD})).ok();
    let secret = offer["secret"].as_str().unwrap();
    let uri = offer["uri"].as_str().unwrap();
    assert!(uri.starts_with("otpauth://totp/") && uri.contains(secret) && uri.contains("li"), "{uri}");
    assert!(offer["qr_svg"].as_str().unwrap().contains("<svg"));
    // Until it is confirmed it does not count.
    server.sign_in("li", PASSWORD);
    let wrong = li.post("/auth/second_factor/totp/confirm", &json!({"code": code(secret, 40)})).problem(422, "invalid");
    assert_eq!(
        (wrong["errors"][0]["field"].as_str(), wrong["errors"][0]["code"].as_str()),
        (Some("code"), Some("bad_code"))
    );
    let confirmed = li.post("/auth/second_factor/totp/confirm", &json!({"code": code(secret, 0)})).ok();
    assert_eq!(texts(&confirmed["recovery_codes"]).len(), 10);
    let standing = li.get("/auth/second_factor").ok();
    assert_eq!((standing["recovery_codes"].as_i64(), standing["totp_since"].is_string()), (Some(10), true));

    let begun = begun(&server, "li");
    assert_eq!(begun.challenge["step"], "second_factor");
    assert_eq!(begun.challenge["factors"], json!(["totp", "recovery_code"]));
    assert!(begun.challenge.get("access_token").is_none() && begun.challenge.get("refresh_token").is_none());
    begun.post("/auth/second_factor", json!({})).problem(422, "invalid");
    begun.code(&code(secret, 40)).problem(422, "invalid");
    let inside = token(&server, &begun.code(&code(secret, 1)));
    inside.get("/accounts").ok();
    let log = inside.get("/auth/sign_ins").ok();
    let done: Vec<&str> = log["data"].as_array().unwrap().iter().map(|l| l["action"].as_str().unwrap()).collect();
    assert_eq!(done[..3], ["sign_in", "sign_in_failed", "second_factor_set"], "{done:?}");
}

#[test]
fn a_challenge_is_good_for_one_thing_once() {
    let (server, _, _) = staff();
    let (secret, _) = set_up(&server.sign_in("li", PASSWORD), PASSWORD);
    let first = begun(&server, "li");
    let text = first.challenge["challenge"].as_str().unwrap();
    // No access token, no refresh token, no API key.
    server.anonymous().bearing(text).get("/auth/me").problem(401, "unauthenticated");
    server.anonymous().post("/auth/refresh", &json!({"refresh_token": text})).problem(401, "token_expired");
    let good = code(&secret, 1);
    first.code(&good).ok();
    first.code(&code(&secret, 1)).problem(401, "challenge_over");
    // The code has been shown: whoever looked over the shoulder is late.
    let second = begun(&server, "li");
    let replayed = second.code(&good).problem(422, "invalid");
    assert_eq!(replayed["errors"][0]["code"], "bad_code");
    // An older one is no better, although it has not been shown.
    second.code(&code(&secret, 0)).problem(422, "invalid");
}

#[test]
fn a_challenge_belongs_to_one_browser_and_one_person() {
    let (server, admin, _) = staff();
    let role = server.role("另", json!({"account": {"read": "all"}}));
    server.user("wang", &role, json!({}));
    let (of_li, codes_of_li) = set_up(&server.sign_in("li", PASSWORD), PASSWORD);
    let (of_wang, _) = set_up(&server.sign_in("wang", PASSWORD), PASSWORD);
    let browser = |name: &str| Begun::in_browser(&server.anonymous(), name, PASSWORD);
    let (li, wang) = (browser("li"), browser("wang"));
    let answer = json!({"code": code(&of_li, 1)});
    li.post_from(None, "/auth/second_factor", answer.clone()).problem(401, "challenge_over");
    li.post_from(Some(&wang.device), "/auth/second_factor", answer.clone()).problem(401, "challenge_over");
    // What is wang's opens nothing of li's, and the other way round.
    li.code(&code(&of_wang, 1)).problem(422, "invalid");
    wang.post("/auth/second_factor", json!({"recovery_code": codes_of_li[0]})).problem(422, "invalid");
    li.post("/auth/second_factor/enrol", json!({})).problem(422, "not_possible");
    li.post("/auth/challenge/password", json!({"password": "another password"})).problem(422, "not_possible");
    // Changed in one place it names nothing.
    let mut forged = begun(&server, "li");
    let mut text = forged.challenge["challenge"].as_str().unwrap().to_owned();
    let last = if text.pop() == Some('A') { 'Q' } else { 'A' };
    forged.challenge["challenge"] = json!(format!("{text}{last}"));
    forged.code(&code(&of_li, 1)).problem(401, "challenge_over");
    sql(&server, "UPDATE sign_in_challenges SET expires_at = now() - interval '1 second'");
    li.post("/auth/second_factor", answer).problem(401, "challenge_over");
    admin.get("/auth/me").ok();
}

#[test]
fn a_program_signs_in_without_cookies_and_a_browser_needs_its_own() {
    let (server, admin, _) = staff();
    let (secret, codes) = set_up(&server.sign_in("li", PASSWORD), PASSWORD);
    let program = begun(&server, "li");
    let wrong = json!({"code": code(&secret, 40)});
    program.post_from(None, "/auth/second_factor", wrong).problem(422, "invalid");
    // Somebody's browser is none of it.
    let strange = "kz_device=made-up-by-a-stranger-in-the-street";
    let answer = json!({"code": code(&secret, 1)});
    program.post_from(Some(strange), "/auth/second_factor", answer.clone()).problem(401, "challenge_over");
    let inside = token(&server, &program.post_from(None, "/auth/second_factor", answer));
    inside.get("/accounts").ok();
    // A browser that has been here before shows its cookie, and has to show it again.
    let known = kezhan_tests::server::send(
        server
            .anonymous()
            .request(reqwest::Method::POST, "/auth/login")
            .header("cookie", &program.device)
            .json(&json!({"username": "li", "password": PASSWORD})),
    );
    let known = Begun::from(&server.anonymous(), &known);
    let answer = json!({"recovery_code": codes[0]});
    known.post_from(None, "/auth/second_factor", answer.clone()).problem(401, "challenge_over");
    known.post("/auth/second_factor", answer).ok();
    // In several steps, too.
    let role = server.role("另", json!({"account": {"read": "all"}}));
    server.user("qian", &role, json!({}));
    admin.put("/security_policy", &policy(json!({"second_factor": "required"}))).ok();
    let program = begun(&server, "qian");
    assert_eq!(program.challenge["step"], "enrol");
    let offer = program.post_from(None, "/auth/second_factor/enrol", json!({})).ok();
    let shown = json!({"code": code(offer["secret"].as_str().unwrap(), 0)});
    program.post_from(None, "/auth/second_factor", shown).ok();
}

#[test]
fn guessing_codes_runs_into_the_lock_that_guessing_passwords_runs_into() {
    let (server, _, _) = staff();
    let (secret, _) = set_up(&server.sign_in("li", PASSWORD), PASSWORD);
    let first = begun(&server, "li");
    for _ in 0..3 {
        first.code("000000").problem(422, "invalid");
    }
    // To know the password is no reason to forget the failures.
    let second = begun(&server, "li");
    for _ in 0..2 {
        second.code("000000").problem(422, "invalid");
    }
    second.code(&code(&secret, 1)).problem(429, "locked_out");
    let login = json!({"username": "li", "password": PASSWORD});
    server.anonymous().post("/auth/login", &login).problem(429, "locked_out");
}

#[test]
fn however_many_guesses_come_at_once_five_are_looked_at() {
    let server = TestServer::with(&[("KEZHAN_SIGN_IN_LIMIT", "0")]);
    set_up(&server.admin(), PASSWORD);
    let begun = begun(&server, "admin");
    let looked_at = std::thread::scope(|scope| {
        let guess = |n: usize| {
            let begun = &begun;
            scope.spawn(move || begun.code(&format!("{n:06}")).status == 422)
        };
        let all: Vec<_> = (0..24).map(guess).collect();
        all.into_iter().filter(|_| true).map(|t| t.join().unwrap()).filter(|tried| *tried).count()
    });
    assert!((1..=5).contains(&looked_at), "{looked_at}");
}

#[test]
fn a_recovery_code_is_a_way_in_once() {
    let (server, _, _) = staff();
    let li = server.sign_in("li", PASSWORD);
    let (secret, codes) = set_up(&li, PASSWORD);
    let typed = codes[0].to_lowercase().replace('-', " ");
    let inside = token(&server, &begun(&server, "li").post("/auth/second_factor", json!({"recovery_code": typed})));
    assert_eq!(inside.get("/auth/second_factor").ok()["recovery_codes"], 9);
    let again = begun(&server, "li").post("/auth/second_factor", json!({"recovery_code": codes[0]}));
    assert_eq!(again.problem(422, "invalid")["errors"][0]["field"], "recovery_code");
    let kept = server.db.text("SELECT string_agg(encode(code_hash, 'escape'), ' ') FROM recovery_codes");
    assert!(codes.iter().all(|c| !kept.contains(c.as_str())));

    // A new set is for whoever has the password or a code, and voids the old one.
    li.post("/auth/second_factor/recovery_codes", &json!({})).problem(422, "invalid");
    li.post("/auth/second_factor/recovery_codes", &json!({"code": "000000"})).problem(422, "invalid");
    let renewed = li.post("/auth/second_factor/recovery_codes", &json!({"code": code(&secret, 1)})).ok();
    assert_eq!(texts(&renewed["recovery_codes"]).len(), 10);
    begun(&server, "li").post("/auth/second_factor", json!({"recovery_code": codes[1]})).problem(422, "invalid");
}

#[test]
fn it_is_switched_off_with_a_proof_only() {
    let (server, _, _) = staff();
    let li = server.sign_in("li", PASSWORD);
    let (secret, _) = set_up(&li, PASSWORD);
    li.post("/auth/second_factor/totp/remove", &json!({})).problem(422, "invalid");
    li.post("/auth/second_factor/totp/remove", &json!({"password": "guess"})).problem(422, "invalid");
    let key = li.post("/api_keys", &json!({"name": "x"})).created();
    let machine = server.anonymous().bearing(key["key"].as_str().unwrap());
    machine.post("/auth/second_factor/totp/remove", &json!({"password": PASSWORD})).problem(403, "forbidden");
    assert_eq!(li.post("/auth/second_factor/totp/remove", &json!({"code": code(&secret, 1)})).status, 204);
    assert_eq!(li.get("/auth/second_factor").ok()["recovery_codes"], 0);
    li.post("/auth/second_factor/totp/remove", &json!({"password": PASSWORD})).problem(422, "not_possible");
    server.sign_in("li", PASSWORD);
}

#[test]
fn an_administrator_helps_whoever_has_lost_it() {
    let (server, admin, id) = staff();
    let li = server.sign_in("li", PASSWORD);
    set_up(&li, PASSWORD);
    let path = format!("/users/{id}/actions/remove_second_factor");
    li.post(&path, &json!({})).problem(403, "forbidden");
    admin.post(&path, &json!({})).ok();
    li.get("/auth/me").problem(401, "token_expired");
    server.sign_in("li", PASSWORD);
    admin.post(&path, &json!({})).problem(422, "not_possible");
    let trail = admin.get("/audit?action=second_factor_removed").ok();
    let entry = &trail["data"][0];
    assert_eq!(
        (entry["record"]["id"].as_str(), entry["actor"]["username"].as_str()),
        (Some(id.as_str()), Some("admin"))
    );
    // One's own goes with a proof.
    set_up(&admin, PASSWORD);
    let own = format!("/users/{}/actions/remove_second_factor", server.tenant.user);
    admin.post(&own, &json!({})).problem(422, "not_possible");
}

#[test]
fn the_secret_is_sealed_where_it_is_kept() {
    let (server, _, _) = staff();
    let (secret, _) = set_up(&server.sign_in("li", PASSWORD), PASSWORD);
    let plain = totp_rs::Secret::try_from_base32(&secret).unwrap();
    let kept = server.db.text("SELECT encode(secret, 'hex') FROM totp_factors");
    assert!(!kept.contains(&hex::encode(plain.as_bytes())));
    assert!(kept.len() > 2 * plain.as_bytes().len() + 32, "with a tag: {kept}");
    // Another's secret put into one's own row opens nothing: it is bound to the person.
    let (_, wang) = (server.role("另", json!({})), server.tenant.user);
    sql(
        &server,
        &format!(
            "INSERT INTO totp_factors (tenant_id, user_id, secret, confirmed_at) \
             SELECT tenant_id, '{wang}', secret, now() FROM totp_factors"
        ),
    );
    let stolen = begun(&server, "admin").code(&code(&secret, 1));
    assert_eq!(stolen.status, 500, "{}", stolen.text);
}

fn policy(more: Value) -> Value {
    let mut policy = json!({"second_factor": "optional"});
    policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    policy
}

#[test]
fn a_company_that_asks_for_one_leads_everybody_to_it_before_anything_else() {
    let (server, admin, id) = staff();
    let li = server.sign_in("li", PASSWORD);
    let refresh = server.anonymous().post("/auth/login", &json!({"username": "admin", "password": PASSWORD})).ok();
    let wish = policy(json!({"second_factor": "required"}));
    li.get("/security_policy").problem(403, "forbidden");
    li.put("/security_policy", &wish).problem(403, "forbidden");
    li.post("/security_policy/effect", &wish).problem(403, "forbidden");
    let effect = admin.post("/security_policy/effect", &wish).ok();
    assert_eq!((&effect["people"], &effect["second_factor"]), (&json!(2), &json!(2)));
    assert_eq!(admin.put("/security_policy", &wish).ok()["second_factor"], "required");
    // Whoever was in without one is out, but for the one who said so, and that one with the next token.
    li.get("/auth/me").problem(401, "token_expired");
    admin.get("/auth/me").ok();
    server
        .anonymous()
        .post("/auth/refresh", &json!({"refresh_token": refresh["refresh_token"]}))
        .problem(401, "token_expired");

    let begun = begun(&server, "li");
    assert_eq!((begun.challenge["step"].as_str(), &begun.challenge["factors"]), (Some("enrol"), &json!([])));
    begun.code("000000").problem(422, "not_possible");
    let offer = begun.post("/auth/second_factor/enrol", json!({})).ok();
    let secret = offer["secret"].as_str().unwrap();
    begun.code("000000").problem(422, "invalid");
    let entered = begun.code(&code(secret, 0)).ok();
    assert_eq!(texts(&entered["recovery_codes"]).len(), 10);
    let inside = server.anonymous().bearing(entered["access_token"].as_str().unwrap());
    assert_eq!(inside.get("/auth/second_factor").ok()["required"], true);
    let again = server.anonymous().post("/auth/refresh", &json!({"refresh_token": entered["refresh_token"]})).ok();
    assert!(again["access_token"].is_string());
    assert_eq!(admin.post("/security_policy/effect", &wish).ok()["second_factor"], 1);

    let trail = admin.get("/audit?action=policy_set").ok();
    let detail = &trail["data"][0]["detail"]["changes"];
    assert_eq!(detail, &json!({"second_factor": {"from": "optional", "to": "required"}}));
    assert_eq!(trail["data"][0]["category"], "configuration");
    admin.post(&format!("/users/{id}/actions/remove_second_factor"), &json!({})).ok();
    assert_eq!(Begun::with(&server.anonymous(), "li", PASSWORD).challenge["step"], "enrol");
}

#[test]
fn it_may_be_asked_of_some_roles_only() {
    let (server, admin, _) = staff();
    let role = server.tenant.role.to_string();
    for (wish, field) in [
        (json!({"second_factor": "roles"}), "second_factor_roles"),
        (json!({"second_factor": "roles", "second_factor_roles": [server.tenant.user]}), "second_factor_roles"),
        (json!({"password_length": 6}), "password_length"),
        (json!({"password_history": 13}), "password_history"),
        (json!({"idle_minutes": 5}), "idle_minutes"),
    ] {
        assert_eq!(admin.put("/security_policy", &wish).problem(422, "invalid")["errors"][0]["field"], field);
    }
    admin.put("/security_policy", &json!({"nonsense": 1})).problem(400, "bad_request");
    let wish = json!({"second_factor": "roles", "second_factor_roles": [role]});
    assert_eq!(admin.post("/security_policy/effect", &wish).ok()["second_factor"], 1);
    admin.put("/security_policy", &wish).ok();
    server.sign_in("li", PASSWORD);
    assert_eq!(begun(&server, "admin").challenge["step"], "enrol");
    forget_steps(&server);
}
