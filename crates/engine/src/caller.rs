//! Who is calling, for whom, through what, and what they may do.

use crate::access::Access;
use kezhan_meta::resolve::Context;
use kezhan_meta::{Catalog, Lang};
use std::sync::Arc;
use uuid::Uuid;

/// The way by which a call came in; part of every history entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Web,
    Api,
    Import,
    Automation,
    System,
}

impl Channel {
    pub fn key(self) -> &'static str {
        match self {
            Channel::Web => "web",
            Channel::Api => "api",
            Channel::Import => "import",
            Channel::Automation => "automation",
            Channel::System => "system",
        }
    }
}

/// From where and through what a call came in; part of every entry of the audit trail.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub ip: Option<Arc<str>>,
    /// What the client says it is.
    pub agent: Option<Arc<str>>,
    /// The session, API key or job.
    pub via: Option<Uuid>,
}

/// An identified caller. Every read and write takes one: there is no way around tenant and scope.
#[derive(Clone)]
pub struct Caller {
    pub tenant: Uuid,
    /// None for the system itself.
    pub user: Option<Uuid>,
    /// The administrator who looks with the user's eyes: what is on record as done, they did.
    pub viewer: Option<Uuid>,
    pub department: Option<Uuid>,
    pub channel: Channel,
    pub origin: Origin,
    pub request_id: String,
    pub lang: Lang,
    /// Minutes east of UTC of the caller's time zone.
    pub offset_minutes: i32,
    pub access: Arc<Access>,
    /// What is written follows from a change of another record: it is nobody's edit.
    pub derived: bool,
    /// The tenant's objects.
    pub catalog: Arc<Catalog>,
}

impl Caller {
    /// Stands for the system in this tenant: every right, nobody's name.
    pub fn system(tenant: Uuid, catalog: Arc<Catalog>) -> Caller {
        Caller {
            tenant,
            user: None,
            viewer: None,
            department: None,
            channel: Channel::System,
            origin: Origin::default(),
            request_id: String::new(),
            lang: Lang::Zh,
            offset_minutes: 480,
            access: Arc::new(Access::unrestricted()),
            derived: false,
            catalog,
        }
    }

    /// The same caller with the rights of the system: for what hooks do on a user's behalf.
    pub fn elevated(&self) -> Caller {
        Caller { access: Arc::new(Access::unrestricted()), ..self.clone() }
    }

    /// What relative operands mean to this caller now.
    pub fn context(&self) -> Context {
        Context {
            now: chrono::Utc::now(),
            offset_minutes: self.offset_minutes,
            user: self.user.map(|id| id.to_string()),
            subordinates: self.access.reports.clone(),
            department: self.department.map(|id| id.to_string()),
            departments: match self.access.departments.as_slice() {
                // Elevated: the tree is not at hand.
                [] => self.department.iter().map(Uuid::to_string).collect(),
                all => all.iter().map(Uuid::to_string).collect(),
            },
        }
    }
}
