//! Pictures of people, wherever they are shown, and on the cards of a gallery; documents that are looked into.

use kezhan_tests::PNG;
use kezhan_tests::TestServer;
use kezhan_tests::browser::{Browser, workplace};
use kezhan_tests::server::{Api, PASSWORD, send};
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};

fn put(server: &TestServer, api: &Api, object: &str, record: &str, name: &str, kind: &str, bytes: Vec<u8>) -> Value {
    let part = Part::bytes(bytes).file_name(name.to_owned()).mime_str(kind).unwrap();
    let form = Form::new().text("object", object.to_owned()).text("record", record.to_owned()).part("file", part);
    let token = api.token.clone().unwrap();
    send(api.client.post(server.url("/api/v1/attachments")).bearer_auth(token).multipart(form)).created()["id"].clone()
}

#[test]
fn faces_and_covers_are_seen() {
    let server = TestServer::with_web();
    let field = |key: &str, label: &str, required: bool| json!({"object": "account", "key": key, "kind": "file", "label_zh": label, "label_en": key, "required": required});
    let admin = server.admin();
    admin.create("field_definitions", field("cover", "门头照片", false));
    let all = json!({"read": "all", "create": "all", "edit": "all", "delete": "all"});
    let role = server.role("全部", json!({"*": all}));
    let wang = server.user("wang", &role, json!({"name": "王伟", "username": "wang"}));
    let api = server.sign_in("wang", PASSWORD);
    let account = api.create("accounts", json!({"name": "北京海淀科技有限公司"}));
    let id = account["id"].as_str().unwrap();
    let face = put(&server, &api, "user", &wang, "头像.png", "image/png", PNG.to_vec());
    api.patch("/auth/me", &json!({"avatar": face})).ok();
    let cover = put(&server, &api, "account", id, "门头.png", "image/png", PNG.to_vec());
    api.patch(&format!("/accounts/{id}"), &json!({"cover": cover})).ok();

    let browser = Browser::signed_in(&server, "admin");
    let seen =
        |css: &str| browser.script(&format!("return document.querySelector(\"{css}\")?.naturalWidth ?? 0")) == json!(1);
    // Whoever is shown has their face: in lists, and on the timeline.
    browser.goto("/o/accounts?columns=name,owner");
    browser.sees("王伟");
    browser.until("the owner's picture is there", || seen("[role=gridcell] img"));
    browser.screenshot("faces");
    browser.goto("/o/accounts?layout=gallery&cover=cover");
    browser.until("the cover is there", || seen("main a img, main section img, main li img, main img"));
    browser.screenshot("gallery-cover");
    browser.goto(&format!("/o/accounts/{id}?tab=history"));
    browser.until("history has faces", || seen("main li img"));
    browser.no_complaints(&[]);
}

/// A document of two pages whose font, as in many from Chinese offices, is not in the file.
fn document() -> Vec<u8> {
    let page = |text: &str, at: usize| {
        let code: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
        let drawn = format!("BT /F1 28 Tf 60 700 Td <{code}> Tj ET");
        [
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {at} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            ),
            format!("<< /Length {} >>\nstream\n{drawn}\nendstream", drawn.len()),
        ]
    };
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [5 0 R 7 0 R] /Count 2 >>".to_owned(),
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>"
            .to_owned(),
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor 9 0 R >>"
            .to_owned(),
    ];
    objects.extend(page("采购合同", 6));
    objects.extend(page("第二页：付款方式", 8));
    objects.push(
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
            .to_owned(),
    );
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (n, object) in objects.iter().enumerate() {
        table += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", n + 1);
    }
    let size = objects.len() + 1;
    let start = file.len();
    file += &format!("xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    file.into_bytes()
}

#[test]
fn documents_are_read_without_leaving_the_record() {
    let server = workplace("wang");
    let api = server.sign_in("wang", PASSWORD);
    let account = api.create("accounts", json!({"name": "北京海淀科技有限公司"}));
    let id = account["id"].as_str().unwrap();
    put(&server, &api, "account", id, "采购合同.pdf", "application/pdf", document());
    put(&server, &api, "account", id, "残缺.pdf", "application/pdf", b"%PDF-1.4 of which nothing is left".to_vec());

    let browser = Browser::signed_in_at(&server, "wang", &format!("/o/accounts/{id}?tab=files"));
    browser.press("采购合同.pdf");
    let pages = || browser.script("return [...document.querySelectorAll('dialog .page')].map((p) => p.ariaLabel)");
    browser.until("both pages are there", || pages() == json!(["第 1 页", "第 2 页"]));
    browser.sees("采购合同");
    browser.until("it is drawn", || {
        browser.script(
            "const c = document.querySelector('dialog canvas');
             if (!c || !c.width) return 0;
             const dots = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
             let dark = 0;
             for (let i = 0; i < dots.length; i += 4) if (dots[i] < 100 && dots[i + 3] > 200) dark++;
             return dark",
        ) != json!(0)
    });
    browser.until("its text can be chosen", || {
        browser.script("return document.querySelector('dialog .textLayer')?.innerText ?? ''") == "采购合同"
    });
    browser.screenshot("document");
    let width = || browser.script("return document.querySelector('dialog .page').clientWidth").as_f64().unwrap();
    let before = width();
    browser.press("放大");
    browser.until("it is larger", || width() > before);
    browser.screen(390, 844);
    browser.screenshot("document-phone");
    browser.screen(1440, 900);
    browser.press("关闭");

    browser.press("残缺.pdf");
    browser.sees("无法读取");
    browser.no_complaints(&[]);
}
