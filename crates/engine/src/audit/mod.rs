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

use crate::sql::{Bind, Sql};
use crate::{Caller, Channel, Origin, Result};
use diesel::PgConnection;
use serde_json::Value;
use uuid::Uuid;

/// What can be in the trail beside changes to records. Each belongs to a category, by which it is looked for and kept.
macro_rules! events {
    ($($name:ident $key:literal $category:ident;)+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event { $($name),+ }

        impl Event {
            pub const ALL: &'static [Event] = &[$(Event::$name),+];

            pub const fn key(self) -> &'static str { match self { $(Event::$name => $key),+ } }

            pub const fn category(self) -> Category { match self { $(Event::$name => Category::$category),+ } }
        }
    };
}

events! {
    SignedIn "sign_in" SignIn;
    SignInFailed "sign_in_failed" SignIn;
    SignedOut "sign_out" SignIn;
    TokenReused "token_reused" SignIn;
    SessionEnded "session_ended" Security;
    PasswordChanged "password_changed" Security;
    PasswordSet "password_set" Security;
    LinkMade "link_made" Security;
    LinkWithdrawn "link_withdrawn" Security;
    LinkUsed "link_used" Security;
    SecondFactorSet "second_factor_set" Security;
    SecondFactorRemoved "second_factor_removed" Security;
    RecoveryCodesMade "recovery_codes_made" Security;
    RecoveryCodeUsed "recovery_code_used" Security;
    KeyMade "key_made" Security;
    KeyChanged "key_changed" Security;
    KeyRotated "key_rotated" Security;
    KeyRevoked "key_revoked" Security;
    SecretSet "secret_set" Security;
    IdentityLinked "identity_linked" Security;
    IdentityUnlinked "identity_unlinked" Security;
    DirectorySynced "directory_sync" Rights;
    AppAllowed "app_allowed" Security;
    AppWithdrawn "app_withdrawn" Security;
    AppTokenReused "app_token_reused" Security;
    ClientSecretMade "client_secret_made" Security;
    Exported "export" Transfer;
    Imported "import" Transfer;
    AuditExported "audit_export" Transfer;
    Revealed "reveal" Reading;
    SensitiveRead "sensitive_read" Reading;
    ViewedAs "view_as" Reading;
    PolicySet "policy_set" Configuration;
    RetentionSet "retention_set" Configuration;
    Retired "retired" Retention;
    Redacted "redacted" Retention;
    Gathered "gathered" Reading;
    Erased "erased" Configuration;
}

/// Kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    SignIn,
    Security,
    Rights,
    Configuration,
    Transfer,
    Reading,
    Data,
    /// What the rules of retention took away. Never taken away itself: it is what explains the gaps.
    Retention,
}

impl Category {
    pub const ALL: [Category; 8] = [
        Category::SignIn,
        Category::Security,
        Category::Rights,
        Category::Configuration,
        Category::Transfer,
        Category::Reading,
        Category::Data,
        Category::Retention,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Category::SignIn => "sign_in",
            Category::Security => "security",
            Category::Rights => "rights",
            Category::Configuration => "configuration",
            Category::Transfer => "transfer",
            Category::Reading => "reading",
            Category::Data => "data",
            Category::Retention => "retention",
        }
    }

    pub fn parse(key: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|c| c.key() == key)
    }

    /// Of a change to a record of this object.
    pub fn of_object(object: &str) -> Category {
        match () {
            () if RIGHTS.contains(&object) => Category::Rights,
            () if CONFIGURATION.contains(&object) => Category::Configuration,
            () => Category::Data,
        }
    }

    pub fn of_event(key: &str) -> Category {
        Event::ALL.iter().find(|e| e.key() == key).map_or(Category::Security, |e| e.category())
    }

    /// The events of this category.
    fn events(self) -> Vec<String> {
        Event::ALL.iter().filter(|e| e.category() == self).map(|e| e.key().to_owned()).collect()
    }
}

/// Objects whose records decide who may do what.
const RIGHTS: &[&str] =
    &["user", "role", "department", "record_member", "sharing_rule", "identity_provider", "directory", "oauth_client"];
/// Objects whose records decide what there is and how it works.
const CONFIGURATION: &[&str] =
    &["object_definition", "field_definition", "record_layout", "field_policy", "pipeline", "stage"];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_name_of_its_own_and_every_category_is_found_by_its_name() {
        let mut keys: Vec<&str> = Event::ALL.iter().map(|e| e.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Event::ALL.len());
        assert!(Event::ALL.iter().all(|e| Category::of_event(e.key()) == e.category()));
        assert!(Category::ALL.into_iter().all(|c| Category::parse(c.key()) == Some(c)));
    }
}
