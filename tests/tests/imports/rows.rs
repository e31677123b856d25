//! What becomes of the rows of a file: duplicates, failures, other formats and encodings, taking it all back.

use kezhan_engine::transfer::Cell;
use kezhan_engine::transfer::read::{self, Limits, RowSource};
use kezhan_tests::TestServer;
use kezhan_tests::import::{column_of, plan};
use kezhan_tests::server::{Api, send};
use reqwest::Method;
use serde_json::{Value, json};

/// Downloads a file and opens it.
fn file(api: &Api, request: reqwest::blocking::RequestBuilder, name: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let _ = api;
    let response = request.send().unwrap();
    assert_eq!(response.status(), 200);
    let path = std::env::temp_dir().join(format!("kezhan-test-{}-{name}", uuid::Uuid::now_v7().simple()));
    std::fs::write(&path, response.bytes().unwrap()).unwrap();
    let mut source = read::open(path.as_path(), Limits::default()).unwrap();
    let headers = source.headers().to_vec();
    let rows = all(&mut *source);
    std::fs::remove_file(&path).unwrap();
    (headers, rows)
}

fn all(source: &mut dyn RowSource) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    while let Some(row) = source.next_row() {
        rows.push(row.unwrap().iter().map(|c: &Cell| c.as_text().into_owned()).collect());
    }
    rows
}

fn results(api: &Api, job: &Value, outcome: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let path = format!("/bulk/jobs/{}/files/{outcome}", job["id"].as_str().unwrap());
    file(api, api.request(Method::GET, &path), "results")
}

fn counts(job: &Value) -> [i64; 5] {
    ["created", "updated", "skipped", "failed", "cancelled"].map(|key| job["progress"][key].as_i64().unwrap())
}

#[test]
fn failed_rows_come_back_with_their_reasons() {
    let server = TestServer::new();
    let api = server.admin();
    api.create("accounts", json!({ "name": "占用公司", "external_id": "T-1" }));
    let csv = "客户名称,邮箱,年营业额,成立年份,外部编号,负责人\n\
        甲公司,a@example.com,\"1,200万\",1999,,admin\n\
        乙公司,not-an-address,12x,1999,,\n\
        ,b@example.com,5,2001,,\n\
        丙公司,c@example.com,5,2001,T-2,没有这个人\n\
        丁公司,d@example.com,5,2001,T-1,\n";
    let upload = api.upload("客户.csv", csv);
    assert_eq!(upload["object"], "account");
    let mut plan = plan(&upload);
    // The taken number is then found by the database alone.
    plan["duplicates"] = json!({ "action": "create" });
    let preview = api.preview(&plan);
    assert_eq!(preview["counts"]["fail"], 3, "{preview}");
    let job = api.import(&plan);
    assert_eq!(counts(&job), [1, 0, 0, 4, 0], "{job}");
    let one = api.get("/accounts?name=甲公司").ok();
    assert_eq!(one["data"][0]["annual_revenue"], "12000000");
    assert_eq!(one["data"][0]["owner"], server.tenant.user.to_string());

    let (headers, rows) = results(&api, &job, "failed");
    assert_eq!(headers.last().unwrap(), "Reason");
    assert_eq!(headers[..6], ["客户名称", "邮箱", "年营业额", "成立年份", "外部编号", "负责人"]);
    let reasons: Vec<&str> = rows.iter().map(|r| r[6].as_str()).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0][..3], ["乙公司", "not-an-address", "12x"]);
    assert!(reasons[0].contains("邮箱: Not an e-mail address") && reasons[0].contains("“12x” is not a number"));
    assert!(reasons[1].contains("客户名称: Required"), "{reasons:?}");
    assert!(reasons[2].contains("There is no “没有这个人”"));
    assert!(reasons[3].contains("外部编号: Already used by another record"));
    let (headers, rows) = results(&api, &job, "success");
    assert_eq!((headers[6].as_str(), rows.len()), ("Outcome", 1));
    assert_eq!((&rows[0][6], &rows[0][7]), (&"created".to_owned(), &one["data"][0]["id"].as_str().unwrap().to_owned()));

    let page = api.get(&format!("/bulk/jobs/{}/rows?outcome=failed&limit=2", job["id"].as_str().unwrap())).ok();
    assert_eq!(page["data"][0]["row"], 3);
    assert_eq!(page["data"][0]["errors"][0]["code"], "bad_email");
    assert_eq!(page["data"][0]["cells"][0], "乙公司");
    let cursor = page["next_cursor"].as_str().unwrap();
    let path = format!("/bulk/jobs/{}/rows?outcome=failed&cursor={cursor}", job["id"].as_str().unwrap());
    assert_eq!(api.get(&path).ok()["data"].as_array().unwrap().len(), 2);
}

