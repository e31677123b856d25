use super::RESTRICTED;
use chrono::{DateTime, Days, Utc};
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use kezhan_engine::{Draft, Error, Hooks, Result, Saved};
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Violation};
use serde_json::{Value, json};
use uuid::Uuid;

/// Days that a request may take, and by how many more that may be put off.
const DAYS: u64 = 30;
const MORE_DAYS: u64 = 60;

/// The ledger: the latest statement of a person to a purpose is the one that holds.
pub struct Consents;

impl Hooks for Consents {
    fn reads_before_save(&self) -> bool {
        true
    }

    fn acts_after_save(&self) -> bool {
        true
    }

    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if draft.before.is_some() {
            return Ok(());
        }
        let Some(contact) = draft.text("contact").and_then(|id| id.parse::<Uuid>().ok()) else { return Ok(()) };
        // Two statements at once: one of them is the later.
        diesel::sql_query("SELECT 1 FROM contacts WHERE tenant_id = $1 AND id = $2 FOR UPDATE")
            .bind::<SqlUuid, _>(draft.caller.tenant)
            .bind::<SqlUuid, _>(contact)
            .execute(draft.conn)?;
        if let Some(purpose) = draft.text("purpose").and_then(|id| id.parse::<Uuid>().ok()) {
            let object = crate::sales::object(draft.caller, "processing_purpose")?;
            let purpose = draft.engine.fetch(draft.conn, &draft.caller.elevated(), &object, purpose)?;
            let version = purpose.and_then(|p| p.get("notice_version").cloned()).unwrap_or_default();
            draft.set("notice_version", version);
        }
        let moment = |key: &str| draft.text(key).and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        match (moment("at"), moment("until")) {
            (Some(at), _) if at > Utc::now() + chrono::Duration::minutes(5) => {
                Err(Error::Invalid(vec![Violation::new("at", Code::TooBig).with(instant(Utc::now()))]))
            }
            (Some(at), Some(until)) if until < at => {
                Err(Error::Invalid(vec![Violation::new("until", Code::BeforeOther).with("at")]))
            }
            _ => Ok(()),
        }
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let (Some(after), None) = (saved.after, saved.before) else { return Ok(()) };
        let same = |key: &str| Filter::field(key.to_owned(), Op::Eq, after.get(key).cloned().unwrap_or_default());
        let query = ListQuery {
            filter: Some(Filter::And(vec![same("contact"), same("purpose")])),
            fields: Some(vec!["id".into(), "current".into()]),
            sort: vec![Sort::parse("-at")],
            limit: Some(200),
            ..ListQuery::default()
        };
        let (all, _) = saved.engine.records(saved.conn, &saved.caller.elevated(), saved.object, &query)?;
        for (place, entry) in all.iter().enumerate() {
            let holds = place == 0;
            let Some(id) = entry.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()) else { continue };
            if entry.get("current") != Some(&json!(holds)) {
                let patch = Record::from_iter([("current".to_owned(), json!(holds))]);
                saved.derive(saved.object, id, patch)?;
            }
        }
        Ok(())
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        match saved.caller.user {
            Some(_) => Err(Error::refused(Code::AppendOnly, &[])),
            // The system itself, which keeps to rules of its own.
            None => Ok(()),
        }
    }
}

/// Requests have a term, and end with an answer.
pub struct Requests;

impl Hooks for Requests {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let moment = |draft: &Draft<'_>, key: &str| {
            draft.text(key).and_then(|at| DateTime::parse_from_rfc3339(at).ok()).map(|at| at.to_utc())
        };
        let received = moment(draft, "received_at").unwrap_or_else(Utc::now);
        let term = received.checked_add_days(Days::new(DAYS)).unwrap_or(received);
        match moment(draft, "due_at") {
            None => draft.set("due_at", instant(term)),
            Some(due) if due > term => {
                let last = term.checked_add_days(Days::new(MORE_DAYS)).unwrap_or(term);
                if due > last {
                    return Err(Error::Invalid(vec![Violation::new("due_at", Code::TooBig).with(instant(last))]));
                }
                if draft.is_empty("extension") {
                    return Err(Error::invalid("extension", Code::Required));
                }
            }
            Some(due) if due < received => {
                return Err(Error::Invalid(vec![Violation::new("due_at", Code::BeforeOther).with("received_at")]));
            }
            Some(_) => {}
        }
        if draft.changed("status") {
            let ended = matches!(draft.text("status"), Some("done" | "refused" | "withdrawn"));
            let at = if ended { json!(instant(Utc::now())) } else { Value::Null };
            draft.set("completed_at", at);
        }
        Ok(())
    }

    fn check(&self, _object: &ObjectMeta, record: &Record) -> Vec<Violation> {
        let named = super::SUBJECTS.iter().filter(|key| record.get(**key).is_some_and(|v| !v.is_null())).count();
        if named > 1 { vec![Violation::new("lead", Code::NotPossible).with("contact + lead")] } else { Vec::new() }
    }
}

/// What is restricted is not changed, nor does it leave.
pub struct Restriction;

impl Hooks for Restriction {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let was = draft.before.is_some_and(|b| b.get(RESTRICTED) == Some(&json!(true)));
        match was && draft.value(RESTRICTED) == &json!(true) {
            true => Err(Error::refused(Code::ProcessingRestricted, &[])),
            false => Ok(()),
        }
    }

    fn before_delete(&self, saved: &mut Saved<'_>) -> Result<()> {
        match saved.before.is_some_and(|b| b.get(RESTRICTED) == Some(&json!(true))) {
            true => Err(Error::refused(Code::ProcessingRestricted, &[])),
            false => Ok(()),
        }
    }

    fn leaves(&self) -> Option<Filter> {
        Some(Filter::field(RESTRICTED, Op::Eq, false))
    }
}
