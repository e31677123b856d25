//! Signing in and out, and who one is.

use crate::call::{Answer, Call, run};
use crate::config::Config;
use crate::entrance::{self, REFRESH_PATH, cookie, granted};
use crate::extract::{ACCESS_COOKIE, Json, REFRESH_COOKIE, VIEW_COOKIE, Who, client_ip, door, require_same_site};
use crate::idempotency::Once;
use crate::outside;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::second_factor::{self, Proof};
use crate::server::State;
use crate::sessions;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Access, Error};
use kezhan_features::people::admit::Proven;
use kezhan_features::people::session::{self, Refreshed};
use kezhan_features::people::{Credential, Identity, sign_in};
use kezhan_meta::Catalog;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

pub const PART: Part = Part {
    routes,
    docs: || {
        Docs::openapi()
            .merge_from(sessions::Docs::openapi())
            .merge_from(second_factor::Docs::openapi())
            .merge_from(crate::passkeys::Docs::openapi())
    },
};

#[derive(OpenApi)]
#[openapi(paths(login, refresh, logout, me, change_password))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(
        web::scope("/auth")
            .service(web::resource("/login").post(login))
            .service(web::resource("/providers").get(outside::providers))
            .service(web::resource("/oidc/start").get(outside::start))
            .service(web::resource("/oidc/callback").get(outside::callback))
            .service(web::resource("/refresh").post(refresh))
            .service(web::resource("/logout").post(logout))
            .configure(second_factor::routes)
            .configure(crate::invitations::at_the_door)
            .configure(crate::passkeys::routes)
            .configure(outside::own_identities::routes)
            .service(web::resource("/sessions").get(sessions::list).delete(sessions::end_others))
            .service(web::resource("/sessions/{id}").delete(sessions::end))
            .service(web::resource("/sign_ins").get(sessions::sign_ins))
            .service(web::resource("/me").get(me).patch(crate::me::change))
            .service(web::resource("/view_as").post(crate::view_as::begin).delete(crate::view_as::end))
            .service(web::resource("/password").post(change_password)),
    );
}

/// A person's name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Sign-in name or e-mail address.
    #[schema(example = "admin")]
    pub username: String,
    #[schema(example = "correct horse battery staple", format = "password")]
    pub password: String,
    /// The company's key; needed only where one installation serves several.
    #[schema(example = "demo")]
    pub tenant: Option<String>,
}

/// A refresh token; browsers send it as a cookie instead.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(example = "kzr_Vb0m2Qx7")]
    pub refresh_token: Option<String>,
}

/// The caller's old and new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(format = "password", example = "correct horse")]
    pub current: String,
    #[schema(format = "password", min_length = 8, max_length = 200, example = "correct horse battery")]
    pub password: String,
}

/// Tokens for a session.
#[derive(Serialize, ToSchema)]
pub struct TokenPair {
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    pub expires_in: i64,
    /// Good for one use; the answer to that use holds the next.
    pub refresh_token: String,
    pub user: Me,
    /// Of a second factor that was set up on the way; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub recovery_codes: Option<Vec<String>>,
}

/// Who the caller is and what they may do.
#[derive(Serialize, ToSchema)]
pub struct Me {
    pub id: Option<Uuid>,
    pub name: Option<String>,
    pub username: Option<String>,
    pub tenant: Uuid,
    pub department: Option<Uuid>,
    /// The caller's department and those below it: "my departments" in conditions.
    pub departments: Vec<Uuid>,
    /// The caller's department and those above it: whoever shares with one of these shares with the caller.
    pub belongs_to: Vec<Uuid>,
    /// Somebody reports to the caller: `my_subordinates` in conditions means them.
    pub manages: bool,
    pub role: Option<Uuid>,
    pub role_name: Option<String>,
    /// Every role of the caller, the first one first.
    pub roles: Vec<Uuid>,
    /// `zh-CN` or `en`.
    #[schema(example = "zh-CN")]
    pub locale: &'static str,
    pub time_zone: Option<String>,
    pub mobile: Option<String>,
    pub email: Option<String>,
    /// An attachment.
    pub avatar: Option<Uuid>,
    /// How the caller likes the interface: `theme`, `density`, `dates`, `amounts`, `navigation`, `views`, each where it was chosen.
    #[schema(value_type = Object)]
    pub preferences: Map<String, Value>,
    /// The administrator who looks with this person's eyes: nothing can be changed.
    pub viewer: Option<Uuid>,
    /// The largest file that may be put on a record.
    #[schema(example = 104_857_600)]
    pub upload_max_bytes: u64,
    /// Object → action → data scope.
    #[schema(value_type = Object)]
    pub permissions: Map<String, Value>,
}

