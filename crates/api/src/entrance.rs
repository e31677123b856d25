//! The way in: whoever has proved who they are gets their session here, whatever the proof was.

use crate::auth::{Me, TokenPair};
use crate::call::{Call, run};
use crate::extract::{ACCESS_COOKIE, REFRESH_COOKIE, VIEW_COOKIE, Who, door};
use crate::problem::ApiError;
use crate::server::State;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use kezhan_features::people::admit::{Admission, Proven, Threshold, admit};
use kezhan_features::people::random_token;
use kezhan_features::people::session::Session;

/// Tells a browser in which someone has signed in from those of strangers; gives no access to anything.
const DEVICE_COOKIE: &str = "kz_device";
const DEVICE_SECONDS: i64 = 365 * 86_400;
/// The refresh cookie goes nowhere else.
pub const REFRESH_PATH: &str = "/api/v1/auth";

/// The secret of a browser that has been here before.
pub fn known_device(req: &HttpRequest) -> Option<String> {
    req.cookie(DEVICE_COOKIE).map(|c| c.value().to_owned()).filter(|d| (20..=100).contains(&d.len()))
}

/// Lets somebody in: the answer holds the tokens, and brings them as cookies.
pub async fn enter(state: &web::Data<State>, req: &HttpRequest, proven: Proven) -> Result<HttpResponse, ApiError> {
    let (mut response, pair) = arrive(state, req, proven).await?;
    Ok(response.json(pair))
}

/// The same for a page that a browser was sent to: on to the application at `to`, a path of ours.
pub async fn enter_at(
    state: &web::Data<State>,
    req: &HttpRequest,
    proven: Proven,
    to: &str,
) -> Result<HttpResponse, ApiError> {
    let (mut response, _) = arrive(state, req, proven).await?;
    Ok(response.status(actix_web::http::StatusCode::SEE_OTHER).insert_header((header::LOCATION, to)).finish())
}

async fn arrive(
    state: &web::Data<State>,
    req: &HttpRequest,
    proven: Proven,
) -> Result<(HttpResponseBuilder, TokenPair), ApiError> {
    let device = known_device(req).unwrap_or_else(random_token);
    let (door, at, days) = (door(state, req), device.clone(), refresh_days(state));
    let admission =
        state.db.run(move |conn| Ok(admit(conn, &proven, &Threshold { door: &door, device: &at, days })?)).await?;
    let Admission::In(session) = admission;
    let (mut response, pair) = tokens(state, req, session).await?;
    response.cookie(cookie(req, DEVICE_COOKIE, device, REFRESH_PATH, DEVICE_SECONDS));
    Ok((response, pair))
}

/// How long a session lives unused.
pub fn refresh_days(state: &State) -> i32 {
    i32::try_from(state.config.refresh_token_days).unwrap_or(30)
}

/// Tokens for a session that was begun or prolonged.
pub async fn granted(state: &web::Data<State>, req: &HttpRequest, session: Session) -> Result<HttpResponse, ApiError> {
    let (mut response, pair) = tokens(state, req, session).await?;
    Ok(response.json(pair))
}

async fn tokens(
    state: &web::Data<State>,
    req: &HttpRequest,
    session: Session,
) -> Result<(HttpResponseBuilder, TokenPair), ApiError> {
    let access_token = state.tokens.issue(session.tenant, session.user, session.id)?;
    let who = Who {
        credential: state.tokens.check(&access_token)?,
        channel: kezhan_engine::Channel::Web,
        origin: crate::extract::origin(state, req),
        request_id: crate::extract::request_id(req),
        lang: crate::extract::lang(req),
    };
    let user = run(state.clone(), who, |call: &mut Call<'_>| Ok(Me::of(call.identity, &call.state.config))).await?;
    let refresh_seconds = i64::from(state.config.refresh_token_days) * 86_400;
    let expires_in = state.tokens.expires_in();
    let access = cookie(req, ACCESS_COOKIE, access_token.clone(), "/", expires_in);
    let refresh = cookie(req, REFRESH_COOKIE, session.refresh_token.clone(), REFRESH_PATH, refresh_seconds);
    // Looking as somebody else goes on in the same session, and ends with it.
    let view = match req.cookie(VIEW_COOKIE) {
        Some(known) => {
            let renewed = state.tokens.renew_view(known.value(), session.user, session.id)?;
            let (value, seconds) = renewed.map_or((String::new(), 0), |token| (token, refresh_seconds));
            Some(cookie(req, VIEW_COOKIE, value, "/", seconds))
        }
        None => None,
    };
    let pair = TokenPair { access_token, token_type: "Bearer", expires_in, refresh_token: session.refresh_token, user };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store")).cookie(access).cookie(refresh);
    if let Some(view) = view {
        response.cookie(view);
    }
    Ok((response, pair))
}

/// One of ours.
pub fn cookie<'c>(
    req: &HttpRequest,
    name: &'static str,
    value: String,
    path: &'static str,
    seconds: i64,
) -> Cookie<'c> {
    Cookie::build(name, value)
        .path(path)
        .http_only(true)
        .same_site(SameSite::Strict)
        // Plain HTTP is for loopback and for proxies that say so.
        .secure(req.connection_info().scheme() == "https")
        .max_age(CookieDuration::seconds(seconds))
        .finish()
}
