//! Looking after the installation: a sign-in of its own, whose cookie no other call sees.

use super::client::{ApiError, BASE, Call};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Me {
    pub username: String,
    pub erase_wait_days: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Company {
    pub id: String,
    pub key: String,
    pub name: String,
    pub status: String,
    pub users: u64,
    pub file_bytes: u64,
    pub erase_after: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Line {
    pub at: String,
    pub actor: String,
    pub action: String,
    pub company_key: Option<String>,
    pub ip: Option<String>,
}

#[derive(Deserialize)]
struct All<T> {
    data: Vec<T>,
}

pub async fn me() -> Result<Me, ApiError> {
    Call::get("/host/me").without_refresh().json().await
}

/// With a second factor besides, `code` or `recovery_code`. Answers what is missing yet; nothing, and one is in.
pub async fn login(username: &str, password: &str, shown: Option<(&str, &str)>) -> Result<Vec<String>, ApiError> {
    let mut body = json!({ "username": username, "password": password });
    if let Some((kind, value)) = shown {
        body[kind] = value.into();
    }
    let answer: Map<String, Value> = Call::post("/host/login").body(&body).without_refresh().json().await?;
    Ok(super::texts(answer.get("factors")).map(str::to_owned).collect())
}

pub async fn logout() -> Result<(), ApiError> {
    Call::post("/host/logout").without_refresh().send().await.map(|_| ())
}

pub async fn companies() -> Result<Vec<Company>, ApiError> {
    Call::get("/host/companies").without_refresh().json().await.map(|all: All<Company>| all.data)
}

pub async fn trail() -> Result<Vec<Line>, ApiError> {
    Call::get("/host/trail?limit=100").without_refresh().json().await.map(|all: All<Line>| all.data)
}

pub async fn add(wish: &Value) -> Result<Company, ApiError> {
    Call::post("/host/companies").body(wish).without_refresh().json().await
}

/// `suspend` or `resume`.
pub async fn set(id: &str, what: &str) -> Result<(), ApiError> {
    Call::post(&format!("/host/companies/{id}/{what}")).without_refresh().send().await.map(|_| ())
}

pub async fn erase(id: &str, confirm: &str) -> Result<(), ApiError> {
    let call = Call::post(&format!("/host/companies/{id}/erase")).body(&json!({ "confirm": confirm }));
    call.without_refresh().send().await.map(|_| ())
}

pub async fn keep(id: &str) -> Result<(), ApiError> {
    Call::delete(&format!("/host/companies/{id}/erase")).without_refresh().send().await.map(|_| ())
}

/// Where the archive of a company is to be had.
pub fn export_url(id: &str) -> String {
    format!("{BASE}/host/companies/{id}/export")
}
