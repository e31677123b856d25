//! Filling in forms, in a real browser: sections and conditions, references within references, drafts that stay, faults
//! that lead to their fields, records that are there already, and what follows a person to another machine.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

const ENTER: &str = "\u{E007}";
const TAB: &str = "\u{E004}";
const ESCAPE: &str = "\u{E00C}";

fn server() -> TestServer {
    workplace("王小明")
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

/// Types into a look-up and takes the first that it finds, without waiting for it: what is typed is what is meant.
fn choose(browser: &Browser, field: &str, text: &str) {
    browser.fill(&format!("#field-{field}"), text);
    browser.keys(ENTER);
}

fn value_of(browser: &Browser, field: &str) -> String {
    let value = browser.script(&format!("return document.querySelector('#field-{field}')?.value ?? ''"));
    value.as_str().unwrap().to_owned()
}

fn only(api: &Api, path: &str) -> Value {
    let found = api.get(path).ok();
    assert_eq!(found["data"].as_array().unwrap().len(), 1, "{found}");
    found["data"][0].clone()
}

#[test]
fn what_was_begun_stays_until_it_is_saved() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?new=1");
    browser.fill("#field-name", "青岛海信电器");
    browser.fill("#field-phone", "0532-8387");
    browser.keys(TAB);
    browser.sees("电话号码不正确");
    // Escape closes without a question: nothing is lost.
    browser.press_css("#field-name");
    browser.keys(ESCAPE);
    browser.until("the form is closed", || browser.path() == "/o/accounts");
    browser.goto("/o/accounts?new=1");
    browser.sees("已恢复上次未保存的内容");
    assert_eq!(
        (value_of(&browser, "name").as_str(), value_of(&browser, "phone").as_str()),
        ("青岛海信电器", "0532-8387")
    );
    browser.screenshot("form-draft");

    // The summary leads to what is wrong, and goes when that is put right.
    browser.press_css("#field-name");
    browser.keys("\u{E009}\u{E007}");
    browser.sees("有 1 处需要修改");
    browser.press_css("[role=alert] a");
    let focused = || browser.script("return document.activeElement.id");
    browser.until("the field has the focus", || focused() == "field-phone");
    browser.fill("#field-phone", "0532-83878888");
    browser.sees_no("有 1 处需要修改");
    browser.press("保存");
    browser.until("the form is closed", || browser.path() == "/o/accounts");
    let made = only(&api, "/accounts");
    assert_eq!((&made["name"], &made["phone"]), (&json!("青岛海信电器"), &json!("0532-83878888")));
    browser.goto("/o/accounts?new=1");
    browser.find("#field-name");
    browser.sees_no("已恢复上次未保存的内容");

    // On a page of its own, after signing out and in again, and thrown away.
    browser.press("打开完整页面");
    browser.until("it has a page of its own", || browser.path() == "/o/accounts/new");
    browser.fill("#field-name", "没想好");
    browser.script("return fetch('/api/v1/auth/logout', {method: 'POST', headers: {'content-type': 'application/json'}, body: '{}'}).then(() => 1)");
    browser.goto("/o/accounts/new");
    browser.fill("#username", "wang");
    browser.fill("#password", PASSWORD);
    browser.press("登录");
    browser.sees("已恢复上次未保存的内容");
    browser.screenshot("form-page");
    browser.press("放弃");
    browser.until("it is empty", || value_of(&browser, "name").is_empty());
    browser.sees_no("已恢复上次未保存的内容");
}

#[test]
fn conditions_show_demand_and_fix_fields_and_references_lie_within_each_other() {
    let server = server();
    let admin = server.admin();
    let lost = json!({"field": "stage.outcome", "op": "eq", "value": "lost"});
    let layout = json!({"sections": [
        {"title": {"zh": "商机要点", "en": "The deal"}, "columns": 2, "fields": [
            {"field": "name"}, {"field": "account"}, {"field": "contact"}, {"field": "stage"},
            {"field": "lost_reason", "visible_when": lost, "required_when": lost},
        ]},
        {"title": {"zh": "其余", "en": "The rest"}, "collapsible": true, "collapsed": true, "fields": [{"field": "notes"}]},
    ], "rest": false});
    admin.put("/meta/objects/opportunity/layout", &layout).ok();
    let api = server.sign_in("wang", PASSWORD);
    let [ours, theirs] = ["鑫茂机械", "远大空调"].map(|name| id(&api.create("accounts", json!({"name": name}))));
    for (name, account) in [("王芳", &ours), ("王伟", &theirs)] {
        api.create("contacts", json!({"name": name, "account": account}));
    }
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities/new");
    browser.sees("商机要点");
    browser.sees_no("输单原因");
    browser.fill("#field-name", "一号机");
    // The contact first: its account comes along.
    choose(&browser, "contact", "王伟");
    browser.until("its account is filled in", || value_of(&browser, "account") == "远大空调");
    // Another account: the contact goes, and those of the new one are offered.
    choose(&browser, "account", "鑫茂机械");
    browser.until("the contact is gone", || value_of(&browser, "contact").is_empty());
    browser.fill("#field-contact", "王");
    browser.until("only its own are offered", || {
        browser.script("return [...document.querySelectorAll('#field-contact-list [role=option]')].map((o) => o.textContent).join()") == "王芳"
    });
    browser.keys(ENTER);
    choose(&browser, "stage", "输单");
    browser.sees("输单原因");
    browser.screenshot("form-conditions");
    browser.press("保存");
    browser.sees("有 1 处需要修改");
    browser.fill("#field-lost_reason", "价格");
    browser.keys("\u{E009}\u{E007}");
    browser.until("the record is open", || browser.path().contains("/o/opportunities/0"));
    let made = only(&api, "/opportunities?expand=contact");
    assert_eq!((&made["lost_reason"], &made["expand"]["contact"]["name"]), (&json!("价格"), &json!("王芳")));
    // The record's page has the same sections.
    browser.sees("商机要点");
}

