//! Shapes of bulk requests and answers: here for the OpenAPI document alone.
#![allow(dead_code, reason = "read by the derive only")]

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A file to be imported.
#[derive(ToSchema)]
pub struct BulkFile {
    /// CSV, XLSX or NDJSON, up to 200 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The object, where it is known already.
    #[schema(example = "account")]
    object: Option<String>,
    /// The sheet of an XLSX file; the first visible one where it is not given.
    sheet: Option<String>,
    /// The encoding of a text file; found out where it is not given.
    #[schema(example = "gb18030")]
    encoding: Option<String>,
    /// The row that names the columns, counted from 1; 0: there is none. Found out where it is not given.
    #[schema(minimum = 0)]
    header_row: Option<i64>,
}

/// What the person importing has chosen already.
#[derive(ToSchema)]
pub struct BulkChoices {
    #[schema(example = "lead")]
    object: Option<String>,
    sheet: Option<String>,
    encoding: Option<String>,
    /// The row that names the columns, counted from 1; 0: there is none. Found out where it is not given.
    #[schema(minimum = 0)]
    header_row: Option<i64>,
}

/// One of the first rows of a file, blank cells left out.
#[derive(ToSchema)]
pub struct BulkHeadRow {
    #[schema(example = 2)]
    row: i64,
    cells: Vec<String>,
}

/// What a column holds, judged by its content.
#[derive(ToSchema)]
pub struct BulkColumnProfile {
    index: i64,
    #[schema(example = "sector")]
    header: String,
    rows: i64,
    non_empty: i64,
    distinct: i64,
    /// There are more different values than were counted.
    distinct_is_bound: bool,
    samples: Vec<String>,
    max_chars: i64,
    /// `empty`, `text`, `integer`, `decimal`, `money`, `percent`, `date`, `date_time`, `boolean`, `phone`, `email`, `url` or `uscc`.
    #[schema(example = "text")]
    kind: String,
    /// Share of the values that are of this kind.
    confidence: f64,
    /// Of dates: `month_first` or `day_first`.
    order: Option<String>,
    /// Of dates: whether the order is beyond doubt.
    certain: Option<bool>,
    /// Of amounts.
    currency: Option<String>,
}

/// An object that a file may be about.
#[derive(ToSchema)]
pub struct BulkObjectProposal {
    #[schema(example = "account")]
    object: String,
    score: f64,
    /// Number of columns that would go into its fields.
    mapped: i64,
}

/// The field proposed for a column.
#[derive(ToSchema)]
pub struct BulkColumnProposal {
    column: i64,
    #[schema(example = "industry")]
    field: Option<String>,
    #[schema(example = "error")]
    unknown: String,
    score: f64,
    values: Option<Map<String, Value>>,
    date_order: Option<String>,
}

/// An uploaded file with a first look into it.
#[derive(ToSchema)]
pub struct BulkUpload {
    id: Uuid,
    #[schema(example = "accounts.csv")]
    name: String,
    size: i64,
    #[schema(example = "csv")]
    format: String,
    #[schema(example = "UTF-8")]
    encoding: Option<String>,
    delimiter: Option<String>,
    sheet: Option<String>,
    sheets: Vec<String>,
    has_header: bool,
    /// The row that names the columns, counted from 1 as spreadsheet programs do; 0 where there is none.
    #[schema(example = 1)]
    header_row: i64,
    /// The beginning of the file as it is, to choose the row of headings from.
    head: Vec<BulkHeadRow>,
    headers: Vec<String>,
    /// The first rows as text.
    rows: Vec<Vec<String>>,
    columns: Vec<BulkColumnProfile>,
    /// Best first.
    objects: Vec<BulkObjectProposal>,
    object: Option<String>,
    /// The mapping is that of an earlier import with the same headings.
    remembered: bool,
    mapping: Vec<BulkColumnProposal>,
    expires_at: DateTime<Utc>,
}

/// Where a column goes.
#[derive(ToSchema)]
pub struct BulkColumn {
    #[schema(example = 1)]
    column: i64,
    /// Null: the column is left out.
    #[schema(example = "industry")]
    field: Option<String>,
    /// What becomes of values that are not found: `error` (default), `empty`, or `create` for references.
    #[schema(example = "error")]
    unknown: Option<String>,
    /// Text in the file → canonical value, null for none, `{"create":true}` for a record to be made.
    values: Option<Map<String, Value>>,
    /// `month_first` or `day_first`, where the order found is not the right one.
    date_order: Option<String>,
    /// As the upload proposed it; makes no difference here.
    score: Option<f64>,
}

