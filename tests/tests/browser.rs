//! What a person does on an ordinary day, in a real browser.

use kezhan_tests::browser::Browser;
use kezhan_tests::server::PASSWORD;
use kezhan_tests::{TestServer, root};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The application with the web client, and `wang` who works with customers.
fn server() -> TestServer {
    let web = std::env::var_os("KEZHAN_WEB").map_or_else(|| root().join("build/web"), PathBuf::from);
    assert!(
        web.join("index.html").exists(),
        "the web client is not built in {}: run scripts/build-web first, as scripts/test does",
        web.display()
    );
    let server = TestServer::with(&[("KEZHAN_WEB", web.to_str().unwrap())]);
    let actions = ["read", "create", "edit", "delete", "export", "import"];
    let own: serde_json::Map<String, Value> = actions.iter().map(|a| ((*a).to_owned(), json!("self"))).collect();
    let role = server.role("外勤", json!({"*": own, "user": {"read": "all"}}));
    server.user("wang", &role, json!({}));
    server
}

/// A browser on the application, signed in as `wang`.
fn signed_in(server: &TestServer) -> Browser {
    let browser = Browser::open(&server.url(""));
    browser.goto("/");
    browser.fill("#username", "wang");
    browser.fill("#password", PASSWORD);
    browser.screenshot("sign-in");
    browser.press("登录");
    browser.until("the first list is open", || browser.path().starts_with("/o/"));
    browser
}

/// No script failed, and no call made the server fail. A 401 before the sign-in is expected.
#[track_caller]
fn no_complaints(browser: &Browser) {
    let complaints: Vec<String> = browser.complaints().into_iter().filter(|c| !c.contains("status of 401")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_wrong_password_is_refused_in_words() {
    let server = server();
    let browser = signed_in(&server);
    browser.press("我的账户");
    browser.press("退出登录");
    browser.fill("#username", "wang");
    browser.fill("#password", "wrong-password");
    browser.press("登录");
    browser.sees("用户名或密码不正确");
    no_complaints(&browser);
}

#[test]
fn an_account_is_made_found_changed_and_followed_up() {
    let server = server();
    server.sign_in("wang", PASSWORD).create("accounts", json!({"name": "北京海淀科技有限公司", "city": "北京"}));
    let browser = signed_in(&server);
    browser.goto("/o/accounts");
    browser.sees("北京海淀科技有限公司");

    // Made, after a fault was pointed out.
    browser.press("新建");
    browser.find("#field-name");
    browser.fill("#field-email", "nobody");
    browser.press("保存");
    browser.sees("必填");
    browser.sees("邮箱地址不正确");
    browser.screenshot("account-form");
    browser.fill("#field-name", "杭州西湖龙井茶业有限公司");
    browser.fill("#field-email", "li@longjing.example");
    browser.fill("#field-city", "杭州");
    browser.press("保存");
    browser.sees("已新建“杭州西湖龙井茶业有限公司”");
    browser.sees("北京海淀科技有限公司");
    browser.screenshot("account-list");

    // Found by any two characters, and by initials.
    for word in ["龙井", "hzxh"] {
        browser.fill("#list-search", word);
        browser.sees_no("北京海淀科技有限公司");
        browser.sees("杭州西湖龙井茶业有限公司");
    }
    browser.goto("/o/accounts");
    browser.press_css("header button[aria-label='搜索']");
    browser.fill("dialog input[type=search]", "龙井");
    browser.press_css("#palette-list [role=option]:first-child");
    browser.until("the record is open", || browser.path().starts_with("/o/accounts/"));

    // Changed, and seen on the timeline.
    browser.press("编辑");
    browser.fill("#field-city", "宁波");
    browser.press("保存");
    browser.sees("已保存");
    browser.until("the timeline tells", || browser.visible().contains("修改了") || browser.visible().contains("修改"));
    browser.fill("#follow-up-content", "电话确认了明前茶的报价");
    browser.press("记录跟进");
    browser.until("the follow-up is on the timeline", || {
        browser
            .script("return document.querySelector('ol').innerText")
            .as_str()
            .is_some_and(|t| t.contains("明前茶的报价"))
    });
    browser.screenshot("account");

    // In the other language, and on a phone.
    browser.press("我的账户");
    browser.press("English");
    browser.sees("Log follow-up");
    browser.sees("Timeline");
    browser.screenshot("account-en");
    browser.screen(390, 844);
    browser.goto("/o/accounts");
    browser.sees("杭州西湖龙井茶业有限公司");
    let overflow = browser.script("return document.documentElement.scrollWidth - innerWidth").as_i64().unwrap();
    assert!(overflow <= 0, "the page is {overflow} px wider than a phone");
    browser.screenshot("account-list-phone");
    no_complaints(&browser);
}
#[test]
fn a_spreadsheet_goes_in_through_the_wizard() {
    let server = server();
    let browser = signed_in(&server);
    browser.goto("/imports?object=account");
    browser.upload("#import-file", &root().join("tests/fixtures/customers-gbk.csv"));
    browser.sees("7 列中已对应 7 列");
    browser.screenshot("import-mapping");
    browser.press("下一步：检查");
    browser.sees("很多");
    browser.screenshot("import-check");
    browser.press("开始导入");
    browser.sees("已完成");
    browser.screenshot("import-job");
    browser.press("查看记录");
    browser.sees("绍兴越城纺织有限公司");
    let page = server
        .sign_in("wang", PASSWORD)
        .get("/accounts?count=exact&sort=name&fields=name,annual_revenue,employees")
        .ok();
    assert_eq!(page["count"], 5, "{page}");
    browser.screenshot("import-result");
    no_complaints(&browser);
}
