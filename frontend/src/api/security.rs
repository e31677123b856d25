//! One's own sessions, sign-ins and keys.

use super::client::{ApiError, Call};
use serde::Deserialize;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Device {
    pub browser: Option<String>,
    pub system: Option<String>,
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Session {
    pub id: String,
    pub device: Device,
    pub ip: Option<String>,
    pub created_at: String,
    pub last_used_at: String,
    pub current: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SignIn {
    pub at: String,
    pub action: String,
    pub device: Device,
    pub ip: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub user: Option<String>,
    pub last_used_at: Option<String>,
    pub expires_at: Option<String>,
    pub revoked_at: Option<String>,
}

#[derive(Deserialize)]
struct All<T> {
    data: Vec<T>,
}

pub async fn sessions() -> Result<Vec<Session>, ApiError> {
    Call::get("/auth/sessions").json().await.map(|all: All<Session>| all.data)
}

/// One session, or all but this one.
pub async fn end(id: Option<&str>) -> Result<(), ApiError> {
    let path = id.map_or_else(|| "/auth/sessions".to_owned(), |id| format!("/auth/sessions/{id}"));
    Call::delete(&path).send().await.map(|_| ())
}

pub async fn sign_ins() -> Result<Vec<SignIn>, ApiError> {
    Call::get("/auth/sign_ins?limit=50").json().await.map(|all: All<SignIn>| all.data)
}

pub async fn keys() -> Result<Vec<ApiKey>, ApiError> {
    Call::get("/api_keys").json().await.map(|all: All<ApiKey>| all.data)
}

pub async fn revoke_key(id: &str) -> Result<(), ApiError> {
    Call::delete(&format!("/api_keys/{id}")).send().await.map(|_| ())
}
