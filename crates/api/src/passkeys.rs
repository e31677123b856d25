//! Passkeys: registered, used to sign in and as second factor, renamed, removed. The routes are registered by `auth`.

use crate::address;
use crate::call::{Answer, parse, run};
use crate::entrance::{challenge, enter_by, known_device};
use crate::extract::{Json, Who};
use crate::idempotency::Once;
use crate::openapi::signing_in;
use crate::outside;
use crate::problem::ApiError;
use crate::second_factor::{Named, Proof, codes_of_first, paced, person, prove};
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use diesel::PgConnection;
use kezhan_engine::audit::{Event, Note};
use kezhan_features::people::admit;
use kezhan_features::people::challenge as sign_ins;
use kezhan_features::people::factors::passkey::{self, Ceremony, Place, Signed, Site};
use kezhan_features::people::factors::{self, Standing};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(
    list,
    begin,
    register,
    rename,
    remove,
    begin_proof,
    begin_sign_in,
    sign_in,
    begin_factor,
    begin_enrolment
))]
pub struct Docs;

pub fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/passkeys").get(list).post(register))
        .service(web::resource("/passkeys/begin").post(begin))
        .service(web::resource("/passkeys/prove").post(begin_proof))
        .service(web::resource("/passkeys/{id}").patch(rename))
        .service(web::resource("/passkeys/{id}/remove").post(remove))
        .service(web::resource("/passkey").post(sign_in))
        .service(web::resource("/passkey/begin").post(begin_sign_in))
        .service(web::resource("/second_factor/passkey").post(begin_factor))
        .service(web::resource("/second_factor/enrol/passkey").post(begin_enrolment));
}

/// What a device has signed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignedPasskey {
    /// As `begin…` named it.
    #[schema(example = "018f3a5e-7c1b-4d3e-9a51-0c2b6f1d4e88")]
    pub ceremony: Uuid,
    /// The credential as WebAuthn's `toJSON()` gives it.
    #[schema(value_type = Object, example = json!({"id": "AQIDBA", "rawId": "AQIDBA", "type": "public-key", "clientExtensionResults": {}, "response": {"authenticatorData": "AQ", "clientDataJSON": "AQ", "signature": "AQ", "userHandle": "AQ"}}))]
    pub credential: Value,
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPasskey {
    #[schema(example = "办公电脑", max_length = 60)]
    pub name: String,
    /// As `beginPasskey` named it.
    pub ceremony: Uuid,
    /// The credential as WebAuthn's `toJSON()` gives it.
    #[schema(value_type = Object, example = json!({"id": "AQIDBA", "rawId": "AQIDBA", "type": "public-key", "clientExtensionResults": {}, "response": {"attestationObject": "AQ", "clientDataJSON": "AQ"}}))]
    pub credential: Value,
}

/// Another name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenamePasskey {
    #[schema(example = "办公电脑", max_length = 60)]
    pub name: String,
}

impl RegisterPasskey {
    pub fn parts(self) -> (String, Signed) {
        (self.name, Signed { ceremony: self.ceremony, credential: self.credential })
    }
}

impl From<SignedPasskey> for Signed {
    fn from(signed: SignedPasskey) -> Signed {
        Signed { ceremony: signed.ceremony, credential: signed.credential }
    }
}

/// Our address as this request sees it, and the browser that it comes from, which must have been here before.
pub fn place(state: &State, req: &HttpRequest) -> Result<Place, ApiError> {
    let site = Site::at(&address::of(state, req))?;
    let device = known_device(req).unwrap_or_default();
    Ok(Place { site, device })
}

/// The caller's passkeys, oldest first.
#[utoipa::path(get, path = "/api/v1/auth/passkeys", tag = "auth", operation_id = "listPasskeys",
    responses((status = 200, body = signing_in::PasskeyList, description = "Passkeys")))]
pub async fn list(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let keys = run(state, who, |call| {
        let user = person(call)?;
        passkey::list(call.conn, call.caller.tenant, user)
    });
    Ok(HttpResponse::Ok().json(json!({ "data": keys.await? })))
}

