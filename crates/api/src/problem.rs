//! Every failure as `application/problem+json`, in the reader's language.

use crate::pace::timed_out;
use actix_multipart::MultipartError;
use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use kezhan_engine::Error;
use kezhan_meta::problem::Code;
use kezhan_meta::{Lang, Problem};

pub const CONTENT_TYPE: &str = "application/problem+json";

/// What a handler fails with. The body is written by the outermost middleware, which knows the request.
#[derive(Debug)]
pub struct ApiError {
    pub error: Error,
    /// The caller's own language, for requests that do not name one.
    pub lang: Option<Lang>,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        ApiError { error, lang: None }
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> ApiError {
        Error::from(error).into()
    }
}

impl ApiError {
    pub fn refused(code: Code, args: &[&str]) -> ApiError {
        Error::refused(code, args).into()
    }

    pub fn internal(what: impl Into<String>) -> ApiError {
        Error::Internal(what.into()).into()
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.error.problem(Lang::En).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

/// What is known about the request that failed.
pub struct Scene<'a> {
    pub instance: &'a str,
    pub request_id: &'a str,
    /// As the request asks for.
    pub lang: Option<Lang>,
}

/// The response to a request that failed in whatever way.
pub fn response(error: &actix_web::Error, scene: &Scene<'_>) -> HttpResponse {
    match error.as_error::<ApiError>() {
        Some(known) => of_error(&known.error, known.lang, scene),
        None => of_error(&foreign(error), None, scene),
    }
}

pub fn of_error(error: &Error, own: Option<Lang>, scene: &Scene<'_>) -> HttpResponse {
    let lang = scene.lang.or(own).unwrap_or_default();
    let mut problem = error.problem(lang);
    problem.instance = scene.instance.to_owned();
    problem.request_id = scene.request_id.to_owned();
    if problem.status >= 500 && problem.status != 503 {
        log::error!(request_id = scene.request_id; "{error}");
    }
    let mut response = builder(&problem);
    let extra = match error {
        Error::Refused { code: Code::LockedOut | Code::RateLimited, args } => {
            Some((header::RETRY_AFTER, args.first().map_or("1", String::as_str)))
        }
        Error::Refused { code: Code::MethodNotAllowed, args } => {
            Some((header::ALLOW, args.first().map_or("", String::as_str)))
        }
        _ if problem.status == 503 => Some((header::RETRY_AFTER, "1")),
        _ if problem.status == 401 => Some((header::WWW_AUTHENTICATE, "Bearer realm=\"kezhan\"")),
        _ => None,
    };
    if let Some(extra) = extra {
        response.insert_header(extra);
    }
    response.insert_header((header::CONTENT_LANGUAGE, lang.tag())).json(&problem)
}

fn builder(problem: &Problem) -> HttpResponseBuilder {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_TYPE, CONTENT_TYPE)).insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

/// Errors of the framework, in our words.
fn foreign(error: &actix_web::Error) -> Error {
    let text = error.to_string();
    if let Some(e) = error.as_error::<PayloadError>() {
        return of_body(e);
    }
    if let Some(e) = error.as_error::<JsonPayloadError>() {
        return match e {
            JsonPayloadError::ContentType => Error::refused(Code::UnsupportedMedia, &["application/json"]),
            JsonPayloadError::Overflow { limit } | JsonPayloadError::OverflowKnownLength { limit, .. } => {
                Error::refused(Code::TooLarge, &[&limit.to_string()])
            }
            JsonPayloadError::Deserialize(e) if e.is_data() => Error::refused(Code::BadRequest, &[&e.to_string()]),
            _ => Error::refused(Code::MalformedJson, &[&text]),
        };
    }
    if error.as_error::<PathError>().is_some() {
        return Error::not_found();
    }
    if error.as_error::<QueryPayloadError>().is_some() {
        return Error::refused(Code::BadRequest, &[&text]);
    }
    of_status(error.as_response_error().status_code(), &text)
}

/// A body that did not arrive as a whole.
pub fn of_body(error: &PayloadError) -> Error {
    match error {
        PayloadError::Overflow => Error::refused(Code::TooLarge, &["body"]),
        e if timed_out(e) => Error::refused(Code::RequestTimeout, &[]),
        e => Error::refused(Code::BadRequest, &[&e.to_string()]),
    }
}

/// A form that did not.
pub fn of_parts(error: MultipartError) -> ApiError {
    match &error {
        MultipartError::Payload(error) => of_body(error).into(),
        _ => ApiError::refused(Code::BadRequest, &[&error.to_string()]),
    }
}

/// A failure of which only the status is known.
pub fn of_status(status: StatusCode, text: &str) -> Error {
    match status.as_u16() {
        401 => Error::refused(Code::Unauthenticated, &[]),
        403 => Error::refused(Code::Forbidden, &[text]),
        404 => Error::not_found(),
        405 => Error::refused(Code::MethodNotAllowed, &[]),
        413 => Error::refused(Code::TooLarge, &["body"]),
        415 => Error::refused(Code::UnsupportedMedia, &[text]),
        416 => Error::refused(Code::RangeNotSatisfiable, &[]),
        429 => Error::refused(Code::RateLimited, &[]),
        503 => Error::refused(Code::Unavailable, &[]),
        400..=499 => Error::refused(Code::BadRequest, &[text]),
        _ => Error::Internal(text.to_owned()),
    }
}
