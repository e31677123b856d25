//! Tokens: given out, ended, explained. Forms in, JSON out, errors as RFC 6749 says.

use super::issuer;
use super::schemas::{Introspection, ProtocolError, TokenAnswer, TokenQuestion, TokenRequest};
use crate::extract::{client_ip, door};
use crate::problem::ApiError;
use crate::server::State;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kezhan_features::people::oauth::tokens::{self, Lives};
use kezhan_features::people::oauth::{Refusal, clients};
use kezhan_meta::problem::Code;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::collections::HashMap;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(token, revoke, introspect))]
pub struct Docs;

/// Largest form.
const FORM_MAX: usize = 20_000;

type Outcome = std::result::Result<Value, Refusal>;

/// What came, and who says to have sent it.
struct Form {
    params: HashMap<String, String>,
    client: Option<String>,
    secret: Option<String>,
}

impl Form {
    fn read(req: &HttpRequest, body: &web::Bytes) -> std::result::Result<Form, Refusal> {
        let bad = |text: &str| Refusal::new("invalid_request", text);
        if !req.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") || body.len() > FORM_MAX {
            return Err(bad("application/x-www-form-urlencoded is expected"));
        }
        let mut params = HashMap::new();
        for (key, value) in url::form_urlencoded::parse(body) {
            if params.insert(key.to_string(), value.to_string()).is_some() {
                return Err(bad("a parameter is given twice"));
            }
        }
        params.retain(|_, value: &mut String| !value.is_empty());
        let named = params.remove("client_id");
        let secret = params.remove("client_secret");
        let Some(basic) = req.headers().get(header::AUTHORIZATION) else {
            return Ok(Form { params, client: named, secret });
        };
        // Only in one way (RFC 6749, section 2.3).
        if secret.is_some() {
            return Err(bad("the client is to prove itself in one way"));
        }
        let wrong = || Refusal::new("invalid_client", "the credentials cannot be read");
        let (client, secret) = basic.to_str().ok().and_then(credentials).ok_or_else(wrong)?;
        if named.is_some_and(|named| named != client) {
            return Err(bad("client_id differs from that of the credentials"));
        }
        Ok(Form { params, client: Some(client), secret: Some(secret) })
    }

    fn get(&self, key: &'static str) -> std::result::Result<&str, Refusal> {
        let missing = || Refusal::new("invalid_request", format!("{key} is missing"));
        self.params.get(key).map(String::as_str).ok_or_else(missing)
    }
}

/// Form-encoded, joined, base64 (RFC 6749, section 2.3.1).
fn credentials(header: &str) -> Option<(String, String)> {
    let (scheme, text) = header.split_once(' ')?;
    let text = STANDARD.decode(text.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(text).ok()?;
    let (client, secret) = text.split_once(':')?;
    let plain = |text: &str| Some(percent_decode_str(&text.replace('+', " ")).decode_utf8().ok()?.into_owned());
    Some((plain(client)?, plain(secret)?))
}

/// Reads the form and does `work` with it, for an application that has proved itself.
async fn serve<F>(
    state: web::Data<State>,
    req: HttpRequest,
    body: web::Bytes,
    work: F,
) -> Result<HttpResponse, ApiError>
where
    F: FnOnce(&mut diesel::PgConnection, &clients::Client, &Form) -> Result<Outcome, kezhan_engine::Error>
        + Send
        + 'static,
{
    if let Some(over) = state.limits.calls.take(("oauth", client_ip(&state, &req))).filter(|s| !s.allowed) {
        return Err(ApiError::refused(Code::RateLimited, &[&over.reset.to_string()]));
    }
    let by_header = req.headers().contains_key(header::AUTHORIZATION);
    let form = match Form::read(&req, &body) {
        Ok(form) => form,
        Err(refusal) => return Ok(refused(&refusal, by_header)),
    };
    let outcome =
        state.db.run(move |conn| match clients::authenticate(conn, form.client.as_deref(), form.secret.as_deref())? {
            Ok(client) => Ok(work(conn, &client, &form)?),
            Err(refusal) => Ok(Err(refusal)),
        });
    Ok(match outcome.await? {
        Ok(answer) => plain(HttpResponse::Ok()).json(answer),
        Err(refusal) => refused(&refusal, by_header),
    })
}

fn plain(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"));
    response
}

fn refused(refusal: &Refusal, by_header: bool) -> HttpResponse {
    let unproved = refusal.error == "invalid_client";
    let mut response =
        plain(HttpResponse::build(if unproved { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST }));
    if unproved && by_header {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"kezhan\""));
    }
    response.json(ProtocolError { error: refusal.error, error_description: refusal.description.clone() })
}

