//! Ranges of cells in a list, in a real browser: copied, pasted, filled, written by an input method; and all that match
//! changed at once.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

fn server() -> TestServer {
    workplace("wang")
}

const SHIFT: &str = "\u{E008}";
const NONE: &str = "\u{E000}";
const CONTROL: &str = "\u{E009}";
const DOWN: &str = "\u{E015}";
const RIGHT: &str = "\u{E014}";
const ESCAPE: &str = "\u{E00C}";

fn column(api: &Api, field: &str) -> Vec<Value> {
    let page = api.get(&format!("/accounts?sort=name&fields={field}")).ok();
    page["data"].as_array().unwrap().iter().map(|r| r[field].clone()).collect()
}

fn three_accounts(api: &Api) {
    for (name, city, employees) in [("A1 公司", "北京", 10), ("A2 公司", "上海", 20), ("A3 公司", "广州", 30)]
    {
        api.create("accounts", json!({"name": name, "city": city, "employees": employees}));
    }
}

/// What the page puts on the clipboard when it is asked to copy.
fn copied(browser: &Browser) -> String {
    let script = "const data = new DataTransfer();
        document.activeElement.dispatchEvent(new ClipboardEvent('copy', {clipboardData: data, bubbles: true, cancelable: true}));
        return data.getData('text/plain') + '|' + data.getData('text/html')";
    browser.script(script).as_str().unwrap_or_default().to_owned()
}

fn paste(browser: &Browser, text: &str) {
    let script = format!(
        "const data = new DataTransfer(); data.setData('text/plain', {});
        document.activeElement.dispatchEvent(new ClipboardEvent('paste', {{clipboardData: data, bubbles: true, cancelable: true}}))",
        json!(text)
    );
    browser.script(&script);
}

#[test]
fn ranges_are_copied_pasted_and_filled_each_with_one_way_back() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    three_accounts(&api);
    let browser = Browser::signed_in_at(
        &server,
        "wang",
        "/o/accounts?columns=name,city,employees,level,next_contact_at,created_at&sort=name",
    );
    browser.sees("A3 公司");

    // Copied as a spreadsheet takes it.
    browser.press_css("#cell-0-1");
    browser.until("the range's tools are there", || {
        browser.script("return !!document.querySelector('#fill-handle')") == true
    });
    browser.keys(&format!("{SHIFT}{DOWN}{RIGHT}{NONE}"));
    browser.until("two rows of two columns are chosen", || browser.visible().contains("已选 2 行 2 列"));
    let text = copied(&browser);
    assert!(text.starts_with("北京\t10\r\n上海\t20|<table><tr><td>北京</td>"), "{text}");

    // From a spreadsheet: labels of options, customary dates and numbers; what cannot be taken is named and left.
    browser.press_css("#cell-0-1");
    paste(&browser, "深圳\t1,200\tA\t2026年12月1日 9:30\t2020-01-01\r\n\"杭州\"\t很多\tnobody\t2026/12/02\t\r\n");
    browser.sees("3 个单元格未能粘贴");
    browser.screenshot("list-pasted");
    let said = browser.visible();
    assert!(said.contains("A2 公司 · 员工人数") && said.contains("很多"), "{said}");
    assert!(said.contains("A2 公司 · 客户级别") && said.contains("nobody"), "{said}");
    assert!(said.contains("A1 公司 · 创建时间") && said.contains("创建时间不能在这里修改"), "{said}");
    browser.press_css("dialog[open] footer button:last-child");
    browser.until("it is stored", || column(&api, "city") == ["深圳", "杭州", "广州"]);
    assert_eq!(column(&api, "employees"), [1200, 20, 30]);
    assert_eq!(column(&api, "level")[0], json!("a"));
    // A time is meant as the page shows it.
    assert!(browser.script("return document.querySelector('#cell-0-4').innerText") == "2026-12-01 09:30");
    browser.keys(&format!("{CONTROL}z{NONE}"));
    browser.until("all of it is back", || {
        column(&api, "city") == ["北京", "上海", "广州"] && column(&api, "employees") == [10, 20, 30]
    });
    assert_eq!(column(&api, "next_contact_at"), [Value::Null, Value::Null, Value::Null]);

    // Filled down, and back by one press.
    browser.press_css("#cell-0-1");
    browser.keys(&format!("{SHIFT}{DOWN}{DOWN}{NONE}"));
    browser.keys(&format!("{CONTROL}d{NONE}"));
    browser.sees("已填充 2 个单元格");
    browser.until("all have the first value", || column(&api, "city") == ["北京", "北京", "北京"]);
    browser.keys(&format!("{CONTROL}z{NONE}"));
    browser.until("each has its own again", || column(&api, "city") == ["北京", "上海", "广州"]);
    browser.no_complaints(&[]);
}

#[test]
fn an_input_method_composes_in_the_cell_from_its_first_letter() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    three_accounts(&api);
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,city&sort=name");
    browser.press_css("#cell-1-1");
    browser.until("the input has the focus", || browser.script("return document.activeElement.id") == "grid-input");
    browser.compose(&["n", "na", "nan"], "南京");
    browser.until("the editor has what was composed", || {
        browser.script("return document.querySelector('#cell-editor')?.value ?? ''") == "南京"
    });
    browser.keys("\u{E007}");
    browser.until("it is stored", || column(&api, "city") == ["北京", "南京", "广州"]);
    browser.keys(ESCAPE);
    browser.no_complaints(&[]);
}

