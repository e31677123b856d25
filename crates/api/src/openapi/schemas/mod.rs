//! Shapes of answers that are built as JSON: here for the document alone.
#![allow(dead_code, reason = "read by the derive only")]

mod audit;
mod meta;

pub use audit::*;
pub use meta::*;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// State of the process.
#[derive(ToSchema)]
pub struct Status {
    #[schema(example = "ok")]
    status: String,
    #[schema(example = "0.1.0")]
    version: String,
}

/// A text in both languages.
#[derive(ToSchema)]
#[schema(as = Label)]
pub struct LabelSchema {
    #[schema(example = "客户")]
    zh: String,
    #[schema(example = "Account")]
    en: String,
}

/// One fault of one field.
#[derive(ToSchema)]
#[schema(as = ProblemItem)]
pub struct ProblemItemSchema {
    /// Field key, or a path into the body; empty where the record as a whole is meant.
    #[schema(example = "name")]
    field: String,
    #[schema(example = "required")]
    code: String,
    #[schema(example = "Required")]
    message: String,
}

/// What every failed call answers (RFC 9457), in the language that the request asks for.
#[derive(ToSchema)]
#[schema(as = Problem)]
pub struct ProblemSchema {
    #[schema(example = "https://kezhan.dev/problems/invalid")]
    r#type: String,
    #[schema(example = "Corrections needed: 1")]
    title: String,
    #[schema(example = 422)]
    status: u16,
    #[schema(example = "name: Required")]
    detail: String,
    /// The path that was called.
    #[schema(example = "/api/v1/accounts")]
    instance: String,
    #[schema(example = "invalid")]
    code: String,
    /// Quote it when you ask for help.
    request_id: String,
    errors: Vec<ProblemItemSchema>,
    /// On 412: the version that is current now.
    current_version: Option<i64>,
}

/// What a client says it is.
#[derive(ToSchema)]
pub struct Device {
    #[schema(example = "Chrome 141")]
    browser: Option<String>,
    #[schema(example = "Windows 10")]
    system: Option<String>,
    /// `pc`, `smartphone`, `mobilephone`, `crawler`, `appliance` or `misc`.
    #[schema(example = "pc")]
    kind: Option<String>,
}

/// A sign-in that still stands.
#[derive(ToSchema)]
pub struct Session {
    id: Uuid,
    device: Device,
    #[schema(example = "203.0.113.7")]
    ip: Option<String>,
    created_at: DateTime<Utc>,
    /// When it was last prolonged, which happens every few minutes while it is used.
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// The one that asks.
    current: bool,
}

#[derive(ToSchema)]
pub struct SessionList {
    data: Vec<Session>,
}

/// Something that happened at someone's door.
#[derive(ToSchema)]
pub struct SignIn {
    at: DateTime<Utc>,
    /// `sign_in`, `sign_in_failed`, `sign_out`, `token_reused`, `session_ended`, `password_changed`, `password_set`,
    /// `second_factor_set`, `second_factor_removed`, `recovery_codes_made`,
    /// `recovery_code_used`, `link_made`, `link_withdrawn` or `link_used`.
    #[schema(example = "sign_in")]
    action: String,
    device: Device,
    #[schema(example = "203.0.113.7")]
    ip: Option<String>,
    /// Done by the caller themselves.
    own: bool,
}

#[derive(ToSchema)]
pub struct SignInList {
    data: Vec<SignIn>,
}

/// A record that was found.
#[derive(ToSchema)]
pub struct SearchHit {
    #[schema(example = "account")]
    object: String,
    id: Uuid,
    #[schema(example = "上海鑫茂贸易有限公司")]
    title: String,
    subtitle: Option<String>,
    /// The field in which it was found.
    #[schema(example = "name")]
    matched: Option<String>,
}

#[derive(ToSchema)]
pub struct SearchResult {
    data: Vec<SearchHit>,
}

/// Something that happened to a record.
#[derive(ToSchema)]
pub struct Change {
    at: DateTime<Utc>,
    #[schema(example = "account")]
    object: String,
    id: Uuid,
    /// `create`, `update`, `delete` or `restore`.
    #[schema(example = "update")]
    action: String,
    version: i64,
    actor: Option<Uuid>,
    #[schema(example = "web")]
    channel: String,
    /// Field → `{from, to}`.
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
}

#[derive(ToSchema)]
pub struct ChangeList {
    data: Vec<Change>,
    next_cursor: Option<String>,
    /// The cursor is from before a restored backup.
    gap: Option<bool>,
}

/// How many, and up to 20 of their names.
#[derive(ToSchema)]
pub struct DirectoryTally {
    #[schema(example = 3)]
    count: u32,
    names: Vec<String>,
}

/// What a synchronisation did, or would do.
#[derive(ToSchema)]
pub struct DirectoryReport {
    /// People in the directory.
    read: u32,
    created: DirectoryTally,
    changed: DirectoryTally,
    /// Users who were here before, and were found in the directory by their e-mail address.
    linked: DirectoryTally,
    unchanged: u32,
    deactivated: DirectoryTally,
    /// Deactivated by a synchronisation before, and back.
    reactivated: DirectoryTally,
    /// By the reason: `email_taken`, `inactive`.
    #[schema(value_type = Object)]
    refused: Map<String, Value>,
    /// Departments that people are said to be in, and that are none here.
    unknown_departments: Vec<String>,
    /// More would have been deactivated than `deactivate_max` allows: nothing was done.
    stopped: bool,
    /// Why the directory could not be read.
    error: Option<String>,
}

/// A synchronisation of a directory.
#[derive(ToSchema)]
pub struct DirectoryRun {
    id: Uuid,
    dry_run: bool,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "done")]
    state: String,
    done: u64,
    total: u64,
    report: Option<DirectoryReport>,
    error: Option<String>,
    /// Nobody where the clock did.
    ordered_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

#[derive(ToSchema)]
pub struct DirectoryRunList {
    data: Vec<DirectoryRun>,
}
