//! What a caller may do: per object and action the records within reach, per field what of it. Deny by default.
//!
//! Every read and write asks here, and nowhere else.

pub mod bounds;
mod fields;
pub mod grants;
mod reach;

pub use bounds::Bounds;
pub use fields::{FieldRule, Level, Relation};
pub use grants::{DataScope, Grants, ObjectGrants, Rule, Rules, Source};
pub use reach::{Reach, Rows};

use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, ObjectMeta, Str};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Read,
    Create,
    Edit,
    Delete,
    /// Give to another owner.
    Transfer,
    /// Let others in: team, sharing, confidentiality.
    Share,
    Export,
    Import,
    /// Change or delete many records at once.
    BulkEdit,
    /// See a masked value in full, with a reason that is kept.
    Reveal,
    /// See confidential records of others.
    Confidential,
    Configure,
}

impl Action {
    pub const ALL: [Action; 12] = [
        Action::Read,
        Action::Create,
        Action::Edit,
        Action::Delete,
        Action::Transfer,
        Action::Share,
        Action::Export,
        Action::Import,
        Action::BulkEdit,
        Action::Reveal,
        Action::Confidential,
        Action::Configure,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::Create => "create",
            Action::Edit => "edit",
            Action::Delete => "delete",
            Action::Transfer => "transfer",
            Action::Share => "share",
            Action::Export => "export",
            Action::Import => "import",
            Action::BulkEdit => "bulk_edit",
            Action::Reveal => "reveal",
            Action::Confidential => "confidential",
            Action::Configure => "configure",
        }
    }
}

/// A caller's permissions, resolved once per session and cached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Access {
    /// The system itself: everything, everywhere in its tenant.
    unrestricted: bool,
    /// Held by a key or an application on somebody's behalf: what is personal to the bearer is not theirs.
    pub delegated: bool,
    pub grants: Grants,
    pub user: Option<Uuid>,
    pub department: Option<Uuid>,
    /// The caller and everyone who reports to them, at any depth.
    pub subordinates: Vec<Uuid>,
    /// The same without the caller, as conditions name them.
    pub reports: Arc<[String]>,
    /// The caller's department and everything below it.
    pub departments: Vec<Uuid>,
    /// Everything that a record may be shared with and that means the caller: themselves, their roles, their department
    /// and those above it.
    pub principals: Vec<Uuid>,
    /// By object, those of these with which some record is shared. Where it is not known, every statement asks for all;
    /// most people are in few teams, and a condition that nothing can meet costs the database much to plan.
    pub member_of: Option<HashMap<String, Vec<Uuid>>>,
    /// Objects in which is kept how the company works.
    pub configured: Arc<[Str]>,
    /// What is kept from whoever does not look after it.
    pub withheld: Option<Withheld>,
}

/// Records whose processing is restricted, and what is on their timelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Of these objects.
    pub objects: &'static [&'static str],
    /// Whoever may configure this one sees them.
    pub keeper: &'static str,
    /// There has been one.
    pub any: bool,
}

/// The field that says so of a record.
pub const RESTRICTED: &str = "processing_restricted";

impl Access {
    /// For migrations, workers and hooks. Never built from a request.
    pub fn unrestricted() -> Access {
        Access { unrestricted: true, ..Access::default() }
    }

    pub fn is_unrestricted(&self) -> bool {
        self.unrestricted
    }

    /// What the roles say of this action; nothing where they say nothing.
    pub fn rules(&self, object: &str, action: Action) -> Option<&Rules> {
        let granted = grants::of(&self.grants, object)?;
        // Whoever may change everything may not, for that, change how the company works.
        let read = matches!(action, Action::Read | Action::Export | Action::Configure);
        if !read && self.configured.iter().any(|o| o == object) {
            granted.actions.get(&Action::Configure).filter(|rules| rules.any())?;
        }
        granted.actions.get(&action)
    }

    /// As whom a record of this object could be shared with the caller.
    pub fn member_as(&self, object: &str) -> &[Uuid] {
        match &self.member_of {
            None => &self.principals,
            Some(objects) => objects.get(object).map(Vec::as_slice).unwrap_or_default(),
        }
    }

    /// Leaves only what was shared with these.
    pub fn keep_principals(&mut self, kept: &[Uuid]) {
        self.principals.retain(|p| kept.contains(p));
        for principals in self.member_of.iter_mut().flat_map(HashMap::values_mut) {
            principals.retain(|p| kept.contains(p));
        }
    }

    /// Are restricted records of this object kept from the caller?
    pub fn withholds(&self, object: &str) -> bool {
        self.withheld.is_some_and(|w| w.objects.contains(&object) && !self.may(w.keeper, Action::Configure))
    }

    /// May the caller do this at all, to whichever rows?
    pub fn may(&self, object: &str, action: Action) -> bool {
        self.unrestricted || self.rules(object, action).is_some_and(Rules::any)
    }
}

impl Readable for Access {
    /// In full, and whosesoever the record is: what may be filtered, sorted, grouped, searched and exported by.
    fn readable(&self, object: &ObjectMeta, field: &FieldMeta) -> bool {
        self.field_rule(object, field).least() >= Level::Read
    }
}
