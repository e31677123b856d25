//! Whom a record was opened to besides its owner: its team, those it was shared with, and the owner of what it hangs on.
//!
//! The members of all records lie in one table, `record_members`; an entry names a principal, which is a user, a
//! department (with everybody in and below it) or a role.

use super::scope::{Aliases, Guard, Style, Way};
use super::{Sql, column};
use crate::ddl::{HOST_MADE, HOST_OWNER};
use kezhan_meta::{FieldMeta, ObjectMeta};
use uuid::Uuid;

/// What a member must at least be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    Read,
    Write,
}

/// The caller is a member of the record.
pub fn member(
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    least: Least,
    style: Style,
    aliases: &mut Aliases,
) -> Option<Sql> {
    let m = aliases.fresh();
    let entry = entry(guard, object, &m, ("level", least))?;
    let mut sql = Sql::default();
    match style {
        Style::Point => {
            sql.push("EXISTS (SELECT 1 FROM record_members ").push(&m).push(" WHERE ").append(entry);
            sql.push(" AND ").column(&m, "record").push(" = ").column(alias, "id").push("::text)");
        }
        Style::Set => {
            sql.column(alias, "id").push(" IN (SELECT ").column(&m, "record").push("::uuid FROM record_members ");
            sql.push(&m).push(" WHERE ").append(entry).push(")");
        }
    }
    Some(sql)
}

/// `(SELECT …) alias WHERE …`: the records of which the caller is a member, as rows of when each was made and its id, one
/// part for each of those that the caller is a member as: the index has the entries of each in this order, so that of
/// many only the first are read.
pub fn records(guard: &Guard<'_>, object: &ObjectMeta, least: Least, alias: &str, aliases: &mut Aliases) -> Vec<Sql> {
    let m = aliases.fresh();
    let part = |principal: &Uuid| {
        let entry = entry_of(guard, object, &m, ("level", least), std::slice::from_ref(principal))?;
        let mut sql = Sql::new("(SELECT ");
        sql.column(&m, HOST_MADE)
            .push(" AS created_at, ")
            .column(&m, "record")
            .push("::uuid AS id FROM record_members ");
        sql.push(&m).push(" WHERE ").append(entry).push(") ").push(alias).push(" WHERE true");
        Some(sql)
    };
    guard.access.member_as(&object.name).iter().filter_map(part).collect()
}

/// The record hangs on one that the caller owns, or of which they are a member whose part covers what hangs on it: one
/// alternative each. `own`: the caller's own records are within reach anyhow.
pub fn follows(
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    least: Least,
    (style, own): (Style, bool),
    aliases: &mut Aliases,
) -> Vec<Way> {
    let Some((field, parent)) = followed(guard, object) else { return Vec::new() };
    let mut any: Vec<Way> = Vec::new();
    if let (Least::Read, Some(me)) = (least, guard.access.user) {
        let mut others = Sql::default();
        others.column(alias, HOST_OWNER).push(" = ").uuid(me);
        any.push(others.into());
        if !own {
            let mut sql = guard.mine(alias);
            sql.push(" AND ");
            let p = aliases.fresh();
            sql.append(through(guard, field, parent, alias, &p, style, guard.mine(&p)));
            any.push(sql.into());
        }
    }
    let (p, m) = (aliases.fresh(), aliases.fresh());
    if let Some(entry) = entry(guard, parent, &m, ("children", least)) {
        let mut team = Sql::default();
        match style {
            Style::Point => {
                team.push("EXISTS (SELECT 1 FROM record_members ").push(&m).push(" WHERE ").append(entry);
                team.push(" AND ").column(&m, "record").push(" = ").column(&p, "id").push("::text)");
            }
            Style::Set => {
                team.column(&p, "id").push(" IN (SELECT ").column(&m, "record").push("::uuid FROM record_members ");
                team.push(&m).push(" WHERE ").append(entry).push(")");
            }
        }
        let condition = through(guard, field, parent, alias, &p, style, team);
        any.push(Way { by_reference: true, ..condition.into() });
    }
    any
}

/// The field by which records of this object hang on others, and the object of those. Nobody reaches anything through
/// records that they may not read at all.
pub fn followed<'o>(guard: &Guard<'o>, object: &'o ObjectMeta) -> Option<(&'o FieldMeta, &'o ObjectMeta)> {
    let (field, parent) = object.hangs_by()?;
    let parent = guard.catalog.get(parent)?;
    guard.access.may(&parent.name, crate::Action::Read).then_some((field, parent))
}

/// The living record on which this one hangs meets a condition.
pub fn through(
    guard: &Guard<'_>,
    field: &FieldMeta,
    parent: &ObjectMeta,
    alias: &str,
    p: &str,
    style: Style,
    condition: Sql,
) -> Sql {
    let mut sql = Sql::default();
    match style {
        Style::Point => sql.push("EXISTS (SELECT 1 FROM ").done(),
        Style::Set => {
            column::expression(&mut sql, alias, field);
            sql.push(" IN (SELECT ").column(p, "id").push(" FROM ");
        }
    }
    column::from(&mut sql, parent, p);
    sql.push(" WHERE ");
    guard.base(&mut sql, parent, p, super::scope::Life::Living);
    if style == Style::Point {
        sql.push(" AND ").column(p, "id").push(" = ");
        column::expression(&mut sql, alias, field);
    }
    sql.push(" AND ").append(condition).push(")");
    sql
}

/// A living entry of this object's that means the caller; `column` is what it allows on what.
fn entry(guard: &Guard<'_>, object: &ObjectMeta, m: &str, allowed: (&str, Least)) -> Option<Sql> {
    entry_of(guard, object, m, allowed, guard.access.member_as(&object.name))
}

/// The same, as one of these only.
fn entry_of(
    guard: &Guard<'_>,
    object: &ObjectMeta,
    m: &str,
    (allows, least): (&str, Least),
    principals: &[Uuid],
) -> Option<Sql> {
    if principals.is_empty() {
        return None;
    }
    let mut sql = Sql::default();
    sql.column(m, "tenant_id").push(" = ").uuid(guard.tenant);
    sql.push(" AND ").column(m, "object").push(" = ").text(object.name.to_string());
    // Not `= ANY` an array: of that the planner only knows that it may be long, and plans every statement anew.
    sql.push(" AND ").column(m, "principal").push(" IN (");
    for (at, principal) in principals.iter().enumerate() {
        sql.push(if at > 0 { ", " } else { "" }).text(principal.to_string());
    }
    sql.push(")");
    sql.push(" AND ").column(m, "deleted_at").push(" IS NULL AND (").column(m, "expires_at").push(" IS NULL OR ");
    sql.column(m, "expires_at").push(" > now()) AND ").column(m, allows);
    sql.push(match least {
        Least::Read => " IN ('read', 'write')",
        Least::Write => " = 'write'",
    });
    Some(sql)
}
