//! An administrator makes a link for somebody: an invitation, or one to choose another password by.

use super::links::{Purpose, make};
use crate::actions::{ActionDef, Target};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};

pub struct MakeLink(pub Purpose);

impl ActionDef for MakeLink {
    fn key(&self) -> &'static str {
        match self.0 {
            Purpose::Invitation => "invite",
            Purpose::Reset => "reset_password",
        }
    }

    fn label(&self) -> Label {
        match self.0 {
            Purpose::Invitation => Label::new("生成邀请链接", "Make invitation link"),
            Purpose::Reset => Label::new("生成重置密码链接", "Make password reset link"),
        }
    }

    fn help(&self) -> &'static str {
        match self.0 {
            Purpose::Invitation => {
                "Makes a link by which an invited user chooses a password and comes in. It is good once, for seven days, \
                 and takes the place of the one before. `path` is shown in this answer and never again."
            }
            Purpose::Reset => {
                "Makes a link by which the user chooses another password. It is good once, for a day, and takes the place \
                 of the one before; the old password is good until then. `path` is shown in this answer and never again."
            }
        }
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "user"
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn input(&self) -> Value {
        json!({"type": "object", "properties": {}, "additionalProperties": false})
    }

    fn possible(&self, record: &Record) -> bool {
        record.get("status").and_then(Value::as_str) == Some(self.0.status())
    }

    fn answers_secret(&self) -> bool {
        true
    }

    fn run(&self, target: &mut Target<'_>, _: &Record) -> Result<Value> {
        let made = make(target.conn, target.caller, target.id, self.0)?;
        serde_json::to_value(made).map_err(|e| Error::Internal(e.to_string()))
    }
}
