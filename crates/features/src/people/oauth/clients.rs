//! Applications as they are registered, and how they prove to be themselves.

use super::{Refusal, scopes};
use crate::people::{access, digest, identity, random_token, same};
use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Bool, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::access::grants::within;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Caller, Draft, Error, Hooks, Result, Saved};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use serde_json::json;
use url::{Host, Url};
use uuid::Uuid;

/// Every secret begins with this.
pub const SECRET: &str = "kzs_";
/// How long the former secret is good after a new one was made, in hours.
const OVERLAP_HOURS: i32 = 24;
const ADDRESSES_MAX: usize = 20;

/// An application that is in force.
#[derive(Clone, Debug, QueryableByName)]
pub struct Client {
    #[diesel(sql_type = SqlUuid)]
    pub tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub description: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub website: Option<String>,
    #[diesel(sql_type = Bool)]
    pub confidential: bool,
    #[diesel(sql_type = Nullable<Text>)]
    redirect_uris: Option<String>,
    #[diesel(sql_type = Text)]
    scopes: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub role: Option<Uuid>,
    #[diesel(sql_type = Array<Binary>)]
    secrets: Vec<Vec<u8>>,
}

impl Client {
    pub fn find(conn: &mut PgConnection, id: &str) -> Result<Option<Client>> {
        let Ok(id) = Uuid::parse_str(id) else { return Ok(None) };
        Ok(diesel::sql_query(
            "SELECT c.tenant_id, c.id, c.name::text AS name, c.description, c.website, c.kind = 'confidential' AS confidential, \
             c.redirect_uris, c.scopes, c.role_id AS role, ARRAY(SELECT s.hash FROM oauth_client_secrets s \
               WHERE s.tenant_id = c.tenant_id AND s.client_id = c.id AND (s.expires_at IS NULL OR s.expires_at > now())) AS secrets \
             FROM oauth_clients c JOIN tenants t ON t.id = c.tenant_id \
             WHERE c.id = $1 AND c.active AND c.deleted_at IS NULL AND t.status = 'active'",
        )
        .bind::<SqlUuid, _>(id)
        .get_result(conn)
        .optional()?)
    }

    /// The most that it may be let do.
    pub fn scopes(&self) -> Vec<String> {
        scopes::list(&self.scopes)
    }

    /// Is this one of its addresses, letter by letter? Of a loopback address the port is the application's to choose
    /// (RFC 8252, section 7.3).
    pub fn redirects_to(&self, uri: &str) -> bool {
        let registered = || self.redirect_uris.iter().flat_map(|all| all.split_whitespace());
        registered().any(|known| known == uri) || {
            let portless = |text: &str| {
                let mut url = Url::parse(text).ok().filter(is_loopback)?;
                // Written in another way, it is another address.
                let plain = url.as_str() == text || url.as_str().trim_end_matches('/') == text;
                url.set_port(None).ok()?;
                plain.then(|| url.to_string())
            };
            portless(uri).is_some_and(|uri| registered().any(|known| portless(known).is_some_and(|k| k == uri)))
        }
    }

    fn has_secret(&self, secret: &str) -> bool {
        let given = digest(secret.as_bytes());
        self.secrets.iter().fold(false, |found, known| found | same(known, &given))
    }
}

/// `http://127.0.0.1:…` or `http://[::1]:…`; not by name, which may lead elsewhere.
fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http"
        && match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            _ => false,
        }
}

/// May people be sent here? Over TLS, to their own machine, or into an application of theirs by a scheme that is named
/// after a domain (RFC 8252, section 7.1).
fn is_fit(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let bare = url.fragment().is_none() && url.username().is_empty() && url.password().is_none() && !text.contains('*');
    let fit = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(&url),
        scheme => scheme.contains('.'),
    };
    bare && fit && text.len() <= 500
}

/// Proves an application: a confidential one by its secret, a public one by nothing but its name.
pub fn authenticate(
    conn: &mut PgConnection,
    id: Option<&str>,
    secret: Option<&str>,
) -> Result<std::result::Result<Client, Refusal>> {
    let refused = || Ok(Err(Refusal::new("invalid_client", "unknown client, or wrong credentials")));
    let Some(id) = id else { return refused() };
    let Some(client) = Client::find(conn, id)? else { return refused() };
    match (client.confidential, secret) {
        (true, Some(secret)) if client.has_secret(secret) => Ok(Ok(client)),
        (false, None) => Ok(Ok(client)),
        _ => refused(),
    }
}