impl Me {
    pub fn of(identity: &Identity, config: &Config) -> Me {
        let person = identity.person.as_ref();
        // A key or an application gets to know who it acts for, and not how to call them.
        let private = person.filter(|_| !identity.delegated());
        Me {
            id: identity.user(),
            name: person.map(|p| p.name.clone()),
            username: person.and_then(|p| p.username.clone()),
            tenant: identity.tenant,
            department: identity.access.department,
            departments: identity.access.departments.clone(),
            belongs_to: person.map(|p| p.above.clone()).unwrap_or_default(),
            manages: !identity.access.reports.is_empty(),
            role: person.and_then(|p| p.role),
            role_name: person.and_then(|p| Some(p.called(p.role_name.as_deref()?, identity.lang))),
            roles: person.map(|p| p.role_ids()).unwrap_or_default(),
            locale: identity.lang.tag(),
            time_zone: person.and_then(|p| p.time_zone.clone()),
            mobile: private.and_then(|p| p.mobile.clone()),
            email: private.and_then(|p| p.email.clone()),
            avatar: private.and_then(|p| p.avatar),
            preferences: private.and_then(|p| p.preferences.as_ref()?.as_object().cloned()).unwrap_or_default(),
            viewer: identity.viewer,
            upload_max_bytes: config.upload_max_bytes(),
            permissions: permissions(&identity.access, &identity.catalog),
        }
    }
}

fn permissions(access: &Access, catalog: &Catalog) -> Map<String, Value> {
    catalog.objects().map(|o| (o.name.to_string(), object_permissions(access, &o.name))).collect()
}

/// Action → data scope for one object; what is not granted is left out.
pub fn object_permissions(access: &Access, object: &str) -> Value {
    let granted = kezhan_engine::Action::ALL.into_iter().filter(|a| access.may(object, *a));
    Value::Object(
        granted
            .map(|a| {
                (
                    a.key().to_owned(),
                    json!(access.rules(object, a).cloned().unwrap_or_else(|| kezhan_engine::DataScope::All.into())),
                )
            })
            .collect(),
    )
}

/// Sign in with a password: one's own here, or that of a directory of the company. Where something is missing yet, a
/// second factor for instance, there are no tokens but a challenge, to be completed in the same browser: send the
/// cookies along that came with it.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", operation_id = "login", security(()), request_body = Login,
    responses((status = 200, body = TokenPair, description = "Signed in; browsers also get the tokens as cookies"),
        (status = 202, body = crate::openapi::signing_in::SignInChallenge, description = "Something is missing: see `step`")))]
pub async fn login(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let Login { username, password, tenant } = crate::call::parse(&body)?;
    let ip = client_ip(&state, &req);
    let door = door(&state, &req);
    let name = username.trim().to_lowercase();
    let standings = [state.limits.sign_ins.take(&ip), state.limits.sign_in_names.take((&ip, &name))];
    if let Some(over) = standings.into_iter().flatten().find(|s| !s.allowed) {
        return Err(ApiError::refused(Code::RateLimited, &[&over.reset.to_string()]));
    }
    let device = entrance::known_device(&req);
    let attempt =
        state.db.run(move |conn| Ok(sign_in::look_up(conn, tenant.as_deref(), &name, &ip, device.as_deref())?)).await?;
    // Hashing takes its time: no connection is held meanwhile.
    let permit = state.hashing.acquire().await.map_err(|_| ApiError::internal("closed"))?;
    let typed = password.clone();
    let (attempt, fits) = web::block(move || {
        let fits = attempt.verify(&typed);
        (attempt, fits)
    })
    .await
    .map_err(|_| ApiError::internal("hashing panicked"))?;
    drop(permit);
    if !fits && let Some(proven) = outside::by_directory(&state, &attempt, &password, &door).await? {
        return enter(&state, &req, proven).await;
    }
    let proven = state.db.run(move |conn| Ok(attempt.settle(conn, fits, &door)?)).await?;
    enter(&state, &req, proven).await
}

/// In by a password, whatever way this browser came before.
async fn enter(state: &web::Data<State>, req: &HttpRequest, proven: Proven) -> Result<HttpResponse, ApiError> {
    let mut response = entrance::enter(state, req, proven).await?;
    outside::sign_out::forget(req, &mut response);
    Ok(response)
}

/// Exchange a refresh token for new tokens.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth", operation_id = "refreshToken", security(()), request_body = Refresh,
    responses((status = 200, body = TokenPair, description = "New tokens; the old refresh token is spent")))]
