//! The same request twice is done once: its answer is kept with what it did, in one transaction.

use crate::call::{Answer, Call};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";
const LENGTH_MAX: usize = 200;

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = Binary)]
    request_hash: Vec<u8>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    status: Option<i16>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    headers: Option<Value>,
    #[diesel(sql_type = Nullable<Binary>)]
    body: Option<Vec<u8>>,
}

/// Does `work`, unless this caller has had it done under this key before: then the first answer again.
/// A failure is not kept: what was refused changed nothing, and may be tried again.
pub fn once(
    call: &mut Call<'_>,
    key: Option<&str>,
    request: &[&[u8]],
    work: impl FnOnce(&mut Call<'_>) -> Result<Answer>,
) -> Result<Answer> {
    let Some(key) = key else { return work(call) };
    if key.is_empty() || key.len() > LENGTH_MAX || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::refused(Code::BadValue, &["Idempotency-Key", "1–200 visible ASCII characters"]));
    }
    let hash = digest(request);
    call.transaction(|call| {
        if let Some(kept) = claim(call, key, &hash)? {
            return replay(kept, &hash);
        }
        let answer = work(call)?;
        keep(call, key, &answer)?;
        Ok(answer)
    })
}

fn digest(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Takes the key, or finds who had it. A twin that is still at work is waited for by the unique key.
fn claim(call: &mut Call<'_>, key: &str, hash: &[u8]) -> Result<Option<Kept>> {
    let (tenant, principal) = (call.caller.tenant, call.identity.principal());
    let inserted = diesel::sql_query(
        "INSERT INTO idempotency_keys AS k (tenant_id, user_id, key, request_hash) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id, user_id, key) DO UPDATE SET request_hash = EXCLUDED.request_hash, status = NULL, \
         headers = NULL, body = NULL, created_at = now() WHERE k.created_at < now() - interval '24 hours'",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(principal)
    .bind::<Text, _>(key)
    .bind::<Binary, _>(hash)
    .execute(call.conn)?;
    if inserted > 0 {
        return Ok(None);
    }
    Ok(diesel::sql_query(
        "SELECT request_hash, status, headers, body FROM idempotency_keys \
         WHERE tenant_id = $1 AND user_id = $2 AND key = $3",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(principal)
    .bind::<Text, _>(key)
    .get_result(call.conn)
    .optional()?)
}

fn replay(kept: Kept, hash: &[u8]) -> Result<Answer> {
    if kept.request_hash != hash {
        return Err(Error::refused(Code::IdempotencyMismatch, &[]));
    }
    let Some(status) = kept.status else {
        return Err(Error::refused(Code::Conflict, &["Idempotency-Key"]));
    };
    let headers = kept.headers.and_then(|h| serde_json::from_value(h).ok()).unwrap_or_default();
    let answer = Answer { status: u16::try_from(status).unwrap_or(500), headers, body: kept.body.unwrap_or_default() };
    Ok(answer.with(REPLAYED, "true"))
}

fn keep(call: &mut Call<'_>, key: &str, answer: &Answer) -> Result<()> {
    let headers = serde_json::to_value(&answer.headers).map_err(|e| Error::Internal(e.to_string()))?;
    diesel::sql_query(
        "UPDATE idempotency_keys SET status = $4, headers = $5, body = $6 \
         WHERE tenant_id = $1 AND user_id = $2 AND key = $3",
    )
    .bind::<SqlUuid, _>(call.caller.tenant)
    .bind::<SqlUuid, _>(call.identity.principal())
    .bind::<Text, _>(key)
    .bind::<SmallInt, _>(i16::try_from(answer.status).unwrap_or(200))
    .bind::<Jsonb, _>(headers)
    .bind::<Binary, _>(&answer.body)
    .execute(call.conn)?;
    Ok(())
}

/// Drops what no longer counts.
pub fn sweep(conn: &mut PgConnection) -> Result<()> {
    diesel::sql_query("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'").execute(conn)?;
    diesel::sql_query("DELETE FROM sessions WHERE expires_at < now() - interval '30 days'").execute(conn)?;
    diesel::sql_query("DELETE FROM sign_in_failures WHERE last_at < now() - interval '2 days'").execute(conn)?;
    Ok(())
}
