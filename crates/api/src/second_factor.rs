//! The second factor: completing a sign-in with it, setting it up, taking it away. The routes are registered by `auth`.

use crate::call::{Answer, Call, parse, run};
use crate::entrance::{self, challenge, enter_by, known_device};
use crate::extract::{Json, Who, client_ip, door};
use crate::idempotency::Once;
use crate::openapi::signing_in;
use crate::passkeys::{self, RegisterPasskey, SignedPasskey};
use crate::problem::ApiError;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Error, Result};
use kezhan_features::people::admit::{Proven, Way};
use kezhan_features::people::challenge as sign_ins;
use kezhan_features::people::factors::{self, Shown, Standing, passkey, recovery, totp};
use kezhan_features::people::policy::Policy;
use kezhan_features::people::{password, session, sign_in};
use kezhan_meta::problem::Code;
use serde::Deserialize;
use serde_json::json;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

#[derive(OpenApi)]
#[openapi(paths(pending, finish, enrol, renew_password, standing, begin, confirm, renew_codes, remove))]
pub struct Docs;

pub fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/challenge").get(pending))
        .service(web::resource("/challenge/password").post(renew_password))
        .service(web::resource("/second_factor").get(standing).post(finish))
        .service(web::resource("/second_factor/enrol").post(enrol))
        .service(web::resource("/second_factor/totp").post(begin))
        .service(web::resource("/second_factor/totp/confirm").post(confirm))
        .service(web::resource("/second_factor/totp/remove").post(remove))
        .service(web::resource("/second_factor/recovery_codes").post(renew_codes));
}

/// Something that the person has; one of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Finish {
    /// As the sign-in answered it; browsers send it as a cookie instead.
    #[schema(example = "kzc_AZ3mQ0x")]
    pub challenge: Option<String>,
    /// Of an authenticator application.
    #[schema(example = "492039")]
    pub code: Option<String>,
    #[schema(example = "7K3M-9QTZ-04XH-PWEB")]
    pub recovery_code: Option<String>,
    /// Signed as `beginPasskeyFactor` asked.
    pub passkey: Option<SignedPasskey>,
    /// Made as `beginPasskeyEnrolment` asked, where a second factor is to be set up.
    pub new_passkey: Option<RegisterPasskey>,
}

/// Which sign-in it is about.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// As the sign-in answered it; browsers send it as a cookie instead.
    #[schema(example = "kzc_AZ3mQ0x")]
    pub challenge: Option<String>,
}

/// The password to be from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewPassword {
    /// As the sign-in answered it; browsers send it as a cookie instead.
    #[schema(example = "kzc_AZ3mQ0x")]
    pub challenge: Option<String>,
    #[schema(format = "password", min_length = 8, max_length = 200, example = "correct horse battery")]
    pub password: String,
}

/// That it is really the person who asks, not whoever found the browser open; one of them.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    #[schema(format = "password", example = "correct horse")]
    pub password: Option<String>,
    /// Of an authenticator application.
    #[schema(example = "492039")]
    pub code: Option<String>,
    /// Signed as `beginPasskeyProof` asked.
    pub passkey: Option<SignedPasskey>,
}

/// A code of the secret that is being set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    #[schema(example = "492039")]
    pub code: String,
}

pub fn shown(code: Option<String>, recovery_code: Option<String>) -> Result<Shown> {
    match (code, recovery_code) {
        (Some(code), None) => Ok(Shown::Code(code)),
        (None, Some(code)) => Ok(Shown::Recovery(code)),
        (None, None) => Err(Error::invalid("code", Code::Required)),
        (Some(_), Some(_)) => Err(Error::invalid("recovery_code", Code::NotPossible)),
    }
}

/// The steps after the first are bounded by address as that is; what guesses run into beyond is the lock.
pub fn paced(state: &State, req: &HttpRequest) -> Result<(), ApiError> {
    match state.limits.sign_ins.take(("further", client_ip(state, req))) {
        Some(over) if !over.allowed => Err(ApiError::refused(Code::RateLimited, &[&over.reset.to_string()])),
        _ => Ok(()),
    }
}

