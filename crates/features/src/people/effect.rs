//! What changed permissions of a role would do to the people who have it, before they are stored.

use super::access::{self, Person};
use crate::actions::{ActionDef, Target};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use kezhan_engine::access::Grants;
use kezhan_engine::{Action, Caller, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record, Scope};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// People whose records are counted; where more have the role, the rest is not looked at and the answer says so.
const PEOPLE_MAX: i64 = 50;

pub struct Effect;

impl ActionDef for Effect {
    fn key(&self) -> &'static str {
        "preview_grants"
    }

    fn label(&self) -> Label {
        Label::new("预览影响", "Preview the effect")
    }

    fn help(&self) -> &'static str {
        "Tells, object by object, how many records the people with this role could read before and after its grants became the given ones. Stores nothing. Of more than 50 people, the first 50 are counted."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "role"
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
            "properties": {"grants": {"type": "object", "additionalProperties": true, "description": "As in the role's `grants`."}},
            "required": ["grants"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let planned = input.get("grants").cloned().unwrap_or_default();
        let parsed: Grants =
            serde_json::from_value(planned.clone()).map_err(|_| Error::invalid("grants", Code::WrongType))?;
        let known: Grants = target.record.get("grants").map(access::parse_grants).unwrap_or_default();
        let ids = holders(target.conn, target.caller.tenant, target.id)?;
        let mut people = Vec::new();
        for id in ids.iter().take(PEOPLE_MAX as usize) {
            people.extend(access::person(target.conn, target.caller.tenant, *id, None)?);
        }
        let catalog = target.caller.catalog.clone();
        let changed = |o: &&Arc<ObjectMeta>| {
            let rules = |grants: &Grants| {
                let of = kezhan_engine::access::grants::of(grants, &o.name);
                [Action::Read, Action::Confidential].map(|a| of.and_then(|g| g.actions.get(&a)).cloned())
            };
            o.scope != Scope::Personal && rules(&known) != rules(&parsed)
        };
        let mut objects = Vec::new();
        for object in catalog.objects().filter(changed) {
            let (mut lose, mut gain, mut lost, mut gained) = (0, 0, 0, 0);
            for person in &people {
                let before = as_person(target, person, None)?;
                let after = as_person(target, person, Some(&planned))?;
                let less = target.engine.count_beyond(target.conn, object, &before, &after)?;
                let more = target.engine.count_beyond(target.conn, object, &after, &before)?;
                lose += usize::from(less > 0);
                gain += usize::from(more > 0);
                lost += less;
                gained += more;
            }
            if lose + gain > 0 {
                objects.push(json!({
                    "object": object.name, "people_losing": lose, "records_lost": lost,
                    "people_gaining": gain, "records_gained": gained,
                }));
            }
        }
        Ok(json!({"people": ids.len(), "counted": people.len(), "objects": objects}))
    }
}

/// Everybody who has the role.
fn holders(conn: &mut PgConnection, tenant: Uuid, role: Uuid) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id FROM users WHERE tenant_id = $1 AND deleted_at IS NULL AND status <> 'left' \
         AND (role_id = $2 OR $2 = ANY(more_roles_ids)) ORDER BY role_id IS DISTINCT FROM $2, created_at, id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(role)
    .load(conn)?;
    Ok(rows.into_iter().map(|r| r.id).collect())
}

/// The person, with the role's grants as stored or as planned.
fn as_person(target: &mut Target<'_>, person: &Person, planned: Option<&Value>) -> Result<Caller> {
    let mut person = person.clone();
    if let (Some(planned), Some(roles)) = (planned, person.roles.as_array_mut()) {
        let id = target.id.to_string();
        for role in roles.iter_mut().filter(|r| r.get("id").and_then(Value::as_str) == Some(&id)) {
            role["grants"] = planned.clone();
        }
    }
    let access = person.rights(target.conn, target.caller.tenant, &target.caller.catalog)?;
    Ok(Caller {
        user: Some(person.id),
        department: person.department,
        access: Arc::new(access),
        ..target.caller.clone()
    })
}