/// Begin to register a passkey: what the device is to be asked.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/begin", tag = "auth", operation_id = "beginPasskey", request_body = Proof,
    responses((status = 200, body = signing_in::Ceremony, description = "For `navigator.credentials.create`")))]
pub async fn begin(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let proved = prove(&state, &req, (&once, &body), parse(&body)?, "password").await?;
    let place = place(&state, &req)?;
    let answer = once.run(&state, &body, move |call| {
        proved.require()?;
        let (user, tenant) = (person(call)?, call.caller.tenant);
        let ceremony = passkey::begin_registration(call.conn, tenant, user, &place)?;
        Answer::json(200, &ceremony)
    });
    Ok(answer.await?.into())
}

/// Register the passkey that the device has made. With the first second factor come ten recovery codes.
#[utoipa::path(post, path = "/api/v1/auth/passkeys", tag = "auth", operation_id = "registerPasskey", request_body = RegisterPasskey,
    responses((status = 201, body = signing_in::PasskeyMade, description = "In force; recovery codes are shown once")))]
pub async fn register(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let wish: RegisterPasskey = parse(&body)?;
    let place = place(&state, &req)?;
    let answer = once.run(&state, &body, move |call| {
        let (user, tenant) = (person(call)?, call.caller.tenant);
        let had = Standing::of(call.conn, tenant, user)?;
        let (name, signed) = wish.parts();
        let key = passkey::register(call.conn, tenant, user, &name, signed, &place)?;
        let codes = codes_of_first(call, &had, user)?;
        let detail = json!({ "factor": "passkey", "name": key.name });
        Note::by(call.caller, Event::SecondFactorSet).on("user", Some(user)).with(detail).write(call.conn, tenant)?;
        let kept = Answer::json(201, &key)?.body;
        let mut shown = json!(key);
        shown["recovery_codes"] = json!(codes);
        Ok(Answer { kept: Some(kept), ..Answer::json(201, &shown)?.with("cache-control", "no-store") })
    });
    Ok(answer.await?.into())
}

/// Name a passkey.
#[utoipa::path(patch, path = "/api/v1/auth/passkeys/{id}", tag = "auth", operation_id = "renamePasskey", request_body = RenamePasskey,
    params(("id" = Uuid, Path, description = "The passkey")),
    responses((status = 200, body = signing_in::Passkey, description = "Renamed")))]
pub async fn rename(
    state: web::Data<State>,
    who: Who,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let RenamePasskey { name } = parse(&body)?;
    let key = run(state, who, move |call| {
        let user = person(call)?;
        passkey::rename(call.conn, call.caller.tenant, user, id.into_inner(), &name)
    });
    Ok(HttpResponse::Ok().json(key.await?))
}

/// Remove a passkey. Recovery codes go with the last factor.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/{id}/remove", tag = "auth", operation_id = "removePasskey", request_body = Proof,
    params(("id" = Uuid, Path, description = "The passkey")),
    responses((status = 204, description = "Removed")))]
pub async fn remove(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    id: web::Path<Uuid>,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let proved = prove(&state, &req, (&once, &body), parse(&body)?, "password").await?;
    let answer = once.run(&state, &body, move |call| {
        proved.require()?;
        let (user, tenant) = (person(call)?, call.caller.tenant);
        passkey::remove(call.conn, tenant, user, id.into_inner())?;
        factors::removed(call.conn, call.caller, user, "passkey")?;
        Ok(Answer::empty(204))
    });
    Ok(answer.await?.into())
}

/// Begin to prove by a passkey that it is oneself: what the device is to be asked. Whatever takes a `Proof` takes the
/// answer, as `passkey`.
#[utoipa::path(post, path = "/api/v1/auth/passkeys/prove", tag = "auth", operation_id = "beginPasskeyProof",
    responses((status = 200, body = signing_in::Ceremony, description = "For `navigator.credentials.get`")))]
