//! Seals what is to be sealed, in the background: everything after a data key was renewed, what stands in the clear
//! after a custom field was made a sealed one, in the records and in their history.

use crate::people::identity;
use crate::people::setup::system;
use diesel::{Connection, PgConnection};
use kezhan_engine::jobs::{self, Handler, Run, Signal};
use kezhan_engine::transfer::ledger;
use kezhan_engine::vault::SealedColumn;
use kezhan_engine::{Engine, Error, Result, audit};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

pub const KIND: &str = "vault_reseal";
const BATCH: u16 = 200;
/// Entries of history that are veiled at once.
const ENTRIES: usize = 500;

/// Sealed values that are no fields of records. Whoever seals into a table of their own adds a line here.
pub const COLUMNS: &[SealedColumn] = &[
    crate::people::factors::totp::SEALED,
    crate::people::factors::totp::PENDING,
    crate::people::outside::secret::COLUMN,
    ledger::SEALED,
    jobs::SEALED,
];

/// Makes a new data key for this tenant and has what old ones have sealed sealed anew, in the background.
pub fn renew(engine: &Engine, conn: &mut PgConnection, tenant: Uuid) -> Result<Uuid> {
    conn.transaction(|conn| {
        engine.vault().renew(conn, tenant)?;
        // Every process reads the keys of the company anew.
        identity::bump_catalog(conn, tenant)?;
        order(conn, tenant, None)
    })
}

/// Has everything of this tenant that is not sealed as it should be sealed anew.
pub fn order(conn: &mut PgConnection, tenant: Uuid, user: Option<Uuid>) -> Result<Uuid> {
    jobs::enqueue(conn, tenant, KIND, &json!({}), user)
}

/// How far it has come.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    done: u64,
    /// The object at work, and the last record that was looked at.
    object: Option<String>,
    after: Option<Uuid>,
}

pub struct Reseal(pub Arc<Engine>);

impl Handler for Reseal {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let mut state: Progress = serde_json::from_value(run.job.progress.clone()).unwrap_or_default();
        let tenant = run.job.tenant_id;
        // Columns until nothing is left: also of what was written meanwhile.
        loop {
            let (some, signal) = conn.transaction(|conn| {
                let mut some = 0;
                for column in COLUMNS {
                    some += column.reseal(self.0.vault(), conn, tenant, BATCH)?;
                }
                state.done += some as u64;
                Ok::<_, Error>((some, run.checkpoint(conn, &state)?))
            })?;
            if signal != Signal::Continue {
                return Ok(signal);
            }
            if some == 0 {
                break;
            }
        }
        let caller = system(&self.0, conn, tenant)?;
        let objects = caller.catalog.objects().filter(|o| o.fields.iter().any(|f| f.sealed));
        let from = state.object.clone();
        for object in objects.skip_while(|o| from.as_ref().is_some_and(|name| o.name != *name)) {
            if state.object.as_deref() != Some(&object.name) {
                (state.object, state.after) = (Some(object.name.to_string()), None);
            }
            let mut changed = 0;
            loop {
                let (next, signal) = conn.transaction(|conn| {
                    let part = self.0.reseal(conn, &caller, object, state.after, usize::from(BATCH))?;
                    changed += part.changed;
                    state.done += part.changed as u64;
                    state.after = part.next;
                    Ok::<_, Error>((part.next, run.checkpoint(conn, &state)?))
                })?;
                if signal != Signal::Continue {
                    return Ok(signal);
                }
                if next.is_none() {
                    break;
                }
            }
            // What was in the clear may have been searched by.
            if changed > 0 {
                self.0.reindex(conn, &caller, object)?;
            }
            let sealed = object.fields.iter().filter(|f| f.sealed);
            let sealed: Vec<String> = sealed.map(|f| f.key.to_string()).collect();
            let mut place = Some(0);
            while let Some(after) = place {
                let signal = conn.transaction(|conn| {
                    let (count, next) = audit::veil(conn, &caller, &object.name, &sealed, after, ENTRIES)?;
                    place = next;
                    state.done += count as u64;
                    run.checkpoint(conn, &state)
                })?;
                if signal != Signal::Continue {
                    return Ok(signal);
                }
            }
        }
        Ok(Signal::Continue)
    }
}
