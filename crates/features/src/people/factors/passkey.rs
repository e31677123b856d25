//! Passkeys (WebAuthn): keys that stay on a person's device and sign what they are shown, at our address and at no other.
//! The device asks for a finger, a face or a PIN each time, so that one is two factors by itself.

use crate::people::admit::{Proven, Way};
use crate::people::digest;
use crate::people::door::{Door, Guest};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::Event;
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

/// How long a device may take, in seconds.
const SECONDS: i32 = 300;
/// Most passkeys of one person.
const COUNT_MAX: i64 = 20;
const NAME_MAX: usize = 60;

/// The address that people reach us at: keys are made for it, and good nowhere else.
#[derive(Clone, Debug)]
pub struct Site(Webauthn);

impl Site {
    /// `origin`: `https://crm.example.com`. Devices know names, not numbers: an IP address will not do.
    pub fn at(origin: &str) -> Result<Site> {
        let refused = || Error::refused(Code::NotPossible, &["passkey"]);
        let url = Url::parse(origin).map_err(|_| refused())?;
        let host = url.domain().ok_or_else(refused)?.to_owned();
        let site = WebauthnBuilder::new(&host, &url).and_then(|builder| builder.rp_name("Kezhan CRM").build());
        site.map(Site).map_err(|_| refused())
    }
}

/// What a device is asked to sign.
#[derive(Clone, Debug, Serialize)]
pub struct Ceremony {
    /// Names it in the answer.
    pub ceremony: Uuid,
    /// As WebAuthn wants them, binary values in base64url.
    pub options: Value,
}

/// What a device has signed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    pub ceremony: Uuid,
    /// The credential as `toJSON()` gives it.
    pub credential: Value,
}

/// Where a passkey is shown.
#[derive(Clone, Debug)]
pub struct Place {
    pub site: Site,
    /// The secret that the browser holds.
    pub device: String,
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Kept {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub last_used_at: Option<DateTime<Utc>>,
}

fn bad() -> Error {
    Error::invalid("passkey", Code::BadPasskey)
}

fn internal(e: impl std::fmt::Display) -> Error {
    Error::Internal(format!("passkey: {e}"))
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|_| bad())
}

