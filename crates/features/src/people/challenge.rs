//! What is missing yet of a sign-in: a second factor, or one to be set up, or another password. Whoever holds the
//! challenge's token, in the browser in which the sign-in began, has proved who they are and may complete it; the token
//! is good for nothing else. A program that began it without cookies completes it without.

use super::admit::{self, Admission, Proven, Threshold, Way};
use super::door::Guest;
use super::factors::{self, Shown, Standing, recovery};
use super::{digest, password, random_bytes, same, sign_in};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Bool, Integer, Text, Uuid as SqlUuid};
use kezhan_engine::audit::Event;
use kezhan_engine::{Engine, Error, Result};
use kezhan_meta::problem::Code;
use serde::Serialize;
use uuid::Uuid;

const PREFIX: &str = "kzc_";
/// How long a sign-in may take once the first proof is given, in seconds.
pub const SECONDS: i32 = 600;
/// Answers that one challenge takes, whatever the lock says.
const ANSWERS: i32 = 5;

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Something that the person has.
    SecondFactor,
    /// The person has nothing of the kind, and must have.
    Enrol,
    /// The password has to be another one from now on.
    Password,
}

impl Step {
    pub const ALL: [Step; 3] = [Step::SecondFactor, Step::Enrol, Step::Password];

    pub const fn key(self) -> &'static str {
        match self {
            Step::SecondFactor => "second_factor",
            Step::Enrol => "enrol",
            Step::Password => "password",
        }
    }
}

/// What the client is told of it.
#[derive(Clone, Debug, Serialize)]
pub struct Further {
    pub step: Step,
    /// Names the sign-in; good for completing it in this browser, or without cookies where it began without.
    #[serde(rename = "challenge")]
    pub token: String,
    /// Seconds until it is over.
    pub expires_in: i64,
    /// What can be shown: `totp`, `recovery_code`.
    pub factors: Vec<&'static str>,
    /// Of a factor that was set up just now, where a further step follows; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<Vec<String>>,
}

/// Begins one.
pub fn begin(conn: &mut PgConnection, proven: &Proven, at: &Threshold<'_>, step: Step) -> Result<Further> {
    let (id, secret) = (Uuid::now_v7(), random_bytes());
    diesel::sql_query(
        "INSERT INTO sign_in_challenges (tenant_id, id, user_id, token_hash, device_hash, way, name, second_factor, step, \
         needs_device, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(secs => $11))",
    )
    .bind::<SqlUuid, _>(proven.tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<SqlUuid, _>(proven.user)
    .bind::<Binary, _>(digest(&secret))
    .bind::<Binary, _>(digest(at.device.as_bytes()))
    .bind::<Text, _>(proven.way.key())
    .bind::<Text, _>(&proven.name)
    .bind::<Bool, _>(proven.second_factor)
    .bind::<Text, _>(step.key())
    // Browsers come back with their cookie; whom a provider has sent here is in one.
    .bind::<Bool, _>(at.keeps_cookies || proven.way == Way::Provider)
    .bind::<Integer, _>(SECONDS)
    .execute(conn)?;
    let factors = Standing::of(conn, proven.tenant, proven.user)?.kinds();
    Ok(Further {
        step,
        token: token(proven.tenant, id, &secret),
        expires_in: i64::from(SECONDS),
        factors,
        recovery_codes: None,
    })
}

/// A challenge that somebody has shown to hold.
#[derive(Debug)]
pub struct Open {
    id: Uuid,
    pub step: Step,
    pub proven: Proven,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Binary)]
    token_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    device_hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    way: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    second_factor: bool,
    #[diesel(sql_type = Text)]
    step: String,
    #[diesel(sql_type = Bool)]
    needs_device: bool,
}

fn over() -> Error {
    Error::refused(Code::ChallengeOver, &[])
}

