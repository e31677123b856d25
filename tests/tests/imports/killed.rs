//! The server is killed in the middle of an import: after a restart every row is accounted for, once.

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use kezhan_tests::TestDb;
use kezhan_tests::process::Process;
use kezhan_tests::server::{Api, PASSWORD, send};
use reqwest::Method;
use reqwest::blocking::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const ROWS: usize = 2500;
/// Every so many rows one that cannot go in.
const FAULTY: usize = 100;

fn spreadsheet() -> String {
    let mut text = String::from("客户名称,城市,员工人数\r\n");
    for n in 1..=ROWS {
        let employees = if n % FAULTY == 0 { "many".to_owned() } else { n.to_string() };
        text += &format!("第{n}号测试贸易有限公司,绍兴,{employees}\r\n");
    }
    text
}

/// Looks at the job until it is as wanted.
#[track_caller]
fn watch(api: &Api, job: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let now = api.get(&format!("/bulk/jobs/{job}")).ok();
        if wanted(&now) {
            return now;
        }
        assert!(since.elapsed() < Duration::from_secs(120), "{now:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn count(db: &TestDb, what: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let row: Row = sql_query(format!("SELECT count({what}) AS n FROM accounts")).get_result(&mut db.connect()).unwrap();
    row.n
}

#[test]
fn a_killed_import_goes_on_and_loses_and_doubles_nothing() {
    let db = TestDb::new();
    let engine = kezhan_tests::sealing_engine();
    let setup = kezhan_features::people::setup::create_tenant;
    setup(&engine, &mut db.connect(), "test", "测试公司", "admin", PASSWORD).unwrap();
    let data = std::env::temp_dir().join(format!("kezhan-killed-{}", std::process::id()));
    let settings = [
        ("DATABASE_URL", db.url()),
        ("KEZHAN_MASTER_KEY", kezhan_tests::MASTER_KEY),
        ("KEZHAN_DB_POOL", "4"),
        ("KEZHAN_JOB_STALE_SECONDS", "3600"),
    ];
    let server = Process::start_with(&data, &settings);
    let api = Api::at(server.base()).sign_in("admin", PASSWORD);

    let file = Part::bytes(spreadsheet().into_bytes()).file_name("customers.csv");
    let form = Form::new().text("object", "account").part("file", file);
    let upload = send(api.request(Method::POST, "/bulk/uploads").multipart(form)).created();
    let proposed = upload["mapping"].as_array().unwrap().iter().filter(|c| !c["field"].is_null());
    let columns: Vec<Value> = proposed.map(|c| json!({"column": c["column"], "field": c["field"]})).collect();
    assert_eq!(columns.len(), 3, "{upload:#}");
    let plan = json!({"upload": upload["id"], "object": "account", "operation": "insert", "columns": columns});
    let accepted = api.post("/bulk/jobs", &plan);
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let job = accepted.json()["id"].as_str().unwrap().to_owned();
    watch(&api, &job, |j| j["progress"]["done"].as_u64() > Some(0));
    assert!(!server.end("-9").success());
    let before = count(&db, "*");
    assert!(before > 0 && before < (ROWS - ROWS / FAULTY) as i64, "killed in the middle: {before}");

    // The next one takes the job up at once: nobody waits for heartbeats that will not come.
    let server = Process::start_with(&data, &settings);
    let api = Api::at(server.base()).sign_in("admin", PASSWORD);
    let done = watch(&api, &job, |j| j["state"] == "done");
    let progress = &done["progress"];
    let faulty = ROWS / FAULTY;
    assert_eq!(
        (progress["total"].as_u64(), progress["created"].as_u64(), progress["failed"].as_u64()),
        (Some(ROWS as u64), Some((ROWS - faulty) as u64), Some(faulty as u64)),
        "{done:#}"
    );
    assert_eq!(count(&db, "*"), (ROWS - faulty) as i64);
    assert_eq!(count(&db, "DISTINCT name"), (ROWS - faulty) as i64);
    let failed = api.get(&format!("/bulk/jobs/{job}/files/failed"));
    assert_eq!(failed.text.lines().count(), faulty + 1, "{}", failed.text);
    assert!(server.end("-TERM").success());
    std::fs::remove_dir_all(data).unwrap();
}
