//! Seals a company's secrets anew after its data key was renewed.

use diesel::{Connection, PgConnection};
use kezhan_engine::jobs::{self, Handler, Run, Signal};
use kezhan_engine::vault::SealedColumn;
use kezhan_engine::{Engine, Result};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

pub const KIND: &str = "vault_reseal";
const BATCH: u16 = 200;

/// Sealed values that are no fields of records. Whoever seals into a table of their own adds a line here.
pub const COLUMNS: &[SealedColumn] = &[
    SealedColumn { table: "totp_factors", id: "user_id", column: "secret", context: "totp" },
    SealedColumn { table: "totp_factors", id: "user_id", column: "pending", context: "totp" },
];

/// Makes a new data key for this tenant and has what old ones have sealed sealed anew, in the background.
pub fn renew(engine: &Engine, conn: &mut PgConnection, tenant: Uuid) -> Result<Uuid> {
    conn.transaction(|conn| {
        engine.vault().renew(conn, tenant)?;
        jobs::enqueue(conn, tenant, KIND, &json!({}), None)
    })
}

pub struct Reseal(pub Arc<Engine>);

impl Handler for Reseal {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// Goes over everything until nothing is left that an old key has sealed: also of what was written meanwhile.
    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let (tenant, mut done) = (run.job.tenant_id, run.job.progress["done"].as_u64().unwrap_or_default());
        loop {
            let (some, signal) = conn.transaction(|conn| {
                let mut some = 0;
                for column in COLUMNS {
                    some += column.reseal(self.0.vault(), conn, tenant, BATCH)?;
                }
                done += some as u64;
                Ok::<_, kezhan_engine::Error>((some, run.checkpoint(conn, &json!({"done": done}))?))
            })?;
            if some == 0 || signal != Signal::Continue {
                return Ok(signal);
            }
        }
    }
}
