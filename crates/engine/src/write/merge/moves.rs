//! What hangs on a record hangs on another: by every reference to it that the catalogue knows, and by name and id.

use super::Order;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::write::update::lock;
use crate::write::{draft, store};
use crate::{Access, Action, Caller, Engine, Error, Result, Saved};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Record, Scope, system};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Most that is moved by one merge.
const MOST: usize = 20_000;

/// One field of one record that pointed at a loser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Moved {
    pub object: String,
    pub id: Uuid,
    pub field: String,
    pub from: Uuid,
}

/// Fields that may point at records of this object. What the system notes of itself stays true as it is.
fn pointing<'o>(other: &'o ObjectMeta, object: &ObjectMeta) -> Vec<&'o FieldMeta> {
    let at = |f: &&FieldMeta| f.target() == Some(object.name.as_ref()) && !system::is_system(&f.key);
    other.fields.iter().filter(at).collect()
}

/// Records that name what they hang on by object and id: which fields say so.
fn naming(other: &ObjectMeta) -> Option<(&FieldMeta, &FieldMeta)> {
    match &other.scope {
        Scope::Polymorphic { object, record } => Some((other.field(object)?, other.field(record)?)),
        Scope::Personal => Some((other.field("object")?, other.field("record")?)),
        _ => None,
    }
}

pub fn all(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    order: &Order,
) -> Result<Vec<Moved>> {
    let mut moved = Vec::new();
    let catalog = caller.catalog.clone();
    for other in catalog.objects() {
        for field in pointing(other, object) {
            for loser in &order.losers {
                for id in holders(conn, caller, other, field, None, *loser)? {
                    if other.name == object.name && order.losers.contains(&id) {
                        continue;
                    }
                    let itself = other.name == object.name && id == order.survivor;
                    let to = if itself { Value::Null } else { json!(order.survivor.to_string()) };
                    point(engine, conn, caller, other, id, field, *loser, &to)?;
                    moved.push(Moved {
                        object: other.name.to_string(),
                        id,
                        field: field.key.to_string(),
                        from: *loser,
                    });
                    bounded(&moved)?;
                }
            }
        }
        if let Some((kind, record)) = naming(other) {
            let there = held(engine, conn, caller, other, (kind, record), object, order.survivor)?;
            for loser in &order.losers {
                for id in holders(conn, caller, other, record, Some((kind, object)), *loser)? {
                    let told = lock(conn, &caller.elevated(), other, id, Action::Edit, Life::Any)?.record;
                    // Followed already, or in the team already.
                    if there.contains(&essence(other, &told)) {
                        continue;
                    }
                    point(engine, conn, caller, other, id, record, *loser, &json!(order.survivor.to_string()))?;
                    moved.push(Moved {
                        object: other.name.to_string(),
                        id,
                        field: record.key.to_string(),
                        from: *loser,
                    });
                    bounded(&moved)?;
                }
            }
        }
    }
    Ok(moved)
}

fn bounded(moved: &[Moved]) -> Result<()> {
    match moved.len() > MOST {
        true => Err(Error::refused(Code::TooLarge, &[&MOST.to_string()])),
        false => Ok(()),
    }
}

/// Gives back what still points at the survivor.
pub fn back(engine: &Engine, conn: &mut PgConnection, caller: &Caller, survivor: Uuid, moved: &Moved) -> Result<()> {
    let Some(other) = caller.catalog.get(&moved.object).cloned() else { return Ok(()) };
    let Some(field) = other.field(&moved.field) else { return Ok(()) };
    match point(engine, conn, caller, &other, moved.id, field, survivor, &json!(moved.from.to_string())) {
        // Gone for good since.
        Err(Error::Refused { code: Code::NotFound, .. }) => Ok(()),
        other => other,
    }
}

