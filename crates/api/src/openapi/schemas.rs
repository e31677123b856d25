//! Shapes of answers that are built as JSON: here for the document alone.
#![allow(dead_code, reason = "read by the derive only")]

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

/// Who did something.
#[derive(ToSchema)]
pub struct AuditActor {
    id: Uuid,
    #[schema(example = "王伟")]
    name: Option<String>,
    #[schema(example = "wang.wei")]
    username: Option<String>,
}

/// To what something was done.
#[derive(ToSchema)]
pub struct AuditRecord {
    id: Uuid,
    #[schema(example = "杭州鑫茂贸易有限公司")]
    title: Option<String>,
}

/// One thing that happened.
#[derive(ToSchema)]
pub struct AuditEntry {
    /// Its number in the trail.
    #[schema(example = 18_231)]
    id: i64,
    at: DateTime<Utc>,
    /// `sign_in`, `security`, `rights`, `configuration`, `transfer`, `reading`, `data` or `retention`.
    #[schema(example = "data")]
    category: String,
    #[schema(example = "update")]
    action: String,
    /// Nobody where the system did it, or where it is not known who tried.
    actor: Option<AuditActor>,
    #[schema(example = "account")]
    object: Option<String>,
    record: Option<AuditRecord>,
    /// `web`, `api`, `import`, `automation` or `system`.
    #[schema(example = "web")]
    channel: String,
    #[schema(example = "203.0.113.7")]
    ip: Option<String>,
    /// The session, API key or job.
    via: Option<Uuid>,
    /// What the client said it was.
    agent: Option<String>,
    request_id: String,
    /// Field → `{from, to}`, as far as the caller may read it.
    #[schema(value_type = Object)]
    changes: Map<String, Value>,
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    /// There is more to it than the caller may see.
    withheld: bool,
}

#[derive(ToSchema)]
pub struct AuditPage {
    data: Vec<AuditEntry>,
    next_cursor: Option<String>,
}

/// A role, and the most that it may do with a field.
#[derive(ToSchema)]
pub struct DataMapReader {
    role: String,
    /// `masked`, `read` or `write`.
    #[schema(example = "masked")]
    level: String,
}

/// A name in both languages.
#[derive(ToSchema)]
pub struct DataMapLabel {
    zh: String,
    en: String,
}

/// What is known of one field.
#[derive(ToSchema)]
pub struct DataMapRow {
    #[schema(example = "contact")]
    object: String,
    object_label: DataMapLabel,
    #[schema(example = "mobile")]
    field: String,
    label: DataMapLabel,
    /// `public`, `internal`, `personal`, `sensitive` or `secret`.
    #[schema(example = "personal")]
    sensitivity: String,
    /// The level that the field was declared with.
    declared: String,
    /// Encrypted at rest?
    encrypted: bool,
    purpose: Option<String>,
    /// `consent`, `contract`, `employment`, `legal_duty`, `emergency`, `public_interest` or `published` (PIPL, article 13).
    legal_basis: Option<String>,
    retention_months: Option<i64>,
    cross_border: Option<String>,
    /// Table and column.
    #[schema(example = "contacts.mobile")]
    stored: String,
    readers: Vec<DataMapReader>,
    /// Id of the field policy that says so.
    policy: Option<String>,
    policy_version: Option<i64>,
}

/// A place where data lies.
#[derive(ToSchema)]
pub struct DataMapStore {
    /// `database` or `files`.
    kind: String,
    /// `embedded`, `directory`, or a host.
    place: String,
    region: Option<String>,
    bucket: Option<String>,
}

#[derive(ToSchema)]
pub struct DataMap {
    data: Vec<DataMapRow>,
    stores: Vec<DataMapStore>,
}

/// Days by category; null keeps for good.
#[derive(ToSchema)]
pub struct AuditDays {
    #[schema(example = 365)]
    sign_in: Option<i64>,
    security: Option<i64>,
    rights: Option<i64>,
    configuration: Option<i64>,
    transfer: Option<i64>,
    reading: Option<i64>,
    data: Option<i64>,
}

