//! One's own identities elsewhere. The routes are registered by `auth`.

use super::{begin, limit};
use crate::call::{Answer, parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::passkeys::SignedPasskey;
use crate::problem::ApiError;
use crate::second_factor::{Proof, person, prove};
use crate::server::State;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use kezhan_connect::oidc::Proved;
use kezhan_features::people::door::Door;
use kezhan_features::people::outside::flow::Aim;
use kezhan_features::people::outside::{ProviderOf, own};
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(list, connect, disconnect))]
pub struct Docs;

pub fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/identities").get(list).post(connect))
        .service(web::resource("/identities/{source}").delete(disconnect));
}

/// The page that links begin at and come back to.
const PROFILE: &str = "/settings/security";

/// Who somebody is elsewhere.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct OutsideIdentity {
    /// The provider or the directory.
    source: Uuid,
    #[schema(example = "企业账号")]
    name: String,
    /// `identity_provider` or `directory`.
    #[schema(example = "identity_provider")]
    kind: String,
    /// As the provider names them.
    #[schema(example = "li")]
    subject: String,
    linked_at: DateTime<Utc>,
}

/// A provider that one may connect.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct ConnectableProvider {
    id: Uuid,
    #[schema(example = "企业账号")]
    name: String,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct OutsideIdentities {
    data: Vec<OutsideIdentity>,
    /// Providers at which the caller is nobody yet.
    available: Vec<ConnectableProvider>,
}

/// A provider to be connected, and that it is really the person who asks: a password, a code or a passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectIdentity {
    pub provider: Uuid,
    #[schema(format = "password", example = "correct horse")]
    pub password: Option<String>,
    /// Of an authenticator application.
    #[schema(example = "492039")]
    pub code: Option<String>,
    /// Signed as `beginPasskeyProof` asked.
    pub passkey: Option<SignedPasskey>,
}

/// Where to go on.
#[derive(Serialize, ToSchema)]
pub struct GoOn {
    #[schema(example = "https://login.example.com/authorize?client_id=kezhan")]
    pub url: String,
}

/// Who the caller is at providers and in directories, and where else they might connect.
#[utoipa::path(get, path = "/api/v1/auth/identities", tag = "auth", operation_id = "listOwnIdentities",
    responses((status = 200, body = OutsideIdentities, description = "Identities, oldest first")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let found = run(state, who, |call| {
        let user = person(call)?;
        own::list(call.conn, call.caller.tenant, user)
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Begin to connect an identity at a provider: where to send this browser, which comes back to the profile with `linked`
/// in the query: `done`, or why not: `state`, `denied`, `provider`, `unproved`, `email_domain`, `taken`, `another`,
/// `inactive`.
#[utoipa::path(post, path = "/api/v1/auth/identities", tag = "auth", operation_id = "connectIdentity", request_body = ConnectIdentity,
    responses((status = 200, body = GoOn, description = "The provider's page")))]
pub async fn connect(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    limit(&state, &req)?;
    let ConnectIdentity { provider, password, code, passkey } = parse(&body)?;
    let proved = prove(&state, &req, (&once, &body), Proof { password, code, passkey }, "password").await?;
    let whose = once.look(&state, &body, move |call| {
        proved.require()?;
        Ok((call.caller.tenant, person(call)?))
    });
    let (tenant, user) = whose.await?;
    match begin(&state, &req, tenant, provider, Aim::Link(user)).await? {
        Some((url, cookie)) => {
            Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).cookie(cookie).json(GoOn { url }))
        }
        None => Err(ApiError::refused(Code::NotReachable, &["provider"])),
    }
}

/// Part from an identity at a provider. One of a directory stays, and so does the only way in.
#[utoipa::path(delete, path = "/api/v1/auth/identities/{source}", tag = "auth", operation_id = "disconnectIdentity",
    params(("source" = Uuid, Path, description = "The provider")),
    responses((status = 204, description = "Parted")))]
pub async fn disconnect(state: web::Data<State>, who: Who, source: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let parted = run(state, who, move |call| {
        let user = person(call)?;
        own::unlink(call.conn, call.caller, user, source.into_inner())
    });
    parted.await?;
    Ok(Answer::empty(204).into())
}

/// The browser of somebody who links an identity has come back with proof of it.
pub async fn linked(
    state: &web::Data<State>,
    whose: (Uuid, Uuid),
    of: ProviderOf,
    proved: Proved,
    door: Door,
) -> Result<HttpResponse, ApiError> {
    let engine = state.engine.clone();
    let done = state.db.run(move |conn| Ok(own::link(&engine, conn, whose, &of, &proved, &door)?)).await?;
    Ok(unlinked(done.err().unwrap_or("done")))
}

/// Back to the profile, which knows what to say.
pub fn unlinked(why: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, format!("{PROFILE}?linked={why}")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}
