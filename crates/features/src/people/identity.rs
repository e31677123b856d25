//! From a token to a caller. What was worked out is kept for as long as nothing changed, so that an ordinary
//! request costs no statement of its own.

use super::access::{self, Person, Standing};
use super::delegation::{self, Delegate};
use super::limits::Place;
use super::uses::Uses;
use super::{api_key, oauth, sharing};
use crate::platform::notify;
use chrono::{Offset, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use kezhan_engine::access::grants::ObjectGrants;
use kezhan_engine::{Access, Action, Caller, Channel, Engine, Error, Origin, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Catalog, Lang};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a process may go on with what it knows before it asks whether that still holds, if it hears of nothing.
const TRUST: Duration = Duration::from_secs(2);
/// Where processes tell each other of a tenant whose people, rights or objects have changed.
pub const CHANNEL: &str = "kezhan_identities";
/// Most identities that are kept.
const KEPT_MAX: usize = 10_000;

/// What a request shows to prove who sends it. Signatures have been checked already.
#[derive(Clone, Debug)]
pub enum Credential {
    Session {
        tenant: Uuid,
        user: Uuid,
        session: Uuid,
    },
    /// An administrator's session, through which they look with somebody else's eyes, and change nothing.
    ViewAs {
        tenant: Uuid,
        user: Uuid,
        session: Uuid,
        subject: Uuid,
    },
    /// The text of an API key.
    Key(String),
    /// The text of an access token that an application holds.
    Token(String),
}

/// What the cache finds an identity by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Session(Uuid, Uuid, Uuid),
    ViewAs(Uuid, Uuid, Uuid, Uuid),
    /// The digest of a key or token: no secret stays in memory.
    Key(Vec<u8>),
}

impl Credential {
    fn name(&self) -> Name {
        match self {
            Credential::Session { tenant, user, session } => Name::Session(*tenant, *user, *session),
            Credential::ViewAs { tenant, user, session, subject } => Name::ViewAs(*tenant, *user, *session, *subject),
            Credential::Key(text) | Credential::Token(text) => Name::Key(super::digest(text.as_bytes())),
        }
    }
}

/// Someone known, with everything that a call needs.
#[derive(Clone)]
pub struct Identity {
    pub tenant: Uuid,
    /// None for a service key.
    pub person: Option<Person>,
    pub session: Option<Uuid>,
    /// The API key, or what an application was allowed.
    pub key: Option<Uuid>,
    delegate: Option<Arc<Delegate>>,
    /// The administrator who looks with this person's eyes.
    pub viewer: Option<Uuid>,
    pub lang: Lang,
    pub offset_minutes: i32,
    pub access: Arc<Access>,
    pub catalog: Arc<Catalog>,
    standing: Standing,
    epochs: Epochs,
}

impl Identity {
    /// Keeps one caller's idempotency keys and limits apart from another's.
    pub fn principal(&self) -> Uuid {
        self.key.or(self.viewer).or(self.user()).unwrap_or_default()
    }

    pub fn user(&self) -> Option<Uuid> {
        self.person.as_ref().map(|p| p.id)
    }

    /// Held by a key or an application: what is personal to the bearer is not theirs to see or change.
    pub fn delegated(&self) -> bool {
        self.delegate.is_some()
    }

    /// Are records of the same objects shared with this person as were?
    fn still_in(&self, conn: &mut PgConnection) -> Result<bool> {
        let now = sharing::memberships(conn, self.tenant, &self.access.principals)?;
        Ok(self.access.member_of.as_ref() == Some(&now))
    }

    pub fn caller(&self, channel: Channel, origin: Origin, request_id: String, lang: Lang) -> Caller {
        Caller {
            tenant: self.tenant,
            user: self.user(),
            viewer: self.viewer,
            department: self.access.department,
            channel,
            origin: Origin { via: self.key.or(self.session), ..origin },
            request_id,
            lang,
            offset_minutes: self.offset_minutes,
            access: self.access.clone(),
            derived: false,
            catalog: self.catalog.clone(),
        }
    }
}

/// The tenant's counters at the time of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
struct Epochs {
    #[diesel(sql_type = BigInt)]
    access_epoch: i64,
    #[diesel(sql_type = BigInt)]
    catalog_epoch: i64,
}

struct Kept {
    checked: Instant,
    doubted: bool,
    identity: Arc<Identity>,
}

/// The identities that this process knows.
#[derive(Default)]
pub struct Identities {
    kept: RwLock<HashMap<Name, Kept>>,
    /// Raised by whatever makes known identities doubtful.
    doubts: AtomicU64,
    /// When keys and applications were last used, until it is written down.
    pub uses: Uses,
}

