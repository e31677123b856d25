//! The empty sheet to fill in: required marks, drop-downs, a note on every column.

use super::write::{self, Column};
use super::{Format, mapping};
use crate::access::Relation;
use crate::{Caller, Result};
use kezhan_meta::{FieldMeta, FieldType, Lang, ObjectMeta};
use std::io::Write;

/// The fields that people fill in, as columns in the caller's language.
pub fn columns(caller: &Caller, object: &ObjectMeta) -> Vec<Column> {
    let fields = object.fields.iter().filter(|f| f.key != "id" && !f.hidden && mapping::importable(f));
    fields.filter(|f| caller.access.writable(object, f, Relation::Owner)).map(|f| column(caller, f)).collect()
}

fn column(caller: &Caller, field: &FieldMeta) -> Column {
    let lang = caller.lang;
    let choices = match &field.kind {
        FieldType::Choice { options } => options.iter().map(|o| o.label.get(lang).to_owned()).collect(),
        FieldType::Boolean => match lang {
            Lang::Zh => vec!["是".to_owned(), "否".to_owned()],
            Lang::En => vec!["Yes".to_owned(), "No".to_owned()],
        },
        _ => Vec::new(),
    };
    let required = field.required && field.default.is_none();
    Column {
        key: field.key.to_string(),
        label: field.label.get(lang).to_owned(),
        note: Some(note(caller, field, required)),
        required,
        choices,
        width: None,
    }
}

fn note(caller: &Caller, field: &FieldMeta, required: bool) -> String {
    use FieldType as T;
    let zh = caller.lang == Lang::Zh;
    let say = |chinese: &str, english: &str| if zh { chinese.to_owned() } else { english.to_owned() };
    let title =
        |name: &str| caller.catalog.get(name).map_or_else(|| name.to_owned(), |o| o.label.get(caller.lang).to_owned());
    let mut lines = Vec::new();
    if required {
        lines.push(say("必填", "Required"));
    }
    if field.unique {
        lines.push(say("不可重复", "Must be unique"));
    }
    lines.push(match &field.kind {
        T::Integer => say("整数", "A whole number"),
        T::Decimal { .. } | T::Money => say("数字，可带千分位", "A number; thousands separators are fine"),
        T::Percent => say("百分数，如 12.5", "A percentage such as 12.5"),
        T::Date => say("日期，如 2026-11-24", "A date such as 2026-11-24"),
        T::DateTime => say("日期和时间，如 2026-11-24 09:30", "Date and time such as 2026-11-24 09:30"),
        T::Boolean => say("是或否", "Yes or no"),
        T::Choice { .. } => say("从列表中选择", "One of the list"),
        T::MultiChoice { options } => {
            let labels: Vec<&str> = options.iter().map(|o| o.label.get(caller.lang)).collect();
            let list = labels.join(if zh { "、" } else { ", " });
            if zh {
                format!("可多选，用逗号分隔：{list}")
            } else {
                format!("Several, separated by commas: {list}")
            }
        }
        T::Tags => say("可填多个，用逗号分隔", "Several, separated by commas"),
        T::Phone => say("手机或座机，如 13800138000、010-62345678", "A telephone number such as +86 138 0013 8000"),
        T::Email => say("邮箱地址", "An e-mail address"),
        T::Url => say("网址", "A web address"),
        T::Address => say("详细地址", "The address in one line"),
        T::Geo => say("纬度,经度", "Latitude,longitude"),
        T::User => say("员工的姓名、用户名或邮箱", "Name, user name or e-mail of a user"),
        T::Department => say("部门名称", "Name of a department"),
        T::Reference { to } => {
            if zh {
                format!("{}的名称或编号", title(to))
            } else {
                format!("Name or code of: {}", title(to))
            }
        }
        T::MultiReference { to } => {
            if zh {
                format!("{}的名称，用逗号分隔", title(to))
            } else {
                format!("Names of: {}, separated by commas", title(to))
            }
        }
        T::Text | T::LongText | T::RichText | T::Id | T::File | T::AutoNumber { .. } | T::Json => say("文本", "Text"),
    });
    lines.join("\n")
}

/// Writes the template.
pub fn write(caller: &Caller, object: &ObjectMeta, format: Format, out: impl Write + Send) -> Result<()> {
    let sink = write::create(format, out, &columns(caller, object)).map_err(super::results::unwritable)?;
    sink.finish().map_err(super::results::unwritable)
}
