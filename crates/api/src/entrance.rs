//! The way in: whoever has proved who they are gets their session here, whatever the proof was.

use crate::auth::{Me, TokenPair};
use crate::call::{Call, run};
use crate::extract::{ACCESS_COOKIE, REFRESH_COOKIE, VIEW_COOKIE, Who, door, require_same_site};
use crate::problem::ApiError;
use crate::server::State;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use diesel::PgConnection;
use kezhan_engine::{Channel, Result};
use kezhan_features::people::admit::{Admission, Proven, Threshold, admit};
use kezhan_features::people::challenge::Further;
use kezhan_features::people::door::Door;
use kezhan_features::people::random_token;
use kezhan_features::people::session::Session;
use kezhan_meta::problem::Code;

/// Tells a browser in which someone has signed in from those of strangers; gives no access to anything.
const DEVICE_COOKIE: &str = "kz_device";
const DEVICE_SECONDS: i64 = 365 * 86_400;
/// The refresh cookie goes nowhere else.
pub const REFRESH_PATH: &str = "/api/v1/auth";

/// The secret of a browser that has been here before.
pub fn known_device(req: &HttpRequest) -> Option<String> {
    req.cookie(DEVICE_COOKIE).map(|c| c.value().to_owned()).filter(|d| (20..=100).contains(&d.len()))
}

/// The secret of this browser, a new one where it has none.
pub fn device(req: &HttpRequest) -> String {
    known_device(req).unwrap_or_else(random_token)
}

/// By which the browser keeps it.
pub fn device_cookie<'c>(req: &HttpRequest, device: String) -> Cookie<'c> {
    cookie(req, DEVICE_COOKIE, device, REFRESH_PATH, DEVICE_SECONDS)
}

/// Where the token of an unfinished sign-in is kept for our own page.
const CHALLENGE_COOKIE: &str = "kz_challenge";

/// Lets somebody in: 200 with the tokens, which come as cookies too, or 202 with what is missing.
pub async fn enter(state: &web::Data<State>, req: &HttpRequest, proven: Proven) -> Result<HttpResponse, ApiError> {
    enter_by(state, req, move |conn, at| Ok((admit(conn, &proven, at)?, None))).await
}

/// What a step of signing in leads to, and the recovery codes that were made on the way.
pub type Outcome = Result<(Admission, Option<Vec<String>>)>;

/// The same after a step that says itself what it leads to.
pub async fn enter_by<F>(state: &web::Data<State>, req: &HttpRequest, step: F) -> Result<HttpResponse, ApiError>
where
    F: FnOnce(&mut PgConnection, &Threshold<'_>) -> Outcome + Send + 'static,
{
    Ok(match arrive(state, req, step).await? {
        (mut response, Arrived::In(pair)) => response.json(pair),
        (mut response, Arrived::Further(further)) => response.json(further),
    })
}

/// Lets somebody in whom another site has sent here with a page: on to the application at `to`, a path of ours, which
/// asks for what is missing.
pub async fn enter_at(
    state: &web::Data<State>,
    req: &HttpRequest,
    proven: Proven,
    to: &str,
) -> Result<HttpResponse, ApiError> {
    let step = move |conn: &mut PgConnection, at: &Threshold<'_>| Ok((admit(conn, &proven, at)?, None));
    let (mut response, arrived) = arrive(state, req, step).await?;
    let to = match arrived {
        Arrived::In(_) => to,
        Arrived::Further(_) => "/?sign_in=further",
    };
    Ok(response.status(StatusCode::SEE_OTHER).insert_header((header::LOCATION, to)).finish())
}

enum Arrived {
    In(Box<TokenPair>),
    Further(Further),
}

async fn arrive<F>(
    state: &web::Data<State>,
    req: &HttpRequest,
    step: F,
) -> Result<(HttpResponseBuilder, Arrived), ApiError>
where
    F: FnOnce(&mut PgConnection, &Threshold<'_>) -> Outcome + Send + 'static,
{
    let device = device(req);
    let (door, here, known) = (door(state, req), Here::of(state), device.clone());
    // Our own page says what it is, and any browser that has been here before shows its cookie.
    let keeps_cookies = door.channel == Channel::Web || known_device(req).is_some();
    let step =
        move |conn: &mut PgConnection| Ok(step(conn, &Threshold { keeps_cookies, ..here.threshold(&door, &known) })?);
    let (admission, codes) = state.db.run(step).await?;
    let (mut response, arrived) = match admission {
        Admission::In(session) => {
            let (mut response, mut pair) = tokens(state, req, session).await?;
            pair.recovery_codes = codes;
            if req.cookie(CHALLENGE_COOKIE).is_some() {
                response.cookie(cookie(req, CHALLENGE_COOKIE, String::new(), REFRESH_PATH, 0));
            }
            (response, Arrived::In(Box::new(pair)))
        }
        Admission::Further(mut further) => {
            further.recovery_codes = codes;
            let mut response = HttpResponse::Accepted();
            let kept = cookie(req, CHALLENGE_COOKIE, further.token.clone(), REFRESH_PATH, further.expires_in);
            response.insert_header((header::CACHE_CONTROL, "no-store")).cookie(kept);
            (response, Arrived::Further(further))
        }
    };
    response.cookie(device_cookie(req, device));
    Ok((response, arrived))
}

/// The challenge that a request answers: named in its body, or in the cookie of our own page.
pub fn challenge(req: &HttpRequest, given: Option<String>) -> Result<String, ApiError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let kept = req.cookie(CHALLENGE_COOKIE).ok_or_else(|| ApiError::refused(Code::ChallengeOver, &[]))?;
    require_same_site(req)?;
    Ok(kept.value().to_owned())
}

/// How long sessions and tokens live at this installation.
#[derive(Clone, Copy)]
pub struct Here {
    days: i32,
    access_minutes: i64,
}

impl Here {
    pub fn of(state: &State) -> Here {
        Here {
            days: i32::try_from(state.config.refresh_token_days).unwrap_or(30),
            access_minutes: i64::from(state.config.access_token_minutes),
        }
    }

    pub fn threshold<'a>(&self, door: &'a Door, device: &'a str) -> Threshold<'a> {
        Threshold { door, device, keeps_cookies: true, days: self.days, access_minutes: self.access_minutes }
    }
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
        channel: Channel::Web,
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
    let pair = TokenPair {
        access_token,
        token_type: "Bearer",
        expires_in,
        refresh_token: session.refresh_token,
        user,
        recovery_codes: None,
    };
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
