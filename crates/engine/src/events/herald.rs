//! Carries events to subscribers: inside the server or in a process of its own, any number of them.

use super::{Event, Subscriber};
use crate::jobs::patient;
use crate::sql::Sql;
use crate::{Caller, Engine, Error, Result};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// Events of one transaction.
const BATCH: usize = 200;
/// How often an event may fail before it is left out.
const ATTEMPTS: i32 = 6;

pub struct Herald {
    pub url: String,
    pub engine: Arc<Engine>,
    pub subscribers: Vec<Arc<dyn Subscriber>>,
    /// How long to rest when there is no news.
    pub poll: Duration,
}

/// A place in the stream: transaction and number, as the feed has them.
type Place = (String, i64);

impl Herald {
    pub fn new(url: &str, engine: Arc<Engine>, subscribers: Vec<Arc<dyn Subscriber>>) -> Herald {
        Herald { url: url.to_owned(), engine, subscribers, poll: Duration::from_millis(500) }
    }

    /// Works until `stop` is set.
    pub fn run(&self, stop: &AtomicBool) {
        let mut conn = None;
        while !stop.load(Ordering::Relaxed) {
            let busy = match self.step(&mut conn) {
                Ok(busy) => busy,
                Err(error) => {
                    log::warn!("events wait: {error}");
                    conn = None;
                    false
                }
            };
            let mut left = if busy { Duration::ZERO } else { self.poll };
            while !left.is_zero() && !stop.load(Ordering::Relaxed) {
                let nap = left.min(Duration::from_millis(100));
                thread::sleep(nap);
                left -= nap;
            }
        }
    }

    /// Tells everything that there is to tell, then returns; for tests and tools.
    pub fn drain(&self) -> Result<()> {
        let mut conn = None;
        while self.step(&mut conn)? {}
        Ok(())
    }

    /// A batch for each subscriber and tenant with news. Was there any?
    fn step(&self, kept: &mut Option<PgConnection>) -> Result<bool> {
        let conn = match kept.take() {
            Some(open) => kept.insert(open),
            None => kept.insert(connect(&self.url)?),
        };
        let mut busy = false;
        for subscriber in &self.subscribers {
            for tenant in with_news(conn, subscriber.name())? {
                busy |= self.tell(conn, subscriber.as_ref(), tenant)?;
            }
        }
        Ok(busy)
    }

    fn tell(&self, conn: &mut PgConnection, subscriber: &dyn Subscriber, tenant: Uuid) -> Result<bool> {
        conn.transaction(|conn| {
            let Some((place, attempts)) = take(conn, tenant, subscriber.name())? else { return Ok(false) };
            let system = Caller::system(tenant, self.engine.catalog(conn, tenant)?);
            let mut reached = None;
            for (at, event) in events(conn, &system, &place)? {
                let Some(event) = event else {
                    reached = Some(at);
                    continue;
                };
                // A savepoint: what one event fails at does not take the others with it.
                let heard = conn.transaction(|conn| subscriber.hear(&self.engine, conn, &system, &event));
                match heard {
                    Ok(()) => reached = Some(at),
                    Err(error) if reached.is_none() && attempts + 1 >= ATTEMPTS => {
                        log::error!("{} leaves out {} {}: {error}", subscriber.name(), event.object.name, event.record);
                        reached = Some(at);
                    }
                    Err(error) => {
                        log::warn!("{} tries {} {} again: {error}", subscriber.name(), event.object.name, event.record);
                        if reached.is_none() {
                            postpone(conn, tenant, subscriber.name())?;
                        }
                        break;
                    }
                }
            }
            match reached {
                Some(place) => advance(conn, tenant, subscriber.name(), &place).map(|()| true),
                None => Ok(false),
            }
        })
    }
}

fn connect(url: &str) -> Result<PgConnection> {
    let mut conn = PgConnection::establish(&patient(url)).map_err(|e| Error::Internal(e.to_string()))?;
    conn.batch_execute("SET TIME ZONE 'UTC'; SET lock_timeout = 30000; SET application_name = 'kezhan-events'")?;
    Ok(conn)
}

