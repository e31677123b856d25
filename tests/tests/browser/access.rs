//! Roles and teams in a browser: what a change would do is told before it is saved; a record is opened to a colleague.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

fn own() -> Value {
    let actions = ["read", "create", "edit", "delete", "transfer", "share"];
    let own: serde_json::Map<String, Value> = actions.iter().map(|a| ((*a).to_owned(), json!("self"))).collect();
    json!({"*": own, "user": {"read": "all"}, "department": {"read": "all"}, "role": {"read": "all"}})
}

#[test]
fn a_role_is_changed_with_its_effect_in_sight() {
    let server = TestServer::with_web();
    let role = server.role("巡店员", json!({"account": {"read": "all"}}));
    server.user("wang", &role, json!({}));
    let api = server.admin();
    for name in ["西湖茶业", "海淀科技"] {
        api.create("accounts", json!({"name": name}));
    }
    let browser = Browser::signed_in_at(&server, "admin", &format!("/settings/roles?role={role}"));
    browser.choose("select[aria-label='客户 · 查看']", "self");
    browser.sees("1 人将看不到 2 条客户");
    browser.screenshot("roles-effect");
    browser.press("放弃更改");
    browser.sees_no("1 人将看不到 2 条客户");
    browser.choose("select[aria-label='客户 · 查看']", "self");
    browser.press("保存");
    browser.sees("已保存");
    let grants = || api.get(&format!("/roles/{role}")).ok()["grants"].clone();
    assert_eq!(grants(), json!({"account": {"read": "self"}}));

    browser.press("字段权限");
    browser.choose("select[aria-label='电话 · 其他人']", "masked");
    browser.press("保存");
    browser.until("the level is kept", || {
        grants()["account"]["fields"] == json!({"phone": {"owner": "write", "team": "write", "other": "masked"}})
    });
    browser.screenshot("roles-fields");
    // Whoever does not configure roles has no such page.
    let other = Browser::signed_in_at(&server, "wang", "/settings/roles");
    other.sees("这里什么也没有");
}

#[test]
fn a_record_is_opened_to_a_colleague_from_its_page() {
    let server = TestServer::with_web();
    let role = server.role("自管", own());
    let (wang, li) = (server.user("wang", &role, json!({})), server.user("li", &role, json!({})));
    let api = server.sign_in("wang", PASSWORD);
    let account = api.create("accounts", json!({"name": "西湖茶业"}));
    assert_eq!(account["owner"], json!(wang));
    let path = format!("/accounts/{}", account["id"].as_str().unwrap());
    let colleague = server.sign_in("li", PASSWORD);
    colleague.get(&path).problem(404, "not_found");

    let browser = Browser::signed_in_at(&server, "wang", &format!("/o{path}?tab=record_member.record"));
    browser.press("新建团队成员");
    browser.fill("#field-user", "li");
    browser.press_css("#field-user-list [role=option]:only-child");
    browser.screenshot("team-form");
    browser.press("保存");
    browser.until("the colleague sees it", || colleague.get(&path).status == 200);
    colleague.patch(&path, &json!({"city": "杭州"})).problem(403, "forbidden");
    browser.goto(&format!("/o{path}?tab=record_member.record"));
    browser.sees("只读");
    browser.screenshot("team");
    let members = api.get(&format!("/record_members?record={}", account["id"].as_str().unwrap())).ok();
    assert_eq!(members["data"][0]["user"], json!(li));
}