impl Identities {
    /// Who this is, where keys and applications may come from. Notes that one was used.
    pub fn resolve(
        &self,
        engine: &Engine,
        conn: &mut PgConnection,
        credential: &Credential,
        place: &Place,
    ) -> Result<Arc<Identity>> {
        let identity = self.look_up(engine, conn, credential, place)?;
        if let Some(delegate) = &identity.delegate {
            if !delegate.admits(place) {
                return Err(Error::refused(Code::Forbidden, &["network"]));
            }
            self.uses.note(identity.tenant, delegate, place);
        }
        Ok(identity)
    }

    /// Who this is. Asks the database only where what is known may be out of date, or was true at another place.
    fn look_up(
        &self,
        engine: &Engine,
        conn: &mut PgConnection,
        credential: &Credential,
        place: &Place,
    ) -> Result<Arc<Identity>> {
        let name = credential.name();
        let doubts = self.doubts.load(Ordering::Acquire);
        let known = self.known(&name).filter(|(_, identity)| identity.standing.lasts(place));
        if let Some((true, identity)) = known {
            return Ok(identity);
        }
        let proof = match credential {
            Credential::Session { tenant, user, session } => session_proof(conn, *tenant, *user, *session)?,
            Credential::ViewAs { tenant, user, session, subject } => {
                session_proof(conn, *tenant, *user, *session)?.map(|proof| Proof { view_as: Some(*subject), ..proof })
            }
            Credential::Key(text) => api_key::proof(conn, text)?,
            Credential::Token(text) => oauth::tokens::proof(conn, text)?,
        };
        let Some(proof) = proof else {
            self.forget(&name);
            return Err(Error::refused(Code::TokenExpired, &[]));
        };
        let epochs = epochs(conn, proof.tenant)?;
        let identity = match known {
            Some((_, identity)) if identity.epochs == epochs && identity.still_in(conn)? => identity,
            _ => Arc::new(load(engine, conn, &proof, epochs, place)?),
        };
        self.keep(name, identity.clone(), doubts);
        Ok(identity)
    }

    /// The identity and whether it may be trusted unasked.
    fn known(&self, name: &Name) -> Option<(bool, Arc<Identity>)> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).map(|k| (!k.doubted && k.checked.elapsed() < TRUST, k.identity.clone()))
    }

    /// Unless something has changed since it was looked up.
    fn keep(&self, name: Name, identity: Arc<Identity>, doubts: u64) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if self.doubts.load(Ordering::Acquire) != doubts {
            return;
        }
        if kept.len() >= KEPT_MAX {
            kept.retain(|_, k| k.checked.elapsed() < TRUST);
        }
        kept.insert(name, Kept { checked: Instant::now(), doubted: false, identity });
    }

    fn forget(&self, name: &Name) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Ask again whether what is known of this tenant's people holds: somebody was let into a record.
    pub fn doubt(&self, tenant: Uuid) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.doubts.fetch_add(1, Ordering::AcqRel);
        for known in kept.values_mut().filter(|k| k.identity.tenant == tenant) {
            known.doubted = true;
        }
    }

    /// Ask again about everyone of this tenant: something about people, rights or objects has changed.
    pub fn expire(&self, tenant: Uuid) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.doubts.fetch_add(1, Ordering::AcqRel);
        kept.retain(|_, k| k.identity.tenant != tenant);
    }
}

/// A credential found good, and for whom.
pub struct Proof {
    pub tenant: Uuid,
    pub user: Option<Uuid>,
    pub session: Option<Uuid>,
    pub key: Option<Delegate>,
    /// With whose eyes the user looks.
    pub view_as: Option<Uuid>,
}

fn session_proof(conn: &mut PgConnection, tenant: Uuid, user: Uuid, session: Uuid) -> Result<Option<Proof>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        user_id: Uuid,
    }
    let row = diesel::sql_query(
        "SELECT s.user_id FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
         JOIN tenants t ON t.id = s.tenant_id \
         WHERE s.tenant_id = $1 AND s.id = $2 AND s.user_id = $3 AND s.revoked_at IS NULL AND s.expires_at > now() \
         AND u.status = 'active' AND u.deleted_at IS NULL AND t.status = 'active'",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(session)
    .bind::<SqlUuid, _>(user)
    .get_result::<Row>(conn)
    .optional()?;
    Ok(row.map(|r| Proof { tenant, user: Some(r.user_id), session: Some(session), key: None, view_as: None }))
}

