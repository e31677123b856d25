//! What a person does on an ordinary day, in a real browser.

use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::PASSWORD;
use kezhan_tests::{TestServer, root};
use serde_json::json;

fn server() -> TestServer {
    workplace("wang")
}

#[test]
fn a_wrong_password_is_refused_in_words_and_the_right_one_opens_the_first_list() {
    let server = server();
    let browser = Browser::signed_in(&server, "wang");
    browser.press("我的账户");
    browser.press("退出登录");
    browser.fill("#username", "wang");
    browser.fill("#password", "wrong-password");
    browser.press("登录");
    browser.sees("用户名或密码不正确");
    browser.fill("#password", PASSWORD);
    browser.press("登录");
    browser.until("the first list is open", || browser.path().starts_with("/o/"));
    browser.no_complaints(&[]);
}

#[test]
fn an_account_is_made_found_changed_and_followed_up() {
    let server = server();
    server.sign_in("wang", PASSWORD).create("accounts", json!({"name": "北京海淀科技有限公司", "city": "北京"}));
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts");
    browser.sees("北京海淀科技有限公司");

    // Made, after a fault was pointed out.
    browser.press("新建");
    browser.find("#field-name");
    browser.fill("#field-email", "nobody");
    browser.press("保存");
    browser.sees("必填");
    browser.sees("邮箱地址不正确");
    browser.screenshot("account-form");
    browser.fill("#field-name", "杭州西湖龙井茶业有限公司");
    browser.fill("#field-email", "li@longjing.example");
    browser.fill("#field-city", "杭州");
    browser.press("保存");
    browser.sees("已新建“杭州西湖龙井茶业有限公司”");
    browser.sees("北京海淀科技有限公司");
    browser.screenshot("account-list");

    // Found by any two characters, and by initials.
    for word in ["龙井", "hzxh"] {
        browser.fill("#list-search", word);
        browser.sees_no("北京海淀科技有限公司");
        browser.sees("杭州西湖龙井茶业有限公司");
    }
    browser.goto("/o/accounts");
    browser.press_css("header button[aria-label='搜索']");
    browser.fill("dialog input[type=search]", "龙井");
    browser.press_css("#palette-list [role=option]:first-child");
    browser.until("the record is open", || browser.path().starts_with("/o/accounts/"));

    // Changed, and seen on the timeline.
    browser.press("编辑");
    browser.fill("#field-city", "宁波");
    browser.press("保存");
    browser.sees("已保存");
    browser.until("the timeline tells", || browser.visible().contains("修改了") || browser.visible().contains("修改"));
    browser.fill("#follow-up-content", "电话确认了明前茶的报价");
    browser.press("记录跟进");
    browser.until("the follow-up is on the timeline", || {
        browser
            .script("return document.querySelector('ol').innerText")
            .as_str()
            .is_some_and(|t| t.contains("明前茶的报价"))
    });
    browser.screenshot("account");

    // In the other language, and on a phone.
    browser.press("我的账户");
    browser.press("English");
    browser.sees("Log follow-up");
    browser.sees("Timeline");
    browser.screenshot("account-en");
    // What has a name in both goes by the English one, in its list as elsewhere.
    server.admin().create("departments", json!({"name": "华东大区", "name_en": "East region"}));
    browser.goto("/o/departments");
    browser.sees("East region");
    browser.sees_no("华东大区");
    browser.screen(390, 844);
    browser.goto("/o/accounts");
    browser.sees("杭州西湖龙井茶业有限公司");
    let overflow = browser.script("return document.documentElement.scrollWidth - innerWidth").as_i64().unwrap();
    assert!(overflow <= 0, "the page is {overflow} px wider than a phone");
    browser.screenshot("account-list-phone");
    browser.no_complaints(&[]);
}
#[test]
fn a_spreadsheet_goes_in_through_the_wizard() {
    let server = server();
    let browser = Browser::signed_in_at(&server, "wang", "/imports?object=account");
    browser.upload("#import-file", &root().join("tests/fixtures/customers-gbk.csv"));
    browser.sees("7 列中已对应 7 列");
    browser.screenshot("import-mapping");
    browser.press("下一步：检查");
    browser.sees("很多");
    browser.screenshot("import-check");
    browser.press("开始导入");
    browser.sees("已完成");
    browser.screenshot("import-job");
    // Exactly what came in, with its number, one step away.
    server.sign_in("wang", PASSWORD).create("accounts", json!({"name": "早就在的公司"}));
    browser.find("#import-result");
    browser.press_css("#import-result li:first-child a");
    browser.sees("绍兴越城纺织有限公司");
    browser.sees("来自导入：customers-gbk.csv");
    browser.sees("共 5 条");
    assert!(!browser.visible().contains("早就在的公司"), "{}", browser.visible());
    browser.screenshot("import-list");
    let page = server
        .sign_in("wang", PASSWORD)
        .get("/accounts?count=exact&sort=name&fields=name,annual_revenue,employees")
        .ok();
    assert_eq!(page["count"], 6, "{page}");
    browser.no_complaints(&[]);
}

