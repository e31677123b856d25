//! Somebody who is known elsewhere: who that is here, and what has to change for it. What is decided is read only;
//! a synchronisation that is tried out decides, and stops there.

use super::settings::Rules;
use crate::people::setup::system;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Caller, Engine, Error, Origin, Result};
use kezhan_meta::Record;
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What is said of somebody elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Arrival {
    /// What the subject is unique in.
    pub realm: String,
    pub subject: String,
    pub login: Option<String>,
    pub name: Option<String>,
    pub email: Option<String>,
    /// Is the address proved to be theirs? Only then is anybody found by it.
    pub email_proved: bool,
    pub mobile: Option<String>,
    /// Names of departments, the one that counts most first.
    pub departments: Vec<String>,
    pub groups: BTreeSet<String>,
}

/// Who it is, and what has to be done.
#[derive(Clone, Debug)]
pub struct Decision {
    pub user: Option<Uuid>,
    /// Known by the e-mail address only, so far.
    pub links: bool,
    pub name: String,
    pub kind: Kind,
    /// What is said to be their department and is none here.
    pub unknown_department: Option<String>,
}

#[derive(Clone, Debug)]
pub enum Kind {
    Create(Record),
    /// With `Some(true)` the user was deactivated by a synchronisation, and is back.
    Change(Record, bool),
    Same,
    /// Why they cannot be let in: a key for people to look up.
    Refuse(&'static str),
}

#[derive(Clone, Debug, QueryableByName)]
struct User {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    mobile: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    home_department_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    role_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Array<SqlUuid>>)]
    more_roles_ids: Option<Vec<Uuid>>,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Bool)]
    deleted: bool,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    gone_at: Option<chrono::DateTime<chrono::Utc>>,
}

const USER: &str = "u.id, u.name::text AS name, u.email, u.mobile, u.home_department_id, u.role_id, u.more_roles_ids, \
                    u.status, u.deleted_at IS NOT NULL AS deleted";

/// Departments by name and by external ID, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Departments(HashMap<String, Uuid>);

impl Departments {
    pub fn of(conn: &mut PgConnection, tenant: Uuid) -> Result<Departments> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = SqlUuid)]
            id: Uuid,
            #[diesel(sql_type = Text)]
            name: String,
            #[diesel(sql_type = Nullable<Text>)]
            external_id: Option<String>,
        }
        let rows: Vec<Row> = diesel::sql_query(
            "SELECT id, name::text AS name, external_id FROM departments WHERE tenant_id = $1 AND deleted_at IS NULL \
             ORDER BY created_at DESC, id DESC",
        )
        .bind::<SqlUuid, _>(tenant)
        .load(conn)?;
        let mut known = HashMap::new();
        known.extend(rows.iter().map(|row| (row.name.to_lowercase(), row.id)));
        known.extend(rows.iter().filter_map(|row| Some((row.external_id.as_ref()?.to_lowercase(), row.id))));
        Ok(Departments(known))
    }

    fn find(&self, name: &str) -> Option<Uuid> {
        self.0.get(&name.trim().to_lowercase()).copied()
    }
}

/// Decides, and changes nothing.
pub fn decide(
    conn: &mut PgConnection,
    tenant: Uuid,
    rules: &Rules,
    departments: &Departments,
    arrival: &Arrival,
) -> Result<Decision> {
    let linked = linked(conn, tenant, arrival)?;
    let (known, links) = match linked {
        Some(user) => (Some(user), false),
        None => (by_email(conn, tenant, arrival)?, true),
    };
    let department = arrival.departments.iter().find_map(|name| departments.find(name));
    let unknown_department = arrival.departments.first().filter(|_| department.is_none()).cloned();
    let name = known.as_ref().map(|u| u.name.clone()).or_else(|| arrival.name.clone());
    let decision = |kind: Kind| Decision {
        user: known.as_ref().map(|u| u.id),
        links: links && known.is_some(),
        name: name.clone().unwrap_or_else(|| arrival.subject.clone()),
        kind,
        unknown_department: unknown_department.clone(),
    };
    if !domain_fits(rules, arrival) {
        return Ok(decision(Kind::Refuse("email_domain")));
    }
    let granted = granted(rules, &arrival.groups);
    Ok(decision(match &known {
        None if !rules.creates_users => Kind::Refuse("unknown_user"),
        None => create(conn, tenant, rules, arrival, department, granted)?,
        Some(user) if user.deleted => Kind::Refuse("inactive"),
        // Deactivated by hand: it stays so. By a synchronisation: whoever is back is let in again.
        Some(user) if user.status == "suspended" && user.gone_at.is_none() => Kind::Refuse("inactive"),
        Some(user) if user.status == "left" => Kind::Refuse("inactive"),
        Some(user) => change(conn, tenant, rules, arrival, user, department, &granted)?,
    }))
}

