//! What the server lets one do with a record, beyond changing its fields.

use super::client::{ApiError, Call};
use kezhan_meta::{Label, ObjectMeta, Record};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Clone, Debug, Deserialize)]
pub struct Action {
    pub key: String,
    pub label: Label,
    #[serde(default)]
    pub input: Schema,
}

/// The JSON schema of an action's input, as far as it is shown.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Schema {
    #[serde(default)]
    pub properties: Map<String, Value>,
    #[serde(default)]
    pub required: Vec<String>,
    /// The answer is a document to keep.
    #[serde(default, rename = "x-download")]
    pub download: bool,
    /// The action that tells what this one would do.
    #[serde(default, rename = "x-preview")]
    pub preview: Option<String>,
    /// It cannot be taken back.
    #[serde(default, rename = "x-danger")]
    pub danger: bool,
}

/// What may be done with one record.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Offered {
    pub data: Vec<Action>,
    permissions: Map<String, Value>,
}

impl Offered {
    /// Not refused: where nothing is said yet, the server decides.
    pub fn allows(&self, action: &str) -> bool {
        self.permissions.get(action) != Some(&Value::Bool(false))
    }
}

pub async fn list(object: &ObjectMeta, id: &str) -> Result<Offered, ApiError> {
    Call::get(&format!("/{}/{id}/actions", object.plural)).json().await
}

pub async fn perform(
    object: &ObjectMeta,
    id: &str,
    key: &str,
    input: &Record,
    version: Option<i64>,
) -> Result<Value, ApiError> {
    Call::post(&format!("/{}/{id}/actions/{key}", object.plural)).if_version(version).body(input).json().await
}
