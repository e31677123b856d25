//! Works the chain out anew, and names the first place where it does not hold.

use super::seal::{CHANGE, EVENT, Seal};
use super::{Event, head};
use crate::Result;
use crate::sql::Sql;
use diesel::PgConnection;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use uuid::Uuid;

/// What is wrong, at its first place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A seal that should be there is not.
    SealMissing(i64),
    /// A seal does not say what it said when it was set, or does not follow the one before it.
    SealChanged(i64),
    /// An entry is not as it was when it was sealed.
    EntryChanged { seal: i64, entry: i64 },
    /// An entry is gone without the rules of retention having taken it.
    EntryMissing { seal: i64, entry: i64 },
    /// The last seal is not the one that was asked for.
    OtherHead(i64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::SealMissing(no) => write!(f, "seal {no} is missing"),
            Fault::SealChanged(no) => write!(f, "seal {no} was changed"),
            Fault::EntryChanged { seal, entry } => write!(f, "entry {entry} was changed after seal {seal} was set"),
            Fault::EntryMissing { seal, entry } => write!(f, "entry {entry} is missing from seal {seal}"),
            Fault::OtherHead(no) => write!(f, "seal {no} has another hash than the one given"),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub seals: i64,
    pub entries: u64,
    /// Taken away by the rules of retention.
    pub retired: u64,
    /// Emptied where the law asks for it, by an entry of the trail that says so.
    pub redacted: u64,
    /// The hash of the last seal, to be noted elsewhere.
    pub head: String,
    pub fault: Option<Fault>,
}

/// The whole trail of a tenant. `anchor`: a seal and its hash that were noted elsewhere.
pub fn verify(conn: &mut PgConnection, tenant: Uuid, anchor: Option<(i64, &[u8])>) -> Result<Verdict> {
    let head = head(conn, tenant)?;
    let explained = Explained { retired: retired(conn, tenant)?, redacted: redacted(conn, tenant)? };
    let mut verdict = Verdict { head: hex::encode(&head.hash), ..Verdict::default() };
    let mut previous = Vec::new();
    while verdict.fault.is_none() {
        let no = verdict.seals + 1;
        let Some((seal, hash)) = read(conn, tenant, no)? else {
            let more = no <= head.no || later(conn, tenant, no)?;
            verdict.fault = more.then_some(Fault::SealMissing(no));
            break;
        };
        if seal.previous != previous || seal.hash() != hash {
            verdict.fault = Some(Fault::SealChanged(no));
            break;
        }
        if anchor.is_some_and(|(at, wanted)| at == no && wanted != hash) {
            verdict.fault = Some(Fault::OtherHead(no));
            break;
        }
        verdict.fault = entries(conn, &seal, &explained, &mut verdict)?;
        previous = hash;
        verdict.seals = no;
    }
    if verdict.fault.is_none() {
        let last = verdict.seals;
        verdict.fault = match anchor {
            Some((at, _)) if at > last => Some(Fault::SealMissing(last + 1)),
            _ if previous != head.hash => Some(Fault::SealChanged(last)),
            _ => None,
        };
    }
    Ok(verdict)
}

fn read(conn: &mut PgConnection, tenant: Uuid, no: i64) -> Result<Option<(Seal, Vec<u8>)>> {
    let mut sql = Sql::new("SELECT at, covers::text, digests, previous, hash FROM audit_seals WHERE tenant_id = ");
    sql.uuid(tenant).push(" AND no = ").int(no);
    let mut out = None;
    sql.rows(conn, |row| {
        let bytes = |at| row.bytes(at).unwrap_or_default().to_vec();
        let seal = Seal {
            tenant,
            no,
            at: row.time(0).unwrap_or_default(),
            covers: row.text(1).unwrap_or_default().to_owned(),
            digests: bytes(2),
            previous: bytes(3),
        };
        out = Some((seal, bytes(4)));
        Ok(())
    })?;
    Ok(out)
}

