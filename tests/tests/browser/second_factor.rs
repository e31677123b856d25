//! The way in as people see it: a second factor set up, asked for, lost; a company that asks for one.

use diesel::connection::SimpleConnection;
use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::factor::code;
use kezhan_tests::server::PASSWORD;
use serde_json::json;

fn server() -> TestServer {
    let server = TestServer::with_web();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    server.user("li", &role, json!({}));
    server
}

fn secret(browser: &Browser) -> String {
    let shown = "return document.querySelector('#factor-secret')?.dataset.secret";
    browser.until("the secret is shown", || browser.script(shown).is_string());
    browser.script(shown).as_str().unwrap().to_owned()
}

fn recovery_code(browser: &Browser) -> String {
    let all = browser.script("return [...document.querySelectorAll('#recovery-codes li')].map(l => l.innerText)");
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 10);
    all[0].as_str().unwrap().to_owned()
}

fn password(browser: &Browser, user: &str) {
    browser.fill("#username", user);
    browser.fill("#password", PASSWORD);
    browser.press("登录");
}

/// So that a code may come again within its 30 seconds.
fn forget_steps(server: &TestServer) {
    server.db.connect().batch_execute("UPDATE totp_factors SET last_step = 0").unwrap();
}

fn sign_out(browser: &Browser) {
    browser.press_css("header button[title='我的账户']");
    browser.press("退出登录");
    browser.find("#username");
}

#[test]
fn two_steps_are_set_up_and_then_asked_for() {
    let server = server();
    let browser = Browser::signed_in_at(&server, "li", "/settings/security");
    browser.sees("两步验证");
    browser.press("设置验证器");
    browser.fill("#prove-password", "wrong");
    browser.press("继续");
    browser.sees("用户名或密码不正确");
    browser.fill("#prove-password", PASSWORD);
    browser.press("继续");
    let secret = secret(&browser);
    let drawn = "const img = document.querySelector('dialog img'); return img.complete && img.naturalWidth > 0";
    browser.until("the code is drawn", || browser.script(drawn) == true);
    browser.screenshot("factor-scan");
    browser.fill("#code", "000000");
    browser.press("验证");
    browser.sees("验证码不正确或已使用过");
    browser.fill("#code", &code(&secret, 0));
    browser.press("验证");
    browser.sees("恢复码");
    browser.find("#recovery-codes");
    let recovery = recovery_code(&browser);
    browser.screenshot("factor-codes");
    browser.press("我已保存");
    browser.sees("还有 10 个可用");
    browser.screenshot("factor-on");
    browser.screen(390, 844);
    browser.script("document.documentElement.dataset.theme = 'dark'");
    browser.screenshot("factor-on-phone");
    browser.screen(0, 0);

    sign_out(&browser);
    password(&browser, "li");
    browser.find("#code");
    browser.screenshot("sign-in-code");
    browser.fill("#code", "000000");
    browser.press("验证");
    browser.sees("验证码不正确或已使用过");
    browser.fill("#code", &code(&secret, 1));
    browser.press("验证");
    browser.until("the first list is open", || {
        browser.path().starts_with("/o/") || browser.path() == "/settings/security"
    });

    // The telephone is gone.
    sign_out(&browser);
    password(&browser, "li");
    browser.press("改用恢复码");
    browser.fill("#recovery-code", &recovery);
    browser.screen(390, 844);
    browser.screenshot("sign-in-recovery-phone");
    browser.screen(0, 0);
    browser.press("验证");
    browser.until("in", || server.db.text("SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL") == "1");
    browser.until("the answer is here", || browser.path() != "/" && browser.visible().contains("收起导航"));
    browser.goto("/settings/security");
    browser.sees("还有 9 个可用");
    forget_steps(&server);
    browser.press("关闭两步验证");
    browser.press("改用验证码");
    browser.fill("#prove-code", &code(&secret, 0));
    browser.press_css("dialog button[type=submit]");
    browser.sees("两步验证已关闭");
    browser.sees("未启用");
    browser.no_complaints(&["401", "422"]);
}

