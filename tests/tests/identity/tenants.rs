//! A new company: usable from the first minute, by API and by command line.

use kezhan_tests::TestDb;
use kezhan_tests::TestServer;
use kezhan_tests::import::{column_of, plan};
use kezhan_tests::process;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

#[test]
fn a_new_company_has_roles_and_a_pipeline() {
    let server = TestServer::new();
    let api = server.admin();
    let roles = api.get("/roles?sort=created_at").ok();
    let names: Vec<&str> = roles["data"].as_array().unwrap().iter().map(|r| r["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["管理员", "销售总监", "销售经理", "销售", "客服", "市场", "财务", "只读"]);
    let stages = api.get("/stages?sort=sort_order&expand=pipeline").ok();
    let told: Vec<Value> = stages["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| {
            assert_eq!(s["expand"]["pipeline"]["is_default"], true);
            json!([s["name"], s["outcome"], s["probability"]])
        })
        .collect();
    let expected = json!([
        ["初步接触", "open", "10"],
        ["需求确认", "open", "30"],
        ["方案报价", "open", "50"],
        ["商务谈判", "open", "75"],
        ["赢单", "won", "100"],
        ["输单", "lost", "0"],
    ]);
    assert_eq!(json!(told), expected);
    // A deal without a stage starts at the first.
    let account = api.create("accounts", json!({"name": "甲公司"}));
    let deal = api.create("opportunities", json!({"account": account["id"]}));
    assert_eq!((&deal["stage"], &deal["probability"]), (&stages["data"][0]["id"], &json!("10")));
}

#[test]
fn stages_that_an_import_makes_mean_what_they_say() {
    let server = TestServer::new();
    let api = server.admin();
    // A company that has thrown the standard stages away.
    for id in api.get("/stages").ids() {
        assert_eq!(api.delete(&format!("/stages/{id}")).status, 204);
    }
    let csv = "商机名称,销售阶段,金额\n甲,Won,5\n乙,Closed Lost,6\n丙,Engaging,7\n丁,成交,8\n戊,我们自己的阶段,9\n己,丢单,10\n";
    let upload = api.upload("商机.csv", csv);
    let mut deals = plan(&upload);
    column_of(&mut deals, "stage")["unknown"] = json!("create");
    let job = api.import(&deals);
    assert_eq!((&job["progress"]["created"], &job["progress"]["parents"]), (&json!(6), &json!(6)), "{job}");
    let made = api.get("/opportunities?sort=amount&expand=stage").ok();
    let told: Vec<Value> = made["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| json!([d["outcome"], d["probability"], d["expand"]["stage"]["outcome"]]))
        .collect();
    let expected = json!([
        ["won", "100", "won"],
        ["lost", "0", "lost"],
        ["open", "30", "open"],
        ["won", "100", "won"],
        ["open", null, "open"],
        ["lost", "0", "lost"],
    ]);
    assert_eq!(json!(told), expected);
}

fn tenant(db: &TestDb, data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = process::command(data);
    command.env("DATABASE_URL", db.url()).arg("tenant").args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn companies_are_added_on_the_command_line() {
    let db = TestDb::new();
    let data = std::env::temp_dir().join(format!("kezhan-tenants-{}", std::process::id()));
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();

    let added = tenant(&db, &data, &["add", "acme", "甲公司", "--admin", "boss"], "a good password\n");
    assert!(added.status.success(), "{added:?}");
    assert!(!text(&added).contains("password"), "{}", text(&added));
    let made_up = tenant(&db, &data, &["add", "beta", "Beta Ltd", "--admin", "boss"], "");
    let printed = text(&made_up);
    let password = printed.lines().find_map(|l| l.strip_prefix("password: ")).unwrap().to_owned();
    assert_eq!(password.len(), 16);

    let listed = text(&tenant(&db, &data, &["list"], ""));
    let lines: Vec<Vec<&str>> = listed.lines().map(|l| l.split('\t').collect()).collect();
    assert_eq!(lines[0][..4], ["acme", "甲公司", "active", "1"]);
    assert_eq!(lines[1][..3], ["beta", "Beta Ltd", "active"]);

    let refused = |arguments: &[&str], input: &str, what: &str| {
        let output = tenant(&db, &data, arguments, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(what), "{said}");
    };
    refused(&["add", "acme", "Again", "--admin", "boss"], "a good password\n", "key");
    refused(&["add", "gamma", "Gamma", "--admin", "boss"], "short\n", "password");
    refused(&["add", "gamma", "Gamma"], "", "--admin");

    let server = process::Process::start_with(&data, &[("DATABASE_URL", db.url()), ("KEZHAN_WORKER", "false")]);
    let login = |tenant: &str, password: &str| {
        let api = kezhan_tests::server::Api::at(server.base());
        let body = json!({"tenant": tenant, "username": "boss", "password": password});
        api.post("/auth/login", &body).status.as_u16()
    };
    assert_eq!((login("acme", "a good password"), login("beta", &password)), (200, 200));
    assert_eq!(login("beta", "a good password"), 401);
    assert!(server.end("-TERM").success());
    let help =
        String::from_utf8(process::command(&data).args(["tenant", "add", "--help"]).output().unwrap().stdout).unwrap();
    assert!(help.contains("--admin <USER>") && help.contains("standard input"), "{help}");
    let _ = std::fs::remove_dir_all(data);
}
