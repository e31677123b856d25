//! A record gets another owner.

use crate::actions::{ActionDef, Target, required_id};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};

pub struct Transfer;

impl ActionDef for Transfer {
    fn key(&self) -> &'static str {
        "transfer"
    }

    fn label(&self) -> Label {
        Label::new("转移", "Transfer")
    }

    fn help(&self) -> &'static str {
        "Gives the record to another owner. The answer names the new owner and version: the record itself may be out of the caller's sight."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.owned() && object.field("owner").is_some_and(|f| !f.read_only)
    }

    fn permission(&self) -> Action {
        Action::Transfer
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"owner": {"type": "string", "format": "uuid", "description": "The user who takes over."}},
            "required": ["owner"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let owner = required_id(input, "owner")?;
        if let (Some(expected), Some(version)) = (target.expected, target.record.get("version").and_then(Value::as_i64))
            && expected != version
        {
            return Err(Error::Stale(version));
        }
        // The caller's right to edit has been checked; what is given away may leave the caller's scope.
        let patch = Record::from_iter([("owner".to_owned(), json!(owner))]);
        let written = target.engine.amend(target.conn, target.caller, target.object, target.id, patch)?;
        Ok(json!({"id": target.id, "owner": owner, "version": written.version}))
    }
}
