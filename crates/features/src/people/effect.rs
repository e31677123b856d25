//! What changed permissions of a role would do to the people who have it, before they are stored.

use super::access::{self, Person};
use super::limits::{Limits, Place};
use crate::actions::{ActionDef, Target};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use kezhan_engine::access::Grants;
use kezhan_engine::{Action, Caller, Error, Result, Whose};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record, Scope};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// People whose records are counted; where more are concerned, the rest is not looked at and the answer says so.
pub const PEOPLE_MAX: usize = 50;

pub struct Effect;

impl ActionDef for Effect {
    fn key(&self) -> &'static str {
        "preview_grants"
    }

    fn label(&self) -> Label {
        Label::new("预览影响", "Preview the effect")
    }

    fn help(&self) -> &'static str {
        "Tells, object by object, how many records the people with this role could read before and after its grants became the given ones, and whom limits of time and network would bind (`limited`: how many people have the role, and whether the caller has it and would be outside at this moment). Stores nothing. Of more than 50 people, the first 50 are counted."
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
            "properties": {
                "grants": {"type": "object", "additionalProperties": true, "description": "As in the role's `grants`."},
                "limits": {"type": ["object", "null"], "additionalProperties": true,
                    "description": "As in the role's `limits`; without it they stay as they are."},
            },
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
        let limited = limited(target, input.get("limits"), &ids)?;
        let mut pairs = Vec::new();
        if known != parsed {
            for id in ids.iter().take(PEOPLE_MAX) {
                let Some(person) = access::person(target.conn, target.caller.tenant, *id, None)? else { continue };
                let after = with_grants(person.clone(), target.id, &planned);
                pairs.push((as_person(target, &person)?, as_person(target, &after)?));
            }
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
            let counts = target.engine.differences(target.conn, object, &pairs, Whose::Everybodys)?;
            objects.extend(sums(object, &counts));
        }
        let counted = ids.len().min(PEOPLE_MAX);
        Ok(json!({"people": ids.len(), "counted": counted, "objects": objects, "limited": limited}))
    }
}

/// Whom other limits bind; none where they stay as they are.
fn limited(target: &mut Target<'_>, given: Option<&Value>, holders: &[Uuid]) -> Result<Option<Value>> {
    let stored = target.record.get("limits").filter(|limits| !limits.is_null());
    let Some(given) = given.filter(|given| stored != Some(*given).filter(|limits| !limits.is_null())) else {
        return Ok(None);
    };
    let limits: Limits = match given {
        Value::Null => Limits::default(),
        given => serde_json::from_value(given.clone()).map_err(|_| Error::invalid("limits", Code::BadValue))?,
    };
    if !limits.sound() {
        return Err(Error::invalid("limits", Code::BadValue));
    }
    let place = Place::now(target.caller.origin.ip.as_deref().unwrap_or_default());
    let mine = target.caller.user.filter(|user| holders.contains(user));
    let zone = match mine {
        Some(user) => access::person(&mut *target.conn, target.caller.tenant, user, None)?.and_then(|p| p.time_zone),
        None => None,
    };
    let outside = mine.is_some() && !limits.hold(&place, access::zone(zone.as_deref()));
    Ok(Some(json!({"people": holders.len(), "bound": limits != Limits::default(), "you_are_outside": outside})))
}

/// What the counts of several people come to; none where nothing changes.
pub fn sums(object: &ObjectMeta, counts: &[(i64, i64)]) -> Option<Value> {
    let people = |of: fn(&(i64, i64)) -> i64| counts.iter().filter(|pair| of(pair) > 0).count();
    let records = |of: fn(&(i64, i64)) -> i64| counts.iter().map(of).sum::<i64>();
    let (lose, gain) = (people(|pair| pair.0), people(|pair| pair.1));
    (lose + gain > 0).then(|| {
        json!({
            "object": object.name, "people_losing": lose, "records_lost": records(|pair| pair.0),
            "people_gaining": gain, "records_gained": records(|pair| pair.1),
        })
    })
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

/// The person, with the role's grants as planned.
fn with_grants(mut person: Person, role: Uuid, planned: &Value) -> Person {
    let id = role.to_string();
    for role in person.roles.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if role.get("id").and_then(Value::as_str) == Some(&id) {
            let role: &mut Map<String, Value> = role;
            role.insert("grants".to_owned(), planned.clone());
        }
    }
    person
}

/// The asker's call as this person would make it.
pub fn as_person(target: &mut Target<'_>, person: &Person) -> Result<Caller> {
    let access = person.rights(target.conn, target.caller.tenant, &target.caller.catalog)?;
    Ok(Caller {
        user: Some(person.id),
        department: person.department,
        access: Arc::new(access),
        ..target.caller.clone()
    })
}
