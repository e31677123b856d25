//! What a company has set about a provider or a directory, with its secret opened.

use super::secret;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use kezhan_connect::directory::{Attributes, Directory};
use kezhan_engine::{Engine, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Which entries are groups.
pub const GROUPS: &str =
    "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup)(objectClass=group))";

/// Members of the group get the role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRole {
    pub group: String,
    pub role: Uuid,
}

/// What becomes of people who come from a provider or a directory.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `identity_provider` or `directory`.
    pub object: &'static str,
    pub source: Uuid,
    pub name: String,
    pub creates_users: bool,
    pub default_department: Option<Uuid>,
    pub default_role: Option<Uuid>,
    /// Lower case; everybody's where empty.
    pub email_domains: Vec<String>,
    pub group_roles: Vec<GroupRole>,
}

/// A provider of identities.
#[derive(Clone)]
pub struct ProviderOf {
    pub rules: Rules,
    pub issuer: String,
    pub client_id: String,
    pub secret: Option<String>,
    pub scopes: Vec<String>,
    pub name_claim: String,
    pub email_claim: String,
    pub mobile_claim: Option<String>,
    pub department_claim: Option<String>,
    pub groups_claim: Option<String>,
    pub second_factor: bool,
    pub signs_out: bool,
}

/// A directory.
#[derive(Clone)]
pub struct DirectoryOf {
    pub rules: Rules,
    pub directory: Directory,
    pub trusts_email: bool,
    /// The department is that of the organisational unit.
    pub by_unit: bool,
    pub deactivate_max: i64,
}

/// A button on the sign-in page.
#[derive(Clone, Debug, QueryableByName, Serialize)]
pub struct Button {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
}

#[derive(QueryableByName)]
struct ProviderRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    issuer: String,
    #[diesel(sql_type = Text)]
    client_id: String,
    #[diesel(sql_type = Text)]
    scopes: String,
    #[diesel(sql_type = Text)]
    name_claim: String,
    #[diesel(sql_type = Text)]
    email_claim: String,
    #[diesel(sql_type = Nullable<Text>)]
    mobile_claim: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    department_claim: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    groups_claim: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    group_roles: Option<Value>,
    #[diesel(sql_type = Bool)]
    creates_users: bool,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    default_department_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    default_role_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Array<Text>>)]
    email_domains: Option<Vec<String>>,
    #[diesel(sql_type = Bool)]
    second_factor: bool,
    #[diesel(sql_type = Bool)]
    signs_out: bool,
}

#[derive(QueryableByName)]
struct DirectoryRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Bool)]
    plain: bool,
    #[diesel(sql_type = Nullable<Text>)]
    authority: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    bind_dn: Option<String>,
    #[diesel(sql_type = Text)]
    base_dn: String,
    #[diesel(sql_type = Text)]
    user_filter: String,
    #[diesel(sql_type = Text)]
    id_attribute: String,
    #[diesel(sql_type = Text)]
    login_attribute: String,
    #[diesel(sql_type = Text)]
    name_attribute: String,
    #[diesel(sql_type = Nullable<Text>)]
    email_attribute: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    mobile_attribute: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    groups_attribute: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    group_base_dn: Option<String>,
    #[diesel(sql_type = Text)]
    department_source: String,
    #[diesel(sql_type = Nullable<Text>)]
    department_attribute: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    group_roles: Option<Value>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    default_department_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    default_role_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    trusts_email: bool,
    #[diesel(sql_type = BigInt)]
    deactivate_max: i64,
}

/// Groups and roles as they are stored; what cannot be read gives nothing.
pub fn group_roles(stored: Option<&Value>) -> Vec<GroupRole> {
    let list = stored.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|entry| serde_json::from_value(entry.clone()).ok()).collect()
}

/// The providers that the sign-in page offers.
pub fn buttons(conn: &mut PgConnection, tenant: Uuid) -> Result<Vec<Button>> {
    let query = diesel::sql_query(
        "SELECT id, name::text AS name FROM identity_providers WHERE tenant_id = $1 AND active AND deleted_at IS NULL \
         ORDER BY coalesce(sort_order, 0), name, id",
    );
    Ok(query.bind::<SqlUuid, _>(tenant).load(conn)?)
}

