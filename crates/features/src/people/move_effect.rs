//! What another place in the organisation, or another role of somebody's, would let people see, before it is stored.

use super::access;
use super::effect::{PEOPLE_MAX, as_person, sums};
use crate::actions::{ActionDef, Target};
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use kezhan_engine::{Access, Caller, Error, Result, Whose};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record, Scope};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

pub struct MoveEffect;

/// The change is made, looked at and taken back.
enum Tried {
    Done(Vec<(Caller, Caller)>, Vec<(Arc<ObjectMeta>, Vec<i64>)>),
    Failed(Error),
}

impl From<diesel::result::Error> for Tried {
    fn from(error: diesel::result::Error) -> Tried {
        Tried::Failed(error.into())
    }
}

impl From<Error> for Tried {
    fn from(error: Error) -> Tried {
        Tried::Failed(error)
    }
}

impl ActionDef for MoveEffect {
    fn key(&self) -> &'static str {
        "preview_change"
    }

    fn label(&self) -> Label {
        Label::new("预览影响", "Preview the effect")
    }

    fn help(&self) -> &'static str {
        "Tells, object by object, how many records people could read before and after this record became as given: a user with another role, manager, department or status, a department below another. Stores nothing. Of more than 50 people whose sight may change, 50 are counted."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "user" || object.name == "department"
    }

    fn offered(&self) -> bool {
        false
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"change": {"type": "object", "additionalProperties": true,
                "description": "As in a PATCH of the record."}},
            "required": ["change"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let Some(changes) = input.get("change").and_then(Value::as_object).cloned() else {
            return Err(Error::invalid("change", Code::WrongType));
        };
        let differs = |key: &str| changes.get(key).is_some_and(|new| target.record.get(key) != Some(new));
        let moved = differs("home_department").then_some(target.id).filter(|_| target.object.name == "user");
        let ids = staff(target, &changes)?;
        let before = everybody(target, &ids)?;
        let objects: Vec<Arc<ObjectMeta>> =
            target.caller.catalog.objects().filter(|o| o.scope != Scope::Personal).cloned().collect();
        // Their own records go along into the other department.
        let mut own = Vec::new();
        if let Some(user) = moved {
            let callers = first(&before);
            for object in objects.iter().filter(|o| o.scope == Scope::Owned) {
                let counts = target.engine.count_readable(target.conn, object, &callers, Whose::Of(user))?;
                own.push((object.clone(), counts));
            }
        }
        let (pairs, own_after) = tried(target, changes, &ids, before, &own, moved)?;
        let mut changed: Vec<(Caller, Caller)> = pairs.into_iter().filter(|(b, a)| b.access != a.access).collect();
        let people = if moved.is_some() { ids.len() } else { changed.len() };
        changed.truncate(PEOPLE_MAX);
        let mut out = Vec::new();
        for object in &objects {
            let own = own.iter().zip(&own_after).find(|((o, _), _)| o.name == object.name);
            let whose = own.and(moved).map_or(Whose::Everybodys, Whose::AllBut);
            let mut counts = target.engine.differences(target.conn, object, &changed, whose)?;
            if let Some(((_, before), (_, after))) = own {
                counts.extend(before.iter().zip(after).map(|(b, a)| ((b - a).max(0), (a - b).max(0))));
            }
            out.extend(sums(object, &counts));
        }
        Ok(json!({"people": people, "counted": people.min(PEOPLE_MAX), "objects": out, "limited": null}))
    }
}

fn first(callers: &[Caller]) -> Vec<Caller> {
    callers.iter().take(PEOPLE_MAX).cloned().collect()
}

/// Everybody's rights, and who reaches the person's own records, once the change is made; it is taken back.
#[allow(clippy::type_complexity, reason = "what was asked, answered once more")]
fn tried(
    target: &mut Target<'_>,
    changes: Record,
    ids: &[Uuid],
    before: Vec<Caller>,
    own: &[(Arc<ObjectMeta>, Vec<i64>)],
    moved: Option<Uuid>,
) -> Result<(Vec<(Caller, Caller)>, Vec<(Arc<ObjectMeta>, Vec<i64>)>)> {
    let (engine, caller, object, id, record) = (target.engine, target.caller, target.object, target.id, target.record);
    let tried = target.conn.transaction::<(), Tried, _>(|conn| {
        engine.update(conn, caller, object, id, changes, None)?;
        let mut inside = Target { engine, conn, caller, object, id, record, expected: None };
        let after = everybody(&mut inside, ids)?;
        let mut counts = Vec::new();
        if let Some(user) = moved {
            let callers = first(&after);
            for (object, _) in own {
                let found = engine.count_readable(inside.conn, object, &callers, Whose::Of(user))?;
                counts.push((object.clone(), found));
            }
        }
        Err(Tried::Done(before.into_iter().zip(after).collect(), counts))
    });
    match tried {
        Err(Tried::Done(pairs, counts)) => Ok((pairs, counts)),
        Err(Tried::Failed(error)) => Err(error),
        Ok(()) => Err(Error::Internal("a trial was kept".into())),
    }
}

/// The active people of the company: the person first, then those of the departments that are named.
fn staff(target: &mut Target<'_>, changes: &Record) -> Result<Vec<Uuid>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
    }
    let named = |record: &Record| {
        let id = |key: &str| record.get(key).and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        ["home_department", "parent", "manager"].map(id).into_iter().flatten().collect::<Vec<Uuid>>()
    };
    let near: Vec<Uuid> = named(target.record).into_iter().chain(named(changes)).chain([target.id]).collect();
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT id FROM users WHERE tenant_id = $1 AND deleted_at IS NULL AND status = 'active' \
         ORDER BY id <> $2, NOT (id = ANY($3) OR coalesce(home_department_id = ANY($3), false)), created_at, id LIMIT 500",
    )
    .bind::<SqlUuid, _>(target.caller.tenant)
    .bind::<SqlUuid, _>(target.id)
    .bind::<Array<SqlUuid>, _>(near)
    .load(target.conn)?;
    Ok(rows.into_iter().map(|r| r.id).collect())
}

/// What each of these can see; whoever is not active any more sees nothing.
fn everybody(target: &mut Target<'_>, ids: &[Uuid]) -> Result<Vec<Caller>> {
    let active = super::access::active(target.conn, target.caller.tenant, ids)?;
    let mut out = Vec::with_capacity(ids.len());
    for id in ids {
        let person = access::person(target.conn, target.caller.tenant, *id, None)?.filter(|_| active.contains(id));
        out.push(match person {
            Some(person) => as_person(target, &person)?,
            None => Caller { user: Some(*id), access: Arc::new(Access::default()), ..target.caller.clone() },
        });
    }
    Ok(out)
}
