//! The table of a list, in a real browser: groups, order and height of rows.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use serde_json::{Value, json};

fn server() -> TestServer {
    workplace("wang")
}

/// The lines of the table from top to bottom, each as the text it shows.
fn lines(browser: &Browser) -> Vec<String> {
    let script = "return [...document.querySelectorAll('[role=rowgroup] [role=row]')]
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map(row => row.innerText.replace(/\\s+/g, ' ').trim())";
    let lines = browser.script(script);
    lines.as_array().into_iter().flatten().filter_map(|l| l.as_str().map(str::to_owned)).collect()
}

#[track_caller]
fn sees_lines(browser: &Browser, what: &str, expected: &[&str]) {
    let matches = |lines: &[String]| {
        lines.len() == expected.len() && lines.iter().zip(expected).all(|(line, start)| line.starts_with(start))
    };
    browser.until(&format!("{what}: {:?}", lines(browser)), || matches(&lines(browser)));
}

const LEFT: &str = "\u{E012}";
const UP: &str = "\u{E013}";
const ESCAPE: &str = "\u{E00C}";
const ENTER: &str = "\u{E007}";

#[test]
fn groups_have_sums_by_currency_fold_by_key_and_follow_what_is_written() {
    let server = server();
    let api = server.sign_in("wang", kezhan_tests::server::PASSWORD);
    for (name, amount, currency, level) in [
        ("海淀机房改造", "120000", "CNY", "referral"),
        ("西湖茶园监测", "30000", "CNY", "referral"),
        ("Thames Sensors", "500", "GBP", "referral"),
        ("园区续费", "8000", "CNY", "trade_fair"),
    ] {
        api.create("opportunities", json!({"name": name, "amount": amount, "currency": currency, "source": level}));
    }
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities?columns=name,amount,source&group=source");
    sees_lines(
        &browser,
        "each group with its records",
        &["转介绍 3", "Thames", "西湖茶园监测", "海淀机房改造", "展会 1", "园区续费"],
    );
    browser.screenshot("list-grouped");
    assert!(lines(&browser)[0].contains("¥150,000.00 £500.00"), "{:?}", lines(&browser));
    assert!(lines(&browser)[4].contains("¥8,000.00"));

    // The head is a line like any other: arrows reach it, Left folds it, and the address says so.
    browser.press_css("#cell-1-0");
    browser.keys(UP);
    browser.keys(LEFT);
    sees_lines(&browser, "the first group is folded", &["转介绍 3", "展会 1", "园区续费"]);
    assert_eq!(browser.script("return document.querySelector('#row-0').ariaExpanded"), "false");
    assert!(browser.path().contains("fold=referral"), "{}", browser.path());
    browser.keys(ENTER);
    browser.until("it is open again", || lines(&browser).len() == 6);

    // A record that gets another value goes to its group, and the sums follow.
    browser.press_css("#cell-2-2");
    browser.keys(ENTER);
    browser.fill("#cell-editor", "展会");
    browser.press_css("#cell-editor-list [role=option]:only-child");
    sees_lines(
        &browser,
        "the record has moved",
        &["转介绍 2", "Thames", "海淀机房改造", "展会 2", "园区续费", "西湖茶园监测"],
    );
    assert!(lines(&browser)[3].contains("¥38,000.00"), "{:?}", lines(&browser));

    // Groups within groups, from the panel; a saved view keeps them.
    browser.press_css("[aria-label^='分组']");
    browser.find("#group-1");
    browser.script(
        "const s = document.querySelector('#group-1'); s.value = 'created_at'; s.dispatchEvent(new Event('change'))",
    );
    browser.until("the inner groups are months", || {
        let lines = lines(&browser);
        lines.len() == 8 && lines[1].contains('年') && lines[1].contains("月 2")
    });
    assert!(browser.path().contains("group=source%2Ccreated_at%3Amonth"), "{}", browser.path());
    browser.screenshot("list-grouped-twice");
    browser.keys(ESCAPE);
    browser.press("更多");
    browser.press("保存为视图");
    browser.fill("#view-name", "按来源");
    browser.press("保存");
    browser.sees("视图已保存");
    let depth = "return document.querySelector('.grid-group')?.getAttribute('aria-level')";
    browser.until("a head says how deep it stands", || browser.script(depth) == "1");
    browser.goto("/o/opportunities");
    browser.press("按来源");
    browser.until("the view is grouped", || lines(&browser).len() == 8);
    browser.no_complaints(&[]);
}

