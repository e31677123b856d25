//! What is ordered by the clock: looked at every half minute, by every process; what is due is ordered once.

use super::patient;
use crate::{Error, Result};
use diesel::{Connection, PgConnection};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Orders what is due, and says how much that was. Two at once must not order the same.
pub type Order = fn(&mut PgConnection) -> Result<usize>;

pub struct Timetable {
    pub url: String,
    pub orders: Vec<Order>,
    pub every: Duration,
}

impl Timetable {
    pub fn new(url: &str, orders: Vec<Order>) -> Timetable {
        Timetable { url: url.to_owned(), orders, every: Duration::from_secs(30) }
    }

    /// Goes on until `stop` is set.
    pub fn run(&self, stop: &AtomicBool) {
        let mut conn = None;
        let mut looked: Option<Instant> = None;
        while !stop.load(Ordering::Relaxed) {
            if looked.is_none_or(|at| at.elapsed() >= self.every) {
                looked = Some(Instant::now());
                if let Err(error) = self.look(&mut conn) {
                    log::warn!("nothing is ordered by the clock: {error}");
                    conn = None;
                }
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn look(&self, conn: &mut Option<PgConnection>) -> Result<()> {
        let conn = match conn {
            Some(conn) => conn,
            None => {
                conn.insert(PgConnection::establish(&patient(&self.url)).map_err(|e| Error::Internal(e.to_string()))?)
            }
        };
        for order in &self.orders {
            order(conn)?;
        }
        Ok(())
    }
}
