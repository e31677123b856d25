//! In one hand: a contact is written down from the list with a thumb.

use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::PASSWORD;
use serde_json::json;

#[test]
fn a_follow_up_takes_a_thumb_and_a_phrase() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let account =
        api.create("accounts", json!({"name": "杭州西湖茶业有限公司", "city": "杭州", "phone": "0571-87654321"}));
    let browser = Browser::signed_in(&server, "wang");
    browser.screen(390, 844);
    browser.goto("/o/accounts");
    browser.sees("杭州西湖茶业有限公司");
    browser.screenshot("phone-list");
    browser.find("a[href='tel:057187654321'][aria-label^='拨打电话']");
    // From its card straight to writing.
    browser.press("记录跟进 · 杭州西湖茶业有限公司");
    browser.sees("电话未接通");
    browser.screenshot("phone-follow-up");
    let camera = browser.script("return document.querySelector('dialog[open] input[capture=environment]')?.accept");
    assert_eq!(camera, json!("image/*"));
    browser.press("已约好见面时间");
    browser.press_css("dialog[open] button[type=submit]");
    browser.sees("跟进已记录");
    browser.until("the sheet is gone", || {
        browser.script("return document.querySelector('dialog[open]') === null") == json!(true)
    });
    let made = api.get("/follow_ups").ok()["data"][0].clone();
    assert_eq!((&made["content"], &made["account"]), (&json!("已约好见面时间"), &account["id"]));
    // With a picture the sheet goes once that has arrived.
    browser.press_css("main button.absolute[aria-label='记录跟进']");
    browser.fill("dialog[open] #follow-up-content", "现场合影");
    browser.upload_picture("dialog[open] #follow-up-file", "合影.png");
    browser.sees("等待上传");
    browser.press_css("dialog[open] button[type=submit]");
    browser.until("the sheet is gone with it", || {
        browser.script("return document.querySelector('dialog[open]') === null") == json!(true)
    });
    assert_eq!(api.get("/attachments?object=follow_up").ok()["data"].as_array().unwrap().len(), 1);
    assert!(!browser.path().contains("follow=1"));
    // And from the page, by the button over it.
    browser.press_css("main button.fixed[aria-label='记录跟进'], main button.absolute[aria-label='记录跟进']");
    browser.find("dialog[open] #follow-up-content");
    assert!(browser.path().contains("follow=1"));
    browser.press("关闭");
    browser.screenshot("phone-record");

    // A month says what each day holds; what the chosen day has stands below.
    let deal = json!({"name": "茶园监测", "account": account["id"], "expected_close": "2026-11-12"});
    api.create("opportunities", deal);
    browser.goto("/o/opportunities?layout=calendar&start=expected_close&span=month&day=2026-11-10");
    browser.sees("2026年11月");
    browser.find("[data-day='2026-11-12'][aria-label='2026-11-12 1 条记录']");
    browser.sees_no("茶园监测");
    browser.press_css("[data-day='2026-11-12']");
    browser.press_css("#calendar [data-id]");
    browser.until("it is open", || browser.path().contains("peek="));
    browser.screenshot("phone-calendar");
    // So it does in a language that writes times in words.
    api.patch("/auth/me", &json!({"locale": "en"})).ok();
    let talk = json!({"content": "谈妥了交期", "account": account["id"], "happened_at": "2026-11-12T06:30:00Z"});
    api.create("follow_ups", talk);
    browser.goto("/o/follow_ups?layout=calendar&start=happened_at&span=month&day=2026-11-12");
    browser.find("[data-day='2026-11-12'][aria-label$='1 record']");
    browser.sees("November 2026");
    browser.sees("14:30");
    browser.no_complaints(&[]);
}
