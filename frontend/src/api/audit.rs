//! The audit trail.

use super::client::{ApiError, Call};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What may be looked for; also the names in the page's own address.
pub const FILTERS: &[&str] = &["category", "actor", "object", "record", "action", "from", "to", "q"];

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Entry {
    pub id: i64,
    pub at: String,
    pub category: String,
    pub action: String,
    pub actor: Option<Value>,
    /// With whose eyes the actor looked.
    #[serde(rename = "as")]
    pub seen_as: Option<Value>,
    pub object: Option<String>,
    pub record: Option<Value>,
    pub channel: String,
    pub ip: Option<String>,
    pub via: Option<String>,
    pub agent: Option<String>,
    pub request_id: String,
    pub changes: Map<String, Value>,
    pub detail: Value,
    pub withheld: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct Page {
    pub data: Vec<Entry>,
    pub next_cursor: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Seal {
    pub no: i64,
    pub at: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Retention {
    pub days: BTreeMap<String, i64>,
    pub days_min: i64,
    pub seal: Option<Seal>,
}

/// `query` without its question mark.
pub async fn list(query: &str, cursor: Option<&str>) -> Result<Page, ApiError> {
    let cursor = cursor.map(|c| format!("&cursor={c}")).unwrap_or_default();
    Call::get(&format!("/audit?{query}{cursor}")).json().await
}

pub async fn retention() -> Result<Retention, ApiError> {
    Call::get("/audit/retention").json().await
}

/// Days of one category; nothing keeps it for good.
pub async fn keep(category: &str, days: Option<i64>) -> Result<Retention, ApiError> {
    Call::patch("/audit/retention").body(&json!({ category: days })).json().await
}

pub fn export_url(query: &str, format: &str) -> String {
    format!("{}/audit/export?format={format}&{query}", super::client::BASE)
}
