//! Imports and their undoing as jobs, each under the rights of whoever ordered it.

use super::HINTS;
use diesel::PgConnection;
use kezhan_engine::access::Grants;
use kezhan_engine::jobs::{Handler, Job, Run, Signal};
use kezhan_engine::transfer::{run, undo};
use kezhan_engine::{Access, Action, Caller, Engine, Result};
use kezhan_meta::Lang;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// Works out who a job runs for, at the time when it runs.
pub type CallerOf = Arc<dyn Fn(&Engine, &mut PgConnection, &Job) -> Result<Caller> + Send + Sync>;

/// Who ordered a job, beside the user that is on record: kept in its payload under `by`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct By {
    pub lang: Lang,
    pub offset_minutes: i32,
    /// What the caller could do when ordering, which an API key may have made less than the user can.
    pub grants: Option<Grants>,
}

impl By {
    pub fn of(caller: &Caller) -> By {
        let grants = (!caller.access.is_unrestricted()).then(|| caller.access.grants.clone());
        By { lang: caller.lang, offset_minutes: caller.offset_minutes, grants }
    }

    pub fn read(job: &Job) -> By {
        job.payload.get("by").and_then(|by| serde_json::from_value(by.clone()).ok()).unwrap_or_default()
    }

    /// The order as a payload that remembers who gave it.
    pub fn sign(caller: &Caller, order: &impl Serialize) -> Result<Value> {
        let internal = |e: serde_json::Error| kezhan_engine::Error::Internal(e.to_string());
        let mut payload = serde_json::to_value(order).map_err(internal)?;
        payload["by"] = serde_json::to_value(By::of(caller)).map_err(internal)?;
        Ok(payload)
    }
}

/// What both allow.
pub fn common(now: &Access, then: &Grants) -> Grants {
    let mut ceiling = Access::default();
    ceiling.grants.clone_from(then);
    let objects = now.grants.keys().chain(then.keys());
    let of = |object: &String| {
        let scope = |action: Action| now.data_scope(object, action).min(ceiling.data_scope(object, action));
        (object.clone(), Action::ALL.into_iter().map(|a| (a, scope(a))).collect())
    };
    objects.map(of).collect()
}

pub struct Imports {
    pub engine: Arc<Engine>,
    pub caller: CallerOf,
    /// Where uploaded files lie.
    pub root: PathBuf,
}

impl Handler for Imports {
    fn kind(&self) -> &'static str {
        run::KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let caller = (self.caller)(&self.engine, conn, &run.job)?;
        run::run(&self.engine, &HINTS, &caller, &self.root, conn, run)
    }
}

pub struct Undos {
    pub engine: Arc<Engine>,
    pub caller: CallerOf,
}

impl Handler for Undos {
    fn kind(&self) -> &'static str {
        undo::KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let caller = (self.caller)(&self.engine, conn, &run.job)?;
        undo::run(&self.engine, &caller, conn, run)
    }
}

/// The handlers of this area.
pub fn handlers(engine: &Arc<Engine>, caller: &CallerOf, root: PathBuf) -> Vec<Arc<dyn Handler>> {
    vec![
        Arc::new(Imports { engine: engine.clone(), caller: caller.clone(), root }),
        Arc::new(Undos { engine: engine.clone(), caller: caller.clone() }),
    ]
}
