//! A value of which somebody sees the outline is shown in full, for a reason that is kept.

use crate::actions::{ActionDef, Target};
use kezhan_engine::access::Level;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record, Scope, Violation};
use serde_json::{Value, json};

const REASON_MAX: usize = 500;

pub struct Reveal;

impl ActionDef for Reveal {
    fn key(&self) -> &'static str {
        "reveal"
    }

    fn label(&self) -> Label {
        Label::new("查看原文", "Reveal")
    }

    fn help(&self) -> &'static str {
        "Shows the full value of one field that the caller sees masked. Who, what and why goes into the audit trail. What is hidden from the caller stays hidden."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.scope != Scope::Personal
    }

    fn permission(&self) -> Action {
        Action::Reveal
    }

    fn offered(&self) -> bool {
        false
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "field": {"type": "string", "description": "The field's key.", "example": "mobile"},
                "reason": {"type": "string", "minLength": 2, "maxLength": REASON_MAX, "example": "客户来电核实身份"},
            },
            "required": ["field", "reason"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let text = |key: &str| input.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let key = text("field").ok_or_else(|| Error::invalid("field", Code::Required))?;
        let reason = text("reason").ok_or_else(|| Error::invalid("reason", Code::Required))?;
        match reason.chars().count() {
            0..2 => return Err(Error::Invalid(vec![Violation::new("reason", Code::TooShort).with(2)])),
            n if n > REASON_MAX => {
                return Err(Error::Invalid(vec![Violation::new("reason", Code::TooLong).with(REASON_MAX)]));
            }
            _ => {}
        }
        let relation = target.engine.explain(target.conn, target.caller, target.object, target.id)?.relation;
        let level = |field| target.caller.access.field_rule(target.object, field).level(relation);
        let field = target.object.field(key).filter(|field| level(field) > Level::Hidden);
        let field = field.ok_or_else(|| Error::Invalid(vec![Violation::new("field", Code::NotAnOption).with(key)]))?;
        let whole = target.engine.fetch(target.conn, &target.caller.elevated(), target.object, target.id)?;
        let whole = whole.ok_or_else(Error::not_found)?;
        let note = Note::by(target.caller, Event::Revealed).on(&target.object.name, Some(target.id));
        note.with(json!({"field": field.key, "reason": reason})).write(target.conn, target.caller.tenant)?;
        Ok(json!({"field": field.key, "value": whole.get(field.key.as_ref())}))
    }
}
