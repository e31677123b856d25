//! Records that mean the same become one, and are parted again.

use crate::actions::{ActionDef, Target, required_id};
use kezhan_engine::write::merge::{LOSERS_MAX, Order};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record, Scope, Violation};
use serde_json::{Value, json};
use uuid::Uuid;

pub struct Merge;
pub struct Unmerge;

/// What people make and find again, and so meet twice.
fn applies(object: &ObjectMeta) -> bool {
    object.listed && matches!(object.scope, Scope::Owned | Scope::Tenant)
}

impl ActionDef for Merge {
    fn key(&self) -> &'static str {
        "merge"
    }

    fn label(&self) -> Label {
        Label::new("合并", "Merge")
    }

    fn help(&self) -> &'static str {
        "Other records of the object become this one: it takes the values that `take` names, all that hangs on them moves to it, and they go to the recycle bin, where reading them leads here (307). It takes the right to edit all of them and to delete the others. The answer names the merge for `undo_merge`."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        applies(object)
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "losers": {
                    "type": "array", "minItems": 1, "maxItems": LOSERS_MAX, "uniqueItems": true,
                    "items": {"type": "string", "format": "uuid"},
                    "description": "The records that become this one.",
                },
                "take": {
                    "type": "object", "additionalProperties": {"type": "string", "format": "uuid"},
                    "description": "Field → the record whose value it takes; this record keeps its own of all others.",
                },
            },
            "required": ["losers"],
            "additionalProperties": false,
        })
    }

    fn offered(&self) -> bool {
        false
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let wrong =
            |field: &str, expected: &str| Error::Invalid(vec![Violation::new(field, Code::WrongType).with(expected)]);
        let Some(Value::Array(listed)) = input.get("losers") else {
            return Err(Error::invalid("losers", Code::Required));
        };
        let mut losers = Vec::new();
        for one in listed {
            let id: Uuid = one.as_str().and_then(|id| id.parse().ok()).ok_or_else(|| wrong("losers", "id"))?;
            if id == target.id || losers.contains(&id) {
                return Err(Error::Invalid(vec![Violation::new("losers", Code::Duplicate).with(id)]));
            }
            losers.push(id);
        }
        match losers.len() {
            0 => return Err(Error::invalid("losers", Code::Required)),
            n if n > LOSERS_MAX => {
                return Err(Error::Invalid(vec![Violation::new("losers", Code::TooBig).with(LOSERS_MAX)]));
            }
            _ => {}
        }
        let mut take = std::collections::BTreeMap::new();
        for (field, from) in input.get("take").and_then(Value::as_object).into_iter().flatten() {
            let from = from.as_str().and_then(|id| id.parse().ok()).ok_or_else(|| wrong("take", "id"))?;
            take.insert(field.clone(), from);
        }
        let order = Order { survivor: target.id, losers, take, expected: target.expected };
        let merged = target.engine.merge(target.conn, target.caller, target.object, &order)?;
        merged.written.given.note(target.conn, target.caller)?;
        let record: Value = serde_json::from_slice(&merged.written.body).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(json!({"merge": merged.merge, "moved": merged.moved, "record": record}))
    }
}

impl ActionDef for Unmerge {
    fn key(&self) -> &'static str {
        "undo_merge"
    }

    fn label(&self) -> Label {
        Label::new("撤销合并", "Undo merge")
    }

    fn help(&self) -> &'static str {
        "Parts what a merge made one: the others come back with what hung on them, as far as it still hangs here, and this record gets back each value that is still the one it took."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        applies(object)
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"merge": {"type": "string", "format": "uuid", "description": "As `merge` answered."}},
            "required": ["merge"],
            "additionalProperties": false,
        })
    }

    fn offered(&self) -> bool {
        false
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let merge = required_id(input, "merge")?;
        let written = target.engine.unmerge(target.conn, target.caller, target.object, target.id, merge)?;
        written.given.note(target.conn, target.caller)?;
        serde_json::from_slice(&written.body).map_err(|e| Error::Internal(e.to_string()))
    }
}
