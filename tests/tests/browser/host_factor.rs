//! The screen of the installation as its administrators see it.

use kezhan_features::host::admins;
use kezhan_features::host::trail::Actor;
use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::factor::code;

const KEEPER: &str = "a keeper's password";

fn sign_in(browser: &Browser) {
    browser.fill("#host-username", "keeper");
    browser.fill("#host-password", KEEPER);
    browser.press("登录");
}

#[test]
fn an_administrator_of_the_installation_signs_in_in_two_steps() {
    let server = TestServer::with_web();
    admins::put(&mut server.db.connect(), &Actor::command_line(), "keeper", KEEPER).unwrap();
    let browser = Browser::open(&server.url(""));
    browser.goto("/host");
    sign_in(&browser);
    browser.press("设置验证器");
    browser.fill("#prove-password", "wrong");
    browser.press("继续");
    browser.sees("用户名或密码不正确");
    browser.fill("#prove-password", KEEPER);
    browser.press("继续");
    let shown = "return document.querySelector('#factor-secret')?.dataset.secret";
    browser.until("the secret is shown", || browser.script(shown).is_string());
    let secret = browser.script(shown).as_str().unwrap().to_owned();
    browser.fill("#code", &code(&secret, 0));
    browser.press("验证");
    browser.find("#recovery-codes");
    let recovery = browser.script("return document.querySelector('#recovery-codes li').innerText");
    browser.press("我已保存");
    browser.sees("还有 10 个可用");
    browser.screenshot("host-factor");

    browser.press("退出");
    browser.find("[data-host-door]");
    sign_in(&browser);
    browser.fill("#host-code", "000000");
    browser.press("登录");
    browser.sees("验证码不正确或已使用过");
    browser.screenshot("host-code");
    browser.press("改用恢复码");
    browser.fill("#host-recovery-code", recovery.as_str().unwrap());
    browser.press("登录");
    browser.sees("还有 9 个可用");
    browser.screen(390, 844);
    browser.script("document.documentElement.dataset.theme = 'dark'");
    browser.screenshot("host-factor-phone");
    browser.screen(0, 0);
    browser.press("关闭两步验证");
    browser.fill("#prove-password", KEEPER);
    browser.press_css("dialog button[type=submit]");
    browser.sees("两步验证已关闭");
    browser.no_complaints(&["401", "422"]);
}
