//! The applications that act on one's behalf, and the secrets of those that can keep one.

use super::schemas::{ClientSecret, ConnectedApplications, SecretWish};
use crate::call::{Answer, Call, parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use kezhan_engine::{Error, Result};
use kezhan_features::people::oauth::{clients, grants};
use kezhan_meta::problem::Code;
use serde_json::json;
use utoipa::OpenApi;
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(list, withdraw, secret))]
pub struct Docs;

fn person(call: &Call<'_>) -> Result<Uuid> {
    let own = call.caller.user.filter(|_| !call.identity.delegated());
    own.ok_or_else(|| Error::refused(Code::Forbidden, &["oauth"]))
}

/// The applications that act on the caller's behalf, last used first.
#[utoipa::path(get, path = "/api/v1/oauth/connected", tag = "oauth", operation_id = "listConnectedApplications",
    responses((status = 200, body = ConnectedApplications, description = "Applications")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let all = run(state, who, |call| {
        let user = person(call)?;
        call.state.identities.uses.write(call.conn)?;
        grants::connected(call.conn, call.caller.tenant, user)
    });
    Ok(HttpResponse::Ok().json(json!({ "data": all.await? })))
}

/// Shut an application out. Its tokens end at once.
#[utoipa::path(delete, path = "/api/v1/oauth/connected/{id}", tag = "oauth", operation_id = "withdrawApplication",
    params(("id" = Uuid, Path, description = "The connection")),
    responses((status = 204, description = "Withdrawn")))]
pub async fn withdraw(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    run(state, who, move |call| {
        let user = person(call)?;
        call.rights_changed = true;
        call.transaction(|call| grants::withdraw(call.conn, call.caller, user, id.into_inner()))
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Make a secret for a confidential application, shown in this answer and never again. The former one stays good for a
/// day, unless it is to end at once.
#[utoipa::path(post, path = "/api/v1/oauth_clients/{id}/secret", tag = "oauth", operation_id = "makeClientSecret", request_body = Option<SecretWish>,
    params(("id" = Uuid, Path, description = "The application")),
    responses((status = 201, body = ClientSecret, description = "The secret")))]
pub async fn secret(
    state: web::Data<State>,
    once: Once,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    let wish: SecretWish = if body.is_empty() { SecretWish::default() } else { parse(&body)? };
    let answer = once.run(&state, &body, move |call| {
        call.transaction(|call| {
            let secret = clients::new_secret(call.conn, call.caller, id, wish.at_once)?;
            let kept = Answer::json(201, &json!({ "client_id": id }))?;
            let shown = Answer::json(201, &json!({ "client_id": id, "client_secret": secret }))?;
            Ok(Answer { kept: Some(kept.body), ..shown }.with("cache-control", "no-store"))
        })
    });
    Ok(answer.await?.into())
}