#[test]
fn a_record_that_is_there_already_is_hinted_at() {
    let server = server();
    let admin = server.admin();
    admin.create("accounts", json!({"name": "深圳市腾讯计算机系统有限公司"}));
    let api = server.sign_in("wang", PASSWORD);
    let own = id(&api.create("accounts", json!({"name": "上海鑫茂贸易有限公司"})));
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?new=1");
    browser.fill("#field-name", "深圳市腾讯计算机系统");
    browser.sees("深***公司");
    browser.sees("您无权查看");
    browser.screenshot("form-similar");
    assert_eq!(browser.script("return document.querySelectorAll('dialog [role=status] a').length"), 0);
    browser.fill("#field-name", "上海鑫茂贸易");
    browser.until("one's own is a way there", || {
        browser.script("return document.querySelector('dialog [role=status] a')?.getAttribute('href') ?? ''")
            == format!("/o/accounts/{own}")
    });
    // It hinders nothing, and the new record's page says so too.
    browser.press("保存");
    browser.until("the form is closed", || browser.path() == "/o/accounts");
    browser.goto(&format!("/o/accounts/{own}"));
    browser.sees("可能与这些记录重复");
}

#[test]
fn language_theme_and_navigation_follow_a_person_to_another_machine() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let browser = Browser::signed_in(&server, "wang");
    let order = |browser: &Browser| {
        browser.script(
            "return [...document.querySelectorAll('nav [data-nav]')].slice(0, 3).map((n) => n.dataset.nav).join()",
        )
    };
    assert_eq!(order(&browser), "account,contact,lead");
    let options = |name: &str| {
        browser.script(&format!("document.querySelector('[data-nav={name}] button[aria-haspopup]').focus()"));
        browser.keys(ENTER);
    };
    options("lead");
    browser.press("上移");
    browser.until("it has moved", || order(&browser) == "account,lead,contact");
    options("contact");
    browser.press("从导航中隐藏");
    browser.until("it is hidden", || !order(&browser).as_str().unwrap().contains("contact"));
    let sections = |browser: &Browser| {
        let all = "return [...document.querySelectorAll('nav [data-section]')].map((s) => s.dataset.section)";
        json!([browser.script(all)[0], browser.script(all)[1]])
    };
    assert_eq!(sections(&browser), json!(["customers", "sales"]));
    browser.script("document.querySelector('[data-section=work] button[aria-haspopup]').focus()");
    browser.keys(ENTER);
    browser.press("上移");
    browser.until("the section has moved", || sections(&browser) == json!(["customers", "work"]));
    browser.goto("/preferences");
    browser.press("深色");
    browser.press("紧凑");
    browser.fill("#me-mobile", "12");
    browser.press("保存");
    browser.sees("电话号码不正确");
    browser.fill("#me-mobile", "13800138000");
    browser.press("保存");
    browser.sees("已保存");
    browser.screenshot("preferences");
    browser.press("English");
    browser.sees("Like the system");
    browser.until("the server knows", || {
        let me = api.get("/auth/me").ok();
        me["locale"] == "en" && me["preferences"]["density"] == "compact" && me["mobile"] == "13800138000"
    });
    drop(browser);

    let browser = Browser::signed_in(&server, "wang");
    browser.sees("Accounts");
    let root = browser.script("return [document.documentElement.dataset.theme, document.documentElement.dataset.density, document.documentElement.lang].join()");
    assert_eq!(root, "dark,compact,en");
    browser.until("arranged as it was", || order(&browser).as_str().unwrap().starts_with("account,lead"));
    assert!(!order(&browser).as_str().unwrap().contains("contact"));
    assert_eq!(sections(&browser), json!(["customers", "work"]));
}

#[test]
fn a_city_without_districts_is_a_complete_address() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?new=1");
    browser.fill("#field-name", "东莞模具厂");
    let district = || browser.script("return document.querySelector('#field-address-district').offsetParent !== null");
    assert_eq!(district(), true);
    browser.fill("#field-address-province", "gds");
    browser.press("广东省");
    browser.fill("#field-address-city", "东莞");
    browser.press("东莞市");
    browser.until("no district is asked for", || district() == false);
    browser.press("保存");
    browser.until("the form is closed", || browser.path() == "/o/accounts");
    let made = only(&api, "/accounts");
    assert_eq!(made["address"], json!({"code": "441900", "province": "广东省", "city": "东莞市"}));
}

#[test]
fn a_task_and_a_note_are_written_down_on_the_page_of_the_record() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let account = id(&api.create("accounts", json!({"name": "鑫茂机械"})));
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o/accounts/{account}"));
    browser.press("新任务");
    browser.press("添加任务");
    browser.sees("必填");
    browser.fill("#task-subject", "寄样品");
    browser.press("添加任务");
    browser.sees("已新建“寄样品”");
    let task = only(&api, "/tasks?expand=owner");
    assert_eq!((&task["account"], &task["expand"]["owner"]["name"]), (&json!(account), &json!("王小明")));
    // A note is no contact: nobody was followed up.
    browser.press("跟进与笔记");
    browser.press("笔记");
    browser.fill("#follow-up-content", "老板喜欢喝茶");
    browser.press("记录跟进");
    browser.until("it is kept", || api.get("/follow_ups?kind=note").ok()["data"].as_array().unwrap().len() == 1);
    assert_eq!(api.get(&format!("/accounts/{account}")).ok()["last_followed_at"], Value::Null);
    browser.screenshot("composer");
}