/// What is missing of the sign-in that this browser has begun.
#[utoipa::path(get, path = "/api/v1/auth/challenge", tag = "auth", operation_id = "getSignInChallenge", security(()),
    responses((status = 200, body = signing_in::SignInChallenge, description = "What is missing")))]
pub async fn pending(state: web::Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let (token, device) = (challenge(&req, None)?, known_device(&req));
    let further =
        state.db.run(move |conn| Ok(sign_ins::open(conn, &token, device.as_deref())?.again(conn, &token)?)).await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(further))
}

/// Complete a sign-in with a second factor, or by confirming the one just set up. A challenge takes five answers; wrong
/// ones count towards the lock that wrong passwords run into.
#[utoipa::path(post, path = "/api/v1/auth/second_factor", tag = "auth", operation_id = "finishSignIn", security(()), request_body = Finish,
    responses((status = 200, body = crate::auth::TokenPair, description = "Signed in"),
        (status = 202, body = signing_in::SignInChallenge, description = "Something is missing yet: see `step`")))]
pub async fn finish(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let Finish { challenge: given, code, recovery_code, passkey, new_passkey } = parse(&body)?;
    let (token, device) = (challenge(&req, given)?, known_device(&req));
    let typed = code.is_some() || recovery_code.is_some();
    let shown = match (passkey, new_passkey) {
        (None, None) => shown(code, recovery_code)?,
        (Some(signed), None) if !typed => Shown::Passkey(Box::new((signed.into(), passkeys::place(&state, &req)?))),
        (None, Some(made)) if !typed => {
            let (name, signed) = made.parts();
            Shown::NewPasskey(Box::new((name, signed, passkeys::place(&state, &req)?)))
        }
        _ => return Err(Error::invalid("passkey", Code::NotPossible).into()),
    };
    paced(&state, &req)?;
    let engine = state.engine.clone();
    enter_by(&state, &req, move |conn, at| {
        sign_ins::open(conn, &token, device.as_deref())?.answer(&engine, conn, &shown, at)
    })
    .await
}

/// Set up an authenticator application where a sign-in asks for one. A code of it, sent to `finishSignIn`, confirms it.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/enrol", tag = "auth", operation_id = "enrolAtSignIn", security(()), request_body = Named,
    responses((status = 200, body = signing_in::TotpOffer, description = "The secret")))]
pub async fn enrol(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let Named { challenge: given } = if body.is_empty() { Named::default() } else { parse(&body)? };
    let (token, device) = (challenge(&req, given)?, known_device(&req));
    paced(&state, &req)?;
    let engine = state.engine.clone();
    let offer = state
        .db
        .run(move |conn| {
            let open = sign_ins::open(conn, &token, device.as_deref())?;
            open.require(&[sign_ins::Step::Enrol])?;
            Ok(totp::begin(&engine, conn, open.proven.tenant, open.proven.user)?)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(offer))
}

/// Choose another password where a sign-in asks for one.
#[utoipa::path(post, path = "/api/v1/auth/challenge/password", tag = "auth", operation_id = "renewPassword", security(()), request_body = RenewPassword,
    responses((status = 200, body = crate::auth::TokenPair, description = "Signed in"),
        (status = 202, body = signing_in::SignInChallenge, description = "Something is missing yet: see `step`")))]
pub async fn renew_password(
    state: web::Data<State>,
    req: HttpRequest,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let RenewPassword { challenge: given, password } = parse(&body)?;
    let (token, device) = (challenge(&req, given)?, known_device(&req));
    paced(&state, &req)?;
    enter_by(&state, &req, move |conn, at| {
        let open = sign_ins::open(conn, &token, device.as_deref())?;
        Ok((open.renew_password(conn, &password, at)?, None))
    })
    .await
}

