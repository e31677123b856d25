//! A directory of people: signing in with its password, and users that follow it. The directory is a real slapd.

use kezhan_tests::TestServer;
use kezhan_tests::ldap::{BASE, Ldap, READER, READER_PASSWORD, group, person};
use kezhan_tests::server::{Api, PASSWORD, Reply};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn server() -> TestServer {
    TestServer::with(&[("KEZHAN_INTERNAL_HOSTS", "localhost"), ("KEZHAN_SIGN_IN_LIMIT", "0")])
}

fn values(ldap: &Ldap, more: Value) -> Value {
    let mut values = json!({
        "name": "公司目录", "address": ldap.url(), "authority": ldap.authority(), "bind_dn": READER,
        "base_dn": format!("ou=people,{BASE}"), "user_filter": "(objectClass=inetOrgPerson)",
        "group_base_dn": format!("ou=groups,{BASE}"), "department_source": "unit",
    });
    values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    values
}

/// A directory as a company sets it up; answers its id.
fn set_up(admin: &Api, ldap: &Ldap, more: Value) -> String {
    let id = admin.create("directories", values(ldap, more))["id"].as_str().unwrap().to_owned();
    let path = format!("/directories/{id}/actions/set_secret");
    admin.post(&path, &json!({"secret": READER_PASSWORD})).ok();
    id
}

fn people(n: u32) -> String {
    (1..=n)
        .map(|i| person(i, &format!("user{i}"), &format!("员工{i}"), if i % 2 == 0 { "East" } else { "West" }, ""))
        .collect()
}

fn login(server: &TestServer, name: &str, password: &str) -> Reply {
    server.anonymous().post("/auth/login", &json!({"username": name, "password": password}))
}

