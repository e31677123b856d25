//! What one does all day and notices at once when it fails: heads over their columns, cells that take a click, a record
//! page that one does not lose.

use kezhan_tests::TestServer;
use kezhan_tests::browser::Browser;
use serde_json::{Value, json};

fn heads(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[role=columnheader] .truncate')].map(e => e.textContent)";
    browser.script(script).as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// It shows under the pointer and has the keyboard.
fn menu(browser: &Browser, column: &str) {
    browser.script(&format!("document.querySelector('[aria-label=\"{column}列的操作\"]').focus()"));
    browser.keys("\u{E007}");
}

#[test]
fn heads_stand_over_their_columns_whatever_is_done_with_those() {
    let server = TestServer::with_web();
    let api = server.admin();
    api.create("accounts", json!({"name": "西湖茶业", "level": "a", "city": "杭州"}));
    let browser = Browser::signed_in_at(&server, "admin", "/o/accounts?columns=name,level,city");
    browser.until("three", || heads(&browser).len() == 3);
    let first = heads(&browser);
    menu(&browser, &first[1]);
    browser.press("隐藏此列");
    let two = [first[0].clone(), first[2].clone()];
    browser.until("one is hidden", || heads(&browser) == two);
    browser.script("history.back()");
    browser.until("Back brings it back", || heads(&browser) == first);
    browser.script("history.forward()");
    browser.until("it is hidden again", || heads(&browser) == two);
    let cells = "return document.querySelectorAll('#row-0 [role=gridcell]').length - 1";
    assert_eq!(browser.script(cells), json!(2));
    menu(&browser, &first[2]);
    browser.press("冻结到此列");
    browser.until("it holds", || {
        browser.script("return document.querySelectorAll('.grid-head-cell.grid-held').length") == json!(2)
    });
    browser.no_complaints(&[]);
}

#[test]
fn an_empty_cell_is_as_high_as_its_row_and_takes_a_click() {
    let server = TestServer::with_web();
    let api = server.admin();
    let tags = ["重点跟进", "年框", "VIP", "茶叶", "出口", "华东大区"];
    api.create("accounts", json!({"name": "西湖茶业", "tags": tags}));
    let browser = Browser::signed_in_at(&server, "admin", "/o/accounts?columns=name,city,tags");
    browser.sees("西湖茶业");
    // Of many tags those that fit are whole, and the last says how many more there are.
    let fit = "const cell = document.getElementById('cell-0-2').getBoundingClientRect(), all = [...document.querySelectorAll('#cell-0-2 .tag')];
        const seen = all.filter(tag => tag.offsetTop === all[0].offsetTop);
        return [all.length, seen.length > 0 && seen.length < all.length, seen.every(tag => tag.getBoundingClientRect().right < cell.right),
          seen.at(-1).dataset.more === `+${all.length - seen.length}`]";
    assert_eq!(browser.script(fit), json!([6, true, true, true]));
    // In the middle and at the edge: nothing else may lie there.
    let under = |share: f64| {
        browser.script(&format!(
            "const r = document.getElementById('row-0').getBoundingClientRect(), c = document.getElementById('cell-0-1').getBoundingClientRect(); \
             return document.elementFromPoint(c.left + c.width / 2, r.top + r.height * {share}).closest('[role=gridcell]')?.id"
        ))
    };
    for share in [0.1, 0.5, 0.9] {
        assert_eq!(under(share), json!("cell-0-1"), "at {share}");
    }
    browser.press_css("#cell-0-1");
    browser.keys("杭州");
    browser.keys("\u{E007}");
    browser.until("it is written", || api.get("/accounts").ok()["data"][0]["city"] == "杭州");
}

#[test]
fn a_transfer_needs_somebody_to_transfer_to() {
    let server = TestServer::with_web();
    let api = server.admin();
    let lead = api.create("leads", json!({"name": "张三", "company": "瑞安线缆厂"}));
    let browser = Browser::signed_in_at(&server, "admin", "/o/leads");
    browser.sees("瑞安线缆厂");
    browser.press_css("#row-0 input[type=checkbox]");
    browser.press("转移负责人");
    browser.sees("已选 1 条");
    let off = "return [...document.querySelectorAll('dialog footer button')].at(-1).disabled";
    assert_eq!(browser.script(off), json!(true));
    browser.pick("#batch-value", "admin", "admin");
    browser.until("now it can be", || browser.script(off) == json!(false));
    let now = api.get(&format!("/leads/{}", lead["id"].as_str().unwrap())).ok();
    assert_eq!(now["owner"], lead["owner"], "nothing has happened yet");
}

#[test]
fn what_hangs_on_a_record_is_added_without_leaving_it() {
    let server = TestServer::with_web();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "西湖茶业"}))["id"].as_str().unwrap().to_owned();
    let path = format!("/o/accounts/{account}");
    let browser = Browser::signed_in_at(&server, "admin", &format!("{path}?tab=contact.account"));
    browser.press("新建联系人");
    browser.fill("#field-name", "陈静");
    browser.press("保存");
    browser.until("it is there", || api.get("/contacts").ok()["data"][0]["account"] == account.as_str());
    browser.sees("陈静");
    assert!(browser.path().starts_with(&path) && !browser.path().contains("new="), "{}", browser.path());
    // A form that is closed while something is typed into it goes without a complaint.
    browser.press("新建联系人");
    browser.fill("#field-name", "李");
    browser.keys("\u{E00C}");
    browser.until("it is closed", || {
        browser.script("return document.querySelector('dialog[open]') === null") == json!(true)
    });
    browser.no_complaints(&[]);
}

