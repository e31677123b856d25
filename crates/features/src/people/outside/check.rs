//! A directory as a form describes it, to be tried before it is stored.

use super::settings::{self, DirectoryOf, Rules};
use diesel::PgConnection;
use kezhan_connect::directory::{Attributes, Directory, DirectoryError};
use kezhan_engine::{Engine, Error, Result};
use kezhan_meta::Record;
use kezhan_meta::problem::Code;
use serde_json::Value;
use uuid::Uuid;

/// The stored secret goes to whom it was given for, and to nobody else.
pub fn directory(
    engine: &Engine,
    conn: &mut PgConnection,
    tenant: Uuid,
    id: Option<Uuid>,
    values: &Record,
    secret: Option<String>,
) -> Result<DirectoryOf> {
    let text = |key: &str| values.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let optional = |key: &str| Some(text(key)).filter(|t| !t.is_empty());
    let or = |key: &str, usual: &str| optional(key).unwrap_or_else(|| usual.to_owned());
    for key in ["address", "base_dn"] {
        if text(key).is_empty() {
            return Err(Error::invalid(key, Code::Required));
        }
    }
    let stored = match id {
        Some(id) => Some(settings::directory(engine, conn, tenant, id)?.ok_or_else(Error::not_found)?),
        None => None,
    };
    let by_attribute = text("department_source") == "attribute";
    let mut directory = Directory {
        url: text("address"),
        plain: values.get("plain").and_then(Value::as_bool).unwrap_or_default(),
        authority: optional("authority"),
        bind_dn: text("bind_dn"),
        bind_password: String::new(),
        base: text("base_dn"),
        people: or("user_filter", "(objectClass=person)"),
        attributes: Attributes {
            id: or("id_attribute", "entryUUID"),
            login: or("login_attribute", "uid"),
            name: or("name_attribute", "cn"),
            email: text("email_attribute"),
            mobile: text("mobile_attribute"),
            department: if by_attribute { text("department_attribute") } else { String::new() },
            groups: text("groups_attribute"),
        },
        group_base: optional("group_base_dn"),
        group_filter: settings::GROUPS.to_owned(),
    };
    directory.bind_password = match (secret, stored) {
        (Some(secret), _) => secret,
        (None, Some(stored)) if same_peer(&stored.directory, &directory) => stored.directory.bind_password,
        _ => String::new(),
    };
    if !directory.bind_dn.is_empty() && directory.bind_password.is_empty() {
        return Err(Error::invalid("secret", Code::Required));
    }
    Ok(DirectoryOf {
        rules: Rules {
            object: "directory",
            source: id.unwrap_or_default(),
            name: text("name"),
            creates_users: false,
            default_department: None,
            default_role: None,
            email_domains: Vec::new(),
            group_roles: Vec::new(),
        },
        directory,
        trusts_email: false,
        by_unit: text("department_source") == "unit",
        deactivate_max: 0,
    })
}

fn same_peer(a: &Directory, b: &Directory) -> bool {
    let authority = |of: &Directory| of.authority.as_deref().map(str::trim).unwrap_or_default().to_owned();
    a.url == b.url && a.plain == b.plain && a.bind_dn == b.bind_dn && authority(a) == authority(b)
}

/// Where in the form the mistake lies.
pub fn field_of(error: &DirectoryError) -> &'static str {
    match error {
        DirectoryError::Bind => "secret",
        DirectoryError::Filter => "user_filter",
        DirectoryError::Authority => "authority",
        DirectoryError::Said(_) | DirectoryError::TooMany => "base_dn",
        _ => "address",
    }
}
