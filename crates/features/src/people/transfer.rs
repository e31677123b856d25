//! A record gets another owner, and what hangs on it if wished.

use crate::actions::{ActionDef, Target, required_id};
use kezhan_engine::{Action, Error, Keep, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, Label, ObjectMeta, Op, Record};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// More than this hangs on a record: a job is to do it.
const CHILDREN_MAX: u32 = 1_000;

pub struct Transfer;

impl ActionDef for Transfer {
    fn key(&self) -> &'static str {
        "transfer"
    }

    fn label(&self) -> Label {
        Label::new("转移", "Transfer")
    }

    fn help(&self) -> &'static str {
        "Gives the record to another owner; with `children`, also what hangs on it and has the same owner. `keep` leaves the former owner in the team, to read or to write. The answer names the new owner and version, and how many others went with it: the record itself may be out of the caller's sight."
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
            "properties": {
                "owner": {"type": "string", "format": "uuid", "description": "The user who takes over."},
                "children": {"type": "boolean", "default": false, "x-label": {"zh": "连同其名下的关联记录", "en": "With what hangs on it and is theirs too"}, "description": "Also what hangs on it and has the same owner, at most 1,000 records."},
                "keep": {"type": "string", "enum": ["none", "read", "write"], "default": "none", "x-label": {"zh": "原负责人", "en": "The former owner"}, "x-options": [
                    {"value": "none", "label": {"zh": "移除", "en": "keeps nothing"}},
                    {"value": "read", "label": {"zh": "保留只读", "en": "may still read"}},
                    {"value": "write", "label": {"zh": "保留读写", "en": "may still read and write"}},
                ], "description": "What the former owner may still do."},
            },
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
        let keep: Option<Keep> = match input.get("keep").and_then(Value::as_str) {
            None | Some("none") => None,
            Some(_) => Some(
                serde_json::from_value(input.get("keep").cloned().unwrap_or_default())
                    .map_err(|_| Error::invalid("keep", Code::NotAnOption))?,
            ),
        };
        let children = match input.get("children") {
            None | Some(Value::Null) => false,
            Some(value) => value.as_bool().ok_or_else(|| Error::invalid("children", Code::WrongType))?,
        };
        let former = target.text("owner").map(str::to_owned);
        let mut moved = 0;
        if let (true, Some(former)) = (children, &former) {
            for object in following(target) {
                moved += hand_on(target, &object, former, owner, keep)?;
            }
        }
        if let (Some(keep), Some(former)) = (keep, &former) {
            target.engine.keep_owner(target.conn, target.caller, target.object, target.id, former, keep)?;
        }
        // The caller's right to edit has been checked; what is given away may leave the caller's scope.
        let patch = Record::from_iter([("owner".to_owned(), json!(owner))]);
        let written = target.engine.amend(target.conn, target.caller, target.object, target.id, patch)?;
        Ok(json!({"id": target.id, "owner": owner, "version": written.version, "children": moved}))
    }
}

/// Objects whose records go where the one that they hang on goes.
fn following(target: &Target<'_>) -> Vec<Arc<ObjectMeta>> {
    target.caller.catalog.objects().filter(|o| o.owned() && o.hangs_on(target.object)).cloned().collect()
}

/// What of this object hangs on the record and has its owner, as far as the caller may transfer it.
fn hand_on(
    target: &mut Target<'_>,
    object: &Arc<ObjectMeta>,
    former: &str,
    owner: Uuid,
    keep: Option<Keep>,
) -> Result<usize> {
    if [Action::Edit, Action::Transfer].iter().any(|action| !target.caller.access.may(&object.name, *action)) {
        return Ok(0);
    }
    let Some(field) = object.follows.as_ref() else { return Ok(0) };
    let query = ListQuery {
        filter: Some(Filter::And(vec![
            Filter::field(field.to_string(), Op::Eq, json!(target.id)),
            Filter::field("owner", Op::Eq, json!(former)),
        ])),
        fields: Some(vec!["id".to_owned()]),
        limit: Some(100),
        ..ListQuery::default()
    };
    let mut moved = 0;
    loop {
        // What has been given away is not found again.
        let (records, _) = target.engine.records(target.conn, target.caller, object, &query)?;
        let ids = records.iter().filter_map(|r| Uuid::parse_str(r.get("id")?.as_str()?).ok());
        let ids: Vec<Uuid> = ids.collect();
        if ids.is_empty() {
            return Ok(moved);
        }
        for id in ids {
            if let Some(keep) = keep {
                target.engine.keep_owner(target.conn, target.caller, object, id, former, keep)?;
            }
            let patch = Record::from_iter([("owner".to_owned(), json!(owner))]);
            target.engine.update(target.conn, target.caller, object, id, patch, None)?;
            moved += 1;
        }
        if moved > CHILDREN_MAX as usize {
            return Err(Error::refused(Code::TooBig, &["children", &CHILDREN_MAX.to_string()]));
        }
    }
}
