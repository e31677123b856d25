//! Grouped reads: counts, sums and the like by field or by period.

use super::list::conditions;
use crate::audit::{self, Given};
use crate::sql::row::Wire;
use crate::sql::scope::{Aliases, Guard};
use crate::sql::{Sql, column};
use crate::{Caller, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::query::{Aggregate, By, Function, GroupKey, ListQuery};
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, FieldType, ObjectMeta, Storage};

/// Most groups in an answer, group keys and aggregates in a question.
const GROUPS_MAX: usize = 1_000;
const KEYS_MAX: usize = 3;
const AGGREGATES_MAX: usize = 10;

pub(super) fn run(conn: &mut PgConnection, caller: &Caller, object: &ObjectMeta, query: &ListQuery) -> Result<Vec<u8>> {
    let guard = Guard::of(caller);
    let mut aliases = Aliases::default();
    let conditions = conditions(&guard, caller, object, query, &mut aliases)?.whole(object);
    if query.group_by.len() > KEYS_MAX || query.aggregates.len() > AGGREGATES_MAX {
        return Err(Error::refused(Code::TooComplex, &["group_by, aggregates"]));
    }
    let count = [Aggregate { function: Function::Count, field: None, name: None }];
    let aggregates = if query.aggregates.is_empty() { &count[..] } else { &query.aggregates };

    let lists = query.group_by.iter().filter(|k| object.field(k.field()).is_some_and(|f| f.kind.is_list()));
    if lists.count() > 1 {
        return Err(Error::refused(Code::TooComplex, &["group_by"]));
    }
    let mut names: Vec<String> = Vec::new();
    let mut wires = Vec::new();
    let mut sql = Sql::new("SELECT ");
    for key in &query.group_by {
        let field = known(caller, object, key.field())?;
        wires.push(group_column(&mut sql, caller, field, key)?);
        sql.push(", ");
        names.push(field.key.to_string());
    }
    for (at, aggregate) in aggregates.iter().enumerate() {
        if at > 0 {
            sql.push(", ");
        }
        let name = aggregate.key();
        if names.contains(&name) || !kezhan_meta::check::is_key(&name) {
            return Err(Error::refused(Code::BadValue, &["as", &name]));
        }
        wires.push(aggregate_column(&mut sql, caller, object, aggregate)?);
        names.push(name);
    }
    sql.push(" FROM ");
    column::from(&mut sql, object, "t");
    sql.append(conditions);
    if !query.group_by.is_empty() {
        let places: Vec<String> = (1..=query.group_by.len()).map(|n| n.to_string()).collect();
        sql.push(" GROUP BY ").push(&places.join(", "));
        sql.push(" ORDER BY ");
        for sort in &query.sort {
            let unknown = || Error::refused(Code::UnknownField, &[&sort.field]);
            let place = names.iter().position(|n| *n == sort.field).ok_or_else(unknown)? + 1;
            let word = if sort.descending { "DESC NULLS LAST" } else { "ASC NULLS FIRST" };
            sql.push(&format!("{place} {word}, "));
        }
        sql.push(&places.iter().map(|p| format!("{p} NULLS FIRST")).collect::<Vec<_>>().join(", "));
    }
    sql.limit(GROUPS_MAX);

    let mut body = b"{\"data\":[".to_vec();
    let mut first = true;
    sql.rows(conn, |row| {
        if !first {
            body.push(b',');
        }
        first = false;
        for (at, (name, wire)) in names.iter().zip(&wires).enumerate() {
            body.extend_from_slice(if at == 0 { b"{\"" } else { b",\"" });
            body.extend_from_slice(name.as_bytes());
            body.extend_from_slice(b"\":");
            row.write(at, *wire, &mut body)?;
        }
        body.push(b'}');
        Ok(())
    })?;
    body.extend_from_slice(b"]}");
    if !first {
        given(caller, object, query).note(conn, caller)?;
    }
    Ok(body)
}

