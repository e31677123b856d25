//! Second factors of administrators of the installation.

use super::door::{Keeper, prove};
use super::schemas::{HostProof, HostSecondFactor};
use crate::call::parse;
use crate::extract::Json;
use crate::openapi::signing_in;
use crate::problem::ApiError;
use crate::second_factor::Confirm;
use crate::server::State;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use kezhan_features::host::factors::{self, Standing};
use serde::Serialize;
use serde_json::json;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(standing, begin, confirm, remove, renew_codes))]
pub struct Docs;

type Answer = std::result::Result<HttpResponse, ApiError>;

/// Shown in this answer and never again.
fn once(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// One's own second factor.
#[utoipa::path(get, path = "/api/v1/host/second_factor", tag = "host", operation_id = "hostSecondFactor", security(("host" = [])),
    responses((status = 200, body = HostSecondFactor, description = "What there is")))]
pub async fn standing(state: web::Data<State>, keeper: Keeper) -> Answer {
    let found = state.db.run(move |conn| {
        let (who, _) = keeper.known(conn)?;
        Ok(Standing::of(conn, who.id)?)
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Set up an authenticator application, or another one in its place. It counts once it is confirmed with a code.
#[utoipa::path(post, path = "/api/v1/host/second_factor/totp", tag = "host", operation_id = "hostBeginTotp", security(("host" = [])), request_body = HostProof,
    responses((status = 200, body = signing_in::TotpOffer, description = "The secret, shown once")))]
pub async fn begin(state: web::Data<State>, keeper: Keeper, Json(body): Json) -> Answer {
    let HostProof { password } = parse(&body)?;
    prove(&state, &keeper, password).await?;
    let engine = state.engine.clone();
    let offer = state.db.run(move |conn| {
        let (who, _) = keeper.known(conn)?;
        Ok(factors::begin(&engine, conn, &who)?)
    });
    Ok(once(&offer.await?))
}

/// Confirm the application with a code that it shows. With it come ten recovery codes; those before are void.
#[utoipa::path(post, path = "/api/v1/host/second_factor/totp/confirm", tag = "host", operation_id = "hostConfirmTotp", security(("host" = [])), request_body = Confirm,
    responses((status = 200, body = signing_in::RecoveryCodes, description = "In force; the codes are shown once")))]
pub async fn confirm(state: web::Data<State>, keeper: Keeper, Json(body): Json) -> Answer {
    let Confirm { code } = parse(&body)?;
    let engine = state.engine.clone();
    let codes = state.db.run(move |conn| {
        let (who, actor) = keeper.known(conn)?;
        Ok(factors::confirm(&engine, conn, &actor, &who, &code)?)
    });
    Ok(once(&json!({ "recovery_codes": codes.await? })))
}

/// Switch the second factor off. Recovery codes go with it.
#[utoipa::path(post, path = "/api/v1/host/second_factor/totp/remove", tag = "host", operation_id = "hostRemoveTotp", security(("host" = [])), request_body = HostProof,
    responses((status = 204, description = "Off")))]
pub async fn remove(state: web::Data<State>, keeper: Keeper, Json(body): Json) -> Answer {
    let HostProof { password } = parse(&body)?;
    prove(&state, &keeper, password).await?;
    let removed = state.db.run(move |conn| {
        let (who, actor) = keeper.known(conn)?;
        Ok(factors::remove(conn, &actor, &who)?)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A new set of recovery codes; those before it are void.
#[utoipa::path(post, path = "/api/v1/host/second_factor/recovery_codes", tag = "host", operation_id = "hostRenewRecoveryCodes", security(("host" = [])), request_body = HostProof,
    responses((status = 200, body = signing_in::RecoveryCodes, description = "The codes, shown once")))]
pub async fn renew_codes(state: web::Data<State>, keeper: Keeper, Json(body): Json) -> Answer {
    let HostProof { password } = parse(&body)?;
    prove(&state, &keeper, password).await?;
    let codes = state.db.run(move |conn| {
        let (who, actor) = keeper.known(conn)?;
        Ok(factors::renew(conn, &actor, &who)?)
    });
    Ok(once(&json!({ "recovery_codes": codes.await? })))
}