#[test]
fn duplicates_of_an_import_are_decided_one_by_one() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    api.create("accounts", json!({"name": "上海鑫茂科技有限公司", "city": "上海"}));
    api.create("accounts", json!({"name": "杭州西湖龙井茶业有限公司", "city": "杭州"}));
    let file = std::env::temp_dir().join(format!("kezhan-ask-{}.csv", std::process::id()));
    let rows = "公司名称,城市,负责人\n上海鑫茂科技有限公司,苏州,\n杭州西湖龙井茶业有限公司,宁波,\n\
                新来的公司,北京,前员工\n又来的公司,北京,前员工\n";
    std::fs::write(&file, rows).unwrap();
    let browser = Browser::signed_in_at(&server, "wang", "/imports?object=account");
    browser.upload("#import-file", &file);
    browser.choose("#import-duplicates", "ask");
    browser.press("下一步：检查");
    browser.sees("有 2 条重复记录待决定");
    browser.press_css("#import-duplicates-found li:first-child button[aria-label='已有记录']");
    browser.until("both sides are shown", || {
        let table = browser.script("return document.querySelector('#import-duplicates-found table')?.innerText ?? ''");
        table.as_str().is_some_and(|t| t.contains("苏州") && t.contains("上海"))
    });
    browser.screenshot("import-ask");
    browser.choose("select[aria-label='上海鑫茂科技有限公司']", "update");
    browser.sees("有 1 条重复记录待决定");
    browser.choose("select[aria-label='杭州西湖龙井茶业有限公司']", "skip");
    browser.sees_no("待决定的将");
    browser.sees_no("条重复记录待决定");

    // Whom an unknown name means is said once, for all rows that have it.
    browser.sees("应用于全部 2 行");
    browser.choose("select[aria-label='前员工']", "pick");
    browser.pick("#unknown-2-0", "wang", "wang");
    browser.until("both go in", || {
        browser.script("return document.querySelector('.text-success')?.innerText") == json!("2")
    });
    browser.screenshot("import-unknown");
    browser.press("开始导入");
    browser.sees("已完成");
    let page = api.get("/accounts?sort=name&fields=name,city").ok();
    let city = |name: &str| {
        let all = page["data"].as_array().unwrap();
        all.iter().find(|r| r["name"] == name).unwrap()["city"].as_str().unwrap().to_owned()
    };
    assert_eq!((city("上海鑫茂科技有限公司"), city("杭州西湖龙井茶业有限公司")), ("苏州".into(), "杭州".into()));
    std::fs::remove_file(&file).unwrap();

    // What taking it back will do is told before it is done.
    browser.press("撤销导入");
    browser.sees("2 条移入回收站");
    browser.sees("1 条恢复原值");
    browser.screenshot("import-undo");
    browser.press_css("dialog[open] .btn-danger:not(:disabled)");
    browser.patiently("it is taken back", || api.get("/accounts").ids().len() == 2);
    browser.no_complaints(&[]);
}