/// What becomes of rows that are there already.
#[derive(ToSchema)]
pub struct BulkDuplicates {
    /// `skip` (default), `update`, `create` or `ask` (listed by the preview; skipped unless decided).
    #[schema(example = "skip")]
    action: Option<String>,
    /// Fields by which records are the same; the object's own choice where none are given.
    keys: Option<Vec<String>>,
    /// Group of the preview → `skip`, `update` or `create`.
    decisions: Option<Map<String, Value>>,
}

/// What the person importing has decided.
#[derive(ToSchema)]
pub struct BulkPlan {
    upload: Uuid,
    #[schema(example = "account")]
    object: String,
    sheet: Option<String>,
    encoding: Option<String>,
    /// As for the upload; the row that it found where it is not given.
    #[schema(minimum = 0)]
    header_row: Option<i64>,
    /// `insert` (default), `update`, `upsert` or `delete`.
    #[schema(example = "insert")]
    operation: Option<String>,
    columns: Vec<BulkColumn>,
    /// For fields without a column and for empty cells of new records.
    defaults: Option<Map<String, Value>>,
    duplicates: Option<BulkDuplicates>,
    /// Keep the mapping for files with the same headings; true where it is not given.
    remember: Option<bool>,
    /// Only report what would happen.
    dry_run: Option<bool>,
}

/// What rows would become.
#[derive(ToSchema)]
pub struct BulkCounts {
    create: i64,
    update: i64,
    skip: i64,
    fail: i64,
    delete: i64,
}

/// What an import would do.
#[derive(ToSchema)]
pub struct BulkPreview {
    #[schema(example = 8800)]
    rows: i64,
    #[schema(example = 8800)]
    scanned: i64,
    /// False where the file is longer than a preview goes.
    complete: bool,
    counts: BulkCounts,
    /// Missing records that would be made: `{"object","count","titles"}`.
    will_create: Vec<Map<String, Value>>,
    /// The first 100: `{"row","column","header","field","value","code","message","proposal"}`.
    problems: Vec<Map<String, Value>>,
    /// Values that are not found, by column: `{"column","field","values":[{"value","count","proposals","ambiguous","creates"}],"more"}`.
    /// With `creates` the record would be made, although there is one of nearly the same name.
    unresolved: Vec<Map<String, Value>>,
    /// `{"key","rows","count","title","existing","matched_on","action","record","display"}`: `record` is the first row as it
    /// would go in; the action `ask` waits for a decision under `duplicates.decisions[key]`, and is a skip without one.
    duplicates: Vec<Map<String, Value>>,
    /// `{"column","order","certain"}`
    dates: Vec<Map<String, Value>>,
    /// The first rows as they would go in: `{"row","outcome","record","display"}`.
    sample: Vec<Map<String, Value>>,
}

/// How far a job has come.
#[derive(ToSchema)]
pub struct BulkProgress {
    /// `waiting`, `scanning`, `importing`, `linking` or `finished`.
    #[schema(example = "importing")]
    phase: Option<String>,
    total: Option<i64>,
    done: Option<i64>,
    created: Option<i64>,
    updated: Option<i64>,
    skipped: Option<i64>,
    failed: Option<i64>,
    cancelled: Option<i64>,
    deleted: Option<i64>,
    /// Missing records made on the way.
    parents: Option<i64>,
    /// Rows that went in without one of their references.
    warnings: Option<i64>,
    per_second: Option<f64>,
    /// Of an undo: records that have their former values again.
    restored: Option<i64>,
    /// Of an undo: records that were left, wholly or in part.
    kept: Option<i64>,
}

/// An import, a change, an undo or an export.
#[derive(ToSchema)]
pub struct BulkJob {
    id: Uuid,
    #[schema(example = "import")]
    kind: String,
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    #[schema(example = "running")]
    state: String,
    #[schema(example = "account")]
    object: Option<String>,
    #[schema(example = "accounts.csv")]
    name: Option<String>,
    operation: Option<String>,
    dry_run: bool,
    /// A change that gives everything somebody leaves behind to a successor.
    hand_over: bool,
    progress: BulkProgress,
    /// Of a dry run: as a preview. Of an undo: `{"deleted","restored","kept","problems"}`.
    report: Option<Map<String, Value>>,
    error: Option<String>,
    /// The job that takes this import back.
    undone_by: Option<Uuid>,
    /// The import that this undo takes back.
    undoes: Option<Uuid>,
    created_by: Option<Map<String, Value>>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// What may be done now: `cancel`, `resume`, `undo`, `download` (of rows, with what stands in them).
    actions: Vec<String>,
}

