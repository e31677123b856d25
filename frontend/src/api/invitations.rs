//! Links by which somebody chooses a password: made, withdrawn, taken.

use super::client::{ApiError, Call};
use super::sign_in::Arrival;
use kezhan_meta::Record;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A link that nobody has used yet.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Invitation {
    pub id: String,
    pub user: String,
    pub name: String,
    pub username: Option<String>,
    pub purpose: String,
    pub created_by: Option<String>,
    pub expires_at: String,
    pub expired: bool,
}

#[derive(Deserialize)]
struct All {
    data: Vec<Invitation>,
}

pub async fn open() -> Result<Vec<Invitation>, ApiError> {
    Call::get("/invitations").json().await.map(|all: All| all.data)
}

/// A new user and their link: the path behind our address.
pub async fn invite(person: &Record) -> Result<String, ApiError> {
    Call::post("/invitations").body(person).json().await.map(|made: Map<String, Value>| path_of(&made))
}

pub async fn withdraw(id: &str) -> Result<(), ApiError> {
    Call::delete(&format!("/invitations/{id}")).send().await.map(|_| ())
}

pub fn path_of(made: &Map<String, Value>) -> String {
    made.get("path").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whom a link is for: `purpose`, `name`, `username`, `company`, `password_length`.
pub async fn look(token: &str) -> Result<Map<String, Value>, ApiError> {
    Call::post("/auth/link").body(&json!({ "token": token })).without_refresh().json().await
}

pub async fn accept(token: &str, password: &str) -> Result<Arrival, ApiError> {
    let body = json!({ "token": token, "password": password });
    let call = Call::post("/auth/link/accept").body(&body).without_refresh();
    call.json().await.map(|answer: Map<String, Value>| answer.into())
}
