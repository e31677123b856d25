//! Passkeys without a device: what is refused. With one, see the tests in the browser.

use kezhan_tests::TestServer;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

#[test]
fn what_is_not_asked_for_here_is_not_taken() {
    let server = TestServer::new();
    let admin = server.admin();
    // Not at an address in numbers, for which no device makes keys.
    admin.post("/auth/passkeys/begin", &json!({"password": PASSWORD})).problem(422, "not_possible");
    let named = |path: &str, body: &Value| {
        let host = format!("localhost:{}", server.address.port());
        kezhan_tests::server::send(admin.request(reqwest::Method::POST, path).header("host", host).json(body))
    };
    named("/auth/passkeys/begin", &json!({"password": "guess"})).problem(422, "invalid");
    let begun = named("/auth/passkeys/begin", &json!({"password": PASSWORD})).ok();
    assert_eq!(begun["options"]["rp"]["id"], "localhost");
    assert_eq!(begun["options"]["authenticatorSelection"]["userVerification"], "required");
    let forged = json!({"name": "x", "ceremony": begun["ceremony"], "credential": {"id": "AA", "rawId": "AA",
        "type": "public-key", "response": {"attestationObject": "AA", "clientDataJSON": "AA"}}});
    let refused = named("/auth/passkeys", &forged).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["code"], "bad_passkey");
    // Over with the first answer.
    named("/auth/passkeys", &forged).problem(422, "invalid");
    assert_eq!(server.db.text("SELECT count(*) FROM passkey_ceremonies"), "0");
    assert_eq!(admin.get("/auth/passkeys").ok()["data"], json!([]));
    // Nor does one prove oneself by a key that one does not have.
    named("/auth/passkeys/prove", &json!({})).problem(422, "not_possible");
    let signed = json!({"ceremony": begun["ceremony"], "credential": forged["credential"]});
    let unproved = named("/auth/second_factor/totp", &json!({"passkey": signed})).problem(422, "invalid");
    assert_eq!(unproved["errors"][0]["field"], "passkey");
    let missing =
        admin.post("/auth/passkeys/0199a1b2-c3d4-7e5f-8a6b-112233445566/remove", &json!({"password": PASSWORD}));
    missing.problem(404, "not_found");
}
