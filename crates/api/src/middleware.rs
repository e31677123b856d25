//! What happens to every request: an id, a limit, one shape of failure, headers, a line in the log.

use crate::extract::{RequestId, came_by_tls, client_ip, credential, lang};
use crate::pace::paced;
use crate::problem::{self, ApiError, Scene};
use crate::server::State;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, error::InternalError, web};
use futures_util::FutureExt;
use kezhan_engine::Error as EngineError;
use kezhan_features::people::Credential;
use kezhan_meta::problem::Code;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// WASM may run, nothing may come from elsewhere or stand within a page, and nobody may frame us. Scripts that set a
/// style through the object model may: that is not inline.
const OF_PAGES: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; \
    form-action 'self'; frame-ancestors 'none'";
/// The reference brings one style element of its own, known by its digest.
const OF_REFERENCE: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data: blob:; \
    font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'none'";
/// What the API answers is data, whatever a browser takes it for.
const OF_DATA: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// For two years.
const BY_TLS_ONLY: &str = "max-age=63072000";

/// The outermost layer.
pub async fn observe(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = request_id(req.headers());
    req.extensions_mut().insert(RequestId(id.clone()));
    let state = req.app_data::<web::Data<State>>().cloned();
    let (method, path) = (req.method().clone(), req.path().to_owned());
    if let Some(state) = &state {
        let payload = req.take_payload();
        req.set_payload(paced(payload, Duration::from_secs(state.config.request_seconds)));
    }
    let tls = state.as_ref().is_some_and(|state| came_by_tls(state, req.request()));
    let scene = Scene { instance: &path, request_id: &id, lang: lang(req.request()) };
    let result = AssertUnwindSafe(next.call(req)).catch_unwind().await;
    let mut result = match result {
        Ok(Ok(response)) => Ok(shaped(response, &scene)),
        Ok(Err(error)) => Err(problem::response(&error, &scene)),
        Err(_) => Err(problem::of_error(&EngineError::Internal("a handler panicked".into()), None, &scene)),
    };
    let headers = match &mut result {
        Ok(response) => response.headers_mut(),
        Err(response) => response.headers_mut(),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    secure(headers, &path, tls);
    let status = match &result {
        Ok(response) => response.status().as_u16(),
        Err(response) => response.status().as_u16(),
    };
    let elapsed = started.elapsed();
    if let Some(state) = state {
        state.metrics.request(status, elapsed);
    }
    let micros = elapsed.as_micros() as u64;
    log::info!(target: "kezhan::access", request_id = id.as_str(), status = status, micros = micros; "{method} {path} {status}");
    result.map_err(|response| InternalError::from_response("failed before it was handled", response).into())
}

/// Failures get their body here, where request and language are known.
fn shaped(response: ServiceResponse<impl MessageBody + 'static>, scene: &Scene<'_>) -> ServiceResponse<BoxBody> {
    let failed = response.response().error().map(|error| problem::response(error, scene));
    // A failure without a cause comes from the framework: no such route, no such method.
    let bare = || {
        let status = response.status();
        let ours = response.headers().contains_key(header::CONTENT_TYPE);
        ((status.is_client_error() || status.is_server_error()) && !ours)
            .then(|| problem::of_error(&problem::of_status(status, ""), None, scene))
    };
    match failed.or_else(bare) {
        None => response.map_into_boxed_body(),
        Some(mut shaped) => {
            let stays = |name: &HeaderName| {
                [header::ALLOW, header::CONTENT_RANGE].contains(name) || name.as_str().starts_with("ratelimit")
            };
            for (name, value) in response.headers().iter().filter(|(name, _)| stays(name)) {
                shaped.headers_mut().insert(name.clone(), value.clone());
            }
            let (request, _) = response.into_parts();
            ServiceResponse::new(request, shaped)
        }
    }
}

fn request_id(headers: &HeaderMap) -> String {
    let fair =
        |s: &&str| (1..=64).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let given = headers.get(REQUEST_ID).and_then(|v| v.to_str().ok()).filter(fair);
    given.map_or_else(|| uuid::Uuid::now_v7().simple().to_string(), str::to_owned)
}

fn secure(headers: &mut HeaderMap, path: &str, tls: bool) {
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CROSS_ORIGIN_OPENER_POLICY, "same-origin");
    set(header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin");
    if tls {
        set(header::STRICT_TRANSPORT_SECURITY, BY_TLS_ONLY);
    }
    if path.starts_with("/api/") {
        set(header::CACHE_CONTROL, "private, no-cache");
        // Where a file is shown in place, its own policy says that our pages may frame it.
        set(header::CONTENT_SECURITY_POLICY, OF_DATA);
    } else {
        let reference = path == "/docs" || path.starts_with("/docs/");
        set(header::CONTENT_SECURITY_POLICY, if reference { OF_REFERENCE } else { OF_PAGES });
        set(header::X_FRAME_OPTIONS, "DENY");
        set(HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(self)");
    }
}

/// Around the API: how often a caller may call.
pub async fn limit(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(state) = req.app_data::<web::Data<State>>().cloned() else {
        return next.call(req).await.map(ServiceResponse::map_into_boxed_body);
    };
    let standing = match credential(&state, req.request()) {
        Ok(Some(credential)) => {
            let standing = match &credential {
                Credential::Session { session, .. } | Credential::ViewAs { session, .. } => {
                    state.limits.calls.take(session)
                }
                Credential::Key(text) | Credential::Token(text) => state.limits.calls.take(text),
            };
            req.extensions_mut().insert(credential);
            standing
        }
        Ok(None) | Err(_) => state.limits.calls.take(client_ip(&state, req.request())),
    };
    let Some(standing) = standing else {
        return next.call(req).await.map(ServiceResponse::map_into_boxed_body);
    };
    let mut response = match standing.allowed {
        true => next.call(req).await?.map_into_boxed_body(),
        false => req
            .error_response(ApiError::refused(Code::RateLimited, &[&standing.reset.to_string()]))
            .map_into_boxed_body(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("ratelimit-limit", u64::from(standing.limit)),
        ("ratelimit-remaining", u64::from(standing.remaining)),
        ("ratelimit-reset", standing.reset),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    Ok(response)
}
