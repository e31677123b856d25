//! Files in and out: uploads, import plans, jobs, exports.

use super::client::{self, ApiError, BASE, Call};
use super::records::Many;
use crate::bridge;
use kezhan_meta::{Filter, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use wasm_bindgen::JsCast;

/// What the server found in a file, and how it would map the columns.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Upload {
    pub id: String,
    pub name: String,
    pub format: String,
    pub encoding: Option<String>,
    pub sheet: Option<String>,
    pub sheets: Vec<String>,
    pub header_row: u64,
    pub head: Vec<HeadRow>,
    pub columns: Vec<Column>,
    pub objects: Vec<Guess>,
    pub object: Option<String>,
    pub remembered: bool,
    pub mapping: Vec<Mapped>,
}

/// One of the first rows, blank cells left out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct HeadRow {
    pub row: u64,
    pub cells: Vec<String>,
}

/// How a file is to be read, as far as the reader has said.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reading {
    pub object: Option<String>,
    pub sheet: Option<String>,
    pub encoding: Option<String>,
    pub header_row: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Column {
    pub index: usize,
    pub header: String,
    pub rows: u64,
    pub non_empty: u64,
    pub samples: Vec<String>,
    pub kind: String,
    pub order: Option<String>,
    pub certain: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Guess {
    pub object: String,
    pub score: f64,
    pub mapped: u32,
}

/// A column and the field that it goes into: the proposal, then the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapped {
    pub column: usize,
    pub field: Option<String>,
    #[serde(skip_serializing)]
    pub score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    pub upload: String,
    #[serde(flatten)]
    pub reading: Reading,
    pub operation: String,
    pub columns: Vec<Mapped>,
    pub duplicates: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Preview {
    pub rows: u64,
    pub scanned: u64,
    pub complete: bool,
    pub counts: Counts,
    pub will_create: Vec<WillCreate>,
    pub problems: Vec<CellProblem>,
    pub unresolved: Vec<Unresolved>,
    pub duplicates: Vec<Duplicate>,
    pub sample: Vec<Sample>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub create: u64,
    pub update: u64,
    pub skip: u64,
    pub fail: u64,
    pub delete: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct WillCreate {
    pub object: String,
    pub count: u64,
    pub titles: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CellProblem {
    pub row: u64,
    pub header: Option<String>,
    pub field: Option<String>,
    pub value: Value,
    pub message: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Unresolved {
    pub column: usize,
    pub field: String,
    pub values: Vec<UnknownValue>,
    pub more: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct UnknownValue {
    pub value: String,
    pub count: u64,
    pub proposals: Vec<Proposal>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Proposal {
    pub value: String,
    pub label: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Duplicate {
    pub key: String,
    pub rows: Vec<u64>,
    pub count: u64,
    pub title: String,
    pub existing: Option<Existing>,
    pub matched_on: String,
    pub action: String,
    pub record: Record,
    pub display: Map<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Existing {
    pub id: String,
    pub title: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sample {
    pub row: u64,
    pub outcome: String,
    pub record: Record,
    pub display: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Job {
    pub id: String,
    pub kind: String,
    pub state: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub object: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub name: String,
    pub hand_over: bool,
    #[serde(deserialize_with = "null_is_empty")]
    pub progress: Progress,
    pub report: Value,
    pub error: Option<String>,
    pub undone_by: Option<String>,
    pub undoes: Option<String>,
    pub created_at: String,
    pub actions: Vec<String>,
}

/// An export has no file name, a waiting job no progress: both come as null.
fn null_is_empty<'de, D: serde::Deserializer<'de>, T: Default + Deserialize<'de>>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

impl Job {
    pub fn running(&self) -> bool {
        matches!(self.state.as_str(), "queued" | "running")
    }
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Progress {
    pub phase: String,
    pub total: u64,
    pub done: u64,
    pub created: u64,
    pub updated: u64,
    pub skipped: u64,
    pub failed: u64,
    pub deleted: u64,
    pub restored: u64,
    pub kept: u64,
    pub parents: u64,
    pub per_second: f64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct JobRow {
    pub row: u64,
    pub errors: Vec<CellProblem>,
}

/// Sends a file; `progress` hears of it between 0 and 1.
pub async fn upload(
    file: &web_sys::File,
    object: Option<&str>,
    progress: impl FnMut(f64) + Clone + 'static,
) -> Result<Upload, ApiError> {
    let form = web_sys::FormData::new().map_err(|_| ApiError::Network)?;
    if let Some(object) = object {
        form.append_with_str("object", object).map_err(|_| ApiError::Network)?;
    }
    form.append_with_blob_and_filename("file", file, &file.name()).map_err(|_| ApiError::Network)?;
    let url = format!("{BASE}/bulk/uploads");
    client::send_form(&url, &form, progress, None).await
}

/// The same file read in another way.
pub async fn mapping(id: &str, reading: &Reading) -> Result<Upload, ApiError> {
    Call::post(&format!("/bulk/uploads/{id}/mapping")).body(reading).json().await
}

pub async fn preview(plan: &Plan) -> Result<Preview, ApiError> {
    Call::post("/bulk/preview").body(plan).json().await
}

pub async fn start(plan: &Plan) -> Result<Job, ApiError> {
    Call::post("/bulk/jobs").body(plan).json().await
}

/// Only how it is called.
pub async fn job_name(id: &str) -> Result<String, ApiError> {
    let job: Record = Call::get(&format!("/bulk/jobs/{id}")).json().await?;
    Ok(job.get("name").and_then(Value::as_str).unwrap_or_default().to_owned())
}

pub async fn job(id: &str) -> Result<Job, ApiError> {
    Call::get(&format!("/bulk/jobs/{id}")).json().await
}

pub async fn jobs(cursor: Option<&str>) -> Result<Many<Job>, ApiError> {
    let cursor = cursor.map(|c| format!("&cursor={c}")).unwrap_or_default();
    Call::get(&format!("/bulk/jobs?limit=20{cursor}")).json().await
}

/// What an undo would do.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Undo {
    pub deleted: u64,
    pub withdrawn: u64,
    pub restored: u64,
    pub kept: u64,
    pub gone: u64,
    pub reasons: Vec<Reason>,
    pub left: Vec<Left>,
}

/// Why records stay.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reason {
    pub object: String,
    pub message: String,
    pub count: u64,
    pub records: Vec<Existing>,
}

/// What stays though that on which it hangs goes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Left {
    pub object: String,
    pub count: u64,
}

pub async fn undo(id: &str) -> Result<Undo, ApiError> {
    Call::get(&format!("/bulk/jobs/{id}/undo")).json().await
}

/// `cancel`, `resume` or `undo`.
pub async fn act(id: &str, action: &str) -> Result<Job, ApiError> {
    Call::post(&format!("/bulk/jobs/{id}/{action}")).body(&json!({})).json().await
}

pub async fn failed_rows(id: &str) -> Result<Vec<JobRow>, ApiError> {
    Call::get(&format!("/bulk/jobs/{id}/rows?outcome=failed&limit=50")).json::<Many<JobRow>>().await.map(|m| m.data)
}

pub fn result_url(id: &str, which: &str) -> String {
    format!("{BASE}/bulk/jobs/{id}/files/{which}")
}

pub fn template_url(object: &str) -> String {
    format!("{BASE}/bulk/templates/{object}?format=xlsx")
}

/// One change of all that a question finds.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub object: String,
    pub operation: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub record: Record,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<uuid::Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// What the former owners may still do where records get another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<&'static str>,
}

pub async fn change(change: &Change) -> Result<Job, ApiError> {
    Call::post("/bulk/changes").body(change).json().await
}

/// What a text of a spreadsheet means to a field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CellValue {
    pub value: Value,
    pub currency: Option<String>,
    /// Of references.
    pub names: Option<Vec<Option<String>>>,
    pub problem: Option<CellFault>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct CellFault {
    pub message: String,
}

#[derive(Deserialize)]
struct CellRows {
    rows: Vec<Vec<CellValue>>,
}

/// Reads texts as values of fields, one field a column.
pub async fn cells(object: &str, fields: &[String], rows: &[Vec<String>]) -> Result<Vec<Vec<CellValue>>, ApiError> {
    let body = json!({ "object": object, "fields": fields, "rows": rows });
    Call::post("/bulk/cells").body(&body).json::<CellRows>().await.map(|answer| answer.rows)
}

#[derive(Clone, Debug, Serialize)]
pub struct Export {
    pub object: String,
    pub format: String,
    pub columns: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<Filter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<uuid::Uuid>,
}

/// Fetches the file and hands it to the browser to keep.
pub async fn export(export: &Export, name: &str) -> Result<(), ApiError> {
    let response = Call::post("/bulk/exports").body(export).send().await?;
    let bytes = response.binary().await.map_err(|_| ApiError::Network)?;
    bridge::save(&format!("{name}.{}", export.format), &js_sys::Uint8Array::from(bytes.as_slice()).unchecked_into());
    Ok(())
}
