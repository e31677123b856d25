//! A new user brings the files of a whole sales team in through the browser, unedited.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use kezhan_tests::import::fixture;

/// Through the wizard with one file: what is missing is made, what is proposed is taken.
fn bring_in(browser: &Browser, object: &str, file: &str) {
    browser.goto(&format!("/imports?object={object}"));
    browser.upload("#import-file", &fixture("crm-sales").join(file));
    browser.sees("下一步：检查");
    // One at a time: each choice draws the column anew.
    let make = "const open = [...document.querySelectorAll(\"select[aria-label='无法识别的值']\")].filter(s => \
                s.value != 'create' && s.querySelector('option[value=create]')); \
                if (open.length) { open[0].value = 'create'; open[0].dispatchEvent(new Event('change', {bubbles: true})); } \
                return open.length;";
    if object == "user" {
        browser.until("everything missing is made", || browser.script(make) == 0);
    }
    browser.press("下一步：检查");
    browser.sees("开始导入");
    if ["account", "opportunity"].contains(&object) {
        browser.press("采用 1 项建议");
        browser.sees_no("采用 1 项建议");
    }
    browser.press("开始导入");
    browser.patiently("the import is over", || browser.visible().contains("已完成"));
    browser.screenshot(&format!("crm-sales-{object}"));
}

#[test]
fn four_files_go_in_through_the_browser_and_tell_what_was_won() {
    let server = TestServer::with_web();
    // A company that has customers and deals of its own already.
    let api = server.admin();
    let own = api.create("accounts", serde_json::json!({ "name": "上海鑫茂科技有限公司" }));
    api.create("opportunities", serde_json::json!({ "name": "自己的商机", "account": own["id"], "amount": "999" }));
    let browser = Browser::signed_in(&server, "admin");

    bring_in(&browser, "user", "sales_teams.csv");
    bring_in(&browser, "product", "products.csv");
    bring_in(&browser, "account", "accounts.csv");
    bring_in(&browser, "opportunity", "sales_pipeline.csv");

    // What was won of it stands in the result, and is one step away as a list.
    browser.sees("8,800");
    browser.sees("4,238");
    browser.sees("10,005,534");
    browser
        .script("[...document.querySelectorAll('#import-result a')].find(a => a.innerText.includes('4,238')).click()");
    browser.sees("共 4,238 条");
    browser.sees("10,005,534");
    browser.screenshot("crm-sales-won");

    for (query, found) in [("Betatech", "Betatech"), ("鑫茂", "上海鑫茂科技有限公司")] {
        browser.goto(&format!("/o/accounts?q={query}"));
        browser.sees(found);
    }
    let complaints: Vec<String> = browser.complaints().into_iter().filter(|c| !c.contains("status of 401")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn how_one_file_is_read_says_nothing_of_the_next() {
    let server = TestServer::with_web();
    let browser = Browser::signed_in(&server, "admin");
    let folder = std::env::temp_dir().join(format!("kezhan-headings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let first = file("first.csv", "客户名称,城市\n甲公司,上海\n乙公司,北京\n");
    let second = file("second.csv", "客户名称,城市\n丙公司,杭州\n丁公司,苏州\n");
    browser.goto("/imports?object=account");
    browser.upload("#import-file", &first);
    browser.sees("下一步：检查");
    browser.choose("#import-header-row", "2");
    browser.until("the address says so", || browser.path().contains("header_row=2"));
    // At once, before it is read that way or after.
    browser.press("上一步");
    browser.upload("#import-file", &second);
    browser.sees("下一步：检查");
    browser.until("nothing is said of this one", || !browser.path().contains("header_row"));
    browser.press("下一步：检查");
    browser.sees("开始导入");
    // The first row names the columns, so that both others are records.
    browser.sees("丙公司");
    browser.sees("丁公司");
    std::fs::remove_dir_all(&folder).unwrap();
    browser.no_complaints(&[]);
}
