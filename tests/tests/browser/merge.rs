//! Records that mean the same become one in a browser: chosen in the list, side by side, merged, and undone.

use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::PASSWORD;
use serde_json::json;

#[test]
fn two_customers_become_one_field_by_field_and_two_again() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let id = |record: &serde_json::Value| record["id"].as_str().unwrap().to_owned();
    let keep = id(&api.create("accounts", json!({"name": "杭州西湖茶业有限公司", "city": "杭州", "level": "a"})));
    let twin = json!({"name": "西湖茶业", "city": "绍兴", "level": "a", "phone": "0571-87654321"});
    let twin = id(&api.create("accounts", twin));
    let contact = id(&api.create("contacts", json!({"name": "陈静", "account": twin})));
    let of = |contact: &str| api.get(&format!("/contacts/{contact}")).ok()["account"].clone();

    // Signed in beforehand: the way back is offered for seconds only.
    let other = Browser::signed_in(&server, "wang");
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?sort=created_at");
    browser.sees("西湖茶业");
    browser.press_css("[role=columnheader] input[type=checkbox]");
    browser.press("合并");
    browser.sees("保留这条");
    browser.sees("项内容相同");
    // What only one of them knows is proposed; the rest stays as the kept one has it, unless one says otherwise.
    let checked = |label: &str| {
        browser.script(&format!("return document.querySelector('input[aria-label=\"{label}\"]').checked")) == true
    };
    assert!(checked("电话 · 西湖茶业") && checked("城市 · 杭州西湖茶业有限公司"));
    browser.press_css("input[aria-label='城市 · 西湖茶业']");
    browser.screenshot("merge");
    browser.screen(390, 844);
    browser.screenshot("merge-phone");
    browser.screen(1440, 900);
    browser.press_css("form footer button[type=submit]");
    browser.sees("已合并");
    let kept = || api.get(&format!("/accounts/{keep}")).ok();
    assert_eq!((&kept()["city"], &kept()["phone"]), (&json!("绍兴"), &json!("0571-87654321")));
    assert_eq!(of(&contact), json!(keep));

    // An address from before leads to what is there now.
    other.goto(&format!("/o/accounts/{twin}"));
    other.until("the address is the survivor's", || other.path().contains(&keep));
    other.sees("杭州西湖茶业有限公司");

    browser.press("撤销");
    browser.until("they are two again", || of(&contact) == json!(twin) && kept()["city"] == "杭州");
    browser.no_complaints(&[]);
}
