//! The way in, step by step. Tokens and challenges stay in HttpOnly cookies: no script sees them.

use super::client::{ApiError, Call};
use serde_json::{Map, Value, json};

/// What a step leads to.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// In; with the recovery codes of a second factor that was set up on the way.
    In(Vec<String>),
    Further(Further),
}

/// What is missing yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Further {
    /// `second_factor`, `enrol` or `password`.
    pub step: String,
    /// What can be shown.
    pub factors: Vec<String>,
    /// Of a second factor that was set up just now.
    pub recovery_codes: Vec<String>,
}

/// A secret to be put into an authenticator application.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offer {
    pub secret: String,
    pub uri: String,
    pub qr_svg: String,
}

pub fn codes_of(answer: &Map<String, Value>) -> Vec<String> {
    super::texts(answer.get("recovery_codes")).map(str::to_owned).collect()
}

fn text(answer: &Map<String, Value>, key: &str) -> String {
    answer.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

impl From<Map<String, Value>> for Arrival {
    fn from(answer: Map<String, Value>) -> Arrival {
        let recovery_codes = codes_of(&answer);
        match answer.contains_key("challenge") {
            false => Arrival::In(recovery_codes),
            true => Arrival::Further(Further {
                step: text(&answer, "step"),
                factors: super::texts(answer.get("factors")).map(str::to_owned).collect(),
                recovery_codes,
            }),
        }
    }
}

impl From<Map<String, Value>> for Offer {
    fn from(answer: Map<String, Value>) -> Offer {
        Offer { secret: text(&answer, "secret"), uri: text(&answer, "uri"), qr_svg: text(&answer, "qr_svg") }
    }
}

pub async fn step(path: &str, body: &Value) -> Result<Arrival, ApiError> {
    Call::post(path).body(body).without_refresh().json().await.map(|answer: Map<String, Value>| answer.into())
}

pub async fn login(tenant: &str, username: &str, password: &str) -> Result<Arrival, ApiError> {
    let mut body = json!({ "username": username, "password": password });
    if !tenant.is_empty() {
        body["tenant"] = tenant.into();
    }
    step("/auth/login", &body).await
}

/// What is missing of the sign-in that this browser has begun elsewhere.
pub async fn pending() -> Result<Arrival, ApiError> {
    Call::get("/auth/challenge").without_refresh().json().await.map(|answer: Map<String, Value>| answer.into())
}

/// `key`: `code` or `recovery_code`.
pub async fn finish(key: &str, value: &str) -> Result<Arrival, ApiError> {
    step("/auth/second_factor", &json!({ key: value })).await
}

pub async fn enrol() -> Result<Offer, ApiError> {
    let call = Call::post("/auth/second_factor/enrol").body(&json!({})).without_refresh();
    call.json().await.map(|answer: Map<String, Value>| answer.into())
}

pub async fn renew_password(password: &str) -> Result<Arrival, ApiError> {
    step("/auth/challenge/password", &json!({ "password": password })).await
}