/// The last seal of the trail.
#[derive(ToSchema)]
pub struct AuditSeal {
    #[schema(example = 412)]
    no: i64,
    /// To be noted elsewhere: `kezhan audit verify --anchor 412:…` holds the trail against it.
    hash: String,
    at: DateTime<Utc>,
}

/// How long entries are kept, and how far they are sealed.
#[derive(ToSchema)]
pub struct AuditRetention {
    days: AuditDays,
    /// The fewest days that can be asked for.
    #[schema(example = 180)]
    days_min: i64,
    seal: Option<AuditSeal>,
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

/// An object in short.
#[derive(ToSchema)]
pub struct MetaObjectSummary {
    #[schema(example = "account")]
    name: String,
    #[schema(example = "accounts")]
    plural: String,
    label: LabelSchema,
    label_many: LabelSchema,
    help: String,
    #[schema(example = "customers")]
    area: String,
    #[schema(example = "building-2")]
    icon: String,
    /// The field that names a record to people.
    #[schema(example = "name")]
    title: String,
    /// Made by this tenant.
    custom: bool,
    /// Has a place in the navigation.
    listed: bool,
    /// Action → data scope.
    #[schema(value_type = Object)]
    permissions: Map<String, Value>,
}

#[derive(ToSchema)]
pub struct MetaObjectList {
    data: Vec<MetaObjectSummary>,
}

/// A field as this caller may use it; settings of its type (`options`, `to`, `scale`) stand beside `type`.
#[derive(ToSchema)]
pub struct MetaField {
    #[schema(example = "industry")]
    key: String,
    label: LabelSchema,
    help: String,
    #[schema(example = "choice")]
    r#type: String,
    required: bool,
    unique: bool,
    indexed: bool,
    searchable: bool,
    read_only: bool,
    immutable: bool,
    secret: bool,
    hidden: bool,
    #[schema(example = "ordinary")]
    sensitivity: String,
    #[schema(value_type = Vec<Object>)]
    rules: Vec<Value>,
    section: String,
    /// The reference of the same record within which this one lies.
    within: Option<String>,
    in_list: bool,
    writable: bool,
    filterable: bool,
    sortable: bool,
    operators: Vec<String>,
}

/// A relation that points here.
#[derive(ToSchema)]
pub struct MetaRelation {
    #[schema(example = "contacts")]
    name: String,
    #[schema(example = "contact")]
    object: String,
    #[schema(example = "account")]
    field: String,
    timeline: bool,
}

/// An action and its input.
#[derive(ToSchema)]
pub struct MetaAction {
    #[schema(example = "transfer")]
    key: String,
    label: LabelSchema,
    help: String,
    #[schema(example = "edit")]
    permission: String,
    /// JSON schema.
    #[schema(value_type = Object)]
    input: Map<String, Value>,
    /// Where to POST it; on a record's own list only.
    href: Option<String>,
}

/// How an object is laid out before anyone chooses otherwise.
#[derive(ToSchema)]
pub struct MetaLayouts {
    /// Columns of lists.
    list: Vec<String>,
    /// Fields of forms and record pages.
    record: Vec<MetaSection>,
}

/// Fields under one heading.
#[derive(ToSchema)]
pub struct MetaSection {
    /// Key of the heading; empty for what stands under none.
    #[schema(example = "basic")]
    section: String,
    fields: Vec<String>,
}

/// Everything about an object.
#[derive(ToSchema)]
pub struct MetaObject {
    #[serde(flatten)]
    #[schema(inline)]
    summary: MetaObjectSummary,
    #[schema(value_type = Object)]
    scope: Map<String, Value>,
    /// The reference to the record that it hangs on: whoever owns that one sees this one as well.
    #[schema(example = "account")]
    follows: Option<String>,
    /// Its records open others to people: teams.
    opens: bool,
    fields: Vec<MetaField>,
    related: Vec<MetaRelation>,
    actions: Vec<MetaAction>,
    layouts: MetaLayouts,
    /// How forms and record pages show it.
    layout: Option<crate::layouts::LayoutSchema>,
    #[schema(value_type = Vec<Object>)]
    views: Vec<Value>,
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
