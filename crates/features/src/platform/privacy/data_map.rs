//! The data map: what is kept of whom, why, for how long, where, and who may read it. Worked out from the metadata, what
//! the company says in its field policies, and its roles.

use super::OBJECT;
use crate::names;
use crate::people::access::parse_grants;
use diesel::prelude::*;
use diesel::sql_types::{Jsonb, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::access::Level;
use kezhan_engine::{Access, Action, Caller, Engine, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Area, Label, ObjectMeta, Sensitivity, Storage};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

/// One field.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub object: String,
    pub object_label: Label,
    pub field: String,
    pub label: Label,
    pub sensitivity: Sensitivity,
    /// As the field was declared.
    pub declared: Sensitivity,
    pub encrypted: bool,
    pub purpose: Option<String>,
    pub legal_basis: Option<String>,
    pub retention_months: Option<i64>,
    pub cross_border: Option<String>,
    /// Table and column.
    pub stored: String,
    pub readers: Vec<Reader>,
    /// The field policy that says so, if there is one.
    pub policy: Option<String>,
    pub policy_version: Option<i64>,
}

/// A role, and the most that it may do with the field: `masked`, `read` or `write`.
#[derive(Clone, Debug, Serialize)]
pub struct Reader {
    pub role: String,
    pub level: Level,
}

#[derive(QueryableByName)]
struct RoleRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    name_en: Option<String>,
    #[diesel(sql_type = Jsonb)]
    grants: Value,
}

#[derive(QueryableByName)]
struct PolicyRow {
    #[diesel(sql_type = Text)]
    path: String,
    #[diesel(sql_type = Jsonb)]
    policy: Value,
}

/// Every field of this level and above, in the order of the objects. For those who may set policies.
pub fn rows(engine: &Engine, conn: &mut PgConnection, caller: &Caller, least: Sensitivity) -> Result<Vec<Row>> {
    if !caller.access.may(OBJECT, Action::Configure) {
        return Err(Error::refused(Code::Forbidden, &[OBJECT]));
    }
    let roles: Vec<RoleRow> = diesel::sql_query(
        "SELECT name, name_en, grants FROM roles WHERE tenant_id = $1 AND deleted_at IS NULL ORDER BY name",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .load(conn)?;
    let roles: Vec<(String, Access)> = roles
        .into_iter()
        .map(|role| {
            let mut access = Access::default();
            access.grants = parse_grants(&role.grants);
            (names::read(caller.lang, &role.name, role.name_en.as_deref()), access)
        })
        .collect();
    let policies: Vec<PolicyRow> = diesel::sql_query(
        "SELECT path, to_jsonb(f) AS policy FROM field_policies f WHERE tenant_id = $1 AND deleted_at IS NULL",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .load(conn)?;
    let policies: HashMap<String, Value> = policies.into_iter().map(|p| (p.path, p.policy)).collect();
    let mut out = Vec::new();
    for object in caller.catalog.objects() {
        let declared = engine.standard().get(&object.name);
        for field in object.fields.iter() {
            let system = kezhan_meta::system::is_system(&field.key) || field.secret;
            if system || field.hidden || field.sensitivity < least {
                continue;
            }
            let policy = policies.get(&format!("{}.{}", object.name, field.key));
            let text = |key: &str| policy.and_then(|p| p.get(key)).and_then(Value::as_str).map(str::to_owned);
            let number = |key: &str| policy.and_then(|p| p.get(key)).and_then(Value::as_i64);
            let readers = roles.iter().filter(|(_, access)| access.may(&object.name, Action::Read));
            let readers = readers.map(|(role, access)| {
                // Nobody writes to what they may neither create nor edit.
                let writes = access.may(&object.name, Action::Edit) || access.may(&object.name, Action::Create);
                let most = if writes { Level::Write } else { Level::Read };
                (role, access.field_rule(object, field).most().min(most))
            });
            let readers = readers.filter(|(_, level)| *level > Level::Hidden);
            out.push(Row {
                object: object.name.to_string(),
                object_label: object.label.clone(),
                field: field.key.to_string(),
                label: field.label.clone(),
                sensitivity: field.sensitivity,
                declared: declared.and_then(|o| o.field(&field.key)).map_or(Sensitivity::Internal, |f| f.sensitivity),
                encrypted: field.sealed,
                purpose: text("purpose").or_else(|| purpose(object, field.sensitivity, caller)),
                legal_basis: text("legal_basis").or_else(|| basis(object, field.sensitivity)),
                retention_months: number("retention_months"),
                cross_border: text("cross_border"),
                stored: match &field.storage {
                    Storage::Column(column) => format!("{}.{column}", object.table),
                    Storage::Custom => format!("{}.custom.{}", object.table, field.key),
                },
                readers: readers.map(|(role, level)| Reader { role: role.clone(), level }).collect(),
                policy: text("id"),
                policy_version: number("version"),
            });
        }
    }
    Ok(out)
}

/// What a part of the product keeps personal information for, where the company says nothing else.
fn purpose(object: &ObjectMeta, level: Sensitivity, caller: &Caller) -> Option<String> {
    let label = match object.area {
        _ if level < Sensitivity::Personal => return None,
        Area::People => Label::new("账号与人事管理", "Accounts and staff administration"),
        Area::Marketing => Label::new("营销与推广", "Marketing"),
        Area::Service => Label::new("客户服务", "Customer service"),
        Area::Customers | Area::Sales | Area::Commerce => {
            Label::new("销售与客户关系管理", "Sales and customer relations")
        }
        Area::Work | Area::Insight | Area::Platform => Label::new("内部协作", "Working together"),
    };
    Some(label.get(caller.lang).to_owned())
}

fn basis(object: &ObjectMeta, level: Sensitivity) -> Option<String> {
    let key = match object.area {
        _ if level < Sensitivity::Personal => return None,
        Area::People => "employment",
        Area::Marketing => "consent",
        _ => "contract",
    };
    Some(key.to_owned())
}
