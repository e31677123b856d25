//! The data map.

use super::client::{ApiError, Call};
use kezhan_meta::{Label, Sensitivity};
use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub struct Reader {
    pub role: String,
    pub level: String,
}

/// What is known of one field.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    pub object: String,
    pub object_label: Label,
    pub field: String,
    pub label: Label,
    pub sensitivity: Sensitivity,
    pub declared: Sensitivity,
    pub encrypted: bool,
    pub purpose: Option<String>,
    pub legal_basis: Option<String>,
    pub retention_months: Option<i64>,
    pub cross_border: Option<String>,
    pub stored: String,
    pub readers: Vec<Reader>,
    /// The field policy that says so.
    pub policy: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Store {
    pub kind: String,
    pub place: String,
    #[serde(default)]
    pub region: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct DataMap {
    pub data: Vec<Row>,
    pub stores: Vec<Store>,
}

pub async fn data_map(least: &str) -> Result<DataMap, ApiError> {
    Call::get(&format!("/privacy/data_map?min={least}")).json().await
}

pub fn export_url(least: &str, format: &str) -> String {
    format!("{}/privacy/data_map/export?format={format}&min={least}", super::client::BASE)
}
