//! What administrators do about rights besides the matrix: conditions in a role, sharing rules, handing over, and the
//! questions why and what somebody else sees.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

fn own() -> Value {
    let actions = ["read", "create", "edit", "delete", "transfer", "share", "export"];
    let own: serde_json::Map<String, Value> = actions.iter().map(|a| ((*a).to_owned(), json!("self"))).collect();
    json!({"*": own, "user": {"read": "all"}, "department": {"read": "all"}, "role": {"read": "all"}})
}

/// The condition `客户级别 属于 A` in the builder that is open.
fn level_is_a(browser: &Browser) {
    browser.pick("[data-part='0'] [id^='filter-field-']", "客户级别", "客户级别");
    browser.pick("[data-part='0'] [data-operand] input", "A", "A（重点客户）");
}

#[test]
fn a_role_reaches_by_condition_and_denies_by_department() {
    let server = TestServer::with_web();
    let api = server.admin();
    let east = api.create("departments", json!({"name": "华东"}))["id"].clone();
    let role = server.role("分级", own());
    let wang = server.user("wang", &role, json!({"home_department": east}));
    for (name, level, owner) in [("甲", "a", Value::Null), ("乙", "b", Value::Null), ("丙", "a", json!(wang))] {
        api.create("accounts", json!({"name": name, "level": level, "owner": owner}));
    }
    let browser = Browser::signed_in_at(&server, "admin", &format!("/settings/roles?role={role}"));
    browser.choose("select[aria-label='客户 · 查看']", "rules");
    browser.choose("[data-rules] li:first-child select[aria-label='范围']", "when");
    level_is_a(&browser);
    browser.press("添加规则");
    browser.choose("[data-rules] li:nth-child(2) select[aria-label='允许或禁止']", "deny");
    browser.choose("[data-rules] li:nth-child(2) select[aria-label='范围']", "departments");
    browser.pick("[id^='rule-departments-']", "华东", "华东");
    browser.screenshot("role-rules");
    browser.press("应用");
    browser.sees("1 人将看不到 1 条客户");
    browser.sees("1 人将多看到 1 条客户");
    browser.press("保存");
    browser.sees("已保存");
    let stored = api.get(&format!("/roles/{role}")).ok()["grants"]["account"]["read"].clone();
    assert_eq!(
        stored,
        json!([
            {"when": {"and": [{"field": "level", "op": "in", "value": ["a"]}]}},
            {"deny": {"departments": [east], "below": true}},
        ])
    );
    let names = server.sign_in("wang", PASSWORD).get("/accounts").ok();
    assert_eq!(names["data"].as_array().unwrap().len(), 1, "甲, for 丙 lies in the department: {names}");
    // What is stored opens again as it was.
    browser.goto(&format!("/settings/roles?role={role}"));
    browser.press("编辑 客户 · 查看");
    browser.until("the condition is there", || {
        browser.script("return document.querySelector(\"[data-rules] [id^='filter-field-']\")?.value") == "客户级别"
    });
    browser.sees("华东");
    browser.press("取消");

    browser.press("时间与网络");
    browser.fill("#limit-networks", "203.0.113.0/24");
    browser.press_css("#limit-from");
    browser.press("保存");
    browser.until("the limits are kept", || {
        api.get(&format!("/roles/{role}")).ok()["limits"] == json!({"networks": ["203.0.113.0/24"]})
    });
    browser.screenshot("role-limits");
    server.sign_in("wang", PASSWORD).get("/accounts").problem(403, "forbidden");
}

#[test]
fn a_sharing_rule_is_made_with_its_effect_in_sight_and_explains_itself() {
    let server = TestServer::with_web();
    let api = server.admin();
    let role = server.role("自管", own());
    let wang = server.user("wang", &role, json!({}));
    let shared = api.create("accounts", json!({"name": "西湖茶业", "level": "a"}))["id"].as_str().unwrap().to_owned();
    let other = api.create("accounts", json!({"name": "海淀科技", "level": "b"}));
    for account in [&json!(shared), &json!(shared), &other["id"]] {
        api.create("contacts", json!({"name": "刘敏", "account": account}));
    }
    let colleague = server.sign_in("wang", PASSWORD);
    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("main a[href='/settings/sharing']");
    browser.press("新建共享规则");
    browser.press("保存");
    browser.sees("必填");
    browser.fill("#sharing-name", "A 级给小王");
    level_is_a(&browser);
    browser.choose("#sharing-kind", "user");
    browser.pick("#sharing-user", "wang", "wang");
    browser.sees("1 条记录将对 1 人开放");
    browser.sees_no("必填");
    browser.pick("#sharing-children", "读写", "读写");
    browser.sees("其下的一并开放：联系人 2、");
    browser.screenshot("sharing-form");
    browser.press("保存");
    browser.sees("客户级别 等于 A");
    browser.sees("关联记录");
    browser.until("the colleague sees it", || colleague.get("/accounts").ids() == [shared.clone()]);
    browser.screenshot("sharing");
    assert_eq!(api.get("/sharing_rules").ok()["data"][0]["children"], "write");

    browser.goto(&format!("/o/accounts/{shared}"));
    browser.press("更多");
    browser.press("权限说明");
    browser.pick("#access-user", "wang", "wang");
    browser.sees("共享规则开放了此记录 · A 级给小王");
    browser.sees("没有角色授予此权限");
    browser.screenshot("access-explained");
    browser.until("the question is in the address", || browser.path().contains(&format!("access={wang}")));

    browser.press("以此人身份查看");
    browser.sees("正在以 wang 的身份查看");
    browser.sees("西湖茶业");
    browser.sees_no("海淀科技");
    browser.screenshot("view-as");
    browser.press("返回自己的视角");
    browser.sees("海淀科技");
    browser.sees_no("的身份查看");

    browser.goto("/settings/sharing");
    browser.press("删除 · A 级给小王");
    browser.until("it is closed", || colleague.get("/accounts").ids().is_empty());
    browser.press("撤销");
    browser.until("it is open again", || colleague.get("/accounts").ids().len() == 1);
}

