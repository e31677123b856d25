//! Passkeys: what the server asks of a device, the device signs, and the server judges.

use super::client::{ApiError, Call};
use super::security::Done;
use super::sign_in::{Arrival, codes_of, step};
use crate::bridge;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A passkey of one's own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Passkey {
    pub id: String,
    pub name: String,
    pub created_at: String,
    pub last_used_at: Option<String>,
}

#[derive(Deserialize)]
struct All {
    data: Vec<Passkey>,
}

/// What a device is asked to sign.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceremony {
    id: Value,
    options: String,
}

impl From<Map<String, Value>> for Ceremony {
    fn from(mut answer: Map<String, Value>) -> Ceremony {
        let options = answer.get("options").map(Value::to_string).unwrap_or_default();
        Ceremony { id: answer.remove("ceremony").unwrap_or_default(), options }
    }
}

impl Ceremony {
    /// Asks the device; what it has signed, for the server. Nothing where the person, or the device, did not want to.
    async fn signed(&self, what: &str) -> Option<Map<String, Value>> {
        let signed = bridge::passkey(what, &self.options).await.ok()?;
        let credential: Value = serde_json::from_str(&signed).ok()?;
        Some(Map::from_iter([("ceremony".to_owned(), self.id.clone()), ("credential".to_owned(), credential)]))
    }
}

/// Can the browser make and use passkeys here? Not over plain HTTP, and not at an address in numbers.
pub fn possible() -> bool {
    let host = leptos::prelude::window().location().hostname().unwrap_or_default();
    let named = !host.starts_with('[') && host.chars().any(char::is_alphabetic);
    named && leptos::prelude::window().is_secure_context()
}

pub async fn list() -> Result<Vec<Passkey>, ApiError> {
    Call::get("/auth/passkeys").json().await.map(|all: All| all.data)
}

pub async fn begin(proof: &Value) -> Result<Ceremony, ApiError> {
    Call::post("/auth/passkeys/begin").body(proof).json().await.map(|answer: Map<String, Value>| answer.into())
}

/// Lets the device make a key and registers it under this name. Recovery codes where there were none.
pub async fn register(ceremony: &Ceremony, name: &str) -> Done<Vec<String>> {
    let Some(mut body) = ceremony.signed("create").await else { return Ok(None) };
    body.insert("name".to_owned(), json!(name));
    let made: Map<String, Value> = Call::post("/auth/passkeys").body(&body).json().await?;
    Ok(Some(codes_of(&made)))
}

pub async fn rename(id: &str, name: &str) -> Result<(), ApiError> {
    Call::patch(&format!("/auth/passkeys/{id}")).body(&json!({ "name": name })).send().await.map(|_| ())
}

pub async fn remove(id: &str, proof: &Value) -> Result<(), ApiError> {
    Call::post(&format!("/auth/passkeys/{id}/remove")).body(proof).send().await.map(|_| ())
}

/// That it is oneself, for whatever asks for a proof.
pub async fn prove() -> Done<Value> {
    let answer: Map<String, Value> = Call::post("/auth/passkeys/prove").json().await?;
    let signed = Ceremony::from(answer).signed("get").await;
    Ok(signed.map(|signed| json!({ "passkey": signed })))
}

/// Signs in with a passkey alone.
pub async fn sign_in() -> Done<Arrival> {
    let answer: Map<String, Value> = Call::post("/auth/passkey/begin").without_refresh().json().await?;
    let Some(body) = Ceremony::from(answer).signed("get").await else { return Ok(None) };
    step("/auth/passkey", &Value::Object(body)).await.map(Some)
}

/// Lets the device make a key where a sign-in asks for a second factor to be set up.
pub async fn enrol(name: &str) -> Done<Arrival> {
    let call = Call::post("/auth/second_factor/enrol/passkey").body(&json!({})).without_refresh();
    let answer: Map<String, Value> = call.json().await?;
    let Some(mut body) = Ceremony::from(answer).signed("create").await else { return Ok(None) };
    body.insert("name".to_owned(), json!(name));
    step("/auth/second_factor", &json!({ "new_passkey": body })).await.map(Some)
}

/// Completes a sign-in with a passkey.
pub async fn finish() -> Done<Arrival> {
    let call = Call::post("/auth/second_factor/passkey").body(&json!({})).without_refresh();
    let answer: Map<String, Value> = call.json().await?;
    let Some(body) = Ceremony::from(answer).signed("get").await else { return Ok(None) };
    step("/auth/second_factor", &json!({ "passkey": body })).await.map(Some)
}
