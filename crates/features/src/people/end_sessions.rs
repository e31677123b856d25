//! An administrator signs a user out everywhere.

use super::sessions;
use crate::actions::{ActionDef, Target};
use kezhan_engine::{Action, Result};
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};

pub struct EndSessions;

impl ActionDef for EndSessions {
    fn key(&self) -> &'static str {
        "end_sessions"
    }

    fn label(&self) -> Label {
        Label::new("结束所有会话", "End all sessions")
    }

    fn help(&self) -> &'static str {
        "Signs the user out everywhere, within two seconds. API keys go on: they are revoked one by one."
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

    fn run(&self, target: &mut Target<'_>, _: &Record) -> Result<Value> {
        let ended = sessions::end(target.conn, target.caller, target.id, None, None)?;
        Ok(json!({"id": target.id, "ended": ended}))
    }
}