/// Makes a secret, which is shown this once. The former one stays good for a day, unless it is to end at once.
pub fn new_secret(conn: &mut PgConnection, caller: &Caller, id: Uuid, at_once: bool) -> Result<String> {
    guard(caller)?;
    let known = Client::find(conn, &id.to_string())?.filter(|c| c.tenant_id == caller.tenant);
    let client = known.ok_or_else(Error::not_found)?;
    if !client.confidential {
        return Err(Error::refused(Code::NotPossible, &["public"]));
    }
    let secret = format!("{SECRET}{}", random_token());
    diesel::sql_query(
        "UPDATE oauth_client_secrets SET expires_at = least(coalesce(expires_at, 'infinity'), now() + make_interval(hours => $3)) \
         WHERE tenant_id = $1 AND client_id = $2",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<diesel::sql_types::Integer, _>(if at_once { 0 } else { OVERLAP_HOURS })
    .execute(conn)?;
    diesel::sql_query("INSERT INTO oauth_client_secrets (tenant_id, id, client_id, hash) VALUES ($1, $2, $3, $4)")
        .bind::<SqlUuid, _>(caller.tenant)
        .bind::<SqlUuid, _>(Uuid::now_v7())
        .bind::<SqlUuid, _>(id)
        .bind::<Binary, _>(digest(secret.as_bytes()))
        .execute(conn)?;
    let note = Note::by(caller, Event::ClientSecretMade).on("oauth_client", Some(id));
    note.with(json!({ "name": client.name })).write(conn, caller.tenant)?;
    Ok(secret)
}

/// Those who configure users let applications in; no application does.
fn guard(caller: &Caller) -> Result<()> {
    match caller.access.may("user", Action::Configure) && !caller.access.delegated {
        true => Ok(()),
        false => Err(Error::refused(Code::Forbidden, &["oauth_client"])),
    }
}

pub struct Clients;

impl Hooks for Clients {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        guard(draft.caller)?;
        let mut faults = Vec::new();
        let told = scopes::list(draft.text("scopes").unwrap_or_default());
        draft.set("scopes", told.join(" "));
        if told.is_empty() {
            faults.push(Violation::new("scopes", Code::Required));
        }
        if told.len() > scopes::MAX {
            faults.push(Violation::new("scopes", Code::TooLong).with(scopes::MAX));
        }
        if let Some(unknown) = scopes::unknown(&told, &draft.caller.catalog) {
            faults.push(Violation::new("scopes", Code::NotAnOption).with(unknown));
        }
        let addresses: Vec<String> =
            draft.text("redirect_uris").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        for unfit in addresses.iter().filter(|a| !is_fit(a)) {
            faults.push(Violation::new("redirect_uris", Code::BadRedirect).with(unfit));
        }
        if addresses.len() > ADDRESSES_MAX {
            faults.push(Violation::new("redirect_uris", Code::TooLong).with(ADDRESSES_MAX));
        }
        if !addresses.is_empty() {
            draft.set("redirect_uris", addresses.join("\n"));
        }
        let role = draft.text("role").and_then(|id| Uuid::parse_str(id).ok());
        if role.is_none() && addresses.is_empty() {
            faults.push(Violation::new("redirect_uris", Code::Required));
        }
        if let Some(role) = role {
            // Whoever cannot keep a secret cannot prove to be the service.
            if draft.text("kind") != Some("confidential") {
                faults.push(Violation::new("kind", Code::NotPossible).with("role"));
            }
            match access::role(draft.conn, draft.caller.tenant, role)? {
                None => faults.push(Violation::new("role", Code::NoSuchRecord)),
                Some(role) => {
                    let given = role.get("grants").map(access::parse_grants).unwrap_or_default();
                    let bounds = scopes::bounds(&told);
                    let narrow = bounds.narrow(&given, &draft.caller.catalog);
                    let own = bounds.narrow(&draft.caller.access.grants, &draft.caller.catalog);
                    if !draft.caller.access.is_unrestricted() && !within(&narrow, &own) {
                        return Err(Error::refused(Code::Forbidden, &["role"]));
                    }
                }
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        identity::bump_access(saved.conn, saved.caller.tenant)
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        guard(saved.caller)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(uris: &str) -> Client {
        Client {
            tenant_id: Uuid::nil(),
            id: Uuid::nil(),
            name: String::new(),
            description: None,
            website: None,
            confidential: false,
            redirect_uris: Some(uris.to_owned()),
            scopes: String::new(),
            role: None,
            secrets: Vec::new(),
        }
    }

    #[test]
    fn addresses_are_compared_letter_by_letter() {
        let app = client("https://app.example.com/back?x=1\nhttp://127.0.0.1/cb\ncom.example.app:/back");
        for ours in [
            "https://app.example.com/back?x=1",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:51004/cb",
            "com.example.app:/back",
        ] {
            assert!(app.redirects_to(ours), "{ours}");
        }
        for other in [
            "https://app.example.com/back",
            "https://app.example.com/back?x=1&y=2",
            "https://app.example.com/back?x=1#f",
            "https://app.example.com:444/back?x=1",
            "https://app.example.com/back/../back?x=1",
            "https://APP.example.com/back?x=1",
            "https://app.example.com.evil.com/back?x=1",
            "https://app.example.com@evil.com/back?x=1",
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004/other",
            "http://127.0.0.1:51004@evil.com/cb",
            "http://127.1:80/cb",
            "http://localhost:51004/cb",
            "https://127.0.0.1:51004/cb",
            "",
        ] {
            assert!(!app.redirects_to(other), "{other}");
        }
    }

    #[test]
    fn people_are_sent_to_safe_places_only() {
        for fit in ["https://a.example.com/cb", "http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"] {
            assert!(is_fit(fit), "{fit}");
        }
        for unfit in [
            "http://a.example.com/cb",
            "https://*.example.com/cb",
            "https://a.example.com/cb#x",
            "https://u:p@a.example.com/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "/cb",
            "http://localhost/cb",
        ] {
            assert!(!is_fit(unfit), "{unfit}");
        }
    }
}
