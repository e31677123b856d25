//! What a policy must keep, and what follows when it changes.

use crate::people::identity;
use crate::people::setup::system;
use diesel::PgConnection;
use kezhan_engine::jobs::{self, Handler, Run, Signal};
use kezhan_engine::{Draft, Engine, Error, Hooks, Result, Saved};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Sensitivity, Violation};
use serde_json::{Value, json};
use std::sync::Arc;

const KIND: &str = "reindex";

pub struct Policies;

impl Hooks for Policies {
    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let object = draft.text("object").unwrap_or_default().to_owned();
        let key = draft.text("field").unwrap_or_default().to_owned();
        let Some(meta) = draft.caller.catalog.get(&object) else {
            return Err(Error::Invalid(vec![Violation::new("object", Code::NotAnOption).with(object)]));
        };
        let Some(field) = meta.field(&key).filter(|f| !f.secret) else {
            return Err(Error::Invalid(vec![Violation::new("field", Code::NotAnOption).with(key)]));
        };
        // Secret means encrypted, to whoever reads the map.
        let secret = draft.changed("sensitivity") && draft.text("sensitivity") == Some(Sensitivity::Secret.key());
        if secret && !field.sealed {
            let label = field.label.get(draft.caller.lang);
            return Err(Error::Invalid(vec![Violation::new("sensitivity", Code::NotSealed).with(label)]));
        }
        draft.set("path", format!("{object}.{key}"));
        Ok(())
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let tenant = saved.caller.tenant;
        identity::bump_catalog(saved.conn, tenant)?;
        // What is personal is searched by only by those who may see it: records carry it apart from the rest.
        let Some(record) = saved.after.or(saved.before) else { return Ok(()) };
        let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
        let (object, key) = (text("object"), text("field"));
        let standard = saved.engine.standard().get(object).and_then(|o| o.field(key)).map(|f| f.sensitivity);
        let level = |record: Option<&Record>| {
            let own = record.and_then(|r| r.get("sensitivity")).and_then(Value::as_str).and_then(Sensitivity::parse);
            own.or(standard).unwrap_or_default() >= Sensitivity::Personal
        };
        let searchable = saved.caller.catalog.get(object).and_then(|o| o.field(key)).is_some_and(|f| f.searchable);
        if searchable && level(saved.before) != level(saved.after) {
            jobs::enqueue(saved.conn, tenant, KIND, &json!({ "object": object }), saved.caller.user)?;
        }
        Ok(())
    }
}

/// Makes anew what the records of one object are found by.
pub struct Reindex(pub Arc<Engine>);

impl Handler for Reindex {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let caller = system(&self.0, conn, run.job.tenant_id)?;
        let name = run.job.payload.get("object").and_then(Value::as_str).unwrap_or_default();
        if let Some(object) = caller.catalog.get(name) {
            self.0.reindex(conn, &caller, object)?;
        }
        Ok(Signal::Continue)
    }
}
