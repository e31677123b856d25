//! The demonstration company goes in as it would have been entered, once.

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use kezhan_features::demo;
use kezhan_meta::query::ListQuery;
use kezhan_tests::engine::Bench;
use serde_json::Value;
use std::time::Instant;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

fn number(bench: &mut Bench, sql: &str) -> i64 {
    sql_query(sql).get_result::<Number>(&mut bench.conn).unwrap_or_else(|e| panic!("{sql}: {e}")).n
}

#[test]
fn the_demo_loads_once_and_holds_together() {
    let mut bench = Bench::new();
    let started = Instant::now();
    let summary = demo::load(&mut bench.conn, &bench.engine, chrono::Utc::now()).unwrap();
    println!("{summary:?} in {:?}", started.elapsed());
    assert!(summary.loaded);
    assert!(!demo::load(&mut bench.conn, &bench.engine, chrono::Utc::now()).unwrap().loaded);

    for (object, n) in
        [("users", 31), ("accounts", 600), ("contacts", 1500), ("opportunities", 400), ("follow_ups", 4000)]
    {
        assert_eq!(number(&mut bench, &format!("SELECT count(*) AS n FROM {object}")), n, "{object}");
    }
    for (what, sql) in [
        ("a department without a head", "SELECT count(*) AS n FROM departments WHERE manager_id IS NULL"),
        (
            "a version without its history",
            "SELECT count(*) AS n FROM opportunities o WHERE version <> \
            (SELECT count(*) FROM changes c WHERE c.tenant_id = o.tenant_id AND c.record_id = o.id)",
        ),
        (
            "history out of order",
            "SELECT count(*) AS n FROM (SELECT at < lag(at) OVER (ORDER BY seq) AS wrong \
            FROM changes WHERE object <> 'department') c WHERE wrong",
        ),
        (
            "an amount that its lines do not come to",
            "SELECT count(*) AS n FROM opportunities o WHERE amount <> \
            (SELECT sum(total) FROM opportunity_lines l WHERE l.tenant_id = o.tenant_id AND l.opportunity_id = o.id)",
        ),
        (
            "an outcome other than the stage's",
            "SELECT count(*) AS n FROM opportunities o \
            JOIN stages s ON s.tenant_id = o.tenant_id AND s.id = o.stage_id WHERE s.outcome <> o.outcome",
        ),
        (
            "a won deal of someone who is no customer",
            "SELECT count(*) AS n FROM opportunities o \
            JOIN accounts a ON a.tenant_id = o.tenant_id AND a.id = o.account_id \
            WHERE o.outcome = 'won' AND a.deal_status <> 'won'",
        ),
        (
            "a record of another department than its owner's",
            "SELECT count(*) AS n FROM accounts a \
            JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.owner_id \
            WHERE a.department_id IS DISTINCT FROM u.home_department_id",
        ),
        (
            "a last contact that is not the last",
            "SELECT count(*) AS n FROM accounts a WHERE last_followed_at IS DISTINCT \
            FROM (SELECT max(happened_at) FROM follow_ups f WHERE f.tenant_id = a.tenant_id AND f.account_id = a.id)",
        ),
        ("a telephone number that cannot be dialled", "SELECT count(*) AS n FROM contacts WHERE mobile_e164 IS NULL"),
        (
            "a user who cannot sign in",
            "SELECT count(*) AS n FROM users u WHERE NOT EXISTS \
            (SELECT 1 FROM credentials c WHERE c.tenant_id = u.tenant_id AND c.user_id = u.id)",
        ),
        ("something in the future", "SELECT count(*) AS n FROM changes WHERE at > now()"),
    ] {
        assert_eq!(number(&mut bench, sql), 0, "{what}");
    }

    // The numbers go on where the demonstration ends.
    let tenant =
        sql_query("SELECT id::text AS word FROM tenants WHERE key = 'demo'").get_result::<Word>(&mut bench.conn);
    bench.system.tenant = tenant.unwrap().word.parse().unwrap();
    let id = bench.create("opportunity", serde_json::json!({ "name": "新商机" }));
    let created = bench.fetch("opportunity", id);
    assert!(created["number"].as_str().unwrap().starts_with("SJ"), "{created:?}");
    assert_eq!(created["outcome"], "open");

    // Names are found by their pinyin.
    let accounts = bench.object("account");
    let name = number(&mut bench, "SELECT count(*) AS n FROM accounts WHERE name LIKE '%鑫%'");
    let query = ListQuery { q: Some("xin".into()), limit: Some(200), ..ListQuery::default() };
    let body = bench.engine.list(&mut bench.conn, &bench.system, &accounts, &query).unwrap();
    let found = serde_json::from_slice::<Value>(&body).unwrap()["data"].as_array().unwrap().len() as i64;
    assert!(name > 0 && found >= name.min(200), "{name} {found}");
}
