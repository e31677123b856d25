//! Background jobs: on a thread of the server, or as a process of their own.

use crate::config::Config;
use kezhan_engine::Engine;
use kezhan_engine::jobs::{Handler, Worker};
use kezhan_features::platform::transfer;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Everything that this program does in the background.
pub fn handlers(config: &Config, engine: &Arc<Engine>) -> Vec<Arc<dyn Handler>> {
    transfer::handlers(engine, config.files.clone())
}

fn worker(config: &Config, engine: &Arc<Engine>, url: &str) -> Worker {
    let stale = Duration::from_secs(config.job_stale_seconds);
    Worker { stale, ..Worker::new(url, handlers(config, engine)) }
}

/// A worker on a thread, stopped when dropped. What it is at goes on from its last checkpoint.
pub struct Beside {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Beside {
    pub fn start(config: &Config, engine: &Arc<Engine>, url: &str) -> io::Result<Beside> {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, worker) = (stop.clone(), worker(config, engine, url));
        let thread = thread::Builder::new().name("worker".into()).spawn(move || worker.run(&flag))?;
        Ok(Beside { stop, thread: Some(thread) })
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the worker panicked");
        }
    }
}