#[test]
fn duplicates_are_handled_as_chosen() {
    let server = TestServer::new();
    let api = server.admin();
    let old = api.create("accounts", json!({ "name": "上海鑫茂科技有限公司", "city": "上海" }));
    let old = old["id"].as_str().unwrap();
    // The same company in other words, twice in the file; and one that is new, twice in the file.
    let csv = "公司名称,城市\n上海市鑫茂科技（有限公司）,苏州\n新公司,北京\n新公司 ,天津\n";
    let upload = api.upload("a.csv", csv);
    let base = plan(&upload);
    let with = |duplicates: Value| {
        let mut plan = base.clone();
        plan["duplicates"] = duplicates;
        plan
    };
    let preview = api.preview(&with(json!({ "action": "ask" })));
    assert_eq!(preview["counts"], json!({ "create": 1, "update": 0, "skip": 2, "fail": 0, "delete": 0 }), "{preview}");
    let groups = preview["duplicates"].as_array().unwrap();
    assert_eq!((&groups[0]["key"], &groups[0]["matched_on"]), (&json!(old), &json!("name")));
    assert_eq!(
        (&groups[1]["key"], &groups[1]["existing"], &groups[1]["rows"]),
        (&json!("row:3"), &Value::Null, &json!([4]))
    );

    // Those that wait say so, with both sides to compare.
    assert_eq!((&groups[0]["action"], &groups[0]["record"]["city"]), (&json!("ask"), &json!("苏州")));
    assert_eq!(groups[0]["existing"], json!({ "id": old, "title": "上海鑫茂科技有限公司" }));
    let decided = with(json!({ "action": "ask", "decisions": { old: "update", "row:3": "skip" } }));
    let preview = api.preview(&decided);
    assert_eq!(
        (&preview["duplicates"][0]["action"], &preview["duplicates"][1]["action"]),
        (&json!("update"), &json!("skip"))
    );
    let job = api.import(&decided);
    assert_eq!(counts(&job), [1, 1, 1, 0, 0], "{job}");
    let kept = api.get(&format!("/accounts/{old}")).ok();
    assert_eq!((&kept["city"], &kept["version"]), (&json!("苏州"), &json!(2)));

    // By default nothing of it goes in again; updates are asked for.
    let job = api.import(&base);
    assert_eq!(counts(&job), [0, 0, 3, 0, 0]);
    let mut upsert = base.clone();
    upsert["operation"] = json!("upsert");
    let job = api.import(&upsert);
    assert_eq!(counts(&job), [0, 3, 0, 0, 0]);
    assert_eq!(api.get("/accounts?name=新公司").ok()["data"][0]["city"], "天津");

    // Updating alone creates nothing; deleting goes to the recycle bin.
    let upload = api.upload("b.csv", "公司名称,城市\n新公司,重庆\n从未见过,重庆\n");
    let mut update = plan(&upload);
    update["operation"] = json!("update");
    let job = api.import(&update);
    assert_eq!(counts(&job), [0, 1, 0, 1, 0]);
    let (_, rows) = results(&api, &job, "failed");
    assert!(rows[0][2].contains("No record matches"));
    let mut delete = plan(&upload);
    delete["operation"] = json!("delete");
    let job = api.import(&delete);
    assert_eq!(job["progress"]["deleted"], 1);
    assert_eq!(api.get("/accounts?name=新公司&count=exact").ok()["count"], 0);
    let undo = api.undo(&job);
    assert_eq!(undo["report"]["restored"], 1);
    assert_eq!(api.get("/accounts?name=新公司&count=exact").ok()["count"], 1);
}

