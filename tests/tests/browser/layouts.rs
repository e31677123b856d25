//! Lists laid out otherwise than as a table, and the conditions that narrow them, in a real browser.

use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::{Api, PASSWORD};
use serde_json::{Value, json};

const ALT: &str = "\u{E00A}";
const RIGHT: &str = "\u{E014}";

fn server() -> TestServer {
    workplace("wang")
}

fn value(api: &Api, path: &str, field: &str) -> Value {
    api.get(path).ok()[field].clone()
}

/// Is this text within what the selector finds?
fn within(browser: &Browser, css: &str, text: &str) -> bool {
    let found = browser.script(&format!("return document.querySelector({})?.innerText ?? ''", json!(css)));
    found.as_str().is_some_and(|t| t.contains(text))
}

#[test]
fn conditions_reach_parts_of_addresses_and_related_records_and_read_as_sentences() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let place = |province: &str, city: &str| json!({"country": "CN", "province": province, "city": city});
    let first = api.create("accounts", json!({"name": "西湖茶业", "address": place("浙江省", "杭州市")}));
    api.create("accounts", json!({"name": "宁波港务", "address": place("浙江省", "宁波市")}));
    api.create("accounts", json!({"name": "海淀科技", "address": place("北京市", "北京市")}));
    api.create("opportunities", json!({"name": "茶园监测", "account": first["id"], "amount": "30000"}));
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts");
    browser.sees("海淀科技");

    // A key pressed too soon throws nothing away.
    browser.press("筛选");
    browser.fill("#filter-builder [id^=filter-field]", "详细地址 › 省份");
    let offered = "#filter-builder [id^=filter-field][id$=-list] [role=option]:first-child";
    browser.press_css(offered);
    browser.until("the condition is begun", || {
        browser.script("return !!document.querySelector('#filter-builder [data-operand] input')") == true
    });
    browser.press_css("#filter-builder [data-operand] input");
    for _ in 0..2 {
        browser.keys("\u{E00C}");
    }
    browser
        .until("the builder is closed", || browser.script("return !document.querySelector('#filter-builder')") == true);
    browser.press("筛选");
    browser.sees("已恢复上次没有应用的条件");
    browser.find("#filter-builder [data-operand] input");
    browser.press("放弃");
    browser.sees_no("已恢复上次没有应用的条件");
    browser.until("one begins anew", || {
        browser.script("return !document.querySelector('#filter-builder [data-operand] input')") == true
    });
    browser.keys("\u{E00C}");

    browser.press("筛选");
    browser.until("one can begin to write", || {
        browser.script("return document.activeElement.matches('#filter-builder [data-part] input')") == true
    });
    browser.fill("#filter-builder [id^=filter-field]", "详细地址 › 省份");
    let first = format!("return document.querySelector({offered:?})?.innerText.trim()");
    browser.until("only what fits is offered", || browser.script(&first) == "详细地址 › 省份");
    browser.press_css(offered);
    browser.fill("#filter-builder [data-operand] input", "浙江");
    browser
        .until("the regions are there", || within(&browser, "#filter-builder [data-operand] [role=option]", "浙江省"));
    browser.press_css("#filter-builder [data-operand] [role=option]:first-child");
    browser.press("应用");
    browser.sees("详细地址 › 省份 等于 浙江省");
    browser.sees_no("海淀科技");
    browser.sees("宁波港务");

    // The chip opens the builder at its condition; related records join in.
    browser.press("详细地址 › 省份 等于 浙江省");
    browser.press("添加关联条件");
    browser.press("商机");
    browser.screenshot("filter-builder");
    browser.press("应用");
    browser.sees("有关联的商机");
    browser.sees_no("宁波港务");
    browser.sees("西湖茶业");
    browser.press("移除条件 详细地址 › 省份 等于 浙江省");
    browser.sees_no("浙江省");
    browser.sees_no("宁波港务");
    assert!(browser.path().contains("exists"), "{}", browser.path());

    // What cannot be understood shows nothing, and says so.
    for (asked, layout) in
        [("nonsense", "table"), ("%7B%22field%22%3A%22nope%22%2C%22op%22%3A%22eq%22%2C%22value%22%3A1%7D", "chart")]
    {
        browser.goto(&format!("/o/accounts?layout={layout}&filter={asked}"));
        browser.sees("无法识别筛选条件");
        browser.sees_no("西湖茶业");
    }
    browser.press("表格");
    browser.press("清除筛选");
    browser.sees("西湖茶业");
    browser.sees("海淀科技");

    // On a phone the builder comes from below.
    browser.screen(390, 844);
    browser.press("筛选");
    browser.until("the sheet stands at the lower edge", || {
        browser.script("const r = document.querySelector('dialog[open]').getBoundingClientRect(); return r.width === innerWidth && Math.abs(r.bottom - innerHeight) < 2") == true
    });
    browser.screenshot("filter-phone");
    browser.no_complaints(&[]);
}

