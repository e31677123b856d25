//! Seals settled entries in batches, in the background: no writer waits for a chain.
//!
//! Numbers are handed out before commits, so that a later number may be settled before an earlier one. A seal therefore
//! covers the entries that it names, not all up to a number, and goes no further than the oldest transaction that is
//! still running.

use crate::jobs::patient;
use crate::sql::{Bind, Sql};
use crate::{Error, Result};
use chrono::{DateTime, SubsecRound, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Entries of one seal.
const BATCH: usize = 1000;
/// How often the rules of retention are looked at.
const RETENTION: Duration = Duration::from_secs(3600);

/// The digest of a change, worked out by the database so that its content need not travel. All that it says, but for
/// the number of its transaction.
pub(super) const CHANGE: &str = "sha256(convert_to(jsonb_build_array('change', e.tenant_id, e.seq, \
    (extract(epoch FROM e.at) * 1000000)::bigint, e.object, e.record_id, e.action, e.version, e.actor_id, e.channel, \
    e.request_id, e.ip, e.via, e.changes)::text, 'UTF8'))";

/// The same of an event.
pub(super) const EVENT: &str = "sha256(convert_to(jsonb_build_array('event', e.tenant_id, e.seq, \
    (extract(epoch FROM e.at) * 1000000)::bigint, e.object, e.record_id, e.action, e.actor_id, e.channel, e.request_id, \
    e.ip, e.via, e.agent, e.detail)::text, 'UTF8'))";

/// What a seal says, apart from its hash.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    pub tenant: Uuid,
    pub no: i64,
    pub at: DateTime<Utc>,
    pub covers: String,
    pub digests: Vec<u8>,
    pub previous: Vec<u8>,
}

impl Seal {
    pub fn hash(&self) -> Vec<u8> {
        let mut hash = Sha256::new();
        for part in [
            b"kezhan-audit-1".as_slice(),
            self.tenant.as_bytes(),
            &self.no.to_be_bytes(),
            &self.at.timestamp_micros().to_be_bytes(),
            self.covers.as_bytes(),
            &self.digests,
            &self.previous,
        ] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().to_vec()
    }
}

/// The last seal of a tenant, and when it was set.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub no: i64,
    pub hash: Vec<u8>,
    pub at: Option<DateTime<Utc>>,
}

pub fn head(conn: &mut PgConnection, tenant: Uuid) -> Result<Head> {
    let mut sql = Sql::new(
        "SELECT h.no, encode(h.hash, 'hex'), s.at FROM audit_heads h \
         LEFT JOIN audit_seals s ON s.tenant_id = h.tenant_id AND s.no = h.no WHERE h.tenant_id = ",
    );
    sql.uuid(tenant);
    let mut out = Head::default();
    sql.rows(conn, |row| {
        out = Head {
            no: row.int8(0).unwrap_or_default(),
            hash: hex::decode(row.text(1).unwrap_or_default()).unwrap_or_default(),
            at: row.time(2),
        };
        Ok(())
    })?;
    Ok(out)
}

/// Sets seals for all tenants; any number of processes may run one.
pub struct Sealer {
    pub url: String,
    /// How long to rest when all is sealed.
    pub poll: Duration,
}

impl Sealer {
    pub fn new(url: &str) -> Sealer {
        Sealer { url: url.to_owned(), poll: Duration::from_secs(5) }
    }