#[test]
fn phones_and_addresses_tell_people_apart() {
    let server = TestServer::new();
    let api = server.admin();
    api.create("contacts", json!({ "name": "张三", "mobile": "138 0013 8000" }));
    api.create("contacts", json!({ "name": "李四", "email": "li.si@Example.com" }));
    let csv = "姓名,手机号,邮箱\n张叁,+86 13800138000,\n李 四,,LI.SI@example.com\n王五,13900139000,wang@example.com\n";
    let upload = api.upload("联系人.csv", csv);
    assert_eq!(upload["object"], "contact");
    let job = api.import(&plan(&upload));
    assert_eq!(counts(&job), [1, 0, 2, 0, 0], "{job}");
}

#[test]
fn chinese_files_of_the_nineties_are_read() {
    let server = TestServer::new();
    let api = server.admin();
    let text = "客户名称,所属行业,客户级别,成立年份\r\n杭州西湖软件有限公司,软件,A（重点客户）,1998\r\n深圳湾制造厂,制造业,B,2003年\r\n";
    let (gbk, _, lossy) = encoding_rs::GBK.encode(text);
    assert!(!lossy);
    let upload = api.upload("客户.csv", gbk.into_owned());
    assert_eq!(upload["encoding"], "gb18030");
    assert_eq!(upload["headers"][0], "客户名称");
    assert_eq!(counts(&api.import(&plan(&upload))), [2, 0, 0, 0, 0]);
    let found = api.get("/search?q=西湖").ok();
    assert_eq!(found["data"][0]["title"], "杭州西湖软件有限公司");
    let one = api.get("/accounts?name=深圳湾制造厂").ok();
    assert_eq!((&one["data"][0]["industry"], &one["data"][0]["level"]), (&json!("manufacturing"), &json!("b")));
}

#[test]
fn what_goes_out_comes_in_again() {
    let server = TestServer::new();
    let api = server.admin();
    let parent = api.create("accounts", json!({ "name": "母公司" }));
    api.create(
        "accounts",
        json!({
            "name": "=子公司", "parent": parent["id"], "industry": "retail", "level": "a", "annual_revenue": "1234567.89",
            "founded": 2001, "tags": ["重点", "华东"], "phone": "021-61234567", "website": "https://example.com",
            "next_contact_at": "2026-11-24T01:30:00Z", "external_id": "007", "notes": "第一行\n第二行",
        }),
    );
    let columns = [
        "name",
        "parent",
        "industry",
        "level",
        "annual_revenue",
        "founded",
        "tags",
        "phone",
        "website",
        "next_contact_at",
        "external_id",
        "notes",
        "owner",
    ];
    for format in ["xlsx", "csv", "ndjson"] {
        let body = json!({ "object": "account", "format": format, "columns": columns, "sort": ["name"] });
        let out = api.request(Method::POST, "/bulk/exports").json(&body).send().unwrap();
        assert_eq!(out.status(), 200);
        assert!(out.headers()["content-disposition"].to_str().unwrap().ends_with(&format!(".{format}")));
        let bytes = out.bytes().unwrap();
        for id in api.get("/accounts?fields=id").ids() {
            api.delete(&format!("/accounts/{id}"));
        }
        let upload = api.upload(&format!("out.{format}"), bytes);
        assert_eq!(upload["object"], "account", "{upload}");
        let mapped: Vec<&str> =
            upload["mapping"].as_array().unwrap().iter().map(|m| m["field"].as_str().unwrap_or("-")).collect();
        assert_eq!(mapped, columns);
        let job = api.import(&plan(&upload));
        assert_eq!(counts(&job), [2, 0, 0, 0, 0], "{format}: {job}");
        let back = api.get("/accounts?external_id=007&expand=parent").ok();
        let back = &back["data"][0];
        // A text that a spreadsheet would run has an apostrophe before it in CSV.
        assert!(back["name"].as_str().unwrap().ends_with("=子公司"));
        assert_eq!(back["expand"]["parent"]["name"], "母公司");
        for (key, value) in [
            ("industry", json!("retail")),
            ("level", json!("a")),
            ("annual_revenue", json!("1234567.89")),
            ("founded", json!(2001)),
            ("tags", json!(["重点", "华东"])),
            ("phone", json!("021-61234567")),
            ("website", json!("https://example.com")),
            ("next_contact_at", json!("2026-11-24T01:30:00Z")),
            ("notes", json!("第一行\n第二行")),
            ("owner", json!(server.tenant.user.to_string())),
        ] {
            assert_eq!(back[key], value, "{format}: {key}");
        }
    }
    let jobs = api.get("/bulk/jobs?kind=export").ok();
    assert_eq!(jobs["data"].as_array().unwrap().len(), 3);
    assert_eq!((&jobs["data"][0]["state"], &jobs["data"][0]["progress"]["total"]), (&json!("done"), &json!(2)));
}

