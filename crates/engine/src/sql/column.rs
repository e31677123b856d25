//! Fields as SQL expressions, JSON values as bound values.

use super::{Bind, Sql, misfit};
use crate::Result;
use chrono::{DateTime, NaiveDate, Utc};
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Storage};
use serde_json::Value;
use uuid::Uuid;

/// The expression to compare and sort a field by.
pub fn expression(sql: &mut Sql, alias: &str, field: &FieldMeta) {
    match &field.storage {
        Storage::Column(column) => sql.column(alias, column).done(),
        Storage::Custom => {
            let text = format!("({alias}.custom->>'{}')", field.key);
            let json = format!("({alias}.custom->'{}')", field.key);
            // The casts are what the expression index of an indexed custom field has.
            let typed = match &field.kind {
                _ if field.sealed => text,
                FieldType::Integer => format!("({text}::bigint)"),
                FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => format!("({text}::numeric)"),
                FieldType::Boolean => format!("({text}::boolean)"),
                FieldType::Date => format!("iso_date({text})"),
                FieldType::DateTime => format!("iso_time({text})"),
                FieldType::Id
                | FieldType::Reference { .. }
                | FieldType::User
                | FieldType::Department
                | FieldType::File => format!("({text}::uuid)"),
                FieldType::MultiChoice { .. }
                | FieldType::Tags
                | FieldType::MultiReference { .. }
                | FieldType::Address
                | FieldType::Geo
                | FieldType::Json => json,
                FieldType::Text
                | FieldType::LongText
                | FieldType::RichText
                | FieldType::Choice { .. }
                | FieldType::Phone
                | FieldType::Email
                | FieldType::Url
                | FieldType::AutoNumber { .. } => text,
            };
            sql.push(&typed);
        }
    }
}

/// The expression to read a field by: custom values come as JSON, ready to be passed on.
pub fn projection(sql: &mut Sql, alias: &str, field: &FieldMeta) {
    match &field.storage {
        Storage::Column(column) => sql.column(alias, column).done(),
        Storage::Custom => sql.push(&format!("{alias}.custom->'{}'", field.key)).done(),
    }
}

/// The members of a list of references as rows.
pub fn members(sql: &mut Sql, alias: &str, field: &FieldMeta) {
    match &field.storage {
        Storage::Column(column) => sql.push("unnest(").column(alias, column).push(")").done(),
        Storage::Custom => {
            let list = format!("{alias}.custom->'{}'", field.key);
            sql.push(&format!("jsonb_array_elements_text(CASE jsonb_typeof({list}) WHEN 'array' THEN {list} END)"));
        }
    }
}

/// A canonical JSON value bound as the type of the field's expression.
pub fn operand(sql: &mut Sql, field: &FieldMeta, value: &Value) -> Result<()> {
    let text = || value.as_str().map(str::to_owned);
    let fits = |found: bool| if found || value.is_null() { Ok(()) } else { Err(misfit(&field.key)) };
    if field.sealed {
        fits(value.is_string())?;
        sql.bind(Bind::Text(text()));
        return Ok(());
    }
    match &field.kind {
        FieldType::Text
        | FieldType::LongText
        | FieldType::RichText
        | FieldType::Choice { .. }
        | FieldType::Phone
        | FieldType::Email
        | FieldType::Url
        | FieldType::AutoNumber { .. } => {
            fits(value.is_string())?;
            sql.bind(Bind::Text(text()));
        }
        FieldType::Integer => {
            fits(value.is_i64())?;
            sql.bind(Bind::Int(value.as_i64()));
            if field.key == "version" {
                sql.push("::int");
            }
        }
        FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => {
            fits(value.is_string())?;
            sql.bind(Bind::Text(text())).push("::numeric");
        }
        FieldType::Boolean => {
            fits(value.is_boolean())?;
            sql.bind(Bind::Bool(value.as_bool()));
        }
        FieldType::Date => {
            let date = value.as_str().and_then(|s| NaiveDate::parse_from_str(s, "%Y-%m-%d").ok());
            fits(date.is_some())?;
            sql.bind(Bind::Date(date));
        }
        FieldType::DateTime => {
            let at = value.as_str().and_then(instant);
            fits(at.is_some())?;
            sql.bind(Bind::Time(at));
        }
        FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
            let id = uuid(value);
            fits(id.is_some())?;
            sql.bind(Bind::Uuid(id));
        }
        FieldType::MultiChoice { .. } | FieldType::Tags => {
            sql.bind(Bind::Texts(texts(value)));
        }
        FieldType::MultiReference { .. } => match &field.storage {
            Storage::Custom => sql.bind(Bind::Texts(texts(value))).done(),
            Storage::Column(_) => sql.bind(Bind::Uuids(uuids(value))).done(),
        },
        FieldType::Address | FieldType::Geo | FieldType::Json => {
            sql.bind(Bind::Json((!value.is_null()).then(|| value.clone())));
        }
    }
    Ok(())
}

/// A list of canonical values bound as an array of the type of the field's expression.
pub fn operands(sql: &mut Sql, field: &FieldMeta, values: &[Value]) -> Result<()> {
    let texts = || values.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect::<Vec<_>>();
    match &field.kind {
        FieldType::Id | FieldType::Reference { .. } | FieldType::User | FieldType::Department | FieldType::File => {
            sql.bind(Bind::Uuids(Some(values.iter().filter_map(uuid).collect())));
        }
        FieldType::Integer => {
            sql.bind(Bind::Ints(values.iter().filter_map(Value::as_i64).collect()));
        }
        FieldType::Decimal { .. } | FieldType::Money | FieldType::Percent => {
            sql.bind(Bind::Texts(Some(texts()))).push("::numeric[]");
        }
        FieldType::Date => sql.bind(Bind::Texts(Some(texts()))).push("::date[]").done(),
        FieldType::DateTime => sql.bind(Bind::Texts(Some(texts()))).push("::timestamptz[]").done(),
        FieldType::Boolean => sql.bind(Bind::Texts(Some(texts()))).push("::boolean[]").done(),
        FieldType::MultiReference { .. } if field.storage != Storage::Custom => {
            sql.bind(Bind::Uuids(Some(values.iter().filter_map(uuid).collect())));
        }
        _ => sql.bind(Bind::Texts(Some(texts()))).done(),
    }
    Ok(())
}

/// `FROM` entry of an object with the conditions that make it this tenant's living rows.
pub fn from(sql: &mut Sql, object: &ObjectMeta, alias: &str) {
    sql.ident(&object.table).push(" ").push(alias);
}

/// The rows of this object in a shared table.
pub fn kind_condition(sql: &mut Sql, object: &ObjectMeta, alias: &str) {
    if object.custom {
        sql.push(" AND ").column(alias, "object").push(" = ").text(object.name.to_string());
    }
}

pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|t| t.with_timezone(&Utc))
}

pub fn uuid(value: &Value) -> Option<Uuid> {
    value.as_str().and_then(|s| Uuid::parse_str(s).ok())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array().map(|items| items.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect())
}

fn uuids(value: &Value) -> Option<Vec<Uuid>> {
    value.as_array().map(|items| items.iter().filter_map(uuid).collect())
}
