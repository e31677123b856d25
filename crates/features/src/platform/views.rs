//! Saved views: whom they are shown to, and which one a role begins with.

use kezhan_engine::{Action, Draft, Error, Hooks, Result, Saved};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, Op, Record, Violation, kept};
use serde_json::{Value, json};

pub struct Views;

pub const OBJECT: &str = "saved_view";

impl Hooks for Views {
    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let manages = draft.caller.access.may(OBJECT, Action::Configure);
        let faults = if draft.text("visibility") == Some("team") { team_faults(draft, manages) } else { Vec::new() };
        if !faults.is_empty() {
            return Err(Error::Invalid(faults));
        }
        if let Some(field) = sealed(draft) {
            return Err(Error::Invalid(vec![Violation::new("settings", Code::SealedCondition).with(field)]));
        }
        if draft.changed("default_for") && !manages {
            return Err(Error::refused(Code::Forbidden, &["saved_view.default_for"]));
        }
        if draft.text("visibility") != Some("all") && !roles(draft.after).is_empty() {
            return Err(Error::Invalid(vec![Violation::new("default_for", Code::NotPossible).with("visibility")]));
        }
        Ok(())
    }

    /// A role begins with one view of an object: the one that was named last.
    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let Some(after) = saved.after else { return Ok(()) };
        let now = roles(after);
        if now.is_empty() || saved.before.is_some_and(|before| roles(before) == now) {
            return Ok(());
        }
        let text = |key: &str| after.get(key).and_then(Value::as_str).unwrap_or_default();
        let query = ListQuery {
            filter: Some(Filter::And(vec![
                Filter::field("object", Op::Eq, text("object")),
                Filter::field("id", Op::Ne, text("id")),
                Filter::field("visibility", Op::Eq, "all"),
            ])),
            fields: Some(vec!["id".to_owned(), "default_for".to_owned()]),
            limit: Some(200),
            ..ListQuery::default()
        };
        let (others, _) = saved.engine.records(saved.conn, &saved.caller.elevated(), saved.object, &query)?;
        for other in others {
            let had = roles(&other);
            let kept: Vec<&Value> = had.iter().filter(|role| !now.contains(role)).collect();
            let id = other.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
            if let (Some(id), true) = (id, kept.len() < had.len()) {
                let patch = Record::from_iter([("default_for".to_owned(), json!(kept))]);
                saved.derive(saved.object, id, patch)?;
            }
        }
        Ok(())
    }
}

/// The encrypted field that the view's condition compares.
fn sealed(draft: &Draft<'_>) -> Option<String> {
    let catalog = &draft.caller.catalog;
    let object = draft.text("object").and_then(|name| catalog.get(name))?;
    let filter: Filter = serde_json::from_value(draft.value("settings").get("filter")?.clone()).ok()?;
    kept::compared(&filter, catalog, object)
}

/// Shared with a department that the caller is of, or that is below theirs.
fn team_faults(draft: &Draft<'_>, manages: bool) -> Vec<Violation> {
    let Some(unit) = draft.text("unit") else { return vec![Violation::new("unit", Code::Required)] };
    let access = &draft.caller.access;
    let own = unit.parse().is_ok_and(|unit| access.principals.contains(&unit) || access.departments.contains(&unit));
    match own || manages || !draft.changed("unit") && !draft.changed("visibility") {
        true => Vec::new(),
        false => vec![Violation::new("unit", Code::NotPossible)],
    }
}

fn roles(view: &Record) -> Vec<Value> {
    view.get("default_for").and_then(Value::as_array).cloned().unwrap_or_default()
}