    /// Works until `stop` is set.
    pub fn run(&self, stop: &AtomicBool) {
        let mut conn = None;
        let mut kept: Option<Instant> = None;
        while !stop.load(Ordering::Relaxed) {
            let due = kept.is_none_or(|at| at.elapsed() > RETENTION);
            let busy = match self.step(&mut conn, due) {
                Ok(busy) => {
                    kept = if due { Some(Instant::now()) } else { kept };
                    busy
                }
                Err(error) => {
                    log::warn!("the audit trail is not sealed: {error}");
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

    /// Seals everything that is settled, then returns; for tests and tools.
    pub fn drain(&self) -> Result<()> {
        let mut conn = None;
        while self.step(&mut conn, false)? {}
        Ok(())
    }

    fn step(&self, kept: &mut Option<PgConnection>, retain: bool) -> Result<bool> {
        let conn = match kept.take() {
            Some(open) => kept.insert(open),
            None => kept.insert(connect(&self.url)?),
        };
        let mut busy = false;
        for tenant in with_news(conn)? {
            busy |= seal(conn, tenant)?;
        }
        if retain {
            super::retain(conn)?;
        }
        Ok(busy)
    }
}

fn connect(url: &str) -> Result<PgConnection> {
    let mut conn = PgConnection::establish(&patient(url)).map_err(|e| Error::Internal(e.to_string()))?;
    conn.batch_execute("SET TIME ZONE 'UTC'; SET lock_timeout = 30000; SET application_name = 'kezhan-audit'")?;
    Ok(conn)
}

/// Tenants of whose trail something is settled and not sealed.
fn with_news(conn: &mut PgConnection) -> Result<Vec<Uuid>> {
    Sql::new("INSERT INTO audit_heads (tenant_id) SELECT id FROM tenants ON CONFLICT DO NOTHING").execute(conn)?;
    let news = |table: &str| {
        format!(
            "EXISTS (SELECT 1 FROM {table} e WHERE e.tenant_id = h.tenant_id AND (e.txid, e.seq) > (h.txid, h.seq) \
             AND e.txid < pg_snapshot_xmin(pg_current_snapshot()))"
        )
    };
    let sql = format!("SELECT h.tenant_id FROM audit_heads h WHERE {} OR {}", news("changes"), news("audit_events"));
    let mut out = Vec::new();
    Sql::new(&sql).rows(conn, |row| {
        out.extend(row.uuid(0));
        Ok(())
    })?;
    Ok(out)
}

/// One seal, unless another process is at it.
fn seal(conn: &mut PgConnection, tenant: Uuid) -> Result<bool> {
    conn.transaction(|conn| {
        let mut sql = Sql::new("SELECT txid::text, seq, no, encode(hash, 'hex') FROM audit_heads WHERE tenant_id = ");
        sql.uuid(tenant).push(" FOR UPDATE SKIP LOCKED");
        let mut place = None;
        sql.rows(conn, |row| {
            let hash = hex::decode(row.text(3).unwrap_or_default()).unwrap_or_default();
            let number = |at| row.int8(at).unwrap_or_default();
            place = Some((row.text(0).unwrap_or("0").to_owned(), number(1), number(2), hash));
            Ok(())
        })?;
        let Some((txid, seq, no, previous)) = place else { return Ok(false) };
        let Some(batch) = settled(conn, tenant, &txid, seq)? else { return Ok(false) };
        let at = Utc::now().trunc_subsecs(6);
        let seal = Seal { tenant, no: no + 1, at, covers: batch.covers, digests: batch.digests, previous };
        let hash = seal.hash();
        let mut sql = Sql::new("INSERT INTO audit_seals (tenant_id, no, at, covers, digests, previous, hash) VALUES (");
        sql.uuid(tenant).push(", ").int(seal.no).push(", ").bind(Bind::Time(Some(at))).push(", ");
        sql.text(seal.covers)
            .push("::int8multirange, decode(")
            .text(hex::encode(&seal.digests))
            .push(", 'hex'), decode(");
        sql.text(hex::encode(&seal.previous)).push(", 'hex'), decode(").text(hex::encode(&hash)).push(", 'hex'))");
        sql.execute(conn)?;
        let mut sql = Sql::new("UPDATE audit_heads SET no = ");
        sql.int(seal.no).push(", hash = decode(").text(hex::encode(&hash)).push(", 'hex'), txid = ");
        sql.text(batch.txid).push("::xid8, seq = ").int(batch.seq).push(" WHERE tenant_id = ").uuid(tenant);
        sql.execute(conn)?;
        // Outside the database the chain has an anchor in the log.
        log::info!(target: "kezhan::audit", "seal {} of {tenant}: {}", seal.no, hex::encode(&hash));
        Ok(true)
    })
}

struct Batch {
    covers: String,
    digests: Vec<u8>,
    txid: String,
    seq: i64,
}

/// The next entries in the order in which transactions began.
fn settled(conn: &mut PgConnection, tenant: Uuid, txid: &str, seq: i64) -> Result<Option<Batch>> {
    let mut sql = Sql::new("WITH e AS (");
    for (at, (table, digest)) in [("changes", CHANGE), ("audit_events", EVENT)].into_iter().enumerate() {
        sql.push(if at == 0 { "(SELECT e.txid, e.seq, " } else { " UNION ALL (SELECT e.txid, e.seq, " });
        sql.push(digest).push(" AS digest FROM ").push(table).push(" e WHERE e.tenant_id = ").uuid(tenant);
        sql.push(" AND (e.txid, e.seq) > (").text(txid).push("::xid8, ").int(seq);
        sql.push(") AND e.txid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.txid, e.seq")
            .limit(BATCH)
            .push(")");
    }
    sql.push("), b AS (SELECT * FROM e ORDER BY txid, seq").limit(BATCH);
    sql.push(
        ") SELECT range_agg(int8range(seq, seq, '[]'))::text, string_agg(digest, ''::bytea ORDER BY seq), \
         (SELECT txid::text FROM b ORDER BY txid DESC, seq DESC LIMIT 1), \
         (SELECT seq FROM b ORDER BY txid DESC, seq DESC LIMIT 1) FROM b",
    );
    let mut out = None;
    sql.rows(conn, |row| {
        let Some(covers) = row.text(0) else { return Ok(()) };
        out = Some(Batch {
            covers: covers.to_owned(),
            digests: row.bytes(1).unwrap_or_default().to_vec(),
            txid: row.text(2).unwrap_or("0").to_owned(),
            seq: row.int8(3).unwrap_or_default(),
        });
        Ok(())
    })?;
    Ok(out)
}