/// Whose it is, if it is one, of this browser or begun without cookies, and not over.
pub fn open(conn: &mut PgConnection, shown: &str, device: Option<&str>) -> Result<Open> {
    let Some((tenant, id, secret)) = parse(shown) else { return Err(over()) };
    let row = diesel::sql_query(
        "SELECT user_id, token_hash, device_hash, way, name, second_factor, step, needs_device FROM sign_in_challenges \
         WHERE tenant_id = $1 AND id = $2 AND expires_at > now() AND answers < $3",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(id)
    .bind::<Integer, _>(ANSWERS)
    .get_result::<Row>(conn)
    .optional()?;
    let row = row.ok_or_else(over)?;
    let here = match device {
        Some(device) => same(&row.device_hash, &digest(device.as_bytes())),
        None => !row.needs_device,
    };
    if !same(&row.token_hash, &digest(&secret)) || !here {
        return Err(over());
    }
    let step = Step::ALL.into_iter().find(|s| s.key() == row.step).ok_or_else(over)?;
    let way = Way::parse(&row.way).ok_or_else(over)?;
    let Row { user_id: user, name, second_factor, .. } = row;
    Ok(Open { id, step, proven: Proven { tenant, user, name, way, second_factor } })
}

impl Open {
    /// What there is to be done, for a page that comes back to it.
    pub fn again(&self, conn: &mut PgConnection, shown: &str) -> Result<Further> {
        #[derive(QueryableByName)]
        struct Left {
            #[diesel(sql_type = Integer)]
            seconds: i32,
        }
        let left = diesel::sql_query(
            "SELECT greatest(extract(epoch FROM expires_at - now()), 0)::integer AS seconds FROM sign_in_challenges \
             WHERE tenant_id = $1 AND id = $2",
        )
        .bind::<SqlUuid, _>(self.proven.tenant)
        .bind::<SqlUuid, _>(self.id)
        .get_result::<Left>(conn)
        .optional()?
        .ok_or_else(over)?;
        let factors = Standing::of(conn, self.proven.tenant, self.proven.user)?.kinds();
        Ok(Further {
            step: self.step,
            token: shown.to_owned(),
            expires_in: left.seconds.into(),
            factors,
            recovery_codes: None,
        })
    }

    pub fn require(&self, steps: &[Step]) -> Result<()> {
        match steps.contains(&self.step) {
            true => Ok(()),
            false => Err(Error::refused(Code::NotPossible, &[self.step.key()])),
        }
    }

    /// Goes on with what was shown: to the next step, or in. With the recovery codes of a factor set up on the way.
    pub fn answer(
        self,
        engine: &Engine,
        conn: &mut PgConnection,
        shown: &Shown,
        at: &Threshold<'_>,
    ) -> Result<(Admission, Option<Vec<String>>)> {
        self.require(&[Step::SecondFactor, Step::Enrol])?;
        for counts in at.counts(conn, &self.proven)? {
            counts.check(conn)?;
        }
        self.count(conn)?;
        let (tenant, user) = (self.proven.tenant, self.proven.user);
        let done = conn.transaction(|conn| {
            let mut set_up = None;
            let fits = match self.step {
                Step::Enrol => {
                    set_up = factors::enrol(engine, conn, tenant, user, shown.clone())?;
                    set_up.is_some()
                }
                Step::Password => false,
                Step::SecondFactor => factors::verify(engine, conn, tenant, user, shown)?,
            };
            if !fits {
                return Ok(None);
            }
            self.spend(conn)?;
            let mut codes = None;
            if let Some(factor) = set_up {
                codes = Some(recovery::renew(conn, tenant, user)?);
                at.door.note(conn, Event::SecondFactorSet, self.guest(factor))?;
            } else if let Shown::Recovery(_) = shown {
                at.door.note(conn, Event::RecoveryCodeUsed, self.guest("recovery_code"))?;
            }
            let proven = Proven { second_factor: true, ..self.proven.clone() };
            Ok::<_, Error>(Some((admit::admit(conn, &proven, at)?, codes)))
        })?;
        match done {
            Some(done) => Ok(done),
            None => Err(self.fail(conn, shown, at)?),
        }
    }

    /// Goes on with another password, which has been asked for.
    pub fn renew_password(self, conn: &mut PgConnection, fresh: &str, at: &Threshold<'_>) -> Result<Admission> {
        self.require(&[Step::Password])?;
        let (tenant, user) = (self.proven.tenant, self.proven.user);
        conn.transaction(|conn| {
            self.spend(conn)?;
            let stored = sign_in::password_hash(conn, tenant, user)?;
            if password::verify(fresh, stored.as_deref()) {
                return Err(Error::invalid("password", Code::PasswordUsed));
            }
            sign_in::set_password(conn, tenant, user, fresh, None)?;
            let guest = Guest { tenant, actor: Some(user), user: Some(user), ..Guest::default() };
            at.door.note(conn, Event::PasswordChanged, guest)?;
            admit::admit(conn, &self.proven, at)
        })
    }

    fn guest(&self, factor: &str) -> Guest {
        let mut guest = Guest {
            tenant: self.proven.tenant,
            actor: Some(self.proven.user),
            user: Some(self.proven.user),
            ..Guest::default()
        };
        guest.detail.insert("factor".into(), factor.into());
        guest
    }

    /// Nobody else completes it from now on.
    fn spend(&self, conn: &mut PgConnection) -> Result<()> {
        let spent = diesel::sql_query("DELETE FROM sign_in_challenges WHERE tenant_id = $1 AND id = $2")
            .bind::<SqlUuid, _>(self.proven.tenant)
            .bind::<SqlUuid, _>(self.id)
            .execute(conn)?;
        if spent == 0 { Err(over()) } else { Ok(()) }
    }

    /// One more answer, counted before it is looked at: however many come at once, no more are looked at.
    fn count(&self, conn: &mut PgConnection) -> Result<()> {
        let counted = diesel::sql_query(
            "UPDATE sign_in_challenges SET answers = answers + 1 WHERE tenant_id = $1 AND id = $2 AND answers < $3",
        )
        .bind::<SqlUuid, _>(self.proven.tenant)
        .bind::<SqlUuid, _>(self.id)
        .bind::<Integer, _>(ANSWERS)
        .execute(conn)?;
        if counted == 0 { Err(over()) } else { Ok(()) }
    }

    /// A wrong answer runs into the lock that wrong passwords run into.
    fn fail(&self, conn: &mut PgConnection, shown: &Shown, at: &Threshold<'_>) -> Result<Error> {
        for counts in at.counts(conn, &self.proven)? {
            counts.fail(conn)?;
        }
        let guest = Guest { actor: None, ..self.guest(shown.field()) };
        at.door.note(conn, Event::SignInFailed, guest)?;
        Ok(Error::invalid(shown.field(), Code::BadCode))
    }
}

/// Drops what is over.
pub fn sweep(conn: &mut PgConnection) -> Result<()> {
    diesel::sql_query("DELETE FROM sign_in_challenges WHERE expires_at < now()").execute(conn)?;
    Ok(())
}

fn token(tenant: Uuid, id: Uuid, secret: &[u8; 32]) -> String {
    let bytes = [tenant.as_bytes().as_slice(), id.as_bytes(), secret].concat();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn parse(token: &str) -> Option<(Uuid, Uuid, [u8; 32])> {
    let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
    let (tenant, rest) = bytes.split_at_checked(16)?;
    let (id, secret) = rest.split_at_checked(16)?;
    Some((Uuid::from_slice(tenant).ok()?, Uuid::from_slice(id).ok()?, secret.try_into().ok()?))
}
