//! What other processes do to people, rights and objects is heard here, so that a session which was ended there ends
//! here as well, and not only when what is known about it has grown old.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use kezhan_features::people::Identities;
use kezhan_features::people::identity::CHANNEL;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use uuid::Uuid;

/// How often the connection is looked at. That asks the socket, not the database.
const BEAT: Duration = Duration::from_millis(50);
/// How long to rest after a connection was lost. Meanwhile, and through poolers that pass no notifications on, what is
/// known grows old as ever.
const REST: Duration = Duration::from_secs(2);

/// A thread that listens, stopped when dropped.
pub struct Ear {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ear {
    pub fn open(url: &str, identities: Arc<Identities>) -> io::Result<Ear> {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, url) = (stop.clone(), url.to_owned());
        let thread = thread::Builder::new().name("hearing".into()).spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                if let Err(error) = listen(&url, &identities, &flag) {
                    log::warn!("changes by other processes are not heard of at once: {error}");
                    nap(REST, &flag);
                }
            }
        })?;
        Ok(Ear { stop, thread: Some(thread) })
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the listening thread panicked");
        }
    }
}

fn listen(url: &str, identities: &Identities, stop: &AtomicBool) -> Result<(), Box<dyn std::error::Error>> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute(&format!("SET application_name = 'kezhan-hearing'; LISTEN {CHANNEL}"))?;
    while !stop.load(Ordering::Relaxed) {
        for heard in conn.notifications_iter() {
            if let Ok(tenant) = Uuid::parse_str(&heard?.payload) {
                identities.expire(tenant);
            }
        }
        thread::sleep(BEAT);
    }
    Ok(())
}

fn nap(mut left: Duration, stop: &AtomicBool) {
    while !left.is_zero() && !stop.load(Ordering::Relaxed) {
        let step = left.min(BEAT);
        thread::sleep(step);
        left -= step;
    }
}
