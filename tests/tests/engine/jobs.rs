//! The job queue: what becomes of work whose worker fails.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use kezhan_engine::jobs::{self, Handler, Run, Signal, Worker};
use kezhan_engine::{Error, Result};
use kezhan_tests::TestDb;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use uuid::Uuid;

fn tenant(db: &TestDb) -> Uuid {
    let tenant = Uuid::now_v7();
    let sql = format!("INSERT INTO tenants (id, key, name) VALUES ('{tenant}', 'test', 'Test')");
    db.connect().batch_execute(&sql).unwrap();
    tenant
}

/// Panics in the middle of a transaction the first time.
struct Clumsy(AtomicUsize);

impl Handler for Clumsy {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        conn.transaction::<_, Error, _>(|conn| {
            let signal = run.checkpoint(conn, &json!({ "done": 1 }))?;
            assert!(!first, "clumsy");
            Ok(signal)
        })
    }
}

#[test]
fn a_panic_holds_nothing_up() {
    let db = TestDb::new();
    let tenant = tenant(&db);
    let mut conn = db.connect();
    let id = jobs::enqueue(&mut conn, tenant, "test", &json!({}), None).unwrap();
    let worker = Worker::new(db.url(), vec![Arc::new(Clumsy(AtomicUsize::new(0)))]);
    worker.drain().unwrap();
    // Seen by everybody: the first attempt is rolled back and the job waits for its next.
    let job = jobs::find(&mut conn, tenant, id).unwrap().unwrap();
    assert_eq!((job.state.as_str(), &job.progress), ("queued", &json!({})));
    conn.batch_execute("UPDATE jobs SET run_at = now()").unwrap();
    worker.drain().unwrap();
    let job = jobs::find(&mut conn, tenant, id).unwrap().unwrap();
    assert_eq!((job.state.as_str(), &job.progress), ("done", &json!({ "done": 1 })));
}

/// Is at work until told to stop; counts how often it was called.
struct Busy(Arc<AtomicUsize>, Arc<AtomicBool>);

impl Handler for Busy {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn run(&self, _: &mut PgConnection, _: &mut Run) -> Result<Signal> {
        self.0.fetch_add(1, Ordering::SeqCst);
        while !self.1.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Signal::Continue)
    }
}

#[test]
fn work_is_taken_over_from_the_dead_and_not_from_the_living() {
    let db = TestDb::new();
    let tenant = tenant(&db);
    let mut conn = db.connect();
    let (calls, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let worker = || Worker::new(db.url(), vec![Arc::new(Busy(calls.clone(), over.clone())) as Arc<dyn Handler>]);
    let id = jobs::enqueue(&mut conn, tenant, "test", &json!({}), None).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| worker().drain());
        while calls.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        // A second worker leaves it alone.
        worker().drain().unwrap();
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        over.store(true, Ordering::SeqCst);
    });
    assert_eq!(jobs::find(&mut conn, tenant, id).unwrap().unwrap().state, "done");
    // Left by a worker that is gone, its heart having beaten just now.
    conn.batch_execute("UPDATE jobs SET state = 'running', locked_by = '1-gone', heartbeat_at = now()").unwrap();
    worker().drain().unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(jobs::find(&mut conn, tenant, id).unwrap().unwrap().state, "done");
}
