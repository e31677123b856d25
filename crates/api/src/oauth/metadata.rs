//! Where everything is (RFC 8414).

use super::issuer;
use super::schemas::ServerMetadata;
use crate::server::State;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(paths(metadata))]
pub struct Docs;

/// What this authorization server offers, and where (RFC 8414).
#[utoipa::path(get, path = "/.well-known/oauth-authorization-server", tag = "oauth", operation_id = "oauthMetadata", security(()),
    responses((status = 200, body = ServerMetadata, description = "The metadata")))]
pub async fn metadata(state: web::Data<State>, req: HttpRequest) -> HttpResponse {
    let issuer = issuer(&state, &req);
    let at = |path: &str| format!("{issuer}{path}");
    let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<String>>();
    let client_auth = texts(&["client_secret_basic", "client_secret_post"]);
    HttpResponse::Ok().insert_header(("cache-control", "public, max-age=300")).json(ServerMetadata {
        authorization_endpoint: at("/oauth/authorize"),
        token_endpoint: at("/oauth/token"),
        revocation_endpoint: at("/oauth/revoke"),
        introspection_endpoint: at("/oauth/introspect"),
        service_documentation: at("/docs"),
        response_types_supported: texts(&["code"]),
        response_modes_supported: texts(&["query"]),
        grant_types_supported: texts(&["authorization_code", "refresh_token", "client_credentials"]),
        code_challenge_methods_supported: texts(&["S256"]),
        token_endpoint_auth_methods_supported: [client_auth.clone(), texts(&["none"])].concat(),
        revocation_endpoint_auth_methods_supported: [client_auth.clone(), texts(&["none"])].concat(),
        introspection_endpoint_auth_methods_supported: client_auth,
        ui_locales_supported: texts(&["zh-CN", "en"]),
        authorization_response_iss_parameter_supported: true,
        issuer,
    })
}
