//! What lands in people's inboxes, and that every event is heard exactly once.

use kezhan_api::worker;
use kezhan_engine::events::{Event, Herald, Subscriber};
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_tests::TestServer;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

fn herald(server: &TestServer, subscribers: Vec<Arc<dyn Subscriber>>) -> Herald {
    let herald = Herald::new(server.db.url(), Arc::new(kezhan_tests::sealing_engine()), subscribers);
    // Subscribers begin with what happens after they are first seen.
    herald.drain().unwrap();
    herald
}

fn inbox(server: &TestServer, user: &str) -> Vec<Value> {
    let answer = server.sign_in(user, PASSWORD).get("/notifications?sort=created_at").ok();
    answer["data"].as_array().unwrap().clone()
}

/// Tells what there is to tell until `user` has that many notifications: a change is told only once every older
/// transaction of the whole database server has ended.
fn told(server: &TestServer, herald: &Herald, user: &str, count: usize) -> Vec<Value> {
    for _ in 0..100 {
        herald.drain().unwrap();
        if inbox(server, user).len() >= count {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    inbox(server, user)
}

#[test]
fn people_hear_of_what_others_give_them_and_of_being_mentioned() {
    let server = TestServer::new();
    let herald = herald(&server, worker::subscribers());
    let role = server.role("sales", json!({ "*": { "read": "self", "create": "self", "edit": "self" } }));
    let (zhang, li) = (server.user("zhang", &role, json!({})), server.user("li", &role, json!({})));
    let admin = server.admin();

    let account = admin.post("/accounts", &json!({ "name": "鑫茂科技", "owner": zhang })).created();
    let id = account["id"].as_str().unwrap();
    let task = json!({ "subject": "回电", "account": id });
    let task = server.sign_in("zhang", PASSWORD).post("/tasks", &task).created();
    let found = told(&server, &herald, "zhang", 1);
    assert_eq!(found.len(), 1, "their own task is no news: {found:?}");
    assert_eq!((&found[0]["kind"], &found[0]["title"]), (&json!("assigned"), &json!("鑫茂科技")));
    assert_eq!((&found[0]["object"], &found[0]["record"]), (&json!("account"), &account["id"]));
    assert_eq!(found[0]["read_at"], Value::Null);

    // 李 may not see the account, so being mentioned there tells nothing of it.
    let talk = |who: &Value| json!({ "content": "@张三 请看", "account": id, "mentions": [who] });
    let said = admin.post("/follow_ups", &talk(&json!(zhang))).created();
    admin.post("/follow_ups", &talk(&json!(li))).created();
    admin.patch(&format!("/tasks/{}", task["id"].as_str().unwrap()), &json!({ "status": "done" })).ok();
    let found = told(&server, &herald, "zhang", 3);
    let kinds: Vec<Value> = found.iter().map(|n| n["kind"].clone()).collect();
    assert_eq!(kinds, [json!("assigned"), json!("mentioned"), json!("task_done")]);
    assert_eq!((&found[1]["record"], &found[1]["entry"]), (&account["id"], &said["id"]), "where it was said");
    assert!(inbox(&server, "li").is_empty());

    // Said of a deal, it is told of the deal, or of the account where that is all that one may see.
    let desk = server.role("desk", json!({ "account": { "read": "all" }, "follow_up": { "read": "all" } }));
    let wu = server.user("wu", &desk, json!({}));
    let deal = |hidden: bool| json!({ "name": "年度框架", "account": id, "owner": li, "confidential": hidden });
    let talk = |hidden: bool| {
        let deal = admin.create("opportunities", deal(hidden));
        let talk = json!({ "content": "@张三", "opportunity": deal["id"], "account": id, "mentions": [zhang, wu] });
        admin.post("/follow_ups", &talk).created();
    };
    talk(true);
    talk(false);
    for (user, count, about) in [("zhang", 4, "opportunity"), ("wu", 1, "account")] {
        let found = told(&server, &herald, user, count);
        assert_eq!(found.len(), count, "of a confidential deal nobody else hears: {found:?}");
        assert_eq!((&found[count - 1]["kind"], &found[count - 1]["object"]), (&json!("mentioned"), &json!(about)));
    }

    // Read is read, for its owner only.
    let first = format!("/notifications/{}", found[0]["id"].as_str().unwrap());
    server
        .sign_in("li", PASSWORD)
        .patch(&first, &json!({ "read_at": "2026-11-28T08:00:00Z" }))
        .problem(404, "not_found");
    server.sign_in("zhang", PASSWORD).patch(&first, &json!({ "read_at": "2026-11-28T08:00:00Z" })).ok();
    let unread = server.sign_in("zhang", PASSWORD).get("/notifications?read_at[null]=true&count=exact").ok();
    assert_eq!(unread["count"], 3);
}

#[test]
fn what_somebody_is_given_in_one_go_is_one_piece_of_news() {
    let server = TestServer::new();
    let herald = herald(&server, worker::subscribers());
    let role = server.role("sales", json!({ "*": { "read": "self", "create": "self", "edit": "self" } }));
    let zhang = server.user("zhang", &role, json!({}));
    let admin = server.admin();
    for name in ["甲", "乙", "丙"] {
        admin.post("/accounts", &json!({ "name": name, "owner": zhang })).created();
    }
    admin.post("/leads", &json!({ "name": "丁", "owner": zhang })).created();
    // The lead comes last, so the others have been told by then.
    let found = told(&server, &herald, "zhang", 2);
    let news: Vec<_> = found.iter().map(|n| (&n["object"], &n["title"], &n["others"])).collect();
    assert_eq!(news.len(), 2, "{found:?}");
    assert!(news.contains(&(&json!("account"), &json!("甲"), &json!(2))), "{news:?}");
    assert!(news.contains(&(&json!("lead"), &json!("丁"), &json!(0))), "{news:?}");
    // Once that is read, what comes after is news again.
    let zhang_api = server.sign_in("zhang", PASSWORD);
    for one in &found {
        let path = format!("/notifications/{}", one["id"].as_str().unwrap());
        zhang_api.patch(&path, &json!({ "read_at": "2026-11-28T08:00:00Z" })).ok();
    }
    admin.post("/accounts", &json!({ "name": "戊", "owner": zhang })).created();
    assert_eq!(told(&server, &herald, "zhang", 3).len(), 3);
}

#[test]
fn what_is_taken_back_before_it_was_read_of_is_no_news() {
    let server = TestServer::new();
    let herald = herald(&server, worker::subscribers());
    let role = server.role("sales", json!({ "*": { "read": "self", "create": "self", "edit": "self" } }));
    let (zhang, li) = (server.user("zhang", &role, json!({})), server.user("li", &role, json!({})));
    let admin = server.admin();
    let [zhang_api, li_api] = ["zhang", "li"].map(|user| server.sign_in(user, PASSWORD));
    let news = |user: &str| {
        let api = if user == "li" { &li_api } else { &zhang_api };
        let found = api.get("/notifications?sort=created_at").ok();
        let found = found["data"].as_array().unwrap().iter();
        found.map(|n| (n["title"].clone(), n["others"].clone())).collect::<Vec<_>>()
    };
    // Tells what there is to tell until that is what stands there.
    let becomes = |user: &str, wanted: &[(&str, u32)]| {
        let wanted: Vec<_> = wanted.iter().map(|(title, others)| (json!(title), json!(others))).collect();
        for _ in 0..100 {
            herald.drain().unwrap();
            if news(user) == wanted {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("{user} is told {:?} instead of {wanted:?}", news(user));
    };
    let give = |record: &Value, to: &str| {
        admin.patch(&format!("/accounts/{}", record["id"].as_str().unwrap()), &json!({ "owner": to })).ok();
    };
    let [a, b, c] = ["甲", "乙", "丙"].map(|name| admin.create("accounts", json!({ "name": name, "owner": li })));
    becomes("li", &[("甲", 2)]);
    // All of it leaves again before it was read of.
    for record in [&a, &b, &c] {
        give(record, &zhang);
    }
    becomes("zhang", &[("甲", 2)]);
    becomes("li", &[]);
    give(&a, &li);
    becomes("zhang", &[("乙", 1)]);
    give(&b, &li);
    give(&c, &li);
    becomes("zhang", &[]);
    assert_eq!(news("li"), [], "it was theirs all along");
}

/// Counts what it hears, and fails where it is told to.
#[derive(Clone, Default)]
struct Ear {
    heard: Arc<Mutex<Vec<String>>>,
    failures_left: Arc<AtomicUsize>,
}

impl Subscriber for Ear {
    fn name(&self) -> &'static str {
        "ear"
    }

    fn hear(&self, _: &Engine, _: &mut diesel::PgConnection, _: &Caller, event: &Event) -> Result<()> {
        if event.object.name != "product" {
            return Ok(());
        }
        let name = event.set_to("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        if name == "bad" && self.failures_left.load(Ordering::Relaxed) > 0 {
            self.failures_left.fetch_sub(1, Ordering::Relaxed);
            return Err(Error::Internal("not now".into()));
        }
        self.heard.lock().unwrap().push(name);
        Ok(())
    }
}

#[test]
fn each_event_is_heard_once_and_in_order_however_many_tell() {
    let server = TestServer::new();
    let ear = Ear::default();
    let tellers: Vec<Herald> = (0..3).map(|_| herald(&server, vec![Arc::new(ear.clone())])).collect();
    let admin = server.admin();
    let names: Vec<String> = (0..40).map(|n| format!("p{n:02}")).collect();
    std::thread::scope(|scope| {
        for teller in &tellers {
            scope.spawn(|| {
                for _ in 0..1000 {
                    teller.drain().unwrap();
                    if ear.heard.lock().unwrap().len() >= names.len() {
                        break;
                    }
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
            });
        }
        for name in &names {
            admin.post("/products", &json!({ "name": name })).created();
        }
    });
    tellers[0].drain().unwrap();
    assert_eq!(*ear.heard.lock().unwrap(), names);
}

#[test]
fn a_failure_is_tried_again_and_holds_up_nothing_for_good() {
    let server = TestServer::new();
    let ear = Ear::default();
    let herald = herald(&server, vec![Arc::new(ear.clone())]);
    let admin = server.admin();
    for name in ["one", "bad", "two"] {
        admin.post("/products", &json!({ "name": name })).created();
    }
    // Again and again until it works …
    ear.failures_left.store(2, Ordering::Relaxed);
    let until_heard = |count: usize| {
        for _ in 0..200 {
            diesel::RunQueryDsl::execute(
                diesel::sql_query("UPDATE subscriptions SET retry_at = now()"),
                &mut server.db.connect(),
            )
            .unwrap();
            herald.drain().unwrap();
            if ear.heard.lock().unwrap().len() >= count {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        ear.heard.lock().unwrap().clone()
    };
    assert_eq!(until_heard(3), ["one", "bad", "two"]);
    // … and left out where it never does.
    ear.failures_left.store(usize::MAX, Ordering::Relaxed);
    for name in ["bad", "three"] {
        admin.post("/products", &json!({ "name": name })).created();
    }
    assert_eq!(until_heard(4), ["one", "bad", "two", "three"]);
}
