//! The security policy of a company.

use crate::call::{parse, run};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::openapi::signing_in;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpResponse, web};
use kezhan_features::people::policy::{Policy, allowed};
use utoipa::OpenApi;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(get, put, effect))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/security_policy").get(get).put(put))
        .service(web::resource("/security_policy/effect").post(effect));
}

/// What the company asks of everybody who signs in. For those who configure users.
#[utoipa::path(get, path = "/api/v1/security_policy", tag = "auth", operation_id = "getSecurityPolicy",
    responses((status = 200, body = signing_in::SecurityPolicy, description = "The policy in force")))]
pub async fn get(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let policy = run(state, who, |call| {
        allowed(call.caller)?;
        Policy::of(call.conn, call.caller.tenant)
    });
    Ok(HttpResponse::Ok().json(policy.await?))
}

/// Put a policy in force as a whole: what is left out is as in a company that has set nothing. Whoever must have a
/// second factor and has shown none is signed out, but for the session that asks.
#[utoipa::path(put, path = "/api/v1/security_policy", tag = "auth", operation_id = "putSecurityPolicy", request_body = signing_in::SecurityPolicy,
    responses((status = 200, body = signing_in::SecurityPolicy, description = "In force")))]
pub async fn put(state: web::Data<State>, who: Who, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let policy: Policy = parse(&body)?;
    let policy = run(state, who, move |call| {
        call.rights_changed = true;
        let session = call.identity.session;
        call.transaction(|call| policy.put(call.conn, call.caller, session))?;
        Ok(policy)
    });
    Ok(HttpResponse::Ok().json(policy.await?))
}

/// What a policy would do if it were in force.
#[utoipa::path(post, path = "/api/v1/security_policy/effect", tag = "auth", operation_id = "securityPolicyEffect", request_body = signing_in::SecurityPolicy,
    responses((status = 200, body = signing_in::PolicyEffect, description = "How many it concerns")))]
pub async fn effect(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let policy: Policy = parse(&body)?;
    let effect = once.look(&state, &body, move |call| {
        allowed(call.caller)?;
        policy.check(call.conn, call.caller.tenant)?;
        policy.effect(call.conn, call.caller.tenant)
    });
    Ok(HttpResponse::Ok().json(effect.await?))
}