#[test]
fn a_company_asks_for_two_steps_and_says_beforehand_of_how_many() {
    let server = server();
    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("a[href='/settings/policy']");
    browser.sees("由每个人自行决定");
    browser.press_css("input[value=required]");
    let length = |n: &str| {
        browser.script(&format!(
            "const input = document.querySelector('#policy-password_length'); input.value = '{n}'; \
             input.dispatchEvent(new Event('change', {{bubbles: true}}))"
        ))
    };
    browser.sees("2 人须设置两步验证");
    length("6");
    browser.sees("不能小于 8");
    length("12");
    browser.sees("2 人须设置两步验证");
    browser.screenshot("policy");
    browser.screen(390, 844);
    browser.script("document.documentElement.dataset.theme = 'dark'");
    browser.screenshot("policy-phone");
    browser.screen(0, 0);
    browser.press("保存");
    browser.sees("已保存");

    let other = Browser::open(&server.url(""));
    other.goto("/");
    password(&other, "li");
    other.sees("您的公司要求登录时使用两步验证");
    let secret = secret(&other);
    other.screenshot("sign-in-enrol");
    // Nothing else is open meanwhile.
    other.goto("/o/accounts");
    other.find("#username");
    password(&other, "li");
    let again = {
        other.sees("您的公司要求登录时使用两步验证");
        self::secret(&other)
    };
    assert_ne!(again, secret);
    other.fill("#code", &code(&again, 0));
    other.press("验证");
    other.find("#recovery-codes");
    other.screenshot("sign-in-codes");
    other.press("我已保存");
    other.until("the list is open", || other.path().starts_with("/o/") && other.visible().contains("客户"));
    other.no_complaints(&["401"]);
    browser.no_complaints(&["401", "422"]);
}

#[test]
fn somebody_is_invited_and_comes_by_the_link() {
    let server = server();
    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("a[href='/settings/invitations']");
    browser.sees("没有待接受的邀请");
    browser.press("邀请");
    browser.press_css("dialog button[type=submit]");
    browser.sees("必填");
    browser.fill("#invite-name", "王伟");
    browser.fill("#invite-email", "wang.wei@example.com");
    pick(&browser, "#invite-role", "看", "看");
    browser.screenshot("invite");
    browser.press_css("dialog button[type=submit]");
    let shown = "return document.querySelector('#made-link')?.value";
    browser.until("the link is shown", || browser.script(shown).is_string());
    let link = browser.script(shown).as_str().unwrap().to_owned();
    assert!(link.starts_with(&server.url("/welcome#kzi_")), "{link}");
    browser.screenshot("invite-link");
    browser.press_css("dialog footer button:first-child");
    browser.sees("wang.wei");
    browser.screen(390, 844);
    browser.script("document.documentElement.dataset.theme = 'dark'");
    browser.screenshot("invitations-phone");
    browser.screen(0, 0);
    // Whoever is signed in is told so.
    browser.goto(link.strip_prefix(&server.url("")).unwrap());
    browser.sees("您已登录为 admin");

    let other = Browser::open(&server.url(""));
    other.goto(link.strip_prefix(&server.url("")).unwrap());
    other.sees("测试公司 邀请您使用客栈 CRM");
    other.fill("#new-password", "password1");
    other.press("继续");
    other.sees("这个密码太常见");
    other.screenshot("welcome");
    other.fill("#new-password", "chosen by myself");
    other.press("继续");
    other.until("in", || other.path().starts_with("/o/"));
    // The link is good once.
    other.press_css("header button[title='我的账户']");
    other.press("退出登录");
    other.find("#username");
    other.goto("/nowhere");
    other.goto(link.strip_prefix(&server.url("")).unwrap());
    other.sees("链接无效、已使用或已过期");
    other.press("登录");
    other.find("#username");

    // From the record of a colleague who has forgotten theirs.
    let id = server.db.text("SELECT id FROM users WHERE username = 'li'");
    browser.goto(&format!("/o/users/{id}"));
    browser.press("更多");
    browser.press("生成重置密码链接");
    browser.until("a link is shown", || browser.script(shown).is_string());
    browser.screenshot("reset-link");
    browser.no_complaints(&["401", "422"]);
    other.no_complaints(&["401", "422"]);
}

/// Types into a combobox and takes what it then offers first: with the keyboard, for the list is drawn anew meanwhile.
fn pick(browser: &Browser, css: &str, text: &str, first: &str) {
    browser.fill(css, text);
    let offered = "const one = document.querySelector('[role=listbox] [role=option]:first-child > span'); \
                   return one && one.innerText.trim()";
    browser.until(&format!("{first} is offered first"), || browser.script(offered) == first);
    browser.keys("\u{e007}");
}
