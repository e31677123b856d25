//! What is done for a request. Each takes the right to configure requests, leaves a line of evidence on the request and
//! an entry in the audit trail, and asks first who it is that asks.

use super::erase::erase;
use super::gather::gather;
use super::{REQUEST, RESTRICTED, SUBJECTS, restricts};
use crate::actions::{ActionDef, Target};
use kezhan_engine::audit::{Event, Note};
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::check::instant;
use kezhan_meta::problem::Code;
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

pub struct Gather;
pub struct Restrict;
pub struct Erase;

/// Whose information it is. Known, verified, and the request still open.
pub(super) fn subject(target: &Target<'_>) -> Result<(Arc<ObjectMeta>, Uuid)> {
    if target.text("verification").is_none_or(|text| text.trim().is_empty()) {
        return Err(Error::invalid("verification", Code::Required));
    }
    if target.text("completed_at").is_some() {
        return Err(Error::refused(Code::NotPossible, &[target.text("status").unwrap_or_default()]));
    }
    for key in SUBJECTS {
        if let Some(id) = target.text(key).and_then(|id| id.parse().ok()) {
            return Ok((target.object(key)?, id));
        }
    }
    Err(Error::invalid("contact", Code::Required))
}

/// Is there somebody known to do it for, and the request not at its end?
pub(super) fn possible(record: &Record) -> bool {
    let says = |key: &str| record.get(key).is_some_and(|v| !v.is_null());
    says("verification") && !says("completed_at") && SUBJECTS.iter().any(|key| says(key))
}

/// A line of evidence on the request, which goes on with it.
fn attest(target: &mut Target<'_>, text: &Label) -> Result<()> {
    let system = target.caller.elevated();
    let whole = target.engine.fetch(target.conn, &system, target.object, target.id)?.ok_or_else(Error::not_found)?;
    let before = whole.get("evidence").and_then(Value::as_str).map(|t| format!("{t}\n")).unwrap_or_default();
    let line = format!("{before}{} {}", instant(chrono::Utc::now()), text.get(target.caller.lang));
    let mut patch = Record::from_iter([("evidence".to_owned(), json!(line))]);
    if whole.get("status") == Some(&json!("new")) {
        patch.insert("status".to_owned(), json!("in_progress"));
    }
    target.engine.amend(target.conn, target.caller, target.object, target.id, patch).map(drop)
}

fn note(target: &mut Target<'_>, event: Event, object: &ObjectMeta, id: Uuid, detail: Value) -> Result<()> {
    let mut detail = detail;
    detail["request"] = json!(target.id);
    Note::by(target.caller, event).on(&object.name, Some(id)).with(detail).write(target.conn, target.caller.tenant)
}

fn owned(text: String, english: String) -> Label {
    Label { zh: text.into(), en: english.into() }
}

/// The person of a request of whom data may be gathered, for what is sent apart from the action. Goes into the trail.
pub fn gathered(target: &mut Target<'_>) -> Result<(Arc<ObjectMeta>, Uuid)> {
    let (object, id) = subject(target)?;
    note(target, Event::Gathered, &object, id, json!({}))?;
    Ok((object, id))
}

impl ActionDef for Gather {
    fn key(&self) -> &'static str {
        "gather_data"
    }

    fn label(&self) -> Label {
        Label::new("汇总个人信息", "Gather the data")
    }

    fn help(&self) -> &'static str {
        "Answers with everything that is kept about the person: the record, what hangs on it, the names of its files, and its history, as JSON. Where that is more than 4 MiB, `data` names in `whole` the address from which it is sent while it is being made. Takes a verified request that names a contact or a lead."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == REQUEST
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn possible(&self, record: &Record) -> bool {
        possible(record)
    }

    fn input(&self) -> Value {
        json!({"type": "object", "properties": {}, "additionalProperties": false, "x-download": true})
    }

    fn run(&self, target: &mut Target<'_>, _input: &Record) -> Result<Value> {
        let (object, id) = subject(target)?;
        let data = gather(target.engine, target.conn, target.caller, &object, id)?;
        // Nothing is cut off: a longer document has an address of its own.
        let whole = || json!({ "complete": false, "whole": format!("/api/v1/subject_requests/{}/data", target.id) });
        let data = data.unwrap_or_else(whole);
        note(target, Event::Gathered, &object, id, json!({}))?;
        attest(target, &Label::new("已汇总并提供个人信息", "the data was gathered and handed out"))?;
        Ok(json!({ "data": data }))
    }
}

