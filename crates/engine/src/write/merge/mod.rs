//! Several records become one: the survivor takes the values that were chosen, everything that hangs on the others hangs
//! on it, and the others go to the recycle bin, from where their addresses lead to it.

mod kept;
mod moves;

pub use kept::survivor_of;

use crate::access::Level;
use crate::vault::fields;
use crate::write::Written;
use crate::{Action, Caller, Engine, Error, Result};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record, Violation, system};
use moves::Moved;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Most records that become one with another at once.
pub const LOSERS_MAX: usize = 10;

/// What is to become of the survivor.
pub struct Order {
    pub survivor: Uuid,
    pub losers: Vec<Uuid>,
    /// Field → the record whose value it takes; the survivor keeps its own of all others.
    pub take: BTreeMap<String, Uuid>,
    /// The version of the survivor that the caller has seen.
    pub expected: Option<i64>,
}

/// What was done, as it is kept to be undone.
#[derive(Serialize, Deserialize)]
pub struct Done {
    before: Record,
    after: Record,
    moved: Vec<Moved>,
}

pub struct Merged {
    pub merge: Uuid,
    pub moved: usize,
    pub written: Written,
}

impl Engine {
    /// All of it or nothing. The caller edits all of the records and may delete the losers.
    pub fn merge(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        order: &Order,
    ) -> Result<Merged> {
        conn.transaction(|conn| {
            let patch = self.taken(conn, caller, object, order)?;
            let before = self.whole(conn, caller, object, order.survivor)?;
            let moved = moves::all(self, conn, caller, object, order)?;
            for loser in &order.losers {
                self.delete(conn, caller, object, *loser, None)?;
            }
            // Last: what is unique is free now, and what is referred to hangs here.
            let written = match patch.is_empty() {
                true => self.reread(conn, caller, object, order.survivor)?,
                false => {
                    let expected = if moved.iter().any(|m| m.id == order.survivor) { None } else { order.expected };
                    self.update(conn, caller, object, order.survivor, patch.clone(), expected)?
                }
            };
            let after = self.whole(conn, caller, object, order.survivor)?;
            let of = |record: &Record| -> Record {
                patch.keys().map(|key| (key.clone(), record.get(key).cloned().unwrap_or_default())).collect()
            };
            // Kept as they would stand in the survivor's row.
            let mut kept = |record: Record| -> Result<Record> {
                Ok(fields::stored(conn, caller, object, order.survivor, &record)?.into_owned())
            };
            let done = Done { before: kept(of(&before))?, after: kept(of(&after))?, moved };
            let merge = kept::keep(conn, caller, object, order, &done)?;
            Ok(Merged { merge, moved: done.moved.len(), written })
        })
    }

    /// Parts what became one, as far as nobody has gone on from there: the losers come back with what hung on them,
    /// and the survivor gets back each value that is still the one it was given.
    pub fn unmerge(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        survivor: Uuid,
        merge: Uuid,
    ) -> Result<Written> {
        conn.transaction(|conn| {
            let (losers, mut done) = kept::take(conn, caller, object, survivor, merge)?;
            for record in [&mut done.before, &mut done.after] {
                fields::opened(caller, object, survivor, record)?;
            }
            let now = self.whole(conn, caller, object, survivor)?;
            let untouched = |key: &String| now.get(key) == done.after.get(key);
            let patch: Record =
                done.before.iter().filter(|(key, _)| untouched(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
            if !patch.is_empty() {
                self.update(conn, caller, object, survivor, patch, None)?;
            }
            for loser in losers {
                self.restore(conn, caller, object, loser)?;
            }
            for moved in done.moved.iter().rev() {
                moves::back(self, conn, caller, survivor, moved)?;
            }
            self.reread(conn, caller, object, survivor)
        })
    }

    fn whole(&self, conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, id: Uuid) -> Result<Record> {
        self.fetch(conn, &caller.elevated(), object, id)?.ok_or_else(Error::not_found)
    }

    fn reread(&self, conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, id: Uuid) -> Result<Written> {
        let found = self.read(conn, caller, object, id, &crate::read::ReadOptions::default())?;
        let found = found.ok_or_else(Error::not_found)?;
        Ok(Written { id, version: found.version, body: found.body, given: found.given })
    }

    /// The values to be taken over, of records that the caller may edit and delete, and only such as they see in full.
    fn taken(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        order: &Order,
    ) -> Result<Record> {
        let mut patch = Record::new();
        let mut faults = Vec::new();
        for (field, from) in &order.take {
            if *from != order.survivor && !order.losers.contains(from) {
                faults.push(Violation::new(format!("take.{field}"), Code::NotAnOption).with(from));
            }
        }
        for loser in &order.losers {
            let Some(record) = self.fetch(conn, caller, object, *loser)? else {
                faults.push(Violation::new("losers", Code::NoSuchRecord));
                continue;
            };
            let told = self.explain(conn, caller, object, *loser)?;
            for action in [Action::Edit, Action::Delete] {
                if !told.verdicts.iter().any(|v| v.action == action && v.allowed) {
                    return Err(Error::refused(Code::Forbidden, &[action.key()]));
                }
            }
            for (key, _) in order.take.iter().filter(|(_, from)| *from == loser) {
                let level = |f: &kezhan_meta::FieldMeta| caller.access.field_rule(object, f).level(told.relation);
                match object.field(key).map(|f| (f, level(f))).filter(|(_, level)| *level > Level::Hidden) {
                    None => faults.push(Violation::new(format!("take.{key}"), Code::UnknownKey)),
                    Some((field, level)) if level < Level::Read || field.read_only || system::is_system(key) => {
                        faults.push(Violation::new(format!("take.{key}"), Code::ReadOnly));
                    }
                    Some(_) => drop(patch.insert(key.clone(), self.apart(order, record.get(key)))),
                }
            }
        }
        if faults.is_empty() { Ok(patch) } else { Err(Error::Invalid(faults)) }
    }

    /// Nobody is their own parent.
    fn apart(&self, order: &Order, value: Option<&Value>) -> Value {
        let one_of_them = |id: Uuid| id == order.survivor || order.losers.contains(&id);
        match value {
            Some(Value::String(text)) if text.parse().is_ok_and(one_of_them) => Value::Null,
            value => value.cloned().unwrap_or_default(),
        }
    }
}
