//! One's own identities elsewhere: linked from the profile, and parted from it again.

use super::arrive;
use super::flow;
use super::settings::{self, Button, ProviderOf};
use crate::people::door::Door;
use crate::people::factors::Standing;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_connect::oidc::Proved;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_meta::problem::Code;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// Who somebody is elsewhere.
#[derive(Clone, Debug, Serialize, QueryableByName)]
pub struct Identity {
    /// The provider or the directory.
    #[diesel(sql_type = SqlUuid)]
    pub source: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    /// `identity_provider` or `directory`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// As the provider names them.
    #[diesel(sql_type = Text)]
    pub subject: String,
    #[diesel(sql_type = Timestamptz)]
    pub linked_at: chrono::DateTime<chrono::Utc>,
}

/// One's identities, and where one may have another.
#[derive(Clone, Debug, Serialize)]
pub struct Identities {
    pub data: Vec<Identity>,
    pub available: Vec<Button>,
}

pub fn list(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Identities> {
    let data: Vec<Identity> = diesel::sql_query(
        "SELECT i.source_id AS source, coalesce(p.name, d.name)::text AS name, \
         CASE WHEN p.id IS NULL THEN 'directory' ELSE 'identity_provider' END AS kind, i.subject, i.linked_at \
         FROM outside_identities i \
         LEFT JOIN identity_providers p ON p.tenant_id = i.tenant_id AND p.id = i.source_id AND p.deleted_at IS NULL \
         LEFT JOIN directories d ON d.tenant_id = i.tenant_id AND d.id = i.source_id AND d.deleted_at IS NULL \
         WHERE i.tenant_id = $1 AND i.user_id = $2 AND coalesce(p.id, d.id) IS NOT NULL ORDER BY i.linked_at",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?;
    let mut available = settings::buttons(conn, tenant)?;
    available.retain(|button| data.iter().all(|one| one.source != button.id));
    Ok(Identities { data, available })
}

/// Links what the provider has proved with this user, who began it signed in; or says why not: `email_domain`, `taken`
/// where it is somebody else's, `another` where they have one there already, `inactive`.
pub fn link(
    engine: &Engine,
    conn: &mut PgConnection,
    (tenant, user): (Uuid, Uuid),
    of: &ProviderOf,
    proved: &Proved,
    door: &Door,
) -> Result<std::result::Result<(), &'static str>> {
    #[derive(QueryableByName)]
    struct Known {
        #[diesel(sql_type = Bool)]
        active: bool,
        #[diesel(sql_type = Bool)]
        mine: bool,
        #[diesel(sql_type = Bool)]
        taken: bool,
        #[diesel(sql_type = Bool)]
        another: bool,
    }
    let arrival = flow::arrival(of, proved);
    if !arrive::domain_fits(&of.rules, &arrival) {
        return Ok(Err("email_domain"));
    }
    let scribe = arrive::scribe(engine, conn, tenant, &door.origin, &door.request_id)?;
    let scribe = Caller { user: Some(user), channel: door.channel, ..scribe };
    conn.transaction(|conn| {
        let known: Known = diesel::sql_query(
            "SELECT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1 AND id = $2 AND status = 'active' \
               AND deleted_at IS NULL) AS active, \
             EXISTS (SELECT 1 FROM outside_identities WHERE tenant_id = $1 AND realm = $3 AND subject = $4 \
               AND user_id = $2) AS mine, \
             EXISTS (SELECT 1 FROM outside_identities WHERE tenant_id = $1 AND realm = $3 AND subject = $4 \
               AND user_id <> $2) AS taken, \
             EXISTS (SELECT 1 FROM outside_identities WHERE tenant_id = $1 AND realm = $3 AND user_id = $2) AS another",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .bind::<Text, _>(&arrival.realm)
        .bind::<Text, _>(&arrival.subject)
        .get_result(conn)?;
        match known {
            Known { active: false, .. } => return Ok(Err("inactive")),
            Known { mine: true, .. } => return Ok(Ok(())),
            Known { taken: true, .. } => return Ok(Err("taken")),
            Known { another: true, .. } => return Ok(Err("another")),
            _ => {}
        }
        arrive::link(conn, tenant, &of.rules, &arrival, user)?;
        let detail =
            json!({"source": of.rules.name, "source_id": of.rules.source, "subject": arrival.subject, "by": "profile"});
        Note::by(&scribe, Event::IdentityLinked).on("user", Some(user)).with(detail).write(conn, tenant)?;
        Ok(Ok(()))
    })
}

/// Parts the caller from who they are at a provider. Not from a directory, which would be linked again, and not from the
/// only way in.
pub fn unlink(conn: &mut PgConnection, caller: &Caller, user: Uuid, source: Uuid) -> Result<()> {
    conn.transaction(|conn| {
        let all = list(conn, caller.tenant, user)?.data;
        let one = all.iter().find(|one| one.source == source).ok_or_else(Error::not_found)?;
        let standing = Standing::of(conn, caller.tenant, user)?;
        let other_way = standing.password || standing.passkeys > 0 || all.len() > 1;
        if one.kind == "directory" || !other_way {
            return Err(Error::refused(Code::NotPossible, &["identity"]));
        }
        diesel::sql_query("DELETE FROM outside_identities WHERE tenant_id = $1 AND user_id = $2 AND source_id = $3")
            .bind::<SqlUuid, _>(caller.tenant)
            .bind::<SqlUuid, _>(user)
            .bind::<SqlUuid, _>(source)
            .execute(conn)?;
        let detail = json!({"source": one.name, "source_id": source, "subject": one.subject});
        Note::by(caller, Event::IdentityUnlinked).on("user", Some(user)).with(detail).write(conn, caller.tenant)
    })
}
