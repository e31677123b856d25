//! What administrators see of what happened, and everybody of their own account's safety.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::pages::{Demo, PAGES};
use kezhan_tests::server::PASSWORD;
use serde_json::{Value, json};

fn server() -> TestServer {
    TestServer::with_web()
}

#[test]
fn the_audit_log_is_searched_opened_and_taken_along() {
    let server = server();
    let admin = server.admin();
    admin.post("/auth/login", &json!({"username": "admin", "password": "wrong"}));
    let account = admin.create("accounts", json!({"name": "鑫茂科技"}));
    let id = account["id"].as_str().unwrap();
    admin.patch(&format!("/accounts/{id}"), &json!({"city": "杭州"})).ok();
    let browser = Browser::signed_in_at(&server, "admin", "/settings");
    browser.press_css("a[href='/settings/audit']");
    browser.sees("登录失败");
    browser.screenshot("audit");

    browser.choose("#audit-category", "data");
    browser.until("the category is in the address", || {
        browser.script("return location.search").as_str().unwrap_or_default().contains("category=data")
    });
    browser.sees("鑫茂科技");
    browser.choose("#audit-object", "account");
    browser.until("only its entries", || !browser.visible().contains("登录失败"));
    browser.press_css("main ol > li:first-child > button");
    browser.sees("杭州");
    browser.sees("127.0.0.1");
    browser.screenshot("audit-entry");
    browser.screen(390, 844);
    browser.script("document.documentElement.dataset.theme = 'dark'");
    browser.screenshot("audit-phone");
    browser.screen(0, 0);

    // What is seen is in the address, and comes back with it.
    browser.script("location.reload()");
    browser.sees("鑫茂科技");
    let shown = "return document.querySelector('#audit-object').value";
    assert_eq!(browser.script(shown), Value::from("account"));
    let href = browser.script("return document.querySelector('main a[download]').getAttribute('href')");
    assert!(
        href.as_str().unwrap().starts_with("/api/v1/audit/export?format=csv&category=data&object=account"),
        "{href}"
    );
    let file = "return fetch(document.querySelector('main a[download]').href).then(r => r.text())";
    assert!(browser.promised(file).as_str().unwrap_or_default().contains("鑫茂科技"));
    browser.press("清除筛选");
    browser.sees("登录失败");

    browser.press("保留期限");
    browser.fill("#keep-sign_in", "30");
    browser.script("document.querySelector('#keep-sign_in').dispatchEvent(new Event('change', {bubbles: true}))");
    browser.sees("不能小于 180");
    browser.fill("#keep-sign_in", "365");
    browser.script("document.querySelector('#keep-sign_in').dispatchEvent(new Event('change', {bubbles: true}))");
    browser.until("it is kept", || admin.get("/audit/retention").ok()["days"] == json!({"sign_in": 365}));
    browser.no_complaints(&["422"]);
}

#[test]
fn the_audit_log_is_not_for_everybody() {
    let server = server();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    server.user("li", &role, json!({}));
    let browser = Browser::signed_in_at(&server, "li", "/settings/audit");
    browser.sees("这里什么也没有");
    assert_eq!(server.sign_in("li", PASSWORD).get("/audit").status, 403);
    browser.no_complaints(&[]);
}

#[test]
fn a_device_is_signed_out_from_another_and_the_log_tells_of_both() {
    let server = server();
    let role = server.role("看", json!({"account": {"read": "all"}}));
    server.user("li", &role, json!({}));
    let lost = server.sign_in("li", PASSWORD);
    lost.post("/api_keys", &json!({"name": "夜间导出"})).created();
    server.anonymous().post("/auth/login", &json!({"username": "li", "password": "wrong"}));
    let browser = Browser::signed_in(&server, "li");
    browser.press_css("header button[title='我的账户']");
    browser.press("账号安全");
    browser.sees("当前设备");
    browser.sees("登录失败");
    browser.sees("夜间导出");
    browser.screenshot("security");
    browser.press("结束其他全部");
    browser.until("the other one is out", || lost.get("/auth/me").status == 401);
    browser.sees_no("结束其他全部");
    browser.press("吊销");
    browser.sees("使用这把密钥的程序将立即无法访问");
    browser.press_css("dialog .btn-danger");
    browser.sees("还没有 API 密钥");
    browser.fill("#me-current", PASSWORD);
    browser.fill("#me-password", "another password");
    browser.press("修改密码");
    browser.until("the new one is good", || {
        let login = json!({"username": "li", "password": "another password"});
        server.anonymous().post("/auth/login", &login).status == 200
    });
    browser.screen(390, 844);
    browser.screenshot("security-phone");
    browser.no_complaints(&[]);
}

