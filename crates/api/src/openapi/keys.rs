//! How API keys, and what they reach, look in the document.
#![allow(dead_code, reason = "read by the derive only")]

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A machine's way in; the secret is never shown again.
#[derive(ToSchema)]
#[schema(as = ApiKey)]
pub struct ApiKeySchema {
    id: Uuid,
    name: String,
    /// The beginning of the key, to tell it by.
    #[schema(example = "kz_4fK2mQ9xAb")]
    prefix: String,
    /// Whom it acts for; none for a service.
    user: Option<Uuid>,
    user_name: Option<String>,
    role: Option<Uuid>,
    role_name: Option<String>,
    #[schema(example = json!(["account", "contact"]))]
    objects: Option<Vec<String>>,
    #[schema(value_type = Option<Object>, example = json!({"account": ["name", "city"]}))]
    fields: Option<Map<String, Value>>,
    #[schema(example = json!(["read"]))]
    actions: Option<Vec<String>>,
    #[schema(example = json!(["10.0.0.0/8"]))]
    networks: Option<Vec<String>>,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    /// Written some seconds after the use.
    last_used_at: Option<DateTime<Utc>>,
    last_used_ip: Option<String>,
    rotated_at: Option<DateTime<Utc>>,
    /// Until when the former text is good as well.
    previous_until: Option<DateTime<Utc>>,
    /// When the former text was last used since the rotation.
    previous_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

#[derive(ToSchema)]
pub struct ApiKeyList {
    data: Vec<ApiKeySchema>,
}

/// What can be done with one object.
#[derive(ToSchema)]
pub struct ObjectReach {
    #[schema(example = "account")]
    object: String,
    /// Action → data scope.
    #[schema(value_type = Object, example = json!({"read": "all"}))]
    actions: Map<String, Value>,
    /// The fields that can be seen at least in outline, where that is not all of them.
    fields: Option<Vec<String>>,
    /// The fields that can be written, where that is not all of them.
    writable: Option<Vec<String>>,
}

/// Everything that can be reached.
#[derive(ToSchema)]
pub struct Reach {
    reach: Vec<ObjectReach>,
}

/// A key, and what it reaches now.
#[derive(ToSchema)]
pub struct ApiKeyRead {
    #[serde(flatten)]
    #[schema(inline)]
    kept: ApiKeySchema,
    reach: Vec<ObjectReach>,
}

/// What a new key is to be.
#[derive(ToSchema)]
pub struct ApiKeyCreate {
    #[schema(example = "nightly export", min_length = 1, max_length = 100)]
    name: String,
    /// Acts for no person, only with its role.
    service: Option<bool>,
    /// The role it acts with, within what the person may do; the person's own rights where it is left out.
    role: Option<Uuid>,
    /// The objects it may touch; all of its role's where it is left out.
    #[schema(example = json!(["account"]))]
    objects: Option<Vec<String>>,
    /// Object → the only fields of it that the key may see, write and ask by.
    #[schema(value_type = Option<Object>, example = json!({"account": ["name", "city"]}))]
    fields: Option<Map<String, Value>>,
    /// The only actions that it may do: `read` alone makes a read-only key.
    #[schema(example = json!(["read"]))]
    actions: Option<Vec<String>>,
    /// The networks or addresses it may come from.
    #[schema(example = json!(["127.0.0.0/8"]))]
    networks: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
}

/// What is to change; `null` takes a bound away.
#[derive(ToSchema)]
pub struct ApiKeyChange {
    #[schema(example = "nightly export", min_length = 1, max_length = 100)]
    name: Option<String>,
    role: Option<Uuid>,
    #[schema(example = json!(["account"]))]
    objects: Option<Vec<String>>,
    #[schema(value_type = Option<Object>, example = json!({"account": ["name", "city"]}))]
    fields: Option<Map<String, Value>>,
    #[schema(example = json!(["read"]))]
    actions: Option<Vec<String>>,
    #[schema(example = json!(["127.0.0.0/8"]))]
    networks: Option<Vec<String>>,
    expires_at: Option<DateTime<Utc>>,
}

/// A key that has just been made.
#[derive(ToSchema)]
pub struct ApiKeyCreated {
    #[serde(flatten)]
    #[schema(inline)]
    kept: ApiKeySchema,
    /// The key itself, shown this once.
    #[schema(example = "kz_4fK2mQ9xAb_…")]
    key: String,
}
