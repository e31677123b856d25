//! Administrators of the installation, and their sign-in: apart from that of any company.

use super::trail::{self, Actor};
use super::{INSTALLATION, factors};
use crate::people::factors::Shown;
use crate::people::lock::Counts;
use crate::people::{digest, password, random_token};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::{Engine, Error, Result};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use serde_json::json;
use uuid::Uuid;

/// What a session's token begins with.
pub const PREFIX: &str = "kzh_";
/// Fewest characters of a password.
const LENGTH_MIN: usize = 12;
/// A working day.
const HOURS: i32 = 8;

/// A sign-in that has been looked up and not yet been decided.
pub struct Attempt {
    name: String,
    counts: Counts,
    known: Option<Known>,
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    password_hash: String,
}

/// A session that has just begun.
pub struct Begun {
    pub token: String,
    pub seconds: i64,
}

/// What became of a sign-in.
pub enum Settled {
    In(Begun),
    /// A second factor is missing; of these kinds there are some.
    Further(Vec<&'static str>),
}

/// Makes an administrator, or gives one another password; their sessions end.
pub fn put(conn: &mut PgConnection, actor: &Actor, username: &str, password: &str) -> Result<()> {
    let username = username.trim().to_lowercase();
    if !(1..=100).contains(&username.chars().count()) {
        return Err(Error::invalid("username", Code::Required));
    }
    // No company's policy holds here: as the standard for what opens much has it.
    match password.chars().count() {
        n if n < LENGTH_MIN => {
            return Err(Error::Invalid(vec![Violation::new("password", Code::TooShort).with(LENGTH_MIN)]));
        }
        n if n > password::LENGTH_MAX => {
            return Err(Error::Invalid(vec![Violation::new("password", Code::TooLong).with(password::LENGTH_MAX)]));
        }
        _ => {}
    }
    if password::guessable(password, &[&username]).is_some() {
        return Err(Error::invalid("password", Code::PasswordCommon));
    }
    let hash = password::hash(password)?;
    conn.transaction(|conn| {
        diesel::sql_query(
            "INSERT INTO host_administrators (id, username, password_hash) VALUES ($1, $2, $3) \
             ON CONFLICT (username) DO UPDATE SET password_hash = EXCLUDED.password_hash",
        )
        .bind::<SqlUuid, _>(Uuid::now_v7())
        .bind::<Text, _>(&username)
        .bind::<Text, _>(&hash)
        .execute(conn)?;
        diesel::sql_query(
            "DELETE FROM host_sessions s USING host_administrators a WHERE a.id = s.administrator_id AND a.username = $1",
        )
        .bind::<Text, _>(&username)
        .execute(conn)?;
        trail::note(conn, actor, "administrator_added", None, json!({ "username": username }))
    })
}

/// Finds out who wants in. Refused while the name is locked.
pub fn look_up(conn: &mut PgConnection, name: &str, address: &str) -> Result<Attempt> {
    let name = name.trim().to_lowercase();
    let counts = Counts::of(INSTALLATION, &name, address, None);
    counts.check(conn)?;
    let known = diesel::sql_query("SELECT id, password_hash FROM host_administrators WHERE username = $1")
        .bind::<Text, _>(&name)
        .get_result(conn)
        .optional()?;
    Ok(Attempt { name, counts, known })
}

impl Attempt {
    /// Slow on purpose: call it without holding a connection.
    pub fn verify(&self, typed: &str) -> bool {
        password::verify(typed, self.known.as_ref().map(|k| k.password_hash.as_str()))
    }

    /// Books the outcome, with the second factor that was shown besides. The outer result is to be committed whatever the
    /// inner one says.
    pub fn settle(
        self,
        engine: &Engine,
        conn: &mut PgConnection,
        fits: bool,
        shown: Option<&Shown>,
        ip: Option<String>,
    ) -> Result<Result<Settled>> {
        let actor = Actor { name: self.name.chars().take(100).collect(), ip };
        let Some(known) = self.known.filter(|_| fits) else {
            self.counts.fail(conn)?;
            trail::note(conn, &actor, "sign_in_failed", None, json!({}))?;
            return Ok(Err(Error::refused(Code::BadCredentials, &[])));
        };
        let kinds = factors::Standing::of(conn, known.id)?.kinds();
        let mut detail = json!({});
        if !kinds.is_empty() {
            let Some(shown) = shown else { return Ok(Ok(Settled::Further(kinds))) };
            detail = json!({ "factor": shown.field() });
            if !factors::verify(engine, conn, known.id, shown)? {
                self.counts.fail(conn)?;
                trail::note(conn, &actor, "sign_in_failed", None, detail)?;
                return Ok(Err(Error::invalid(shown.field(), Code::BadCode)));
            }
        }
        self.counts.forget(conn)?;
        let token = format!("{PREFIX}{}", random_token());
        diesel::sql_query(
            "INSERT INTO host_sessions (id, administrator_id, hash, ip, expires_at) \
             VALUES ($1, $2, $3, $4, now() + make_interval(hours => $5))",
        )
        .bind::<SqlUuid, _>(Uuid::now_v7())
        .bind::<SqlUuid, _>(known.id)
        .bind::<Binary, _>(digest(token.as_bytes()))
        .bind::<Nullable<Text>, _>(&actor.ip)
        .bind::<Integer, _>(HOURS)
        .execute(conn)?;
        diesel::sql_query("UPDATE host_administrators SET last_sign_in_at = now() WHERE id = $1")
            .bind::<SqlUuid, _>(known.id)
            .execute(conn)?;
        trail::note(conn, &actor, "sign_in", None, detail)?;
        Ok(Ok(Settled::In(Begun { token, seconds: i64::from(HOURS) * 3600 })))
    }

    /// That it is really the administrator, who is signed in already. A failure counts as one at the door does.
    pub fn prove(self, conn: &mut PgConnection, fits: bool) -> Result<Result<()>> {
        match fits {
            true => self.counts.forget(conn)?,
            false => self.counts.fail(conn)?,
        }
        Ok(if fits { Ok(()) } else { Err(Error::invalid("password", Code::BadCredentials)) })
    }
}

/// Someone who is signed in.
#[derive(Clone, Debug, QueryableByName)]
pub struct Administrator {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub username: String,
    #[diesel(sql_type = Timestamptz)]
    pub expires_at: DateTime<Utc>,
}

/// Who holds this token.
pub fn who(conn: &mut PgConnection, token: &str) -> Result<Administrator> {
    let found = diesel::sql_query(
        "SELECT a.id, a.username, s.expires_at FROM host_sessions s JOIN host_administrators a ON a.id = s.administrator_id \
         WHERE s.hash = $1 AND s.expires_at > now()",
    )
    .bind::<Binary, _>(digest(token.as_bytes()))
    .get_result(conn)
    .optional()?;
    found.ok_or_else(|| Error::refused(Code::TokenExpired, &[]))
}

/// Signs out.
pub fn end(conn: &mut PgConnection, actor: &Actor, token: &str) -> Result<()> {
    diesel::sql_query("DELETE FROM host_sessions WHERE hash = $1 OR expires_at < now()")
        .bind::<Binary, _>(digest(token.as_bytes()))
        .execute(conn)?;
    trail::note(conn, actor, "sign_out", None, json!({}))
}