pub fn list(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Vec<Kept>> {
    Ok(diesel::sql_query(
        "SELECT id, name, created_at, last_used_at FROM passkeys WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?)
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Jsonb)]
    credential: Value,
}

impl Stored {
    fn key(&self) -> Result<Passkey> {
        serde_json::from_value(self.credential.clone()).map_err(internal)
    }
}

fn of_user(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Vec<Stored>> {
    Ok(diesel::sql_query(
        "SELECT tenant_id, user_id, id, credential FROM passkeys WHERE tenant_id = $1 AND user_id = $2",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?)
}

/// Keeps what a device was asked, on our side only.
fn begin<S: Serialize>(
    conn: &mut PgConnection,
    (tenant, user): (Uuid, Uuid),
    purpose: &str,
    place: &Place,
    (options, state): (Value, &S),
) -> Result<Ceremony> {
    let ceremony = Uuid::new_v4();
    diesel::sql_query(
        "INSERT INTO passkey_ceremonies (tenant_id, id, user_id, purpose, device_hash, state, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(ceremony)
    .bind::<SqlUuid, _>(user)
    .bind::<Text, _>(purpose)
    .bind::<Binary, _>(digest(place.device.as_bytes()))
    .bind::<Jsonb, _>(serde_json::to_value(state).map_err(internal)?)
    .bind::<Integer, _>(SECONDS)
    .execute(conn)?;
    Ok(Ceremony { ceremony, options })
}

/// What this ceremony was about; it is over with this, however the answer turns out.
fn take<S: DeserializeOwned>(
    conn: &mut PgConnection,
    (tenant, user): (Uuid, Uuid),
    purpose: &str,
    place: &Place,
    ceremony: Uuid,
) -> Result<S> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Jsonb)]
        state: Value,
    }
    let row = diesel::sql_query(
        "DELETE FROM passkey_ceremonies WHERE tenant_id = $1 AND id = $2 AND user_id = $3 AND purpose = $4 \
         AND device_hash = $5 AND expires_at > now() RETURNING state",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(ceremony)
    .bind::<SqlUuid, _>(user)
    .bind::<Text, _>(purpose)
    .bind::<Binary, _>(digest(place.device.as_bytes()))
    .get_result::<Row>(conn)
    .optional()?
    .ok_or_else(bad)?;
    serde_json::from_value(row.state).map_err(internal)
}

fn name_of(name: &str) -> Result<&str> {
    match name.trim() {
        "" => Err(Error::invalid("name", Code::Required)),
        name if name.chars().count() > NAME_MAX => {
            Err(Error::Invalid(vec![kezhan_meta::Violation::new("name", Code::TooLong).with(NAME_MAX)]))
        }
        name => Ok(name),
    }
}

#[derive(QueryableByName)]
struct Names {
    #[diesel(sql_type = Text)]
    username: String,
    #[diesel(sql_type = Text)]
    name: String,
}

/// Asks the device for a new key.
pub fn begin_registration(conn: &mut PgConnection, tenant: Uuid, user: Uuid, place: &Place) -> Result<Ceremony> {
    let names: Names = diesel::sql_query(
        "SELECT coalesce(username, name)::text AS username, name FROM users WHERE tenant_id = $1 AND id = $2",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .get_result(conn)?;
    let known = of_user(conn, tenant, user)?;
    if known.len() as i64 >= COUNT_MAX {
        return Err(Error::Invalid(vec![kezhan_meta::Violation::new("passkey", Code::TooBig).with(COUNT_MAX)]));
    }
    let keys = known.iter().map(Stored::key).collect::<Result<Vec<Passkey>>>()?;
    let known = keys.iter().map(|key| key.cred_id().clone()).collect();
    let (options, state) =
        place.site.0.start_passkey_registration(user, &names.username, &names.name, Some(known)).map_err(internal)?;
    let mut options = serde_json::to_value(options).map_err(internal)?["publicKey"].take();
    // One that the device finds by itself, so that it is a way in without a name.
    options["authenticatorSelection"]["residentKey"] = json!("required");
    options["authenticatorSelection"]["requireResidentKey"] = json!(true);
    begin(conn, (tenant, user), "register", place, (options, &state))
}

/// Keeps the new key under a name.
pub fn register(
    conn: &mut PgConnection,
    tenant: Uuid,
    user: Uuid,
    name: &str,
    signed: Signed,
    place: &Place,
) -> Result<Kept> {
    let name = name_of(name)?;
    let state: PasskeyRegistration = take(conn, (tenant, user), "register", place, signed.ceremony)?;
    let credential: RegisterPublicKeyCredential = read(signed.credential)?;
    let key = place.site.0.finish_passkey_registration(&credential, &state).map_err(|_| bad())?;
    let kept = diesel::sql_query(
        "INSERT INTO passkeys (tenant_id, id, user_id, name, credential_id, credential) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (tenant_id, credential_id) DO NOTHING RETURNING id, name, created_at, last_used_at",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<SqlUuid, _>(user)
    .bind::<Text, _>(name)
    .bind::<Binary, _>(key.cred_id().as_slice())
    .bind::<Jsonb, _>(serde_json::to_value(&key).map_err(internal)?)
    .get_result::<Kept>(conn)
    .optional()?;
    kept.ok_or_else(bad)
}

/// Asks any device here for a key of ours: a sign-in without a name.
pub fn begin_sign_in(conn: &mut PgConnection, place: &Place) -> Result<Ceremony> {
    let (options, state) = place.site.0.start_discoverable_authentication().map_err(internal)?;
    let options = serde_json::to_value(options).map_err(internal)?["publicKey"].take();
    begin(conn, (Uuid::nil(), Uuid::nil()), "sign_in", place, (options, &state))
}

/// Whose key it is. A key of ours that does not fit is in the trail of whose it is.
pub fn sign_in(conn: &mut PgConnection, signed: Signed, place: &Place, door: &Door) -> Result<Proven> {
    let state: DiscoverableAuthentication = take(conn, (Uuid::nil(), Uuid::nil()), "sign_in", place, signed.ceremony)?;
    let credential: PublicKeyCredential = read(signed.credential)?;
    let (user, id) = place.site.0.identify_discoverable_authentication(&credential).map_err(|_| bad())?;
    let stored = diesel::sql_query(
        "SELECT tenant_id, user_id, id, credential FROM passkeys WHERE credential_id = $1 AND user_id = $2",
    )
    .bind::<Binary, _>(id)
    .bind::<SqlUuid, _>(user)
    .get_result::<Stored>(conn)
    .optional()?
    .ok_or_else(bad)?;
    let key = DiscoverableKey::from(&stored.key()?);
    let Ok(result) = place.site.0.finish_discoverable_authentication_v2(&credential, state, &key) else {
        let mut guest = Guest { tenant: stored.tenant_id, user: Some(stored.user_id), ..Guest::default() };
        guest.detail.insert("way".into(), Way::Passkey.key().into());
        door.note(conn, Event::SignInFailed, guest)?;
        return Err(bad());
    };
    used(conn, &stored, &result)?;
    Ok(Proven::nameless(stored.tenant_id, stored.user_id, Way::Passkey, true))
}

/// Asks this user's devices for one of their keys.
pub fn begin_factor(conn: &mut PgConnection, tenant: Uuid, user: Uuid, place: &Place) -> Result<Ceremony> {
    let known = of_user(conn, tenant, user)?;
    let keys = known.iter().map(Stored::key).collect::<Result<Vec<Passkey>>>()?;
    if keys.is_empty() {
        return Err(Error::refused(Code::NotPossible, &["passkey"]));
    }
    let (options, state) = place.site.0.start_passkey_authentication(&keys).map_err(internal)?;
    let options = serde_json::to_value(options).map_err(internal)?["publicKey"].take();
    begin(conn, (tenant, user), "factor", place, (options, &state))
}

/// Is it one of this user's keys?
pub fn verify(conn: &mut PgConnection, tenant: Uuid, user: Uuid, signed: &Signed, place: &Place) -> Result<bool> {
    let Ok(state) = take::<PasskeyAuthentication>(conn, (tenant, user), "factor", place, signed.ceremony) else {
        return Ok(false);
    };
    let Ok(credential) = read::<PublicKeyCredential>(signed.credential.clone()) else { return Ok(false) };
    let Ok(result) = place.site.0.finish_passkey_authentication(&credential, &state) else { return Ok(false) };
    let known = of_user(conn, tenant, user)?;
    let id = result.cred_id();
    let found = known.iter().find(|stored| stored.key().is_ok_and(|key| key.cred_id() == id));
    let Some(stored) = found else { return Ok(false) };
    used(conn, stored, &result)?;
    Ok(true)
}

/// Keeps the counter by which a copied key gives itself away.
fn used(conn: &mut PgConnection, stored: &Stored, result: &webauthn_rs::prelude::AuthenticationResult) -> Result<()> {
    let mut key = stored.key()?;
    key.update_credential(result);
    diesel::sql_query("UPDATE passkeys SET last_used_at = now(), credential = $3 WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(stored.tenant_id)
        .bind::<SqlUuid, _>(stored.id)
        .bind::<Jsonb, _>(serde_json::to_value(&key).map_err(internal)?)
        .execute(conn)?;
    Ok(())
}

pub fn rename(conn: &mut PgConnection, tenant: Uuid, user: Uuid, id: Uuid, name: &str) -> Result<Kept> {
    let name = name_of(name)?;
    diesel::sql_query(
        "UPDATE passkeys SET name = $4 WHERE tenant_id = $1 AND user_id = $2 AND id = $3 \
         RETURNING id, name, created_at, last_used_at",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .bind::<SqlUuid, _>(id)
    .bind::<Text, _>(name)
    .get_result(conn)
    .optional()?
    .ok_or_else(Error::not_found)
}

pub fn remove(conn: &mut PgConnection, tenant: Uuid, user: Uuid, id: Uuid) -> Result<()> {
    let gone = diesel::sql_query("DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND id = $3")
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .bind::<SqlUuid, _>(id)
        .execute(conn)?;
    if gone == 0 { Err(Error::not_found()) } else { Ok(()) }
}

/// Drops what nobody answered.
pub fn sweep(conn: &mut PgConnection) -> Result<()> {
    diesel::sql_query("DELETE FROM passkey_ceremonies WHERE expires_at < now()").execute(conn)?;
    Ok(())
}
