//! An administrator takes a colleague's second factor away: of one whose telephone is gone, and the codes with it.

use super::remove_all;
use crate::actions::{ActionDef, Target};
use crate::people::session;
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};

pub struct RemoveSecondFactor;

impl ActionDef for RemoveSecondFactor {
    fn key(&self) -> &'static str {
        "remove_second_factor"
    }

    fn label(&self) -> Label {
        Label::new("移除两步验证", "Remove second factor")
    }

    fn help(&self) -> &'static str {
        "Takes away authenticator application, passkeys and recovery codes, and signs the user out everywhere. Where the \
         security policy asks for a second factor, the user sets up a new one at the next sign-in."
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
        // One's own goes with a proof, or a stolen session would be enough.
        if target.caller.user == Some(target.id) {
            return Err(Error::refused(Code::NotPossible, &["self"]));
        }
        let tenant = target.caller.tenant;
        if remove_all(target.conn, tenant, target.id)? == 0 {
            return Err(Error::refused(Code::NotPossible, &["second_factor"]));
        }
        session::revoke_all(target.conn, tenant, target.id, None)?;
        Note::by(target.caller, Event::SecondFactorRemoved).on("user", Some(target.id)).write(target.conn, tenant)?;
        Ok(json!({"id": target.id}))
    }
}
