//! What hangs on a record is open to the members of that: rows of their own, which the database keeps in line.

use kezhan_tests::server::PASSWORD;
use kezhan_tests::{TestDb, TestServer};
use serde_json::{Value, json};

/// The rows that there should be are those that there are.
#[track_caller]
fn in_line(db: &TestDb) {
    let should = |table: &str, object: &str| {
        format!(
            "SELECT m.tenant_id, m.id, c.id, '{object}', c.created_at, m.principal, m.children, m.expires_at \
             FROM record_members m JOIN accounts h ON h.tenant_id = m.tenant_id AND h.id::text = m.record \
             JOIN {table} c ON c.tenant_id = h.tenant_id AND c.account_id = h.id \
             WHERE m.object = 'account' AND m.children <> 'none' AND m.deleted_at IS NULL AND h.deleted_at IS NULL"
        )
    };
    let all = [("contacts", "contact"), ("opportunities", "opportunity"), ("follow_ups", "follow_up")]
        .map(|(table, object)| should(table, object))
        .join(" UNION ALL ");
    let there =
        "SELECT tenant_id, member, record, object, created_at, principal, children, expires_at FROM inherited_members";
    let off = format!(
        "SELECT count(*)::text FROM ((({all}) EXCEPT ALL ({there})) UNION ALL (({there}) EXCEPT ALL ({all}))) x"
    );
    assert_eq!(db.text(&off), "0", "{}", db.text("SELECT count(*)::text FROM inherited_members"));
}

#[test]
fn members_see_what_hangs_on_a_record_for_as_long_as_it_does_and_they_are() {
    let server = TestServer::new();
    let admin = server.admin();
    let role = json!({"*": {"read": "self", "edit": "self"}});
    let li = server.user("li", &server.role("销售八组", role), json!({}));
    let li_api = server.sign_in("li", PASSWORD);
    let account = |name: &str| admin.create("accounts", json!({"name": name}))["id"].clone();
    let (open, other) = (account("甲"), account("乙"));
    let contact =
        |name: &str, account: &Value| admin.create("contacts", json!({"name": name, "account": account}))["id"].clone();
    let at = |plural: &str, id: &Value| format!("/{plural}/{}", id.as_str().unwrap());
    let early = contact("早", &open);
    let apart = contact("别", &other);
    let member = admin.create("record_members", json!({"object": "account", "record": open, "user": li}))["id"].clone();
    contact("晚", &open);
    admin.create("opportunities", json!({"name": "一期", "account": open}));
    admin.create("follow_ups", json!({"content": "电话", "account": open}));
    let seen = |query: &str| {
        in_line(&server.db);
        let page = li_api.get(&format!("/contacts?{query}")).ok();
        page["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen(""), ["晚", "早"]);
    assert_eq!(seen("sort=name"), ["晚", "早"]);
    assert_eq!(li_api.get("/contacts?count=exact").ok()["count"], 2);
    for plural in ["opportunities", "follow_ups"] {
        assert_eq!(li_api.get(&format!("/{plural}")).ids().len(), 1);
    }

    // It moves away, and another comes.
    admin.patch(&at("contacts", &early), &json!({"account": other})).ok();
    assert_eq!(seen(""), ["晚"]);
    admin.patch(&at("contacts", &apart), &json!({"account": open})).ok();
    assert_eq!(seen(""), ["晚", "别"]);
    assert_eq!(admin.delete(&at("contacts", &apart)).status, 204);
    assert_eq!(seen(""), ["晚"]);

    // What the entry says changes, and ends.
    let entry = at("record_members", &member);
    admin.patch(&entry, &json!({"children": "none"})).ok();
    assert!(seen("").is_empty());
    admin.patch(&entry, &json!({"children": "write"})).ok();
    assert_eq!(seen(""), ["晚"]);
    admin.patch(&entry, &json!({"expires_at": "2020-01-01T00:00:00Z"})).ok();
    assert!(seen("").is_empty());
    admin.patch(&entry, &json!({"expires_at": null})).ok();

    // The record goes into the bin, and comes back.
    assert_eq!(admin.delete(&at("accounts", &open)).status, 204);
    assert!(seen("").is_empty());
    admin.post(&format!("{}/restore", at("accounts", &open)), &json!({})).ok();
    assert_eq!(seen(""), ["晚"]);

    // Two become one, with what hangs on them and with their members.
    admin.post(&format!("{}/actions/merge", at("accounts", &other)), &json!({"losers": [open]})).ok();
    assert_eq!(seen(""), ["晚", "早"]);
    let team = admin.get(&format!("/record_members?record={}", other.as_str().unwrap())).ids();
    assert_eq!(admin.delete(&format!("/record_members/{}", team[0])).status, 204);
    assert!(seen("").is_empty());
}

#[test]
fn of_a_member_and_a_child_that_come_at_the_same_time_none_misses_the_other() {
    let server = TestServer::new();
    let admin = server.admin();
    let li = server.user("li", &server.role("销售八组", json!({"*": {"read": "self"}})), json!({}));
    let admin = &admin;
    for round in 0..12 {
        let account = admin.create("accounts", json!({"name": format!("客户{round}")}))["id"].clone();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for n in 0..4 {
                    admin.post("/contacts", &json!({"name": format!("联系人{n}"), "account": account}));
                }
            });
            let member = json!({"object": "account", "record": account, "user": li});
            scope.spawn(move || admin.post("/record_members", &member));
            if round % 3 == 0 {
                scope.spawn(|| admin.delete(&format!("/accounts/{}", account.as_str().unwrap())));
            }
        });
    }
    in_line(&server.db);
    assert_eq!(server.db.text("SELECT (count(*) > 0)::text FROM inherited_members"), "true");
}

#[test]
fn what_is_written_about_a_deal_or_a_person_reaches_the_owner_of_the_account() {
    let server = TestServer::new();
    let admin = server.admin();
    let own = json!({"read": "self", "create": "self", "edit": "self"});
    let role = server.role("销售九组", json!({"*": own}));
    let li = server.user("li", &role, json!({"name": "李娜"}));
    let account = admin.create("accounts", json!({"name": "甲", "owner": li}));
    let other = admin.create("accounts", json!({"name": "乙", "owner": li}));
    let deal = admin.create("opportunities", json!({"name": "框架", "account": account["id"], "owner": li}));
    let person = admin.create("contacts", json!({"name": "马文静", "account": other["id"]}));
    let reader = server.sign_in("li", PASSWORD);
    let about_deal = json!({"content": "请跟进报价", "opportunity": deal["id"], "mentions": [li]});
    let made = admin.create("follow_ups", about_deal);
    assert_eq!(made["account"], account["id"]);
    reader.get(&format!("/follow_ups/{}", made["id"].as_str().unwrap())).ok();
    let task = admin.create("tasks", json!({"subject": "寄样品", "contact": person["id"]}));
    assert_eq!(task["account"], other["id"]);
    // What was said stands, and what is taken away is not put back.
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let taken = json!({"contact": null, "account": null});
    assert_eq!(admin.patch(&path, &taken).ok()["account"], serde_json::Value::Null);
    assert_eq!(admin.patch(&path, &json!({"subject": "寄目录"})).ok()["account"], serde_json::Value::Null);
    assert_eq!(admin.patch(&path, &json!({"opportunity": deal["id"]})).ok()["account"], account["id"]);
}
