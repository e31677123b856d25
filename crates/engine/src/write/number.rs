//! Auto-numbers: a pattern, a sequence per period. The sequence's row is locked until commit, so numbers
//! have no gaps and creates of one object wait for each other only while they are being committed.

use crate::sql::Sql;
use crate::{Caller, Error, Result};
use diesel::PgConnection;
use kezhan_meta::{FieldType, ObjectMeta, Record, Reset};
use serde_json::Value;

pub fn assign(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, record: &mut Record) -> Result<()> {
    for field in object.fields.iter() {
        let FieldType::AutoNumber { pattern, reset } = &field.kind else { continue };
        if record.get(field.key.as_ref()).is_some_and(|v| !v.is_null()) {
            continue;
        }
        let today = caller.context().today();
        let period = match reset {
            Reset::Never => String::new(),
            Reset::Daily => today.format("%Y%m%d").to_string(),
            Reset::Monthly => today.format("%Y%m").to_string(),
            Reset::Yearly => today.format("%Y").to_string(),
        };
        let name = format!("{}.{}", object.name, field.key);
        let mut sql = Sql::new("INSERT INTO sequences AS s (tenant_id, name, period, value) VALUES (");
        sql.uuid(caller.tenant).push(", ").text(name).push(", ").text(period);
        sql.push(", 1) ON CONFLICT (tenant_id, name, period) DO UPDATE SET value = s.value + 1 RETURNING value");
        let mut value = None;
        sql.rows(conn, |row| {
            value = row.int8(0);
            Ok(())
        })?;
        let value = value.ok_or_else(|| Error::Internal("a sequence gave no number".into()))?;
        record.insert(field.key.to_string(), Value::String(render(pattern, today, value)));
    }
    Ok(())
}

/// `SJ{yyyy}{mm}{00000}` → `SJ20261100042`
fn render(pattern: &str, today: chrono::NaiveDate, value: i64) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((text, tail)) = rest.split_once('{') {
        out.push_str(text);
        let Some((token, tail)) = tail.split_once('}') else {
            rest = tail;
            break;
        };
        match token {
            "yyyy" => out.push_str(&today.format("%Y").to_string()),
            "yy" => out.push_str(&today.format("%y").to_string()),
            "mm" => out.push_str(&today.format("%m").to_string()),
            "dd" => out.push_str(&today.format("%d").to_string()),
            zeros if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => {
                out.push_str(&format!("{value:0width$}", width = zeros.len()));
            }
            other => out.push_str(other),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_take_date_and_sequence() {
        let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
        assert_eq!(render("SJ{yyyy}{mm}{00000}", day, 42), "SJ20261100042");
        assert_eq!(render("{yy}-{dd}/{000}", day, 12345), "26-24/12345");
        assert_eq!(render("plain", day, 1), "plain");
        assert_eq!(render("{000", day, 1), "000");
    }
}
