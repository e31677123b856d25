//! What an erasure would take away, told before it is done: it is done, counted, and taken back.

use super::actions::{flag, possible, subject};
use super::erase::{Erased, erase};
use crate::actions::{ActionDef, Target};
use diesel::Connection;
use kezhan_engine::{Action, Error, Result};
use kezhan_meta::{Label, ObjectMeta, Record};
use serde_json::{Value, json};
use std::sync::Arc;

pub struct Foresee;

impl ActionDef for Foresee {
    fn key(&self) -> &'static str {
        "preview_erasure"
    }

    fn label(&self) -> Label {
        Label::new("预览删除范围", "Preview the erasure")
    }

    fn help(&self) -> &'static str {
        "Tells what `erase_data` would take away, and stores nothing: the fields, and how many other records of the same person, consents, texts, files and entries of history; `told` says the same in words."
    }

    fn applies(&self, object: &ObjectMeta) -> bool {
        object.name == super::REQUEST
    }

    fn permission(&self) -> Action {
        Action::Configure
    }

    fn offered(&self) -> bool {
        false
    }

    fn possible(&self, record: &Record) -> bool {
        possible(record)
    }

    fn input(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"texts": {"type": "boolean", "default": true, "description": "Also what was written in records of the timeline."}},
            "additionalProperties": false,
        })
    }

    fn run(&self, target: &mut Target<'_>, input: &Record) -> Result<Value> {
        let texts = flag(input, "texts")?;
        let (object, id) = subject(target)?;
        let (engine, caller) = (target.engine, target.caller);
        let whole = engine.fetch(target.conn, &caller.elevated(), &object, id)?.ok_or_else(Error::not_found)?;
        let mut found = None;
        let taken_back = target.conn.transaction(|conn| {
            found = Some(erase(engine, conn, caller, &object, id, texts)?);
            Err::<(), Error>(diesel::result::Error::RollbackTransaction.into())
        });
        let Some(erased) = found else { return taken_back.map(|()| Value::Null) };
        let name = whole.get(object.title.as_ref()).and_then(Value::as_str).unwrap_or_default();
        let told = told(&object, name, &erased, texts);
        let told: Vec<&str> = told.iter().map(|line| line.get(caller.lang)).collect();
        Ok(json!({ "object": object.name, "record": id, "fields": erased.keys, "others": erased.others,
            "merged": erased.merged, "accounts": erased.accounts, "consents": erased.consents, "texts": erased.texts,
            "files": erased.files, "entries": erased.entries, "told": told }))
    }
}

/// What goes, and what stays, line by line.
fn told(object: &Arc<ObjectMeta>, name: &str, erased: &Erased, texts: bool) -> Vec<Label> {
    let line = |zh: String, en: String| Label { zh: zh.into(), en: en.into() };
    if erased.is_nothing() {
        return vec![line(format!("“{name}”的个人信息已经删除过。"), format!("“{name}” was erased before."))];
    }
    let labels: Vec<&Label> = erased.keys.iter().filter_map(|key| Some(&object.field(key)?.label)).collect();
    let (zh, en): (Vec<&str>, Vec<&str>) = labels.iter().map(|l| (l.zh.as_ref(), l.en.as_ref())).unzip();
    let mut out = Vec::new();
    if erased.fields > 0 {
        out.push(line(
            format!("{}“{name}”的 {} 项内容：{}", object.label.zh, erased.fields, zh.join("、")),
            format!("{} fields of the {} “{name}”: {}", erased.fields, object.label.en.to_lowercase(), en.join(", ")),
        ));
    }
    let counted = [
        (
            erased.others,
            if object.name == "lead" {
                line(
                    format!("由此线索转化的 {} 个联系人的个人信息", erased.others),
                    format!("the personal information of {} contacts that the lead became", erased.others),
                )
            } else {
                line(
                    format!("转化为此联系人的 {} 条线索中的姓名与联系方式（公司信息保留）", erased.others),
                    format!(
                        "name and contact details in {} leads that became the contact (company facts stay)",
                        erased.others
                    ),
                )
            },
        ),
        (
            erased.merged,
            line(
                format!("已合并到其中、在回收站里的 {} 条记录的个人信息", erased.merged),
                format!("the personal information of {} records merged into it, in the recycle bin", erased.merged),
            ),
        ),
        (
            erased.accounts,
            line(
                format!("{} 个客户中由其线索带入的备注", erased.accounts),
                format!("what their lead has left in the notes of {} accounts", erased.accounts),
            ),
        ),
        (
            erased.consents,
            line(
                format!("{} 条同意记录中的证明", erased.consents),
                format!("the evidence of {} consents", erased.consents),
            ),
        ),
    ];
    out.extend(counted.into_iter().filter(|(count, _)| *count > 0).map(|(_, line)| line));
    if texts {
        out.push(line(
            format!("{} 条跟进记录和任务中的文字", erased.texts),
            format!("what was written in {} follow-ups and tasks", erased.texts),
        ));
    }
    out.push(line(
        format!("{} 个文件，{} 条修改历史的内容", erased.files, erased.entries),
        format!("{} files, the content of {} entries of history", erased.files, erased.entries),
    ));
    out.push(line(
        "保留：所属客户、商机、合同与金额，同意记录本身，以及已办理此请求的记录".into(),
        "Kept: the account, deals, contracts and amounts, that consents were given, and the record of this request"
            .into(),
    ));
    out
}
