//! The second factor of administrators of the installation.

use diesel::connection::SimpleConnection;
use kezhan_features::host::trail::Actor;
use kezhan_features::host::{admins, factors};
use kezhan_tests::TestServer;
use kezhan_tests::factor::{code, texts};
use kezhan_tests::server::{Api, Reply};
use serde_json::{Value, json};

const KEEPER: &str = "a keeper's password";

struct House {
    server: TestServer,
    host: Api,
}

impl House {
    fn new() -> House {
        let server = TestServer::new();
        admins::put(&mut server.db.connect(), &Actor::command_line(), "keeper", KEEPER).unwrap();
        let token = server.anonymous().post("/host/login", &json!({"username": "keeper", "password": KEEPER})).ok();
        let host = server.anonymous().bearing(token["access_token"].as_str().unwrap());
        House { server, host }
    }

    fn enter(&self, more: Value) -> Reply {
        let mut body = json!({"username": "keeper", "password": KEEPER});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.server.anonymous().post("/host/login", &body)
    }

    /// The secret, and the recovery codes.
    fn set_up(&self) -> (String, Vec<String>) {
        let offer = self.host.post("/host/second_factor/totp", &json!({"password": KEEPER})).ok();
        let secret = offer["secret"].as_str().unwrap().to_owned();
        let made = self.host.post("/host/second_factor/totp/confirm", &json!({"code": code(&secret, 0)})).ok();
        (secret, texts(&made["recovery_codes"]))
    }
}

#[test]
fn whoever_has_a_second_factor_is_asked_for_it() {
    let house = House::new();
    let wrong = house.host.post("/host/second_factor/totp", &json!({"password": "guess"})).problem(422, "invalid");
    assert_eq!(wrong["errors"][0]["field"], "password");
    // Offered, and not yet in force.
    house.host.post("/host/second_factor/totp", &json!({"password": KEEPER})).ok();
    assert_eq!(house.enter(json!({})).status, 200);
    let (secret, recovery) = house.set_up();
    assert_eq!(recovery.len(), 10);
    let standing = house.host.get("/host/second_factor").ok();
    assert!(standing["totp_since"].is_string() && standing["recovery_codes"] == 10, "{standing}");

    let missing = house.enter(json!({}));
    assert_eq!((missing.status.as_u16(), missing.json()), (202, json!({"factors": ["totp", "recovery_code"]})));
    assert!(!missing.headers.contains_key("set-cookie"), "nothing is let in");
    // The password is looked at first: a code is no way to find out about it.
    let guess = json!({"username": "keeper", "password": "guess", "code": code(&secret, 1)});
    house.server.anonymous().post("/host/login", &guess).problem(401, "bad_credentials");
    let refused = house.enter(json!({"code": "000000"})).problem(422, "invalid");
    assert_eq!((&refused["errors"][0]["field"], &refused["errors"][0]["code"]), (&json!("code"), &json!("bad_code")));
    // The code that confirmed it is spent.
    house.enter(json!({"code": code(&secret, 0)})).problem(422, "invalid");
    let next = code(&secret, 1);
    assert_eq!(house.enter(json!({"code": next})).status, 200);
    house.enter(json!({"code": next})).problem(422, "invalid");
    assert_eq!(house.enter(json!({"recovery_code": recovery[3].to_lowercase()})).status, 200);
    house.enter(json!({"recovery_code": recovery[3]})).problem(422, "invalid");
    house.enter(json!({"recovery_code": recovery[4], "code": "1"})).problem(422, "invalid");
    let sealed = house
        .server
        .db
        .text("SELECT count(*) FROM host_totp_factors WHERE position($$totp$$ in encode(secret, 'escape')) > 0");
    assert_eq!(sealed, "0");
}

#[test]
fn guesses_at_the_second_factor_run_into_the_lock() {
    let house = House::new();
    let (secret, _) = house.set_up();
    let mut answers: Vec<u16> = (0..12).map(|_| house.enter(json!({"code": "000000"})).status.as_u16()).collect();
    answers.dedup();
    assert_eq!(answers, [422, 429], "refused, and then not even looked at");
    assert_eq!(house.enter(json!({"code": code(&secret, 1)})).status, 429);
}

#[test]
fn it_is_renewed_and_switched_off_by_whoever_knows_the_password_or_sits_at_the_server() {
    let house = House::new();
    let wish = json!({"password": KEEPER});
    house.host.post("/host/second_factor/recovery_codes", &wish).problem(422, "not_possible");
    house.host.post("/host/second_factor/totp/remove", &wish).problem(422, "not_possible");
    let (_, first) = house.set_up();
    let renewed = texts(&house.host.post("/host/second_factor/recovery_codes", &wish).ok()["recovery_codes"]);
    house.enter(json!({"recovery_code": first[0]})).problem(422, "invalid");
    assert_eq!(house.enter(json!({"recovery_code": renewed[0]})).status, 200);
    house.host.post("/host/second_factor/totp/remove", &json!({"password": "guess"})).problem(422, "invalid");
    assert_eq!(house.host.post("/host/second_factor/totp/remove", &wish).status, 204);
    assert_eq!(house.enter(json!({})).status, 200);

    house.server.db.connect().batch_execute("DELETE FROM host_totp_factors").unwrap();
    house.set_up();
    let mut conn = house.server.db.connect();
    factors::forget(&mut conn, &Actor::command_line(), "Keeper").unwrap();
    assert_eq!(house.enter(json!({})).status, 200);
    assert!(factors::forget(&mut conn, &Actor::command_line(), "nobody").is_err());
    let trail = house.server.db.text(
        "SELECT string_agg(action || ':' || actor, ' ' ORDER BY seq) FROM host_trail WHERE action LIKE 'second%' OR action LIKE 'recovery%'",
    );
    assert_eq!(
        trail,
        "second_factor_set:keeper recovery_codes_made:keeper second_factor_removed:keeper \
         second_factor_set:keeper second_factor_removed:command line"
    );
}
