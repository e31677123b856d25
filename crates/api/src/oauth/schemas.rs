//! How the protocol looks in the document.
#![allow(dead_code, reason = "some are read by the derive only")]

use crate::openapi::keys::ObjectReach;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// RFC 8414.
#[derive(Serialize, ToSchema)]
pub struct ServerMetadata {
    #[schema(example = "https://crm.example.com")]
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub revocation_endpoint: String,
    pub introspection_endpoint: String,
    pub service_documentation: String,
    pub response_types_supported: Vec<String>,
    pub response_modes_supported: Vec<String>,
    pub grant_types_supported: Vec<String>,
    pub code_challenge_methods_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    pub ui_locales_supported: Vec<String>,
    pub authorization_response_iss_parameter_supported: bool,
}

/// What is asked at the token endpoint, as a form. The client proves itself by HTTP Basic or by its secret here; a
/// public one names itself.
#[derive(ToSchema)]
pub struct TokenRequest {
    /// `authorization_code`, `refresh_token` or `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    client_id: Option<Uuid>,
    #[schema(format = "password")]
    client_secret: Option<String>,
    code: Option<String>,
    /// As in the request for the code.
    redirect_uri: Option<String>,
    /// RFC 7636; always with a code.
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    #[schema(example = "account:read")]
    scope: Option<String>,
}

/// RFC 6749, section 5.1.
#[derive(ToSchema)]
pub struct TokenAnswer {
    #[schema(example = "kza_Vb0m2Qx7")]
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: String,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good for one use. Not with client credentials.
    refresh_token: Option<String>,
    #[schema(example = "account:read")]
    scope: String,
}

/// RFC 6749, section 5.2.
#[derive(Serialize, ToSchema)]
pub struct ProtocolError {
    #[schema(example = "invalid_grant")]
    pub error: &'static str,
    pub error_description: String,
}

/// A token to be ended or explained, as a form, with the client's credentials.
#[derive(ToSchema)]
pub struct TokenQuestion {
    #[schema(example = "kza_Vb0m2Qx7")]
    token: String,
    token_type_hint: Option<String>,
    client_id: Option<Uuid>,
    #[schema(format = "password")]
    client_secret: Option<String>,
}

/// RFC 7662.
#[derive(ToSchema)]
pub struct Introspection {
    #[schema(example = true)]
    active: bool,
    #[schema(example = "account:read")]
    scope: Option<String>,
    client_id: Option<Uuid>,
    username: Option<String>,
    token_type: Option<String>,
    exp: Option<i64>,
    iat: Option<i64>,
    sub: Option<Uuid>,
    iss: Option<String>,
}

/// An application's request, as it stands behind `/oauth/authorize?`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentQuestion {
    #[schema(example = "response_type=code&client_id=018f3a5e-7c1b-7d3e-9a51-0c2b6f1d4e88")]
    pub query: String,
}

/// The person's answer to it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentAnswer {
    #[schema(example = "response_type=code&client_id=018f3a5e-7c1b-7d3e-9a51-0c2b6f1d4e88")]
    pub query: String,
    pub allow: bool,
}

/// An application, to those who are asked about it.
#[derive(ToSchema)]
pub struct AboutClient {
    id: Uuid,
    name: String,
    description: Option<String>,
    website: Option<String>,
    redirect_host: String,
}

/// What a person is asked.
#[derive(ToSchema)]
pub struct ConsentPrompt {
    client: Option<AboutClient>,
    #[schema(example = json!(["account:read"]))]
    scopes: Vec<String>,
    /// What the application could do, of what the person can.
    reach: Vec<ObjectReach>,
    /// All of this was allowed before.
    known: bool,
    /// Where to go without asking.
    redirect_to: Option<String>,
}

/// Where to go next.
#[derive(Serialize, ToSchema)]
pub struct Onward {
    #[schema(example = "https://app.example.com/callback?code=kzo_Vb0m2Qx7&state=x&iss=https%3A%2F%2Fcrm.example.com")]
    pub redirect_to: String,
}

/// An application that acts on the caller's behalf.
#[derive(ToSchema)]
pub struct ConnectedApplication {
    id: Uuid,
    client: Uuid,
    name: String,
    website: Option<String>,
    #[schema(example = json!(["account:read"]))]
    scopes: Vec<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    last_used_ip: Option<String>,
}

#[derive(ToSchema)]
pub struct ConnectedApplications {
    data: Vec<ConnectedApplication>,
}

/// What becomes of the former secret.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecretWish {
    /// It ends now rather than in 24 hours, which is the way after a leak.
    #[schema(example = false)]
    pub at_once: bool,
}

/// A secret, shown this once.
#[derive(ToSchema)]
pub struct ClientSecret {
    client_id: Uuid,
    /// Not in an answer that is repeated under the same `Idempotency-Key`.
    #[schema(example = "kzs_Vb0m2Qx7")]
    client_secret: Option<String>,
}
