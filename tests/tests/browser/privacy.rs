//! The privacy desk: what a contact agreed to, what somebody asks about theirs from receipt to answer, and rules of
//! retention.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use serde_json::json;

#[test]
fn a_consent_is_recorded_on_a_contact_and_the_next_one_takes_its_place() {
    let server = TestServer::with_web();
    let api = server.admin();
    let contact = api.create("contacts", json!({"name": "陈静"}))["id"].as_str().unwrap().to_owned();
    api.create("processing_purposes", json!({"name": "邮件营销", "notice": "产品资讯", "notice_version": "2026-1"}));
    let browser = Browser::signed_in(&server, "admin");
    for (state, words) in [("given", "同意"), ("withdrawn", "撤回")] {
        browser.goto(&format!("/o/contacts/{contact}"));
        browser.press("同意记录");
        browser.press("新建同意记录");
        browser.pick("#field-purpose", "邮件", "邮件营销");
        // Faster than the list answers, and on at once: what Enter meant is taken all the same.
        browser.fill("#field-state", words);
        browser.keys("\u{e007}");
        browser.tab();
        browser.press("保存");
        browser.until("it is in the ledger", || {
            api.get(&format!("/consents?contact={contact}&current=true&state={state}")).ids().len() == 1
        });
    }
    assert_eq!(api.get(&format!("/consents?contact={contact}")).ids().len(), 2, "nothing is written over");
    browser.goto(&format!("/o/contacts/{contact}"));
    browser.press("同意记录");
    browser.sees("邮件营销");
    browser.screenshot("consents");
    browser.no_complaints(&[]);
}

#[test]
fn a_request_goes_from_receipt_to_its_answer_and_an_erasure_says_what_will_go() {
    let server = TestServer::with_web();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "杭州西湖茶业"}))["id"].clone();
    let person = json!({"name": "欧阳青梧", "account": account, "mobile": "13977310007", "email": "wu@example.com"});
    let contact = api.create("contacts", person)["id"].as_str().unwrap().to_owned();
    api.create("follow_ups", json!({"content": "与青梧通话", "contact": contact, "account": account}));
    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("main a[href='/settings/privacy']");
    browser.press("登记请求");
    browser.pick("#field-kind", "删除", "删除");
    browser.fill("#field-requester", "本人");
    browser.pick("#field-contact", "欧阳", "欧阳青梧");
    browser.press("保存");
    browser.until("it is registered", || api.get("/subject_requests").ids().len() == 1);
    assert!(browser.path().starts_with("/settings/privacy"), "{}", browser.path());
    let request = api.get("/subject_requests").ok()["data"][0].clone();
    let (id, number) = (request["id"].as_str().unwrap(), request["number"].as_str().unwrap());
    // Nothing is offered before it is known who asks.
    browser.goto(&format!("/o/subject_requests/{id}"));
    browser.press("更多");
    browser.sees("复制链接");
    assert!(!browser.visible().contains("删除个人信息"));
    browser.keys("\u{e00c}");
    browser.goto(&format!("/o/subject_requests/{id}?edit=1"));
    browser.fill("#field-verification", "身份证原件");
    browser.press("保存");
    browser.until("they are known", || api.get(&format!("/subject_requests/{id}")).ok()["verification"].is_string());

    // The file that goes to the person.
    browser.goto(&format!("/o/subject_requests/{id}"));
    browser.press("更多");
    browser.press("汇总个人信息");
    browser.sees("汇总个人信息已完成");
    browser.sees("已汇总并提供个人信息");

    browser.press("更多");
    browser.press("删除个人信息");
    browser.sees("将永久删除");
    for part in ["欧阳青梧", "手机", "邮箱", "1 条跟进记录", "保留：所属客户"] {
        browser.sees(part);
    }
    browser.screenshot("erase");
    browser.press_css("dialog[open] #act-texts");
    browser.sees_no("1 条跟进记录");
    browser.press_css("dialog[open] #act-texts");
    browser.sees("1 条跟进记录");
    browser.fill("#act-confirm", "GR0");
    browser.press_css("dialog[open] [type=submit]");
    browser.until("a wrong number erases nothing", || {
        api.get(&format!("/contacts/{contact}")).ok()["mobile"] == "13977310007"
            && browser.script("return !!document.querySelector('[role=alert], .toast, [aria-live] .text-error')")
                == true
    });
    browser.fill("#act-confirm", number);
    browser.press_css("dialog[open] [type=submit]");
    browser.until("what identified them is gone", || api.get(&format!("/contacts/{contact}")).ok()["mobile"].is_null());
    browser.sees("已删除：字段");

    browser.goto(&format!("/o/subject_requests/{id}?edit=1"));
    browser.pick("#field-status", "已完成", "已完成");
    browser.fill("#field-answer", "已删除您的个人信息");
    browser.press("保存");
    browser.until("it is answered", || api.get(&format!("/subject_requests/{id}")).ok()["completed_at"].is_string());
    browser.no_complaints(&["422"]);
}

