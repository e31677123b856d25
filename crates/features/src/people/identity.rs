//! From a token to a caller. What was worked out is kept for as long as nothing changed, so that an ordinary
//! request costs no statement of its own.

use super::access::{self, Person};
use super::api_key;
use chrono::{Offset, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Uuid as SqlUuid};
use kezhan_engine::access::grants;
use kezhan_engine::{Access, Caller, Channel, Engine, Error, Result};
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
    /// The text of an API key.
    Key(String),
}

/// What the cache finds an identity by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Session(Uuid, Uuid),
    /// The digest of the key: no secret stays in memory.
    Key(Vec<u8>),
}

impl Credential {
    fn name(&self) -> Name {
        match self {
            Credential::Session { tenant, session, .. } => Name::Session(*tenant, *session),
            Credential::Key(text) => Name::Key(super::digest(text.as_bytes())),
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
    pub key: Option<Uuid>,
    pub lang: Lang,
    pub offset_minutes: i32,
    pub access: Arc<Access>,
    pub catalog: Arc<Catalog>,
    epochs: Epochs,
}

impl Identity {
    /// Keeps one caller's idempotency keys and limits apart from another's.
    pub fn principal(&self) -> Uuid {
        self.key.or(self.person.as_ref().map(|p| p.id)).unwrap_or_default()
    }

    pub fn user(&self) -> Option<Uuid> {
        self.person.as_ref().map(|p| p.id)
    }

    pub fn caller(&self, channel: Channel, request_id: String, lang: Lang) -> Caller {
        Caller {
            tenant: self.tenant,
            user: self.user(),
            department: self.access.department,
            channel,
            request_id,
            lang,
            offset_minutes: self.offset_minutes,
            access: self.access.clone(),
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
    identity: Arc<Identity>,
}

/// The identities that this process knows.
#[derive(Default)]
pub struct Identities {
    kept: RwLock<HashMap<Name, Kept>>,
    /// Raised by whatever makes known identities doubtful.
    doubts: AtomicU64,
}

impl Identities {
    /// Who this is. Asks the database only where what is known may be out of date.
    pub fn resolve(&self, engine: &Engine, conn: &mut PgConnection, credential: &Credential) -> Result<Arc<Identity>> {
        let name = credential.name();
        let doubts = self.doubts.load(Ordering::Acquire);
        let known = self.known(&name);
        if let Some((true, identity)) = known {
            return Ok(identity);
        }
        let proof = match credential {
            Credential::Session { tenant, user, session } => session_proof(conn, *tenant, *user, *session)?,
            Credential::Key(text) => api_key::proof(conn, text)?,
        };
        let Some(proof) = proof else {
            self.forget(&name);
            return Err(Error::refused(Code::TokenExpired, &[]));
        };
        let epochs = epochs(conn, proof.tenant)?;
        let identity = match known {
            Some((_, identity)) if identity.epochs == epochs => identity,
            _ => Arc::new(load(engine, conn, &proof, epochs)?),
        };
        self.keep(name, identity.clone(), doubts);
        Ok(identity)
    }

    /// The identity and whether it may be trusted unasked.
    fn known(&self, name: &Name) -> Option<(bool, Arc<Identity>)> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(name).map(|k| (k.checked.elapsed() < TRUST, k.identity.clone()))
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
        kept.insert(name, Kept { checked: Instant::now(), identity });
    }

    fn forget(&self, name: &Name) {
        self.kept.write().unwrap_or_else(PoisonError::into_inner).remove(name);
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
    pub key: Option<api_key::Bounds>,
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
    Ok(row.map(|r| Proof { tenant, user: Some(r.user_id), session: Some(session), key: None }))
}

fn epochs(conn: &mut PgConnection, tenant: Uuid) -> Result<Epochs> {
    Ok(diesel::sql_query("SELECT access_epoch, catalog_epoch FROM tenants WHERE id = $1")
        .bind::<SqlUuid, _>(tenant)
        .get_result(conn)?)
}

fn load(engine: &Engine, conn: &mut PgConnection, proof: &Proof, epochs: Epochs) -> Result<Identity> {
    let role = proof.key.as_ref().and_then(|k| k.role);
    let person = match proof.user {
        Some(user) => access::person(conn, proof.tenant, user, role)?,
        None => None,
    };
    let mut rights = match (&person, role) {
        (Some(person), _) => person.access(),
        (None, Some(role)) => {
            let mut rights = Access::default();
            rights.principals = vec![role];
            rights.grants =
                access::role_grants(conn, proof.tenant, role)?.as_ref().map(access::parse_grants).unwrap_or_default();
            rights
        }
        (None, None) => Access::default(),
    };
    let catalog = engine.catalog(conn, proof.tenant)?;
    access::own(&mut rights, &catalog);
    if let Some(objects) = proof.key.as_ref().and_then(|k| k.objects.as_ref()) {
        rights.grants = grants::narrowed(&rights.grants, objects);
    }
    access::spread(conn, proof.tenant, &mut rights)?;
    Ok(Identity {
        tenant: proof.tenant,
        session: proof.session,
        key: proof.key.as_ref().map(|k| k.id),
        lang: person.as_ref().and_then(|p| p.locale.as_deref()).map_or(Lang::Zh, Lang::negotiate),
        offset_minutes: offset(person.as_ref().and_then(|p| p.time_zone.as_deref())),
        access: Arc::new(rights),
        catalog,
        person,
        epochs,
    })
}

/// Minutes east of UTC at this moment; China's where nothing else is known.
fn offset(time_zone: Option<&str>) -> i32 {
    let zone: chrono_tz::Tz = time_zone.and_then(|z| z.parse().ok()).unwrap_or(chrono_tz::Asia::Shanghai);
    Utc::now().with_timezone(&zone).offset().fix().local_minus_utc() / 60
}

/// The access of any user of the tenant, to explain it.
pub fn access_of(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Option<(Person, Access)>> {
    let Some(person) = access::person(conn, tenant, user, None)? else { return Ok(None) };
    let mut access = person.access();
    access::spread(conn, tenant, &mut access)?;
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