fn later(conn: &mut PgConnection, tenant: Uuid, no: i64) -> Result<bool> {
    let mut sql = Sql::new("SELECT EXISTS (SELECT 1 FROM audit_seals WHERE tenant_id = ");
    sql.uuid(tenant).push(" AND no > ").int(no).push(")");
    let mut out = false;
    sql.rows(conn, |row| {
        out = row.bool(0).unwrap_or_default();
        Ok(())
    })?;
    Ok(out)
}

/// Holds each entry that is there against the digest in its seal.
fn entries(
    conn: &mut PgConnection,
    seal: &Seal,
    explained: &Explained,
    verdict: &mut Verdict,
) -> Result<Option<Fault>> {
    let mut wanted = Vec::new();
    let mut sql = Sql::new("SELECT generate_series(lower(r), upper(r) - 1) FROM unnest(");
    sql.text(seal.covers.clone()).push("::int8multirange) r ORDER BY 1");
    sql.rows(conn, |row| {
        wanted.extend(row.int8(0));
        Ok(())
    })?;
    let mut found: HashMap<i64, Vec<u8>> = HashMap::with_capacity(wanted.len());
    for (table, digest) in [("changes", CHANGE), ("audit_events", EVENT)] {
        let mut sql = Sql::new("SELECT e.seq, ");
        sql.push(digest).push(" FROM ").push(table).push(" e WHERE e.tenant_id = ").uuid(seal.tenant);
        sql.push(" AND e.seq = ANY(").bind(crate::sql::Bind::Ints(wanted.clone())).push(")");
        sql.rows(conn, |row| {
            found.insert(row.int8(0).unwrap_or_default(), row.bytes(1).unwrap_or_default().to_vec());
            Ok(())
        })?;
    }
    let digests = seal.digests.chunks(32);
    if digests.len() != wanted.len() {
        return Ok(Some(Fault::SealChanged(seal.no)));
    }
    for (entry, digest) in wanted.into_iter().zip(digests) {
        match found.get(&entry) {
            Some(now) if now == digest => verdict.entries += 1,
            Some(now) if explained.redacted.get(&entry) == Some(now) => verdict.redacted += 1,
            Some(_) => return Ok(Some(Fault::EntryChanged { seal: seal.no, entry })),
            None if explained.retired.contains(&entry) => verdict.retired += 1,
            None => return Ok(Some(Fault::EntryMissing { seal: seal.no, entry })),
        }
    }
    Ok(None)
}

/// What the trail itself says of entries that are not as they were sealed.
struct Explained {
    retired: BTreeSet<i64>,
    /// Entry → the digest that it has since it was emptied for the last time.
    redacted: HashMap<i64, Vec<u8>>,
}

fn redacted(conn: &mut PgConnection, tenant: Uuid) -> Result<HashMap<i64, Vec<u8>>> {
    let mut sql = Sql::new(
        "SELECT d.key::bigint, decode(d.value, 'hex') FROM audit_events e, jsonb_each_text(e.detail->'digests') d \
         WHERE e.tenant_id = ",
    );
    sql.uuid(tenant).push(" AND e.action = ").text(Event::Redacted.key()).push(" ORDER BY e.seq");
    let mut out = HashMap::new();
    sql.rows(conn, |row| {
        out.extend(row.int8(0).zip(row.bytes(1).map(<[u8]>::to_vec)));
        Ok(())
    })?;
    Ok(out)
}

/// What the rules of retention took, by their own entries, which are sealed like all others.
fn retired(conn: &mut PgConnection, tenant: Uuid) -> Result<BTreeSet<i64>> {
    let mut sql = Sql::new(
        "SELECT generate_series(lower(r), upper(r) - 1) FROM audit_events e, \
         unnest((e.detail->>'entries')::int8multirange) r WHERE e.tenant_id = ",
    );
    sql.uuid(tenant).push(" AND e.action = ").text(Event::Retired.key());
    let mut out = BTreeSet::new();
    sql.rows(conn, |row| {
        out.extend(row.int8(0));
        Ok(())
    })?;
    Ok(out)
}
