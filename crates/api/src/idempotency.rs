//! The same request twice is done once: its answer is kept with what it did, in one transaction.

use crate::call::{Answer, Call, run};
use crate::extract::Who;
use crate::problem::ApiError;
use crate::records::header_text;
use crate::server::State;
use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest, web};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use kezhan_engine::vault::key_of;
use kezhan_engine::{Error, Result};
use kezhan_features::platform::privacy::answers;
use kezhan_meta::problem::Code;
use serde_json::Value;
use std::future::{Ready, ready};

pub const HEADER: &str = "idempotency-key";
pub const REPLAYED: &str = "idempotency-replayed";
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

/// POSTs that take no key, and why, in the order of the document.
pub const EXEMPT: &[(&str, &str)] = &[
    ("renewPassword", "its answer holds tokens, which are kept nowhere"),
    ("login", "its answer holds tokens, which are kept nowhere"),
    ("logout", "once signed out, a repetition finds nothing to do"),
    ("passkeySignIn", "its answer holds tokens, which are kept nowhere"),
    ("beginPasskeySignIn", "each begins anew"),
    ("refreshToken", "its answer holds tokens, which are kept nowhere"),
    ("finishSignIn", "its answer holds tokens, which are kept nowhere"),
    ("enrolAtSignIn", "its answer holds a secret, which is kept nowhere"),
    ("beginPasskeyEnrolment", "each begins anew"),
    ("beginPasskeyFactor", "each begins anew"),
    ("lookAtLink", "it changes nothing"),
    ("acceptLink", "its answer holds tokens, which are kept nowhere"),
    ("oauthIntrospect", "it changes nothing"),
    ("oauthRevoke", "once ended, a token stays so"),
    ("oauthToken", "its answer holds tokens, which are kept nowhere; codes and refresh tokens are good once"),
    ("hostAddCompany", "keys belong to companies; a second one of this name is refused"),
    ("hostEraseCompany", "a repetition is refused"),
    ("hostResumeCompany", "a repetition is refused"),
    ("hostSuspendCompany", "a repetition is refused"),
    ("hostLogin", "its answer holds a token, which is kept nowhere"),
    ("hostLogout", "once signed out, a repetition finds nothing to do"),
    ("hostRenewRecoveryCodes", "its answer holds codes, which are kept nowhere"),
    ("hostBeginTotp", "its answer holds a secret, which is kept nowhere"),
    ("hostConfirmTotp", "its answer holds codes, which are kept nowhere"),
    ("hostRemoveTotp", "once off, a repetition finds nothing to do"),
];

/// An authenticated request that may change something. A POST has no other way to a [`Call`] than through here: `Who`
/// refuses it, so that no handler can forget the key that came with it.
#[derive(Clone, Debug)]
pub struct Once {
    who: Who,
    /// Method, path and query: another address is another request.
    head: String,
    key: Option<String>,
}

impl FromRequest for Once {
    type Error = ApiError;
    type Future = Ready<Result<Once, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Who::of(req).and_then(|who| {
            let key = if req.method() == Method::POST { key(req)? } else { None };
            let head = format!("{} {}", req.method(), req.uri().path_and_query().map_or("", |p| p.as_str()));
            Ok(Once { who, head, key })
        }))
    }
}

fn key(req: &HttpRequest) -> Result<Option<String>> {
    let Some(key) = header_text(req, HEADER)? else { return Ok(None) };
    match (1..=LENGTH_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(Some(key)),
        false => Err(Error::refused(Code::BadValue, &["Idempotency-Key", "1–200 visible ASCII characters"])),
    }
}

impl Once {
    /// For what has to be looked at before it is done.
    pub fn who(&self) -> &Who {
        &self.who
    }

    /// Does `work`, unless this caller has had it done under this key before: then the first answer again. `content`
    /// is what was sent. A failure is not kept: what was refused changed nothing, and may be tried again.
    pub async fn run<F>(self, state: &web::Data<State>, content: &[u8], work: F) -> Result<Answer, ApiError>
    where
        F: FnOnce(&mut Call<'_>) -> Result<Answer> + Send + 'static,
    {
        let claim = self.claim(state, content);
        let work = move |call: &mut Call<'_>| {
            let Some(claim) = claim else { return work(call) };
            call.transaction(|call| {
                if let Some(kept) = claim.take(call)? {
                    return replay(claim.open(call, kept)?);
                }
                let answer = work(call)?;
                claim.keep(call, &answer)?;
                Ok(answer)
            })
        };
        run(state.clone(), self.who, work).await
    }

    /// For a POST that changes nothing: done each time, but the key is as taken as by any other.
    pub async fn look<T, F>(self, state: &web::Data<State>, content: &[u8], work: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Call<'_>) -> Result<T> + Send + 'static,
    {
        let claim = self.claim(state, content);
        let work = move |call: &mut Call<'_>| {
            let Some(claim) = claim else { return work(call) };
            call.transaction(|call| {
                claim.take(call)?;
                work(call)
            })
        };
        run(state.clone(), self.who, work).await
    }

    /// Has this been done before, so that `run` will only answer again?
    pub async fn is_repeated(&self, state: &web::Data<State>, content: &[u8]) -> Result<bool, ApiError> {
        let Some(claim) = self.claim(state, content) else { return Ok(false) };
        run(state.clone(), self.who.clone(), move |call| {
            Ok(claim.find(call)?.is_some_and(|kept| kept.request_hash == claim.digest && kept.status.is_some()))
        })
        .await
    }

