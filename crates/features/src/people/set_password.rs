//! An administrator gives a user a password.

use super::sign_in::{must_change, set_password};
use crate::actions::{ActionDef, Target};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};

pub struct SetPassword;

impl ActionDef for SetPassword {
    fn key(&self) -> &'static str {
        "set_password"
    }

    fn label(&self) -> Label {
        Label::new("设置密码", "Set password")
    }

    fn help(&self) -> &'static str {
        "Gives the user a password and ends the sessions that began with the old one."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "user"
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "password": {"type": "string", "minLength": 8, "maxLength": 200, "description": "The new password."},
                "must_change": {
                    "type": "boolean",
                    "description": "The user chooses another one at the next sign-in.",
                    "x-label": Label::new("下次登录时须修改", "Must be changed at the next sign-in"),
                },
            },
            "required": ["password"],
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let password = input.get("password").and_then(Value::as_str);
        let password = password.ok_or_else(|| Error::invalid("password", Code::Required))?;
        set_password(target.conn, target.caller.tenant, target.id, password, None)?;
        if input.get("must_change").and_then(Value::as_bool) == Some(true) {
            must_change(target.conn, target.caller.tenant, target.id)?;
        }
        let note = Note::by(target.caller, Event::PasswordSet).on("user", Some(target.id));
        note.write(target.conn, target.caller.tenant)?;
        Ok(json!({"id": target.id}))
    }
}
