//! API keys: a machine's way in, as a person or as a service, never with more rights than its maker has.

use super::delegation::{self, Delegate, ObjectReach, Way};
use super::identity::{self, Proof};
use super::limits::Place;
use super::{access, digest, same};
use crate::names;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Bool, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::access::Bounds;
use kezhan_engine::access::grants::within;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Caller, Error, Result};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use rand::Rng;
use rand::distr::Alphanumeric;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Every key begins with this.
pub const PREFIX: &str = "kz_";

/// Longest time for which the former text of a rotated key stays good.
pub const OVERLAP_HOURS_MAX: i32 = 24 * 30;
const NETWORKS_MAX: usize = 50;

/// What a key is asked to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    pub name: String,
    /// Acts for no person, only with its role.
    #[serde(default)]
    pub service: bool,
    /// The role it acts with, within what the person may do; the person's own rights where it is left out.
    pub role: Option<Uuid>,
    /// The objects it may touch; all of its role's where it is left out.
    pub objects: Option<Vec<String>>,
    /// Object → the only fields of it that it may see, write and ask by.
    pub fields: Option<BTreeMap<String, BTreeSet<String>>>,
    /// The only actions that it may do.
    pub actions: Option<Vec<Action>>,
    /// The networks it may come from.
    pub networks: Option<Vec<String>>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Wish {
    fn bounds(&self) -> Bounds {
        Bounds::of(self.objects.as_deref(), self.actions.as_deref(), self.fields.clone().unwrap_or_default())
    }

    fn delegate(&self) -> Delegate {
        Delegate { id: Uuid::nil(), way: Way::Key, role: self.role, bounds: self.bounds(), networks: Vec::new() }
    }

    fn words(&self) -> Option<Vec<&'static str>> {
        self.actions.as_ref().map(|all| all.iter().map(|a| a.key()).collect())
    }
}

/// A key as it may be shown: never the secret.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct ApiKey {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The beginning of the key, to tell it by.
    #[diesel(sql_type = Text)]
    pub prefix: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub user: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub user_name: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub role: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub role_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    #[serde(skip)]
    role_name_en: Option<String>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub objects: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub fields: Option<Value>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub actions: Option<Vec<String>>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub networks: Option<Vec<String>>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub expires_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_used_ip: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the former text is good as well.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub previous_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub previous_used_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// As the reader calls its role.
    fn read_by(mut self, caller: &Caller) -> ApiKey {
        self.role_name = self.role_name.map(|name| names::read(caller.lang, &name, self.role_name_en.as_deref()));
        self
    }
}

const COLUMNS: &str = "k.id, k.name, k.prefix, k.user_id AS \"user\", \
    (SELECT u.name::text FROM users u WHERE u.tenant_id = k.tenant_id AND u.id = k.user_id) AS user_name, \
    k.role_id AS role, (SELECT r.name::text FROM roles r WHERE r.tenant_id = k.tenant_id AND r.id = k.role_id) AS role_name, \
    (SELECT r.name_en FROM roles r WHERE r.tenant_id = k.tenant_id AND r.id = k.role_id) AS role_name_en, \
    k.objects, k.fields, k.actions, k.networks, k.created_at, k.expires_at, k.last_used_at, k.last_used_ip, k.rotated_at, \
    CASE WHEN k.previous_until > now() THEN k.previous_until END AS previous_until, k.previous_used_at, k.revoked_at";

fn random(n: usize) -> String {
    (&mut rand::rng()).sample_iter(Alphanumeric).take(n).map(char::from).collect()
}

/// Keys are made, widened and prolonged by people: one that could do it would outlive its revocation.
fn by_a_person(caller: &Caller) -> Result<()> {
    match caller.access.delegated {
        true => Err(Error::refused(Code::Forbidden, &["API key"])),
        false => Ok(()),
    }
}

fn everyones(caller: &Caller) -> bool {
    !caller.access.delegated && caller.access.may("user", Action::Configure)
}