pub async fn refresh(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let token = refresh_token(&req, &body)?.ok_or_else(|| ApiError::refused(Code::Unauthenticated, &[]))?;
    let (door, here) = (door(&state, &req), entrance::Here::of(&state));
    match state.db.run(move |conn| Ok(session::refresh(conn, &token, &here.threshold(&door, ""))?)).await? {
        Refreshed::Granted(session) => granted(&state, &req, session).await,
        Refreshed::Reused(session) => {
            log::warn!("a spent refresh token of user {} was used again: session {} ended", session.user, session.id);
            state.identities.expire(session.tenant);
            Err(ApiError::refused(Code::TokenExpired, &[]))
        }
        Refreshed::Refused => Err(ApiError::refused(Code::TokenExpired, &[])),
    }
}

/// End the session. Whoever came through a provider of identities may have to go on there, to sign out there too.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth", operation_id = "logout", request_body = Option<Refresh>,
    responses((status = 204, description = "Signed out"),
        (status = 200, body = outside::own_identities::GoOn, description = "Signed out here; this browser has to go on to be signed out at the provider")))]
pub async fn logout(state: web::Data<State>, req: HttpRequest, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let shown = crate::extract::credential(&state, &req).ok().flatten();
    let tenant = match &shown {
        Some(Credential::Session { tenant, .. } | Credential::ViewAs { tenant, .. }) => Some(*tenant),
        _ => None,
    };
    let token = refresh_token(&req, &body)?;
    let shared = state.clone();
    let door = door(&state, &req);
    state
        .db
        .run(move |conn| {
            if let Some(token) = token {
                session::end_by_token(conn, &token, &door)?;
            }
            if let Some(Credential::Session { tenant, session, .. } | Credential::ViewAs { tenant, session, .. }) =
                shown
            {
                session::end(conn, tenant, session, &door)?;
                shared.identities.expire(tenant);
            }
            Ok(())
        })
        .await?;
    let onward = outside::sign_out::onward(&state, &req, tenant).await?;
    let mut response = if onward.is_some() { HttpResponse::Ok() } else { HttpResponse::NoContent() };
    for (name, path) in [(ACCESS_COOKIE, "/"), (VIEW_COOKIE, "/"), (REFRESH_COOKIE, REFRESH_PATH)] {
        response.cookie(cookie(&req, name, String::new(), path, 0));
    }
    let mut response = match onward {
        Some(url) => {
            response.insert_header((header::CACHE_CONTROL, "no-store")).json(outside::own_identities::GoOn { url })
        }
        None => response.finish(),
    };
    outside::sign_out::forget(&req, &mut response);
    Ok(response)
}

/// Who am I, and what may I do?
#[utoipa::path(get, path = "/api/v1/auth/me", tag = "auth", operation_id = "getMe",
    responses((status = 200, body = Me, description = "The caller")))]
pub async fn me(state: web::Data<State>, who: Who) -> Result<HttpResponse, ApiError> {
    let me = run(state, who, |call: &mut Call<'_>| Ok(Me::of(call.identity, &call.state.config))).await?;
    Ok(HttpResponse::Ok().json(me))
}

/// Change one's own password; all other sessions end. Wrong guesses at the present one run into the lock of sign-ins.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "auth", operation_id = "changePassword", request_body = PasswordChange,
    responses((status = 204, description = "Changed")))]
pub async fn change_password(
    state: web::Data<State>,
    req: HttpRequest,
    once: Once,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let PasswordChange { current, password } = crate::call::parse(&body)?;
    let proof = Proof { password: Some(current), ..Proof::default() };
    let proved = second_factor::prove(&state, &req, (&once, &body), proof, "current").await?;
    let answer = once.run(&state, &body, move |call| {
        proved.require()?;
        let own = call.caller.user.filter(|_| !call.identity.delegated());
        let user = own.ok_or_else(|| Error::refused(Code::Forbidden, &["password"]))?;
        call.rights_changed = true;
        sign_in::set_password(call.conn, call.caller.tenant, user, &password, call.identity.session)?;
        let note = Note::by(call.caller, Event::PasswordChanged).on("user", Some(user));
        note.write(call.conn, call.caller.tenant)?;
        Ok(Answer::empty(204))
    });
    Ok(answer.await?.into())
}

/// In the body, or in the cookie that our own page holds.
fn refresh_token(req: &HttpRequest, body: &[u8]) -> Result<Option<String>, ApiError> {
    let given: Refresh = if body.is_empty() { Refresh::default() } else { crate::call::parse(body)? };
    if given.refresh_token.is_some() {
        return Ok(given.refresh_token);
    }
    let Some(cookie) = req.cookie(REFRESH_COOKIE) else { return Ok(None) };
    require_same_site(req)?;
    Ok(Some(cookie.value().to_owned()))
}
