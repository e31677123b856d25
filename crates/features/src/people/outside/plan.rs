//! What a synchronisation would do: everybody in the directory, and everybody who was.

use super::arrive::{self, Arrival, Decision, Departments, Kind};
use super::settings::DirectoryOf;
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_connect::directory::Entry;
use kezhan_engine::Result;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use uuid::Uuid;

/// Names that a report gives as examples.
const NAMES_MAX: usize = 20;

/// What a synchronisation did, or would do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// People in the directory.
    pub read: usize,
    pub created: Tally,
    pub changed: Tally,
    /// Users who were here before, and are found in the directory now.
    pub linked: Tally,
    pub unchanged: usize,
    pub deactivated: Tally,
    pub reactivated: Tally,
    /// Why → who.
    pub refused: BTreeMap<String, Tally>,
    /// Departments that people are said to be in, and that are none here.
    pub unknown_departments: BTreeSet<String>,
    /// More would have gone than may: nothing was done.
    pub stopped: bool,
    /// The directory could not be read.
    pub error: Option<String>,
}

/// How many, and some of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    pub count: usize,
    pub names: Vec<String>,
}

impl Tally {
    fn add(&mut self, name: &str) {
        self.count += 1;
        if self.names.len() < NAMES_MAX {
            self.names.push(name.to_owned());
        }
    }
}

pub struct Plan {
    pub steps: Vec<(Arrival, Decision)>,
    /// Users to deactivate.
    pub gone: Vec<Gone>,
    pub report: Report,
}

#[derive(Clone, Debug, QueryableByName)]
pub struct Gone {
    #[diesel(sql_type = Text)]
    pub subject: String,
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    #[allow(dead_code, reason = "part of the row")]
    gone_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// The realm of a directory's subjects.
pub fn realm(directory: Uuid) -> String {
    format!("directory:{directory}")
}

/// What the directory says of somebody.
pub fn arrival(of: &DirectoryOf, entry: &Entry) -> Arrival {
    Arrival {
        realm: realm(of.rules.source),
        subject: entry.id.clone(),
        login: Some(entry.login.clone()),
        name: Some(entry.name.clone()),
        email: entry.email.clone().filter(|e| e.contains('@') && e.chars().count() <= 200),
        email_proved: of.trusts_email,
        mobile: entry.mobile.clone(),
        departments: if of.by_unit { entry.units.clone() } else { entry.department.iter().cloned().collect() },
        groups: entry.groups.clone(),
    }
}

/// Looks at everybody, and changes nothing.
pub fn plan(conn: &mut PgConnection, tenant: Uuid, of: &DirectoryOf, entries: &[Entry], anyway: bool) -> Result<Plan> {
    let departments = Departments::of(conn, tenant)?;
    let mut report = Report { read: entries.len(), ..Report::default() };
    let mut steps = Vec::new();
    let mut present = HashSet::new();
    for entry in entries.iter().filter(|entry| !entry.locked) {
        present.insert(entry.id.as_str());
        let arrival = arrival(of, entry);
        let decision = arrive::decide(conn, tenant, &of.rules, &departments, &arrival)?;
        report
            .unknown_departments
            .extend(decision.unknown_department.clone().filter(|_| report.unknown_departments.len() < NAMES_MAX));
        if decision.links && !matches!(decision.kind, Kind::Refuse(_)) {
            report.linked.add(&decision.name);
        }
        match &decision.kind {
            Kind::Create(_) => report.created.add(&decision.name),
            Kind::Change(_, true) => report.reactivated.add(&decision.name),
            Kind::Change(_, false) => report.changed.add(&decision.name),
            Kind::Same => report.unchanged += 1,
            Kind::Refuse(why) => report.refused.entry((*why).to_owned()).or_default().add(&decision.name),
        }
        steps.push((arrival, decision));
    }
    let known = known(conn, tenant, of.rules.source)?;
    let active = known.iter().filter(|one| one.status == "active").count();
    let gone: Vec<Gone> =
        known.into_iter().filter(|one| one.status == "active" && !present.contains(one.subject.as_str())).collect();
    gone.iter().for_each(|one| report.deactivated.add(&one.name));
    let most = usize::try_from(of.deactivate_max).unwrap_or_default();
    report.stopped = !anyway && gone.len() * 100 > active * most;
    Ok(Plan { steps, gone, report })
}

/// Everybody who has come from this directory.
fn known(conn: &mut PgConnection, tenant: Uuid, source: Uuid) -> Result<Vec<Gone>> {
    let query = diesel::sql_query(
        "SELECT i.subject, i.user_id, u.name::text AS name, u.status, i.gone_at FROM outside_identities i \
         JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id AND u.deleted_at IS NULL \
         WHERE i.tenant_id = $1 AND i.realm = $2 ORDER BY u.name, u.id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(realm(source));
    Ok(query.load(conn)?)
}