/// Makes a key: what is kept of it, and its text, which nobody will see again.
pub fn create(conn: &mut PgConnection, caller: &Caller, wish: &Wish) -> Result<(ApiKey, String)> {
    by_a_person(caller)?;
    check(conn, caller, wish, None)?;
    let prefix = format!("{PREFIX}{}", random(10));
    let text = format!("{prefix}_{}", random(40));
    let key = diesel::sql_query(format!(
        "INSERT INTO api_keys AS k (tenant_id, id, name, prefix, key_hash, user_id, role_id, objects, fields, actions, \
         networks, expires_at, created_by_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<Text, _>(wish.name.trim())
    .bind::<Text, _>(&prefix)
    .bind::<Binary, _>(digest(text.as_bytes()))
    .bind::<Nullable<SqlUuid>, _>(caller.user.filter(|_| !wish.service))
    .bind::<Nullable<SqlUuid>, _>(wish.role)
    .bind::<Nullable<Array<Text>>, _>(wish.objects.as_ref())
    .bind::<Nullable<Jsonb>, _>(wish.fields.as_ref().map(|f| json!(f)))
    .bind::<Nullable<Array<Text>>, _>(wish.words())
    .bind::<Nullable<Array<Text>>, _>(wish.networks.as_ref())
    .bind::<Nullable<Timestamptz>, _>(wish.expires_at)
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .get_result::<ApiKey>(conn)?;
    note(conn, caller, Event::KeyMade, &key)?;
    Ok((key, text))
}

fn note(conn: &mut PgConnection, caller: &Caller, event: Event, key: &ApiKey) -> Result<()> {
    let detail = json!({ "name": key.name, "prefix": key.prefix, "role": key.role, "objects": key.objects,
        "fields": key.fields, "actions": key.actions, "networks": key.networks, "service": key.user.is_none(),
        "expires_at": key.expires_at, "previous_until": key.previous_until });
    Note::by(caller, event).on("user", key.user).with(detail).write(conn, caller.tenant)
}

/// What is wrong with it. `of` is whom the key acts for, where it is there already.
fn check(conn: &mut PgConnection, caller: &Caller, wish: &Wish, of: Option<&ApiKey>) -> Result<()> {
    let mut faults = Vec::new();
    let catalog = &caller.catalog;
    match wish.name.trim().chars().count() {
        0 => faults.push(Violation::new("name", Code::Required)),
        n if n > 100 => faults.push(Violation::new("name", Code::TooLong).with(100)),
        _ => {}
    }
    let prolonged = of.is_none_or(|key| key.expires_at != wish.expires_at);
    if prolonged && wish.expires_at.is_some_and(|at| at <= Utc::now()) {
        faults.push(Violation::new("expires_at", Code::TooSmall).with(Utc::now().to_rfc3339()));
    }
    for object in wish.objects.iter().flatten().filter(|o| catalog.get(o).is_none()) {
        faults.push(Violation::new("objects", Code::NotAnOption).with(object));
    }
    if wish.objects.as_ref().is_some_and(|o| o.is_empty() || o.len() > 200) {
        faults.push(Violation::new("objects", Code::TooShort).with(1));
    }
    if wish.actions.as_ref().is_some_and(Vec::is_empty) {
        faults.push(Violation::new("actions", Code::TooShort).with(1));
    }
    for (name, fields) in wish.fields.iter().flatten() {
        let Some(object) = catalog.get(name) else {
            faults.push(Violation::new("fields", Code::NotAnOption).with(name));
            continue;
        };
        if let Some(unknown) = fields.iter().find(|f| object.field(f).is_none_or(|f| f.secret)) {
            faults.push(Violation::new("fields", Code::NotAnOption).with(format!("{name}.{unknown}")));
        }
    }
    for text in wish.networks.iter().flatten().filter(|n| delegation::network(n).is_none()) {
        faults.push(Violation::new("networks", Code::BadNetwork).with(text));
    }
    if wish.networks.as_ref().is_some_and(|n| n.is_empty() || n.len() > NETWORKS_MAX) {
        faults.push(Violation::new("networks", Code::TooLong).with(NETWORKS_MAX));
    }
    if wish.service && wish.role.is_none() {
        faults.push(Violation::new("role", Code::Required));
    }
    if wish.service && !caller.access.may("user", Action::Configure) {
        return Err(Error::refused(Code::Forbidden, &["service API key"]));
    }
    if let Some(role) = wish.role {
        match access::role(conn, caller.tenant, role)? {
            None => faults.push(Violation::new("role", Code::NoSuchRecord)),
            Some(role) => {
                let given = role.get("grants").map(access::parse_grants).unwrap_or_default();
                let narrow = wish.bounds().narrow(&given, catalog);
                let own = wish.bounds().narrow(&caller.access.grants, catalog);
                if !caller.access.is_unrestricted() && !within(&narrow, &own) {
                    return Err(Error::refused(Code::Forbidden, &["role"]));
                }
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// What a key like this could reach, or the key `of` with these bounds; nothing is made.
pub fn preview(conn: &mut PgConnection, caller: &Caller, wish: &Wish, of: Option<Uuid>) -> Result<Vec<ObjectReach>> {
    by_a_person(caller)?;
    let of = match of {
        Some(id) => Some(select(conn, caller, Some(id))?.pop().ok_or_else(Error::not_found)?),
        None => None,
    };
    let named = Wish { name: "–".to_owned(), ..wish.clone() };
    check(conn, caller, &named, of.as_ref())?;
    let user = of.map_or_else(|| caller.user.filter(|_| !wish.service), |key| key.user);
    reach(conn, caller, user, &wish.delegate())
}

fn reach(
    conn: &mut PgConnection,
    caller: &Caller,
    user: Option<Uuid>,
    delegate: &Delegate,
) -> Result<Vec<ObjectReach>> {
    let rights = delegation::rights(conn, caller.tenant, user, delegate, &caller.catalog, &Place::Anywhere)?;
    Ok(delegation::reach(&rights.access, &caller.catalog))
}

/// The caller's keys; everyone's for those who configure users. A key knows of itself alone.
pub fn list(conn: &mut PgConnection, caller: &Caller) -> Result<Vec<ApiKey>> {
    select(conn, caller, None)
}

fn select(conn: &mut PgConnection, caller: &Caller, id: Option<Uuid>) -> Result<Vec<ApiKey>> {
    let itself = caller.origin.via.filter(|_| caller.access.delegated);
    let found: Vec<ApiKey> = diesel::sql_query(format!(
        "SELECT {COLUMNS} FROM api_keys k WHERE k.tenant_id = $1 AND ($4 IS NULL OR k.id = $4) \
         AND ($2 OR k.id = $5 OR ($5 IS NULL AND k.user_id = $3)) ORDER BY k.created_at DESC, k.id LIMIT 500"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<Bool, _>(everyones(caller))
    .bind::<Nullable<SqlUuid>, _>(caller.user)
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<Nullable<SqlUuid>, _>(itself)
    .load(conn)?;
    Ok(found.into_iter().map(|key| key.read_by(caller)).collect())
}

/// One key, and what it reaches now.
pub fn find(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<(ApiKey, Vec<ObjectReach>)> {
    let key = select(conn, caller, Some(id))?.pop().ok_or_else(Error::not_found)?;
    let reach = reach(conn, caller, key.user, &wish_of(&key)?.delegate())?;
    Ok((key, reach))
}

/// What would make a key like this one.
fn wish_of(key: &ApiKey) -> Result<Wish> {
    let told = json!({ "name": key.name, "service": key.user.is_none(), "role": key.role, "objects": key.objects,
        "fields": key.fields, "actions": key.actions, "networks": key.networks, "expires_at": key.expires_at });
    serde_json::from_value(told).map_err(|e| Error::Internal(e.to_string()))
}

/// Changes name or bounds; what is left out stays, what is null is no bound any more. It holds from the next request.
pub fn change(conn: &mut PgConnection, caller: &Caller, id: Uuid, change: &Map<String, Value>) -> Result<ApiKey> {
    const CHANGEABLE: [&str; 7] = ["name", "role", "objects", "fields", "actions", "networks", "expires_at"];
    by_a_person(caller)?;
    if let Some(unknown) = change.keys().find(|key| !CHANGEABLE.contains(&key.as_str())) {
        return Err(Error::invalid(unknown, Code::UnknownKey));
    }
    let before = select(conn, caller, Some(id))?.pop().ok_or_else(Error::not_found)?;
    if before.revoked_at.is_some() {
        return Err(Error::refused(Code::NotPossible, &["revoked"]));
    }
    let mut told = serde_json::to_value(wish_of(&before)?).map_err(|e| Error::Internal(e.to_string()))?;
    if let Some(map) = told.as_object_mut() {
        map.extend(change.clone());
    }
    let wish: Wish = serde_json::from_value(told).map_err(|e| Error::refused(Code::BadRequest, &[&e.to_string()]))?;
    check(conn, caller, &wish, Some(&before))?;
    let key = diesel::sql_query(format!(
        "UPDATE api_keys k SET name = $3, role_id = $4, objects = $5, fields = $6, actions = $7, networks = $8, \
         expires_at = $9 WHERE k.tenant_id = $1 AND k.id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(wish.name.trim())
    .bind::<Nullable<SqlUuid>, _>(wish.role)
    .bind::<Nullable<Array<Text>>, _>(wish.objects.as_ref())
    .bind::<Nullable<Jsonb>, _>(wish.fields.as_ref().map(|f| json!(f)))
    .bind::<Nullable<Array<Text>>, _>(wish.words())
    .bind::<Nullable<Array<Text>>, _>(wish.networks.as_ref())
    .bind::<Nullable<Timestamptz>, _>(wish.expires_at)
    .get_result::<ApiKey>(conn)?;
    note(conn, caller, Event::KeyChanged, &key)?;
    // What is known of its bearer no longer holds.
    identity::bump_access(conn, caller.tenant)?;
    Ok(key)
}

/// Gives the key another text; the former one stays good for some hours, so that nothing stands still meanwhile. A
/// text from before that is good no longer.
pub fn rotate(conn: &mut PgConnection, caller: &Caller, id: Uuid, overlap_hours: i32) -> Result<(ApiKey, String)> {
    by_a_person(caller)?;
    if !(0..=OVERLAP_HOURS_MAX).contains(&overlap_hours) {
        return Err(Error::Invalid(vec![Violation::new("overlap_hours", Code::TooBig).with(OVERLAP_HOURS_MAX)]));
    }
    let before = select(conn, caller, Some(id))?.pop().ok_or_else(Error::not_found)?;
    if before.revoked_at.is_some() {
        return Err(Error::refused(Code::NotPossible, &["revoked"]));
    }
    let text = format!("{}_{}", before.prefix, random(40));
    let key = diesel::sql_query(format!(
        "UPDATE api_keys k SET previous_hash = k.key_hash, previous_until = now() + make_interval(hours => $4), \
         previous_used_at = NULL, rotated_at = now(), key_hash = $3 WHERE k.tenant_id = $1 AND k.id = $2 RETURNING {COLUMNS}"
    ))
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Binary, _>(digest(text.as_bytes()))
    .bind::<diesel::sql_types::Integer, _>(overlap_hours)
    .get_result::<ApiKey>(conn)?;
    note(conn, caller, Event::KeyRotated, &key)?;
    identity::bump_access(conn, caller.tenant)?;
    Ok((key, text))
}

/// Ends a key for good.
pub fn revoke(conn: &mut PgConnection, caller: &Caller, id: Uuid) -> Result<()> {
    let known = select(conn, caller, Some(id))?.pop().ok_or_else(Error::not_found)?;
    diesel::sql_query(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()), previous_until = NULL \
         WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .execute(conn)?;
    if known.revoked_at.is_none() {
        note(conn, caller, Event::KeyRevoked, &known)?;
    }
    identity::tell(conn, caller.tenant)
}

/// Is this text a key in force?
pub(super) fn proof(conn: &mut PgConnection, text: &str) -> Result<Option<Proof>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        tenant_id: Uuid,
        #[diesel(sql_type = Binary)]
        key_hash: Vec<u8>,
        #[diesel(sql_type = Nullable<Binary>)]
        former: Option<Vec<u8>>,
        #[diesel(embed)]
        key: ApiKey,
    }
    let Some((prefix, _)) = text.rsplit_once('_') else { return Ok(None) };
    let rows = diesel::sql_query(format!(
        "SELECT k.tenant_id, k.key_hash, CASE WHEN k.previous_until > now() THEN k.previous_hash END AS former, {COLUMNS} \
         FROM api_keys k JOIN tenants t ON t.id = k.tenant_id \
         LEFT JOIN users u ON u.tenant_id = k.tenant_id AND u.id = k.user_id \
         WHERE k.prefix = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) \
         AND t.status = 'active' AND (k.user_id IS NULL OR (u.status = 'active' AND u.deleted_at IS NULL))",
    ))
    .bind::<Text, _>(prefix)
    .load::<Row>(conn)?;
    let hash = digest(text.as_bytes());
    let way = |row: &Row| match (same(&row.key_hash, &hash), &row.former) {
        (true, _) => Some(Way::Key),
        (false, Some(former)) if same(former, &hash) => Some(Way::FormerKey),
        _ => None,
    };
    let Some((way, row)) = rows.into_iter().find_map(|row| Some((way(&row)?, row))) else { return Ok(None) };
    // Bounds that cannot be read let nothing through.
    let wish = wish_of(&row.key)?;
    let networks: Vec<_> = wish.networks.iter().flatten().filter_map(|n| delegation::network(n)).collect();
    if wish.networks.as_ref().is_some_and(|told| told.len() != networks.len()) {
        return Ok(None);
    }
    let key = Delegate { id: row.key.id, way, networks, ..wish.delegate() };
    Ok(Some(Proof { tenant: row.tenant_id, user: row.key.user, session: None, key: Some(key), view_as: None }))
}
