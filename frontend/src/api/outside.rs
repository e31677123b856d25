//! Providers of identities and directories: buttons of the sign-in page, tests, synchronisations.

use super::client::{ApiError, Call};
use super::records::encode;
use kezhan_meta::Record;
use serde::Deserialize;
use serde_json::{Value, json};

/// A place to sign in.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Place {
    pub id: String,
    pub name: String,
    pub start: String,
}

/// Places to sign in, and what is to be registered there.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Places {
    pub redirect_uri: String,
    pub data: Vec<Place>,
}

#[derive(Deserialize)]
struct All<T> {
    data: Vec<T>,
}

/// Where the people of a company sign in.
pub async fn places(tenant: &str) -> Places {
    let query = if tenant.is_empty() { String::new() } else { format!("?tenant={}", encode(tenant)) };
    let call = Call::get(&format!("/auth/providers{query}")).without_refresh();
    call.json().await.unwrap_or_default()
}

pub async fn check_provider(issuer: &Value) -> Result<Value, ApiError> {
    Call::post("/sign_in/check_provider").body(&json!({ "issuer": issuer })).json().await
}

pub async fn check_directory(id: Option<&str>, values: &Record, secret: Option<&str>) -> Result<Value, ApiError> {
    let mut body = json!({ "values": values });
    if let Some(id) = id {
        body["id"] = id.into();
    }
    if let Some(secret) = secret {
        body["secret"] = secret.into();
    }
    Call::post("/sign_in/check_directory").body(&body).json().await
}

/// How many, and some of their names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Tally {
    pub count: u32,
    pub names: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Report {
    pub read: u32,
    pub created: Tally,
    pub changed: Tally,
    pub linked: Tally,
    pub unchanged: u32,
    pub deactivated: Tally,
    pub reactivated: Tally,
    pub refused: std::collections::BTreeMap<String, Tally>,
    pub unknown_departments: Vec<String>,
    pub stopped: bool,
    pub error: Option<String>,
}

/// A synchronisation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Run {
    pub id: String,
    pub dry_run: bool,
    pub state: String,
    pub report: Option<Report>,
    pub error: Option<String>,
    pub created_at: String,
}

impl Run {
    pub fn is_over(&self) -> bool {
        !matches!(self.state.as_str(), "queued" | "running")
    }
}

pub async fn runs(directory: &str) -> Result<Vec<Run>, ApiError> {
    Call::get(&format!("/sign_in/runs?directory={directory}&limit=10")).json().await.map(|all: All<Run>| all.data)
}
