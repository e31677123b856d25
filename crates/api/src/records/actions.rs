//! What may be done with a record, and doing it.

use super::Request;
use crate::call::{Answer, Call};
use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use kezhan_engine::explain::Verdict;
use kezhan_engine::{Action, Error, Result};
use kezhan_features::actions::{ActionDef, Target, refuse_unknown};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

fn applying<'a>(call: &Call<'a>, object: &ObjectMeta) -> Vec<Arc<dyn ActionDef>> {
    call.state.actions.iter().filter(|a| a.applies(object)).cloned().collect()
}

fn fetch(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid) -> Result<Record> {
    call.state.engine.fetch(call.conn, call.caller, object, id)?.ok_or_else(Error::not_found)
}

/// What the caller's role and reach allow with one record.
struct Rights {
    verdicts: Vec<Verdict>,
    configures: bool,
}

impl Rights {
    fn of(call: &mut Call<'_>, object: &ObjectMeta, id: Uuid) -> Result<Rights> {
        let verdicts = call.state.engine.explain(call.conn, call.caller, object, id)?.verdicts;
        Ok(Rights { verdicts, configures: call.caller.access.may(&object.name, Action::Configure) })
    }

    fn allow(&self, action: Action) -> bool {
        match action {
            Action::Configure => self.configures,
            _ => self.verdicts.iter().any(|v| v.action == action && v.allowed),
        }
    }
}

/// What this caller may do next with this record.
pub fn list(call: &mut Call<'_>, object: &Arc<ObjectMeta>, id: Uuid, request: &Request) -> Result<Answer> {
    request.params.only(&[])?;
    let record = fetch(call, object, id)?;
    let rights = Rights::of(call, object, id)?;
    let offered: Vec<Value> = applying(call, object)
        .iter()
        .filter(|a| a.offered() && rights.allow(a.permission()) && a.possible(&record))
        .map(|a| describe(a.as_ref(), Some(&format!("/api/v1/{}/{id}/actions/{}", object.plural, a.key()))))
        .collect();
    let of = |action: Action| (action.key().to_owned(), json!(rights.allow(action)));
    let actions = [Action::Edit, Action::Delete, Action::Transfer, Action::Share, Action::Reveal];
    let permissions = Value::Object(actions.map(of).into_iter().collect());
    Answer::json(200, &json!({"data": offered, "permissions": permissions}))
}

/// An action as clients see it.
pub fn describe(action: &dyn ActionDef, href: Option<&str>) -> Value {
    let mut out = json!({
        "key": action.key(),
        "label": action.label(),
        "help": action.help(),
        "permission": action.permission().key(),
        "input": action.input(),
    });
    if let (Some(map), Some(href)) = (out.as_object_mut(), href) {
        map.insert("href".into(), json!(href));
    }
    out
}

pub fn perform(
    call: &mut Call<'_>,
    object: &Arc<ObjectMeta>,
    id: Uuid,
    key: &str,
    request: &Request,
) -> Result<Answer> {
    request.params.only(&[])?;
    let found = applying(call, object).into_iter().find(|a| a.key() == key);
    let action = found.ok_or_else(Error::not_found)?;
    let input: Record = if request.body.is_empty() { Record::new() } else { request.json()? };
    let expected = request.expected()?;
    call.note_write(object);
    // A former owner may stay in the team.
    call.teams_changed = true;
    call.transaction(|call| {
        one_at_a_time(call, object, id)?;
        let record = fetch(call, object, id)?;
        if !Rights::of(call, object, id)?.allow(action.permission()) {
            return Err(Error::refused(Code::Forbidden, &[action.key()]));
        }
        if let (Some(expected), Some(version)) = (expected, record.get("version").and_then(Value::as_i64))
            && expected != version
        {
            return Err(Error::Stale(version));
        }
        if !action.possible(&record) {
            return Err(Error::refused(Code::NotPossible, &[action.label().get(call.caller.lang)]));
        }
        refuse_unknown(action.as_ref(), &input)?;
        let (engine, caller, record) = (call.state.engine.as_ref(), call.caller, &record);
        let mut target = Target { engine, conn: call.conn, caller, object, id, record, expected };
        let answer = Answer::json(200, &action.run(&mut target, &input)?)?;
        let kept = action.answers_secret().then(|| Answer::json(200, &json!({ "id": id })));
        Ok(Answer { kept: kept.transpose()?.map(|kept| kept.body), ..answer })
    })
}

/// Two of the same action on the same record must not both find it possible.
fn one_at_a_time(call: &mut Call<'_>, object: &ObjectMeta, id: Uuid) -> Result<()> {
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))")
        .bind::<Text, _>(format!("{}/{}/{id}", call.caller.tenant, object.name))
        .execute(call.conn)?;
    Ok(())
}
