//! The trail, and where personal data lie.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// With whose eyes the actor looked.
    r#as: Option<AuditActor>,
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
