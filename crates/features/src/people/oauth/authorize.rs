//! The question whether an application may act for somebody, and the answer that goes back to it.

use super::clients::Client;
use super::{Refusal, grants, scopes, tokens};
use crate::people::delegation::{self, Delegate, ObjectReach, Way};
use crate::people::limits::Place;
use diesel::PgConnection;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Error, Result};
use kezhan_meta::problem::Code;
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use url::Url;
use uuid::Uuid;

/// Longest request, in characters.
const QUERY_MAX: usize = 8_000;

/// A request that is sound, and where its answer goes.
struct Request {
    client: Client,
    back: Back,
    scopes: Vec<String>,
    challenge: String,
}

/// The address that the answer goes to.
struct Back {
    uri: String,
    state: Option<String>,
    issuer: String,
}

impl Back {
    /// The address with the answer; `state` as it came, and who says so (RFC 9207).
    fn with(&self, told: &[(&str, &str)]) -> Result<String> {
        let mut url = Url::parse(&self.uri).map_err(|e| Error::Internal(e.to_string()))?;
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(told);
            if let Some(state) = &self.state {
                query.append_pair("state", state);
            }
            query.append_pair("iss", &self.issuer);
        }
        Ok(url.into())
    }

    fn refusing(&self, refusal: &Refusal) -> Result<String> {
        self.with(&[("error", refusal.error), ("error_description", &refusal.description)])
    }
}

enum Parsed {
    Sound(Box<Request>),
    /// Not sound, and the application is to hear of it.
    Refused(Back, Refusal),
}

/// What a person is asked.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    pub client: Option<About>,
    pub scopes: Vec<String>,
    /// What the application could do, of what the person can.
    pub reach: Vec<ObjectReach>,
    /// All of this was allowed before.
    pub known: bool,
    /// Where to go without asking: the request is at fault, or was allowed before by somebody whose application can
    /// prove to be itself.
    pub redirect_to: Option<String>,
}

/// An application, to those who are asked about it.
#[derive(Clone, Debug, Serialize)]
pub struct About {
    pub id: Uuid,
    pub name: String,
    pub description: Option<String>,
    pub website: Option<String>,
    /// Where the answer goes, so that one sees whom one lets in.
    pub redirect_host: String,
}

/// The parameters, none of them twice.
fn params(query: &str) -> Result<HashMap<String, String>> {
    let bad = |what: &str| Error::refused(Code::BadRequest, &[what]);
    if query.len() > QUERY_MAX {
        return Err(bad("query"));
    }
    let mut out = HashMap::new();
    for (key, value) in url::form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
        if out.insert(key.to_string(), value.to_string()).is_some() {
            return Err(bad(&format!("{key} is given twice")));
        }
    }
    Ok(out)
}

/// Until application and address are known to belong together, nothing is sent anywhere.
fn read(conn: &mut PgConnection, caller: &Caller, query: &str, issuer: &str) -> Result<Parsed> {
    let mut params = params(query)?;
    let mut take = |key: &str| params.remove(key).filter(|value| !value.is_empty());
    let unknown = || Error::refused(Code::UnknownClient, &[]);
    let client = Client::find(conn, &take("client_id").unwrap_or_default())?;
    let client = client.filter(|c| c.tenant_id == caller.tenant).ok_or_else(unknown)?;
    let uri = take("redirect_uri").filter(|uri| client.redirects_to(uri)).ok_or_else(unknown)?;
    let back = Back { uri, state: take("state"), issuer: issuer.to_owned() };
    let refused = |back, error, text: &str| Ok(Parsed::Refused(back, Refusal::new(error, text)));
    match take("response_type").as_deref() {
        Some("code") => {}
        None => return refused(back, "invalid_request", "response_type is missing"),
        Some(_) => return refused(back, "unsupported_response_type", "only response_type=code is supported"),
    }
    let challenge = match (take("code_challenge"), take("code_challenge_method").as_deref()) {
        (Some(challenge), Some("S256")) if tokens::is_challenge(&challenge) => challenge,
        (Some(_), Some("S256")) => return refused(back, "invalid_request", "code_challenge is no SHA-256 digest"),
        (Some(_), _) => return refused(back, "invalid_request", "code_challenge_method must be S256"),
        (None, _) => return refused(back, "invalid_request", "code_challenge is required"),
    };
    if take("request").is_some() || take("request_uri").is_some() {
        return refused(back, "request_not_supported", "requests are taken from the query only");
    }
    let allowed = client.scopes();
    let wanted = take("scope").map_or_else(|| allowed.clone(), |text| scopes::list(&text));
    if let Some(beyond) = wanted.iter().find(|scope| !scopes::covers(&allowed, scope)) {
        let text = format!("the scope {} is not open to this client", printable(beyond));
        return refused(back, "invalid_scope", &text);
    }
    Ok(Parsed::Sound(Box::new(Request { client, back, scopes: wanted, challenge })))
}