#[test]
fn a_rule_of_retention_shows_what_it_would_reach() {
    let server = TestServer::with_web();
    let api = server.admin();
    for (name, birthday) in [("甲", "1980-01-01"), ("乙", "1990-01-01"), ("丙", "2026-11-01")] {
        api.create("contacts", json!({"name": name, "birthday": birthday}));
    }
    let browser = Browser::signed_in_at(&server, "admin", "/settings/privacy");
    browser.sees("还没有留存规则");
    browser.press("新建规则");
    browser.press("保存");
    browser.sees("必填");
    browser.fill("#retention-name", "三年后");
    browser.choose("#retention-since", "birthday");
    browser.sees("目前有 2 条记录符合");
    browser.pick("[data-part='0'] [id^='filter-field-']", "姓名", "姓名");
    browser.fill("[data-part='0'] [data-operand] input", "甲");
    browser.tab();
    browser.sees("目前有 1 条记录符合");
    browser.screenshot("retention-form");
    browser.press("保存");
    browser.sees("自“生日”起满 36 个月");
    browser.sees("未启用");
    let rule = api.get("/retention_rules").ok()["data"][0].clone();
    assert_eq!((&rule["months"], &rule["since"], &rule["active"]), (&json!(36), &json!("birthday"), &json!(false)));
    // Away with it, and back.
    browser.press("删除 · 三年后");
    browser.until("it is gone", || api.get("/retention_rules").ids().is_empty());
    browser.press("撤销");
    browser.sees("三年后");
    browser.no_complaints(&["422"]);
}

#[test]
fn the_data_map_is_read_narrowed_taken_along_and_completed() {
    let server = TestServer::with_web();
    let browser = Browser::signed_in_at(&server, "admin", "/settings/privacy/data-map");
    browser.sees("手机");
    browser.sees("数据库");
    browser.screenshot("data-map");
    for format in ["xlsx", "csv"] {
        let file = format!(
            "return fetch([...document.querySelectorAll('main a[download]')].find(a => a.href.includes('{format}')).href).then(async r => [r.status, (await r.text()).includes('contacts.mobile')])"
        );
        let answer = browser.promised(&file);
        assert_eq!(answer[0], 200, "{format}");
        assert!(format == "xlsx" || answer[1] == true, "{answer}");
    }
    browser.choose("main select", "secret");
    browser.sees_no("手机");
    assert!(browser.path().contains("min=secret"));
    browser.script("location.reload()");
    browser.until("the level is kept", || {
        browser.script("return document.querySelector('main select')?.value") == "secret"
    });
    browser.choose("main select", "personal");
    browser.sees("手机");
    browser.press_css("main table button");
    browser.fill("#policy-purpose", "履行合同");
    browser.press("保存");
    browser.sees("履行合同");
    assert_eq!(server.admin().get("/field_policies").ids().len(), 1);
    browser.no_complaints(&[]);
}
