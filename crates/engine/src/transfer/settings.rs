//! What the person importing has decided: the body of a preview and of a job.

use kezhan_meta::Record;
use kezhan_meta::rules::dates::DateOrder;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// New records; what becomes of duplicates is decided apart.
    #[default]
    Insert,
    /// Changes of existing records; a row without one fails.
    Update,
    /// Changes where there is a match, else new records.
    Upsert,
    /// To the recycle bin; a row without a match fails.
    Delete,
}

/// What becomes of a row that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnDuplicate {
    #[default]
    Skip,
    Update,
    Create,
    /// Listed by the dry run; skipped unless decided.
    Ask,
}

/// What becomes of a value that is not found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    #[default]
    Error,
    Empty,
    /// The missing record is made.
    Create,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnPlan {
    pub column: usize,
    pub field: Option<String>,
    pub unknown: Unknown,
    /// Text in the file → canonical value, null for none, `{"create":true}` for a record to be made.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// How sure a proposal was. Accepted, so that a proposal can be sent back as it came, and not kept.
    #[serde(rename = "score", skip_serializing)]
    pub proposed_score: Option<f32>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Duplicates {
    pub action: OnDuplicate,
    /// Fields by which records are the same; the object's own choice where none are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    /// By group of the dry run.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<String, OnDuplicate>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub upload: Uuid,
    pub object: String,
    #[serde(default)]
    pub sheet: Option<String>,
    #[serde(default)]
    pub encoding: Option<String>,
    /// The row that names the columns; 0 where there is none.
    #[serde(default)]
    pub header_row: Option<u64>,
    #[serde(default)]
    pub operation: Operation,
    pub columns: Vec<ColumnPlan>,
    /// For columns that the file has not, and for empty cells of new records.
    #[serde(default)]
    pub defaults: Record,
    #[serde(default)]
    pub duplicates: Duplicates,
    #[serde(default = "yes")]
    pub remember: bool,
    #[serde(default)]
    pub dry_run: bool,
}

fn yes() -> bool {
    true
}
