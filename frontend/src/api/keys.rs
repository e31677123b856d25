//! API keys, and applications that act on one's behalf.

use super::client::{ApiError, Call};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A key as the server shows it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ApiKey {
    pub id: String,
    pub name: String,
    pub prefix: String,
    pub user: Option<String>,
    pub user_name: Option<String>,
    pub role: Option<String>,
    pub role_name: Option<String>,
    pub objects: Option<Vec<String>>,
    pub fields: Option<Map<String, Value>>,
    pub actions: Option<Vec<String>>,
    pub networks: Option<Vec<String>>,
    pub expires_at: Option<String>,
    pub last_used_at: Option<String>,
    pub last_used_ip: Option<String>,
    pub previous_until: Option<String>,
    pub previous_used_at: Option<String>,
    pub revoked_at: Option<String>,
    /// Its text, where it has just been made.
    pub key: Option<String>,
}

/// What can be done with one object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ObjectReach {
    pub object: String,
    pub actions: Map<String, Value>,
    pub fields: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Reach {
    reach: Vec<ObjectReach>,
}

#[derive(Deserialize)]
struct All<T> {
    data: Vec<T>,
}

pub async fn list() -> Result<Vec<ApiKey>, ApiError> {
    Call::get("/api_keys").json().await.map(|all: All<ApiKey>| all.data)
}

pub async fn save(id: Option<&str>, wish: &Value) -> Result<ApiKey, ApiError> {
    match id {
        Some(id) => Call::patch(&format!("/api_keys/{id}")).body(wish).json().await,
        None => Call::post("/api_keys").body(wish).json().await,
    }
}

/// What a key like this would reach, or this key with other bounds.
pub async fn preview(id: Option<&str>, wish: &Value) -> Result<Vec<ObjectReach>, ApiError> {
    let path = id.map_or_else(|| "/api_keys/preview".to_owned(), |id| format!("/api_keys/preview?key={id}"));
    Call::post(&path).body(wish).json().await.map(|r: Reach| r.reach)
}

pub async fn rotate(id: &str, overlap_hours: u32) -> Result<ApiKey, ApiError> {
    Call::post(&format!("/api_keys/{id}/rotate")).body(&json!({ "overlap_hours": overlap_hours })).json().await
}

pub async fn revoke(id: &str) -> Result<(), ApiError> {
    Call::delete(&format!("/api_keys/{id}")).send().await.map(|_| ())
}

/// An application that acts on one's behalf.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Connected {
    pub id: String,
    pub name: String,
    pub website: Option<String>,
    pub scopes: Vec<String>,
    pub created_at: String,
    pub last_used_at: Option<String>,
    pub last_used_ip: Option<String>,
}

pub async fn connected() -> Result<Vec<Connected>, ApiError> {
    Call::get("/oauth/connected").json().await.map(|all: All<Connected>| all.data)
}

pub async fn withdraw(id: &str) -> Result<(), ApiError> {
    Call::delete(&format!("/oauth/connected/{id}")).send().await.map(|_| ())
}

#[derive(Deserialize)]
struct Secret {
    client_secret: String,
}

/// Makes a secret for an application; the former one ends a day later, or at once.
pub async fn client_secret(id: &str, at_once: bool) -> Result<String, ApiError> {
    let call = Call::post(&format!("/oauth_clients/{id}/secret")).body(&json!({ "at_once": at_once }));
    call.json().await.map(|s: Secret| s.client_secret)
}

/// An application, to those who are asked about it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct About {
    pub name: String,
    pub description: Option<String>,
    pub website: Option<String>,
    pub redirect_host: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Question {
    pub client: Option<About>,
    pub scopes: Vec<String>,
    pub reach: Vec<ObjectReach>,
    pub known: bool,
    pub redirect_to: Option<String>,
}

/// What stands behind `/oauth/authorize?`.
pub async fn question(query: &str) -> Result<Question, ApiError> {
    Call::post("/oauth/question").body(&json!({ "query": query })).json().await
}

#[derive(Deserialize)]
struct Onward {
    redirect_to: String,
}

pub async fn answer(query: &str, allow: bool) -> Result<String, ApiError> {
    let call = Call::post("/oauth/answer").body(&json!({ "query": query, "allow": allow }));
    call.json().await.map(|o: Onward| o.redirect_to)
}
