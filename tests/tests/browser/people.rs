//! People at work on the same records, each in a browser of their own.

use kezhan_api::worker;
use kezhan_engine::events::Herald;
use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};
use std::sync::Arc;

/// The application with the web client, and two who share their customers.
fn server() -> (TestServer, String) {
    let server = TestServer::with_web();
    let all: serde_json::Map<String, Value> =
        ["read", "create", "edit", "delete"].iter().map(|a| ((*a).to_owned(), json!("all"))).collect();
    let role = server.role("同组销售", json!({ "*": all }));
    let wang = server.user("wang", &role, json!({"name": "王伟"}));
    server.user("li", &role, json!({"name": "李娜"}));
    (server, wang)
}

fn id_of(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_inbox_fills_while_one_looks_and_empties_by_reading() {
    let (server, wang) = server();
    let herald = Herald::new(server.db.url(), Arc::new(kezhan_tests::sealing_engine()), worker::subscribers());
    herald.drain().unwrap();
    let browser = Browser::signed_in(&server, "wang");
    let title = || browser.script("return document.title").as_str().unwrap_or_default().to_owned();
    browser.until("the page is named", || title() == "客栈 CRM");

    let li = server.sign_in("li", PASSWORD);
    let account = li.post("/accounts", &json!({"name": "鑫茂科技有限公司", "owner": wang})).created();
    li.post("/follow_ups", &json!({"content": "@王伟 请看报价", "account": account["id"], "mentions": [wang]}))
        .created();
    browser.until("the badge counts both", || {
        herald.drain().unwrap();
        title().starts_with("(2)")
    });

    // By key; both lines are of one record, and opening it reads them.
    browser.press_css("#bell");
    browser.sees("提到我");
    browser.sees("分配给我");
    browser.sees("请看报价");
    browser.screenshot("inbox");
    browser.press_css("dialog li > button");
    browser.until("the record is open", || browser.path().starts_with(&format!("/o/accounts/{}?", id_of(&account))));
    // Where it was said is in sight and marked.
    browser.until("it is marked", || {
        let said = "return document.querySelector('li[aria-current]')?.innerText";
        browser.script(said).as_str().is_some_and(|text| text.contains("请看报价"))
    });
    browser.until("nothing is unread", || title() == "客栈 CRM");
    browser.press_css("#bell");
    browser.sees("没有通知");
}

#[test]
fn a_colleague_is_mentioned_by_initials() {
    let (server, _) = server();
    let li = server.sign_in("li", PASSWORD);
    let account = li.post("/accounts", &json!({"name": "鑫茂科技有限公司"})).created();
    let browser = Browser::signed_in_at(&server, "li", &format!("/o/accounts/{}", id_of(&account)));
    browser.fill("#follow-up-content", "报价已发 @ww");
    browser.until("one person is offered", || {
        browser.script("return document.querySelectorAll('#follow-up-content-people [role=option]').length") == 1
    });
    browser.keys("\u{e007}");
    browser.keys("请跟进");
    browser.press("记录跟进");
    browser.sees("报价已发 @王伟 请跟进");
    let written = li.get("/follow_ups?limit=1").ok();
    assert_eq!(written["data"][0]["mentions"].as_array().unwrap().len(), 1);
}

#[test]
fn two_who_edit_the_same_record_decide_field_by_field() {
    let (server, _) = server();
    let li = server.sign_in("li", PASSWORD);
    let account = li.post("/accounts", &json!({"name": "鑫茂科技有限公司", "city": "上海"})).created();
    let page = format!("/o/accounts/{}", id_of(&account));
    let (first, second) = (Browser::signed_in(&server, "wang"), Browser::signed_in(&server, "li"));
    for browser in [&first, &second] {
        browser.goto(&format!("{page}?edit=1"));
        browser.find("#field-city");
    }
    first.fill("#field-city", "苏州");
    first.fill("#field-email", "wang@xinmao.example");
    first.press("保存");
    first.sees("已保存");

    second.fill("#field-city", "杭州");
    second.fill("#field-website", "https://xinmao.example");
    second.press("保存");
    second.sees("王伟");
    second.sees("对方的");
    second.screenshot("conflict");
    second.press("按所选保存");
    second.sees("已保存");
    let now = li.get(&format!("/accounts/{}", id_of(&account))).ok();
    assert_eq!(now["city"], "杭州");
    assert_eq!((&now["email"], &now["website"]), (&json!("wang@xinmao.example"), &json!("https://xinmao.example")));

    // An old value comes back from the history.
    second.goto(&format!("{page}?tab=history"));
    second.press("将城市恢复为“上海”");
    second.sees("已恢复城市");
    assert_eq!(li.get(&format!("/accounts/{}", id_of(&account))).ok()["city"], "上海");
}

#[test]
fn favourites_stay_in_the_order_they_are_put_into() {
    let (server, _) = server();
    let wang = server.sign_in("wang", PASSWORD);
    let browser = Browser::signed_in(&server, "wang");
    for name in ["甲公司", "乙公司"] {
        let account = wang.post("/accounts", &json!({"name": name})).created();
        browser.goto(&format!("/o/accounts/{}", id_of(&account)));
        browser.press_css("main header button[aria-label='收藏']");
        browser.find("main header button[aria-label='取消收藏']");
        browser.until("it is kept", || {
            let kept = wang.get("/favorites").ok();
            kept["data"].as_array().unwrap().iter().any(|f| f["title"] == name)
        });
    }
    let order = |browser: &Browser| {
        browser.script("return [...document.querySelectorAll('nav [data-favorite]')].map((e) => e.innerText.trim())")
    };
    browser.until("both are in the navigation", || order(&browser) == json!(["甲公司", "乙公司"]));
    browser.script("document.querySelector('nav [data-favorite] button').click()");
    browser.press("下移");
    browser.until("they have changed places", || order(&browser) == json!(["乙公司", "甲公司"]));
    browser.until("the server knows", || {
        let kept = wang.get("/favorites?sort=sort_order").ok();
        kept["data"][0]["title"] == "乙公司"
    });
    browser.goto("/preferences");
    browser.until("the order has stayed", || order(&browser) == json!(["乙公司", "甲公司"]));

    // Of all the ways in the navigation that lead to a page, the one that was gone stands out.
    let current = "return [...document.querySelectorAll('nav .nav-item[aria-current]')].map((e) => e.innerText.trim())";
    browser.script("[...document.querySelectorAll('nav [data-favorite] a')].at(-1).click()");
    browser.until("the favourite is it", || browser.script(current) == json!(["甲公司"]));
    browser.script("document.querySelector('nav [data-nav=account] a').click()");
    browser.until("the list is it", || browser.script(current) == json!(["客户"]));
    browser.press_css("#row-0 a");
    browser.sees("修改记录");
    assert_eq!(browser.script(current), json!(["客户"]));

    // The palette acts on the record that is open.
    let first = wang.get("/accounts?name=甲公司").ok()["data"][0].clone();
    browser.goto(&format!("/o/accounts/{}", id_of(&first)));
    browser.sees("修改记录");
    browser.press_css("header button[aria-label='搜索']");
    browser.press_css("#palette-list [role=option]:nth-child(3)");
    browser.until("it is let go", || order(&browser) == json!(["乙公司"]));
}

#[test]
fn a_follow_up_written_offline_is_sent_once_the_network_is_back() {
    let (server, _) = server();
    let wang = server.sign_in("wang", PASSWORD);
    let account = wang.post("/accounts", &json!({"name": "鑫茂科技有限公司"})).created();
    let page = format!("/o/accounts/{}", id_of(&account));
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts");
    browser.sees("鑫茂科技有限公司");
    browser.goto(&page);
    let write = |text: &str| {
        browser.fill("#follow-up-content", text);
        browser.press("记录跟进");
    };
    browser.find("#follow-up-content");
    browser.offline(true);
    browser.upload_picture("#follow-up-file", "现场.png");
    browser.sees("等待上传");
    write("在客户现场谈妥了交期");
    browser.sees("已保存在本机，联网后自动发送");
    browser.sees("网络不可用");
    browser.sees("1 条跟进等待发送");
    browser.sees("等待网络");
    browser.screenshot("offline");

    // Until it is sent it can be changed and withdrawn, where it belongs and from the list of all.
    browser.press_css("[data-waiting] li button:first-child");
    browser.fill("[data-waiting] textarea", "在客户现场谈妥了交期和价格");
    browser.press_css("[data-waiting] button[type=submit]");
    browser.sees_no("取消");
    write("写错了地方");
    browser.press("2 条跟进等待发送");
    browser.press_css("dialog [data-waiting] li:last-child button:last-child");
    browser.sees("已撤回，不再发送");
    browser.press("关闭");
    browser.sees_no("写错了地方");

    // It survives the page.
    browser.until("the worker has taken over", || {
        browser.script("return navigator.serviceWorker.controller !== null") == true
    });
    browser.goto(&page);
    browser.sees("1 条跟进等待发送");
    browser.sees("在客户现场谈妥了交期和价格");
    assert!(wang.get("/follow_ups").ok()["data"].as_array().unwrap().is_empty());

    let back = chrono::Utc::now();
    browser.offline(false);
    browser.sees("已发送 1 条离线记录的跟进");
    browser.sees_no("网络不可用");
    browser.sees("在客户现场谈妥了交期和价格");
    let sent = wang.get("/follow_ups").ok();
    assert_eq!(sent["data"].as_array().unwrap().len(), 1);
    assert_eq!(sent["data"][0]["content"], "在客户现场谈妥了交期和价格");
    assert_eq!(sent["data"][0]["account"], account["id"]);
    browser.until("its picture has come along", || {
        let files = wang.get("/attachments?object=follow_up").ok();
        files["data"].as_array().unwrap().iter().map(|f| &f["record"]).eq([&sent["data"][0]["id"]])
    });
    let happened: chrono::DateTime<chrono::Utc> = sent["data"][0]["happened_at"].as_str().unwrap().parse().unwrap();
    assert!(happened < back, "it happened when it was written");

    // What the server refuses is not lost: it stays with the reason.
    browser.offline(true);
    write("客户要求改期");
    browser.sees("1 条跟进等待发送");
    assert_eq!(wang.delete(&format!("/accounts/{}", id_of(&account))).status, 204);
    browser.offline(false);
    browser.press("1 条跟进未能发送");
    browser.sees("所引用的记录不存在");
    wang.post(&format!("/accounts/{}/restore", id_of(&account)), &json!({})).ok();
    browser.press("重试");
    browser.sees("已发送 1 条离线记录的跟进");
    browser.sees("没有等待发送的跟进");
    browser.press("关闭");
    browser.sees("客户要求改期");

    // What was seen in this first session is there without the server.
    drop(server);
    browser.goto("/o/accounts");
    browser.sees("网络不可用");
    browser.sees("鑫茂科技有限公司");
    browser.goto(&page);
    browser.sees("客户要求改期");

    // And it belongs to who saw it.
    browser.until("answers are kept", || browser.script("return localStorage.getItem('kz.seen.by')") != Value::Null);
    browser.press("我的账户");
    browser.press("退出登录");
    browser.find("#username");
    browser.until("nothing of them is left", || {
        browser.script("return localStorage.getItem('kz.seen.by')") == Value::Null
    });
}

#[test]
fn what_a_colleague_does_to_the_record_on_screen_is_seen_at_once() {
    let (server, _) = server();
    let (wang, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    let account = wang.create("accounts", json!({"name": "甲公司", "city": "上海"}));
    let path = format!("/accounts/{}", id_of(&account));
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o{path}"));
    browser.sees("上海");
    li.patch(&path, &json!({"city": "苏州"})).ok();
    browser.sees("苏州");
    li.create("follow_ups", json!({"content": "客户要求下周报价", "account": account["id"]}));
    browser.sees("客户要求下周报价");
    // What is being typed stays.
    browser.fill("#follow-up-content", "正在写");
    li.patch(&path, &json!({"city": "无锡"})).ok();
    browser.sees("无锡");
    assert_eq!(browser.script("return document.querySelector('#follow-up-content').value"), "正在写");
    // What was begun in a form is there again, and says that the record is another by now.
    browser.press("编辑");
    browser.fill("#field-name", "甲公司改");
    browser.keys("\u{E00C}");
    browser.until("the form is closed", || browser.script("return !document.querySelector('#field-name')") == true);
    li.patch(&path, &json!({"city": "常州"})).ok();
    browser.sees("常州");
    browser.press("编辑");
    browser.sees("此后记录已有更改");
    assert_eq!(browser.script("return document.querySelector('#field-name').value"), "甲公司改");
    browser.press("放弃");
    browser.keys("\u{E00C}");
    li.delete(&path);
    browser.sees("此记录已被删除，或您已无权查看");
    browser.until("nothing is offered that cannot be done", || {
        browser.script(
            "return ![...document.querySelectorAll('header button')].some((b) => b.innerText.trim() === '编辑')",
        ) == true
    });
    assert_eq!(browser.script("return document.querySelector('#follow-up-content').value"), "正在写");
    browser.no_complaints(&["404"]);
}

#[test]
fn a_list_follows_what_colleagues_do_and_tells_of_what_it_does_not_show() {
    let (server, wang) = server();
    let (own, li) = (server.sign_in("wang", PASSWORD), server.sign_in("li", PASSWORD));
    let account = own.create("accounts", json!({"name": "甲公司", "city": "上海", "owner": wang}));
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,city");
    browser.sees("上海");
    li.patch(&format!("/accounts/{}", id_of(&account)), &json!({"city": "苏州"})).ok();
    browser.sees("苏州");
    let chip = || browser.script("return document.querySelector('#list-news')?.innerText.trim() ?? ''");
    assert_eq!(chip(), "", "a row in sight needs no notice");
    let other = li.create("accounts", json!({"name": "乙公司", "city": "杭州"}));
    browser.until("there is news", || chip() == "1 条有更新");
    browser.sees_no("乙公司");
    browser.press_css("#list-news");
    browser.sees("乙公司");
    browser.until("it is all there", || chip() == "");
    li.delete(&format!("/accounts/{}", id_of(&other)));
    browser.until("what was deleted says so", || {
        browser.script("return [...document.querySelectorAll('[role=row]')].some((r) => r.title.includes('已被删除'))")
            == true
    });
    browser.no_complaints(&[]);
}
