//! Timeline and change feed where moments coincide and histories part.

use diesel::Connection;
use kezhan_engine::feed::ChangesQuery;
use kezhan_engine::{Caller, Channel};
use kezhan_tests::TestServer;
use kezhan_tests::engine::Bench;
use kezhan_tests::server::send;
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

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

#[test]
fn who_follows_a_record_hears_of_it_and_of_what_hangs_on_it() {
    let server = TestServer::new();
    let api = server.admin();
    let (account, other) =
        (api.create("accounts", json!({"name": "甲"})), api.create("accounts", json!({"name": "乙"})));
    let mut cursor = api.get("/changes").ok()["next_cursor"].as_str().unwrap().to_owned();
    let mut heard = |query: &str, most: usize| -> Vec<(String, String)> {
        let (mut all, mut place) = (Vec::new(), cursor.clone());
        // Shown once every older transaction of the whole server has ended, those of other tests included.
        for _ in 0..200 {
            let feed = api.get(&format!("/changes?since={place}{query}")).ok();
            place = feed["next_cursor"].as_str().unwrap().to_owned();
            let text = |change: &Value, key: &str| change[key].as_str().unwrap().to_owned();
            all.extend(feed["data"].as_array().unwrap().iter().map(|c| (text(c, "object"), text(c, "id"))));
            if all.len() >= most {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        cursor = place;
        all
    };
    let of = |record: &Value, object: &str| (object.to_owned(), id(record));
    api.patch(&format!("/accounts/{}", id(&other)), &json!({"city": "上海"})).ok();
    api.patch(&format!("/accounts/{}", id(&account)), &json!({"city": "北京"})).ok();
    let said = |on: &Value| api.create("follow_ups", json!({"content": "电话", "account": on["id"]}));
    let (_, here) = (said(&other), said(&account));
    let part = Part::bytes(b"a".to_vec()).file_name("a.txt");
    let form = Form::new().text("object", "account").text("record", id(&account));
    let picture = send(api.request(Method::POST, "/attachments").multipart(form.part("file", part))).created();
    let records = format!("&records=account/{}", id(&account));
    let mut told = heard(&records, 3);
    // The last follow-up is a fact of the account: some changes are its own.
    told.dedup();
    assert!(told.contains(&of(&account, "account")) && told.contains(&of(&here, "follow_up")), "{told:?}");
    assert!(told.contains(&of(&picture, "attachment")), "{told:?}");
    assert!(
        told.iter()
            .all(|t| *t == of(&account, "account") || *t == of(&here, "follow_up") || *t == of(&picture, "attachment")),
        "{told:?}"
    );
    // With an object, both: all of its records, and the one that is followed.
    let task = api.create("tasks", json!({"subject": "回访"}));
    let written = said(&account);
    let told = heard(&format!("{records}&objects=task"), 2);
    assert!(told.contains(&of(&task, "task")) && told.contains(&of(&written, "follow_up")), "{told:?}");
    for bad in ["account", "account/1"] {
        api.get(&format!("/changes?records={bad}")).problem(400, "bad_value");
    }
    api.get(&format!("/events?records=planet/{}", id(&account))).problem(400, "unknown_field");
}

#[test]
fn what_is_nothing_to_a_reader_is_passed_once() {
    let mut b = Bench::new();
    let account = b.object("account");
    let system = b.system.clone();
    let page = |b: &mut Bench, since: Option<String>| -> (usize, String) {
        let query = ChangesQuery { since, objects: vec!["task".into()], ..ChangesQuery::default() };
        let body = b.engine.changes(&mut b.conn, &b.system, &query).unwrap();
        let page: Value = serde_json::from_slice(&body).unwrap();
        (page["data"].as_array().unwrap().len(), page["next_cursor"].as_str().unwrap().to_owned())
    };
    let (_, start) = page(&mut b, None);
    let name = json!({"name": "甲"}).as_object().cloned().unwrap();
    let engine = kezhan_tests::sealing_engine();
    engine.create(&mut b.conn, &system, &account, name).unwrap();
    let moved = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let (found, next) = page(&mut b, Some(start.clone()));
        assert_eq!(found, 0);
        next != start
    });
    assert!(moved, "the cursor stays before an account that is no task");
}

#[test]
fn a_list_hears_of_what_people_do_and_not_of_what_imports_bring() {
    let mut b = Bench::new();
    let (engine, system, account) = (kezhan_tests::sealing_engine(), b.system.clone(), b.object("account"));
    let importing = Caller { channel: Channel::Import, ..system.clone() };
    let ask = |b: &mut Bench, since: Option<String>, whole: bool| -> Value {
        let [objects, lists] = if whole { [vec!["account".into()], vec![]] } else { [vec![], vec!["account".into()]] };
        let query = ChangesQuery { since, objects, lists, ..ChangesQuery::default() };
        serde_json::from_slice(&b.engine.changes(&mut b.conn, &b.system, &query).unwrap()).unwrap()
    };
    let start = ask(&mut b, None, true)["next_cursor"].as_str().unwrap().to_owned();
    let named = |name: &str| json!({ "name": name }).as_object().cloned().unwrap();
    engine.create(&mut b.conn, &importing, &account, named("甲")).unwrap();
    let own = engine.create(&mut b.conn, &system, &account, named("乙")).unwrap().id;
    let both = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        ask(&mut b, Some(start.clone()), true)["data"].as_array().unwrap().len() == 2
    });
    assert!(both, "the changes never came");
    let told = ask(&mut b, Some(start), false)["data"].clone();
    assert_eq!((told.as_array().unwrap().len(), &told[0]["id"]), (1, &json!(own.to_string())));
}
