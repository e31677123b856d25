//! Who sends a request: bearer token, cookie or API key.

use crate::problem::ApiError;
use crate::server::State;
use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use kezhan_engine::{Channel, Error, Origin, Result};
use kezhan_features::people::door::Door;
use kezhan_features::people::{Credential, api_key, oauth};
use kezhan_meta::Lang;
use kezhan_meta::problem::Code;
use std::future::{Ready, ready};

pub const ACCESS_COOKIE: &str = "kz_access";
pub const REFRESH_COOKIE: &str = "kz_refresh";
/// While an administrator looks as somebody else it stands before the access cookie.
pub const VIEW_COOKIE: &str = "kz_view";
/// Other sites cannot set this header without asking first.
const OUR_HEADER: &str = "x-requested-with";

/// An authenticated request. Whether its session still stands is looked up with the first statement.
#[derive(Clone, Debug)]
pub struct Who {
    pub credential: Credential,
    pub channel: Channel,
    pub origin: Origin,
    pub request_id: String,
    /// As the request asks for.
    pub lang: Option<Lang>,
}

/// The id of a request, given by the caller or made here.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl FromRequest for Who {
    type Error = ApiError;
    type Future = Ready<Result<Who, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match *req.method() {
            Method::POST => Err(ApiError::internal("a POST is to be taken as `Once`, for the sake of its key")),
            _ => Who::of(req),
        })
    }
}

impl Who {
    /// For `Once`; a handler takes one or the other.
    pub fn of(req: &HttpRequest) -> Result<Who, ApiError> {
        let state = req.app_data::<web::Data<State>>().ok_or_else(|| ApiError::internal("no state"))?;
        let credential = credential(state, req)?.ok_or_else(|| ApiError::refused(Code::Unauthenticated, &[]))?;
        if matches!(credential, Credential::ViewAs { .. }) && !only_looks(req) {
            return Err(ApiError::refused(Code::ReadOnlyView, &[]));
        }
        let channel = if from_our_client(req) { Channel::Web } else { Channel::Api };
        Ok(Who { credential, channel, origin: origin(state, req), request_id: request_id(req), lang: lang(req) })
    }
}

/// The bytes of a JSON body, or of none.
pub struct Json(pub web::Bytes);

impl FromRequest for Json {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Json, actix_web::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (typed, bytes) = (require_json(req), web::Bytes::from_request(req, payload));
        Box::pin(async move {
            let bytes = bytes.await?;
            if !bytes.is_empty() {
                typed.map_err(ApiError::from)?;
            }
            Ok(Json(bytes))
        })
    }
}

fn require_json(req: &HttpRequest) -> Result<()> {
    let given = req.content_type();
    match given.eq_ignore_ascii_case("application/json") || given.to_ascii_lowercase().ends_with("+json") {
        true => Ok(()),
        false => Err(Error::refused(Code::UnsupportedMedia, &[given])),
    }
}

pub fn request_id(req: &HttpRequest) -> String {
    req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// The language that the request asks for, if it asks for one we have.
pub fn lang(req: &HttpRequest) -> Option<Lang> {
    let header = req.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let asks = |tag: &str| header.split(',').any(|part| part.trim_start().to_ascii_lowercase().starts_with(tag));
    (asks("zh") || asks("en")).then(|| Lang::negotiate(header))
}

/// What the request proves itself with; none for an anonymous one.
pub fn credential(state: &State, req: &HttpRequest) -> Result<Option<Credential>> {
    if let Some(known) = req.extensions().get::<Credential>() {
        return Ok(Some(known.clone()));
    }
    if let Some(value) = req.headers().get(header::AUTHORIZATION) {
        let token =
            value.to_str().ok().and_then(|v| v.split_once(' ')).filter(|(s, _)| s.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else { return Err(Error::refused(Code::Unauthenticated, &[])) };
        let token = token.trim();
        let short = token.len() < 200;
        return match token {
            key if short && key.starts_with(api_key::PREFIX) => Ok(Some(Credential::Key(key.to_owned()))),
            token if short && token.starts_with(oauth::tokens::ACCESS) => Ok(Some(Credential::Token(token.to_owned()))),
            token => state.tokens.check(token).map(Some),
        };
    }
    let Some(cookie) = req.cookie(VIEW_COOKIE).or_else(|| req.cookie(ACCESS_COOKIE)) else { return Ok(None) };
    require_same_site(req)?;
    state.tokens.check(cookie.value()).map(Some)
}

/// Does the request change nothing by its very nature? Queries are long questions.
fn only_looks(req: &HttpRequest) -> bool {
    [Method::GET, Method::HEAD].contains(req.method()) || req.method() == Method::POST && req.path().ends_with("/query")
}

/// A browser sends cookies whoever asked it to: a write must show that our own page did.
pub fn require_same_site(req: &HttpRequest) -> Result<()> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(req.method());
    if safe || from_our_client(req) || same_origin(req) {
        return Ok(());
    }
    Err(Error::refused(Code::Forbidden, &["X-Requested-With: kezhan"]))
}

fn from_our_client(req: &HttpRequest) -> bool {
    req.headers().get(OUR_HEADER).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"kezhan"))
}

fn same_origin(req: &HttpRequest) -> bool {
    let text = |name: header::HeaderName| req.headers().get(name).and_then(|v| v.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    origin.split_once("://").is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(host))
}

/// Longest text of a client about itself that is kept.
const AGENT_MAX: usize = 300;

/// From where a request comes, for the audit trail.
pub fn origin(state: &State, req: &HttpRequest) -> Origin {
    let agent = req.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    let agent = agent.map(|a| a.get(..AGENT_MAX).unwrap_or(a).into());
    Origin { ip: Some(client_ip(state, req).into()), agent, via: None }
}

/// The way by which a sign-in comes.
pub fn door(state: &State, req: &HttpRequest) -> Door {
    let channel = if from_our_client(req) { Channel::Web } else { Channel::Api };
    Door { channel, origin: origin(state, req), request_id: request_id(req) }
}

/// The address that limits count by.
pub fn client_ip(state: &State, req: &HttpRequest) -> String {
    let info = req.connection_info();
    let address = if state.config.behind_proxy { info.realip_remote_addr() } else { info.peer_addr() };
    address.unwrap_or("unknown").to_owned()
}

/// Did the caller come over TLS? A proxy ends it for us, and is believed only where there is one.
pub fn came_by_tls(state: &State, req: &HttpRequest) -> bool {
    state.config.behind_proxy && req.connection_info().scheme() == "https"
}
