//! One call, identified: what its handler works with, and what it answers.

use crate::db::Db;
use crate::extract::Who;
use crate::problem::ApiError;
use crate::server::State;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use diesel::{Connection, PgConnection};
use kezhan_engine::{Caller, Engine, Error, Result};
use kezhan_features::people::Identity;
use kezhan_features::people::limits::Place;
use kezhan_meta::{ObjectMeta, problem::Code};
use serde::Serialize;
use std::sync::Arc;

/// Objects whose records decide who may do what, and what there is.
const TELLING: &[&str] = &[
    "user",
    "role",
    "department",
    "sharing_rule",
    "oauth_client",
    "object_definition",
    "field_definition",
    "record_layout",
    "field_policy",
];

/// A caller with a connection.
pub struct Call<'a> {
    pub state: &'a State,
    pub conn: &'a mut PgConnection,
    pub caller: &'a Caller,
    pub identity: &'a Identity,
    /// Identities have to be looked up anew once this call is committed.
    pub rights_changed: bool,
    /// Somebody may have been let into a record.
    pub teams_changed: bool,
}

impl Call<'_> {
    pub fn engine(&self) -> &Engine {
        &self.state.engine
    }

    /// Everything in `work` happens or nothing does.
    pub fn transaction<T>(&mut self, work: impl FnOnce(&mut Call<'_>) -> Result<T>) -> Result<T> {
        let Call { state, caller, identity, .. } = *self;
        let mut changed = false;
        let result = self.conn.transaction(|conn| {
            let mut inner = Call { state, conn, caller, identity, rights_changed: false, teams_changed: false };
            let result = work(&mut inner);
            changed = inner.rights_changed;
            result
        });
        self.rights_changed |= changed;
        result
    }

    /// The object of this path segment, as this tenant knows it.
    pub fn object(&self, plural: &str) -> Result<Arc<ObjectMeta>> {
        self.caller.catalog.by_plural(plural).cloned().ok_or_else(Error::not_found)
    }

    /// To be called by whatever writes a record.
    pub fn note_write(&mut self, object: &ObjectMeta) {
        self.rights_changed |= TELLING.contains(&object.name.as_ref());
        self.teams_changed |= object.opens;
    }
}

/// Does `work` for this caller, away from the threads that serve HTTP.
pub async fn run<T, F>(state: web::Data<State>, who: Who, work: F) -> Result<T, ApiError>
where
    T: Send + 'static,
    F: FnOnce(&mut Call<'_>) -> Result<T> + Send + 'static,
{
    let db: Db = state.db.clone();
    db.run(move |conn| {
        let place = Place::now(who.origin.ip.as_deref().unwrap_or_default());
        let identity = state.identities.resolve(&state.engine, conn, &who.credential, &place)?;
        let lang = who.lang.unwrap_or(identity.lang);
        let caller = identity.caller(who.channel, who.origin, who.request_id, lang);
        let (state, identity) = (&state, &identity);
        let mut call = Call { state, conn, caller: &caller, identity, rights_changed: false, teams_changed: false };
        let result = work(&mut call);
        if call.rights_changed {
            state.identities.expire(identity.tenant);
        } else if call.teams_changed {
            state.identities.doubt(identity.tenant);
        }
        result.map_err(|error| ApiError { error, lang: Some(identity.lang) })
    })
    .await
}

/// A response before it is one: can be kept, repeated and put into another.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body that a repetition under the same `Idempotency-Key` gets, where this one holds a secret.
    pub kept: Option<Vec<u8>>,
}

impl Answer {
    pub fn ok(body: Vec<u8>) -> Answer {
        Answer { status: 200, body, ..Answer::default() }
    }

    pub fn json(status: u16, value: &impl Serialize) -> Result<Answer> {
        let body = serde_json::to_vec(value).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(Answer { status, body, ..Answer::default() })
    }

    pub fn empty(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn version(self, version: i64) -> Answer {
        self.with("etag", format!("\"{version}\""))
    }

    /// Was this done before, under the same key?
    pub fn is_replayed(&self) -> bool {
        self.header(crate::idempotency::REPLAYED).is_some()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

impl From<Answer> for HttpResponse {
    fn from(answer: Answer) -> HttpResponse {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        for (name, value) in answer.headers {
            response.insert_header((name, value));
        }
        if answer.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(answer.body)
    }
}

/// A JSON body of this shape, or a clear 400.
pub fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|e| {
        let code = if e.is_data() { Code::BadRequest } else { Code::MalformedJson };
        Error::refused(code, &[&e.to_string()])
    })
}
