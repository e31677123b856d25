//! API keys: made, listed, held to bounds, given another text, revoked.

use crate::call::{Answer, parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::Params;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::Result as Outcome;
use kezhan_features::people::api_key::{self, ApiKey, Wish};
use kezhan_meta::problem::Code;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(list, create, preview, read, change, rotate, revoke))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/api_keys")
            .service(web::resource("").get(list).post(create))
            .service(web::resource("/preview").post(preview))
            .service(web::resource("/{id}").get(read).patch(change).delete(revoke))
            .service(web::resource("/{id}/rotate").post(rotate)),
    );
}

/// The caller's API keys; everyone's for those who configure users.
#[utoipa::path(get, path = "/api/v1/api_keys", tag = "auth", operation_id = "listApiKeys",
    responses((status = 200, body = crate::openapi::keys::ApiKeyList, description = "Keys, newest first, without their secrets")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let keys = run(state, who, |call| {
        call.state.identities.uses.write(call.conn)?;
        api_key::list(call.conn, call.caller)
    })
    .await?;
    Ok(HttpResponse::Ok().json(json!({"data": keys})))
}

/// Make an API key. Its text is shown in this answer and never again: a repetition under the same `Idempotency-Key`
/// gets the answer without it.
#[utoipa::path(post, path = "/api/v1/api_keys", tag = "auth", operation_id = "createApiKey", request_body = crate::openapi::keys::ApiKeyCreate,
    responses((status = 201, body = crate::openapi::keys::ApiKeyCreated, description = "The key with its text")))]
pub async fn create(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let wish: Wish = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        let (key, text) = api_key::create(call.conn, call.caller, &wish)?;
        shown_once(201, &key, &text)
    });
    Ok(answer.await?.into())
}

/// The key with its text; without it where the answer is repeated.
fn shown_once(status: u16, key: &ApiKey, text: &str) -> Outcome<Answer> {
    let kept = Answer::json(status, key)?;
    let mut shown = json!(key);
    shown["key"] = json!(text);
    let answer = Answer { kept: Some(kept.body), ..Answer::json(status, &shown)? };
    Ok(answer.with("location", format!("/api/v1/api_keys/{}", key.id)))
}

/// What a key could reach that were made like this, object by object, or one that is there with these bounds. Nothing
/// is made.
#[utoipa::path(post, path = "/api/v1/api_keys/preview", tag = "auth", operation_id = "previewApiKey", request_body = crate::openapi::keys::ApiKeyCreate,
    params(("key" = Option<Uuid>, Query, description = "The key that is to get these bounds")),
    responses((status = 200, body = crate::openapi::keys::Reach, description = "Objects with actions, data scopes and fields")))]
pub async fn preview(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let params = Params::parse(req.query_string())?;
    params.only(&["key"])?;
    let bad = |_| ApiError::refused(Code::BadValue, &["key", "id"]);
    let of = params.get("key").map(Uuid::parse_str).transpose().map_err(bad)?;
    let wish: Wish = parse(&body)?;
    let reach = once.look(&state, &body, move |call| api_key::preview(call.conn, call.caller, &wish, of)).await?;
    Ok(HttpResponse::Ok().json(json!({ "reach": reach })))
}

/// One API key, and what it reaches now.
#[utoipa::path(get, path = "/api/v1/api_keys/{id}", tag = "auth", operation_id = "readApiKey",
    params(("id" = Uuid, Path, description = "The key's id")),
    responses((status = 200, body = crate::openapi::keys::ApiKeyRead, description = "The key without its secret")))]
pub async fn read(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let shown = run(state, who, move |call| {
        call.state.identities.uses.write(call.conn)?;
        let (key, reach) = api_key::find(call.conn, call.caller, id.into_inner())?;
        let mut shown = json!(key);
        shown["reach"] = json!(reach);
        Ok(shown)
    });
    Ok(HttpResponse::Ok().json(shown.await?))
}

/// Change an API key's name or bounds. What is left out stays; `null` takes a bound away.
#[utoipa::path(patch, path = "/api/v1/api_keys/{id}", tag = "auth", operation_id = "updateApiKey", request_body = crate::openapi::keys::ApiKeyChange,
    params(("id" = Uuid, Path, description = "The key's id")),
    responses((status = 200, body = crate::openapi::keys::ApiKeySchema, description = "The key as changed")))]
pub async fn change(
    state: web::Data<State>,
    once: Once,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let change: Map<String, Value> = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        call.rights_changed = true;
        call.transaction(|call| Answer::json(200, &api_key::change(call.conn, call.caller, id.into_inner(), &change)?))
    });
    Ok(answer.await?.into())
}

/// For how long the former text stays good.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rotation {
    /// Up to 720; 0 ends the former text at once, which is the way after a leak.
    #[schema(minimum = 0, maximum = 720, default = 24, example = 24)]
    pub overlap_hours: i32,
}

impl Default for Rotation {
    fn default() -> Rotation {
        Rotation { overlap_hours: 24 }
    }
}

/// Give an API key another text, shown in this answer and never again. The former one stays good for some hours.
#[utoipa::path(post, path = "/api/v1/api_keys/{id}/rotate", tag = "auth", operation_id = "rotateApiKey", request_body = Rotation,
    params(("id" = Uuid, Path, description = "The key's id")),
    responses((status = 200, body = crate::openapi::keys::ApiKeyCreated, description = "The key with its text")))]
pub async fn rotate(
    state: web::Data<State>,
    once: Once,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let wish: Rotation = if body.is_empty() { Rotation::default() } else { parse(&body)? };
    let answer = once.run(&state, &body, move |call| {
        call.rights_changed = true;
        call.transaction(|call| {
            let (key, text) = api_key::rotate(call.conn, call.caller, id.into_inner(), wish.overlap_hours)?;
            shown_once(200, &key, &text)
        })
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