/// Get tokens: for a code with its verifier, for a refresh token, or for the application itself (RFC 6749, section 3.2).
#[utoipa::path(post, path = "/oauth/token", tag = "oauth", operation_id = "oauthToken", security(()),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenAnswer, description = "Tokens"), (status = 400, body = ProtocolError, description = "Refused"),
        (status = 401, body = ProtocolError, description = "The client did not prove itself")))]
pub async fn token(state: web::Data<State>, req: HttpRequest, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let lives = Lives {
        access_seconds: i64::from(state.config.access_token_minutes) * 60,
        refresh_seconds: i64::from(state.config.refresh_token_days) * 86_400,
    };
    let (door, identities) = (door(&state, &req), state.identities.clone());
    serve(state, req, body, move |conn, client, form| {
        let tokens = match asked(form) {
            Ok(Asked::Code(code)) => tokens::exchange(conn, client, code, lives, &door)?,
            Ok(Asked::Refresh(token, scope)) => tokens::refresh(conn, client, (token, scope), lives, &door)?,
            Ok(Asked::Itself(scope)) => tokens::by_itself(conn, client, scope, lives)?,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // A reuse may have ended tokens that this process knows.
        if tokens.is_err() {
            identities.expire(client.tenant_id);
        }
        Ok(tokens.map(|tokens| json!(tokens)))
    })
    .await
}

enum Asked<'f> {
    /// Code, redirect address, verifier.
    Code((&'f str, &'f str, &'f str)),
    Refresh(&'f str, Option<&'f str>),
    Itself(Option<&'f str>),
}

fn asked(form: &Form) -> std::result::Result<Asked<'_>, Refusal> {
    let scope = form.params.get("scope").map(String::as_str);
    Ok(match form.get("grant_type")? {
        "authorization_code" => Asked::Code((form.get("code")?, form.get("redirect_uri")?, form.get("code_verifier")?)),
        "refresh_token" => Asked::Refresh(form.get("refresh_token")?, scope),
        "client_credentials" => Asked::Itself(scope),
        _ => {
            return Err(Refusal::new(
                "unsupported_grant_type",
                "authorization_code, refresh_token, client_credentials",
            ));
        }
    })
}

/// End a token (RFC 7009). A refresh token takes with it whatever came of the same consent.
#[utoipa::path(post, path = "/oauth/revoke", tag = "oauth", operation_id = "oauthRevoke", security(()),
    request_body(content = TokenQuestion, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "It is good no longer, or never was"), (status = 400, body = ProtocolError, description = "Refused"),
        (status = 401, body = ProtocolError, description = "The client did not prove itself")))]
pub async fn revoke(state: web::Data<State>, req: HttpRequest, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let identities = state.identities.clone();
    serve(state, req, body, move |conn, client, form| match form.get("token") {
        Ok(token) => {
            tokens::revoke(conn, client, token)?;
            identities.expire(client.tenant_id);
            Ok(Ok(json!({})))
        }
        Err(refusal) => Ok(Err(refusal)),
    })
    .await
}

/// What a token of this application's is worth (RFC 7662). For confidential applications.
#[utoipa::path(post, path = "/oauth/introspect", tag = "oauth", operation_id = "oauthIntrospect", security(()),
    request_body(content = TokenQuestion, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Introspection, description = "What it is worth"), (status = 400, body = ProtocolError, description = "Refused"),
        (status = 401, body = ProtocolError, description = "The client did not prove itself")))]
pub async fn introspect(state: web::Data<State>, req: HttpRequest, body: web::Bytes) -> Result<HttpResponse, ApiError> {
    let issuer = issuer(&state, &req);
    serve(state, req, body, move |conn, client, form| {
        if !client.confidential {
            return Ok(Err(Refusal::new("invalid_client", "for confidential clients only")));
        }
        let token = match form.get("token") {
            Ok(token) => token,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let known = tokens::standing(conn, token)?;
        let ours = known.filter(|t| (t.tenant_id, t.client_id) == (client.tenant_id, client.id));
        Ok(Ok(match ours {
            None => json!({ "active": false }),
            Some(token) => json!({
                "active": true, "scope": token.scopes().join(" "), "client_id": token.client_id,
                "username": token.username, "token_type": if token.kind == "access" { "Bearer" } else { "refresh_token" },
                "exp": token.expires_at.timestamp(), "iat": token.created_at.timestamp(),
                "sub": token.user_id.unwrap_or(token.client_id), "iss": issuer,
            }),
        }))
    })
    .await
}