#[test]
fn a_great_group_comes_page_by_page() {
    let server = server();
    let api = server.sign_in("wang", kezhan_tests::server::PASSWORD);
    let operations: Vec<Value> =
        (0..260).map(|n| json!({"op": "create", "record": {"name": format!("客户{n:03}"), "city": "北京"}})).collect();
    api.post("/accounts/batch", &json!({"operations": operations})).ok();
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,city&group=owner");
    browser.until("the first page is there", || lines(&browser).iter().any(|l| l.contains("客户259")));
    let bottom = "const s = document.querySelector('[role=treegrid]').parentElement; s.scrollTop = s.scrollHeight";
    browser.until("the last record comes into sight", || {
        browser.script(bottom);
        lines(&browser).iter().any(|l| l.contains("客户000"))
    });
    // Wherever one jumps, lines cover what is seen, and more.
    let covered = "const s = document.querySelector('[role=treegrid]').parentElement.getBoundingClientRect();
        const at = [...document.querySelectorAll('[role=rowgroup] [role=row]')].map(row => row.getBoundingClientRect());
        return Math.min(...at.map(r => r.top)) <= s.top + 72 && Math.max(...at.map(r => r.bottom)) >= s.bottom";
    for place in [0, 5_000, 2_000] {
        browser.script(&format!("document.querySelector('[role=treegrid]').parentElement.scrollTop = {place}"));
        browser.until("the table is full", || browser.script(covered) == true);
    }
    browser.script(bottom);
    browser.until("the last record is back", || lines(&browser).iter().any(|l| l.contains("客户000")));
    // The head of its group has stayed below those of the columns, and is where it was once the group is folded.
    let gap = "const [columns, group] = ['.grid-head', '.grid-group'].map(c => document.querySelector(c).getBoundingClientRect());
        return group.top - columns.bottom";
    assert_eq!(browser.script(gap), 0);
    browser.press_css(".grid-group");
    browser.until("the group is folded", || lines(&browser).len() == 1);
    assert_eq!(browser.script(gap), 0);
    browser.no_complaints(&[]);
}

#[test]
fn pages_and_writes_leave_the_reader_where_they_are() {
    let server = server();
    let api = server.sign_in("wang", kezhan_tests::server::PASSWORD);
    let operations: Vec<Value> =
        (0..260).map(|n| json!({"op": "create", "record": {"name": format!("客户{n:03}"), "city": "北京"}})).collect();
    api.post("/accounts/batch", &json!({"operations": operations})).ok();
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,city");
    browser.sees("客户259");
    let place = "const s = document.querySelector('[role=grid]').parentElement; return [s.scrollTop, s.scrollHeight]";
    let at = || {
        let place = browser.script(place);
        (place[0].as_i64().unwrap(), place[1].as_i64().unwrap())
    };
    let whole = 260 * 36;
    for to in [2_600, 6_200, 8_000] {
        browser.script(&format!("document.querySelector('[role=grid]').parentElement.scrollTop = {to}"));
        // The next page comes, and what is there grows by it below the reader.
        browser.until("another page is there", || at().1 > (to + 1_600).min(whole));
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(at().0, to);
    }
    let row = "[...document.querySelectorAll('.grid-row')].find(r => r.innerText.includes('客户030'))";
    browser.until("the row is there", || browser.script(&format!("return !!{row}")) == true);
    browser.script(&format!("{row}.querySelector('input[type=checkbox]').click()"));
    browser.sees("已选 1 条");
    browser.press("删除");
    browser.until("it is gone", || api.get("/accounts?count=exact&limit=1").ok()["count"] == 259);
    browser.until("the table is as long as it was, but for it", || at().1 < whole + 40 && at().1 > whole - 80);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!((at().0 - 8_000).abs() < 40, "{:?}", at());
    browser.no_complaints(&[]);
}

#[test]
fn the_order_has_a_panel_and_rows_are_as_high_as_one_likes() {
    let server = server();
    let api = server.sign_in("wang", kezhan_tests::server::PASSWORD);
    for (name, city) in [("甲公司", "上海"), ("乙公司", "北京"), ("丙公司", "上海")] {
        api.create("accounts", json!({"name": name, "city": city}));
    }
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?columns=name,city&sort=city");
    sees_lines(&browser, "by city", &["甲公司", "丙公司", "乙公司"]);
    browser.press("排序");
    browser.find("#sort-panel");
    browser.script(
        "const s = document.querySelector('#sort-panel > select'); s.value = 'created_at'; s.dispatchEvent(new Event('change'))",
    );
    browser.until("there are two keys", || browser.path().contains("sort=city%2Ccreated_at"));
    browser.press_css("[aria-label='升序 创建时间']");
    sees_lines(&browser, "the newest of each city first", &["丙公司", "甲公司", "乙公司"]);
    browser.screenshot("list-sort-panel");
    browser.press_css("[aria-label='上移 创建时间']");
    sees_lines(&browser, "the newest first", &["丙公司", "乙公司", "甲公司"]);
    browser.press_css("[aria-label='移除 创建时间']");
    sees_lines(&browser, "by city again", &["甲公司", "丙公司", "乙公司"]);
    browser.keys(ESCAPE);

    let height = "return document.querySelector('[role=rowgroup] [role=row]')?.offsetHeight";
    assert_eq!(browser.script(height), 36);
    browser.goto("/preferences");
    browser.press("紧凑");
    browser.script("history.back()");
    browser.until("rows are low", || browser.script(height) == 30);
    let second = "return document.querySelector('#row-1').getBoundingClientRect().top
        - document.querySelector('#row-0').getBoundingClientRect().top";
    assert_eq!(browser.script(second), 30);
    browser.no_complaints(&[]);
}
