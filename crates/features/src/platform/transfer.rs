//! Imports and their undoing as jobs, each under the rights of whoever ordered it.

use super::HINTS;
use crate::people::access;
use diesel::PgConnection;
use kezhan_engine::access::{Grants, grants};
use kezhan_engine::jobs::{Handler, Job, Run, Signal};
use kezhan_engine::transfer::{change, run, undo};
use kezhan_engine::{Access, Caller, Channel, Engine, Error, Origin, Result};
use kezhan_meta::Lang;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

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
    /// As whom records could be shared with the caller: a role that did not hold when ordering is not among them.
    pub principals: Option<Vec<Uuid>>,
    /// The session, key or application.
    pub via: Option<Uuid>,
}

impl By {
    pub fn of(caller: &Caller) -> By {
        let grants = (!caller.access.is_unrestricted()).then(|| caller.access.grants.clone());
        let principals = Some(caller.access.principals.clone());
        By { lang: caller.lang, offset_minutes: caller.offset_minutes, grants, principals, via: caller.origin.via }
    }

    pub fn read(job: &Job) -> By {
        job.payload.get("by").and_then(|by| serde_json::from_value(by.clone()).ok()).unwrap_or_default()
    }

    /// The order as a payload that remembers who gave it.
    pub fn sign(caller: &Caller, order: &impl Serialize) -> Result<Value> {
        let internal = |e: serde_json::Error| Error::Internal(e.to_string());
        let mut payload = serde_json::to_value(order).map_err(internal)?;
        payload["by"] = serde_json::to_value(By::of(caller)).map_err(internal)?;
        Ok(payload)
    }
}

/// The person who ordered the job, with the rights that they have now, no wider than when they ordered it.
pub fn caller_of(engine: &Engine, conn: &mut PgConnection, job: &Job) -> Result<Caller> {
    let by = By::read(job);
    let catalog = engine.catalog(conn, job.tenant_id)?;
    let person = match job.created_by_id {
        Some(user) => access::person(conn, job.tenant_id, user, None)?,
        None => None,
    };
    let mut rights = match (&person, &by.grants) {
        (Some(person), Some(granted)) => {
            let mut rights = person.rights(conn, job.tenant_id, &catalog)?;
            rights.grants = grants::common(&rights.grants, granted);
            rights.keep_principals(by.principals.as_deref().unwrap_or(&rights.principals.clone()));
            rights
        }
        // A service key stands for nobody but its role.
        (None, Some(grants)) if job.created_by_id.is_none() => {
            let mut rights = Access::default();
            rights.grants.clone_from(grants);
            rights
        }
        _ => return Err(Error::refused(Code::Forbidden, &["import"])),
    };
    rights.user = person.as_ref().map(|p| p.id);
    Ok(Caller {
        tenant: job.tenant_id,
        user: rights.user,
        viewer: None,
        department: rights.department,
        channel: Channel::Import,
        origin: Origin { via: Some(job.id), ..Origin::default() },
        request_id: String::new(),
        lang: by.lang,
        offset_minutes: by.offset_minutes,
        access: Arc::new(rights),
        derived: false,
        catalog,
    })
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

pub struct Changes {
    pub engine: Arc<Engine>,
    pub caller: CallerOf,
}

impl Handler for Changes {
    fn kind(&self) -> &'static str {
        change::KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let caller = (self.caller)(&self.engine, conn, &run.job)?;
        change::run(&self.engine, &caller, conn, run)
    }
}

/// The handlers of this area.
pub fn handlers(engine: &Arc<Engine>, root: PathBuf) -> Vec<Arc<dyn Handler>> {
    let caller: CallerOf = Arc::new(caller_of);
    vec![
        Arc::new(Imports { engine: engine.clone(), caller: caller.clone(), root }),
        Arc::new(Changes { engine: engine.clone(), caller: caller.clone() }),
        Arc::new(Undos { engine: engine.clone(), caller: caller.clone() }),
    ]
}