pub async fn begin_proof(state: web::Data<State>, req: HttpRequest, once: Once) -> Result<HttpResponse, ApiError> {
    paced(&state, &req)?;
    let place = place(&state, &req)?;
    let ceremony = once.look(&state, &[], move |call| {
        let user = person(call)?;
        passkey::begin_factor(call.conn, call.caller.tenant, user, &place)
    });
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(ceremony.await?))
}

/// Begin a sign-in with a passkey alone: what the device is to be asked. It finds out by itself whose key it is.
#[utoipa::path(post, path = "/api/v1/auth/passkey/begin", tag = "auth", operation_id = "beginPasskeySignIn", security(()),
    responses((status = 200, body = signing_in::Ceremony, description = "For `navigator.credentials.get`")))]
pub async fn begin_sign_in(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    paced(&state, &req)?;
    let mut place = place(&state, &req)?;
    let device = crate::entrance::device(&req);
    place.device = device.clone();
    let ceremony = state.db.run(move |conn| Ok(passkey::begin_sign_in(conn, &place)?)).await?;
    let kept = crate::entrance::device_cookie(&req, device);
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).cookie(kept).json(ceremony))
}

/// Sign in with a passkey alone, in the browser that began it. It is a second factor at once: the device has asked for a
/// finger, a face or a PIN.
#[utoipa::path(post, path = "/api/v1/auth/passkey", tag = "auth", operation_id = "passkeySignIn", security(()), request_body = SignedPasskey,
    responses((status = 200, body = crate::auth::TokenPair, description = "Signed in")))]
pub async fn sign_in(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let signed: SignedPasskey = parse(&body)?;
    paced(&state, &req)?;
    let place = place(&state, &req)?;
    let mut response = enter_by(&state, &req, move |conn, at| {
        let proven = passkey::sign_in(conn, signed.into(), &place, at.door)?;
        Ok((admit::admit(conn, &proven, at)?, None))
    })
    .await?;
    outside::sign_out::forget(&req, &mut response);
    Ok(response)
}

/// Begin to show a passkey as second factor: what the device is to be asked. `finishSignIn` takes the answer.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/passkey", tag = "auth", operation_id = "beginPasskeyFactor", security(()), request_body = Named,
    responses((status = 200, body = signing_in::Ceremony, description = "For `navigator.credentials.get`")))]
pub async fn begin_factor(
    state: web::Data<State>,
    req: HttpRequest,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    begin_at_sign_in(&state, &req, &body, sign_ins::Step::SecondFactor, passkey::begin_factor).await
}

/// Begin to register a passkey where a sign-in asks for a second factor to be set up: what the device is to be asked.
/// `finishSignIn` takes the answer, as `new_passkey`.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/enrol/passkey", tag = "auth", operation_id = "beginPasskeyEnrolment", security(()), request_body = Named,
    responses((status = 200, body = signing_in::Ceremony, description = "For `navigator.credentials.create`")))]
pub async fn begin_enrolment(
    state: web::Data<State>,
    req: HttpRequest,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    begin_at_sign_in(&state, &req, &body, sign_ins::Step::Enrol, passkey::begin_registration).await
}

async fn begin_at_sign_in(
    state: &web::Data<State>,
    req: &HttpRequest,
    body: &[u8],
    step: sign_ins::Step,
    begin: fn(&mut PgConnection, Uuid, Uuid, &Place) -> kezhan_engine::Result<Ceremony>,
) -> Result<HttpResponse, ApiError> {
    let Named { challenge: given } = if body.is_empty() { Named::default() } else { parse(body)? };
    let token = challenge(req, given)?;
    paced(state, req)?;
    let place = place(state, req)?;
    let ceremony = state
        .db
        .run(move |conn| {
            let open = sign_ins::open(conn, &token, Some(&place.device))?;
            open.require(&[step])?;
            Ok(begin(conn, open.proven.tenant, open.proven.user, &place)?)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(ceremony))
}
