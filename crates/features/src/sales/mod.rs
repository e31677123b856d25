//! Stages decide; lines add up; the first deal won makes an account a customer.

pub mod move_stage;
pub mod pipeline;

use kezhan_domain::sales::line_total;
use kezhan_engine::{Caller, Channel, Draft, Error, Hooks, Result, Saved};
use kezhan_meta::check::{as_decimal, instant};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, ObjectMeta, Op, Record, Violation};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

pub struct OpportunityHooks;

impl Hooks for OpportunityHooks {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if draft.is_empty("name") {
            let name = default_name(draft)?;
            draft.set("name", name);
        }
        if draft.is_empty("stage")
            && let Some(stage) = first_stage(draft)?
        {
            draft.set("stage", stage);
        }
        if draft.changed("stage") {
            enter_stage(draft)?;
        }
        Ok(())
    }

    fn reads_before_save(&self) -> bool {
        true
    }

    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let Some(after) = saved.after else { return Ok(()) };
        let won = |r: &Record| r.get("outcome").and_then(Value::as_str) == Some("won");
        if !won(after) || saved.before.is_some_and(won) {
            return Ok(());
        }
        let Some(account) = id_of(after, "account") else { return Ok(()) };
        let system = saved.caller.elevated();
        let accounts = object(&system, "account")?;
        let Some(found) = saved.engine.fetch(saved.conn, &system, &accounts, account)? else { return Ok(()) };
        if found.get("deal_status").and_then(Value::as_str) == Some("won") {
            return Ok(());
        }
        let day = after.get("closed_on").and_then(Value::as_str).and_then(|d| d.parse::<chrono::NaiveDate>().ok());
        let at = day.map_or_else(chrono::Utc::now, |d| d.and_time(chrono::NaiveTime::MIN).and_utc());
        let mut patch = Record::new();
        patch.insert("deal_status".into(), json!("won"));
        patch.insert("won_at".into(), json!(instant(at)));
        saved.derive(&accounts, account, patch)
    }

    fn acts_after_save(&self) -> bool {
        true
    }
}

/// Account and product, as far as they are known.
fn default_name(draft: &mut Draft<'_>) -> Result<Value> {
    let mut parts = Vec::new();
    for key in ["account", "product"] {
        let Some(id) = id_of(draft.after, key) else { continue };
        let target = object(draft.caller, key)?;
        let found = draft.engine.fetch(draft.conn, &draft.caller.elevated(), &target, id)?;
        parts.extend(found.and_then(|r| r.get("name").and_then(Value::as_str).map(str::to_owned)));
    }
    if parts.is_empty() {
        parts.extend(draft.text("external_id").map(str::to_owned));
    }
    Ok(if parts.is_empty() { Value::Null } else { json!(parts.join(" · ")) })
}

fn first_stage(draft: &mut Draft<'_>) -> Result<Option<Value>> {
    let query = ListQuery {
        filter: Some(Filter::And(vec![
            Filter::field("pipeline.is_default", Op::Eq, true),
            Filter::field("outcome", Op::Eq, "open"),
        ])),
        sort: vec![kezhan_meta::query::Sort::parse("sort_order")],
        fields: Some(vec!["id".into()]),
        limit: Some(1),
        ..ListQuery::default()
    };
    let system = draft.caller.elevated();
    let (stages, _) = draft.engine.records(draft.conn, &system, &*object(&system, "stage")?, &query)?;
    Ok(stages.into_iter().next().and_then(|mut s| s.remove("id")))
}

fn enter_stage(draft: &mut Draft<'_>) -> Result<()> {
    let Some(id) = id_of(draft.after, "stage") else { return Ok(()) };
    let stages = object(draft.caller, "stage")?;
    let Some(stage) = draft.engine.fetch(draft.conn, &draft.caller.elevated(), &stages, id)? else {
        return Err(Error::invalid("stage", Code::NoSuchRecord));
    };
    let of = |key: &str| stage.get(key).cloned().unwrap_or(Value::Null);
    draft.set("pipeline", of("pipeline"));
    draft.set("outcome", of("outcome"));
    if !draft.changed("probability") || draft.is_empty("probability") {
        draft.set("probability", of("probability"));
    }
    let closed = of("outcome") != json!("open");
    if closed && draft.is_empty("closed_on") {
        let today = draft.caller.context().today().format("%Y-%m-%d").to_string();
        draft.set("closed_on", today);
    } else if !closed && draft.before.is_some() && !draft.changed("closed_on") {
        draft.set("closed_on", Value::Null);
    }
    // People are asked; what comes from other systems comes as it is.
    match draft.caller.channel {
        Channel::Web | Channel::Api => has_required(draft, &of("requires")),
        Channel::Import | Channel::Automation | Channel::System => Ok(()),
    }
}