#[test]
fn files_are_put_on_records() {
    let server = server();
    let api = server.sign_in("wang", PASSWORD);
    let account = api.create("accounts", json!({"name": "北京海淀科技有限公司"}));
    let directory = std::env::temp_dir().join(format!("kezhan-files-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let note = directory.join("会议纪要.txt");
    std::fs::write(&note, "第一行：报价已确认").unwrap();
    let browser =
        Browser::signed_in_at(&server, "wang", &format!("/o/accounts/{}?tab=files", account["id"].as_str().unwrap()));
    browser.sees("还没有文件");

    // Chosen, looked into, removed and brought back.
    browser.upload("#record-file", &note);
    browser.sees("会议纪要.txt");
    browser.press("会议纪要.txt");
    browser.sees("第一行：报价已确认");
    browser.press("关闭");
    browser.press_css("#record-files button[aria-label='删除']");
    browser.sees("已删除“会议纪要.txt”");
    browser.sees("还没有文件");
    browser.press("撤销");
    browser.until("the file is back", || {
        browser.script("return document.querySelectorAll('#record-files li').length") == json!(1)
    });

    // Dropped on the page, and pasted.
    let send = |event: &str, name: &str| {
        browser.script(&format!(
            "const d = new DataTransfer(); d.items.add(new File(['x'], '{name}', {{type: 'text/plain'}}));
             const e = '{event}' === 'paste' ? new ClipboardEvent('paste', {{clipboardData: d, bubbles: true, cancelable: true}})
               : new DragEvent('drop', {{dataTransfer: d, bubbles: true, cancelable: true}});
             document.querySelector('main').dispatchEvent(e);"
        ));
    };
    send("drop", "拖入.txt");
    browser.sees("拖入.txt");
    send("paste", "粘贴.txt");
    browser.sees("粘贴.txt");
    browser.screenshot("files");

    // With a follow-up, on whose line it stands then, and among the record's files.
    browser.press("动态");
    browser.fill("#follow-up-content", "交换了名片");
    browser.upload_picture("#follow-up-file", "名片.png");
    browser.sees("等待上传");
    browser.press("记录跟进");
    browser.until("the timeline has the picture", || {
        browser
            .script("return (document.querySelector(\"main ol [aria-label='名片.png'] img\")?.naturalWidth ?? 0) > 0")
            == true
    });
    // It is looked into from either place.
    let picture_is_shown = || {
        browser.press("名片.png");
        browser.until("the picture is shown", || {
            browser.script("return document.querySelector('dialog img')?.naturalWidth ?? 0") == json!(1)
        });
    };
    picture_is_shown();
    browser.press("关闭");
    browser.press("文件");
    picture_is_shown();
    browser.screenshot("file-preview");
    let count = api.get("/attachments?count=exact").ok();
    assert_eq!(count["count"], 4, "{count}");
    std::fs::remove_dir_all(&directory).unwrap();
    browser.no_complaints(&[]);
}
#[test]
fn an_address_is_chosen_from_the_large_to_the_small() {
    let server = server();
    let browser = Browser::signed_in_at(&server, "wang", "/o/accounts?new=1");
    browser.fill("#field-name", "杭州测试科技有限公司");
    let choose = |part: &str, typed: &str, option: &str| {
        browser.fill(&format!("#field-address-{part}"), typed);
        browser.press(option);
        browser.until(&format!("{option} is chosen"), || {
            browser.script(&format!("return document.querySelector('#field-address-{part}').value")) == json!(option)
        });
    };
    // By initials; the city's own choices are those of the province.
    choose("province", "zjs", "浙江省");
    choose("city", "hz", "杭州市");
    choose("district", "西湖", "西湖区");
    browser.fill("#field-address-detail", "文三路 1 号");
    browser.screenshot("address");
    browser.press("保存");
    browser.sees("已新建");
    let api = server.sign_in("wang", PASSWORD);
    let address = |name: &str| {
        let page = api.get(&format!("/accounts?name={name}&fields=address")).ok();
        page["data"][0]["address"].clone()
    };
    assert_eq!(
        address("杭州测试科技有限公司"),
        json!({"code": "330106", "province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路 1 号"})
    );

    // The number under which a company is registered offers its place; nobody has to take it.
    browser.goto("/o/accounts?new=1");
    browser.fill("#field-name", "上海浦东软件有限公司");
    browser.fill("#field-tax_id", "91310115MA1K3YJ12G");
    browser.keys("\u{e004}");
    browser.press("按税号填入：上海市浦东新区");
    browser.press("保存");
    browser.sees("已新建");
    assert_eq!(address("上海浦东软件有限公司")["code"], "310115");

    // Elsewhere the parts are free text.
    browser.goto("/o/accounts?new=1");
    browser.fill("#field-name", "Nordlicht GmbH");
    browser.fill("#field-address", "德国");
    browser.fill("#field-address-province", "Bayern");
    browser.fill("#field-address-city", "München");
    browser.press("保存");
    browser.sees("已新建");
    assert_eq!(address("Nordlicht%20GmbH"), json!({"country": "德国", "province": "Bayern", "city": "München"}));
    browser.no_complaints(&[]);
}