/// Tenants about which this subscriber has something to hear. One that it hears about for the first time begins now.
fn with_news(conn: &mut PgConnection, subscriber: &str) -> Result<Vec<Uuid>> {
    let mut sql = Sql::new(
        "INSERT INTO subscriptions (tenant_id, subscriber, txid, seq) \
         SELECT t.id, s.name, pg_snapshot_xmin(pg_current_snapshot()), 0 FROM tenants t, (SELECT ",
    );
    sql.text(subscriber).push(
        "::text AS name) s WHERE NOT EXISTS (SELECT 1 FROM subscriptions x \
         WHERE x.tenant_id = t.id AND x.subscriber = s.name) ON CONFLICT DO NOTHING",
    );
    sql.execute(conn)?;
    let mut out = Vec::new();
    let mut sql = Sql::new("SELECT s.tenant_id FROM subscriptions s WHERE s.subscriber = ");
    sql.text(subscriber).push(
        " AND s.retry_at <= now() AND EXISTS (SELECT 1 FROM changes c WHERE c.tenant_id = s.tenant_id \
         AND (c.txid, c.seq) > (s.txid, s.seq) AND c.txid < pg_snapshot_xmin(pg_current_snapshot()))",
    );
    sql.rows(conn, |row| {
        out.extend(row.uuid(0));
        Ok(())
    })?;
    Ok(out)
}

/// The place of a subscriber, unless another process is at it, and how often its next event has failed.
fn take(conn: &mut PgConnection, tenant: Uuid, subscriber: &str) -> Result<Option<(Place, i32)>> {
    let mut sql = Sql::new("SELECT txid::text, seq, attempts FROM subscriptions WHERE tenant_id = ");
    sql.uuid(tenant).push(" AND subscriber = ").text(subscriber).push(" FOR UPDATE SKIP LOCKED");
    let mut out = None;
    sql.rows(conn, |row| {
        let place = (row.text(0).unwrap_or("0").to_owned(), row.int8(1).unwrap_or_default());
        out = Some((place, row.int4(2).unwrap_or_default()));
        Ok(())
    })?;
    Ok(out)
}

/// What comes after this place; nothing in place of a change to an object that is no more.
fn events(conn: &mut PgConnection, system: &Caller, place: &Place) -> Result<Vec<(Place, Option<Event>)>> {
    let mut sql = Sql::new(
        "SELECT c.txid::text, c.seq, c.at, c.object, c.record_id, c.action, c.version, c.actor_id, c.channel, c.changes \
         FROM changes c WHERE c.tenant_id = ",
    );
    sql.uuid(system.tenant).push(" AND (c.txid, c.seq) > (").text(place.0.clone()).push("::xid8, ").int(place.1);
    sql.push(") AND c.txid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY c.txid, c.seq").limit(BATCH);
    let mut out = Vec::new();
    sql.rows(conn, |row| {
        let at = (row.text(0).unwrap_or("0").to_owned(), row.int8(1).unwrap_or_default());
        let object = row.text(3).and_then(|name| system.catalog.get(name)).cloned();
        let event = object.map(|object| Event {
            at: row.time(2).unwrap_or_default(),
            object,
            record: row.uuid(4).unwrap_or_default(),
            action: row.text(5).unwrap_or_default().to_owned(),
            version: i64::from(row.int4(6).unwrap_or_default()),
            actor: row.uuid(7),
            channel: row.text(8).unwrap_or_default().to_owned(),
            changes: row.json(9).and_then(|j| serde_json::from_slice(j).ok()).unwrap_or_default(),
        });
        out.push((at, event));
        Ok(())
    })?;
    Ok(out)
}

fn advance(conn: &mut PgConnection, tenant: Uuid, subscriber: &str, place: &Place) -> Result<()> {
    let mut sql = Sql::new("UPDATE subscriptions SET attempts = 0, txid = ");
    sql.text(place.0.clone()).push("::xid8, seq = ").int(place.1);
    sql.push(" WHERE tenant_id = ").uuid(tenant).push(" AND subscriber = ").text(subscriber);
    sql.execute(conn)?;
    Ok(())
}

/// Tries again later, each time twice as late.
fn postpone(conn: &mut PgConnection, tenant: Uuid, subscriber: &str) -> Result<()> {
    let mut sql = Sql::new(
        "UPDATE subscriptions SET attempts = attempts + 1, retry_at = now() + interval '1 second' * (2 ^ attempts) \
         WHERE tenant_id = ",
    );
    sql.uuid(tenant).push(" AND subscriber = ").text(subscriber);
    sql.execute(conn)?;
    Ok(())
}