#[test]
fn an_import_can_be_taken_back() {
    let server = TestServer::new();
    let api = server.admin();
    let old = api.create("accounts", json!({ "name": "老客户", "city": "上海", "employees": 10 }));
    let old = old["id"].as_str().unwrap();
    let csv =
        "公司名称,城市,人数,母公司\n老客户,苏州,20,\n新客户,北京,5,集团公司\n集团公司,北京,500,\n被改客户,北京,1,\n";
    let mut plan = plan(&api.upload("a.csv", csv));
    plan["operation"] = json!("upsert");
    let job = api.import(&plan);
    assert_eq!(counts(&job), [3, 1, 0, 0, 0], "{job}");
    let child = api.get("/accounts?name=新客户&expand=parent").ok();
    assert_eq!(child["data"][0]["expand"]["parent"]["name"], "集团公司");
    // Someone goes on working with what came in.
    assert_eq!(api.patch(&format!("/accounts/{old}"), &json!({ "city": "无锡" })).status, 200);
    let touched = api.get("/accounts?name=被改客户").ids();
    assert_eq!(api.patch(&format!("/accounts/{}", touched[0]), &json!({ "city": "广州" })).status, 200);

    // What would become of them is told beforehand, with the reasons.
    let told = api.get(&format!("/bulk/jobs/{}/undo", job["id"].as_str().unwrap())).ok();
    assert_eq!((&told["deleted"], &told["restored"], &told["kept"]), (&json!(2), &json!(0), &json!(2)), "{told}");
    let why: Vec<(&str, &str)> = told["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["code"].as_str().unwrap(), r["records"][0]["title"].as_str().unwrap()))
        .collect();
    assert_eq!(why, [("changed_since", "被改客户"), ("changed_since", "老客户")]);

    let undo = api.undo(&job);
    let report = &undo["report"];
    assert_eq!((&report["deleted"], &report["kept"]), (&json!(2), &json!(2)), "{undo}");
    let titles: Vec<&str> =
        report["problems"].as_array().unwrap().iter().map(|p| p["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["被改客户", "老客户"]);
    assert_eq!(report["problems"][1]["fields"], json!(["city"]));
    let kept = api.get(&format!("/accounts/{old}")).ok();
    assert_eq!((&kept["city"], &kept["employees"]), (&json!("无锡"), &json!(10)));
    assert_eq!(api.get("/accounts?sort=name&fields=name,id&count=exact").ok()["count"], 2);
    assert_eq!(api.get("/accounts?deleted=true&count=exact").ok()["count"], 2);
    // Once is enough.
    let path = format!("/bulk/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(api.get(&path).ok()["actions"], json!(["download"]));
    api.post(&format!("{path}/undo"), &json!({})).problem(422, "not_possible");
    let history = api.get(&format!("/accounts/{old}/history")).ok();
    assert_eq!(history["data"][0]["channel"], "import");
}

#[test]
fn what_the_system_derived_is_no_reason_to_keep_an_import() {
    let server = TestServer::new();
    let api = server.admin();
    let accounts = api.import(&plan(&api.upload("a.csv", "公司名称,城市\n甲公司,上海\n乙公司,北京\n丙公司,广州\n")));
    let upload = api.upload("b.csv", "商机名称,客户,阶段\n大单,甲公司,赢单\n小单,丙公司,赢单\n");
    let deals = api.import(&plan(&upload));
    assert_eq!(counts(&deals), [2, 0, 0, 0, 0], "{deals}");
    let account = |name: &str| api.get(&format!("/accounts?name={name}")).ok()["data"][0].clone();
    assert_eq!(account("甲公司")["deal_status"], "won");
    // Somebody writes down a call with one of them: that is work on it.
    api.create("follow_ups", json!({ "content": "已回电", "account": account("乙公司")["id"] }));

    let preview = |job: &Value| api.get(&format!("/bulk/jobs/{}/undo", job["id"].as_str().unwrap())).ok();
    let told = preview(&accounts);
    assert_eq!((&told["deleted"], &told["kept"], &told["gone"]), (&json!(2), &json!(1), &json!(0)), "{told}");
    let reason = &told["reasons"][0];
    assert_eq!((&reason["code"], &reason["records"][0]["title"]), (&json!("used_since"), &json!("乙公司")), "{told}");
    assert_eq!(told["left"], json!([{ "object": "opportunity", "count": 2 }]));
    assert_eq!(preview(&deals)["deleted"], 2);
    api.undo(&deals);
    assert!(account("甲公司")["deal_status"] != "won");
    assert_eq!(preview(&accounts)["left"], json!([]));
    let undo = api.undo(&accounts);
    assert_eq!((&undo["report"]["deleted"], &undo["report"]["kept"]), (&json!(2), &json!(1)), "{undo}");
    assert_eq!(undo["report"]["problems"][0]["code"], "used_since");
    assert_eq!(api.get("/accounts?fields=name").ok()["data"][0]["name"], "乙公司");
    let path = format!("/bulk/jobs/{}/undo", accounts["id"].as_str().unwrap());
    api.get(&path).problem(422, "not_possible");
}

#[test]
fn rights_bound_what_goes_in_and_out() {
    let server = TestServer::new();
    let admin = server.admin();
    let everything = json!({ "read": "all", "create": "all", "edit": "all", "delete": "all" });
    let role = server.role("没有导入导出", json!({ "*": everything }));
    server.user("plain", &role, json!({}));
    let mut own = everything.clone();
    own["import"] = json!("all");
    own["export"] = json!("self");
    let role = server.role("导出自己的", json!({ "account": own }));
    server.user("own", &role, json!({}));
    let plain = server.sign_in("plain", kezhan_tests::server::PASSWORD);
    plain.send_file("a.csv", "name\nx\n").problem(403, "forbidden");
    let body = json!({ "object": "account", "format": "csv", "columns": ["name"] });
    plain.post("/bulk/exports", &body).problem(403, "forbidden");

    admin.create("accounts", json!({ "name": "别人的" }));
    let own = server.sign_in("own", kezhan_tests::server::PASSWORD);
    let job = own.import(&plan(&own.upload("a.csv", "公司名称\n自己的\n")));
    assert_eq!(counts(&job), [1, 0, 0, 0, 0]);
    let (_, rows) = file(&own, own.request(Method::POST, "/bulk/exports").json(&body), "own");
    assert_eq!(rows, [["自己的"]]);
    let (_, rows) = file(&admin, admin.request(Method::POST, "/bulk/exports").json(&body), "all");
    assert_eq!(rows.len(), 2);
    // Uploads and jobs are one's own, unless one configures users.
    let upload = own.upload("b.csv", "公司名称\n又一个\n");
    admin.post("/bulk/preview", &plan(&upload)).problem(422, "invalid");
    let id = job["id"].as_str().unwrap();
    assert_eq!(admin.get(&format!("/bulk/jobs/{id}")).status, 200);
    plain.get(&format!("/bulk/jobs/{id}")).problem(404, "not_found");
    own.post("/bulk/exports", &json!({ "object": "account", "format": "csv", "columns": ["nonsense"] }))
        .problem(400, "unknown_field");
}

#[test]
fn the_cells_of_others_are_for_those_who_see_every_record_whole() {
    let server = TestServer::new();
    let admin = server.admin();
    let grants = json!({"account": {"read": "all", "create": "all", "import": "all"}});
    let role = server.role("导入", grants.clone());
    server.user("own", &role, json!({}));
    let own = server.sign_in("own", kezhan_tests::server::PASSWORD);
    let job = own.import(&plan(&own.upload("a.csv", "公司名称,电话\n秘密客户,abc\n")));
    assert_eq!(job["progress"]["failed"], 1, "{job}");
    let path = format!("/bulk/jobs/{}", job["id"].as_str().unwrap());
    let open = |api: &Api| {
        let rows = api.get(&format!("{path}/rows")).ok();
        let file = api.get(&format!("{path}/files/failed"));
        let told = [rows.to_string(), api.get(&path).text, file.text.clone()].join("");
        let offered = api.get(&path).ok()["actions"].to_string().contains("download");
        assert_eq!(rows["data"][0]["outcome"], "failed");
        assert_eq!((offered, file.status == 200), (rows["data"][0]["cells"].is_array(), offered), "{rows}");
        told.contains("秘密客户") || told.contains("abc")
    };
    assert!(open(&own) && open(&admin));
    // Who sets up users sees everybody's jobs, and of their rows no more than of records.
    let people = json!({"read": "all", "configure": "all"});
    for (name, account) in [
        ("部门", json!({"read": "department"})),
        ("无电话", json!({"read": "all", "confidential": "all", "fields": {"phone": "masked"}})),
        ("无机密", json!({"read": "all"})),
    ] {
        let role = server.role(name, json!({"user": people, "account": account}));
        server.user(name, &role, json!({}));
        assert!(!open(&server.sign_in(name, kezhan_tests::server::PASSWORD)), "{name}");
    }
    let all = json!({"user": people, "account": {"read": "all", "confidential": "all"}});
    server.user("whole", &server.role("全部", all), json!({}));
    assert!(open(&server.sign_in("whole", kezhan_tests::server::PASSWORD)));
}

#[test]
fn what_cannot_be_imported_is_refused_in_plain_words() {
    let server = TestServer::new();
    let api = server.admin();
    api.send_file("a.csv", "").problem(422, "file_empty");
    api.send_file("a.xls", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]).problem(422, "file_old_excel");
    api.send_file("a.csv", "<html><table></table></html>").problem(422, "file_html");
    let upload = api.upload("a.csv", "公司名称,城市\n甲,上海\n");
    let good = plan(&upload);
    let mut bad = good.clone();
    bad["columns"][1]["field"] = json!("name");
    let problem = api.post("/bulk/preview", &bad).problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "columns[1].field");
    let mut bad = good.clone();
    bad["columns"][1]["field"] = json!("won_at");
    api.post("/bulk/jobs", &bad).problem(422, "invalid");
    let mut bad = good.clone();
    bad["defaults"] = json!({ "employees": "many" });
    api.post("/bulk/jobs", &bad).problem(422, "invalid");
    let mut bad = good.clone();
    bad["object"] = json!("nonsense");
    api.post("/bulk/jobs", &bad).problem(422, "invalid");
    let mut bad = good;
    bad["upload"] = json!(uuid::Uuid::now_v7());
    api.post("/bulk/jobs", &bad).problem(422, "invalid");
}

#[test]
fn templates_can_be_filled_in_and_sent_back() {
    let server = TestServer::new();
    let api = server.admin();
    let xlsx = api.request(Method::GET, "/bulk/templates/account").send().unwrap();
    assert_eq!(xlsx.status(), 200);
    assert!(xlsx.bytes().unwrap().starts_with(b"PK"));
    let csv = send(api.request(Method::GET, "/bulk/templates/account?format=csv"));
    let header = csv.text.trim_start_matches('\u{feff}').trim_end().to_owned();
    assert!(header.starts_with("Name,Tax ID,Level,Industry,Source,Parent account,Phone"), "{header}");
    let filled = format!("{header}\r\nFilled in{}\r\n", ",".repeat(header.matches(',').count()));
    let upload = api.upload("template.csv", filled);
    assert!(upload["mapping"].as_array().unwrap().iter().all(|m| m["field"].is_string()), "{upload}");
    assert_eq!(counts(&api.import(&plan(&upload))), [1, 0, 0, 0, 0]);
    api.get("/bulk/templates/nonsense").problem(404, "not_found");
}

#[test]
fn an_import_stops_when_told_and_goes_on_later() {
    let server = TestServer::new();
    let api = server.admin();
    let rows: String = (1..=3000).map(|n| format!("公司{n},{n}\n")).collect();
    let mut plan = plan(&api.upload("many.csv", format!("公司名称,人数\n{rows}")));
    column_of(&mut plan, "employees")["unknown"] = json!("error");
    let id = api.order(&plan);
    let events = api.request(Method::GET, &format!("/bulk/jobs/{id}/events")).send().unwrap();
    loop {
        let job = api.get(&format!("/bulk/jobs/{id}")).ok();
        if job["progress"]["done"].as_i64().unwrap() > 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(api.post(&format!("/bulk/jobs/{id}/cancel"), &json!({})).status, 202);
    let job = api.wait(&id);
    assert_eq!(job["state"], "cancelled", "{job}");
    let [created, .., cancelled] = counts(&job);
    assert!(created > 0 && cancelled > 0 && created + cancelled == 3000, "{job}");
    let stream = events.text().unwrap();
    assert!(stream.contains("event: progress") && stream.trim_end().lines().rev().nth(1).unwrap() == "event: end");
    assert_eq!(job["actions"], json!(["resume", "undo", "download"]));
    assert_eq!(api.post(&format!("/bulk/jobs/{id}/resume"), &json!({})).status, 202);
    let job = api.wait(&id);
    assert_eq!((&job["state"], counts(&job)), (&json!("done"), [3000, 0, 0, 0, 0]), "{job}");
    assert_eq!(api.get("/accounts?count=capped&name[starts_with]=公司").ok()["count"], 1000);
}

#[test]
fn lists_narrow_to_what_an_import_brought() {
    let server = TestServer::new();
    let api = server.admin();
    api.create("accounts", json!({ "name": "老客户有限公司", "city": "上海" }));
    api.create("accounts", json!({ "name": "无关的公司", "annual_revenue": "7" }));
    let upload = api.upload("a.csv", "公司名称,城市,年营业额\n老客户有限公司,苏州,5\n甲公司,北京,10\n乙公司,北京,20\n");
    let mut plan = plan(&upload);
    plan["duplicates"] = json!({ "action": "update" });
    let job = api.import(&plan);
    let id = job["id"].as_str().unwrap();
    let names = |page: Value| {
        let names = page["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let page = api.get(&format!("/accounts?import={id}&sort=annual_revenue&count=exact")).ok();
    assert_eq!(
        (&page["count"], names(page.clone())),
        (&json!(3), vec!["老客户有限公司".into(), "甲公司".into(), "乙公司".into()])
    );
    // Together with conditions, in groups, and as a file.
    assert_eq!(names(api.get(&format!("/accounts?import={id}&city=北京&sort=name")).ok()).len(), 2);
    let sums = json!({ "import": id, "aggregates": [{ "fn": "count" }, { "fn": "sum", "field": "annual_revenue", "as": "total" }] });
    let sums = api.post("/accounts/query", &sums).ok();
    assert_eq!(sums["data"][0]["count"], 3);
    assert_eq!(sums["data"][0]["total"].as_str().unwrap().parse::<f64>().unwrap(), 35.0);
    let order = json!({ "object": "account", "format": "csv", "import": id });
    let (_, rows) = file(&api, api.request(Method::POST, "/bulk/exports").json(&order), "import.csv");
    assert_eq!(rows.len(), 3);
    api.get("/accounts?import=x").problem(400, "bad_value");

    // Nobody sees through it what they may not see.
    let role = server.role("外勤", json!({ "account": { "read": "self" } }));
    server.user("li", &role, json!({}));
    assert_eq!(
        server.sign_in("li", kezhan_tests::server::PASSWORD).get(&format!("/accounts?import={id}")).ok()["data"],
        json!([])
    );

    // What is taken back is gone from it, too.
    api.undo(&job);
    assert_eq!(names(api.get(&format!("/accounts?import={id}")).ok()), ["老客户有限公司"]);
}

#[test]
fn addresses_get_their_regions_and_code() {
    let server = TestServer::new();
    let api = server.admin();
    let csv = "公司名称,地址\n甲公司,浙江省杭州市西湖区文三路 1 号\n乙公司,中国上海浦东新区世纪大道 100 号\n丙公司,\"10 Downing Street, London\"\n";
    api.import(&plan(&api.upload("a.csv", csv)));
    let address =
        |name: &str| api.get(&format!("/accounts?name={name}&fields=address")).ok()["data"][0]["address"].clone();
    assert_eq!(
        address("甲公司"),
        json!({ "code": "330106", "province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路 1 号" })
    );
    let second = address("乙公司");
    assert_eq!(
        (&second["country"], &second["code"], &second["city"]),
        (&json!("中国"), &json!("310115"), &json!("上海市"))
    );
    assert_eq!(address("丙公司"), json!({ "detail": "10 Downing Street, London" }));
}
