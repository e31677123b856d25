//! Takes stored files away for good, after the transaction that let go of them.

use diesel::PgConnection;
use kezhan_connect::Storage;
use kezhan_engine::jobs::{self, Handler, Run, Signal};
use kezhan_engine::{Caller, Error, Result};
use serde_json::json;
use uuid::Uuid;

pub const KIND: &str = "shred_files";

/// Orders it, as part of the caller's transaction.
pub fn later(conn: &mut PgConnection, caller: &Caller, keys: Vec<String>) -> Result<Option<Uuid>> {
    match keys.is_empty() {
        true => Ok(None),
        false => jobs::enqueue(conn, caller.tenant, KIND, &json!({ "keys": keys }), None).map(Some),
    }
}

pub struct Shred(pub Storage);

impl Handler for Shred {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let keys: Vec<String> =
            serde_json::from_value(run.job.payload["keys"].clone()).map_err(|e| Error::Internal(e.to_string()))?;
        for key in &keys {
            self.0.remove_now(key).map_err(|e| Error::Internal(e.to_string()))?;
        }
        run.checkpoint(conn, &json!({ "done": keys.len() }))
    }
}