/// Does the deal have what the stage asks for?
fn has_required(draft: &Draft<'_>, keys: &Value) -> Result<()> {
    let keys = keys.as_array().into_iter().flatten().filter_map(Value::as_str);
    let missing = keys.filter(|key| draft.object.field(key).is_some() && draft.is_empty(key));
    let faults: Vec<Violation> = missing.map(|key| Violation::new(key, Code::Required)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

pub struct LineHooks;

impl Hooks for LineHooks {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        let system = draft.caller.elevated();
        if let Some(product) = id_of(draft.after, "product").filter(|_| draft.changed("product")) {
            let products = object(&system, "product")?;
            if let Some(product) = draft.engine.fetch(draft.conn, &system, &products, product)? {
                for (key, from) in [("unit_price", "price"), ("description", "name")] {
                    if draft.is_empty(key) {
                        draft.set(key, product.get(from).cloned().unwrap_or(Value::Null));
                    }
                }
            }
        }
        let number = |draft: &Draft<'_>, key: &str| as_decimal(draft.value(key));
        let total = match (number(draft, "quantity"), number(draft, "unit_price")) {
            (Some(quantity), Some(price)) => {
                let total = line_total(quantity, price, number(draft, "discount"));
                json!(total.ok_or_else(|| Error::invalid("quantity", Code::TooBig))?.normalize().to_string())
            }
            _ => Value::Null,
        };
        draft.set("total", total);
        Ok(())
    }

    fn reads_before_save(&self) -> bool {
        true
    }

    /// The opportunity's amount is what its lines come to.
    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let line = saved.after.or(saved.before);
        let Some(opportunity) = line.and_then(|l| id_of(l, "opportunity")) else { return Ok(()) };
        let system = saved.caller.elevated();
        let query = ListQuery {
            filter: Some(Filter::field("opportunity", Op::Eq, opportunity.to_string())),
            fields: Some(vec!["total".into()]),
            limit: Some(kezhan_meta::query::LIMIT_MAX),
            ..ListQuery::default()
        };
        let (lines, _) = saved.engine.records(saved.conn, &system, &*object(&system, "opportunity_line")?, &query)?;
        let sum: rust_decimal::Decimal = lines.iter().filter_map(|l| as_decimal(l.get("total")?)).sum();
        if lines.is_empty() {
            return Ok(());
        }
        let mut patch = Record::new();
        patch.insert("amount".into(), json!(sum.normalize().to_string()));
        let opportunities = object(&system, "opportunity")?;
        saved.derive(&opportunities, opportunity, patch)
    }

    fn acts_after_save(&self) -> bool {
        true
    }
}

pub struct StageHooks;

impl Hooks for StageHooks {
    fn before_save(&self, draft: &mut Draft<'_>) -> Result<()> {
        if draft.is_empty("pipeline") {
            let query = ListQuery {
                filter: Some(Filter::field("is_default", Op::Eq, true)),
                fields: Some(vec!["id".into()]),
                limit: Some(1),
                ..ListQuery::default()
            };
            let system = draft.caller.elevated();
            let (found, _) = draft.engine.records(draft.conn, &system, &*object(&system, "pipeline")?, &query)?;
            if let Some(id) = found.into_iter().next().and_then(|mut p| p.remove("id")) {
                draft.set("pipeline", id);
            }
        }
        Ok(())
    }

    fn reads_before_save(&self) -> bool {
        true
    }
}

pub struct PipelineHooks;

impl Hooks for PipelineHooks {
    /// There is one default.
    fn after_save(&self, saved: &mut Saved<'_>) -> Result<()> {
        let is_default = |r: &Record| r.get("is_default") == Some(&Value::Bool(true));
        let Some(after) = saved.after.filter(|r| is_default(r)) else { return Ok(()) };
        let query = ListQuery {
            filter: Some(Filter::And(vec![
                Filter::field("is_default", Op::Eq, true),
                Filter::field("id", Op::Ne, after.get("id").cloned().unwrap_or(Value::Null)),
            ])),
            ..ListQuery::default()
        };
        let system = saved.caller.elevated();
        let (others, _) = saved.engine.records(saved.conn, &system, saved.object, &query)?;
        for other in others {
            let Some(id) = id_of(&other, "id") else { continue };
            let mut patch = Record::new();
            patch.insert("is_default".into(), json!(false));
            saved.derive(saved.object, id, patch)?;
        }
        Ok(())
    }

    fn acts_after_save(&self) -> bool {
        true
    }
}

pub fn id_of(record: &Record, key: &str) -> Option<Uuid> {
    record.get(key).and_then(Value::as_str).and_then(|s| Uuid::parse_str(s).ok())
}

pub fn object(caller: &Caller, name: &str) -> Result<Arc<ObjectMeta>> {
    caller.catalog.get(name).cloned().ok_or_else(|| Error::Internal(format!("unknown object {name}")))
}

pub fn hooks() -> Vec<(String, Arc<dyn Hooks>)> {
    vec![
        ("opportunity".into(), Arc::new(OpportunityHooks) as Arc<dyn Hooks>),
        ("opportunity_line".into(), Arc::new(LineHooks)),
        ("stage".into(), Arc::new(StageHooks)),
        ("pipeline".into(), Arc::new(PipelineHooks)),
    ]
}
