//! Records that mean the same become one: values by choice, everything that hangs on them, their addresses; and back.

use kezhan_tests::TestServer;
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

fn path(plural: &str, id: &str) -> String {
    format!("/{plural}/{id}")
}

fn value(api: &Api, plural: &str, record: &str, field: &str) -> Value {
    api.get(&path(plural, record)).ok()[field].clone()
}

#[test]
fn what_hangs_on_the_others_moves_to_the_survivor_and_back() {
    let server = TestServer::new();
    let api = server.admin();
    let keep = id(&api.create("accounts", json!({"name": "杭州西湖茶业有限公司", "city": "杭州"})));
    let twin = json!({"name": "西湖茶业", "city": "绍兴", "phone": "0571-87654321", "external_id": "X-7"});
    let twin = id(&api.create("accounts", twin));
    let third = id(&api.create("accounts", json!({"name": "西湖茶叶", "parent": twin})));
    let contact = id(&api.create("contacts", json!({"name": "陈静", "account": twin})));
    let deal = id(&api.create("opportunities", json!({"name": "年度采购", "account": twin, "contact": contact})));
    let call = id(&api.create("follow_ups", json!({"content": "已回访", "account": third})));
    let star = json!({"title": "西湖茶业", "object": "account", "record": twin});
    let star = id(&api.create("favorites", star));
    let binned = id(&api.create("contacts", json!({"name": "离职的", "account": twin})));
    api.delete(&path("contacts", &binned));

    let merge = format!("/accounts/{keep}/actions/merge");
    api.post(&merge, &json!({"losers": [keep]})).problem(422, "invalid");
    api.post(&merge, &json!({"losers": []})).problem(422, "invalid");
    let unknown = json!({"losers": [twin], "take": {"phone": contact}});
    api.post(&merge, &unknown).problem(422, "invalid");
    let order = json!({"losers": [twin, third], "take": {"phone": twin, "external_id": twin, "parent": third}});
    let merged = api.post(&merge, &order).ok();
    let kept = &merged["record"];
    assert_eq!(
        (&kept["phone"], &kept["external_id"]),
        (&json!("0571-87654321"), &json!("X-7")),
        "unique, and taken over"
    );
    assert_eq!((&kept["city"], &kept["parent"]), (&json!("杭州"), &Value::Null), "its own; and nobody's own parent");
    assert_eq!(value(&api, "contacts", &contact, "account"), json!(keep));
    assert_eq!(value(&api, "opportunities", &deal, "account"), json!(keep));
    assert_eq!(value(&api, "follow_ups", &call, "account"), json!(keep));
    assert_eq!(value(&api, "favorites", &star, "record"), json!(keep));
    api.post(&format!("/contacts/{binned}/restore"), &json!({})).ok();
    assert_eq!(value(&api, "contacts", &binned, "account"), json!(keep), "what was in the recycle bin, too");
    // History says so on either side, and the old address leads here.
    let history = api.get(&format!("/contacts/{contact}/history")).ok();
    assert!(!history["data"][0]["changes"]["account"].is_null(), "{history}");
    assert_eq!(api.get(&path("accounts", &twin)).ok()["id"], json!(keep));
    let there = reqwest::blocking::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let mut other = api.clone();
    other.client = there.unwrap();
    assert_eq!(other.get(&path("accounts", &third)).status, 307);

    // What has been changed since stays; the rest is as it was.
    api.patch(&path("accounts", &keep), &json!({"phone": "0571-88886666"})).ok();
    let undo = format!("/accounts/{keep}/actions/undo_merge");
    api.post(&undo, &json!({"merge": merged["merge"]})).ok();
    api.post(&undo, &json!({"merge": merged["merge"]})).problem(422, "invalid");
    assert_eq!(value(&api, "accounts", &twin, "external_id"), json!("X-7"));
    assert_eq!(value(&api, "accounts", &third, "parent"), json!(twin));
    assert_eq!(value(&api, "accounts", &keep, "phone"), json!("0571-88886666"));
    assert_eq!(value(&api, "accounts", &keep, "external_id"), Value::Null);
    assert_eq!(value(&api, "contacts", &contact, "account"), json!(twin));
    assert_eq!(value(&api, "opportunities", &deal, "account"), json!(twin));
    assert_eq!(value(&api, "follow_ups", &call, "account"), json!(third));
    assert_eq!(value(&api, "favorites", &star, "record"), json!(twin));
}

#[test]
fn nobody_merges_what_they_may_not_edit_or_delete_nor_takes_what_they_do_not_see() {
    let server = TestServer::new();
    let own = json!({"read": "all", "create": "self", "edit": "all", "delete": "self"});
    let masked = json!({"phone": {"owner": "write", "team": "write", "other": "masked"}});
    let mut account = own.clone();
    account["fields"] = masked;
    let role = server.role("自管", json!({"*": own, "account": account}));
    for name in ["wang", "li"] {
        server.user(name, &role, json!({}));
    }
    let (wang, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    let mine = id(&wang.create("accounts", json!({"name": "西湖茶业"})));
    let theirs = id(&li.create("accounts", json!({"name": "西湖茶业公司", "phone": "0571-87654321"})));
    let order = json!({"losers": [theirs]});
    wang.post(&format!("/accounts/{mine}/actions/merge"), &order).problem(403, "forbidden");
    assert_eq!(value(&li, "accounts", &theirs, "name"), json!("西湖茶业公司"), "nothing was done");

    let role = server.admin().get("/roles?name=自管").ids().remove(0);
    let grants = server.admin().get(&format!("/roles/{role}")).ok()["grants"].clone();
    let mut wide = grants.clone();
    wide["account"]["delete"] = json!("all");
    server.admin().patch(&format!("/roles/{role}"), &json!({"grants": wide})).ok();
    let take = json!({"losers": [theirs], "take": {"phone": theirs}});
    let refused = wang.post(&format!("/accounts/{mine}/actions/merge"), &take).problem(422, "invalid");
    assert_eq!(refused["errors"][0]["field"], "take.phone");
    wang.post(&format!("/accounts/{mine}/actions/merge"), &order).ok();
    assert_eq!(value(&wang, "accounts", &mine, "phone"), Value::Null);
}