/// As far as RFC 6749 allows characters in a description.
fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() && !"\"\\".contains(*c)).take(100).collect()
}

fn person(caller: &Caller) -> Result<Uuid> {
    // Whoever acts for somebody cannot let others do so.
    let own = caller.user.filter(|_| !caller.access.delegated);
    own.ok_or_else(|| Error::refused(Code::Forbidden, &["oauth"]))
}

/// What this request asks the person.
pub fn question(conn: &mut PgConnection, caller: &Caller, query: &str, issuer: &str) -> Result<Question> {
    let user = person(caller)?;
    let request = match read(conn, caller, query, issuer)? {
        Parsed::Sound(request) => request,
        Parsed::Refused(back, refusal) => {
            let redirect_to = Some(back.refusing(&refusal)?);
            let nothing = Question { client: None, scopes: Vec::new(), reach: Vec::new(), known: false, redirect_to };
            return Ok(nothing);
        }
    };
    let Request { client, back, scopes: wanted, .. } = &*request;
    let before = grants::find(conn, client, Some(user))?;
    let known = before.is_some_and(|grant| wanted.iter().all(|scope| scopes::covers(&grant.scopes, scope)));
    let bounds = scopes::bounds(wanted);
    let delegate = Delegate { id: Uuid::nil(), way: Way::Application, role: None, bounds, networks: Vec::new() };
    let catalog = &caller.catalog;
    let rights = delegation::rights(conn, caller.tenant, Some(user), &delegate, catalog, &Place::Anywhere)?;
    let host = Url::parse(&back.uri).ok();
    let host = host.map(|u| u.host_str().map_or_else(|| format!("{}:", u.scheme()), str::to_owned));
    let about = About {
        id: client.id,
        name: client.name.clone(),
        description: client.description.clone(),
        website: client.website.clone(),
        redirect_host: host.unwrap_or_default(),
    };
    // Anybody can call themselves like an application without a secret, so that people are asked each time.
    let redirect_to = match known && client.confidential {
        true => Some(grant(conn, caller, user, &request)?),
        false => None,
    };
    let reach = delegation::reach(&rights.access, catalog);
    Ok(Question { client: Some(about), scopes: request.scopes, reach, known, redirect_to })
}

/// The person's answer, as an address to go to.
pub fn answer(conn: &mut PgConnection, caller: &Caller, query: &str, allow: bool, issuer: &str) -> Result<String> {
    let user = person(caller)?;
    match read(conn, caller, query, issuer)? {
        Parsed::Refused(back, refusal) => back.refusing(&refusal),
        Parsed::Sound(request) if !allow => request.back.refusing(&Refusal::new("access_denied", "the person said no")),
        Parsed::Sound(request) => {
            let note = Note::by(caller, Event::AppAllowed).on("user", Some(user));
            let detail = json!({ "client": request.client.id, "name": request.client.name, "scopes": request.scopes });
            note.with(detail).write(conn, caller.tenant)?;
            grant(conn, caller, user, &request)
        }
    }
}

fn grant(conn: &mut PgConnection, caller: &Caller, user: Uuid, request: &Request) -> Result<String> {
    let grant = grants::allow(conn, &request.client, Some(user), &request.scopes)?;
    let code = tokens::code(conn, caller.tenant, grant.id, &request.scopes, &request.back.uri, &request.challenge)?;
    request.back.with(&[("code", &code)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_comes_back_as_it_went() {
        let state = "a b&c=d/é?#\"<x>%20";
        let back = Back {
            uri: "https://a.example.com/cb?keep=1".into(),
            state: Some(state.into()),
            issuer: "https://crm.example.com".into(),
        };
        let url = Url::parse(&back.with(&[("code", "kzc_x")]).unwrap()).unwrap();
        let told: HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(told["state"], state);
        assert_eq!((told["keep"].as_str(), told["code"].as_str()), ("1", "kzc_x"));
        assert_eq!(told["iss"], "https://crm.example.com");
    }

    #[test]
    fn nothing_is_said_twice() {
        assert!(params("client_id=a&client_id=b").is_err());
        assert_eq!(params("?a=1&b=%20x").unwrap()["b"], " x");
    }
}