#[test]
fn somebody_leaves_and_their_records_go_to_a_successor() {
    let server = TestServer::with_web();
    let api = server.admin();
    let role = server.role("自管", own());
    let (wang, li) = (server.user("wang", &role, json!({})), server.user("li", &role, json!({})));
    let colleague = server.sign_in("wang", PASSWORD);
    for name in ["西湖茶业", "海淀科技"] {
        colleague.create("accounts", json!({"name": name}));
    }
    colleague.create("leads", json!({"name": "张三", "company": "瑞安线缆厂"}));
    let owned = |who: &str, plural: &str| api.get(&format!("/{plural}?owner={who}")).ids().len();
    let browser = Browser::signed_in_at(&server, "admin", "/settings/hand-over");
    browser.pick("#hand-from", "wang", "wang");
    browser.sees("交接 3 条记录");
    browser.pick("#hand-to", "li", "li");
    browser.press_css("[data-hand-over] li:last-child label");
    browser.sees("交接 2 条记录");
    browser.press("保留只读");
    browser.screenshot("hand-over");
    browser.press("交接 2 条记录");
    browser.sees("离职交接 · wang → li");
    browser.patiently("they have gone over", || owned(&li, "accounts") == 2);
    assert_eq!((owned(&wang, "accounts"), owned(&wang, "leads")), (0, 1));
    browser.sees("已交接");
    browser.screenshot("hand-over-done");
    browser.press("撤销");
    browser.sees("2 条恢复原值");
    browser.press_css("dialog[open] .btn-danger:not(:disabled)");
    browser.patiently("they are back", || owned(&wang, "accounts") == 2);
}

#[test]
fn a_masked_number_is_shown_for_a_reason() {
    let server = TestServer::with_web();
    let role =
        server.role("客服二组", json!({"contact": {"read": "all", "reveal": "all", "fields": {"mobile": "masked"}}}));
    server.user("wang", &role, json!({}));
    let contact = server.admin().create("contacts", json!({"name": "张三", "mobile": "13812345678"}));
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o/contacts/{}", contact["id"].as_str().unwrap()));
    browser.sees("138****5678");
    browser.press("查看原文 手机");
    browser.press("查看原文");
    browser.sees("必填");
    browser.fill("#reveal-reason", "客户来电核实");
    browser.screenshot("reveal");
    browser.press("查看原文");
    browser.sees("13812345678");
    browser.sees_no("138****5678");
    let kept = server.admin().get("/audit?action=reveal").text;
    assert!(kept.contains("客户来电核实"), "{kept}");
}

#[test]
fn a_record_is_given_away_with_what_hangs_on_it() {
    let server = TestServer::with_web();
    let role = server.role("自管", own());
    server.user("wang", &role, json!({}));
    let li = server.user("li", &role, json!({}));
    let wang = server.sign_in("wang", PASSWORD);
    let account = wang.create("accounts", json!({"name": "西湖茶业"}));
    let contact = wang.create("contacts", json!({"name": "张三", "account": account["id"]}));
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o/accounts/{}", account["id"].as_str().unwrap()));
    browser.press("更多");
    browser.press("转移");
    browser.pick("#act-owner", "li", "li");
    browser.press_css("#act-children");
    browser.pick("#act-keep", "保留只读", "保留只读");
    browser.screenshot("transfer");
    browser.press_css("dialog[open] button[type=submit]");
    let admin = server.admin();
    browser.until("both have gone over", || {
        let now = admin.get(&format!("/contacts/{}", contact["id"].as_str().unwrap())).ok();
        now["owner"] == json!(li)
    });
    wang.get(&format!("/accounts/{}", account["id"].as_str().unwrap())).ok();
}
