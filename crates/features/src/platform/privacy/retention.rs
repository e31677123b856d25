//! Rules of retention: what becomes of records that are not needed any more. Looked at once a day, in the background.

use super::SUBJECTS;
use super::erase::erase;
use chrono::Utc;
use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use kezhan_engine::jobs::{self, Handler, Run, Signal};
use kezhan_engine::{Caller, Draft, Engine, Error, Hooks, Result};
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::resolve::{ReadsAll, resolve};
use kezhan_meta::{FieldType, Filter, ObjectMeta, Op, Record, Scope, Violation, kept};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

pub const KIND: &str = "retention";
const OBJECT: &str = "retention_rule";
/// Records of one transaction.
const BATCH: u32 = 50;

pub struct Rules;

impl Hooks for Rules {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let fault =
            |field: &str, code: Code, with: &str| Err(Error::Invalid(vec![Violation::new(field, code).with(with)]));
        let name = draft.text("object").unwrap_or_default();
        let Some(object) = draft.caller.catalog.get(name).filter(|o| o.listed && o.scope == Scope::Owned) else {
            return fault("object", Code::NotAnOption, name);
        };
        let since = draft.text("since").unwrap_or_default();
        let dated = object.field(since).is_some_and(|f| matches!(f.kind, FieldType::Date | FieldType::DateTime));
        if !dated {
            return fault("since", Code::NotAnOption, since);
        }
        if draft.text("act") == Some("anonymise") && !SUBJECTS.contains(&name) {
            return fault("act", Code::NotPossible, name);
        }
        let condition = condition(draft.value("condition"));
        let sound = |c: &Filter| resolve(c, &draft.caller.catalog, object, &ReadsAll, &draft.caller.context()).is_ok();
        let Some(condition) = condition.filter(sound) else {
            return Err(Error::invalid("condition", Code::BadValue));
        };
        match kept::compared(&condition, &draft.caller.catalog, object) {
            Some(field) => fault("condition", Code::SealedCondition, &field),
            None => Ok(()),
        }
    }
}

fn condition(value: &Value) -> Option<Filter> {
    match value {
        Value::Null => Some(Filter::all()),
        other => serde_json::from_value(other.clone()).ok(),
    }
}

/// What a rule reaches today. Records that were anonymised have no more to lose; those in the recycle bin are there.
fn reached(object: &ObjectMeta, rule: &Record) -> Option<Filter> {
    let since = object.field(rule.get("since")?.as_str()?)?;
    let months = u32::try_from(rule.get("months")?.as_i64()?).ok()?;
    let limit = Utc::now().checked_sub_months(chrono::Months::new(months))?;
    let limit = match since.kind {
        FieldType::Date => limit.format("%Y-%m-%d").to_string(),
        _ => instant(limit),
    };
    let old = Filter::field(since.key.to_string(), Op::Lt, limit);
    Some(condition(rule.get("condition").unwrap_or(&Value::Null))?.and(old))
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = SqlUuid)]
    tenant_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Orders what is due: active rules whose last run is a day ago.
pub fn order_due(conn: &mut PgConnection) -> Result<usize> {
    conn.transaction(|conn| {
        let due: Vec<Due> = diesel::sql_query(
            "UPDATE retention_rules SET last_run_at = now() WHERE active AND deleted_at IS NULL \
             AND (last_run_at IS NULL OR last_run_at < now() - interval '1 day') RETURNING tenant_id, id",
        )
        .load(conn)?;
        for rule in &due {
            jobs::enqueue(conn, rule.tenant_id, KIND, &json!({ "rule": rule.id }), None)?;
        }
        Ok(due.len())
    })
}

pub struct Runs(pub Arc<Engine>);

impl Handler for Runs {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn run(&self, conn: &mut PgConnection, run: &mut Run) -> Result<Signal> {
        let tenant = run.job.tenant_id;
        let catalog = self.0.catalog(conn, tenant)?;
        let mut caller = Caller::system(tenant, catalog);
        caller.origin.via = Some(run.job.id);
        let id = run.job.payload["rule"].as_str().and_then(|id| id.parse::<Uuid>().ok());
        let object = crate::sales::object(&caller, OBJECT)?;
        let rule = match id {
            Some(id) => self.0.fetch(conn, &caller, &object, id)?,
            None => None,
        };
        // Taken away or switched off meanwhile.
        let Some(rule) = rule.filter(|r| r.get("active") == Some(&json!(true))) else { return Ok(Signal::Continue) };
        let name = rule.get("object").and_then(Value::as_str).unwrap_or_default();
        let Some(subject) = caller.catalog.get(name).cloned() else { return Ok(Signal::Continue) };
        let anonymise = rule.get("act") == Some(&json!("anonymise"));
        let Some(filter) = reached(&subject, &rule) else { return Ok(Signal::Continue) };
        let mut done = run.job.progress["done"].as_u64().unwrap_or_default();
        let mut after = run.job.progress["after"].as_str().map(str::to_owned);
        loop {
            let signal = conn.transaction(|conn| {
                let (records, next) = self.page(conn, &caller, &subject, &filter, after.clone())?;
                after = next;
                for record in &records {
                    let Some(id) = record.get("id").and_then(Value::as_str) else { continue };
                    let id: Uuid = id.parse().map_err(|_| Error::Internal(format!("no id {id}")))?;
                    let outcome = match anonymise {
                        true => erase(&self.0, conn, &caller, &subject, id, true).map(|erased| !erased.is_nothing()),
                        false => self.0.delete(conn, &caller, &subject, id, None).map(|_| true),
                    };
                    match outcome {
                        Ok(some) => done += u64::from(some),
                        // Restricted, or kept for another reason: the rule does not get to it.
                        Err(Error::Refused { .. } | Error::Invalid(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
                run.checkpoint(conn, &json!({ "done": done, "after": after }))
            })?;
            if after.is_none() || signal != Signal::Continue {
                break;
            }
        }
        diesel::sql_query("UPDATE retention_rules SET last_count = $3 WHERE tenant_id = $1 AND id::text = $2")
            .bind::<SqlUuid, _>(tenant)
            .bind::<Text, _>(run.job.payload["rule"].as_str().unwrap_or_default())
            .bind::<diesel::sql_types::BigInt, _>(i64::try_from(done).unwrap_or(i64::MAX))
            .execute(conn)?;
        Ok(Signal::Continue)
    }
}

impl Runs {
    /// The next records in the order in which they were made, which nothing changes: none is met twice.
    fn page(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        filter: &Filter,
        cursor: Option<String>,
    ) -> Result<(Vec<Record>, Option<String>)> {
        let query = ListQuery {
            filter: Some(filter.clone()),
            fields: Some(vec!["id".to_owned()]),
            sort: vec![kezhan_meta::query::Sort::parse("created_at")],
            limit: Some(BATCH),
            cursor,
            ..ListQuery::default()
        };
        self.0.records(conn, caller, object, &query)
    }
}