fn linked(conn: &mut PgConnection, tenant: Uuid, arrival: &Arrival) -> Result<Option<User>> {
    let query = diesel::sql_query(format!(
        "SELECT {USER}, i.gone_at FROM outside_identities i \
         JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id \
         WHERE i.tenant_id = $1 AND i.realm = $2 AND i.subject = $3"
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(&arrival.realm)
    .bind::<Text, _>(&arrival.subject);
    Ok(query.get_result(conn).optional()?)
}

/// The one user with this address, and only where it is proved. Nobody who is somebody else in the same realm already:
/// addresses are given to others when people leave.
fn by_email(conn: &mut PgConnection, tenant: Uuid, arrival: &Arrival) -> Result<Option<User>> {
    let Some(email) = arrival.email.as_ref().filter(|_| arrival.email_proved) else { return Ok(None) };
    let rows: Vec<User> = diesel::sql_query(format!(
        "SELECT {USER}, NULL::timestamptz AS gone_at FROM users u WHERE u.tenant_id = $1 AND lower(u.email) = lower($2) \
         AND u.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM outside_identities i WHERE i.tenant_id = $1 \
           AND i.realm = $3 AND i.user_id = u.id) LIMIT 2"
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(email)
    .bind::<Text, _>(&arrival.realm)
    .load(conn)?;
    let mut rows = rows.into_iter();
    Ok(match (rows.next(), rows.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    })
}

pub(super) fn domain_fits(rules: &Rules, arrival: &Arrival) -> bool {
    if rules.email_domains.is_empty() {
        return true;
    }
    let email = arrival.email.as_deref().filter(|_| arrival.email_proved).unwrap_or_default();
    let domain = email.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    domain.is_some_and(|domain| rules.email_domains.contains(&domain))
}

/// The roles that the groups give, in the order of the rules.
fn granted(rules: &Rules, groups: &BTreeSet<String>) -> Vec<Uuid> {
    let groups: BTreeSet<String> = groups.iter().map(|g| g.to_lowercase()).collect();
    let mut out = Vec::new();
    for rule in &rules.group_roles {
        if groups.contains(&rule.group.to_lowercase()) && !out.contains(&rule.role) {
            out.push(rule.role);
        }
    }
    out
}

fn create(
    conn: &mut PgConnection,
    tenant: Uuid,
    rules: &Rules,
    arrival: &Arrival,
    department: Option<Uuid>,
    granted: Vec<Uuid>,
) -> Result<Kind> {
    let roles = if granted.is_empty() { rules.default_role.into_iter().collect() } else { granted };
    let local = arrival.email.as_deref().and_then(|e| e.split('@').next());
    let base = arrival.login.as_deref().or(local).unwrap_or(&arrival.subject);
    let name = arrival.name.clone().unwrap_or_else(|| base.to_owned());
    let mut record = Record::new();
    record.insert("name".into(), json!(name.chars().take(100).collect::<String>()));
    record.insert("status".into(), json!("active"));
    // Two may want the same name: the second gets one that is made from theirs.
    let username = base.trim().to_lowercase();
    let fits = (1..=100).contains(&username.chars().count()) && !username.contains(char::is_whitespace);
    if fits && !taken(conn, tenant, "username", &username)? {
        record.insert("username".into(), json!(username));
    }
    if let Some(email) = &arrival.email {
        // Somebody else's, which is not proved to be theirs as well.
        if taken(conn, tenant, "email", email)? {
            return Ok(Kind::Refuse("email_taken"));
        }
        record.insert("email".into(), json!(email));
    }
    if let Some(mobile) = arrival.mobile.as_ref().filter(|m| is_phone(m)) {
        record.insert("mobile".into(), json!(mobile));
    }
    if let Some(department) = department.or(rules.default_department) {
        record.insert("home_department".into(), json!(department));
    }
    put_roles(&mut record, &roles);
    Ok(Kind::Create(record))
}

fn change(
    conn: &mut PgConnection,
    tenant: Uuid,
    rules: &Rules,
    arrival: &Arrival,
    user: &User,
    department: Option<Uuid>,
    granted: &[Uuid],
) -> Result<Kind> {
    let mut patch = Record::new();
    if let Some(name) = arrival.name.as_ref().filter(|n| **n != user.name && n.chars().count() <= 100) {
        patch.insert("name".into(), json!(name));
    }
    let same = |a: &str, b: &Option<String>| b.as_deref().is_some_and(|b| a.eq_ignore_ascii_case(b));
    if let Some(email) = arrival.email.as_ref().filter(|e| arrival.email_proved && !same(e, &user.email))
        && !taken(conn, tenant, "email", email)?
    {
        patch.insert("email".into(), json!(email));
    }
    if let Some(mobile) = arrival.mobile.as_ref().filter(|m| Some(*m) != user.mobile.as_ref() && is_phone(m)) {
        patch.insert("mobile".into(), json!(mobile));
    }
    if let Some(department) = department.filter(|d| Some(*d) != user.home_department_id) {
        patch.insert("home_department".into(), json!(department));
    }
    // Roles that the rules name follow the groups; others were given by hand, and stay.
    let before: Vec<Uuid> = user.role_id.into_iter().chain(user.more_roles_ids.iter().flatten().copied()).collect();
    let managed = |role: &Uuid| rules.group_roles.iter().any(|rule| rule.role == *role);
    let mut after: Vec<Uuid> = before.iter().filter(|role| !managed(role) || granted.contains(role)).copied().collect();
    after.extend(granted.iter().filter(|role| !before.contains(role)));
    if after != before {
        put_roles(&mut patch, &after);
    }
    let back = user.status == "suspended";
    if user.status != "active" {
        patch.insert("status".into(), json!("active"));
    }
    Ok(if patch.is_empty() { Kind::Same } else { Kind::Change(patch, back) })
}

fn put_roles(record: &mut Record, roles: &[Uuid]) {
    let mut roles = roles.iter();
    record.insert("role".into(), json!(roles.next()));
    record.insert("more_roles".into(), json!(roles.collect::<Vec<_>>()));
}

fn is_phone(text: &str) -> bool {
    kezhan_meta::rules::phone::is_phone(text, "CN")
}

fn taken(conn: &mut PgConnection, tenant: Uuid, column: &'static str, value: &str) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    let row: Row = diesel::sql_query(format!(
        "SELECT EXISTS (SELECT 1 FROM users WHERE tenant_id = $1 AND lower({column}) = lower($2) AND deleted_at IS NULL) \
         AS taken"
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(value)
    .get_result(conn)?;
    Ok(row.taken)
}

/// Who writes: the system, by what was told elsewhere.
pub fn scribe(
    engine: &Engine,
    conn: &mut PgConnection,
    tenant: Uuid,
    origin: &Origin,
    request: &str,
) -> Result<Caller> {
    let caller = system(engine, conn, tenant)?;
    Ok(Caller { origin: origin.clone(), request_id: request.to_owned(), ..caller })
}

/// Does what was decided. The user, unless they are refused.
pub fn carry_out(
    engine: &Engine,
    conn: &mut PgConnection,
    scribe: &Caller,
    rules: &Rules,
    arrival: &Arrival,
    decision: &Decision,
) -> Result<std::result::Result<Uuid, &'static str>> {
    let users = scribe.catalog.get("user").cloned().ok_or_else(|| Error::Internal("no users".into()))?;
    conn.transaction(|conn| {
        let user = match (&decision.kind, decision.user) {
            (Kind::Refuse(why), _) => return Ok(Err(*why)),
            (Kind::Create(record), _) => engine.create(conn, scribe, &users, record.clone())?.id,
            (Kind::Change(patch, _), Some(user)) => engine.amend(conn, scribe, &users, user, patch.clone())?.id,
            (_, Some(user)) => user,
            (_, None) => return Err(Error::Internal("nobody to change".into())),
        };
        if decision.links || matches!(decision.kind, Kind::Create(_)) {
            link(conn, scribe.tenant, rules, arrival, user)?;
            let how = if decision.links { "email" } else { "created" };
            let detail =
                json!({"source": rules.name, "source_id": rules.source, "subject": arrival.subject, "by": how});
            Note::by(scribe, Event::IdentityLinked).on("user", Some(user)).with(detail).write(conn, scribe.tenant)?;
        } else {
            back(conn, scribe.tenant, arrival)?;
        }
        Ok(Ok(user))
    })
}

pub(super) fn link(conn: &mut PgConnection, tenant: Uuid, rules: &Rules, arrival: &Arrival, user: Uuid) -> Result<()> {
    diesel::sql_query(
        "INSERT INTO outside_identities (tenant_id, realm, subject, source_id, user_id) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(&arrival.realm)
    .bind::<Text, _>(&arrival.subject)
    .bind::<SqlUuid, _>(rules.source)
    .bind::<SqlUuid, _>(user)
    .execute(conn)?;
    Ok(())
}

fn back(conn: &mut PgConnection, tenant: Uuid, arrival: &Arrival) -> Result<()> {
    diesel::sql_query(
        "UPDATE outside_identities SET gone_at = NULL WHERE tenant_id = $1 AND realm = $2 AND subject = $3 \
         AND gone_at IS NOT NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Text, _>(&arrival.realm)
    .bind::<Text, _>(&arrival.subject)
    .execute(conn)?;
    Ok(())
}

/// Has this user come from a directory?
pub fn is_of_directory(conn: &mut PgConnection, tenant: Uuid, user: Uuid) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    let row: Row = diesel::sql_query(
        "SELECT EXISTS (SELECT 1 FROM outside_identities WHERE tenant_id = $1 AND user_id = $2 \
         AND realm LIKE 'directory:%') AS found",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(user)
    .get_result(conn)?;
    Ok(row.found)
}

/// The texts of a claim: one, a list of them, or the names in a list of objects.
pub fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) if !text.trim().is_empty() => vec![text.trim().to_owned()],
        Some(Value::Array(list)) => list.iter().flat_map(|item| texts(Some(item))).collect(),
        Some(Value::Object(map)) => texts(map.get("name")),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::outside::GroupRole;

    fn rules(group_roles: Vec<(&str, Uuid)>, domains: &[&str]) -> Rules {
        Rules {
            object: "identity_provider",
            source: Uuid::nil(),
            name: "x".into(),
            creates_users: true,
            default_department: None,
            default_role: None,
            email_domains: domains.iter().map(|d| (*d).to_owned()).collect(),
            group_roles: group_roles
                .into_iter()
                .map(|(group, role)| GroupRole { group: group.to_owned(), role })
                .collect(),
        }
    }

    #[test]
    fn groups_give_roles_once_and_in_the_order_of_the_rules() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let rules = rules(vec![("Admins", a), ("sales", b), ("ops", a)], &[]);
        let of = |groups: &[&str]| granted(&rules, &groups.iter().map(|g| (*g).to_owned()).collect());
        assert_eq!(of(&["ops", "SALES", "admins"]), [a, b]);
        assert_eq!(of(&["admin"]), [] as [Uuid; 0]);
    }

    #[test]
    fn a_domain_counts_only_with_a_proved_address_and_as_a_whole() {
        let rules = rules(Vec::new(), &["corp.example"]);
        let fits = |email: &str, proved: bool| {
            let arrival = Arrival { email: Some(email.into()), email_proved: proved, ..Arrival::default() };
            domain_fits(&rules, &arrival)
        };
        assert!(fits("li@CORP.example", true));
        assert!(!fits("li@corp.example", false));
        assert!(!fits("li@evil-corp.example", true) && !fits("li@corp.example.evil", true));
        assert!(!fits("li@corp.example@evil.example", true));
    }
}