/// Ids of the records whose field points at this one, in the recycle bin too.
fn holders(
    conn: &mut PgConnection,
    caller: &Caller,
    other: &ObjectMeta,
    field: &FieldMeta,
    named: Option<(&FieldMeta, &ObjectMeta)>,
    target: Uuid,
) -> Result<Vec<Uuid>> {
    let whole = Access::unrestricted();
    let guard = Guard::with(caller, &whole);
    let mut sql = Sql::new("SELECT t.id FROM ");
    column::from(&mut sql, other, "t");
    sql.push(" WHERE ");
    guard.rows(&mut sql, other, "t", Action::Read, Life::Any, &mut Aliases::default());
    sql.push(" AND ");
    match &field.kind {
        FieldType::MultiReference { .. } => {
            sql.text(target.to_string()).push(" IN (SELECT m::text FROM ");
            column::members(&mut sql, "t", field);
            sql.push(" AS m)");
        }
        FieldType::Text => {
            column::expression(&mut sql, "t", field);
            sql.push(" = ").text(target.to_string());
        }
        _ => {
            column::expression(&mut sql, "t", field);
            sql.push(" = ").uuid(target);
        }
    }
    if let Some((kind, object)) = named {
        sql.push(" AND ");
        column::expression(&mut sql, "t", kind);
        sql.push(" = ").text(object.name.to_string());
    }
    let mut ids = Vec::new();
    sql.rows(conn, |row| {
        ids.extend(row.uuid(0));
        Ok(())
    })?;
    Ok(ids)
}

/// What hangs on the survivor by name already.
fn held(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    other: &Arc<ObjectMeta>,
    (kind, record): (&FieldMeta, &FieldMeta),
    object: &ObjectMeta,
    survivor: Uuid,
) -> Result<Vec<Record>> {
    let mut out = Vec::new();
    for id in holders(conn, caller, other, record, Some((kind, object)), survivor)? {
        let found = engine.fetch(conn, &caller.elevated(), other, id)?;
        out.extend(found.map(|told| essence(other, &told)));
    }
    Ok(out)
}

/// A record without what tells it from another of the same meaning.
fn essence(other: &ObjectMeta, told: &Record) -> Record {
    let beside = |key: &str| system::is_system(key) || ["record", "sort_order"].contains(&key) || key == other.title;
    told.iter().filter(|(key, _)| !beside(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Lets one field point elsewhere, with history, event and hooks, whatever else may be wrong with the record: nobody
/// can correct it now.
#[allow(clippy::too_many_arguments, reason = "one step of one path")]
fn point(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    other: &Arc<ObjectMeta>,
    id: Uuid,
    field: &FieldMeta,
    from: Uuid,
    to: &Value,
) -> Result<()> {
    let caller = &caller.elevated();
    let before = lock(conn, caller, other, id, Action::Edit, Life::Any)?.record;
    let from = json!(from.to_string());
    let value = match before.get(field.key.as_ref()) {
        Some(Value::Array(list)) => {
            let mut ids: Vec<Value> = Vec::new();
            for one in list.iter().map(|id| if *id == from { to } else { id }).filter(|id| !id.is_null()) {
                if !ids.contains(one) {
                    ids.push(one.clone());
                }
            }
            Value::Array(ids)
        }
        Some(now) if *now == from => to.clone(),
        // The survivor's own, taken away: given back where nothing else has been chosen.
        Some(Value::Null) | None if other.name.as_ref() == field.target().unwrap_or_default() => to.clone(),
        _ => return Ok(()),
    };
    let mut after = before.clone();
    after.insert(field.key.to_string(), value);
    let diff = draft::diff(other, Some(&before), &after);
    if diff.is_empty() {
        return Ok(());
    }
    store::update(conn, caller, other, id, &after, diff)?;
    if before.get("deleted_at").is_some_and(|at| !at.is_null()) {
        return Ok(());
    }
    for hook in engine.hooks_of(&other.name) {
        let (before, after) = (Some(&before), Some(&after));
        hook.after_save(&mut Saved { engine, conn, caller, object: other, before, after })?;
    }
    Ok(())
}
