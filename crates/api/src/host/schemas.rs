//! How the installation looks in the document.
#![allow(dead_code, reason = "some are read by the derive only")]

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// An administrator's name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HostLogin {
    #[schema(example = "operator")]
    pub username: String,
    #[schema(format = "password", example = "correct horse battery staple")]
    pub password: String,
    /// Of an authenticator application, where there is one.
    #[schema(example = "492039")]
    pub code: Option<String>,
    /// In its place.
    #[schema(example = "7K3M-9QTZ-04XH-PWEB")]
    pub recovery_code: Option<String>,
}

/// The password is good, and something is missing: the same call is to be made with it.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"factors": ["totp", "recovery_code"]}))]
pub struct HostFurther {
    /// `totp`, `recovery_code`.
    pub factors: Vec<&'static str>,
}

/// That it is really the administrator who asks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HostProof {
    #[schema(format = "password", example = "correct horse battery staple")]
    pub password: String,
}

/// What an administrator has beside the password.
#[derive(ToSchema)]
pub struct HostSecondFactor {
    /// Since when there is an authenticator application.
    totp_since: Option<DateTime<Utc>>,
    /// Recovery codes that have not been used.
    #[schema(example = 10)]
    recovery_codes: i64,
}

/// A session of eight hours.
#[derive(Serialize, ToSchema)]
pub struct HostToken {
    #[schema(example = "kzh_Vb0m2Qx7")]
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds.
    #[schema(example = 28_800)]
    pub expires_in: i64,
}

#[derive(Serialize, ToSchema)]
pub struct HostMe {
    #[schema(example = "operator")]
    pub username: String,
    pub expires_at: DateTime<Utc>,
    /// Days between the order to erase a company and its erasure.
    #[schema(example = 7)]
    pub erase_wait_days: u32,
}

/// A company as the installation sees it.
#[derive(ToSchema)]
pub struct Company {
    id: Uuid,
    #[schema(example = "acme")]
    key: String,
    name: String,
    /// `active`, `suspended` or `erasing`.
    #[schema(example = "active")]
    status: String,
    users: i64,
    /// Of files on records.
    file_bytes: i64,
    created_at: DateTime<Utc>,
    /// When it will be erased.
    erase_after: Option<DateTime<Utc>>,
}

#[derive(ToSchema)]
pub struct Companies {
    data: Vec<Company>,
}

/// A company that is to be, with its first administrator.
#[derive(ToSchema)]
pub struct CompanyCreate {
    /// What people type beside their user name.
    #[schema(example = "acme")]
    key: String,
    #[schema(example = "上海鑫茂贸易有限公司", max_length = 100)]
    name: String,
    #[schema(example = "admin", max_length = 100)]
    admin: String,
    #[schema(format = "password", min_length = 8, max_length = 200, example = "correct horse battery")]
    password: String,
}

/// The order to erase.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The company's key, typed by whoever means it.
    #[schema(example = "acme")]
    pub confirm: String,
}

#[derive(ToSchema)]
pub struct HostTrailLine {
    seq: i64,
    at: DateTime<Utc>,
    #[schema(example = "operator")]
    actor: String,
    /// `sign_in`, `sign_in_failed`, `sign_out`, `create`, `suspend`, `resume`, `export`, `erase_ordered`,
    /// `erase_called_off`, `erased` or `administrator_added`.
    #[schema(example = "suspend")]
    action: String,
    company: Option<Uuid>,
    company_key: Option<String>,
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    ip: Option<String>,
}

#[derive(ToSchema)]
pub struct HostTrail {
    data: Vec<HostTrailLine>,
    /// `before` of the next page.
    next: Option<i64>,
}
