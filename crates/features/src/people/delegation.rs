//! Rights that are held on somebody's behalf: by an API key, or by an application that was let in. They are those of the
//! bearer, of a role within these, and within the bounds that were set; worked out anew whenever rights change.

use super::access::{self, Person, Standing, Subject};
use super::limits::Place;
use diesel::PgConnection;
use ipnet::IpNet;
use kezhan_engine::access::{Bounds, FieldRule, Level, grants};
use kezhan_engine::{Access, Action, Result};
use kezhan_meta::Catalog;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use uuid::Uuid;

/// Which of the ways in was used, as far as that is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    Key,
    /// The text that a key had before it was rotated.
    FormerKey,
    Application,
}

/// Who holds rights on somebody's behalf, and what they are held to.
#[derive(Clone, Debug)]
pub struct Delegate {
    pub id: Uuid,
    pub way: Way,
    pub role: Option<Uuid>,
    pub bounds: Bounds,
    /// Only from these; from everywhere where there are none.
    pub networks: Vec<IpNet>,
}

impl Delegate {
    pub fn admits(&self, place: &Place) -> bool {
        let Place::At { address, .. } = place else { return true };
        // An IPv4 address is the same one when it comes through an IPv6 socket.
        let address = address.map(|a| a.to_canonical());
        self.networks.is_empty() || address.is_some_and(|a| self.networks.iter().any(|n| n.contains(&a)))
    }
}

/// `10.0.0.0/8`, or one address.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// What somebody may do, and who they are.
pub struct Rights {
    pub person: Option<Person>,
    pub access: Access,
    pub standing: Standing,
}

/// A person's own rights; none where there is none.
pub fn own_rights(
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Option<Uuid>,
    catalog: &Catalog,
    place: &Place,
) -> Result<Rights> {
    let person = match user {
        Some(user) => access::person(conn, tenant, user, None)?,
        None => None,
    };
    let subject = match &person {
        Some(person) => Subject::of(person),
        None => Subject { person: None, roles: &[] },
    };
    let (access, standing) = subject.rights(conn, tenant, catalog, place)?;
    Ok(Rights { person, access, standing })
}

/// What is left of them for whoever holds them on this person's behalf.
pub fn rights(
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Option<Uuid>,
    delegate: &Delegate,
    catalog: &Catalog,
    place: &Place,
) -> Result<Rights> {
    let mut own = own_rights(conn, tenant, user, catalog, place)?;
    if let Some(role) = delegate.role {
        let given = access::role(conn, tenant, role)?;
        let subject = Subject { person: own.person.as_ref(), roles: given.as_slice() };
        let (mut of_role, standing) = subject.rights(conn, tenant, catalog, place)?;
        // A person's key does no more than its role and no more than the person, whatever became of either since.
        if own.person.is_some() {
            of_role.grants = grants::common(&own.access.grants, &of_role.grants);
            of_role.keep_principals(&own.access.principals);
        }
        (own.access, own.standing) = (of_role, own.standing.and(standing));
    }
    own.access.grants = delegate.bounds.narrow(&own.access.grants, catalog);
    own.access.delegated = true;
    Ok(own)
}

/// What can be done with one object.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectReach {
    pub object: String,
    /// Action → data scope.
    pub actions: Map<String, Value>,
    /// The fields that can be seen at least in outline, where that is not all of them.
    pub fields: Option<Vec<String>>,
    /// The fields that can be written, where that is not all of them.
    pub writable: Option<Vec<String>>,
}

/// Everything that can be reached with these rights, object by object.
pub fn reach(access: &Access, catalog: &Catalog) -> Vec<ObjectReach> {
    let each = |object: &std::sync::Arc<kezhan_meta::ObjectMeta>| {
        let may = Action::ALL.into_iter().filter(|action| access.may(&object.name, *action));
        let actions: Map<String, Value> =
            may.map(|action| (action.key().to_owned(), json!(access.rules(&object.name, action)))).collect();
        if actions.is_empty() {
            return None;
        }
        let fields = || object.fields.iter().filter(|f| !f.secret);
        let at_least = |level: Level| {
            let all: Vec<&kezhan_meta::FieldMeta> = fields().collect();
            let fits = |rule: FieldRule| rule.most() >= level;
            let some: Vec<String> =
                all.iter().filter(|f| fits(access.field_rule(object, f))).map(|f| f.key.to_string()).collect();
            (some.len() < all.len()).then_some(some)
        };
        Some(ObjectReach {
            object: object.name.to_string(),
            actions,
            fields: at_least(Level::Masked),
            writable: at_least(Level::Write),
        })
    };
    catalog.objects().filter_map(each).collect()
}