#[test]
fn a_name_that_is_shown_in_english_is_changed_in_english() {
    let server = server();
    let admin = server.admin();
    let both = admin.create("pipelines", json!({"name": "渠道流程", "name_en": "Channels"}));
    let one = admin.create("pipelines", json!({"name": "直销"}));
    admin.patch("/auth/me", &json!({"locale": "en"})).ok();
    let browser = Browser::signed_in_at(&server, "admin", "/o/pipelines?layout=table&columns=name");
    let choose = |shown: &str| {
        browser.sees(shown);
        let row = format!(
            "return [...document.querySelectorAll('.grid-row')].find(r => r.innerText.includes('{shown}')).dataset.row"
        );
        browser.press_css(&format!("#cell-{}-0", browser.script(&row).as_str().unwrap()));
    };
    let stored = |record: &Value, expected: [&str; 2]| {
        let path = format!("/pipelines/{}?fields=name,name_en", record["id"].as_str().unwrap());
        browser.until("it is stored", || {
            let stored = admin.get(&path).ok();
            expected == ["name", "name_en"].map(|key| stored[key].as_str().unwrap_or_default().to_owned())
        });
    };
    choose("Channels");
    browser.keys("Partners\u{E007}");
    stored(&both, ["渠道流程", "Partners"]);
    choose("直销");
    browser.keys("Direct\u{E007}");
    stored(&one, ["Direct", ""]);

    // What is copied is what is shown, and what is pasted is shown in its place.
    choose("Partners");
    assert!(copied(&browser).starts_with("Partners|"), "{}", copied(&browser));
    paste(&browser, "Resellers");
    stored(&both, ["渠道流程", "Resellers"]);
    choose("Direct");
    paste(&browser, "Directly");
    stored(&one, ["Directly", ""]);
    choose("Resellers");
    browser.sees("Resellers");
    browser.no_complaints(&[]);
}

#[test]
fn who_writes_before_the_editor_is_there_loses_nothing() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    three_accounts(&api);
    let browser = Browser::signed_in(&server, "wang");
    browser.at_first(
        "const ask = window.fetch; let slow = false; addEventListener('keydown', () => slow = true, true);
         window.fetch = async (...of) => {
            if (slow && String(of[0].url ?? of[0]).includes('.wasm')) await new Promise(done => setTimeout(done, 1500));
            return ask(...of) }",
    );
    browser.goto("/o/accounts?columns=name,city,employees&sort=name");
    browser.press_css("#cell-0-1");
    browser.keys("杭州\u{E007}宁波\u{E004}25\u{E007}");
    browser.until("each cell has its own", || {
        column(&api, "city") == ["杭州", "宁波", "广州"] && column(&api, "employees") == [10, 25, 30]
    });
    browser.no_complaints(&[]);
}

#[test]
fn all_that_match_are_changed_by_a_job_and_put_back() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let operations: Vec<Value> = (0..230)
        .map(|n| json!({"op": "create", "record": {"name": format!("客户{n:03}"), "city": if n < 220 { "北京" } else { "上海" }}}))
        .collect();
    api.post("/accounts/batch", &json!({"operations": operations})).ok();
    let count = |city: &str| {
        let query = json!({"filter": {"field": "city", "op": "eq", "value": city}, "count": "exact", "limit": 1});
        api.post("/accounts/query", &query).ok()["count"].as_i64().unwrap()
    };
    let browser = Browser::signed_in(&server, "wang");
    let filter = "%7B%22field%22%3A%22city%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A%22%E5%8C%97%E4%BA%AC%22%7D";
    browser.goto(&format!("/o/accounts?columns=name,city&filter={filter}"));
    browser.sees("客户219");
    browser.press_css("[role=columnheader] input[type=checkbox]");
    browser.press("选择全部 220 条符合条件的记录");
    browser.sees("已选 220 条");
    // All but one.
    browser.press_css("#row-2 input[type=checkbox]");
    browser.sees("已选 219 条");
    browser.screenshot("list-all-matching");
    browser.press("批量修改");
    browser.fill("#batch-field", "城市");
    browser.press_css("#batch-field-list [role=option]:only-child");
    browser.fill("#batch-value", "南京");
    browser.press("保存");
    browser.patiently("the job is done", || browser.visible().contains("城市已改为“南京” · 已修改 219 条"));
    assert_eq!((count("南京"), count("北京"), count("上海")), (219, 1, 10));
    browser.press("撤销");
    browser.patiently("it is taken back", || browser.visible().contains("已撤销 219 条的修改"));
    assert_eq!((count("南京"), count("北京")), (0, 220));
    browser.no_complaints(&[]);
}

#[test]
fn a_row_that_is_no_longer_asked_for_says_so_and_stays_until_the_next_look() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    three_accounts(&api);
    let list =
        "/o/accounts?columns=name,city&filter=%7B%22field%22:%22city%22,%22op%22:%22eq%22,%22value%22:%22北京%22%7D";
    let browser = Browser::signed_in_at(&server, "wang", list);
    browser.sees("A1 公司");
    browser.sees_no("A2 公司");
    browser.press_css("#cell-0-1");
    browser.keys("天津\u{E007}");
    let told = || browser.script("return document.querySelector('#row-0')?.getAttribute('aria-description')");
    browser.until("the row says so", || told() == "已不符合当前筛选条件，下次载入时移出");
    browser.screenshot("stray-row");
    browser.press("撤销");
    browser.until("it belongs here again", || told().is_null());
    browser.sees("A1 公司");
    browser.no_complaints(&[]);
}
