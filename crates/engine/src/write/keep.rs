//! The former owner of a record may stay in its team.

use crate::{Caller, Engine, Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// What a former owner keeps of a record and of what hangs on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    Read,
    Write,
}

impl Engine {
    /// To be done while the caller still reaches the record. Whoever is in the team already stays as they are.
    pub fn keep_owner(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        id: Uuid,
        owner: &str,
        keep: Keep,
    ) -> Result<()> {
        let team = caller.catalog.get("record_member").cloned().ok_or_else(Error::not_found)?;
        let entry = json!({ "object": object.name, "record": id, "user": owner, "level": keep, "children": keep });
        let entry: Record = entry.as_object().cloned().unwrap_or_default();
        match conn.transaction(|conn| self.create(conn, caller, &team, entry)) {
            Err(Error::Invalid(faults)) if faults.iter().all(|f| f.code == Code::Taken) => Ok(()),
            other => other.map(drop),
        }
    }
}
