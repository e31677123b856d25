//! API keys: made, listed, revoked.

use crate::call::{Answer, parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use kezhan_engine::Error;
use kezhan_features::people::api_key::{self, Wish};
use kezhan_meta::problem::Code;
use serde_json::json;
use utoipa::OpenApi;
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(list, create, revoke))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/api_keys")
            .service(web::resource("").get(list).post(create))
            .service(web::resource("/{id}").delete(revoke)),
    );
}

/// The caller's API keys; everyone's for those who configure users.
#[utoipa::path(get, path = "/api/v1/api_keys", tag = "auth", operation_id = "listApiKeys",
    responses((status = 200, body = crate::openapi::schemas::ApiKeyList, description = "Keys, newest first, without their secrets")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let keys = run(state, who, |call| api_key::list(call.conn, call.caller)).await?;
    Ok(HttpResponse::Ok().json(json!({"data": keys})))
}

/// Make an API key. Its text is shown in this answer and never again: a repetition under the same `Idempotency-Key`
/// gets the answer without it.
#[utoipa::path(post, path = "/api/v1/api_keys", tag = "auth", operation_id = "createApiKey", request_body = crate::openapi::schemas::ApiKeyCreate,
    responses((status = 201, body = crate::openapi::schemas::ApiKeyCreated, description = "The key with its text")))]
pub async fn create(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let wish: Wish = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        // A key that could make keys would outlive its revocation.
        if call.identity.key.is_some() {
            return Err(Error::refused(Code::Forbidden, &["API key"]));
        }
        let (key, text) = api_key::create(call.conn, call.caller, &wish)?;
        let kept = Answer::json(201, &key)?;
        let mut shown = json!(key);
        shown["key"] = json!(text);
        let answer = Answer { kept: Some(kept.body), ..Answer::json(201, &shown)? };
        Ok(answer.with("location", format!("/api/v1/api_keys/{}", key.id)))
    });
    Ok(answer.await?.into())
}

/// End an API key for good.
#[utoipa::path(delete, path = "/api/v1/api_keys/{id}", tag = "auth", operation_id = "revokeApiKey",
    params(("id" = Uuid, Path, description = "The key's id")),
    responses((status = 204, description = "Revoked")))]
pub async fn revoke(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    run(state, who, move |call| {
        call.rights_changed = true;
        api_key::revoke(call.conn, call.caller, id.into_inner())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
