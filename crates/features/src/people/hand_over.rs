//! Everything that someone leaves behind goes to a successor: what they own, object by object, as one job that can be
//! taken back.

use diesel::PgConnection;
use kezhan_engine::transfer::change::{self, Operation, Order, Plan};
use kezhan_engine::{Action, Caller, Engine, Error, Keep, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use uuid::Uuid;

/// What was done was done by whoever did it: not handed over unless asked for.
const PAST: &[&str] = &["follow_up"];

/// Of some objects only what is still open.
fn open(object: &ObjectMeta) -> Option<Filter> {
    (object.name == "task").then(|| Filter::field("status", Op::In, json!(["todo", "in_progress"])))
}

/// A wish to hand over.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    pub from: Uuid,
    /// The successor; a preview can do without.
    #[serde(default)]
    pub to: Option<Uuid>,
    /// Names of objects; all that are usually handed over where it is left out.
    #[serde(default)]
    pub objects: Option<Vec<String>>,
    /// What the former owner keeps; nothing where it is left out.
    #[serde(default)]
    pub keep: Option<Keep>,
}

/// Some of what someone owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    pub object: String,
    pub records: u64,
    /// Handed over unless the wish says otherwise.
    pub usual: bool,
}

/// What the caller could hand over of what someone owns.
pub fn preview(engine: &Engine, conn: &mut PgConnection, caller: &Caller, wish: &Wish) -> Result<Vec<Share>> {
    let mut shares = Vec::new();
    for object in movable(caller, wish.keep) {
        let records = change::count(engine, conn, caller, &plan(&object, wish, wish.from))?;
        if records > 0 {
            let usual = !PAST.contains(&object.name.as_ref());
            shares.push(Share { object: object.name.to_string(), records, usual });
        }
    }
    Ok(shares)
}

/// The wish as an order for a job.
pub fn order(engine: &Engine, conn: &mut PgConnection, caller: &Caller, wish: &Wish) -> Result<Order> {
    let to = wish.to.ok_or_else(|| Error::invalid("to", Code::Required))?;
    if to == wish.from {
        return Err(Error::invalid("to", Code::NotPossible));
    }
    let name = named(engine, conn, caller, "from", wish.from)?;
    let successor = named(engine, conn, caller, "to", to)?;
    let mut movable = movable(caller, wish.keep);
    if movable.is_empty() {
        return Err(Error::refused(Code::Forbidden, &["transfer"]));
    }
    match &wish.objects {
        Some(wanted) => {
            let known = |name: &&String| movable.iter().any(|o| o.name == **name);
            if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
                return Err(Error::refused(Code::Forbidden, &[unknown]));
            }
            movable.retain(|o| wanted.iter().any(|name| o.name == *name));
        }
        None => movable.retain(|o| !PAST.contains(&o.name.as_ref())),
    }
    let mut plans = Vec::new();
    for object in movable {
        let checked = change::check(engine, conn, caller, plan(&object, wish, to))?;
        plans.push(checked.plan);
    }
    if plans.is_empty() {
        return Err(Error::invalid("objects", Code::Required));
    }
    let first = plans.remove(0);
    Ok(Order { plan: first, then: plans, name: format!("{name} → {successor}"), hand_over: true })
}

/// Objects whose records the caller may give to others.
fn movable(caller: &Caller, keep: Option<Keep>) -> Vec<Arc<ObjectMeta>> {
    let needed = [Action::Edit, Action::BulkEdit, Action::Transfer].into_iter().chain(keep.map(|_| Action::Share));
    let needed: Vec<Action> = needed.collect();
    let may = |o: &&Arc<ObjectMeta>| needed.iter().all(|action| caller.access.may(&o.name, *action));
    caller.catalog.objects().filter(|o| o.scope == Scope::Owned).filter(may).cloned().collect()
}

fn plan(object: &ObjectMeta, wish: &Wish, to: Uuid) -> Plan {
    let owned = Filter::field("owner", Op::Eq, json!(wish.from));
    Plan {
        object: object.name.to_string(),
        operation: Operation::Update,
        record: Record::from_iter([("owner".to_owned(), json!(to))]),
        filter: Some(Filter::And(std::iter::once(owned).chain(open(object)).collect())),
        q: None,
        import: None,
        except: Vec::new(),
        keep: wish.keep,
    }
}

fn named(engine: &Engine, conn: &mut PgConnection, caller: &Caller, field: &str, id: Uuid) -> Result<String> {
    let users = caller.catalog.get("user").cloned().ok_or_else(Error::not_found)?;
    let found = engine.fetch(conn, caller, &users, id)?;
    let found = found.ok_or_else(|| Error::invalid(field, Code::NoSuchRecord))?;
    let text = |key: &str| found.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    match field == "to" && text("status") == "left" {
        true => Err(Error::invalid(field, Code::NotPossible)),
        false => Ok(text("name")),
    }
}
