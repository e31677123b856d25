//! Sign-ins that are under way at a provider: each is good for ten minutes, for the browser that began it, and once.

use super::arrive::{self, Arrival, Departments, texts};
use super::settings::ProviderOf;
use crate::people::door::{Door, Guest};
use crate::people::{digest, random_bytes, same};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text, Uuid as SqlUuid};
use kezhan_connect::oidc::{Begun, Proved};
use kezhan_engine::audit::Event;
use kezhan_engine::{Engine, Result};
use serde_json::{Value, json};
use uuid::Uuid;

pub const MINUTES: i64 = 10;

/// What the provider gives back, and the browser: together they find the sign-in again.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub tenant: Uuid,
    id: Uuid,
    secret: [u8; 32],
    /// For the cookie.
    pub browser: String,
}

impl Ticket {
    pub fn new(tenant: Uuid) -> Ticket {
        Ticket { tenant, id: Uuid::now_v7(), secret: random_bytes(), browser: crate::people::random_token() }
    }

    /// The `state` of the request.
    pub fn state(&self) -> String {
        let bytes = [self.tenant.as_bytes().as_slice(), self.id.as_bytes(), &self.secret].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub fn read(state: &str, browser: &str) -> Option<Ticket> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(state).ok()?.try_into().ok()?;
        let (ids, secret) = bytes.split_at(32);
        let (tenant, id) = ids.split_at(16);
        Some(Ticket {
            tenant: Uuid::from_slice(tenant).ok()?,
            id: Uuid::from_slice(id).ok()?,
            secret: secret.try_into().ok()?,
            browser: browser.to_owned(),
        })
    }
}

/// What the way to the provider is for.
#[derive(Clone, Debug)]
pub enum Aim {
    /// To come in, and go on to this path.
    Enter(String),
    /// To link an identity with this user.
    Link(Uuid),
}

/// A sign-in that has come back.
#[derive(Clone, Debug, QueryableByName)]
pub struct Pending {
    #[diesel(sql_type = SqlUuid)]
    pub provider_id: Uuid,
    #[diesel(sql_type = Text)]
    pub nonce: String,
    #[diesel(sql_type = Text)]
    pub verifier: String,
    #[diesel(sql_type = Text)]
    pub redirect: String,
    #[diesel(sql_type = Text)]
    pub return_to: String,
    /// Whoever links an identity with their profile.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub user_id: Option<Uuid>,
    #[diesel(sql_type = Binary)]
    state_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    browser_hash: Vec<u8>,
}

/// Keeps what has to fit when the browser comes back.
pub fn keep(
    conn: &mut PgConnection,
    ticket: &Ticket,
    provider: Uuid,
    begun: &Begun,
    redirect: &str,
    aim: &Aim,
) -> Result<()> {
    let (return_to, user) = match aim {
        Aim::Enter(path) => (path.as_str(), None),
        Aim::Link(user) => ("/", Some(*user)),
    };
    diesel::sql_query("DELETE FROM outside_sign_ins WHERE expires_at < now()").execute(conn)?;
    diesel::sql_query(
        "INSERT INTO outside_sign_ins (tenant_id, id, provider_id, state_hash, browser_hash, nonce, verifier, redirect, \
         return_to, user_id, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(mins => $11))",
    )
    .bind::<SqlUuid, _>(ticket.tenant)
    .bind::<SqlUuid, _>(ticket.id)
    .bind::<SqlUuid, _>(provider)
    .bind::<Binary, _>(digest(&ticket.secret))
    .bind::<Binary, _>(digest(ticket.browser.as_bytes()))
    .bind::<Text, _>(&begun.nonce)
    .bind::<Text, _>(&begun.verifier)
    .bind::<Text, _>(redirect)
    .bind::<Text, _>(return_to)
    .bind::<Nullable<SqlUuid>, _>(user)
    .bind::<diesel::sql_types::Integer, _>(i32::try_from(MINUTES).unwrap_or(10))
    .execute(conn)?;
    Ok(())
}