#[test]
fn a_reload_keeps_the_place_in_the_list_and_what_was_begun() {
    let server = TestServer::with_web();
    let api = server.admin();
    for name in ["甲", "乙", "丙"] {
        api.create("accounts", json!({"name": name}));
    }
    let browser = Browser::signed_in_at(&server, "admin", "/o/accounts");
    browser.press("乙");
    browser.sees("2 / 3");
    browser.fill("#follow-up-content", "谈到一半");
    browser.script("location.reload()");
    browser.sees("2 / 3");
    let words = "return document.getElementById('follow-up-content')?.value";
    browser.until("the words are there", || browser.script(words) == json!("谈到一半"));
    browser.press("记录跟进");
    browser.until("it is kept", || api.get("/follow_ups").ids().len() == 1);
    browser.script("location.reload()");
    browser.sees("谈到一半");
    assert_eq!(browser.script(words), json!(""));
}

#[test]
fn a_stage_says_in_the_form_what_it_asks_for_and_comes_in_its_place() {
    let server = TestServer::with_web();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "西湖茶业"}))["id"].clone();
    let stages = api.get("/stages?sort=sort_order&limit=50").ok();
    let names =
        |key: &str| -> Vec<Value> { stages["data"].as_array().unwrap().iter().map(|s| s[key].clone()).collect() };
    let browser = Browser::signed_in_at(
        &server,
        "admin",
        &format!("/o/opportunities?new=1&with.account={}", account.as_str().unwrap()),
    );
    browser.press_css("#field-stage");
    let offered = "return [...document.querySelectorAll('[role=option] .truncate, [role=option]')].map(e => e.textContent.trim()).filter((t, i, all) => t && all.indexOf(t) === i)";
    browser.until("the first stage is first", || {
        let offered = browser.script(offered);
        offered.as_array().is_some_and(|all| {
            all.first().and_then(Value::as_str).is_some_and(|t| t.contains(names("name")[0].as_str().unwrap()))
        })
    });
    browser.pick("#field-stage", "输单", "输单");
    browser.sees("输单原因");
    let required =
        "return document.getElementById('field-lost_reason')?.closest('div').parentElement.textContent.includes('*')";
    browser.until("it is asked for", || browser.script(required) == json!(true));
    browser.press("保存");
    browser.sees("必填");
    assert!(api.get("/opportunities").ids().is_empty());
    browser.no_complaints(&[]);
}

#[test]
fn a_long_timeline_is_there_to_its_end_and_stays_so() {
    let server = TestServer::with_web();
    let api = server.admin();
    let account = api.create("accounts", json!({"name": "西湖茶业"}))["id"].as_str().unwrap().to_owned();
    for n in 0..15 {
        api.create("follow_ups", json!({"content": format!("第{n}次拜访"), "account": account}));
    }
    let browser = Browser::signed_in_at(&server, "admin", &format!("/o/accounts/{account}"));
    let all = || (0..15).all(|n| browser.visible().contains(&format!("第{n}次拜访")));
    browser.until("every visit", all);
    browser.fill("#follow-up-content", "再次拜访");
    browser.press("记录跟进");
    browser.until("the new one and all before it", || {
        all() && browser.script("return document.querySelector('ol').innerText.includes('再次拜访')") == true
    });
}
