//! Passkeys in a browser with a device of its own, which the browser simulates.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::server::PASSWORD;
use serde_json::json;

/// Keys are made for a name, and an address in numbers is none.
fn at_localhost(server: &TestServer) -> Browser {
    let browser = Browser::open(&format!("http://localhost:{}", server.address.port()));
    browser.virtual_authenticator();
    browser.goto("/");
    browser
}

fn server() -> TestServer {
    let server = TestServer::with_web();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    server.user("li", &role, json!({}));
    server
}

fn password(browser: &Browser) {
    browser.fill("#username", "li");
    browser.fill("#password", PASSWORD);
    browser.press("登录");
}

fn inside(browser: &Browser) {
    browser.until("in", || browser.visible().contains("收起导航"));
}

fn sign_out(browser: &Browser) {
    browser.press_css("header button[title='我的账户']");
    browser.press("退出登录");
    browser.find("#username");
}

fn add(browser: &Browser, name: &str) {
    browser.goto("/settings/security");
    browser.press("添加通行密钥");
    browser.fill("#prove-password", PASSWORD);
    browser.press("继续");
    browser.fill("#passkey-name", name);
    browser.press_css("dialog button[type=submit]");
}

#[test]
fn a_passkey_is_a_second_factor_and_a_way_in_by_itself() {
    let server = server();
    let browser = at_localhost(&server);
    password(&browser);
    inside(&browser);
    add(&browser, "办公电脑");
    browser.find("#recovery-codes");
    browser.press("我已保存");
    browser.sees("办公电脑");
    browser.sees("还有 10 个可用");
    browser.screenshot("passkeys");
    browser.press("重命名");
    browser.fill("#passkey-name", "家里的电脑");
    browser.press_css("dialog button[type=submit]");
    browser.sees("家里的电脑");
    browser.sees_no("办公电脑");
    // The device that has one makes no second.
    add(&browser, "又一个");
    browser.sees("未完成通行密钥验证");
    browser.press("取消");

    sign_out(&browser);
    browser.screenshot("sign-in-passkey");
    password(&browser);
    browser.sees("两步验证");
    browser.screen(390, 844);
    browser.screenshot("factor-passkey-phone");
    browser.screen(0, 0);
    browser.press("使用通行密钥");
    inside(&browser);
    sign_out(&browser);
    browser.press("使用通行密钥登录");
    inside(&browser);
    assert_eq!(
        server.db.text("SELECT detail->>'way' FROM audit_events WHERE action = 'sign_in' ORDER BY seq DESC LIMIT 1"),
        "passkey"
    );

    // What the device has signed is good once, and for the browser that was asked.
    let answers = browser.promised(REPLAYED);
    assert_eq!(answers, json!([422, 200, 422]), "for another ceremony, for its own, and again");
    let failed = "SELECT count(*) FROM audit_events WHERE action = 'sign_in_failed' AND detail->>'way' = 'passkey'";
    assert_eq!(server.db.text(failed), "1", "whose key it was knows of it");

    browser.goto("/settings/security");
    browser.press("移除");
    browser.press("使用通行密钥");
    browser.sees("下一步请用指纹");
    browser.screenshot("prove-passkey");
    browser.press_css("dialog button[type=submit]");
    browser.sees("通行密钥已移除");
    sign_out(&browser);
    browser.press("使用通行密钥登录");
    browser.sees("通行密钥验证失败");
    password(&browser);
    inside(&browser);
    browser.no_complaints(&["401", "422"]);
}

/// Signs one ceremony, and shows it for another one, then for itself, then once more.
const REPLAYED: &str = r#"
    const headers = {'content-type': 'application/json', 'x-requested-with': 'kezhan'};
    const post = (path, body) => fetch('/api/v1/auth' + path, {method: 'POST', headers, body: JSON.stringify(body)});
    const bytes = t => Uint8Array.from(atob(t.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
    const text = b => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    return (async () => {
        const first = await (await post('/passkey/begin', {})).json();
        const other = await (await post('/passkey/begin', {})).json();
        const publicKey = {...first.options, challenge: bytes(first.options.challenge), allowCredentials: []};
        const key = await navigator.credentials.get({publicKey});
        const {authenticatorData, clientDataJSON, signature, userHandle} = key.response;
        const credential = {id: key.id, rawId: text(key.rawId), type: key.type, response: {
            authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON),
            signature: text(signature), userHandle: text(userHandle)}};
        const answers = [];
        for (const ceremony of [other.ceremony, first.ceremony, first.ceremony])
            answers.push((await post('/passkey', {ceremony, credential})).status);
        return answers;
    })()
"#;

#[test]
fn where_a_second_factor_is_asked_for_a_passkey_will_do() {
    let server = server();
    server.admin().put("/security_policy", &json!({"second_factor": "required"})).ok();
    let browser = at_localhost(&server);
    password(&browser);
    browser.sees("您的公司要求登录时使用两步验证");
    browser.press("改用通行密钥");
    browser.press("添加通行密钥");
    browser.sees("必填");
    browser.fill("#passkey-name", "办公电脑");
    browser.screenshot("enrol-passkey");
    browser.press("添加通行密钥");
    browser.find("#recovery-codes");
    browser.press("我已保存");
    inside(&browser);
    let said = "SELECT string_agg(action || ':' || coalesce(detail->>'factor', detail->>'way', ''), ' ' ORDER BY seq) \
        FROM audit_events WHERE action IN ('second_factor_set', 'sign_in') AND actor_id = (SELECT id FROM users WHERE username = 'li')";
    assert_eq!(server.db.text(said), "second_factor_set:passkey sign_in:password");

    // From now on it is both factors at once, and the second one after a password.
    sign_out(&browser);
    browser.press("使用通行密钥登录");
    inside(&browser);
    sign_out(&browser);
    password(&browser);
    browser.press("使用通行密钥");
    inside(&browser);

    // Whoever has nothing else proves themselves by it.
    server.db.run("DELETE FROM credentials WHERE user_id = (SELECT id FROM users WHERE username = 'li')");
    browser.goto("/settings/security");
    browser.press("生成新的恢复码");
    browser.sees("下一步请用指纹");
    browser.press("继续");
    browser.find("#recovery-codes");
    browser.no_complaints(&["401"]);
}
