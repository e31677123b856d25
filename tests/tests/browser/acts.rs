//! What the keyboard chooses, and how an act is taken back, in a real browser.

use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

const ENTER: &str = "\u{E007}";
const DOWN: &str = "\u{E015}";
/// Ctrl and a letter.
const UNDO: &str = "\u{E009}z";
const REDO: &str = "\u{E009}y";

fn stage(api: &Api, outcome: &str) -> String {
    let found = api.get(&format!("/stages?outcome={outcome}&sort=sort_order&limit=1")).ok();
    found["data"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn enter_alone_keeps_what_a_list_has_chosen() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let won = stage(&api, "won");
    let deal = api.create("opportunities", json!({"name": "年度框架", "stage": won, "source": "trade_fair"}));
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities?columns=name,stage,source");
    for (cell, now) in [("#cell-0-1", "赢单"), ("#cell-0-2", "展会")] {
        browser.press_css(cell);
        browser.keys(ENTER);
        let marked = "return document.querySelector('#cell-editor-list [aria-selected=true]')?.innerText ?? ''";
        browser.until("what is chosen is marked", || {
            browser.script(marked).as_str().is_some_and(|text| text.starts_with(now))
        });
        browser.keys(ENTER);
        browser.until("the cell is left", || browser.script("return !document.querySelector('#cell-editor')") == true);
    }
    assert_eq!(api.get(&path).ok()["version"], deal["version"], "nothing was written");

    // Nothing is chosen: nothing is marked until one asks for it.
    api.patch(&path, &json!({"source": null})).ok();
    browser.goto("/o/opportunities?columns=name,stage,source&sort=name");
    browser
        .until("the cell is empty", || browser.script("return document.querySelector('#cell-0-2')?.innerText") == "");
    browser.press_css("#cell-0-2");
    browser.keys(ENTER);
    browser.find("#cell-editor-list [role=option]");
    browser.keys(ENTER);
    browser
        .until("the list is closed", || browser.script("return !document.querySelector('#cell-editor-list')") == true);
    assert_eq!(api.get(&path).ok()["source"], Value::Null);
    browser.keys(DOWN);
    browser.find("#cell-editor-list [role=option]");
    browser.keys(&format!("{DOWN}{ENTER}"));
    browser.until("the first is chosen", || !api.get(&path).ok()["source"].is_null());
    let first = api.get(&path).ok()["source"].clone();
    browser.keys(UNDO);
    browser.until("it is taken back", || api.get(&path).ok()["source"].is_null());
    browser.keys(REDO);
    browser.until("and done again", || api.get(&path).ok()["source"] == first);
    browser.keys(REDO);
    browser.sees("没有可重做的操作");
    browser.no_complaints(&[]);
}

#[test]
fn what_was_done_last_is_taken_back_wherever_one_is() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let won = stage(&api, "won");
    let closed = json!({"name": "年度框架", "stage": won, "closed_on": "2026-03-01"});
    let deal = api.create("opportunities", closed);
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let is = |what: &str, value: &Value| {
        let value = value.clone();
        let (api, path, what) = (&api, &path, what.to_owned());
        move || api.get(path).ok()[&what] == value
    };
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o{path}"));
    browser.press_css("nav[aria-label='阶段'] button:first-child");
    browser.until("it is open again", is("closed_on", &Value::Null));
    browser.sees("撤销");
    browser.keys(UNDO);
    browser.until("it was closed when it was", is("closed_on", &json!("2026-03-01")));
    assert_eq!(api.get(&path).ok()["stage"], json!(won));

    // On the board too. Cards are drawn anew meanwhile: whichever has the keyboard.
    let undo =
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'z', ctrlKey: true, bubbles: true}))";
    browser.goto("/o/opportunities?layout=kanban");
    browser.press("移动“年度框架”");
    browser.press("移动到“初步接触”");
    browser.until("the card has moved", is("closed_on", &Value::Null));
    browser.sees("撤销");
    browser.script(undo);
    browser.until("it is back", is("closed_on", &json!("2026-03-01")));
    browser.sees("已撤销");
    // Once.
    browser.script(undo);
    browser.sees("没有可撤销的操作");
    assert_eq!(api.get(&path).ok()["stage"], json!(won));
    browser.no_complaints(&[]);
}

#[test]
fn tags_that_there_are_are_proposed_and_dates_are_typed_in_passing() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    api.create("accounts", json!({"name": "甲", "tags": ["价格敏感", "老客户"]}));
    let other = api.create("accounts", json!({"name": "乙"}));
    let path = format!("/accounts/{}", other["id"].as_str().unwrap());
    let browser =
        Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,tags,next_contact_at&sort=-created_at");
    browser.press_css("#cell-0-1");
    browser.keys(ENTER);
    browser.fill("#cell-editor", "价格");
    browser.until("what is known is proposed", || {
        browser.script("return document.querySelector('#cell-editor-list [role=option]')?.innerText ?? ''")
            == "价格敏感"
    });
    browser.keys(ENTER);
    browser
        .until("the list is closed", || browser.script("return !document.querySelector('#cell-editor-list')") == true);
    browser.keys(ENTER);
    browser.until("it is kept", || api.get(&path).ok()["tags"] == json!(["价格敏感"]));

    let today = browser
        .script("return new Date(Date.now() + 86400000).toLocaleDateString('en-CA', {timeZone: 'Asia/Shanghai'})");
    let tomorrow = format!("{} 09:30", today.as_str().unwrap());
    browser.press_css("#cell-0-2");
    browser.keys(ENTER);
    browser.fill("#cell-editor", "明天 9:30");
    browser.keys(ENTER);
    browser.until("it is understood", || {
        let shown = browser.script("return document.querySelector('#cell-0-2').innerText");
        shown.as_str().is_some_and(|text| text.contains(&tomorrow))
    });
    // The list has gone with its page; what was done in it is taken back all the same, and done again.
    browser.until("it is written", || !api.get(&path).ok()["next_contact_at"].is_null());
    browser.press("联系人");
    browser.until("another list is there", || browser.path().starts_with("/o/contacts"));
    browser.keys(UNDO);
    browser.until("it is taken back", || api.get(&path).ok()["next_contact_at"].is_null());
    browser.sees("已撤销");
    browser.keys(UNDO);
    browser.until("so is what was done before", || api.get(&path).ok()["tags"].is_null());
    for (key, back) in [("tags", "the first is done again"), ("next_contact_at", "and the second")] {
        browser.keys(REDO);
        browser.until(back, || !api.get(&path).ok()[key].is_null());
    }
    browser.no_complaints(&[]);
}

