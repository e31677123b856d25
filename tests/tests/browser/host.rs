//! The installation and its companies, looked after in a browser.

use kezhan_features::host::admins;
use kezhan_features::host::trail::Actor;
use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::pages;
use kezhan_tests::server::{PASSWORD, Reply};
use serde_json::json;

const KEEPER: &str = "a keeper's password";

#[test]
fn a_company_is_added_suspended_taken_along_and_erased() {
    let server = TestServer::with_web();
    admins::put(&mut server.db.connect(), &Actor::command_line(), "keeper", KEEPER).unwrap();
    let enters = || -> Reply {
        let login = json!({"username": "boss", "password": PASSWORD, "tenant": "acme"});
        server.anonymous().post("/auth/login", &login)
    };
    let browser = Browser::open(&server.url(""));
    browser.goto("/host");
    browser.fill("#host-username", "keeper");
    browser.fill("#host-password", "a wrong one");
    browser.press("登录");
    browser.sees("用户名或密码不正确");
    browser.fill("#host-password", KEEPER);
    browser.press("登录");
    browser.sees("测试公司");

    browser.press("新建公司");
    browser.fill("#host-name", "甲公司");
    browser.fill("#host-key", "Not a key");
    browser.fill("#host-admin", "boss");
    browser.fill("#host-admin-password", PASSWORD);
    browser.press("保存");
    browser.until("what is wrong with the key is said", || {
        browser.script("return !!document.querySelector('#host-key-note .text-error')") == true
    });
    browser.fill("#host-key", "acme");
    browser.press("保存");
    browser.sees("甲公司");
    assert_eq!(enters().status, 200);
    browser.screenshot("host");

    let line = "[data-company='acme']";
    let can = |name: &str| {
        format!("return [...document.querySelectorAll(\"{line} button\")].some(b => b.innerText.trim() === {name:?})")
    };
    let press = |name: &str| {
        browser.script(&format!(
            "[...document.querySelectorAll(\"{line} button\")].find(b => b.innerText.trim() === {name:?}).click()"
        ));
    };
    press("停用");
    browser.sees("将立即停止");
    browser.press_css("dialog[open] .btn-danger");
    browser.until("nobody comes in", || enters().status == 401);
    browser.until("it can be resumed", || browser.script(&can("恢复")) == true);
    press("恢复");
    browser.until("they come in again", || enters().status == 200);

    let file = format!("return fetch(document.querySelector(\"{line} a[download]\").href).then(r => r.status)");
    assert_eq!(browser.promised(&file), 200);

    // The dialog names the company, and takes its key and nothing else.
    press("清除");
    browser.sees("清除 · 甲公司");
    let ready = || browser.script("return !document.querySelector('[data-host-erase] [type=submit]').disabled") == true;
    browser.fill("#host-confirm", "acm");
    assert!(!ready());
    browser.fill("#host-confirm", "acme");
    browser.until("the key is right", ready);
    browser.screenshot("host-erase");
    assert_eq!(pages::findings(&browser, &[]), Vec::<String>::new());
    browser.press_css("[data-host-erase] [type=submit]");
    browser.until("nobody comes in any more", || enters().status == 401);
    browser.sees("后清除");
    press("撤销清除");
    browser.sees("不再清除");
    browser.until("it can be resumed", || browser.script(&can("恢复")) == true);
    press("恢复");
    browser.until("they are back", || enters().status == 200);

    for said in ["新建公司", "停用", "恢复", "导出数据", "安排清除", "撤销清除"] {
        browser.sees(said);
    }
    for width in [1440, 390] {
        if width == 390 {
            browser.screen(390, 844);
        }
        for theme in ["light", "dark"] {
            pages::theme(&browser, theme);
            assert_eq!(pages::findings(&browser, &[]), Vec::<String>::new(), "{width} {theme}");
            browser.screenshot(&format!("host-{width}-{theme}"));
        }
    }
    browser.screen(0, 0);
    browser.press("退出");
    browser.find("#host-username");
    browser.no_complaints(&["422"]);
}
