//! Teams: whom the owner of a record lets in.

use chrono::{DateTime, Utc};
use kezhan_engine::{Draft, Error, Hooks, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::{Filter, Op, Record, Scope, Violation};
use serde_json::{Value, json};

pub struct RecordMembers;

/// What an entry may name; one of them.
const PRINCIPALS: [&str; 3] = ["user", "unit", "role"];

impl Hooks for RecordMembers {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let principal = name_principal(draft)?;
        if draft.before.is_some() {
            return Ok(());
        }
        let object = draft.text("object").unwrap_or_default().to_owned();
        // Only what has an owner has a team.
        if !draft.caller.catalog.get(&object).is_some_and(|o| o.scope == Scope::Owned) {
            return Err(Error::Invalid(vec![Violation::new("object", Code::NotAnOption).with(&object)]));
        }
        let field = |key: &str, value: &str| Filter::field(key.to_owned(), Op::Eq, json!(value));
        let record = draft.text("record").unwrap_or_default().to_owned();
        let query = ListQuery {
            filter: Some(Filter::And(vec![
                field("object", &object),
                field("record", &record),
                field("principal", &principal),
            ])),
            limit: Some(LIMIT_MAX),
            ..ListQuery::default()
        };
        let system = draft.caller.elevated();
        for known in draft.engine.records(draft.conn, &system, draft.object, &query)?.0 {
            let id = known.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
            let Some(id) = id.filter(|_| is_over(&known)) else {
                return Err(Error::Invalid(vec![Violation::new("user", Code::Taken)]));
            };
            // A new membership takes the place of one that has run out.
            draft.engine.delete(draft.conn, &system, draft.object, id, None)?;
        }
        Ok(())
    }
}

fn is_over(member: &Record) -> bool {
    let until = member.get("expires_at").and_then(Value::as_str);
    until.and_then(|at| DateTime::parse_from_rfc3339(at).ok()).is_some_and(|at| at <= Utc::now())
}

/// Whichever of the three is named becomes the principal.
pub fn name_principal(draft: &mut Draft<'_>) -> Result<String> {
    let named: Vec<String> = PRINCIPALS.iter().filter_map(|key| draft.text(key).map(str::to_owned)).collect();
    let [principal] = named.as_slice() else {
        return Err(Error::Invalid(vec![match named.len() {
            0 => Violation::new("user", Code::Required),
            _ => Violation::new("user", Code::NotPossible).with("user + unit + role"),
        }]));
    };
    draft.set("principal", principal.clone());
    Ok(principal.clone())
}
