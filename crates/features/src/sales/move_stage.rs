//! An opportunity goes to another stage of its pipeline.

use crate::actions::{ActionDef, Target, required_id};
use kezhan_engine::Result;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};

pub struct MoveStage;

impl ActionDef for MoveStage {
    fn key(&self) -> &'static str {
        "move_stage"
    }

    fn label(&self) -> Label {
        Label::new("变更阶段", "Move to stage")
    }

    fn help(&self) -> &'static str {
        "Moves an opportunity to a stage; a lost deal may say why, a closed one when."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "opportunity"
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "stage": {"type": "string", "format": "uuid", "description": "The stage to move to."},
                "lost_reason": {"type": "string", "maxLength": 200, "description": "Why the deal was lost."},
                "closed_on": {"type": "string", "format": "date", "description": "When the deal was closed."},
            },
            "required": ["stage"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        required_id(input, "stage")?;
        let written = target.engine.update(
            target.conn,
            target.caller,
            target.object,
            target.id,
            input.clone(),
            target.expected,
        )?;
        written.given.note(target.conn, target.caller)?;
        serde_json::from_slice(&written.body).map_err(|e| kezhan_engine::Error::Internal(e.to_string()))
    }
}
