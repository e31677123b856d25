//! What must hold of providers and directories.

use super::secret;
use super::settings::GroupRole;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use kezhan_engine::{Action, Caller, Draft, Error, Hooks, Result, Saved};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Violation};
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

pub struct IdentityProviders;
pub struct Directories;

/// A change of one of these sends what proves us to somebody else: the secret is taken away.
const PROVIDER_PEER: &[&str] = &["issuer", "client_id"];
const DIRECTORY_PEER: &[&str] = &["address", "plain", "authority", "bind_dn"];

/// Whoever says who comes in as whom can give every right there is: that takes the right to give rights.
pub fn may_configure(caller: &Caller, object: &str) -> Result<()> {
    match caller.access.may(object, Action::Configure) && caller.access.may("user", Action::Configure) {
        true => Ok(()),
        false => Err(Error::refused(Code::Forbidden, &[object])),
    }
}

impl Hooks for IdentityProviders {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        may_configure(draft.caller, "identity_provider")?;
        let mut faults = group_roles(draft)?;
        let issuer = draft.text("issuer").unwrap_or_default();
        let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['@', '?', '#', ' '])) {
            faults.push(Violation::new("issuer", Code::BadUrl));
        }
        let domains = draft.value("email_domains").as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(bad) = domains.into_iter().find(|d| !is_domain(d.trim_start_matches('@'))) {
            faults.push(Violation::new("email_domains", Code::NotAnOption).with(bad));
        }
        keep_secret(draft, PROVIDER_PEER);
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        drop_secret(saved, PROVIDER_PEER)
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        may_configure(saved.caller, "identity_provider")
    }
}

impl Hooks for Directories {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        may_configure(draft.caller, "directory")?;
        let mut faults = group_roles(draft)?;
        let address = draft.text("address").unwrap_or_default();
        let rest = address.strip_prefix("ldaps://").or_else(|| address.strip_prefix("ldap://"));
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['/', '@', '?', '#', ' '])) {
            faults.push(Violation::new("address", Code::NotAnOption).with("ldaps://host:636, ldap://host:389"));
        }
        if !kezhan_connect::directory::is_filter(draft.text("user_filter").unwrap_or_default()) {
            faults.push(Violation::new("user_filter", Code::BadValue).with("user_filter").with("(objectClass=person)"));
        }
        // They become part of a filter.
        for field in [
            "id_attribute",
            "login_attribute",
            "name_attribute",
            "email_attribute",
            "mobile_attribute",
            "groups_attribute",
            "department_attribute",
        ] {
            let known = draft.text(field).is_none_or(is_attribute);
            if !known {
                faults.push(Violation::new(field, Code::BadKey));
            }
        }
        if draft.text("department_source") == Some("attribute") && draft.is_empty("department_attribute") {
            faults.push(Violation::new("department_attribute", Code::Required));
        }
        keep_secret(draft, DIRECTORY_PEER);
        if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        drop_secret(saved, DIRECTORY_PEER)
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        may_configure(saved.caller, "directory")
    }
}

fn is_attribute(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || "-.;".contains(c))
}

fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '-'))
}

fn keep_secret(draft: &mut Draft<'_>, peer: &[&str]) {
    if draft.before.is_some() && peer.iter().any(|field| draft.changed(field)) {
        draft.set("secret_set", false);
    }
}

fn drop_secret(saved: &mut Saved<'_>, peer: &[&str]) -> Result<()> {
    let (Some(before), Some(after)) = (saved.before, saved.after) else { return Ok(()) };
    match peer.iter().any(|field| before.get(*field) != after.get(*field)) {
        true => secret::forget(saved.conn, saved.caller.tenant, id_of(after)?),
        false => Ok(()),
    }
}

fn id_of(record: &Record) -> Result<Uuid> {
    let id = record.get("id").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    id.ok_or_else(|| Error::Internal("a record without an id".into()))
}

/// Groups have names, each stands once with a role, and the roles are there.
fn group_roles(draft: &mut Draft<'_>) -> Result<Vec<Violation>> {
    let value = draft.value("group_roles").clone();
    if value.is_null() {
        return Ok(Vec::new());
    }
    let fault = |code: Code, what: String| Ok(vec![Violation::new("group_roles", code).with(what)]);
    let mut list: Vec<GroupRole> = match serde_json::from_value(value) {
        Ok(list) => list,
        Err(e) => return fault(Code::WrongType, e.to_string()),
    };
    let mut seen = HashSet::new();
    for entry in &mut list {
        entry.group = entry.group.trim().to_owned();
        if entry.group.is_empty() {
            return fault(Code::Required, String::new());
        }
        if !seen.insert((entry.group.to_lowercase(), entry.role)) {
            return fault(Code::Duplicate, entry.group.clone());
        }
    }
    let roles: Vec<Uuid> = list.iter().map(|entry| entry.role).collect::<HashSet<_>>().into_iter().collect();
    if known(draft.conn, draft.caller.tenant, &roles)? != roles.len() {
        return fault(Code::NoSuchRecord, String::new());
    }
    draft.set("group_roles", json!(list));
    Ok(Vec::new())
}

fn known(conn: &mut PgConnection, tenant: Uuid, roles: &[Uuid]) -> Result<usize> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let row: Row = diesel::sql_query(
        "SELECT count(*) AS n FROM roles WHERE tenant_id = $1 AND id = ANY($2) AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<Array<SqlUuid>, _>(roles)
    .get_result(conn)?;
    Ok(usize::try_from(row.n).unwrap_or_default())
}
