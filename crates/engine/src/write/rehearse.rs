use super::draft;
use crate::{Caller, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::{ObjectMeta, Record};
use std::sync::Arc;

impl Engine {
    /// Would this record be accepted, as far as can be told without writing it? Nothing is stored; hooks may read.
    pub fn rehearse(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        input: &Record,
    ) -> Result<Record> {
        let (mut record, faults) = draft::accept(&caller.access, object, input, None);
        draft::defaults(caller, object, &mut record);
        draft::settle(self, conn, caller, object, None, &mut record, faults)?;
        Ok(record)
    }

    /// Do hooks read the database before a record of this object is written?
    pub(crate) fn reads_before_save(&self, object: &ObjectMeta) -> bool {
        self.hooks_of(&object.name).iter().any(|h| h.reads_before_save())
    }
}
