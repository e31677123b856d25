//! Where one is signed in, and what happened at one's door. The routes are registered by `auth`.

use crate::call::{Call, run};
use crate::extract::Who;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::{Error, Result};
use kezhan_features::people::sessions;
use kezhan_meta::problem::Code;
use serde_json::json;
use utoipa::OpenApi;
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(list, end_others, end, sign_ins))]
pub struct Docs;

/// Where someone signs in is nothing for a key or an application to know.
fn person(call: &Call<'_>) -> Result<Uuid> {
    if call.identity.delegated() {
        return Err(Error::refused(Code::Forbidden, &["API key"]));
    }
    call.caller.user.ok_or_else(|| Error::refused(Code::Forbidden, &["sessions"]))
}

/// Where the caller is signed in, last used first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "listSessions",
    responses((status = 200, body = crate::openapi::schemas::SessionList, description = "Sessions that still stand")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let open = run(state, who, |call| {
        let user = person(call)?;
        sessions::open(call.conn, call.caller.tenant, user, call.identity.session)
    });
    Ok(HttpResponse::Ok().json(json!({ "data": open.await? })))
}

/// End all sessions of the caller but this one. Their access tokens are good for two more seconds at most.
#[utoipa::path(delete, path = "/api/v1/auth/sessions", tag = "auth", operation_id = "endOtherSessions",
    responses((status = 204, description = "Ended")))]
pub async fn end_others(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    ended(state, who, None).await
}

/// End one session of the caller. Its access token is good for two more seconds at most.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "auth", operation_id = "endSession",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204, description = "Ended")))]
pub async fn end(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    ended(state, who, Some(id.into_inner())).await
}

async fn ended(state: web::Data<State>, who: Who, one: Option<Uuid>) -> Result<HttpResponse, ApiError> {
    run(state, who, move |call| {
        let user = person(call)?;
        // A key is no session: it would end the one that made it and live on.
        let Some(current) = call.identity.session else { return Err(Error::refused(Code::Forbidden, &["API key"])) };
        call.rights_changed = true;
        sessions::end(call.conn, call.caller, user, one, one.is_none().then_some(current))
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What happened at the caller's door: sign-ins and failed ones, sign-outs, other passwords; newest first.
#[utoipa::path(get, path = "/api/v1/auth/sign_ins", tag = "auth", operation_id = "listSignIns",
    params(("limit" = Option<u32>, Query, description = "Most lines, up to 200", example = 50)),
    responses((status = 200, body = crate::openapi::schemas::SignInList, description = "The log")))]
pub async fn sign_ins(state: web::Data<State>, who: Who, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["limit"])?;
    let limit = params.limit()?.unwrap_or(50);
    let log = run(state, who, move |call| {
        let user = person(call)?;
        sessions::log(call.conn, call.caller.tenant, user, limit)
    });
    Ok(HttpResponse::Ok().json(json!({ "data": log.await? })))
}