#[test]
fn a_board_has_lanes_and_asks_for_what_a_stage_requires() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let deal = api.create("opportunities", json!({"name": "海淀机房改造", "amount": "120000", "source": "referral"}));
    api.create("opportunities", json!({"name": "西湖茶园监测", "amount": "30000"}));
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let browser = Browser::signed_in_at(&server, "wang", "/o/opportunities?layout=kanban&lane=source");
    browser.sees("海淀机房改造");
    browser.until("both lanes are there", || within(&browser, "#board", "未填写"));
    browser.until("each says what it comes to", || {
        let heads = browser
            .script("return [...document.querySelectorAll('#board h3')].map(h => h.innerText.replace(/\\s+/g, ' '))");
        let heads: Vec<&str> = heads.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        heads.contains(&"转介绍 1 ¥120,000.00") && heads.contains(&"未填写 1 ¥30,000.00")
    });
    browser.screenshot("board-lanes");

    // Lost deals say why: first nothing, then a reason.
    browser.press("移动“海淀机房改造”");
    browser.press("移动到“输单”");
    browser.sees("输单原因");
    browser.press("继续");
    browser.sees("必填");
    browser.fill("#ask-lost_reason", "预算取消");
    browser.screenshot("board-ask");
    browser.press("继续");
    browser.sees("“海淀机房改造”已移动到“输单”");
    browser.until("the reason is kept", || value(&api, &path, "lost_reason") == "预算取消");
    assert_eq!(value(&api, &path, "outcome"), "lost");
    browser.press("撤销");
    browser.until("the deal is open again", || value(&api, &path, "outcome") == "open");

    // Who does not say why leaves the card where it was.
    browser.press("移动“西湖茶园监测”");
    browser.press("移动到“输单”");
    browser.sees("输单原因");
    browser.press("取消");
    browser.until("the card is back", || within(&browser, "[data-lane][data-column='0']", "海淀机房改造"));
    browser.until("the other too", || {
        browser.script("return document.querySelectorAll(\"[data-column='0'] article\").length") == 2
    });

    // To another lane.
    browser.press("移动“海淀机房改造”");
    browser.fill(".popover input", "未填");
    browser.press("移到泳道“未填写”");
    browser.until("the deal has no source any more", || value(&api, &path, "source").is_null());
    browser.no_complaints(&[]);
}

#[test]
fn a_calendar_shows_moves_and_makes_records_by_day() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let deal = api.create("opportunities", json!({"name": "海淀机房改造", "expected_close": "2026-11-12"}));
    let path = format!("/opportunities/{}", deal["id"].as_str().unwrap());
    let browser =
        Browser::signed_in_at(&server, "wang", "/o/opportunities?layout=calendar&start=expected_close&day=2026-11-10");
    browser.sees("2026年11月");
    browser.find("#calendar [data-id]");
    browser.screenshot("calendar");
    browser.script("document.querySelector('#calendar [data-id]').focus()");
    browser.keys(&format!("{ALT}{RIGHT}"));
    browser.sees("“海淀机房改造”已改到 2026-11-13");
    browser.until("it is stored", || value(&api, &path, "expected_close") == "2026-11-13");
    browser.press("撤销");
    browser.until("it is put back", || value(&api, &path, "expected_close") == "2026-11-12");

    // A press opens the record beside the calendar; "+" makes one on that day.
    browser.press_css("#calendar [data-id]");
    browser.until("it is open beside", || browser.path().contains("peek="));
    // Back closes it, and the list stays.
    browser.script("history.back()");
    browser.until("it is closed", || !browser.path().contains("peek=") && browser.path().contains("layout=calendar"));
    browser.script("document.querySelector(\".ec-plus[data-day='2026-11-20']\").click()");
    browser.until("the form has the day", || {
        browser.script("return [...document.querySelectorAll('dialog input')].some((i) => i.value === '2026-11-20')")
            == true
    });
    browser.goto("/o/opportunities?layout=calendar&start=expected_close&day=2026-11-10");
    browser.press("下一段");
    browser.sees("2026年12月");
    browser.until("the deal is not in this month", || !within(&browser, "#calendar", "海淀机房改造"));
    browser.no_complaints(&[]);
}

