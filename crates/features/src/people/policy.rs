//! What a company asks of everybody who signs in: passwords, sessions, a second factor.
//!
//! What is asked of passwords follows NIST SP 800-63B: length before anything else, nothing that is easily guessed, no
//! classes of characters and no end of time unless the company wants them.

use super::password;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Caller, Error, Result};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Most former passwords that may be refused: each has to be hashed anew to be compared.
pub const HISTORY_MAX: u32 = 12;

/// Who must have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactor {
    #[default]
    Optional,
    Required,
    /// Whoever has one of certain roles.
    Roles,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Fewest characters of a password, 8 to 64.
    pub password_length: u32,
    /// Of how many classes of characters a password must have some, 0 to 4: small and capital letters, digits, others.
    pub password_classes: u32,
    /// Refuse passwords that are common, or made of the person's own name.
    pub password_guessable_refused: bool,
    /// How many former passwords may not come again, 0 to 12; the present one included.
    pub password_history: u32,
    /// Days after which a password has to be changed, 1 to 730; never where null.
    pub password_days: Option<u32>,
    /// Days after which one has to sign in again in any case, 1 to 365; never where null.
    pub session_days: Option<u32>,
    /// Minutes without use after which a session ends, 15 to 43200; as the installation has it where null. Use is seen
    /// when a token is renewed, so it may end later, by the life of an access token.
    pub idle_minutes: Option<u32>,
    pub second_factor: SecondFactor,
    /// Roles whose people must have a second factor.
    pub second_factor_roles: Vec<Uuid>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            password_length: password::LENGTH_MIN as u32,
            password_classes: 0,
            password_guessable_refused: true,
            password_history: 0,
            password_days: None,
            session_days: None,
            idle_minutes: None,
            second_factor: SecondFactor::Optional,
            second_factor_roles: Vec::new(),
        }
    }
}

/// What a policy would do if it were in force.
#[derive(Clone, Copy, Debug, Serialize, QueryableByName)]
pub struct Effect {
    /// People who can sign in now.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// Those of them who will have to set up a second factor before anything else.
    #[diesel(sql_type = BigInt)]
    pub second_factor: i64,
    /// Those who will have to change their password at the next sign-in.
    #[diesel(sql_type = BigInt)]
    pub password: i64,
    /// Sessions that end at once or with the next renewal.
    #[diesel(sql_type = BigInt)]
    pub sessions: i64,
}

/// The people of whom this policy asks a second factor; `$1` is the tenant, `$2` whether of all, `$3` the roles.
const ASKED: &str = "u.tenant_id = $1 AND u.status = 'active' AND u.deleted_at IS NULL \
    AND ($2 OR u.role_id = ANY($3) OR u.more_roles_ids && $3)";
/// Those of them who have one.
const HAVE: &str = "(EXISTS (SELECT 1 FROM totp_factors f WHERE f.tenant_id = u.tenant_id AND f.user_id = u.id \
    AND f.secret IS NOT NULL) OR EXISTS (SELECT 1 FROM passkeys k WHERE k.tenant_id = u.tenant_id AND k.user_id = u.id))";

