//! API keys: made, listed, revoked.

use crate::call::run;
use crate::extract::Who;
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

/// Make an API key. Its text is shown in this answer and never again.
#[utoipa::path(post, path = "/api/v1/api_keys", tag = "auth", operation_id = "createApiKey", request_body = crate::openapi::schemas::ApiKeyCreate,
    responses((status = 201, body = crate::openapi::schemas::ApiKeyCreated, description = "The key with its text")))]
pub async fn create(state: web::Data<State>, who: Who, wish: web::Json<Wish>) -> Result<HttpResponse, ApiError> {
    let (key, text) = run(state, who, move |call| {
        // A key that could make keys would outlive its revocation.
        if call.identity.key.is_some() {
            return Err(Error::refused(Code::Forbidden, &["API key"]));
        }
        api_key::create(call.conn, call.caller, &wish)
    })
    .await?;
    let mut body = serde_json::to_value(&key).map_err(|e| ApiError::internal(e.to_string()))?;
    if let Some(map) = body.as_object_mut() {
        map.insert("key".into(), json!(text));
    }
    Ok(HttpResponse::Created().insert_header(("location", format!("/api/v1/api_keys/{}", key.id))).json(body))
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