#[test]
fn a_crowded_calendar_counts_by_day_and_a_crowded_day_goes_on() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    // Six batches of a hundred on the 12th, and three on the 20th.
    let deals = |from: usize, count: usize, day: &str| {
        let deal = |n| json!({"op": "create", "record": {"name": format!("机房改造{n}"), "expected_close": day}});
        api.post("/opportunities/batch", &json!({"operations": (from..from + count).map(deal).collect::<Vec<_>>()}))
            .ok();
    };
    (0..6).for_each(|batch| deals(batch * 100, 100, "2026-11-12"));
    deals(600, 3, "2026-11-20");

    let browser =
        Browser::signed_in_at(&server, "wang", "/o/opportunities?layout=calendar&start=expected_close&day=2026-11-10");
    browser.sees("记录较多，按天显示数量");
    browser.until("each day says how many", || {
        within(&browser, "#calendar [data-id='day:2026-11-12']", "600 条记录")
            && within(&browser, "#calendar [data-id='day:2026-11-20']", "3 条记录")
    });
    browser.screenshot("calendar-crowded");
    browser.press_css("#calendar [data-id='day:2026-11-12']");
    browser
        .until("the day is shown", || browser.path().contains("day=2026-11-12") && browser.path().contains("span=day"));
    browser.sees("已显示前 400 条记录");
    let shown = || browser.script("return document.querySelectorAll('#calendar [data-id]').length");
    browser.until("as many as are read at once", || shown() == json!(400));
    browser.press("加载更多");
    browser.until("all of them", || shown() == json!(600));
    browser.sees_no("已显示前");
    browser.no_complaints(&[]);
}

#[test]
fn cards_and_charts_are_chosen_kept_in_views_and_lead_back_to_records() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    for (name, level) in [("海淀科技", "a"), ("西湖茶业", "a"), ("苏州电子", "b")] {
        api.create("accounts", json!({"name": name, "level": level}));
    }
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts");
    browser.press("画册");
    browser.find("#gallery #card-0");
    assert!(within(&browser, "#card-0 > [aria-hidden]", "苏"), "the sign of a company is how its name begins");
    browser.script("document.querySelector('#card-0').focus()");
    browser.keys(RIGHT);
    browser.keys("x");
    browser.sees("已选 1 条");
    browser.screenshot("gallery");
    browser.press("取消选择");

    browser.press("图表");
    browser.find("#chart svg");
    browser.press("布局设置");
    browser.script(
        "const s = document.querySelector('#layout-by'); s.value = 'level'; s.dispatchEvent(new Event('change'))",
    );
    browser.until("the choice is in the address", || browser.path().contains("by=level"));
    browser.until("the numbers are told", || within(&browser, "#chart table", "A（重点客户）\t2"));
    browser.screenshot("chart");

    // A view keeps the layout.
    browser.keys("\u{E00C}");
    browser.press("更多");
    browser.press("保存为视图");
    browser.fill("#view-name", "按级别");
    browser.press("保存");
    browser.sees("视图已保存");
    browser.goto("/o/accounts");
    browser.press("按级别");
    browser
        .until("the chart is back", || browser.path().contains("layout=chart") && browser.path().contains("by=level"));
    browser.find("#chart svg");

    // The part leads to its records.
    browser.press("A（重点客户）");
    browser.sees("客户级别 等于 A（重点客户）");
    browser.sees("海淀科技");
    browser.sees_no("苏州电子");
    assert!(!browser.path().contains("layout"), "{}", browser.path());

    // On a phone the layouts are in a menu.
    browser.screen(390, 844);
    browser.press("布局");
    browser.press("画册");
    browser.find("#gallery #card-0");
    browser.screenshot("gallery-phone");
    browser.no_complaints(&[]);
}