/// What a page's policy forbids the browser leaves out, and says so on the console.
#[test]
fn no_page_asks_for_more_than_its_policy_allows() {
    let demo = Demo::new();
    let browser = demo.browser();
    for page in PAGES {
        assert!(demo.show(&browser, page), "{} does not come", page.name);
        assert_eq!(browser.complaints().iter().filter(|c| !c.contains("status of 401")).count(), 0, "{}", page.name);
    }
    for (path, shows) in [
        ("/o/opportunities?layout=calendar&start=expected_close", "main .ec-event, main .ec-day"),
        ("/o/accounts?layout=chart&by=level", "main svg path"),
        ("/o/accounts?layout=gallery", "main article"),
        ("/o/opportunities?columns=name,amount,source&group=source", "main .grid-group"),
    ] {
        browser.goto(path);
        browser.find(shows);
        browser.no_complaints(&[]);
    }
    // What a chart says of the place pointed at is drawn as well.
    browser.goto("/o/accounts?layout=chart&by=level");
    browser.find("main svg path");
    browser.script(
        "const svg = [...document.querySelectorAll('main svg')].find(s => s.querySelectorAll('path').length > 2); \
         const box = svg.getBoundingClientRect(); \
         for (let x = 0.1; x < 1; x += 0.1) svg.parentElement.dispatchEvent(new MouseEvent('mousemove', \
         {bubbles: true, clientX: box.left + box.width * x, clientY: box.top + box.height * 0.5}))",
    );
    browser.screenshot("chart-pointed-at");
    browser.no_complaints(&[]);

    // The browser does complain of what is not allowed, and leaves it out.
    browser.script("document.querySelector('main').setAttribute('style', 'opacity:0')");
    assert!(browser.complaints().iter().any(|c| c.contains("Content Security Policy")));
    assert_eq!(browser.script("return getComputedStyle(document.querySelector('main')).opacity"), "1");
}

/// Whatever a field holds, a page shows it as text.
#[test]
fn what_people_write_never_runs() {
    let server = workplace("王伟");
    let wang = server.sign_in("wang", PASSWORD);
    let evil = "<img src=x onerror=window.pwned=1><script>window.pwned=1</script>\"'><svg onload=window.pwned=1>";
    let fields = |object: &str| {
        let meta = server.admin().get(&format!("/meta/objects/{object}")).ok();
        let texts = meta["fields"].as_array().unwrap().iter().filter(|f| {
            ["text", "long_text", "rich_text"].contains(&f["type"].as_str().unwrap())
                && f["read_only"] != true
                && f["unique"] != true
        });
        texts.map(|f| f["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let stuffed = |object: &str, more: Value| {
        let mut record = more;
        for key in fields(object) {
            if record.get(&key).is_none() {
                record[&key] = json!(evil);
                if server.admin().post(&format!("/{object}s"), &json!({"name": "x", &key: evil})).status != 201 {
                    record.as_object_mut().unwrap().remove(&key);
                }
            }
        }
        wang.create(&format!("{object}s"), record)
    };
    let account = stuffed("account", json!({"name": evil}));
    let contact = stuffed("contact", json!({"name": evil, "account": account["id"]}));
    wang.create("follow_ups", json!({"content": evil, "account": account["id"]}));
    let browser = Browser::signed_in(&server, "wang");
    for path in [
        "/o/accounts".to_owned(),
        format!("/o/accounts/{}", account["id"].as_str().unwrap()),
        format!("/o/accounts/{}?edit=1", account["id"].as_str().unwrap()),
        "/o/contacts".to_owned(),
        format!("/o/contacts/{}", contact["id"].as_str().unwrap()),
        "/o/accounts?layout=gallery".to_owned(),
        format!("/o/accounts?q={}", "%3Cimg%20src=x%20onerror=window.pwned=1%3E"),
    ] {
        browser.goto(&path);
        browser.until("the page is there", || {
            browser.script("return !!document.querySelector('main') && !document.querySelector('.skeleton-bar')")
                == true
        });
        if !path.ends_with("edit=1") && !path.contains("%3C") {
            browser.sees("<img src=x onerror=window.pwned=1>");
        }
        let ran = "return window.pwned === undefined && !document.querySelector('img[src=x], svg[onload]')";
        assert_eq!(browser.script(ran), true, "{path}");
    }
    browser.screenshot("written-as-text");
    browser.no_complaints(&["404"]);
}
