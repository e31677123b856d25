//! What was there before its field was sealed, or could be found: it becomes as if it had always been.

use super::sealed_fields::{field, found, id, tables_with, texts, work};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use kezhan_engine::audit::{self, Sealer};
use kezhan_features::platform::sealing;
use kezhan_tests::TestServer;
use serde_json::json;

#[test]
fn what_was_sealed_before_it_could_be_found_is_found_once_it_is_sealed_anew() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "甲", "bank_account": "6222000011112222"}));
    api.create("accounts", json!({"name": "乙", "bank_account": "6222000011113333"}));
    let conn = &mut server.db.connect();
    let path = "/accounts?bank_account=6222000011112222";
    assert_eq!(found(&api, path), [id(&account)]);
    // As it was stored by an earlier version: without an index, in the clear.
    conn.batch_execute("UPDATE accounts SET bank_account = '6222000011112222' WHERE name = '甲'").unwrap();
    assert_eq!(found(&api, path), Vec::<String>::new());
    assert_eq!(api.get(&format!("/accounts/{}", id(&account))).ok()["bank_account"], "6222000011112222");
    sealing::order(conn, server.tenant.tenant, None).unwrap();
    work(&server);
    assert_eq!(found(&api, path), [id(&account)]);
    assert_eq!(tables_with(conn, "6222000011112222"), Vec::<String>::new());
    let meta = api.get("/meta/objects/account").ok();
    let told = meta["fields"].as_array().unwrap().iter().find(|f| f["key"] == "bank_account").unwrap();
    assert_eq!(told["operators"], json!(["eq", "in", "null"]));
}

#[test]
fn a_custom_field_becomes_sealed_with_what_it_holds() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let api = server.admin();
    let searchable = json!({"settings": {"searchable": true}, "is_indexed": true});
    let definition = field(&api, "passport", "text", searchable);
    let old = api.create("accounts", json!({"name": "甲", "passport": "E12345678"}));
    assert_eq!(found(&api, "/accounts?q=E12345678"), [id(&old)]);
    api.patch(&format!("/accounts/{}", id(&old)), &json!({"passport": "E11111111", "city": "北京"})).ok();
    api.patch(&format!("/accounts/{}", id(&old)), &json!({"passport": "E12345678"})).ok();
    let (tenant, conn) = (server.tenant.tenant, &mut server.db.connect());
    conn.batch_execute("SET TIME ZONE 'UTC'").unwrap();
    let written = "SELECT ((SELECT count(*) FROM changes) + (SELECT count(*) FROM audit_events))::text AS text";
    let since = std::time::Instant::now();
    // Transactions of other tests on the same server are waited for.
    let holds = |conn: &mut PgConnection| {
        let written: u64 = texts(conn, written)[0].parse().unwrap();
        loop {
            Sealer::new(server.db.url()).drain().unwrap();
            let verdict = audit::verify(conn, tenant, None).unwrap();
            assert_eq!(verdict.fault, None);
            if verdict.entries + verdict.redacted >= written {
                return verdict.redacted;
            }
            assert!(since.elapsed().as_secs() < 60, "the trail is not sealed");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    assert_eq!(holds(conn), 0);
    let path = format!("/field_definitions/{}", id(&definition));
    api.patch(&path, &json!({"is_sealed": true})).ok();
    // Read as before, already before the work is done; what is written now is sealed.
    assert_eq!(api.get(&format!("/accounts/{}", id(&old))).ok()["passport"], "E12345678");
    let new = api.create("accounts", json!({"name": "乙", "passport": "E87654321"}));
    work(&server);
    let stored = texts(conn, "SELECT custom->>'passport' AS text FROM accounts ORDER BY name");
    assert_eq!(stored.len(), 2);
    assert!(stored.iter().all(|s| s.starts_with("sealed:1.")), "{stored:?}");
    // Nor does the trail tell it any more, and it holds: it says itself that it tells less.
    for value in ["E12345678", "E11111111", "E87654321"] {
        assert_eq!(tables_with(conn, value), Vec::<String>::new(), "{value}");
    }
    assert_eq!(holds(conn), 3);
    let history = api.get(&format!("/accounts/{}/history", id(&old))).ok();
    let veiled = json!({"from": "***", "to": "***"});
    let of = |at: usize, field: &str| history["data"][at]["changes"][field].clone();
    assert_eq!(
        (of(0, "passport"), of(1, "passport"), of(2, "passport")),
        (veiled.clone(), veiled, json!({"to": "***"}))
    );
    assert_eq!(of(1, "city"), json!({"from": null, "to": "北京"}), "what stands beside it stays");
    for (record, value) in [(&old, "E12345678"), (&new, "E87654321")] {
        assert_eq!(api.get(&format!("/accounts/{}", id(record))).ok()["passport"], value);
        assert_eq!(found(&api, &format!("/accounts?passport={value}")), [id(record)]);
        assert_eq!(found(&api, &format!("/accounts?q={value}")), Vec::<String>::new());
    }
    // A later field of the same record is written beside it.
    api.patch(&format!("/accounts/{}", id(&old)), &json!({"city": "上海"})).ok();
    assert_eq!(api.get(&format!("/accounts/{}", id(&old))).ok()["passport"], "E12345678");
    let refused = api.patch(&path, &json!({"is_sealed": false})).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["field"], "is_sealed");
    let choice = json!({"object": "account", "key": "mood", "kind": "boolean", "label_zh": "x", "label_en": "x", "is_sealed": true});
    api.post("/field_definitions", &choice).problem(422, "invalid");
}