/// What an undo would do.
#[derive(ToSchema)]
pub struct BulkUndoPreview {
    /// Records that go to the recycle bin.
    #[schema(example = 48)]
    deleted: u64,
    /// Team members who lose what they were given.
    withdrawn: u64,
    /// Records that get their former values, or come back from the recycle bin.
    restored: u64,
    /// Records that stay as they are, wholly or in part.
    #[schema(example = 2)]
    kept: u64,
    /// Records that are out of reach already.
    gone: u64,
    reasons: Vec<BulkUndoReason>,
    /// What came by other imports and hangs on records that go: it stays.
    left: Vec<BulkUndoLeft>,
}

/// Why records stay.
#[derive(ToSchema)]
pub struct BulkUndoReason {
    #[schema(example = "account")]
    object: String,
    /// `changed_since`, `used_since` or `forbidden`.
    #[schema(example = "changed_since")]
    code: String,
    message: String,
    count: u64,
    /// The first of them: `{"id","title"}`.
    records: Vec<Map<String, Value>>,
}

/// Records that stay though what they hang on goes.
#[derive(ToSchema)]
pub struct BulkUndoLeft {
    #[schema(example = "opportunity")]
    object: String,
    count: u64,
}

/// A page of jobs.
#[derive(ToSchema)]
pub struct BulkJobList {
    data: Vec<BulkJob>,
    next_cursor: Option<String>,
}

/// What became of a row.
#[derive(ToSchema)]
pub struct BulkRow {
    /// As spreadsheet programs number it.
    row: i64,
    #[schema(example = "failed")]
    outcome: String,
    object: String,
    record: Option<Uuid>,
    /// `{"column","header","field","value","code","message"}`
    errors: Vec<Map<String, Value>>,
    /// Of failed and skipped rows, as they stand in the file.
    cells: Option<Vec<String>>,
}

/// A page of rows.
#[derive(ToSchema)]
pub struct BulkRowList {
    data: Vec<BulkRow>,
    next_cursor: Option<String>,
}

/// One change of all records that a question finds.
#[derive(ToSchema)]
pub struct BulkChange {
    #[schema(example = "account")]
    object: String,
    /// `update` or `delete`.
    #[schema(example = "update")]
    operation: String,
    /// The values to set.
    record: Option<Map<String, Value>>,
    /// A filter tree as in `POST /{objects}/query`.
    filter: Option<Map<String, Value>>,
    q: Option<String>,
    /// Only what this import created or changed: the id of its job.
    import: Option<Uuid>,
    /// Records that are left as they are, up to 1,000.
    except: Option<Vec<Uuid>>,
    /// Where `record` names another owner: `read` or `write` leaves the former one in the team. It takes the right to
    /// share.
    #[schema(example = "read")]
    keep: Option<String>,
}

/// What someone leaves behind, and for whom.
#[derive(ToSchema)]
pub struct BulkHandOver {
    /// The user who leaves.
    from: Uuid,
    /// The successor; a preview can do without.
    to: Option<Uuid>,
    /// Names of objects; without it everything but what lies in the past, such as follow-ups. Of tasks only open ones.
    #[schema(example = json!(["account", "opportunity"]))]
    objects: Option<Vec<String>>,
    /// `read` or `write`: what the former owner keeps.
    #[schema(example = "read")]
    keep: Option<String>,
}

/// What could be handed over.
#[derive(ToSchema)]
pub struct BulkHandOverPreview {
    objects: Vec<BulkHandOverShare>,
}

/// Records of one object.
#[derive(ToSchema)]
pub struct BulkHandOverShare {
    #[schema(example = "account")]
    object: String,
    #[schema(example = 38)]
    records: u64,
    /// Handed over where no objects are named.
    usual: bool,
}

/// Texts from a spreadsheet, up to 20,000.
#[derive(ToSchema)]
pub struct BulkTexts {
    #[schema(example = "account")]
    object: String,
    /// A field for each column.
    fields: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// The values of texts.
#[derive(ToSchema)]
pub struct BulkCells {
    /// `{"value","currency","names"}`, or `{"problem":{"code","message"}}`.
    #[schema(example = json!([[{"value": "2026-11-24"}, {"problem": {"code": "bad_number", "message": "“x” is not a number"}}]]))]
    rows: Vec<Vec<Map<String, Value>>>,
}

/// What is to be exported.
#[derive(ToSchema)]
pub struct BulkExport {
    #[schema(example = "account")]
    object: String,
    /// `csv`, `xlsx` or `ndjson`.
    #[schema(example = "csv")]
    format: String,
    /// Fields, dotted ones of referenced records; the view's or the list's own where none are given.
    columns: Option<Vec<String>>,
    /// A filter tree as in `POST /{objects}/query`.
    filter: Option<Map<String, Value>>,
    q: Option<String>,
    sort: Option<Vec<String>>,
    /// A saved view.
    view: Option<Uuid>,
    /// Only what this import created or changed: the id of its job.
    import: Option<Uuid>,
}
