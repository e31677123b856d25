//! Subscribers to what happened. The append-only `changes` table is the stream; each subscriber has a place in it for
//! each tenant, moved on in the transaction that does something about what was heard: every change is heard exactly
//! once, in order, whatever dies in between.

mod herald;

pub use herald::Herald;

use crate::{Caller, Engine, Result};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use kezhan_meta::{ObjectMeta, Record};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// A record was created, changed, deleted or restored, and that is committed.
#[derive(Clone, Debug)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub object: Arc<ObjectMeta>,
    pub record: Uuid,
    /// `create`, `update`, `delete` or `restore`.
    pub action: String,
    pub version: i64,
    /// None for the system.
    pub actor: Option<Uuid>,
    /// As [`crate::Channel::key`] has it.
    pub channel: String,
    /// `{"field":{"from":…,"to":…}}`
    pub changes: Record,
}

impl Event {
    /// What the field was set to by this change.
    pub fn set_to(&self, field: &str) -> Option<&Value> {
        self.changes.get(field)?.get("to").filter(|to| !to.is_null())
    }

    pub fn is_create(&self) -> bool {
        self.action == "create"
    }
}

/// Does something about what happened, apart from whoever did it and after them.
pub trait Subscriber: Send + Sync {
    /// Names its place in the stream, so it is never changed.
    fn name(&self) -> &'static str;

    /// `system` acts for the tenant with every right. What is written here is rolled back with an error.
    fn hear(&self, engine: &Engine, conn: &mut PgConnection, system: &Caller, event: &Event) -> Result<()>;
}
