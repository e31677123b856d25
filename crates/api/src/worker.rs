//! Background jobs: on a thread of the server, or as a process of their own.

use crate::config::Config;
use kezhan_connect::Guard;
use kezhan_engine::Engine;
use kezhan_engine::audit::Sealer;
use kezhan_engine::events::{Herald, Subscriber};
use kezhan_engine::jobs::{Handler, Timetable, Worker};
use kezhan_features::people::outside::sync;
use kezhan_features::people::reach;
use kezhan_features::platform::privacy::{self, retention, shred};
use kezhan_features::platform::{sealing, transfer};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Everything that this program does in the background.
pub fn handlers(config: &Config, engine: &Arc<Engine>) -> io::Result<Vec<Arc<dyn Handler>>> {
    let mut all = transfer::handlers(engine, config.files.clone());
    all.push(Arc::new(sealing::Reseal(engine.clone())));
    all.push(Arc::new(privacy::Reindex(engine.clone())));
    all.push(Arc::new(sync::Runs { engine: engine.clone(), guard: Guard::new(config.inside.clone()) }));
    all.push(Arc::new(retention::Runs(engine.clone())));
    all.push(Arc::new(reach::Runs(engine.clone())));
    all.push(Arc::new(shred::Shred(crate::server::storage(config)?)));
    Ok(all)
}

fn worker(config: &Config, engine: &Arc<Engine>, url: &str) -> io::Result<Worker> {
    let stale = Duration::from_secs(config.job_stale_seconds);
    Ok(Worker { stale, ..Worker::new(url, handlers(config, engine)?) })
}

/// What is ordered by the clock.
fn timetable() -> Vec<kezhan_engine::jobs::Order> {
    vec![sync::order_due, retention::order_due, reach::order_due]
}

/// Everyone who wants to hear what happens.
pub fn subscribers() -> Vec<Arc<dyn Subscriber>> {
    vec![Arc::new(kezhan_features::platform::notify::Inbox)]
}

/// Background work on threads, stopped when dropped. A job at hand goes on from its last checkpoint; events are not
/// kept waiting by jobs.
pub struct Beside {
    stop: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Beside {
    pub fn start(config: &Config, engine: &Arc<Engine>, url: &str) -> io::Result<Beside> {
        let stop = Arc::new(AtomicBool::new(false));
        let beside = Beside { stop: stop.clone(), threads: Mutex::default() };
        let (flag, worker) = (stop.clone(), worker(config, engine, url)?);
        beside.begin("worker", move || worker.run(&flag))?;
        let herald = Herald::new(url, engine.clone(), subscribers());
        let flag = stop.clone();
        beside.begin("events", move || herald.run(&flag))?;
        let (flag, timetable) = (stop.clone(), Timetable::new(url, timetable()));
        beside.begin("clock", move || timetable.run(&flag))?;
        let sealer = Sealer::new(url);
        beside.begin("audit", move || sealer.run(&stop))?;
        Ok(beside)
    }

    fn begin(&self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = thread::Builder::new().name(name.into()).spawn(work)?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }

    /// Stops, and waits for it: nothing may be left that wants the database when that goes.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner)) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                log::error!("the thread {name} panicked");
            }
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stop();
    }
}
