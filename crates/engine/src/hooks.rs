//! What a feature adds to the life of a record.

use crate::{Caller, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::{ObjectMeta, Record};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// A record about to be written; hooks may still change `after`.
pub struct Draft<'a> {
    pub engine: &'a Engine,
    pub conn: &'a mut PgConnection,
    pub caller: &'a Caller,
    pub object: &'a Arc<ObjectMeta>,
    /// None on create.
    pub before: Option<&'a Record>,
    pub after: &'a mut Record,
}

impl Draft<'_> {
    pub fn value(&self, key: &str) -> &Value {
        self.after.get(key).unwrap_or(&Value::Null)
    }

    pub fn text(&self, key: &str) -> Option<&str> {
        self.value(key).as_str()
    }

    pub fn is_empty(&self, key: &str) -> bool {
        self.value(key).is_null()
    }

    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.after.insert(key.to_owned(), value.into());
    }

    /// Created with, or changed to, another value of this field?
    pub fn changed(&self, key: &str) -> bool {
        match self.before {
            Some(before) => before.get(key).unwrap_or(&Value::Null) != self.value(key),
            None => !self.is_empty(key),
        }
    }
}

/// A record that has been written, in the same transaction.
pub struct Saved<'a> {
    pub engine: &'a Engine,
    pub conn: &'a mut PgConnection,
    pub caller: &'a Caller,
    pub object: &'a Arc<ObjectMeta>,
    /// None on create.
    pub before: Option<&'a Record>,
    /// None on delete.
    pub after: Option<&'a Record>,
}

impl Saved<'_> {
    /// Changes a record by what was written to this one.
    pub fn derive(&mut self, object: &Arc<ObjectMeta>, id: Uuid, patch: Record) -> Result<()> {
        let caller = Caller { derived: true, ..self.caller.clone() };
        self.engine.amend(self.conn, &caller, object, id, patch).map(drop)
    }
}

/// Behaviour of one object beyond what metadata says. All run inside the write's transaction.
pub trait Hooks: Send + Sync {
    /// After defaults and before validation: fill in and derive.
    fn before_save(&self, _draft: &mut Draft<'_>) -> Result<()> {
        Ok(())
    }

    /// Does `before_save` run statements that must see the same moment as the write?
    fn reads_before_save(&self) -> bool {
        false
    }

    /// Rules over several fields that no field rule can say; the record is complete and canonical.
    fn check(&self, _object: &ObjectMeta, _record: &Record) -> Vec<kezhan_meta::Violation> {
        Vec::new()
    }

    /// After the record is in the table: carry over to other records.
    fn after_save(&self, _saved: &mut Saved<'_>) -> Result<()> {
        Ok(())
    }

    /// Does `after_save` do anything? Where no hook does, a record goes in by one statement.
    fn acts_after_save(&self) -> bool {
        false
    }

    /// Which records may leave in an export; all where nothing is said.
    fn leaves(&self) -> Option<kezhan_meta::Filter> {
        None
    }

    /// May the record be deleted?
    fn before_delete(&self, _saved: &mut Saved<'_>) -> Result<()> {
        Ok(())
    }
}
