use super::update::{fresh, lock};
use super::{Written, store};
use crate::sql::scope::Life;
use crate::{Action, Caller, Engine, Result, Saved};
use diesel::{Connection, PgConnection};
use kezhan_meta::ObjectMeta;
use std::sync::Arc;
use uuid::Uuid;

impl Engine {
    /// To the recycle bin; answers the new version.
    pub fn delete(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        expected: Option<i64>,
    ) -> Result<i64> {
        conn.transaction(|conn| {
            let locked = lock(conn, caller, object, id, Action::Delete, Life::Living)?;
            fresh(&locked, expected)?;
            let before = Some(&locked.record);
            for hook in self.hooks_of(&object.name) {
                hook.before_delete(&mut Saved { engine: self, conn, caller, object, before, after: None })?;
            }
            let written = store::bury(conn, caller, object, id, store::Verb::Delete)?;
            for hook in self.hooks_of(&object.name) {
                hook.after_save(&mut Saved { engine: self, conn, caller, object, before, after: None })?;
            }
            Ok(written.version)
        })
    }

    /// Back from the recycle bin, for whoever may delete.
    pub fn restore(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
    ) -> Result<Written> {
        conn.transaction(|conn| {
            let locked = lock(conn, caller, object, id, Action::Delete, Life::Deleted)?;
            let written = store::bury(conn, caller, object, id, store::Verb::Restore)?;
            for hook in self.hooks_of(&object.name) {
                let after = Some(&locked.record);
                hook.after_save(&mut Saved { engine: self, conn, caller, object, before: None, after })?;
            }
            Ok(written)
        })
    }
}
