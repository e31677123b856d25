//! A lead becomes a customer: account, contact and, if wished, an opportunity.

use crate::actions::{ActionDef, Target, id};
use kezhan_engine::{Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};
use uuid::Uuid;

pub struct Convert;

impl ActionDef for Convert {
    fn key(&self) -> &'static str {
        "convert"
    }

    fn label(&self) -> Label {
        Label::new("转化为客户", "Convert")
    }

    fn help(&self) -> &'static str {
        "Turns a lead into an account and a contact, and into an opportunity where one is described."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == "lead"
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "account": {"type": "string", "format": "uuid", "description": "An account that exists already; else one is made from the lead's company."},
                "opportunity": {"type": "object", "description": "Fields of an opportunity to begin with it.", "additionalProperties": true},
            },
            "additionalProperties": false,
        })
    }

    fn possible(&self, record: &Record) -> bool {
        record.get("status").and_then(Value::as_str) != Some("converted")
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let account = match id(input, "account")? {
            Some(account) => existing(target, account)?,
            None => create(target, "account", account_from(target))?,
        };
        let contact = create(target, "contact", contact_from(target, account))?;
        let opportunity = match input.get("opportunity") {
            None | Some(Value::Null) => None,
            Some(Value::Object(wish)) => {
                Some(create(target, "opportunity", opportunity_from(target, wish, account, contact))?)
            }
            Some(_) => return Err(Error::invalid("opportunity", Code::WrongType)),
        };
        let mut patch = Record::new();
        patch.insert("status".into(), json!("converted"));
        patch.insert("converted_account".into(), json!(account));
        patch.insert("converted_contact".into(), json!(contact));
        patch.insert("converted_opportunity".into(), json!(opportunity));
        target.engine.amend(target.conn, target.caller, target.object, target.id, patch)?;
        Ok(json!({"account": account, "contact": contact, "opportunity": opportunity}))
    }
}

/// The account must be one that the caller sees.
fn existing(target: &mut Target<'_>, account: Uuid) -> Result<Uuid> {
    let object = target.object("account")?;
    let found = target.engine.fetch(target.conn, target.caller, &object, account)?;
    found.map(|_| account).ok_or_else(|| Error::invalid("account", Code::NoSuchRecord))
}

fn create(target: &mut Target<'_>, object: &str, record: Record) -> Result<Uuid> {
    let object = target.object(object)?;
    Ok(target.engine.create(target.conn, target.caller, &object, record)?.id)
}

/// These fields of the lead, under their names on the other side.
fn carried(target: &Target<'_>, fields: &[(&str, &str)]) -> Record {
    let value = |from: &str| target.record.get(from).filter(|v| !v.is_null()).cloned();
    fields.iter().filter_map(|(from, to)| Some(((*to).to_owned(), value(from)?))).collect()
}

fn account_from(target: &Target<'_>) -> Record {
    let company = if target.text("company").is_some() { "company" } else { "name" };
    let same = ["source", "industry", "city", "address", "phone", "owner", "tags", "notes"].map(|f| (f, f));
    let mut record = carried(target, &same);
    record.extend(carried(target, &[(company, "name")]));
    record
}

fn contact_from(target: &Target<'_>, account: Uuid) -> Record {
    let same = ["name", "job_title", "mobile", "phone", "email", "wechat", "address", "owner"].map(|f| (f, f));
    let mut record = carried(target, &same);
    record.insert("account".into(), json!(account));
    record
}

fn opportunity_from(target: &Target<'_>, wish: &Record, account: Uuid, contact: Uuid) -> Record {
    let mut record = carried(target, &[("source", "source"), ("owner", "owner"), ("company", "name")]);
    if !record.contains_key("name") {
        record.extend(carried(target, &[("name", "name")]));
    }
    record.extend(wish.clone());
    record.insert("account".into(), json!(account));
    record.insert("contact".into(), json!(contact));
    record
}