pub fn person(call: &Call<'_>) -> Result<Uuid> {
    // A key is not the person, and must not become one.
    let of_person = call.identity.session.is_some() && call.identity.key.is_none();
    call.caller.user.filter(|_| of_person).ok_or_else(|| Error::refused(Code::Forbidden, &["second_factor"]))
}

/// The caller's own second factor.
#[utoipa::path(get, path = "/api/v1/auth/second_factor", tag = "auth", operation_id = "getSecondFactor",
    responses((status = 200, body = signing_in::SecondFactor, description = "What there is")))]
pub async fn standing(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let standing = run(state, who, |call| {
        let user = person(call)?;
        let tenant = call.caller.tenant;
        let mut standing = json!(Standing::of(call.conn, tenant, user)?);
        standing["required"] = Policy::of(call.conn, tenant)?.asks_second_factor(call.conn, tenant, user)?.into();
        Ok(standing)
    });
    Ok(HttpResponse::Ok().json(standing.await?))
}

/// That a proof was held against what is known of the caller, and found good.
#[derive(Clone, Copy)]
pub struct Proved(bool);

impl Proved {
    /// Of a repetition there is no proof: it may be answered again, and nothing may be done.
    pub fn require(self) -> Result<()> {
        match self.0 {
            true => Ok(()),
            false => Err(Error::refused(Code::Conflict, &["Idempotency-Key"])),
        }
    }
}

/// Holds a proof against what is known of the caller; `field` is what a wrong password is named by. Apart from what it
/// opens, so that a failure is counted whatever becomes of the rest.
pub async fn prove(
    state: &web::Data<State>,
    req: &HttpRequest,
    (once, body): (&Once, &[u8]),
    proof: Proof,
    field: &'static str,
) -> Result<Proved, ApiError> {
    if once.is_repeated(state, body).await? {
        return Ok(Proved(false));
    }
    let who = once.who();
    let device = known_device(req).unwrap_or_default();
    let (door, here) = (door(state, req), entrance::Here::of(state));
    let place = proof.passkey.is_some().then(|| passkeys::place(state, req)).transpose()?;
    run(state.clone(), who.clone(), move |call| {
        let (user, tenant) = (person(call)?, call.caller.tenant);
        let standing = Standing::of(call.conn, tenant, user)?;
        if !standing.password && !standing.any() {
            // Somebody who signs in elsewhere and has nothing here to prove themselves with.
            return Ok(Proved(true));
        }
        let at = here.threshold(&door, &device);
        let proven = Proven::nameless(tenant, user, Way::Password, false);
        let counts = at.counts(call.conn, &proven)?;
        for counts in &counts {
            counts.check(call.conn)?;
        }
        let (fits, fault) = match (&proof.password, &proof.code, proof.passkey.zip(place)) {
            (Some(given), ..) => {
                let stored = sign_in::password_hash(call.conn, tenant, user)?;
                (password::verify(given, stored.as_deref()), Error::invalid(field, Code::BadCredentials))
            }
            (None, None, Some((signed, place))) => {
                let fits = passkey::verify(call.conn, tenant, user, &signed.into(), &place)?;
                (fits, Error::invalid("passkey", Code::BadCode))
            }
            (None, Some(code), _) => {
                let fits = totp::verify(&call.state.engine, call.conn, tenant, user, code)?;
                (fits, Error::invalid("code", Code::BadCode))
            }
            (None, None, None) => return Err(Error::invalid(field, Code::Required)),
        };
        for counts in counts {
            if fits { counts.forget(call.conn)? } else { counts.fail(call.conn)? }
        }
        if fits { Ok(Proved(true)) } else { Err(fault) }
    })
    .await
}

/// Set up an authenticator application, or another one in its place. It counts once it is confirmed with a code.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/totp", tag = "auth", operation_id = "beginTotp", request_body = Proof,
    responses((status = 200, body = signing_in::TotpOffer, description = "The secret, shown once")))]