/// Orders a synchronisation and waits for it.
fn sync(admin: &Api, id: &str, order: Value) -> Value {
    let run = admin.post(&format!("/directories/{id}/actions/sync"), &order).ok()["run"].clone();
    let began = Instant::now();
    loop {
        let runs = admin.get(&format!("/sign_in/runs?directory={id}")).ok();
        let mine = runs["data"].as_array().unwrap().iter().find(|r| r["id"] == run).unwrap().clone();
        if mine["state"] != "queued" && mine["state"] != "running" {
            assert_eq!(mine["state"], "done", "{mine}");
            return mine["report"].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{mine}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn counts(report: &Value) -> [u64; 4] {
    ["created", "changed", "deactivated", "reactivated"].map(|key| report[key]["count"].as_u64().unwrap())
}

fn user(admin: &Api, name: &str) -> Value {
    admin.get(&format!("/users?username={name}")).ok()["data"][0].clone()
}

#[test]
fn people_sign_in_with_the_password_of_the_directory() {
    let server = server();
    let admin = server.admin();
    let boss = server.role("主管", json!({}));
    admin.create("departments", json!({"name": "east"}));
    let members = group("crm-boss", &[("user2", "East")]);
    let mut ldap = Ldap::start(&format!("{}{members}", people(3)));
    let id = set_up(&admin, &ldap, json!({"group_roles": [{"group": "crm-boss", "role": boss}]}));

    let me = login(&server, "USER2", "user2's password").ok()["user"].clone();
    assert_eq!((&me["name"], &me["role"], &me["email"]), (&json!("员工2"), &json!(boss), &json!("user2@kezhan.test")));
    assert!(!me["department"].is_null());
    assert_eq!(login(&server, "user2@kezhan.test", "user2's password").ok()["user"]["id"], me["id"]);
    let trail = admin.get("/audit?action=identity_linked").ok();
    assert_eq!(trail["data"][0]["record"]["id"], me["id"]);
    for (name, password) in [
        ("user2", "wrong"),
        ("user2", ""),
        ("*", "user2's password"),
        ("user*", "user2's password"),
        ("user2)(uid=*", "user2's password"),
        ("user2)(|(uid=*)", "user2's password"),
        ("nobody", ""),
        ("reader", READER_PASSWORD),
    ] {
        login(&server, name, password).problem(401, "bad_credentials");
    }
    // Somebody of one's own is no business of the directory's, and has no way in through it.
    server.user("user3", &boss, json!({}));
    login(&server, "user3", "user3's password").problem(401, "bad_credentials");
    login(&server, "user3", PASSWORD).ok();
    // A user who was deactivated here stays out.
    admin.patch(&format!("/users/{}", me["id"].as_str().unwrap()), &json!({"status": "suspended"})).ok();
    login(&server, "user2", "user2's password").problem(403, "sign_in_refused");

    // With the directory away the administrator comes in all the same; others are told why they do not.
    ldap.stop();
    login(&server, "admin", PASSWORD).ok();
    login(&server, "user1", "user1's password").problem(503, "directory_away");
    admin.patch(&format!("/directories/{id}"), &json!({"signs_in": false})).ok();
    login(&server, "user1", "user1's password").problem(401, "bad_credentials");
}

#[test]
fn a_test_of_a_directory_shows_what_it_finds_or_where_the_mistake_is() {
    let server = server();
    let admin = server.admin();
    let ldap = Ldap::start(&format!("{}{}", people(7), group("crm-boss", &[("user1", "West")])));
    let check = |more: Value| {
        admin.post("/sign_in/check_directory", &json!({"values": values(&ldap, more), "secret": READER_PASSWORD}))
    };
    for address in [ldap.url(), ldap.tls_url()] {
        let found = check(json!({"address": address})).ok()["people"].clone();
        assert_eq!(found.as_array().unwrap().len(), 5);
        let first = &found[0];
        assert_eq!(
            (&first["login"], &first["name"], &first["department"]),
            (&json!("user1"), &json!("员工1"), &json!("West"))
        );
        assert!(first["groups"].as_array().unwrap().contains(&json!("crm-boss")));
    }
    let at = |reply: Reply| reply.problem(422, "invalid")["errors"][0]["field"].clone();
    assert_eq!(at(check(json!({"address": "ldap://localhost:1"}))), "address");
    assert_eq!(at(check(json!({"address": "http://localhost"}))), "address");
    assert_eq!(at(check(json!({"base_dn": "dc=nowhere"}))), "base_dn");
    assert_eq!(at(check(json!({"user_filter": "(objectClass=person"}))), "user_filter");
    assert_eq!(at(check(json!({"authority": "no certificate"}))), "authority");
    // A certificate that nobody here trusts, by either way.
    assert_eq!(at(check(json!({"authority": null}))), "address");
    assert_eq!(at(check(json!({"authority": null, "address": ldap.tls_url()}))), "address");
    // The name has to be the certificate's.
    let wrong = format!("ldaps://127.0.0.1:{}", ldap.tls_port);
    assert_eq!(at(check(json!({"address": wrong}))), "address");
    let mut body = json!({"values": values(&ldap, json!({})), "secret": "wrong"});
    assert_eq!(at(admin.post("/sign_in/check_directory", &body)), "secret");
    // The stored password serves the address that it was given for, and no other.
    let id = set_up(&admin, &ldap, json!({}));
    body.as_object_mut().unwrap().remove("secret");
    body["id"] = json!(id);
    admin.post("/sign_in/check_directory", &body).ok();
    body["values"]["address"] = json!(ldap.tls_url());
    assert_eq!(at(admin.post("/sign_in/check_directory", &body)), "secret");
    // What is stored is sound.
    for (field, value) in [
        ("address", json!("ldap://user@host")),
        ("user_filter", json!("nonsense")),
        ("login_attribute", json!("uid=*)(x")),
        ("department_attribute", json!("a b")),
    ] {
        let reply = admin.patch(&format!("/directories/{id}"), &json!({field: value}));
        assert_eq!(reply.problem(422, "invalid")["errors"][0]["field"], field);
    }
}

#[test]
fn users_follow_the_directory_and_a_sudden_emptiness_does_nothing() {
    let server = server();
    let admin = server.admin();
    let (sales, boss) = (server.role("外销", json!({})), server.role("主管", json!({})));
    let east = admin.create("departments", json!({"name": "East"}))["id"].clone();
    let known = server.user("old", &boss, json!({"email": "USER1@kezhan.test"}));
    let members = |of: &[(&str, &str)]| group("crm-sales", of);
    let mut ldap = Ldap::start(&format!("{}{}", people(20), members(&[("user2", "East"), ("user4", "East")])));
    let rules = json!([{"group": "crm-sales", "role": sales}]);
    let id = set_up(&admin, &ldap, json!({"group_roles": rules, "default_role": boss, "deactivate_max": 20}));

    // Tried out: counted, and nothing done.
    let report = sync(&admin, &id, json!({"dry_run": true}));
    assert_eq!((counts(&report), report["read"].as_u64()), ([19, 1, 0, 0], Some(20)));
    assert_eq!(report["linked"]["count"], 1);
    assert_eq!(report["unknown_departments"], json!(["West"]));
    assert_eq!(admin.get("/users?count=exact").ok()["count"], 2);
    let report = sync(&admin, &id, json!({}));
    assert_eq!(counts(&report), [19, 1, 0, 0]);
    assert_eq!(admin.get("/users?count=exact").ok()["count"], 21);
    let of = user(&admin, "user2");
    assert_eq!((&of["role"], &of["home_department"], &of["status"]), (&json!(sales), &east, &json!("active")));
    assert_eq!(user(&admin, "user3")["role"], json!(boss));
    assert_eq!(user(&admin, "old")["name"], "员工1");
    assert_eq!(user(&admin, "old")["id"], json!(known));
    let report = sync(&admin, &id, json!({"dry_run": true}));
    assert_eq!((counts(&report), report["unchanged"].as_u64()), ([0, 0, 0, 0], Some(20)));

    // One moves, one is renamed, groups change, two go; a role that was given by hand stays.
    let four = user(&admin, "user4");
    let path = format!("/users/{}", four["id"].as_str().unwrap());
    admin.patch(&path, &json!({"role": sales, "more_roles": [boss]})).ok();
    let mut some: String = (1..=18)
        .filter(|i| *i != 5)
        .map(|i| person(i, &format!("user{i}"), &format!("员工{i}"), if i % 2 == 0 { "East" } else { "West" }, ""))
        .collect();
    some.push_str(&person(5, "renamed5", "新名字", "East", "mobile: 13812340005\n"));
    ldap.replace(&format!("{some}{}", members(&[("user2", "East"), ("renamed5", "East")])));
    let report = sync(&admin, &id, json!({}));
    assert_eq!(counts(&report), [0, 2, 2, 0], "{report}");
    assert_eq!(report["deactivated"]["names"], json!(["员工19", "员工20"]));
    let five = user(&admin, "user5");
    assert_eq!(
        (&five["name"], &five["mobile"], &five["home_department"]),
        (&json!("新名字"), &json!("13812340005"), &east)
    );
    assert_eq!((&five["role"], &five["more_roles"]), (&json!(boss), &json!([sales])));
    let four = user(&admin, "user4");
    assert_eq!((&four["role"], four["more_roles"].as_array().map_or(0, Vec::len)), (&json!(boss), 0));
    assert_eq!(user(&admin, "user19")["status"], "suspended");
    let path = format!("/users/{}/history", user(&admin, "user19")["id"].as_str().unwrap());
    assert!(admin.get(&path).ok().to_string().contains("suspended"));

    // Whoever was deactivated by hand stays so; whoever went comes back.
    let hand = format!("/users/{}", user(&admin, "user6")["id"].as_str().unwrap());
    admin.patch(&hand, &json!({"status": "suspended"})).ok();
    let back = person(19, "user19", "员工19", "West", "");
    ldap.replace(&format!("{some}{back}{}", members(&[("user2", "East"), ("renamed5", "East")])));
    let report = sync(&admin, &id, json!({}));
    assert_eq!(counts(&report), [0, 0, 0, 1]);
    assert_eq!(report["refused"]["inactive"]["names"], json!(["员工6"]));
    assert_eq!(
        (&user(&admin, "user19")["status"], &user(&admin, "user6")["status"]),
        (&json!("active"), &json!("suspended"))
    );

    // Nearly everybody gone is a mistake, until somebody says that it is none.
    ldap.replace(&format!("{}{}", person(2, "user2", "员工2", "East", ""), members(&[("user2", "East")])));
    let report = sync(&admin, &id, json!({}));
    assert_eq!((&report["stopped"], report["deactivated"]["count"].as_u64()), (&json!(true), Some(17)));
    assert_eq!(user(&admin, "user3")["status"], "active");
    let report = sync(&admin, &id, json!({"anyway": true}));
    assert_eq!((&report["stopped"], report["deactivated"]["count"].as_u64()), (&json!(false), Some(17)));
    assert_eq!(user(&admin, "user3")["status"], "suspended");
    login(&server, "admin", PASSWORD).ok();

    // The directory away: said, and nobody goes.
    ldap.stop();
    let report = sync(&admin, &id, json!({"anyway": true}));
    assert!(report["error"].as_str().unwrap().contains("refused"), "{report}");
    assert_eq!(user(&admin, "user2")["status"], "active");
    let runs = admin.get(&format!("/sign_in/runs?directory={id}")).ok();
    assert_eq!(runs["data"].as_array().unwrap().len(), 8);
    let trail = admin.get("/audit?action=directory_sync&limit=50").ok();
    assert_eq!(trail["data"].as_array().unwrap().len(), 6, "what was tried out is no change");
}

#[test]
fn directories_are_read_by_the_clock() {
    let server = server();
    let admin = server.admin();
    let ldap = Ldap::start(&people(1));
    let id = set_up(&admin, &ldap, json!({}));
    let mut conn = server.db.connect();
    let order = kezhan_features::people::outside::sync::order_due;
    assert_eq!(order(&mut conn).unwrap(), 0, "never by itself");
    admin.patch(&format!("/directories/{id}"), &json!({"sync_every": "hour"})).ok();
    assert_eq!(order(&mut conn).unwrap(), 1);
    assert_eq!(order(&mut conn).unwrap(), 0, "once an hour");
    let began = Instant::now();
    while user(&admin, "user1").is_null() {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    }
    let runs = admin.get(&format!("/sign_in/runs?directory={id}")).ok();
    assert!(runs["data"][0]["ordered_by"].is_null());
}

#[test]
fn whoever_looks_after_a_directory_is_told_once_that_the_clock_could_not_read_it() {
    let server = server();
    let admin = server.admin();
    server.user("rep", &server.role("只看目录", json!({"directory": {"read": "all"}})), json!({}));
    let mut ldap = Ldap::start(&people(1));
    let id = set_up(&admin, &ldap, json!({"sync_every": "hour"}));
    let mut conn = server.db.connect();
    let finished = "SELECT count(*) FROM jobs WHERE kind = 'directory_sync' AND state = 'done'";
    let mut clock = |n: usize| {
        // An hour later.
        let sql = "UPDATE jobs SET created_at = created_at - interval '2 hours' WHERE kind = 'directory_sync'";
        diesel::connection::SimpleConnection::batch_execute(&mut conn, sql).unwrap();
        assert_eq!(kezhan_features::people::outside::sync::order_due(&mut conn).unwrap(), 1);
        let began = Instant::now();
        while server.db.text(finished) != n.to_string() {
            assert!(began.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let told = "SELECT coalesce(string_agg(n.kind || ' ' || u.username || ' ' || n.title, ', ' ORDER BY n.id), '') \
         FROM notifications n JOIN users u ON u.id = n.owner_id";
    clock(1);
    assert_eq!(server.db.text(told), "");
    ldap.stop();
    clock(2);
    assert_eq!(server.db.text(told), "sync_failed admin 公司目录");
    let line = admin.get("/notifications").ok()["data"][0].clone();
    assert!(line["text"].as_str().unwrap().contains("refused"), "{line}");
    assert_eq!((&line["object"], &line["record"]), (&json!("directory"), &json!(id)));
    // Once is enough, until it has worked in between.
    clock(3);
    assert_eq!(server.db.text(told), "sync_failed admin 公司目录");
}
