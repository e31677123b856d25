//! Saved views in a browser: kept for a department, tabs of one's own choice, and the one that the list opens with.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

fn own() -> Value {
    let own = json!({"read": "all", "create": "self", "edit": "self", "delete": "self"});
    json!({"*": own, "user": {"read": "all"}, "department": {"read": "all"}, "role": {"read": "all"}})
}

#[test]
fn a_view_is_shared_with_a_department_and_the_list_opens_with_it() {
    let server = TestServer::with_web();
    let role = server.role("自管", own());
    let east = server.admin().create("departments", json!({"name": "华东大区"}))["id"].clone();
    for name in ["wang", "li"] {
        server.user(name, &role, json!({"home_department": east}));
    }
    let api = server.sign_in("wang", PASSWORD);
    for (name, city) in [("杭州西湖茶业有限公司", "杭州"), ("北京海淀科技有限公司", "北京")] {
        api.create("accounts", json!({"name": name, "city": city}));
    }
    let filter = "%7B%22field%22%3A%22city%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A%22%E6%9D%AD%E5%B7%9E%22%7D";
    let browser = Browser::signed_in_at(&server, "wang", &format!("/o/accounts?filter={filter}"));
    browser.sees("杭州西湖茶业有限公司");
    browser.press("更多");
    browser.press("保存为视图");
    browser.fill("#view-name", "杭州客户");
    browser.press_css("#view-visibility");
    browser.press("部门");
    browser.find("#view-unit");
    browser.screenshot("view-save");
    browser.press("保存");
    browser.sees("视图已保存");
    browser.until("it is shared", || {
        let views = api.get("/saved_views").ok()["data"].clone();
        views[0]["visibility"] == "team" && views[0]["unit"] == east
    });

    // A colleague finds it among the tabs, begins with it from now on, and can still see everything.
    let other = Browser::signed_in_at(&server, "li", "/o/accounts");
    other.sees("北京海淀科技有限公司");
    other.press("杭州客户");
    other.sees_no("北京海淀科技有限公司");
    other.press_css("button[aria-label='视图']");
    other.sees("华东大区");
    let tools = other.script("return [...document.querySelectorAll('.popover section button')].map(b => b.title)");
    assert_eq!(tools, json!(["取消固定", "打开列表时显示"]), "others' views are not theirs to change");
    other.press_css(".popover section button[title='打开列表时显示']");
    other.screenshot("views-panel");
    let li = server.sign_in("li", PASSWORD);
    other.until("it is kept", || {
        let me = li.get("/auth/me").ok();
        me["preferences"]["views"]["account"]["default"].is_string()
    });
    other.goto("/o/accounts");
    other.until("the list opens with the view", || other.path().contains("view=") && other.path().contains("filter="));
    other.sees("杭州西湖茶业有限公司");
    other.sees_no("北京海淀科技有限公司");
    other.press("全部");
    other.sees("北京海淀科技有限公司");
    // The name of a view is an address of it.
    let id = api.get("/saved_views").ids().remove(0);
    other.goto(&format!("/o/accounts?view={id}"));
    other.sees("杭州西湖茶业有限公司");
    other.sees_no("北京海淀科技有限公司");
    // Without its conditions it stays so, also when the page is loaded again.
    other.press("清除筛选");
    other.sees("北京海淀科技有限公司");
    other.goto(&other.path());
    other.sees("已修改");
    other.sees("北京海淀科技有限公司");
    // Whoever may not change it keeps a changed one as their own.
    other.goto(&format!("/o/accounts?view={id}&sort=-name"));
    other.sees("已修改");
    other.sees("还原");
    other.sees_no("保存修改");

    // Its owner renames it, then takes it off the tabs.
    browser.press_css("button[aria-label='视图']");
    browser.press_css(".popover section button[title='编辑视图']");
    browser.fill("#view-name", "杭州老客户");
    browser.press("保存");
    browser.until("it has another name", || api.get("/saved_views").ok()["data"][0]["name"] == "杭州老客户");
    // What it keeps is arranged in the list, and told in words wherever it stands as a record.
    browser.goto(&format!("/o/saved_views/{id}?edit=1"));
    browser.find("#field-object");
    assert_eq!(browser.script("return document.querySelector('#field-object').value"), "客户");
    assert_eq!(browser.script("return document.querySelectorAll('form textarea').length"), 0);
    browser.until("the filter is told", || {
        let told = browser.script("return document.querySelector('#field-settings').innerText");
        told.as_str().is_some_and(|told| told.contains("城市 等于 杭州"))
    });
    browser.press_css("#field-settings a");
    browser.until("the list is there", || browser.path().contains("/o/accounts?view="));
    browser.sees_no("北京海淀科技有限公司");
    browser.goto("/o/saved_views?new=1");
    browser.fill("#field-name", "全部联系人");
    browser.pick("#field-object", "联系", "联系人");
    browser.press("保存");
    browser.until("it is one of contacts", || {
        let views = api.get("/saved_views?object=contact").ok()["data"].clone();
        views[0]["name"] == "全部联系人" && views[0]["settings"] == json!({})
    });
    browser.goto("/o/accounts?view=none");
    browser.press_css("button[aria-label='视图']");
    browser.press_css(".popover section button[title='取消固定']");
    browser.until("it is no tab", || {
        let tabs = browser.script("return document.querySelector('nav[aria-label=视图]').innerText");
        tabs.as_str().is_some_and(|tabs| !tabs.contains("杭州老客户"))
    });
    browser.no_complaints(&[]);
    other.no_complaints(&[]);
}

#[test]
fn everybody_has_views_of_what_is_theirs_and_of_what_those_own_who_report_to_them() {
    let server = workplace("wang");
    let admin = server.admin();
    let role = server.role("lead", json!({"*": {"read": "all", "create": "all", "edit": "all"}}));
    let boss = server.user("boss", &role, json!({}));
    server.user("li", &role, json!({"manager": boss}));
    let boss = server.sign_in("boss", PASSWORD);
    boss.create("accounts", json!({"name": "鑫茂科技有限公司"}));
    server.sign_in("li", PASSWORD).create("accounts", json!({"name": "杭州西湖茶业有限公司"}));
    admin.create("accounts", json!({"name": "北京海淀科技有限公司"}));
    let browser = Browser::signed_in_at(&server, "boss", "/o/accounts");
    browser.sees("鑫茂科技有限公司");
    browser.press("下属负责的");
    browser.sees_no("鑫茂科技有限公司");
    browser.sees("杭州西湖茶业有限公司");
    assert!(browser.path().contains("view=reports"));
    browser.press("我负责的");
    browser.sees_no("杭州西湖茶业有限公司");
    browser.sees("鑫茂科技有限公司");
    browser.screenshot("scenes");
    // They are nobody's to change, and can be what a list begins with.
    browser.press_css("button[aria-label='视图']");
    browser.press_css("[title='打开列表时显示'][aria-label$='我负责的']");
    let tools = browser.script("return document.querySelectorAll('.popover [title=编辑视图]').length");
    assert_eq!(tools, 0);
    browser.until("it is kept", || boss.get("/auth/me").ok()["preferences"]["views"]["account"]["default"] == "mine");
    browser.goto("/o/accounts");
    browser.until("the list begins there", || browser.path().contains("view=mine"));
    browser.sees("鑫茂科技有限公司");
    // Whom nobody reports to has no use for the other.
    let li = Browser::signed_in_at(&server, "li", "/o/accounts");
    li.sees("我负责的");
    assert!(!li.shows("下属负责的"));
    browser.no_complaints(&[]);
    li.no_complaints(&[]);
}