    fn claim(&self, state: &State, content: &[u8]) -> Option<Claim> {
        let key = self.key.clone()?;
        Some(Claim { key, digest: state.tokens.digest(&[self.head.as_bytes(), content]) })
    }
}

/// A key and what it is claimed for.
struct Claim {
    key: String,
    digest: Vec<u8>,
}

impl Claim {
    /// Takes the key, or finds what was kept under it. A twin that is still at work is waited for by the unique key.
    fn take(&self, call: &mut Call<'_>) -> Result<Option<Kept>> {
        let (tenant, principal) = (call.caller.tenant, call.identity.principal());
        let inserted = diesel::sql_query(
            "INSERT INTO idempotency_keys AS k (tenant_id, user_id, key, request_hash) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (tenant_id, user_id, key) DO UPDATE SET request_hash = EXCLUDED.request_hash, status = NULL, \
             headers = NULL, body = NULL, created_at = now() WHERE k.created_at < now() - interval '24 hours'",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(principal)
        .bind::<Text, _>(&self.key)
        .bind::<Binary, _>(&self.digest)
        .execute(call.conn)?;
        if inserted > 0 {
            return Ok(None);
        }
        match self.find(call)? {
            Some(kept) if kept.request_hash != self.digest => Err(Error::refused(Code::IdempotencyMismatch, &[])),
            kept => Ok(kept),
        }
    }

    /// What was kept under the key, or is being done.
    fn find(&self, call: &mut Call<'_>) -> Result<Option<Kept>> {
        Ok(diesel::sql_query(
            "SELECT request_hash, status, headers, body FROM idempotency_keys \
             WHERE tenant_id = $1 AND user_id = $2 AND key = $3 AND created_at >= now() - interval '24 hours'",
        )
        .bind::<SqlUuid, _>(call.caller.tenant)
        .bind::<SqlUuid, _>(call.identity.principal())
        .bind::<Text, _>(&self.key)
        .get_result::<Kept>(call.conn)
        .optional()?)
    }

    /// Where answers hold sealed fields, they are kept sealed as well.
    fn place(&self, call: &Call<'_>) -> Option<String> {
        let sealed = call.state.engine.vault().is_open();
        sealed.then(|| answers::place(call.identity.principal(), &self.key))
    }

    fn open(&self, call: &mut Call<'_>, kept: Kept) -> Result<Kept> {
        let (Some(place), Some(body)) = (self.place(call), &kept.body) else { return Ok(kept) };
        if key_of(body).is_none() {
            return Ok(kept);
        }
        let body = call.state.engine.vault().open(call.conn, call.caller.tenant, &place, body)?;
        Ok(Kept { body: Some(body), ..kept })
    }

    fn keep(&self, call: &mut Call<'_>, answer: &Answer) -> Result<()> {
        let body = answer.kept.as_ref().unwrap_or(&answer.body);
        let body = match self.place(call) {
            Some(place) => call.state.engine.vault().seal(call.conn, call.caller.tenant, &place, body)?,
            None => body.clone(),
        };
        let headers = serde_json::to_value(&answer.headers).map_err(|e| Error::Internal(e.to_string()))?;
        diesel::sql_query(
            "UPDATE idempotency_keys SET status = $4, headers = $5, body = $6 \
             WHERE tenant_id = $1 AND user_id = $2 AND key = $3",
        )
        .bind::<SqlUuid, _>(call.caller.tenant)
        .bind::<SqlUuid, _>(call.identity.principal())
        .bind::<Text, _>(&self.key)
        .bind::<SmallInt, _>(i16::try_from(answer.status).unwrap_or(200))
        .bind::<Jsonb, _>(headers)
        .bind::<Binary, _>(body)
        .execute(call.conn)?;
        Ok(())
    }
}

fn replay(kept: Kept) -> Result<Answer> {
    let Some(status) = kept.status else {
        return Err(Error::refused(Code::Conflict, &["Idempotency-Key"]));
    };
    let headers = kept.headers.and_then(|h| serde_json::from_value(h).ok()).unwrap_or_default();
    let status = u16::try_from(status).unwrap_or(500);
    let answer = Answer { status, headers, body: kept.body.unwrap_or_default(), kept: None };
    Ok(answer.with(REPLAYED, "true"))
}

/// Drops what no longer counts.
pub fn sweep(conn: &mut PgConnection) -> Result<()> {
    diesel::sql_query("DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours'").execute(conn)?;
    diesel::sql_query("DELETE FROM sessions WHERE expires_at < now() - interval '30 days'").execute(conn)?;
    kezhan_features::people::oauth::tokens::sweep(conn)?;
    diesel::sql_query("DELETE FROM known_devices WHERE last_used_at < now() - interval '1 year'").execute(conn)?;
    kezhan_features::people::challenge::sweep(conn)?;
    kezhan_features::people::links::sweep(conn)?;
    kezhan_features::people::factors::passkey::sweep(conn)?;
    diesel::sql_query("DELETE FROM sign_in_failures WHERE last_at < now() - interval '2 days'").execute(conn)?;
    Ok(())
}
