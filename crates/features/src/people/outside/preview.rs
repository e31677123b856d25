//! What a change to a provider or a directory would do to people, before it is stored.

use super::settings::group_roles;
use crate::actions::{ActionDef, Target};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

pub struct Preview;

/// What makes people strangers: a provider's subjects are unique within the issuer, a directory's by that attribute.
const IDENTIFYING: &[&str] = &["issuer", "id_attribute"];
const SECRET: &[&str] = &["issuer", "client_id", "address", "plain", "authority", "bind_dn"];

impl ActionDef for Preview {
    fn key(&self) -> &'static str {
        "preview_change"
    }

    fn label(&self) -> Label {
        Label::new("预览影响", "Preview the effect")
    }

    fn help(&self) -> &'static str {
        "Tells how many people have come this way, how many of them would be shut out by the change because they have no password here, whether the secret would have to be given again, and how many have a role that would no longer follow a group. Stores nothing."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        ["identity_provider", "directory"].contains(&object.name.as_ref())
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn offered(&self) -> bool {
        false
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"change": {"type": "object", "additionalProperties": true, "description": "The fields that would change, as in PATCH."}},
            "required": ["change"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        super::hooks::may_configure(target.caller, &target.object.name)?;
        let Some(Value::Object(change)) = input.get("change") else {
            return Err(Error::invalid("change", Code::WrongType));
        };
        let differs = |key: &str| change.get(key).is_some_and(|v| target.record.get(key).unwrap_or(&Value::Null) != v);
        let turns_off =
            |key: &str| change.get(key) == Some(&json!(false)) && target.record.get(key) == Some(&json!(true));
        let identifying = IDENTIFYING.iter().any(|key| differs(key));
        let shuts = turns_off("active") || turns_off("signs_in") || identifying;
        let roles = |stored: Option<&Value>| group_roles(stored).iter().map(|rule| rule.role).collect::<BTreeSet<_>>();
        let before = roles(target.record.get("group_roles"));
        let after = if change.contains_key("group_roles") { roles(change.get("group_roles")) } else { before.clone() };
        let loose: Vec<Uuid> = before.difference(&after).copied().collect();
        let counts = counts(target, &loose)?;
        let secret = target.record.get("secret_set") == Some(&json!(true)) && SECRET.iter().any(|key| differs(key));
        Ok(json!({
            "people": counts.people,
            "shut_out": if shuts { counts.without_password } else { 0 },
            "strangers": if identifying { counts.people } else { 0 },
            "secret_again": secret,
            "roles_left": counts.loose,
        }))
    }
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = BigInt)]
    people: i64,
    #[diesel(sql_type = BigInt)]
    without_password: i64,
    #[diesel(sql_type = BigInt)]
    loose: i64,
}

fn counts(target: &mut Target<'_>, roles: &[Uuid]) -> Result<Counts> {
    Ok(diesel::sql_query(
        "SELECT count(*) AS people, \
           count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM credentials c WHERE c.tenant_id = u.tenant_id \
             AND c.user_id = u.id)) AS without_password, \
           count(*) FILTER (WHERE u.role_id = ANY($3) OR u.more_roles_ids && $3) AS loose \
         FROM users u WHERE u.tenant_id = $1 AND u.status = 'active' AND u.deleted_at IS NULL AND EXISTS (\
           SELECT 1 FROM outside_identities i WHERE i.tenant_id = u.tenant_id AND i.user_id = u.id AND i.source_id = $2)",
    )
    .bind::<SqlUuid, _>(target.caller.tenant)
    .bind::<SqlUuid, _>(target.id)
    .bind::<Array<SqlUuid>, _>(roles)
    .get_result(target.conn)?)
}
