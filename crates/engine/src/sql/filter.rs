//! Resolved filter trees as SQL, two-valued like their evaluation in memory.

use super::scope::{Aliases, Guard};
use super::{Sql, column};
use crate::access::Action;
use crate::vault::fields::{self, Opener};
use crate::{Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Storage};
use serde_json::Value;

/// Appends the condition; the tree must come from [`kezhan_meta::resolve::resolve`].
pub fn print(
    sql: &mut Sql,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    filter: &Filter,
    aliases: &mut Aliases,
) -> Result<()> {
    match filter {
        Filter::And(list) => group(sql, guard, object, alias, list, aliases, (" AND ", "true")),
        Filter::Or(list) => group(sql, guard, object, alias, list, aliases, (" OR ", "false")),
        Filter::Not(inner) => {
            sql.push("NOT COALESCE((");
            print(sql, guard, object, alias, inner, aliases)?;
            sql.push("), false)");
            Ok(())
        }
        Filter::Exists { relation, filter } => {
            let related = guard.catalog.relation(&object.name, relation);
            let target = related.and_then(|r| guard.catalog.get(&r.object));
            let field = related.zip(target).and_then(|(r, t)| t.field(&r.field));
            let (Some(target), Some(field)) = (target, field) else {
                return Err(Error::refused(Code::UnknownField, &[relation]));
            };
            let mut inner = Ok(());
            let r = aliases.fresh();
            sql.push("EXISTS (SELECT 1 FROM ");
            column::from(sql, target, &r);
            sql.push(" WHERE ").column(alias, "id").push(" = ");
            match field.kind.is_list() {
                true if field.storage == Storage::Custom => {
                    sql.push(&format!(
                        "ANY(ARRAY(SELECT jsonb_array_elements_text({r}.custom->'{}'))::uuid[])",
                        field.key
                    ));
                }
                true => {
                    sql.push("ANY(");
                    column::expression(sql, &r, field);
                    sql.push(")");
                }
                false => column::expression(sql, &r, field),
            }
            sql.push(" AND ");
            guard.rows(sql, target, &r, Action::Read, super::scope::Life::Living, aliases);
            if let Some(filter) = filter {
                sql.push(" AND (");
                inner = print(sql, guard, target, &r, filter, aliases);
                sql.push(")");
            }
            sql.push(")");
            inner
        }
        Filter::Field { field, op, value } => leaf(sql, guard, object, alias, field, *op, value, aliases),
    }
}

fn group(
    sql: &mut Sql,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    list: &[Filter],
    aliases: &mut Aliases,
    (word, empty): (&str, &str),
) -> Result<()> {
    if list.is_empty() {
        sql.push(empty);
        return Ok(());
    }
    sql.push("(");
    for (at, one) in list.iter().enumerate() {
        if at > 0 {
            sql.push(word);
        }
        print(sql, guard, object, alias, one, aliases)?;
    }
    sql.push(")");
    Ok(())
}

#[allow(clippy::too_many_arguments)]
fn leaf(
    sql: &mut Sql,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    path: &str,
    op: Op,
    value: &Value,
    aliases: &mut Aliases,
) -> Result<()> {
    let unknown = || Error::refused(Code::UnknownField, &[path]);
    let Some((head, rest)) = path.split_once('.') else {
        let field = object.field(path).ok_or_else(unknown)?;
        return match field.sealed {
            true => sealed(sql, guard, (object, field), alias, op, value),
            false => comparison(sql, alias, field, op, value),
        };
    };
    let field = object.field(head).ok_or_else(unknown)?;
    if field.kind == FieldType::Address {
        let part = kezhan_meta::address::part(rest).ok_or_else(unknown)?;
        let mut json = Sql::default();
        column::expression(&mut json, alias, field);
        let text = format!("({}->>'{}')", json.shape(), part.key);
        return compared(sql, &|sql| sql.push(&text).done(), part, op, value);
    }
    let target = field.target().and_then(|t| guard.catalog.get(t)).ok_or_else(unknown)?;
    // A reference that leads nowhere, or to what the caller may not see, has empty fields:
    // comparisons that empties pass are printed as the absence of their opposite.
    let (op, value, negate) = match (op, value) {
        (Op::Ne, v) => (Op::Eq, v.clone(), true),
        (Op::Nin, v) => (Op::In, v.clone(), true),
        (Op::HasNone, v) => (Op::HasAny, v.clone(), true),
        (Op::Null, Value::Bool(true)) => (Op::Null, Value::Bool(false), true),
        (op, v) => (op, v.clone(), false),
    };
    if negate {
        sql.push("NOT ");
    }
    let r = aliases.fresh();
    sql.push("EXISTS (SELECT 1 FROM ");
    column::from(sql, target, &r);
    sql.push(" WHERE ").column(&r, "id").push(" = ");
    column::expression(sql, alias, field);
    sql.push(" AND ");
    guard.rows(sql, target, &r, Action::Read, super::scope::Life::Living, aliases);
    sql.push(" AND ");
    let result = leaf(sql, guard, target, &r, rest, op, &value, aliases);
    sql.push(")");
    result
}

