//! Ways of signing in besides a password here: set up by an administrator, used by everybody.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::ldap::{BASE, Ldap, READER, READER_PASSWORD, group, person};
use kezhan_tests::oidc::{CLIENT_SECRET, Provider};
use kezhan_tests::pages;
use serde_json::json;

fn server() -> TestServer {
    let web =
        std::env::var("KEZHAN_WEB").unwrap_or_else(|_| kezhan_tests::root().join("build/web").display().to_string());
    TestServer::with(&[("KEZHAN_WEB", web.as_str()), ("KEZHAN_INTERNAL_HOSTS", "localhost,127.0.0.1")])
}

/// Nothing stands in anybody's way, in either theme.
#[track_caller]
fn good_for_all(browser: &Browser) {
    for theme in ["dark", "light"] {
        pages::theme(browser, theme);
        assert_eq!(pages::findings(browser, &[]), [] as [String; 0], "{theme}");
    }
}

/// Types into a combobox and takes what it then offers first.
fn pick(browser: &Browser, css: &str, text: &str) {
    browser.fill(css, text);
    let offered = "const one = document.querySelector('[role=listbox] [role=option]:first-child > span'); \
                   return one && one.innerText.trim()";
    browser.until(&format!("{text} is offered first"), || browser.script(offered) == text);
    browser.keys("\u{e007}");
}

#[test]
fn a_provider_is_set_up_and_people_come_in_through_it() {
    let server = server();
    let api = server.admin();
    let sales = server.role("外销", json!({"account": {"read": "self", "create": "self"}}));
    let redirect = server.url("/api/v1/auth/oidc/callback");
    let people = json!({"li": {"name": "李雷", "email": "li@kezhan.test", "email_verified": true, "groups": ["crm"]}});
    let provider = Provider::real(&redirect, &people);

    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("main a[href='/settings/sign-in']");
    browser.press("添加身份提供方");
    browser.fill("#elsewhere-name", "企业账号");
    browser.fill("#elsewhere-issuer", "http://127.0.0.1:1");
    browser.fill("#elsewhere-client_id", "kezhan");
    browser.fill("#elsewhere-secret", CLIENT_SECRET);
    browser.sees(&redirect);
    browser.press("测试");
    browser.sees("无法使用");
    browser.fill("#elsewhere-issuer", &provider.issuer);
    browser.press("测试");
    browser.sees("可以使用");
    browser.screenshot("identity-provider-checked");
    good_for_all(&browser);
    browser.fill("#elsewhere-groups_claim", "groups");
    browser.press_css("#elsewhere-creates_users");
    browser.press("添加对应关系");
    browser.fill("[data-mapping] li input[aria-label='用户组']", "crm");
    pick(&browser, "[id^='mapping-role-']", "外销");
    browser.screenshot("identity-provider");
    browser.press("保存");
    browser.sees("已保存");
    browser.sees(&provider.issuer);
    let stored = api.get("/identity_providers").ok()["data"][0].clone();
    assert_eq!((&stored["secret_set"], &stored["creates_users"]), (&json!(true), &json!(true)));
    assert_eq!(stored["group_roles"], json!([{"group": "crm", "role": sales}]));

    // Somebody comes to a page, signs in elsewhere, and is where they wanted to be.
    let visitor = Browser::open(&server.url(""));
    visitor.goto("/o/accounts?q=x");
    visitor.sees("使用“企业账号”登录");
    visitor.screenshot("sign-in-elsewhere");
    good_for_all(&visitor);
    visitor.press("使用“企业账号”登录");
    visitor.fill("input[name=login]", "li");
    visitor.fill("input[name=password]", "any");
    visitor.press_css("button[type=submit]");
    visitor.press_css("button[type=submit]");
    visitor.until("the list is open", || visitor.path().starts_with("/o/accounts?q=x"));
    visitor.sees("李雷");
    let me = visitor.promised("return fetch('/api/v1/auth/me').then(r => r.json())");
    assert_eq!((&me["role"], &me["email"]), (&json!(sales), &json!("li@kezhan.test")));

    // What a change would do is said before it is stored.
    browser.press("编辑");
    browser.press_css("#elsewhere-active");
    browser.sees("1 人没有本系统密码");
    browser.press_css("#elsewhere-active");
    browser.fill("#elsewhere-client_id", "another");
    browser.sees("需要重新输入密钥");
    browser.press("取消");

    // A sign-in that does not succeed says why, and the password is still there.
    api.patch(&format!("/users/{}", me["id"].as_str().unwrap()), &json!({"status": "suspended"})).ok();
    let late = Browser::open(&server.url(""));
    late.goto("/");
    late.press("使用“企业账号”登录");
    late.fill("input[name=login]", "li");
    late.fill("input[name=password]", "any");
    late.press_css("button[type=submit]");
    late.press_css("button[type=submit]");
    late.sees("您的账号已停用");
    late.find("#password");
}

