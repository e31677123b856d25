//! Timeline and change feed where moments coincide and histories part.

use diesel::Connection;
use kezhan_engine::feed::ChangesQuery;
use kezhan_tests::engine::Bench;
use serde_json::{Value, json};

/// Version after version, page by page.
fn versions(b: &mut Bench, account: uuid::Uuid, size: u32) -> Vec<i64> {
    let meta = b.object("account");
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = b.engine.timeline(&mut b.conn, &b.system, &meta, account, Some(size), cursor.as_deref()).unwrap();
        let page: Value = serde_json::from_slice(&page).unwrap();
        seen.extend(page["data"].as_array().unwrap().iter().map(|e| e["version"].as_i64().unwrap()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return seen,
        }
    }
}

#[test]
fn changes_of_one_moment_keep_their_order_on_the_timeline() {
    let mut b = Bench::new();
    let (engine, system, meta) = (kezhan_tests::sealing_engine(), b.system.clone(), b.object("account"));
    // One transaction is one moment; the numbers of its changes go from one digit to two.
    let account = b
        .conn
        .transaction::<_, kezhan_engine::Error, _>(|conn| {
            let record = |city: String| json!({ "name": "甲公司", "city": city }).as_object().cloned().unwrap();
            let id = engine.create(conn, &system, &meta, record("0".into()))?.id;
            for n in 1..14 {
                engine.update(conn, &system, &meta, id, record(n.to_string()), None)?;
            }
            Ok(id)
        })
        .unwrap();
    let expected: Vec<i64> = (1..=14).rev().collect();
    assert_eq!(versions(&mut b, account, 100), expected);
    assert_eq!(versions(&mut b, account, 3), expected);
}

#[test]
fn a_cursor_from_another_history_is_told_by_the_gap() {
    use base64::Engine as _;
    let mut b = Bench::new();
    let mut gap = |since: String| -> Value {
        let query = ChangesQuery { since: Some(since), ..ChangesQuery::default() };
        let body = b.engine.changes(&mut b.conn, &b.system, &query).unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["gap"].clone()
    };
    let cursor = |txid: i64| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json!([txid, 1]).to_string());
    assert_eq!(gap(cursor(1)), false);
    assert_eq!(gap(cursor(1 << 40)), true, "this database has not come so far");
}