/// Equal values of a sealed field, by what they have in common.
fn sealed(
    sql: &mut Sql,
    guard: &Guard<'_>,
    (object, field): (&ObjectMeta, &FieldMeta),
    alias: &str,
    op: Op,
    value: &Value,
) -> Result<()> {
    let stored = fields::column(alias, field);
    let wanted = match (op, value) {
        (Op::Null, value) => {
            sql.push(&stored).push(if value.as_bool().unwrap_or(true) { " IS NULL" } else { " IS NOT NULL" });
            return Ok(());
        }
        (Op::Eq, one) => vec![one],
        (Op::In, Value::Array(all)) => all.iter().collect(),
        _ => return Err(Error::refused(Code::UnknownOperator, &[&field.key, op.key()])),
    };
    let opener = Opener::of(guard.catalog)?;
    let indexes: Vec<String> = wanted.iter().map(|v| opener.index(object, field, v)).collect::<Result<_>>()?;
    sql.push(&format!("sealed_index({stored}) = ANY("));
    sql.bind(super::Bind::Texts(Some(indexes))).push(")");
    Ok(())
}

fn comparison(sql: &mut Sql, alias: &str, field: &FieldMeta, op: Op, value: &Value) -> Result<()> {
    compared(sql, &|sql| column::expression(sql, alias, field), field, op, value)
}

/// The expression that `written` prints, compared as a value of `field`.
fn compared(sql: &mut Sql, written: &dyn Fn(&mut Sql), field: &FieldMeta, op: Op, value: &Value) -> Result<()> {
    let list = || value.as_array().map_or(&[][..], Vec::as_slice);
    let json_list = field.storage == Storage::Custom && field.kind.is_list();
    match op {
        Op::Null => {
            written(sql);
            sql.push(if value.as_bool().unwrap_or(true) { " IS NULL" } else { " IS NOT NULL" });
        }
        Op::Eq | Op::Gt | Op::Gte | Op::Lt | Op::Lte | Op::Ne => {
            written(sql);
            sql.push(match op {
                Op::Eq => " = ",
                Op::Gt => " > ",
                Op::Gte => " >= ",
                Op::Lt => " < ",
                Op::Lte => " <= ",
                _ => " IS DISTINCT FROM ",
            });
            column::operand(sql, field, value)?;
        }
        Op::Between => {
            let [low, high] = list() else { return Err(Error::refused(Code::BadValue, &[&field.key, "[low, high]"])) };
            written(sql);
            sql.push(" BETWEEN ");
            column::operand(sql, field, low)?;
            sql.push(" AND ");
            column::operand(sql, field, high)?;
        }
        Op::In | Op::Nin => {
            sql.push("(");
            written(sql);
            sql.push(" = ANY(");
            column::operands(sql, field, list())?;
            sql.push(if op == Op::In { "))" } else { ")) IS NOT TRUE" });
        }
        Op::Contains | Op::StartsWith | Op::EndsWith => {
            let text = like_escape(value.as_str().unwrap_or_default());
            let pattern = match op {
                Op::Contains => format!("%{text}%"),
                Op::StartsWith => format!("{text}%"),
                _ => format!("%{text}"),
            };
            match field.kind {
                FieldType::Address => {
                    let mut json = Sql::default();
                    written(&mut json);
                    let json = json.shape();
                    let parts: Vec<String> =
                        kezhan_meta::address::parts().iter().map(|p| format!("{json}->>'{}'", p.key)).collect();
                    sql.push("concat_ws(' ', ").push(&parts.join(", ")).push(")");
                }
                _ => written(sql),
            }
            sql.push(" ILIKE ").text(pattern);
        }
        Op::HasAny | Op::HasAll | Op::HasNone => {
            sql.push("(");
            written(sql);
            sql.push(match (op, json_list) {
                (Op::HasAll, true) => " ?& ",
                (_, true) => " ?| ",
                (Op::HasAll, false) => " @> ",
                (_, false) => " && ",
            });
            column::operands(sql, field, list())?;
            sql.push(if op == Op::HasNone { ") IS NOT TRUE" } else { ")" });
        }
        // Resolved into bounds before it comes here.
        Op::Within => return Err(Error::Internal("an unresolved relative date reached SQL".into())),
    }
    Ok(())
}

/// `%`, `_` and `\` as themselves.
pub fn like_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
