//! One's own sessions, sign-ins and second factor, and what the company asks of everybody.

use super::client::{ApiError, Call};
use super::sign_in::{Offer, codes_of};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Device {
    pub browser: Option<String>,
    pub system: Option<String>,
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Session {
    pub id: String,
    pub device: Device,
    pub ip: Option<String>,
    pub created_at: String,
    pub last_used_at: String,
    pub current: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SignIn {
    pub at: String,
    pub action: String,
    pub device: Device,
    pub ip: Option<String>,
}

#[derive(Deserialize)]
struct All<T> {
    data: Vec<T>,
}

pub async fn sessions() -> Result<Vec<Session>, ApiError> {
    Call::get("/auth/sessions").json().await.map(|all: All<Session>| all.data)
}

/// One session, or all but this one.
pub async fn end(id: Option<&str>) -> Result<(), ApiError> {
    let path = id.map_or_else(|| "/auth/sessions".to_owned(), |id| format!("/auth/sessions/{id}"));
    Call::delete(&path).send().await.map(|_| ())
}

pub async fn sign_ins() -> Result<Vec<SignIn>, ApiError> {
    Call::get("/auth/sign_ins?limit=50").json().await.map(|all: All<SignIn>| all.data)
}

/// What one has beside one's password.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Standing {
    pub totp_since: Option<String>,
    pub recovery_codes: i64,
    pub passkeys: i64,
    pub password: bool,
    pub required: bool,
}

/// Nothing where the person has thought better of it.
pub type Done<T> = Result<Option<T>, ApiError>;

/// Whose second factor it is: of somebody in a company, or of an administrator of the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    Own,
    Host,
}

impl Account {
    fn path(self, rest: &str) -> String {
        let base = if self == Account::Host { "/host" } else { "/auth" };
        format!("{base}/second_factor{rest}")
    }

    /// There is nothing to refresh a session of the installation with.
    fn call(self, call: Call) -> Call {
        if self == Account::Host { call.without_refresh() } else { call }
    }

    fn post(self, rest: &str, body: &Value) -> Call {
        self.call(Call::post(&self.path(rest)).body(body))
    }

    pub async fn standing(self) -> Result<Standing, ApiError> {
        let found: Standing = self.call(Call::get(&self.path(""))).json().await?;
        // Every administrator has one.
        let password = found.password || self == Account::Host;
        Ok(Standing { password, ..found })
    }

    /// `proof`: `{password}` or `{code}`.
    pub async fn begin_totp(self, proof: &Value) -> Result<Offer, ApiError> {
        self.post("/totp", proof).json().await.map(|answer: Map<String, Value>| answer.into())
    }

    /// Answers recovery codes where there were none.
    pub async fn confirm_totp(self, code: &str) -> Result<Vec<String>, ApiError> {
        let call = self.post("/totp/confirm", &json!({ "code": code }));
        call.json().await.map(|answer: Map<String, Value>| codes_of(&answer))
    }

    pub async fn remove_totp(self, proof: &Value) -> Result<(), ApiError> {
        self.post("/totp/remove", proof).send().await.map(|_| ())
    }

    pub async fn renew_codes(self, proof: &Value) -> Result<Vec<String>, ApiError> {
        self.post("/recovery_codes", proof).json().await.map(|answer: Map<String, Value>| codes_of(&answer))
    }
}

/// Who one is elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Identity {
    pub source: String,
    pub name: String,
    pub kind: String,
    pub subject: String,
    pub linked_at: String,
}

/// A provider that one may connect.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Connectable {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Identities {
    pub data: Vec<Identity>,
    pub available: Vec<Connectable>,
}

pub async fn identities() -> Result<Identities, ApiError> {
    Call::get("/auth/identities").json().await
}

/// Where to go on.
pub async fn connect(provider: &str, proof: &Value) -> Result<String, ApiError> {
    let mut body = proof.clone();
    body["provider"] = provider.into();
    let answer: Map<String, Value> = Call::post("/auth/identities").body(&body).json().await?;
    Ok(answer.get("url").and_then(Value::as_str).unwrap_or_default().to_owned())
}

pub async fn disconnect(source: &str) -> Result<(), ApiError> {
    Call::delete(&format!("/auth/identities/{source}")).send().await.map(|_| ())
}

/// What the company asks of everybody who signs in; its fields are those of the API.
pub async fn policy() -> Result<Map<String, Value>, ApiError> {
    Call::get("/security_policy").json().await
}

pub async fn put_policy(policy: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    Call::put("/security_policy").body(policy).json().await
}

/// What a policy would do: how many people, by what they would have to do.
pub async fn policy_effect(policy: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    Call::post("/security_policy/effect").body(policy).json().await
}
