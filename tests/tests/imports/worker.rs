//! A worker killed in the middle of an import, again and again: every row ends once.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use kezhan_tests::TestServer;
use kezhan_tests::import::plan;
use kezhan_tests::process::program;
use serde_json::json;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const ROWS: i64 = 6000;

/// A worker process, killed at the latest when the test ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut PgConnection, sql: &str) -> i64 {
    diesel::sql_query(format!("SELECT count(*) AS count FROM {sql}")).get_result::<Count>(conn).unwrap().count
}

#[test]
fn a_killed_import_loses_and_doubles_nothing() {
    let server = TestServer::with(&[("KEZHAN_WORKER", "false")]);
    let api = server.admin();
    // Every tenth row fails, every tenth repeats the one before it.
    let row = |n: i64| match n % 10 {
        3 => format!("公司{n},not-a-number\n"),
        7 => format!("公司{},1\n", n - 1),
        _ => format!("公司{n},{n}\n"),
    };
    let rows: String = (1..=ROWS).map(row).collect();
    let plan = plan(&api.upload("many.csv", format!("公司名称,人数\n{rows}")));
    let id = api.order(&plan);
    let worker = || {
        let mut command = Command::new(program());
        command
            .arg("worker")
            .env("KEZHAN_DATA", server.data())
            .env("DATABASE_URL", server.db.url())
            .env("KEZHAN_MASTER_KEY", kezhan_tests::MASTER_KEY)
            .env("KEZHAN_LOG", "warn")
            // Nothing is taken over for lack of heartbeats here.
            .env("KEZHAN_JOB_STALE_SECONDS", "3600");
        Killed(command.spawn().unwrap())
    };
    let done = || api.get(&format!("/bulk/jobs/{id}")).ok()["progress"]["done"].as_i64().unwrap_or_default();
    let started = Instant::now();
    for kill in 1..=2 {
        let _worker = worker();
        while done() < ROWS * kill / 5 {
            assert!(started.elapsed() < Duration::from_secs(240));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let left = api.get(&format!("/bulk/jobs/{id}")).ok();
    assert_eq!(left["state"], "running", "{left}");
    assert!(left["progress"]["done"].as_i64().unwrap() < ROWS);
    let _worker = worker();
    let job = api.wait(&id);

    assert_eq!(job["state"], "done", "{job}");
    let progress = &job["progress"];
    assert_eq!(
        json!([progress["total"], progress["done"], progress["created"], progress["skipped"], progress["failed"]]),
        json!([ROWS, ROWS, ROWS / 10 * 8, ROWS / 10, ROWS / 10])
    );
    let mut conn = server.db.connect();
    assert_eq!(count(&mut conn, "import_rows"), ROWS);
    assert_eq!(count(&mut conn, "(SELECT DISTINCT row_no FROM import_rows) r"), ROWS);
    assert_eq!(count(&mut conn, "accounts"), ROWS / 10 * 8);
    assert_eq!(count(&mut conn, "(SELECT DISTINCT name FROM accounts) a"), ROWS / 10 * 8);
    assert_eq!(
        count(&mut conn, "import_rows r JOIN accounts a ON a.id = r.record_id AND r.outcome = 'created'"),
        ROWS / 10 * 8
    );
    assert_eq!(count(&mut conn, "changes WHERE object = 'account' AND action = 'create'"), ROWS / 10 * 8);
}
