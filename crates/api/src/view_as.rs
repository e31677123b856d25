//! Administrators look at the product with somebody else's eyes, to see what that person can see. Nothing can be changed
//! meanwhile.

use crate::call::{Answer, parse};
use crate::entrance::cookie;
use crate::extract::{Json, VIEW_COOKIE, credential};
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Error, Result};
use kezhan_features::people::{Credential, access};
use kezhan_meta::problem::Code;
use serde::Deserialize;
use serde_json::json;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(begin, end))]
struct Docs;

/// They lie with the rest of `/auth`.
fn routes(_: &mut web::ServiceConfig) {}

/// Whom to look as.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewAs {
    #[schema(example = "018f3a5e-7c1b-7d3e-9a51-0c2b6f1d4e88")]
    pub user: Uuid,
}

/// A token that reads what the user can read.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes an answer")]
pub struct ViewToken {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: String,
    /// Seconds until it expires; there is no refresh token with it.
    #[schema(example = 900)]
    expires_in: i64,
}

/// Look as another user: everything that they can read but their inbox, and nothing that changes anything. For those who configure
/// users. Browsers get the token as a cookie, which stands before their own until it is taken away.
#[utoipa::path(post, path = "/api/v1/auth/view_as", tag = "auth", operation_id = "viewAs", request_body = ViewAs,
    responses((status = 200, body = ViewToken, description = "The token")))]
pub async fn begin(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let wish: ViewAs = parse(&body)?;
    let credential = once.who().credential.clone();
    let Credential::Session { tenant, user, session } = credential else {
        return Err(ApiError::refused(Code::Forbidden, &["view_as"]));
    };
    let answer = once.run(&state, &body, move |call| -> Result<Answer> {
        if !call.caller.access.may("user", Action::Configure) {
            return Err(Error::refused(Code::Forbidden, &["view_as"]));
        }
        let known = access::person(call.conn, call.caller.tenant, wish.user, None)?;
        if known.is_none() || Some(wish.user) == call.caller.user {
            return Err(Error::invalid("user", Code::NoSuchRecord));
        }
        log::info!("user {user} looks as user {} from now on", wish.user);
        let note = Note::by(call.caller, Event::ViewedAs).on("user", Some(wish.user));
        note.write(call.conn, call.caller.tenant)?;
        Ok(Answer::empty(204))
    });
    answer.await?;
    let token = state.tokens.issue_view(tenant, user, session, wish.user)?;
    let expires_in = state.tokens.expires_in();
    // An expired token still says whom to look as, until the session is prolonged or ended.
    let seconds = i64::from(state.config.refresh_token_days) * 86_400;
    let kept = cookie(&req, VIEW_COOKIE, token.clone(), "/", seconds);
    let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": expires_in});
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).cookie(kept).json(body))
}

/// Look with one's own eyes again.
#[utoipa::path(delete, path = "/api/v1/auth/view_as", tag = "auth", operation_id = "endViewAs",
    responses((status = 204, description = "The cookie is gone")))]
pub async fn end(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    // Also once the token has expired: the cookie goes all the same.
    if req.cookie(VIEW_COOKIE).is_none() && credential(&state, &req)?.is_none() {
        return Err(ApiError::refused(Code::Unauthenticated, &[]));
    }
    Ok(HttpResponse::NoContent().cookie(cookie(&req, VIEW_COOKIE, String::new(), "/", 0)).finish())
}