/// Sensitive fields of which groups and sums tell something, of nobody in particular. Counts tell nothing of a value.
fn given(caller: &Caller, object: &ObjectMeta, query: &ListQuery) -> Given {
    let tells = |a: &&Aggregate| !matches!(a.function, Function::Count | Function::CountDistinct);
    let keys = query.group_by.iter().map(GroupKey::field);
    let mut out = Given::default();
    for key in keys.chain(query.aggregates.iter().filter(tells).filter_map(|a| a.field.as_deref())) {
        if object.field(key).is_some_and(|field| audit::watched(&caller.access, field)) {
            out.add(&object.name, key, None);
        }
    }
    out
}

fn known<'o>(caller: &Caller, object: &'o ObjectMeta, key: &str) -> Result<&'o FieldMeta> {
    let unknown = || Error::refused(Code::UnknownField, &[key]);
    object.field(key).filter(|f| f.filterable() && !f.sealed && caller.access.readable(object, f)).ok_or_else(unknown)
}

/// A typed expression: custom fields are compared by their cast, so they come back in its format too.
fn typed(field: &FieldMeta) -> Wire {
    let column = FieldMeta { storage: kezhan_meta::Storage::Column(field.key.clone()), ..field.clone() };
    Wire::of(&column)
}

fn group_column(sql: &mut Sql, caller: &Caller, field: &FieldMeta, key: &GroupKey) -> Result<Wire> {
    match (key, &field.kind) {
        (GroupKey::Dated { by, .. }, FieldType::Date | FieldType::DateTime) => {
            let format = match by {
                By::Day => "YYYY-MM-DD",
                By::Week => "IYYY-\"W\"IW",
                By::Month => "YYYY-MM",
                By::Quarter => "YYYY-\"Q\"Q",
                By::Year => "YYYY",
            };
            sql.push("to_char(");
            column::expression(sql, "t", field);
            if field.kind == FieldType::DateTime {
                // Periods are the caller's, not Greenwich's.
                sql.push(" AT TIME ZONE 'UTC' + make_interval(mins => ");
                sql.int(i64::from(caller.offset_minutes)).push("::int)");
            }
            sql.push(&format!(", '{format}')"));
            Ok(Wire::Text)
        }
        (GroupKey::Field(_), kind) if !kind.is_list() && field.sortable() => {
            column::expression(sql, "t", field);
            Ok(typed(field))
        }
        // Once for each member: a record of three tags is in three groups, one without any in none.
        (GroupKey::Field(_), FieldType::Tags | FieldType::MultiChoice { .. } | FieldType::MultiReference { .. }) => {
            column::members(sql, "t", field);
            Ok(match (&field.kind, &field.storage) {
                (FieldType::MultiReference { .. }, Storage::Column(_)) => Wire::Uuid,
                _ => Wire::Text,
            })
        }
        _ => Err(Error::refused(Code::BadValue, &["group_by", &field.key])),
    }
}

fn aggregate_column(sql: &mut Sql, caller: &Caller, object: &ObjectMeta, aggregate: &Aggregate) -> Result<Wire> {
    let field = aggregate.field.as_deref().map(|f| known(caller, object, f)).transpose()?;
    let bad = || Error::refused(Code::BadValue, &["aggregates", &aggregate.key()]);
    let (word, wire) = match (aggregate.function, field) {
        (Function::Count, None) => {
            sql.push("count(*)");
            return Ok(Wire::Int8);
        }
        (Function::Count, Some(_)) => ("count(", Wire::Int8),
        (Function::CountDistinct, Some(_)) => ("count(DISTINCT ", Wire::Int8),
        (Function::Sum, Some(f)) if f.kind.is_number() => ("sum(", Wire::Numeric),
        (Function::Avg, Some(f)) if f.kind.is_number() => ("round(avg(", Wire::Numeric),
        (Function::Min, Some(f)) if f.sortable() && !f.kind.is_reference() => ("min(", typed(f)),
        (Function::Max, Some(f)) if f.sortable() && !f.kind.is_reference() => ("max(", typed(f)),
        _ => return Err(bad()),
    };
    let field = field.ok_or_else(bad)?;
    sql.push(word);
    column::expression(sql, "t", field);
    if aggregate.function == Function::Sum && field.kind == FieldType::Integer {
        sql.push("::numeric");
    }
    sql.push(if aggregate.function == Function::Avg { "), 6)" } else { ")" });
    Ok(wire)
}
