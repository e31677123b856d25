//! References must lead to living records that the caller may see.

use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Bind, Sql, column};
use crate::{Action, Caller, Channel, Error, Result};
use diesel::PgConnection;
use kezhan_meta::catalog::Cascade;
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record, Violation};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Checks all references that differ from `before`, in one statement.
pub fn check(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    before: Option<&Record>,
    after: &Record,
) -> Result<()> {
    let mut wanted = Wanted::new();
    gather(caller, object, before, after, &mut wanted);
    hold(conn, caller, wanted)?;
    nested(conn, caller, object, before, after)
}

/// A reference within another one has to lie within it: no contact of another account. Looked at where one of the two
/// changes. What lies within nothing yet passes, and so does what a file brings: it says what was, right or wrong.
fn nested(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    before: Option<&Record>,
    after: &Record,
) -> Result<()> {
    if caller.channel == Channel::Import {
        return Ok(());
    }
    let same = |key: &str| before.is_some_and(|b| b.get(key) == after.get(key));
    let mut faults = Vec::new();
    for field in object.fields.iter().filter(|f| f.within.is_some()) {
        let Some(Cascade { outer, link }) = caller.catalog.cascade(object, field) else { continue };
        if same(&field.key) && same(&outer.key) {
            continue;
        }
        let (inner, around) = (after.get(field.key.as_ref()), after.get(outer.key.as_ref()).and_then(column::uuid));
        let ids: Vec<Uuid> = match inner {
            Some(Value::Array(items)) => items.iter().filter_map(column::uuid).collect(),
            one => one.and_then(column::uuid).into_iter().collect(),
        };
        let target = field.target().and_then(|t| caller.catalog.get(t));
        let (Some(around), Some(target), false) = (around, target, ids.is_empty()) else { continue };
        let guard = Guard::of(caller);
        let mut sql = Sql::new("SELECT t.id FROM ");
        column::from(&mut sql, target, "t");
        sql.push(" WHERE t.id = ANY(").bind(Bind::Uuids(Some(ids))).push(") AND ");
        column::expression(&mut sql, "t", link);
        sql.push(" <> ");
        column::operand(&mut sql, link, &Value::String(around.to_string()))?;
        sql.push(" AND ");
        guard.rows(&mut sql, target, "t", Action::Read, Life::Living, &mut Aliases::default());
        let mut strange = false;
        sql.rows(conn, |_| {
            strange = true;
            Ok(())
        })?;
        if strange {
            let outer = outer.label.get(caller.lang);
            faults.push(Violation::new(field.key.as_ref(), Code::NotWithin).with(outer));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Invalid(faults)) }
}

/// Checks the references of new records, which may refer to each other, in one statement.
pub fn check_many(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    records: &[(Uuid, Record)],
) -> Result<()> {
    let mut wanted = Wanted::new();
    for (_, record) in records {
        gather(caller, object, None, record, &mut wanted);
    }
    if let Some(inward) = wanted.get_mut(object.name.as_ref()) {
        for (id, _) in records {
            inward.remove(id);
        }
    }
    wanted.retain(|_, ids| !ids.is_empty());
    hold(conn, caller, wanted)
}

/// Target object → ids → fields that name them.
type Wanted<'a> = BTreeMap<&'a str, BTreeMap<Uuid, Vec<&'a str>>>;

fn gather<'a>(
    caller: &Caller,
    object: &'a ObjectMeta,
    before: Option<&Record>,
    after: &Record,
    wanted: &mut Wanted<'a>,
) {
    for field in object.fields.iter().filter(|f| !kezhan_meta::system::is_system(&f.key)) {
        let Some(target) = field.target() else { continue };
        let value = after.get(field.key.as_ref()).unwrap_or(&Value::Null);
        if value.is_null() || before.is_some_and(|b| b.get(field.key.as_ref()) == Some(value)) {
            continue;
        }
        let ids: Vec<Uuid> = match value {
            Value::Array(items) => items.iter().filter_map(column::uuid).collect(),
            one => column::uuid(one).into_iter().collect(),
        };
        for id in ids {
            // Everyone may name themselves.
            if target != "user" || Some(id) != caller.user {
                wanted.entry(target).or_default().entry(id).or_default().push(&field.key);
            }
        }
    }
}

fn hold(conn: &mut PgConnection, caller: &Caller, wanted: Wanted<'_>) -> Result<()> {
    let guard = Guard::of(caller);
    if wanted.is_empty() {
        return Ok(());
    }
    let mut sql = Sql::default();
    let mut aliases = Aliases::default();
    for (at, (target, ids)) in wanted.iter().enumerate() {
        let Some(target) = caller.catalog.get(target) else {
            return Err(Error::Internal(format!("unknown object {target}")));
        };
        if at > 0 {
            sql.push(" UNION ALL ");
        }
        let alias = aliases.fresh();
        sql.push("SELECT ").column(&alias, "id").push(" FROM ");
        column::from(&mut sql, target, &alias);
        sql.push(" WHERE ").column(&alias, "id").push(" = ANY(");
        sql.bind(Bind::Uuids(Some(ids.keys().copied().collect()))).push(") AND ");
        guard.rows(&mut sql, target, &alias, Action::Read, Life::Living, &mut aliases);
    }
    let mut missing: BTreeMap<Uuid, Vec<&str>> = wanted.into_values().flatten().collect();
    sql.rows(conn, |row| {
        if let Some(id) = row.uuid(0) {
            missing.remove(&id);
        }
        Ok(())
    })?;
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(
            missing.into_values().flatten().map(|field| Violation::new(field, Code::NoSuchRecord)).collect(),
        )),
    }
}
