//! The audit trail: who did what, when, from where, through what.
//!
//! Changes to records are in `changes`, written with the change itself; everything else is in `audit_events`. Both take
//! their numbers from one sequence and are one trail. Nothing in it is changed; a chain of seals over it shows where
//! that was done all the same.

mod given;
mod query;
mod redact;
mod retain;
mod seal;
mod verify;

pub use given::Given;
pub(crate) use given::{says_something, watched};
pub use query::{Entry, Filter, Page, allowed};
pub use redact::{redact, veil};
pub use retain::{DAYS_MIN, Retention, keep_to, retain, set_retention};
pub use seal::{Head, Sealer, head};
pub use verify::{Fault, Verdict, verify};

pub use kezhan_meta::trail::{Category, Event};

use crate::sql::{Bind, Sql};
use crate::{Caller, Channel, Origin, Result};
use diesel::PgConnection;
use kezhan_meta::trail::{CONFIGURATION, RIGHTS};
use serde_json::Value;
use uuid::Uuid;

/// The member of a detail that says with whose eyes the actor looked.
const SEEN_AS: &str = "as";

/// Something that happened, to go into the trail with the transaction at hand.
#[derive(Clone, Debug)]
pub struct Note<'a> {
    pub event: Event,
    pub actor: Option<Uuid>,
    /// With whose eyes the actor looked.
    pub seen_as: Option<Uuid>,
    pub channel: Channel,
    pub origin: &'a Origin,
    pub request_id: &'a str,
    pub object: Option<&'a str>,
    pub record: Option<Uuid>,
    pub detail: Value,
}

impl<'a> Note<'a> {
    /// What this caller did.
    pub fn by(caller: &'a Caller, event: Event) -> Note<'a> {
        Note {
            event,
            actor: caller.viewer.or(caller.user),
            seen_as: caller.viewer.and(caller.user),
            channel: caller.channel,
            origin: &caller.origin,
            request_id: &caller.request_id,
            object: None,
            record: None,
            detail: Value::Object(serde_json::Map::new()),
        }
    }

    pub fn on(self, object: &'a str, record: Option<Uuid>) -> Note<'a> {
        Note { object: Some(object), record, ..self }
    }

    pub fn with(self, detail: Value) -> Note<'a> {
        Note { detail, ..self }
    }

    pub fn write(self, conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
        let mut detail = self.detail;
        if let (Some(user), Some(detail)) = (self.seen_as, detail.as_object_mut()) {
            detail.insert(SEEN_AS.to_owned(), Value::String(user.to_string()));
        }
        let optional = |text: Option<&str>| Bind::Text(text.map(str::to_owned));
        let mut sql = Sql::new(
            "INSERT INTO audit_events (seq, tenant_id, action, object, record_id, actor_id, channel, request_id, ip, via, \
             agent, detail) VALUES (nextval('changes_seq_seq'), ",
        );
        sql.uuid(tenant).push(", ").text(self.event.key()).push(", ").bind(optional(self.object)).push(", ");
        sql.bind(Bind::Uuid(self.record)).push(", ").bind(Bind::Uuid(self.actor)).push(", ");
        sql.text(self.channel.key()).push(", ").text(self.request_id).push(", ");
        sql.bind(optional(self.origin.ip.as_deref())).push(", ").bind(Bind::Uuid(self.origin.via)).push(", ");
        sql.bind(optional(self.origin.agent.as_deref())).push(", ").bind(Bind::Json(Some(detail))).push(")");
        sql.execute(conn)?;
        Ok(())
    }
}