impl Policy {
    /// The tenant's; that of everybody where it has set none.
    pub fn of(conn: &mut PgConnection, tenant: Uuid) -> Result<Policy> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Nullable<Jsonb>)]
            policy: Option<Value>,
        }
        let row = diesel::sql_query("SELECT security_policy AS policy FROM tenants WHERE id = $1")
            .bind::<SqlUuid, _>(tenant)
            .get_result::<Row>(conn)
            .optional()?;
        match row.and_then(|row| row.policy) {
            Some(policy) => {
                serde_json::from_value(policy).map_err(|e| Error::Internal(format!("security policy: {e}")))
            }
            None => Ok(Policy::default()),
        }
    }

    /// What is out of bounds.
    pub fn check(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<()> {
        let mut faults = Vec::new();
        let mut within = |field: &str, value: Option<u32>, low: u32, high: u32| match value {
            Some(value) if value < low => faults.push(Violation::new(field, Code::TooSmall).with(low)),
            Some(value) if value > high => faults.push(Violation::new(field, Code::TooBig).with(high)),
            _ => {}
        };
        within("password_length", Some(self.password_length), password::LENGTH_MIN as u32, 64);
        within("password_classes", Some(self.password_classes), 0, 4);
        within("password_history", Some(self.password_history), 0, HISTORY_MAX);
        within("password_days", self.password_days, 1, 730);
        within("session_days", self.session_days, 1, 365);
        within("idle_minutes", self.idle_minutes, 15, 43_200);
        if self.second_factor == SecondFactor::Roles {
            if self.second_factor_roles.is_empty() {
                faults.push(Violation::new("second_factor_roles", Code::Required));
            }
            #[derive(QueryableByName)]
            struct Row {
                #[diesel(sql_type = BigInt)]
                n: i64,
            }
            let row = diesel::sql_query(
                "SELECT count(*) AS n FROM roles WHERE tenant_id = $1 AND id = ANY($2) AND deleted_at IS NULL",
            )
            .bind::<SqlUuid, _>(tenant)
            .bind::<Array<SqlUuid>, _>(&self.second_factor_roles)
            .get_result::<Row>(conn)?;
            if usize::try_from(row.n).ok() != Some(self.second_factor_roles.len()) {
                faults.push(Violation::new("second_factor_roles", Code::NoSuchRecord));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn of_all(&self) -> bool {
        self.second_factor == SecondFactor::Required
    }

    fn roles(&self) -> &[Uuid] {
        match self.second_factor {
            SecondFactor::Roles => &self.second_factor_roles,
            _ => &[],
        }
    }

    /// Must this user have a second factor?
    pub fn asks_second_factor(&self, conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<bool> {
        if self.second_factor == SecondFactor::Optional {
            return Ok(false);
        }
        let found =
            diesel::sql_query(format!("SELECT EXISTS (SELECT 1 FROM users u WHERE {ASKED} AND u.id = $4) AS found"))
                .bind::<SqlUuid, _>(tenant)
                .bind::<Bool, _>(self.of_all())
                .bind::<Array<SqlUuid>, _>(self.roles())
                .bind::<SqlUuid, _>(user)
                .get_result::<Found>(conn)?;
        Ok(found.found)
    }

    /// Has this user to choose another password before anything else?
    pub fn password_is_stale(&self, conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<bool> {
        let found = diesel::sql_query(
            "SELECT EXISTS (SELECT 1 FROM credentials WHERE tenant_id = $1 AND user_id = $2 \
             AND (must_change OR changed_at < now() - make_interval(days => $3))) AS found",
        )
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .bind::<Nullable<Integer>, _>(self.password_days.and_then(|d| i32::try_from(d).ok()))
        .get_result::<Found>(conn)?;
        Ok(found.found)
    }

    /// When a session ends that began then and is prolonged now.
    pub fn session_end(&self, began: DateTime<Utc>, days: i32, access_minutes: i64) -> DateTime<Utc> {
        let now = Utc::now();
        let idle = match self.idle_minutes {
            Some(minutes) => chrono::Duration::minutes(i64::from(minutes) + access_minutes),
            None => chrono::Duration::days(i64::from(days)),
        };
        let unused = now + idle.min(chrono::Duration::days(i64::from(days)));
        match self.session_days {
            Some(days) => unused.min(began + chrono::Duration::days(i64::from(days))),
            None => unused,
        }
    }

    /// A new password of this user's, held against the rules; each that it breaks is named.
    pub fn check_password(&self, conn: &mut PgConnection, tenant: Uuid, user: Uuid, fresh: &str) -> Result<()> {
        let own = own_words(conn, tenant, user)?;
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut faults = self.faults(fresh, &own);
        if faults.is_empty() && self.password_history > 0 {
            let former = former(conn, tenant, user, self.password_history)?;
            if former.iter().any(|hash| password::verify(fresh, Some(hash))) {
                faults.push(Violation::new("password", Code::PasswordUsed));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn faults(&self, fresh: &str, own: &[&str]) -> Vec<Violation> {
        let fault = |code| Violation::new("password", code);
        let length = fresh.chars().count();
        if length < self.password_length as usize {
            return vec![fault(Code::TooShort).with(self.password_length)];
        }
        if length > password::LENGTH_MAX {
            return vec![fault(Code::TooLong).with(password::LENGTH_MAX)];
        }
        let mut faults = Vec::new();
        if password::classes(fresh) < self.password_classes {
            faults.push(fault(Code::PasswordClasses).with(self.password_classes));
        }
        if self.password_guessable_refused {
            match password::guessable(fresh, own) {
                Some(password::Guess::Common) => faults.push(fault(Code::PasswordCommon)),
                Some(password::Guess::Own) => faults.push(fault(Code::PasswordOwn)),
                None => {}
            }
        }
        faults
    }

    /// What this policy would do if it were in force.
    pub fn effect(&self, conn: &mut PgConnection, tenant: Uuid) -> Result<Effect> {
        let sql = format!(
            "SELECT (SELECT count(*) FROM users u WHERE u.tenant_id = $1 AND u.status = 'active' AND u.deleted_at IS NULL) \
             AS people, (SELECT count(*) FROM users u WHERE {ASKED} AND NOT {HAVE}) AS second_factor, \
             (SELECT count(*) FROM users u JOIN credentials c ON c.tenant_id = u.tenant_id AND c.user_id = u.id \
             WHERE u.tenant_id = $1 AND u.status = 'active' AND u.deleted_at IS NULL \
             AND c.changed_at < now() - make_interval(days => $4)) AS password, \
             (SELECT count(*) FROM sessions s JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id \
             WHERE s.revoked_at IS NULL AND s.expires_at > now() AND {ASKED} AND NOT s.second_factor) AS sessions"
        );
        Ok(diesel::sql_query(sql)
            .bind::<SqlUuid, _>(tenant)
            .bind::<Bool, _>(self.of_all())
            .bind::<Array<SqlUuid>, _>(self.roles())
            .bind::<Nullable<Integer>, _>(self.password_days.and_then(|d| i32::try_from(d).ok()))
            .get_result(conn)?)
    }

    /// Puts it in force: the sessions of those who lack a second factor now end, but for the one that asks.
    pub fn put(&self, conn: &mut PgConnection, caller: &Caller, session: Option<Uuid>) -> Result<()> {
        allowed(caller)?;
        self.check(conn, caller.tenant)?;
        let before = json!(Policy::of(conn, caller.tenant)?);
        let after = json!(self);
        diesel::sql_query("UPDATE tenants SET security_policy = $2 WHERE id = $1")
            .bind::<SqlUuid, _>(caller.tenant)
            .bind::<Jsonb, _>(&after)
            .execute(conn)?;
        let ended = diesel::sql_query(format!(
            "UPDATE sessions s SET revoked_at = now(), revoked_reason = 'policy' FROM users u WHERE u.tenant_id = s.tenant_id \
             AND u.id = s.user_id AND s.revoked_at IS NULL AND {ASKED} AND NOT s.second_factor AND s.id IS DISTINCT FROM $4"
        ))
        .bind::<SqlUuid, _>(caller.tenant)
        .bind::<Bool, _>(self.of_all())
        .bind::<Array<SqlUuid>, _>(self.roles())
        .bind::<Nullable<SqlUuid>, _>(session)
        .execute(conn)?;
        let detail = json!({ "changes": differences(&before, &after), "sessions_ended": ended });
        Note::by(caller, Event::PolicySet).with(detail).write(conn, caller.tenant)?;
        super::identity::tell(conn, caller.tenant)
    }
}

/// Who may read and set it.
pub fn allowed(caller: &Caller) -> Result<()> {
    match caller.access.may("user", Action::Configure) {
        true => Ok(()),
        false => Err(Error::refused(Code::Forbidden, &["security_policy"])),
    }
}

fn differences(before: &Value, after: &Value) -> Map<String, Value> {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else { return Map::new() };
    let changed = after.iter().filter(|(key, value)| before.get(key.as_str()) != Some(*value));
    changed.map(|(key, value)| (key.clone(), json!({ "from": before.get(key), "to": value }))).collect()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

/// What a password of this person's must not be made of.
fn own_words(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Nullable<Text>)]
        word: Option<String>,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT unnest(ARRAY[u.name::text, u.username::text, u.email::text, u.mobile::text, t.name, t.key]) AS word \
         FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE u.tenant_id = $1 AND u.id = $2",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?;
    let mut words = Vec::new();
    for text in rows.into_iter().filter_map(|row| row.word) {
        words.push(super::username::from_name(&text));
        words.extend(text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned));
        words.push(text);
    }
    words.retain(|w| w.chars().count() > 1);
    Ok(words)
}

#[derive(QueryableByName)]
struct Former {
    #[diesel(sql_type = Text)]
    password_hash: String,
}

/// The present password and those before it, newest first.
fn former(conn: &mut PgConnection, tenant: Uuid, user: Uuid, count: u32) -> Result<Vec<String>> {
    let rows: Vec<Former> = diesel::sql_query(format!(
        "(SELECT password_hash, now() AS at FROM credentials WHERE tenant_id = $1 AND user_id = $2) \
         UNION ALL (SELECT password_hash, replaced_at FROM former_passwords WHERE tenant_id = $1 AND user_id = $2) \
         ORDER BY at DESC LIMIT {count}"
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.password_hash).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(policy: &Policy, fresh: &str) -> Vec<Code> {
        policy.faults(fresh, &["wang.wei", "wang", "王伟"]).into_iter().map(|f| f.code).collect()
    }

    #[test]
    fn a_long_password_is_enough_and_an_easy_one_is_not() {
        let policy = Policy::default();
        assert_eq!(codes(&policy, "short"), [Code::TooShort]);
        assert_eq!(codes(&policy, "correct horse"), []);
        assert_eq!(codes(&policy, "password1"), [Code::PasswordCommon]);
        assert_eq!(codes(&policy, "Passw0rd!"), [Code::PasswordCommon]);
        assert_eq!(codes(&policy, "wang.wei1"), [Code::PasswordOwn]);
        assert_eq!(codes(&Policy { password_guessable_refused: false, ..policy.clone() }, "password1"), []);
        let strict = Policy { password_length: 12, password_classes: 3, ..policy };
        assert_eq!(codes(&strict, "correct ho"), [Code::TooShort]);
        assert_eq!(codes(&strict, "correct horse"), [Code::PasswordClasses]);
        assert_eq!(codes(&strict, "correct Horse 1"), []);
    }

    #[test]
    fn a_session_ends_by_the_shorter_of_its_lives() {
        let now = Utc::now();
        let hours = |p: &Policy, began| (p.session_end(began, 30, 15) - now).num_minutes() as f64 / 60.0;
        let policy = Policy::default();
        assert!((719.0..=720.1).contains(&hours(&policy, now)));
        let idle = Policy { idle_minutes: Some(45), ..policy.clone() };
        assert!((0.9..=1.1).contains(&hours(&idle, now)));
        let long = Policy { session_days: Some(1), ..policy };
        let began = now - chrono::Duration::hours(20);
        assert!((3.9..=4.1).contains(&hours(&long, began)));
    }
}
