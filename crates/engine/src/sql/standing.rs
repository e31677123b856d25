//! Conditions that mean the same for everybody on every day: those of roles and sharing rules mostly do. They are printed
//! with their values in the text, so that PostgreSQL sees that a partial index has just the rows that are asked for, and
//! the newest of the few records that somebody may see are read off it.

use super::scope::{Aliases, Guard};
use super::{Bind, Sql, column, filter};
use crate::{Access, Caller};
use kezhan_meta::resolve::{ME, MY_DEPARTMENT, MY_DEPARTMENTS, MY_SUBORDINATES, ReadsAll, resolve};
use kezhan_meta::{FieldType, Filter, ObjectMeta, Op};
use postgres_protocol::escape::escape_literal;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How the names of these indexes begin; which are there is asked by it.
pub const PREFIX: &str = "reach_";

/// Is this one about fields of the record alone, and the same for everybody and always?
pub fn is_standing(object: &ObjectMeta, filter: &Filter) -> bool {
    match filter {
        Filter::And(list) | Filter::Or(list) => !list.is_empty() && list.iter().all(|f| is_standing(object, f)),
        Filter::Not(inner) => is_standing(object, inner),
        Filter::Exists { .. } => false,
        Filter::Field { field, op, value } => {
            let plain = |f: &kezhan_meta::FieldMeta| !f.sealed && f.kind != FieldType::DateTime;
            let simple = !matches!(op, Op::Within | Op::Contains | Op::StartsWith | Op::EndsWith);
            object.field(field).is_some_and(plain) && simple && !asks_who(value)
        }
    }
}

fn asks_who(value: &Value) -> bool {
    match value {
        Value::String(text) => matches!(text.as_str(), ME | MY_SUBORDINATES | MY_DEPARTMENT | MY_DEPARTMENTS),
        Value::Array(list) => list.iter().any(asks_who),
        _ => false,
    }
}

impl Sql {
    /// The same with its values in the text; none where one of them cannot be written so.
    pub fn spelled_out(&self) -> Option<String> {
        let mut out = String::new();
        for (text, bind) in self.pieces() {
            out.push_str(text);
            if let Some(bind) = bind {
                out.push_str(&bind.literal()?);
            }
        }
        Some(out)
    }
}

impl Bind {
    fn literal(&self) -> Option<String> {
        let quoted = |text: &str, cast: &str| {
            (!text.contains('\0')).then(|| format!("{}::{cast}", escape_literal(text).trim_start()))
        };
        match self {
            Bind::Text(Some(text)) => quoted(text, "text"),
            Bind::Int(Some(number)) => Some(format!("({number})::bigint")),
            Bind::Bool(Some(flag)) => Some(flag.to_string()),
            Bind::Uuid(Some(id)) => quoted(&id.to_string(), "uuid"),
            Bind::Date(Some(day)) => quoted(&day.to_string(), "date"),
            Bind::Json(Some(value)) => quoted(&value.to_string(), "jsonb"),
            Bind::Texts(Some(list)) => {
                let list: Option<Vec<String>> = list.iter().map(|text| quoted(text, "text")).collect();
                Some(format!("ARRAY[{}]::text[]", list?.join(", ")))
            }
            Bind::Uuids(Some(list)) => {
                let list: Option<Vec<String>> = list.iter().map(|id| quoted(&id.to_string(), "uuid")).collect();
                Some(format!("ARRAY[{}]::uuid[]", list?.join(", ")))
            }
            _ => None,
        }
    }
}

/// The condition that rows of one tenant meet this one, as text.
pub(super) fn text(guard: &Guard<'_>, object: &ObjectMeta, alias: &str, condition: &Sql) -> Option<String> {
    let mut sql = Sql::new("(");
    sql.column(alias, "tenant_id").push(" = ").uuid(guard.tenant);
    column::kind_condition(&mut sql, object, alias);
    sql.push(" AND ").append(condition.clone()).push(")");
    sql.spelled_out()
}

/// Name and statement of the index of such a condition; none where it is none. To be run outside of transactions.
pub fn index(caller: &Caller, object: &ObjectMeta, condition: &Filter) -> Option<(String, String)> {
    if !is_standing(object, condition) {
        return None;
    }
    let whole = Access::unrestricted();
    let guard = Guard::with(caller, &whole);
    let table = Sql::default().ident(&object.table).shape();
    let tree = resolve(condition, &caller.catalog, object, &ReadsAll, &caller.context()).ok()?;
    let mut printed = Sql::new("(");
    filter::print(&mut printed, &guard, object, &table, &tree, &mut Aliases::default()).ok()?;
    printed.push(")");
    let predicate = text(&guard, object, &table, &printed)?;
    let digest = Sha256::digest(format!("{table} {predicate}"));
    let name = format!("{PREFIX}{}", hex::encode(&digest[..12]));
    let statement = format!(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} (tenant_id, created_at, id) \
         WHERE {predicate} AND deleted_at IS NULL"
    );
    Some((name, statement))
}