#[test]
fn a_directory_is_tried_previewed_and_followed() {
    let server = server();
    let boss = server.role("主管", json!({}));
    let all =
        |n: u32| (1..=n).map(|i| person(i, &format!("user{i}"), &format!("员工{i}"), "East", "")).collect::<String>();
    let mut ldap = Ldap::start(&format!("{}{}", all(3), group("crm", &[("user1", "East")])));
    let browser = Browser::signed_in_at(&server, "admin", "/settings/sign-in");
    browser.press("添加目录");
    browser.fill("#elsewhere-name", "公司目录");
    browser.fill("#elsewhere-address", &ldap.url());
    browser.fill("#elsewhere-bind_dn", READER);
    browser.fill("#elsewhere-secret", "wrong");
    browser.fill("#elsewhere-base_dn", &format!("ou=people,{BASE}"));
    browser.fill("#elsewhere-authority", &ldap.authority());
    browser.fill("#elsewhere-group_base_dn", &format!("ou=groups,{BASE}"));
    browser.press("测试");
    browser.sees("does not accept the bind DN");
    browser.fill("#elsewhere-secret", READER_PASSWORD);
    browser.press("测试");
    browser.sees("员工3");
    browser.press("添加对应关系");
    browser.fill("[data-mapping] li input[aria-label='用户组']", "crm");
    pick(&browser, "[id^='mapping-role-']", "主管");
    browser.screenshot("directory");
    browser.press("保存");
    browser.sees("已保存");
    browser.sees("尚未同步");

    browser.press("同步");
    browser.press("预览");
    browser.sees("新增 3");
    let api = server.admin();
    assert_eq!(api.get("/users?count=exact").ok()["count"], 1);
    browser.screenshot("directory-preview");
    good_for_all(&browser);
    browser.press("按预览同步");
    browser.until("they are users", || api.get("/users?count=exact").ok()["count"] == 4);
    let one = api.get("/users?username=user1").ok()["data"][0].clone();
    assert_eq!(one["role"], json!(boss));
    // Two of three gone: stopped, until somebody says that it is meant.
    ldap.replace(&format!("{}{}", all(1), group("crm", &[("user1", "East")])));
    browser.until("it is over", || {
        browser.script("return document.querySelector('[data-run=running], [data-run=queued]') === null") == true
    });
    browser.press("预览");
    browser.sees("将停用的人超过上限");
    browser.sees("员工2、员工3");
    browser.press("仍要停用这些人");
    browser.until("they are deactivated", || api.get("/users?status=suspended&count=exact").ok()["count"] == 2);
    browser.screen(390, 844);
    browser.screenshot("directory-phone");
}

#[test]
fn somebody_connects_their_account_elsewhere_and_signs_out_there_too() {
    let server = server();
    let api = server.admin();
    server.user("wang", &server.role("外勤", json!({"account": {"read": "all"}})), json!({}));
    let redirect = server.url("/api/v1/auth/oidc/callback");
    let provider = Provider::real(&redirect, &json!({"wang.wei": {"name": "王伟"}}));
    let wish = json!({"name": "企业账号", "issuer": provider.issuer, "client_id": "kezhan", "signs_out": true});
    let id = api.create("identity_providers", wish)["id"].as_str().unwrap().to_owned();
    api.post(&format!("/identity_providers/{id}/actions/set_secret"), &json!({"secret": CLIENT_SECRET})).ok();

    let browser = Browser::signed_in_at(&server, "wang", "/settings/security");
    browser.sees("外部账号");
    browser.press("关联");
    browser.fill("#prove-password", "wrong");
    browser.press("继续");
    browser.sees("用户名或密码不正确");
    browser.fill("#prove-password", kezhan_tests::server::PASSWORD);
    browser.press("继续");
    let there = |browser: &Browser| {
        browser.fill("input[name=login]", "wang.wei");
        browser.fill("input[name=password]", "any");
        browser.press_css("button[type=submit]");
        browser.press_css("button[type=submit]");
    };
    there(&browser);
    browser.sees("账号已关联");
    browser.sees("wang.wei");
    browser.screenshot("identity-connected");
    good_for_all(&browser);
    browser.screen(390, 844);
    browser.screenshot("identity-connected-phone");
    browser.screen(0, 0);

    let visitor = Browser::open(&server.url(""));
    visitor.goto("/");
    visitor.press("使用“企业账号”登录");
    there(&visitor);
    visitor.until("the list is open", || visitor.path().starts_with("/o/"));
    visitor.press_css("header button[title='我的账户']");
    visitor.press("退出登录");
    visitor.until("the provider asks", || visitor.path().contains("/session/end?"));
    visitor.press_css("button[value=yes]");
    visitor.find("#username");

    browser.press("解除关联");
    browser.sees("已解除关联");
    browser.sees("未关联");
}
