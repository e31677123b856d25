//! Conditions of roles and sharing rules have indexes of their own.

use kezhan_features::people::reach;
use kezhan_tests::TestServer;
use kezhan_tests::server::PASSWORD;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the clock and the worker would do in the next minute.
fn tend(server: &TestServer) {
    reach::order_due(&mut server.db.connect()).unwrap();
    let handler = Arc::new(reach::Runs(kezhan_tests::sealing_engine().into()));
    kezhan_engine::jobs::Worker::new(server.db.url(), vec![handler]).drain().unwrap();
}

fn count(server: &TestServer) -> String {
    server.db.text("SELECT count(*)::text FROM pg_indexes WHERE starts_with(indexname, 'reach_')")
}

#[test]
fn what_a_condition_opens_is_read_off_an_index_of_its_own() {
    let server = TestServer::new();
    let admin = server.admin();
    // Text that would end the literal, were it not quoted as it must be.
    let odd = r"O'Neil \' OR true --";
    let condition = json!({"and": [
        {"field": "level", "op": "in", "value": ["a", "b"]},
        {"not": {"field": "city", "op": "ne", "value": odd}},
    ]});
    let role = server.role("重点", json!({"account": {"read": {"when": condition}}}));
    server.user("wang", &role, json!({}));
    for n in 0..12 {
        let records: Vec<_> = (0..50)
            .map(|i| {
                let city = if i == 7 { odd } else { "上海" };
                json!({"op": "create", "record": {"name": format!("客户 {n} {i}"), "level": "a", "city": city}})
            })
            .collect();
        admin.post("/accounts/batch", &json!({ "operations": records })).ok();
    }
    let wang = server.sign_in("wang", PASSWORD);
    let seen = |wang: &kezhan_tests::server::Api| wang.get("/accounts?limit=200&count=exact").ok();
    let before = seen(&wang);
    assert_eq!(before["count"], 12);

    tend(&server);
    assert_eq!(count(&server), "1");
    server.db.run("ANALYZE accounts");
    assert_eq!(seen(&wang), before, "the index changes nothing but the time");
    let used =
        "SELECT COALESCE(sum(idx_scan), 0)::text FROM pg_stat_user_indexes WHERE starts_with(indexrelname, 'reach_')";
    let end = Instant::now() + Duration::from_secs(20);
    while server.db.text(used) == "0" {
        assert!(Instant::now() < end, "lists walk along it");
        seen(&wang);
        std::thread::sleep(Duration::from_millis(200));
    }

    // It goes with the condition; one that depends on who asks has none.
    let path = format!("/roles/{role}");
    let mine = json!({"when": {"field": "created_by", "op": "eq", "value": "me"}});
    admin.patch(&path, &json!({"grants": {"account": {"read": mine}}})).ok();
    tend(&server);
    assert_eq!(count(&server), "0");
    assert_eq!(seen(&wang)["count"], 0);
    let rule = json!({"name": "A 级", "object": "account", "role": role,
        "condition": {"field": "level", "op": "eq", "value": "a"}});
    let rule = admin.create("sharing_rules", rule);
    tend(&server);
    assert_eq!(count(&server), "1", "a sharing rule's is one as well");
    assert_eq!(seen(&wang)["count"], 600);
    admin.delete(&format!("/sharing_rules/{}", rule["id"].as_str().unwrap()));
    tend(&server);
    assert_eq!(count(&server), "0");
}