/// An active provider of an active company.
pub fn provider(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<Option<ProviderOf>> {
    let row: Option<ProviderRow> = diesel::sql_query(
        "SELECT p.*, p.name::text AS name FROM identity_providers p JOIN tenants t ON t.id = p.tenant_id \
         WHERE p.tenant_id = $1 AND p.id = $2 AND p.active AND p.deleted_at IS NULL AND t.status = 'active'",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(id)
    .get_result(conn)
    .optional()?;
    let Some(row) = row else { return Ok(None) };
    let domains = row.email_domains.unwrap_or_default();
    Ok(Some(ProviderOf {
        rules: Rules {
            object: "identity_provider",
            source: row.id,
            name: row.name,
            creates_users: row.creates_users,
            default_department: row.default_department_id,
            default_role: row.default_role_id,
            email_domains: domains.iter().map(|d| d.trim_start_matches('@').to_lowercase()).collect(),
            group_roles: group_roles(row.group_roles.as_ref()),
        },
        secret: secret::open(engine, conn, tenant, row.id)?,
        issuer: row.issuer,
        client_id: row.client_id,
        scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
        name_claim: row.name_claim,
        email_claim: row.email_claim,
        mobile_claim: row.mobile_claim,
        department_claim: row.department_claim,
        groups_claim: row.groups_claim,
        second_factor: row.second_factor,
        signs_out: row.signs_out,
    }))
}

/// A directory, whether it is active or not.
pub fn directory(engine: &Engine, conn: &mut PgConnection, tenant: Uuid, id: Uuid) -> Result<Option<DirectoryOf>> {
    Ok(directories(engine, conn, tenant, "id = $2", Some(id))?.into_iter().next())
}

/// The directories whose passwords let people in.
pub fn signing_in(engine: &Engine, conn: &mut PgConnection, tenant: Uuid) -> Result<Vec<DirectoryOf>> {
    directories(engine, conn, tenant, "active AND signs_in AND $2 IS NULL", None)
}

fn directories(
    engine: &Engine,
    conn: &mut PgConnection,
    tenant: Uuid,
    which: &str,
    id: Option<Uuid>,
) -> Result<Vec<DirectoryOf>> {
    let rows: Vec<DirectoryRow> = diesel::sql_query(format!(
        "SELECT *, name::text AS name FROM directories WHERE tenant_id = $1 AND {which} AND deleted_at IS NULL \
         ORDER BY created_at, id"
    ))
    .bind::<SqlUuid, _>(tenant)
    .bind::<Nullable<SqlUuid>, _>(id)
    .load(conn)?;
    let mut out = Vec::new();
    for row in rows {
        let secret = secret::open(engine, conn, tenant, row.id)?;
        out.push(row.with(secret));
    }
    Ok(out)
}

impl DirectoryRow {
    fn with(self, secret: Option<String>) -> DirectoryOf {
        let attribute = |name: Option<String>| name.unwrap_or_default();
        let takes = |source: &str| self.department_source == source;
        DirectoryOf {
            by_unit: takes("unit"),
            trusts_email: self.trusts_email,
            deactivate_max: self.deactivate_max,
            directory: Directory {
                url: self.address,
                plain: self.plain,
                authority: self.authority,
                bind_dn: self.bind_dn.unwrap_or_default(),
                bind_password: secret.unwrap_or_default(),
                base: self.base_dn,
                people: self.user_filter,
                attributes: Attributes {
                    id: self.id_attribute,
                    login: self.login_attribute,
                    name: self.name_attribute,
                    email: attribute(self.email_attribute),
                    mobile: attribute(self.mobile_attribute),
                    department: if self.department_source == "attribute" {
                        attribute(self.department_attribute)
                    } else {
                        String::new()
                    },
                    groups: attribute(self.groups_attribute),
                },
                group_base: self.group_base_dn,
                group_filter: GROUPS.to_owned(),
            },
            rules: Rules {
                object: "directory",
                source: self.id,
                name: self.name,
                creates_users: true,
                default_department: self.default_department_id,
                default_role: self.default_role_id,
                email_domains: Vec::new(),
                group_roles: group_roles(self.group_roles.as_ref()),
            },
        }
    }
}
