//! What a company asks of passwords and sessions.

use diesel::connection::SimpleConnection;
use kezhan_tests::TestServer;
use kezhan_tests::factor::Begun;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::json;

fn codes(api: &Api, id: &str, password: &str) -> Vec<String> {
    let refused = api.post(&format!("/users/{id}/actions/set_password"), &json!({"password": password}));
    if refused.status == 200 {
        return Vec::new();
    }
    let problem = refused.problem(422, "invalid");
    let errors = problem["errors"].as_array().unwrap();
    assert!(errors.iter().all(|e| e["field"] == "password" && !e["message"].as_str().unwrap().is_empty()));
    errors.iter().map(|e| e["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_new_password_keeps_the_rules_and_the_answer_names_the_one_it_breaks() {
    let server = TestServer::new();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    let id = server.user("chen.xiaoyan", &role, json!({"email": "xiaoyan88@chenshi.example"}));
    let admin = server.admin();
    assert_eq!(codes(&admin, &id, "short"), ["too_short"]);
    assert_eq!(codes(&admin, &id, "password123"), ["password_common"]);
    assert_eq!(codes(&admin, &id, "xiaoyan88"), ["password_own"]);
    admin.put("/security_policy", &json!({"password_length": 12, "password_classes": 3, "password_history": 2})).ok();
    assert_eq!(codes(&admin, &id, "ten chars!"), ["too_short"]);
    assert_eq!(codes(&admin, &id, "correct horse battery"), ["password_classes"]);
    assert_eq!(codes(&admin, &id, "Correct horse 1"), [""; 0]);
    assert_eq!(codes(&admin, &id, "Correct horse 2"), [""; 0]);
    assert_eq!(codes(&admin, &id, "Correct horse 1"), ["password_used"]);
    assert_eq!(codes(&admin, &id, "Correct horse 3"), [""; 0]);
    assert_eq!(codes(&admin, &id, "Correct horse 1"), [""; 0], "two back is long enough");
    // The same rules for one's own.
    let chen = server.sign_in("chen.xiaoyan", "Correct horse 1");
    let own = |fresh: &str| chen.post("/auth/password", &json!({"current": "Correct horse 1", "password": fresh}));
    assert_eq!(own("correct horse battery").problem(422, "invalid")["errors"][0]["code"], "password_classes");
    assert_eq!(own("Correct horse 4").status, 204);
}

#[test]
fn a_password_that_is_too_old_or_given_is_changed_before_anything_else() {
    let server = TestServer::new();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    let id = server.user("li", &role, json!({}));
    let admin = server.admin();
    let given = json!({"password": "given by someone", "must_change": true});
    admin.post(&format!("/users/{id}/actions/set_password"), &given).ok();
    let begun = Begun::with(&server.anonymous(), "li", "given by someone");
    assert_eq!(begun.challenge["step"], "password");
    begun.code("000000").problem(422, "not_possible");
    let same = begun.post("/auth/challenge/password", json!({"password": "given by someone"}));
    assert_eq!(same.problem(422, "invalid")["errors"][0]["code"], "password_used");
    let short = begun.post("/auth/challenge/password", json!({"password": "short"}));
    assert_eq!(short.problem(422, "invalid")["errors"][0]["code"], "too_short");
    let entered = begun.post("/auth/challenge/password", json!({"password": "chosen by myself"})).ok();
    assert!(entered["access_token"].is_string());
    begun.post("/auth/challenge/password", json!({"password": "and once more!"})).problem(401, "challenge_over");
    server.sign_in("li", "chosen by myself");

    let yearly = json!({"password_days": 90});
    assert_eq!(admin.post("/security_policy/effect", &yearly).ok()["password"], 0);
    server
        .db
        .connect()
        .batch_execute(&format!(
            "UPDATE credentials SET changed_at = now() - interval '91 days' WHERE user_id = '{id}'"
        ))
        .unwrap();
    assert_eq!(admin.post("/security_policy/effect", &yearly).ok()["password"], 1);
    admin.put("/security_policy", &yearly).ok();
    assert_eq!(Begun::with(&server.anonymous(), "li", "chosen by myself").challenge["step"], "password");
    server.sign_in("admin", PASSWORD);
}

#[test]
fn sessions_live_as_long_as_the_company_says() {
    let server = TestServer::new();
    let admin = server.admin();
    admin.put("/security_policy", &json!({"session_days": 2, "idle_minutes": 60})).ok();
    let login = server.anonymous().post("/auth/login", &json!({"username": "admin", "password": PASSWORD})).ok();
    let minutes = || {
        let left = "SELECT (extract(epoch FROM max(expires_at) FILTER (WHERE revoked_at IS NULL) - now()) / 60)::integer::text \
                    FROM sessions WHERE created_at = (SELECT max(created_at) FROM sessions)";
        server.db.text(left).parse::<i32>().unwrap()
    };
    assert!((74..=75).contains(&minutes()), "an hour, and the life of an access token: {}", minutes());
    let age = |age: &str| {
        let sql = format!("UPDATE sessions SET created_at = created_at - interval '{age}'");
        server.db.connect().batch_execute(&sql).unwrap();
    };
    age("47 hours 30 minutes");
    let next = server.anonymous().post("/auth/refresh", &json!({"refresh_token": login["refresh_token"]})).ok();
    assert!((29..=30).contains(&minutes()), "two days are nearly over: {}", minutes());
    age("1 hour");
    let over = server.anonymous().post("/auth/refresh", &json!({"refresh_token": next["refresh_token"]}));
    over.problem(401, "token_expired");
}
