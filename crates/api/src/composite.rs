//! Several requests in one transaction, the later ones referring to the earlier.

use crate::call::{Answer, Call};
use crate::extract::Json;
use crate::idempotency::Once;
use crate::parts::Part;
use crate::problem::ApiError;
use crate::records::{self, Request};
use crate::server::State;
use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use utoipa::{OpenApi, ToSchema};

/// Most requests of one composite.
pub const REQUESTS_MAX: usize = 50;

pub const PART: Part = Part { routes, docs: Docs::openapi };

#[derive(OpenApi)]
#[openapi(paths(composite))]
struct Docs;

fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource("/composite").post(composite));
}

/// Requests to be done together or not at all.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompositeRequest)]
pub struct Composite {
    /// Up to 50, done in order.
    pub requests: Vec<SubRequest>,
}

/// One request. `@{ref.field}` in path and body stands for a field of an earlier answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubRequest {
    /// A name for later requests to refer to.
    #[serde(rename = "ref")]
    #[schema(example = "customer")]
    pub name: Option<String>,
    #[schema(example = "POST")]
    pub method: String,
    /// Path of a record call, with its query.
    #[schema(example = "/accounts")]
    pub path: String,
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    #[schema(example = "\"3\"")]
    pub if_match: Option<String>,
}

/// Answers in the order of the requests.
#[derive(Serialize, ToSchema)]
pub struct CompositeResult {
    pub responses: Vec<SubResponse>,
}

#[derive(Serialize, ToSchema)]
pub struct SubResponse {
    #[serde(rename = "ref")]
    #[schema(example = "customer")]
    pub name: Option<String>,
    #[schema(example = 201)]
    pub status: u16,
    #[schema(value_type = Object)]
    pub headers: Map<String, Value>,
    #[schema(value_type = Option<Object>)]
    pub body: Value,
}

/// Do up to 50 requests in one transaction.
#[utoipa::path(post, path = "/api/v1/composite", tag = "composite", operation_id = "composite", request_body = Composite,
    responses((status = 200, body = CompositeResult, description = "All were done. When one fails none is, and the problem names it as `requests[n]`")))]
pub async fn composite(state: web::Data<State>, once: Once, Json(body): Json) -> Result<HttpResponse, ApiError> {
    let parsed: Composite = crate::call::parse(&body)?;
    Ok(once.run(&state, &body, move |call| perform(call, parsed)).await?.into())
}

fn perform(call: &mut Call<'_>, composite: Composite) -> Result<Answer> {
    let requests = composite.requests;
    if requests.is_empty() || requests.len() > REQUESTS_MAX {
        return Err(Error::refused(Code::BadValue, &["requests", &format!("1–{REQUESTS_MAX}")]));
    }
    call.transaction(|call| {
        let mut known: HashMap<String, Value> = HashMap::new();
        let mut responses = Vec::with_capacity(requests.len());
        for (at, request) in requests.into_iter().enumerate() {
            let done = one(call, &request, &known).map_err(|e| records::at_index(e, "requests", at))?;
            if let Some(name) = &request.name {
                known.insert(name.clone(), done.body.clone());
            }
            responses.push(done);
        }
        Answer::json(200, &CompositeResult { responses })
    })
}

fn one(call: &mut Call<'_>, request: &SubRequest, known: &HashMap<String, Value>) -> Result<SubResponse> {
    let method = match request.method.to_ascii_uppercase().as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        other => return Err(Error::refused(Code::BadValue, &["method", other])),
    };
    let path = fill_text(&request.path, known, true)?;
    let body = match &request.body {
        None => web::Bytes::new(),
        Some(body) => fill(body, known)?.to_string().into(),
    };
    let inner = Request::inner(method, &path, body, request.if_match.clone())?;
    let answer = records::dispatch(call, &inner)?;
    let body = match answer.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&answer.body).map_err(|e| Error::Internal(e.to_string()))?,
    };
    let headers = answer.headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
    Ok(SubResponse { name: request.name.clone(), status: answer.status, headers, body })
}

/// The body with every `@{ref.field}` replaced. A text that is nothing else takes the value's own type.
fn fill(value: &Value, known: &HashMap<String, Value>) -> Result<Value> {
    Ok(match value {
        Value::String(text) => {
            match text.strip_prefix("@{").and_then(|t| t.strip_suffix('}')).filter(|t| !t.contains("@{")) {
                Some(path) => look_up(path, known)?,
                None => Value::String(fill_text(text, known, false)?),
            }
        }
        Value::Array(items) => Value::Array(items.iter().map(|v| fill(v, known)).collect::<Result<_>>()?),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(k, v)| Ok((k.clone(), fill(v, known)?))).collect::<Result<_>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, known: &HashMap<String, Value>, in_path: bool) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let unfinished = || Error::refused(Code::BadValue, &[text, "@{ref.field}"]);
        let (path, tail) = after.split_once('}').ok_or_else(unfinished)?;
        out.push_str(before);
        let value = match look_up(path, known)? {
            Value::String(s) => s,
            other => other.to_string(),
        };
        match in_path {
            true => out.extend(percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC)),
            false => out.push_str(&value),
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn look_up(path: &str, known: &HashMap<String, Value>) -> Result<Value> {
    let unknown = || Error::refused(Code::BadValue, &[&format!("@{{{path}}}"), "?"]);
    let (name, fields) = path.split_once('.').ok_or_else(unknown)?;
    let mut at = known.get(name).ok_or_else(unknown)?;
    for part in fields.split('.') {
        let next = match at {
            Value::Array(items) => part.parse::<usize>().ok().and_then(|n| items.get(n)),
            other => other.get(part),
        };
        at = next.ok_or_else(unknown)?;
    }
    Ok(at.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_filled_in() {
        let known = HashMap::from([("a".to_owned(), json!({"id": "x/1", "n": 3, "list": [{"k": true}]}))]);
        let body = json!({"account": "@{a.id}", "note": "no. @{a.n}", "deep": ["@{a.list.0.k}"], "plain": 1});
        let filled = json!({"account": "x/1", "note": "no. 3", "deep": [true], "plain": 1});
        assert_eq!(fill(&body, &known).unwrap(), filled);
        assert_eq!(fill_text("/accounts/@{a.id}", &known, true).unwrap(), "/accounts/x%2F1");
        assert!(fill(&json!("@{b.id}"), &known).is_err());
        assert!(fill_text("/accounts/@{a.id", &known, true).is_err());
    }
}
