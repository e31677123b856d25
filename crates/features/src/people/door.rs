//! How someone comes in before it is known who it is: what the audit trail says of sign-ins.

use diesel::PgConnection;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Channel, Origin, Result};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Through what, and from where.
#[derive(Clone, Debug)]
pub struct Door {
    pub channel: Channel,
    pub origin: Origin,
    pub request_id: String,
}

/// Who is at the door, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Guest {
    pub tenant: Uuid,
    /// Someone who has proved to be this user.
    pub actor: Option<Uuid>,
    /// The user that it is about.
    pub user: Option<Uuid>,
    pub session: Option<Uuid>,
    pub detail: Map<String, Value>,
}

impl Guest {
    pub fn known(tenant: Uuid, user: Uuid, session: Uuid) -> Guest {
        Guest { tenant, actor: Some(user), user: Some(user), session: Some(session), detail: Map::new() }
    }
}

impl Door {
    /// Puts into the trail what happened here. Of a company that does not exist there is none.
    pub fn note(&self, conn: &mut PgConnection, event: Event, guest: Guest) -> Result<()> {
        if guest.tenant.is_nil() {
            return Ok(());
        }
        let origin = Origin { via: guest.session, ..self.origin.clone() };
        Note {
            event,
            actor: guest.actor,
            seen_as: None,
            channel: self.channel,
            origin: &origin,
            request_id: &self.request_id,
            object: guest.user.map(|_| "user"),
            record: guest.user,
            detail: Value::Object(guest.detail),
        }
        .write(conn, guest.tenant)
    }
}

/// A name that nobody has, without what might be a password that slipped into the wrong field.
pub(super) fn outline(name: &str) -> String {
    name.chars().take(2).chain(['…']).collect()
}