#[test]
fn a_cell_asks_for_what_else_its_value_wants() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let deal = api.create("opportunities", json!({"name": "年度框架"}));
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities?columns=name,stage");
    browser.press_css("#cell-0-1");
    browser.keys(ENTER);
    browser.fill("#cell-editor", "输单");
    browser.until("it is marked", || {
        let marked = "return document.querySelector('#cell-editor-list [aria-selected=true]')?.innerText ?? ''";
        browser.script(marked).as_str().is_some_and(|text| text.starts_with("输单"))
    });
    // What typing has marked is meant where one goes on.
    browser.keys("\u{E004}");
    browser.fill("#ask-lost_reason", "预算取消");
    browser.press("继续");
    browser.until("the deal is lost, and says why", || {
        let now = api.get(&path).ok();
        now["outcome"] == "lost" && now["lost_reason"] == "预算取消"
    });
    browser.no_complaints(&["422"]);
}

#[test]
fn the_keyboard_stays_near_when_what_had_it_goes() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    api.create("accounts", json!({"name": "甲"}));
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,level");
    browser.sees("甲");
    let has_it = "return document.activeElement !== document.body && document.activeElement.id !== 'content'";
    // The menu goes with the head of the column.
    browser.script("document.querySelector('button[aria-label=\"客户级别列的操作\"]').focus()");
    browser.keys(ENTER);
    browser.until("the menu is open", || browser.script("return !!document.querySelector('[role=menu]')") == true);
    browser.keys("\u{E010}");
    let last = "return document.activeElement === [...document.querySelectorAll('[role=menu] > *')].at(-1)";
    assert_eq!(browser.script(last), true, "End goes to the last entry");
    browser.keys(ENTER);
    browser.until("the column is hidden", || browser.path().contains("columns=name"));
    browser.until("something has the keyboard", || browser.script(has_it) == true);
}

#[test]
fn what_many_lack_is_asked_for_once() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let deals = ["甲", "乙"].map(|name| api.create("opportunities", json!({"name": name})));
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities?columns=name,stage,lost_reason");
    browser.sees("乙");
    browser.press_css("[role=columnheader] input[type=checkbox]");
    browser.press("批量修改");
    browser.fill("#batch-field", "阶段");
    browser.press_css("#batch-field-list [role=option]:only-child");
    browser.pick("#batch-value", "输单", "输单");
    browser.press("保存");
    browser.sees("已选 2 条");
    browser.fill("#ask-lost_reason", "价格太高");
    browser.screenshot("batch-asks");
    browser.press("继续");
    let outcomes = || {
        deals.each_ref().map(|d| {
            let deal = api.get(&format!("/opportunities/{}", d["id"].as_str().unwrap())).ok();
            (deal["outcome"].clone(), deal["lost_reason"].is_null())
        })
    };
    browser.until("both are lost, and why", || outcomes() == [(json!("lost"), false), (json!("lost"), false)]);
    browser.press("撤销");
    browser.until("both are open again", || outcomes() == [(json!("open"), true), (json!("open"), true)]);
    browser.no_complaints(&["status of 422"]);
}

#[test]
fn a_task_is_done_with_one_press_from_its_page_and_its_card() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let task = api.create("tasks", json!({"subject": "回电鑫茂科技"}));
    let path = format!("/tasks/{}", task["id"].as_str().unwrap());
    let status = || api.get(&path).ok()["status"].clone();
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o{path}"));
    browser.press("标为已完成");
    browser.until("it is done", || status() == "done");
    browser.sees_no("标为已完成");
    browser.press("撤销");
    browser.until("it is to be done again", || status() == "todo");
    browser.screen(390, 844);
    browser.goto("/o/tasks");
    browser.press("标为已完成 · 回电鑫茂科技");
    browser.until("it is done by a thumb", || status() == "done");
    browser.screenshot("phone-tasks");
    browser.no_complaints(&[]);
}

#[test]
fn what_was_given_to_the_wrong_colleague_comes_back_by_the_undo() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let me = api.get("/auth/me").ok();
    server.user("li", me["role"].as_str().unwrap(), json!({}));
    for name in ["甲", "乙"] {
        api.create("opportunities", json!({"name": name}));
    }
    let mine = || api.get("/opportunities?count=exact").ok()["count"].clone();
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities?columns=name,stage");
    browser.sees("乙");
    browser.press_css("[role=columnheader] input[type=checkbox]");
    browser.press("转移负责人");
    browser.pick("#batch-value", "li", "li");
    browser.press_css("dialog[open] footer button:last-child");
    browser.until("they are out of reach", || mine() == 0);
    browser.press("撤销");
    browser.until("they are back", || mine() == 2);
    browser.no_complaints(&[]);
}
