//! The page on which someone lets an application in.

use super::issuer;
use super::schemas::{ConsentAnswer, ConsentPrompt, ConsentQuestion, Onward};
use crate::call::{Answer, parse};
use crate::extract::Json;
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_features::people::oauth::authorize;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(question, answer))]
pub struct Docs;

/// What an application asks for, or where to go where there is nothing to ask. Of a request whose application or
/// address is not known, nobody hears but the person.
#[utoipa::path(post, path = "/api/v1/oauth/question", tag = "oauth", operation_id = "oauthQuestion", request_body = ConsentQuestion,
    responses((status = 200, body = ConsentPrompt, description = "What to ask")))]
pub async fn question(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let asked: ConsentQuestion = parse(&body)?;
    let issuer = issuer(&state, &req);
    let question = once.look(&state, &body, move |call| {
        call.transaction(|call| authorize::question(call.conn, call.caller, &asked.query, &issuer))
    });
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(question.await?))
}

/// Let an application in, or not. The answer is an address to go to, with a code that is good for one minute.
#[utoipa::path(post, path = "/api/v1/oauth/answer", tag = "oauth", operation_id = "oauthAnswer", request_body = ConsentAnswer,
    responses((status = 200, body = Onward, description = "Where to go next")))]
pub async fn answer(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let said: ConsentAnswer = parse(&body)?;
    let issuer = issuer(&state, &req);
    let answer = once.run(&state, &body, move |call| {
        call.transaction(|call| {
            let redirect_to = authorize::answer(call.conn, call.caller, &said.query, said.allow, &issuer)?;
            // A code is kept nowhere.
            let kept = Some(b"{}".to_vec());
            Ok(Answer { kept, ..Answer::json(200, &Onward { redirect_to })? }.with("cache-control", "no-store"))
        })
    });
    Ok(answer.await?.into())
}
