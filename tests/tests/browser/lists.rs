//! Work in lists, in a real browser: values edited where they stand, many records at once, the board.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn server() -> TestServer {
    workplace("wang")
}

fn value(api: &Api, path: &str, field: &str) -> Value {
    api.get(path).ok()[field].clone()
}

const ENTER: &str = "\u{E007}";
const RIGHT: &str = "\u{E014}";
const F2: &str = "\u{E032}";
const ESCAPE: &str = "\u{E00C}";

#[test]
fn a_cell_is_edited_where_it_stands_and_undone() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let first =
        api.create("accounts", json!({"name": "北京海淀科技有限公司", "city": "北京", "phone": "010-62781234"}));
    let path = format!("/accounts/{}", first["id"].as_str().unwrap());
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,city,phone,updated_at");
    browser.sees("北京海淀科技有限公司");

    // F2 edits, Enter saves, the notice takes it back.
    browser.press_css("#cell-0-1");
    browser.keys(F2);
    browser.fill("#cell-editor", "天津");
    browser.keys(ENTER);
    browser.sees("城市已改为“天津”");
    browser.until("it is stored", || value(&api, &path, "city") == "天津");
    browser.screenshot("list-edited");
    browser.press("撤销");
    browser.sees("已撤销");
    browser.until("it is put back", || value(&api, &path, "city") == "北京");

    // Typing starts to edit; what breaks a rule is not sent, and Escape leaves things as they were.
    browser.press_css("#cell-0-1");
    browser.keys(RIGHT);
    browser.keys("12x");
    browser.until("the editor has what was typed", || {
        browser.script("return document.querySelector('#cell-editor')?.value ?? ''") == "12x"
    });
    browser.keys(ENTER);
    browser.sees("电话号码不正确");
    browser.keys(ESCAPE);
    browser.sees_no("电话号码不正确");
    browser.sees("010-62781234");

    // Somebody was faster: what they wrote shows, and what was typed is not lost. One decides.
    api.patch(&path, &json!({"city": "上海"})).ok();
    browser.press_css("#cell-0-1");
    browser.keys(ENTER);
    browser.fill("#cell-editor", "广州");
    browser.keys(ENTER);
    browser.sees("他人刚修改过这条记录");
    browser.sees("广州");
    browser.until("the row is as it is now", || {
        browser.script("return document.querySelector('#cell-0-1').innerText").as_str() == Some("上海")
    });
    assert_eq!(value(&api, &path, "city"), "上海");
    browser.screenshot("list-conflict");
    browser.press("按所选保存");
    browser.until("mine is kept", || value(&api, &path, "city") == "广州");
    // Taken back, it is theirs again, and not what stood there before both.
    browser.press("撤销");
    browser.until("theirs is back", || value(&api, &path, "city") == "上海");
    // Another field that they have changed is nobody's loss.
    api.patch(&path, &json!({"website": "https://kezhan.example"})).ok();
    browser.press_css("#cell-0-1");
    browser.keys(ENTER);
    browser.fill("#cell-editor", "深圳");
    browser.keys(ENTER);
    browser.until("both are kept", || value(&api, &path, "city") == "深圳");
    assert_eq!(value(&api, &path, "website"), "https://kezhan.example");
    browser.no_complaints(&["status of 412"]);
}

#[test]
fn many_records_are_changed_at_once_and_put_back() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    for (name, city) in
        [("北京海淀科技有限公司", "北京"), ("杭州西湖茶业有限公司", "杭州"), ("苏州园区电子有限公司", "苏州")]
    {
        api.create("accounts", json!({"name": name, "city": city}));
    }
    let cities = || -> Vec<String> {
        let page = api.get("/accounts?sort=created_at&fields=city").ok();
        page["data"].as_array().unwrap().iter().map(|r| r["city"].as_str().unwrap().to_owned()).collect()
    };
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts");
    browser.sees("苏州园区电子有限公司");
    browser.press_css("[role=columnheader] input[type=checkbox]");
    browser.sees("已选 3 条");
    browser.press("批量修改");
    browser.fill("#batch-field", "城市");
    browser.press_css("#batch-field-list [role=option]:only-child");
    browser.fill("#batch-value", "南京");
    browser.press("保存");
    browser.sees("城市已改为“南京” · 已修改 3 条");
    assert_eq!(cities(), ["南京", "南京", "南京"]);
    browser.press("撤销");
    browser.sees("已撤销");
    browser.until("each has its own value again", || cities() == ["北京", "杭州", "苏州"]);
    browser.no_complaints(&[]);
}

#[test]
fn a_deal_goes_along_the_board_by_its_menu() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let deal = api.create("opportunities", json!({"name": "海淀机房改造", "amount": "120000"}));
    api.create("opportunities", json!({"name": "西湖茶园监测", "amount": "30000"}));
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let before = value(&api, &path, "stage");
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities");
    browser.sees("海淀机房改造");
    browser.press("看板");
    browser.find("#board");
    browser.until("the first column adds up", || {
        let text = browser.script("return document.querySelector('[data-column=\"0\"] header')?.innerText ?? ''");
        text.as_str().is_some_and(|t| t.contains('2') && t.contains("150,000.00"))
    });
    assert!(browser.path().contains("layout=kanban"), "{}", browser.path());
    browser.press("移动“海淀机房改造”");
    browser.press("移动到“方案报价”");
    browser.sees("“海淀机房改造”已移动到“方案报价”");
    browser.until("the deal has the stage", || value(&api, &path, "stage") != before);
    browser.until("the sums follow", || {
        let text = browser.script("return document.querySelector('[data-column=\"2\"] header').innerText");
        text.as_str().is_some_and(|t| t.contains("120,000.00"))
    });
    browser.screenshot("board");
    browser.press("撤销");
    browser.until("the deal is back", || value(&api, &path, "stage") == before);
    browser.no_complaints(&[]);
}

#[test]
fn departments_stand_below_each_other_and_open_by_keys() {
    let server = TestServer::with_web();
    let api = server.admin();
    let make = |name: &str, parent: Value| {
        let record = json!({"name": name, "parent": parent});
        api.create("departments", record)["id"].as_str().unwrap().to_owned()
    };
    let centre = make("销售中心", Value::Null);
    let east = make("华东区", json!(centre));
    make("杭州组", json!(east));
    let browser = Browser::signed_in_at(&server, "admin", "/o/departments?layout=tree");
    browser.sees("华东区");
    browser.sees_no("杭州组");
    let at = "return document.activeElement.querySelector('a')?.innerText";
    browser.script(&format!("document.getElementById('tree-{centre}').focus()"));
    browser.keys("\u{E015}");
    browser.until("the next has the keyboard", || browser.script(at) == "华东区");
    browser.keys("\u{E014}");
    browser.sees("杭州组");
    browser.keys("\u{E014}");
    browser.until("what is below it", || browser.script(at) == "杭州组");
    let level = "return document.activeElement.getAttribute('aria-level')";
    assert_eq!(browser.script(level), "3");
    browser.keys("\u{E012}");
    browser.until("what is above it", || browser.script(at) == "华东区");
    browser.keys("\u{E012}");
    browser.sees_no("杭州组");
    // What is added meanwhile shows, and what was open stays so.
    make("华南区", json!(centre));
    browser.goto("/o/departments?layout=tree&q=%E6%9D%AD%E5%B7%9E");
    browser.sees("杭州组");
    browser.sees_no("华东区");
    browser.screenshot("list-tree");
    browser.no_complaints(&[]);
}
