//! The routes that every object has, built in or a tenant's own.

mod access;
mod actions;
mod batch;
mod params;
mod read;
mod similar;
mod write;

use crate::call::{Answer, Call};
use crate::extract::Json;
use crate::idempotency::Once;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

pub use actions::describe as describe_action;
pub use batch::at_index;
pub use params::Params;

/// A request for records, from HTTP or from inside a composite.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: Method,
    /// Decoded segments after `/api/v1`.
    pub path: Vec<String>,
    pub params: Params,
    pub body: web::Bytes,
    pub if_match: Option<String>,
    pub if_none_match: Option<String>,
}

/// Everything below `/api/v1` that is no route of its own.
pub async fn handle(
    state: web::Data<State>,
    once: Once,
    req: HttpRequest,
    Json(body): Json,
) -> Result<HttpResponse, ApiError> {
    let request = Request::from_http(&req, body.clone())?;
    let answer = match request.changes_nothing() {
        true => once.look(&state, &body, move |call| dispatch(call, &request)).await,
        false => once.run(&state, &body, move |call| dispatch(call, &request)).await,
    };
    Ok(answer?.into())
}

impl Request {
    fn from_http(req: &HttpRequest, body: web::Bytes) -> Result<Request> {
        let path = req.uri().path().trim_start_matches("/api/v1");
        Ok(Request {
            method: req.method().clone(),
            path: segments(path)?,
            params: Params::parse(req.query_string())?,
            body,
            if_match: header_text(req, header::IF_MATCH.as_str())?,
            if_none_match: header_text(req, header::IF_NONE_MATCH.as_str())?,
        })
    }

    /// A sub-request of a composite.
    pub fn inner(method: Method, path_and_query: &str, body: web::Bytes, if_match: Option<String>) -> Result<Request> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let path = segments(path.trim_start_matches("/api/v1"))?;
        Ok(Request { method, path, params: Params::parse(query)?, body, if_match, if_none_match: None })
    }

    /// A POST only because its question is too long for an address.
    fn changes_nothing(&self) -> bool {
        self.path.last().is_some_and(|last| last == "query" || last == "similar")
    }

    /// The version that `If-Match` names.
    pub fn expected(&self) -> Result<Option<i64>> {
        let Some(text) = self.if_match.as_deref().map(str::trim).filter(|t| *t != "*") else { return Ok(None) };
        let number = text.trim_start_matches("W/").trim_matches('"').parse();
        number.map(Some).map_err(|_| Error::refused(Code::BadValue, &["If-Match", "\"<version>\""]))
    }

    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        crate::call::parse(&self.body)
    }
}

/// Decoded segments of a path.
fn segments(path: &str) -> Result<Vec<String>> {
    let decode = |s: &str| match percent_decode_str(s).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(Error::refused(Code::BadRequest, &["path"])),
    };
    path.trim_matches('/').split('/').map(decode).collect()
}

pub fn header_text(req: &HttpRequest, name: &str) -> Result<Option<String>> {
    let value = req.headers().get(name).map(|v| v.to_str().map(str::to_owned));
    value.transpose().map_err(|_| Error::refused(Code::BadValue, &[name, "ASCII"]))
}

/// Finds the one who answers. The paths here are those of `openapi::records`.
pub fn dispatch(call: &mut Call<'_>, request: &Request) -> Result<Answer> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let Some(plural) = path.first() else { return Err(Error::not_found()) };
    let object = call.object(plural)?;
    let method = request.method.as_str();
    match (method, path.get(1..).unwrap_or_default()) {
        ("GET" | "HEAD", []) => read::list(call, &object, request),
        ("POST", []) => write::create(call, &object, request),
        (_, []) => not_allowed("GET, POST"),
        ("POST", ["query"]) => read::query(call, &object, request),
        (_, ["query"]) => not_allowed("POST"),
        ("POST", ["similar"]) => similar::ask(call, &object, request),
        (_, ["similar"]) => not_allowed("POST"),
        ("POST", ["batch"]) => batch::run(call, &object, request),
        (_, ["batch"]) => not_allowed("POST"),
        ("PUT", ["by", key, value]) => write::upsert(call, &object, key, value, request),
        (_, ["by", _, _]) => not_allowed("PUT"),
        (_, [id, rest @ ..]) => {
            let id = Uuid::parse_str(id).map_err(|_| Error::not_found())?;
            match (method, rest) {
                ("GET" | "HEAD", []) => read::one(call, &object, id, request),
                ("PATCH", []) => write::update(call, &object, id, request),
                ("DELETE", []) => write::delete(call, &object, id, request),
                (_, []) => not_allowed("GET, PATCH, DELETE"),
                ("POST", ["restore"]) => write::restore(call, &object, id, request),
                (_, ["restore"]) => not_allowed("POST"),
                ("GET" | "HEAD", ["history"]) => read::history(call, &object, id, request),
                ("GET" | "HEAD", ["timeline"]) => read::timeline(call, &object, id, request),
                ("GET" | "HEAD", ["actions"]) => actions::list(call, &object, id, request),
                ("GET" | "HEAD", ["similar"]) => similar::of(call, &object, id, request),
                ("GET" | "HEAD", ["access"]) => access::explain(call, &object, id, request),
                (_, ["history" | "timeline" | "actions" | "access" | "similar"]) => not_allowed("GET"),
                ("POST", ["actions", action]) => actions::perform(call, &object, id, action, request),
                (_, ["actions", _]) => not_allowed("POST"),
                _ => Err(Error::not_found()),
            }
        }
    }
}

fn not_allowed(allow: &str) -> Result<Answer> {
    Err(Error::refused(Code::MethodNotAllowed, &[allow]))
}