/// Takes the sign-in that the ticket is for. It is gone then, whether the rest of the ticket fits or not.
pub fn take(conn: &mut PgConnection, ticket: &Ticket) -> Result<Option<Pending>> {
    let row: Option<Pending> = diesel::sql_query(
        "DELETE FROM outside_sign_ins WHERE tenant_id = $1 AND id = $2 AND expires_at > now() \
         RETURNING provider_id, nonce, verifier, redirect, return_to, user_id, state_hash, browser_hash",
    )
    .bind::<SqlUuid, _>(ticket.tenant)
    .bind::<SqlUuid, _>(ticket.id)
    .get_result(conn)
    .optional()?;
    Ok(row.filter(|row| {
        same(&row.state_hash, &digest(&ticket.secret)) && same(&row.browser_hash, &digest(ticket.browser.as_bytes()))
    }))
}

/// What the claims say, as this provider's mapping reads them.
pub(super) fn arrival(of: &ProviderOf, proved: &Proved) -> Arrival {
    let claim = |name: &str| texts(proved.claims.get(name)).into_iter().next();
    let optional = |name: &Option<String>| name.as_deref().and_then(claim);
    let email = claim(&of.email_claim).filter(|e| e.contains('@') && e.chars().count() <= 200);
    Arrival {
        realm: proved.issuer.clone(),
        subject: proved.subject.clone(),
        login: claim("preferred_username").filter(|login| !login.contains('@')),
        name: claim(&of.name_claim),
        // The word of the standard covers the standard's claim, and whatever else the address was taken from.
        email_proved: email.is_some() && proved.claims.get("email_verified") == Some(&Value::Bool(true)),
        email,
        mobile: optional(&of.mobile_claim),
        departments: of.department_claim.as_deref().map(|n| texts(proved.claims.get(n))).unwrap_or_default(),
        groups: of
            .groups_claim
            .as_deref()
            .map(|n| texts(proved.claims.get(n)))
            .unwrap_or_default()
            .into_iter()
            .collect(),
    }
}

/// Who it is here; whoever cannot be let in is in the audit trail with the reason, and refused.
pub fn settle(
    engine: &Engine,
    conn: &mut PgConnection,
    tenant: Uuid,
    of: &ProviderOf,
    proved: &Proved,
    door: &Door,
) -> Result<std::result::Result<Uuid, &'static str>> {
    let arrival = arrival(of, proved);
    let departments = Departments::of(conn, tenant)?;
    let decision = arrive::decide(conn, tenant, &of.rules, &departments, &arrival)?;
    let scribe = arrive::scribe(engine, conn, tenant, &door.origin, &door.request_id)?;
    let settled = arrive::carry_out(engine, conn, &scribe, &of.rules, &arrival, &decision)?;
    if let Err(why) = settled {
        refuse(conn, tenant, of, decision.user, why, door)?;
    }
    Ok(settled)
}

/// Notes in the trail why somebody did not get in.
pub fn refuse(
    conn: &mut PgConnection,
    tenant: Uuid,
    of: &ProviderOf,
    user: Option<Uuid>,
    why: &str,
    door: &Door,
) -> Result<()> {
    let mut guest = Guest { tenant, user, ..Guest::default() };
    guest.detail.insert("provider".into(), json!(of.rules.name));
    guest.detail.insert("reason".into(), json!(why));
    door.note(conn, Event::SignInFailed, guest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_survives_the_trip() {
        let ticket = Ticket::new(Uuid::now_v7());
        let back = Ticket::read(&ticket.state(), &ticket.browser).unwrap();
        assert_eq!((back.tenant, back.id, back.secret), (ticket.tenant, ticket.id, ticket.secret));
        assert!(Ticket::read("x", "").is_none() && Ticket::read("", "").is_none());
    }
}