impl ActionDef for Restrict {
    fn key(&self) -> &'static str {
        "restrict_processing"
    }

    fn label(&self) -> Label {
        Label::new("限制处理", "Restrict processing")
    }

    fn help(&self) -> &'static str {
        "The person's record is kept and not used: nobody but those who may configure requests sees it or what is on its timeline, in lists, by search or through other records, and it is neither changed nor exported, until that is lifted with `restricted: false`. Takes a verified request that names a contact or a lead."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == REQUEST
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn possible(&self, record: &Record) -> bool {
        possible(record)
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"restricted": {"type": "boolean", "default": true, "x-label": {"zh": "限制处理（取消勾选则解除）", "en": "Restricted (clear to lift it)"}, "description": "False lifts it."}},
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let restricted = flag(input, "restricted")?;
        let (object, id) = subject(target)?;
        let patch = Record::from_iter([(RESTRICTED.to_owned(), json!(restricted))]);
        target.engine.amend(target.conn, target.caller, &object, id, patch)?;
        if restricted {
            restricts(target.conn, target.caller.tenant)?;
        }
        let text = match restricted {
            true => Label::new("已限制处理", "processing was restricted"),
            false => Label::new("已解除限制", "the restriction was lifted"),
        };
        attest(target, &text)?;
        Ok(json!({ "restricted": restricted }))
    }
}

impl ActionDef for Erase {
    fn key(&self) -> &'static str {
        "erase_data"
    }

    fn label(&self) -> Label {
        Label::new("删除个人信息", "Erase the data")
    }

    fn help(&self) -> &'static str {
        "Takes away for good what identifies the person: the fields of the record but for what ties it to others, the lead that became it and what was merged into it, the evidence of consents, its files, its history, and with `texts` what was written in follow-ups and tasks about them. Deals and amounts stay as they are. It cannot be undone. Takes a verified request that names a contact or a lead, and its number in `confirm`."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == REQUEST
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn possible(&self, record: &Record) -> bool {
        possible(record)
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "texts": {"type": "boolean", "default": true, "x-label": {"zh": "同时清空跟进记录和任务中的文字", "en": "Also empty what was written in follow-ups and tasks"}, "description": "Also what was written in records of the timeline."},
                "confirm": {"type": "string", "x-label": {"zh": "再次输入请求编号以确认（无法撤销）", "en": "The number of the request again, to confirm (cannot be undone)"}, "description": "The number of the request, typed again.", "example": "GR2026110001"},
            },
            "required": ["confirm"],
            "additionalProperties": false,
            "x-preview": "preview_erasure",
            "x-danger": true,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let texts = flag(input, "texts")?;
        let confirmed = input.get("confirm").and_then(Value::as_str).map(str::trim);
        if confirmed.is_none() || confirmed != target.text("number") {
            return Err(Error::invalid("confirm", Code::NoMatch));
        }
        let (object, id) = subject(target)?;
        let done = erase(target.engine, target.conn, target.caller, &object, id, texts)?;
        note(target, Event::Erased, &object, id, json!(done))?;
        let text = owned(
            format!(
                "已删除：字段 {} 项、同一人的其他记录 {} 条、同意证明 {} 条、关联记录文字 {} 条、文件 {} 个、历史条目 {} 条",
                done.fields,
                done.others + done.merged,
                done.consents,
                done.texts,
                done.files,
                done.entries
            ),
            format!(
                "erased: {} fields, {} other records of the person, the evidence of {} consents, the texts of {} records, \
                 {} files, {} entries of history",
                done.fields,
                done.others + done.merged,
                done.consents,
                done.texts,
                done.files,
                done.entries
            ),
        );
        attest(target, &text)?;
        Ok(json!({ "erased": done }))
    }
}

/// True where it is not said.
pub(super) fn flag(input: &Record, key: &str) -> Result<bool> {
    match input.get(key) {
        None | Some(Value::Null) => Ok(true),
        Some(value) => value.as_bool().ok_or_else(|| Error::invalid(key, Code::WrongType)),
    }
}
