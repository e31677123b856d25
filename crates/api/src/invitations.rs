//! Inviting people, and the links by which somebody chooses a password.

use crate::call::{Answer, parse, run};
use crate::entrance::enter_by;
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::openapi::signing_in;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::second_factor::paced;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::Error;
use kezhan_features::people::links::{self, Purpose};
use kezhan_meta::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(list, invite, withdraw, look, accept))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/invitations").get(list).post(invite))
        .service(web::resource("/invitations/{id}").delete(withdraw));
}

/// Those below `/auth`, which `auth` registers.
pub fn at_the_door(app: &mut web::ServiceConfig) {
    app.service(web::resource("/link").post(look)).service(web::resource("/link/accept").post(accept));
}

/// Somebody new: the fields of a user.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    #[schema(example = "李娜")]
    pub name: String,
    /// Made from the name where it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "li.na")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "li.na@example.com")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "13800138000")]
    pub mobile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_department: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_roles: Option<Vec<Uuid>>,
}

/// What stands behind `#` in a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    #[schema(example = "kzi_AZ3mQ0x")]
    pub token: String,
}

/// The password to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptLink {
    #[schema(example = "kzi_AZ3mQ0x")]
    pub token: String,
    #[schema(format = "password", min_length = 8, max_length = 200, example = "correct horse battery")]
    pub password: String,
}

/// Links that nobody has used yet, newest first: invitations, and those for people who have forgotten their password.
/// For those who configure users.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "auth", operation_id = "listInvitations",
    responses((status = 200, body = signing_in::InvitationList, description = "Links, without what makes them")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let open = run(state, who, |call| links::open(call.conn, call.caller)).await?;
    Ok(HttpResponse::Ok().json(json!({ "data": open })))
}

/// Invite somebody: a new user, and a link by which they choose a password and come in. The link is shown in this answer
/// and never again; the action `invite` of the user makes another one in its place.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "auth", operation_id = "invite", request_body = Invite,
    responses((status = 201, body = signing_in::InvitationMade, description = "The user and the link")))]
pub async fn invite(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let wish: Invite = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        links::allowed(call.caller)?;
        call.rights_changed = true;
        call.transaction(|call| {
            let object = call.caller.catalog.get("user").cloned().ok_or_else(Error::not_found)?;
            let Ok(Value::Object(mut record)) = serde_json::to_value(&wish) else {
                return Err(Error::Internal("not a record".into()));
            };
            record.insert("status".into(), json!(Purpose::Invitation.status()));
            let record: Record = record;
            let user = call.state.engine.create(call.conn, call.caller, &object, record)?.id;
            let made = links::make(call.conn, call.caller, user, Purpose::Invitation)?;
            let kept = Answer::json(201, &json!({ "id": made.id, "user": user }))?;
            let answer = Answer { kept: Some(kept.body), ..Answer::json(201, &made)? };
            Ok(answer.with("location", format!("/api/v1/users/{user}")))
        })
    });
    Ok(answer.await?.into())
}

/// Withdraw a link: nobody comes in by it any more. The user stays as they are.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "auth", operation_id = "withdrawInvitation",
    params(("id" = Uuid, Path, description = "The link's id")),
    responses((status = 204, description = "Withdrawn")))]
pub async fn withdraw(state: web::Data<State>, who: Who, id: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    run(state, who, move |call| call.transaction(|call| links::withdraw(call.conn, call.caller, id.into_inner())))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Whom a link is for, and what a password has to be like.
#[utoipa::path(post, path = "/api/v1/auth/link", tag = "auth", operation_id = "lookAtLink", security(()), request_body = Link,
    responses((status = 200, body = signing_in::Welcome, description = "What the link is for")))]
pub async fn look(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let Link { token } = parse(&body)?;
    paced(&state, &req)?;
    let welcome = state
        .db
        .run(move |conn| {
            let mut welcome = json!(links::look(conn, &token)?);
            let rules = links::rules(conn, &token)?;
            welcome["password_length"] = rules.password_length.into();
            welcome["password_classes"] = rules.password_classes.into();
            Ok(welcome)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(welcome))
}

/// Choose a password by a link, and come in. One that the policy refuses leaves the link good.
#[utoipa::path(post, path = "/api/v1/auth/link/accept", tag = "auth", operation_id = "acceptLink", security(()), request_body = AcceptLink,
    responses((status = 200, body = crate::auth::TokenPair, description = "Signed in"),
        (status = 202, body = signing_in::SignInChallenge, description = "Something is missing yet: see `step`")))]
pub async fn accept(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let AcceptLink { token, password } = parse(&body)?;
    paced(&state, &req)?;
    let shared = state.clone();
    enter_by(&state, &req, move |conn, at| {
        let admission = links::accept(&shared.engine, conn, &token, &password, at)?;
        Ok((admission, None))
    })
    .await
}