fn epochs(conn: &mut PgConnection, tenant: Uuid) -> Result<Epochs> {
    Ok(diesel::sql_query("SELECT access_epoch, catalog_epoch FROM tenants WHERE id = $1")
        .bind::<SqlUuid, _>(tenant)
        .get_result(conn)?)
}

fn load(engine: &Engine, conn: &mut PgConnection, proof: &Proof, epochs: Epochs, place: &Place) -> Result<Identity> {
    if let (Some(subject), Some(viewer)) = (proof.view_as, proof.user) {
        return view(engine, conn, proof, epochs, (subject, viewer), place);
    }
    let catalog = engine.catalog(conn, proof.tenant)?;
    let rights = match &proof.key {
        Some(key) => delegation::rights(conn, proof.tenant, proof.user, key, &catalog, place)?,
        None => delegation::own_rights(conn, proof.tenant, proof.user, &catalog, place)?,
    };
    let delegation::Rights { person, access, standing } = rights;
    Ok(Identity {
        tenant: proof.tenant,
        session: proof.session,
        key: proof.key.as_ref().map(|k| k.id),
        delegate: proof.key.clone().map(Arc::new),
        viewer: None,
        lang: person.as_ref().and_then(|p| p.locale.as_deref()).map_or(Lang::Zh, Lang::negotiate),
        offset_minutes: offset(person.as_ref().and_then(|p| p.time_zone.as_deref())),
        access: Arc::new(access),
        catalog,
        standing,
        person,
        epochs,
    })
}

/// The person whom an administrator looks as: what that one can read, wherever they are, but for their inbox, and nothing
/// else. The right to
/// do so is asked for anew whenever rights have changed.
fn view(
    engine: &Engine,
    conn: &mut PgConnection,
    proof: &Proof,
    epochs: Epochs,
    (subject, viewer): (Uuid, Uuid),
    place: &Place,
) -> Result<Identity> {
    let own = Proof { tenant: proof.tenant, user: proof.user, session: proof.session, key: None, view_as: None };
    let administrator = load(engine, conn, &own, epochs, place)?;
    if !administrator.access.may("user", Action::Configure) {
        return Err(Error::refused(Code::Forbidden, &["view_as"]));
    }
    let person = access::person(conn, proof.tenant, subject, None)?.ok_or_else(Error::not_found)?;
    let mut rights = person.rights(conn, proof.tenant, &administrator.catalog)?;
    for granted in rights.grants.values_mut() {
        granted.actions.retain(|action, _| *action == Action::Read);
    }
    // What somebody is told is for them alone.
    rights.grants.insert(notify::INBOX.to_owned(), ObjectGrants::default());
    Ok(Identity {
        access: Arc::new(rights),
        offset_minutes: offset(person.time_zone.as_deref()),
        viewer: Some(viewer),
        // The words are for who reads them.
        lang: administrator.lang,
        standing: Standing::default(),
        person: Some(person),
        ..administrator
    })
}

/// Minutes east of UTC at this moment.
fn offset(time_zone: Option<&str>) -> i32 {
    Utc::now().with_timezone(&access::zone(time_zone)).offset().fix().local_minus_utc() / 60
}

/// The access of any user of the tenant, to explain it.
pub fn access_of(
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Uuid,
    catalog: &Catalog,
) -> Result<Option<(Person, Access)>> {
    let Some(person) = access::person(conn, tenant, user, None)? else { return Ok(None) };
    let access = person.rights(conn, tenant, catalog)?;
    Ok(Some((person, access)))
}

/// Says to every process that people or rights have changed.
pub fn bump_access(conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
    diesel::sql_query("UPDATE tenants SET access_epoch = access_epoch + 1 WHERE id = $1")
        .bind::<SqlUuid, _>(tenant)
        .execute(conn)?;
    tell(conn, tenant)
}

/// Says to every process that the tenant's objects or fields have changed.
pub fn bump_catalog(conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
    diesel::sql_query("UPDATE tenants SET catalog_epoch = catalog_epoch + 1 WHERE id = $1")
        .bind::<SqlUuid, _>(tenant)
        .execute(conn)?;
    tell(conn, tenant)
}

/// Lets every process ask again about the people of this tenant, once the transaction at hand is committed.
pub fn tell(conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
    diesel::sql_query("SELECT pg_notify($1, $2)")
        .bind::<Text, _>(CHANNEL)
        .bind::<Text, _>(tenant.to_string())
        .execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_the_zone() {
        assert_eq!(offset(Some("Asia/Shanghai")), 480);
        assert_eq!(offset(Some("UTC")), 0);
        assert_eq!(offset(Some("nonsense")), 480);
        assert_eq!(offset(None), 480);
    }
}