pub async fn begin(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let proved = prove(&state, &req, (&once, &body), parse(&body)?, "password").await?;
    let answer = once.run(&state, &body, move |call| {
        proved.require()?;
        let user = person(call)?;
        let offer = totp::begin(&call.state.engine, call.conn, call.caller.tenant, user)?;
        // A repetition has to begin anew.
        Ok(Answer { kept: Some(b"{}".to_vec()), ..Answer::json(200, &offer)?.with("cache-control", "no-store") })
    });
    Ok(answer.await?.into())
}

/// Confirm the application with a code that it shows. With the first factor come ten recovery codes.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/totp/confirm", tag = "auth", operation_id = "confirmTotp", request_body = Confirm,
    responses((status = 200, body = signing_in::RecoveryCodes, description = "In force; the codes are shown once, and only with the first factor")))]
pub async fn confirm(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let Confirm { code } = parse(&body)?;
    let answer = once.run(&state, &body, move |call| {
        let (user, tenant) = (person(call)?, call.caller.tenant);
        let had = Standing::of(call.conn, tenant, user)?;
        call.transaction(|call| {
            if !totp::confirm(&call.state.engine, call.conn, tenant, user, &code)? {
                return Err(Error::invalid("code", Code::BadCode));
            }
            let codes = codes_of_first(call, &had, user)?;
            let detail = json!({ "factor": "totp" });
            Note::by(call.caller, Event::SecondFactorSet)
                .on("user", Some(user))
                .with(detail)
                .write(call.conn, tenant)?;
            codes_once(&codes)
        })
    });
    Ok(answer.await?.into())
}

/// What follows when the caller has set a factor up: recovery codes with the first one, and a session that counts as
/// begun with it.
pub fn codes_of_first(call: &mut Call<'_>, had: &Standing, user: Uuid) -> Result<Vec<String>> {
    let tenant = call.caller.tenant;
    if let Some(session) = call.identity.session {
        session::strengthen(call.conn, tenant, session)?;
    }
    match had.any() && had.recovery_codes > 0 {
        true => Ok(Vec::new()),
        false => recovery::renew(call.conn, tenant, user),
    }
}

/// Shown in this answer; a repetition under the same key gets none.
fn codes_once(codes: &[String]) -> Result<Answer> {
    let answer = Answer::json(200, &json!({ "recovery_codes": codes }))?;
    let kept = Answer::json(200, &json!({ "recovery_codes": [] }))?.body;
    Ok(Answer { kept: Some(kept), ..answer.with("cache-control", "no-store") })
}

/// A new set of recovery codes; those before it are void.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/recovery_codes", tag = "auth", operation_id = "renewRecoveryCodes", request_body = Proof,
    responses((status = 200, body = signing_in::RecoveryCodes, description = "The codes, shown once")))]
pub async fn renew_codes(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let proved = prove(&state, &req, (&once, &body), parse(&body)?, "password").await?;
    let answer = once.run(&state, &body, move |call| {
        proved.require()?;
        let (user, tenant) = (person(call)?, call.caller.tenant);
        if !Standing::of(call.conn, tenant, user)?.any() {
            return Err(Error::refused(Code::NotPossible, &["second_factor"]));
        }
        let codes = recovery::renew(call.conn, tenant, user)?;
        Note::by(call.caller, Event::RecoveryCodesMade).on("user", Some(user)).write(call.conn, tenant)?;
        codes_once(&codes)
    });
    Ok(answer.await?.into())
}

/// Switch the authenticator application off. Recovery codes go with the last factor.
#[utoipa::path(post, path = "/api/v1/auth/second_factor/totp/remove", tag = "auth", operation_id = "removeTotp", request_body = Proof,
    responses((status = 204, description = "Off")))]
pub async fn remove(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let proved = prove(&state, &req, (&once, &body), parse(&body)?, "password").await?;
    let answer = once.run(&state, &body, move |call| {
        proved.require()?;
        let user = person(call)?;
        factors::switch_off(call.conn, call.caller, user)?;
        Ok(Answer::empty(204))
    });
    Ok(answer.await?.into())
}
