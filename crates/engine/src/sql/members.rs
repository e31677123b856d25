//! Whom a record was opened to besides its owner: its team, those it was shared with, and the owner of what it hangs on.
//!
//! The members of all records lie in one table, `record_members`; an entry names a principal, which is a user, a
//! department (with everybody in and below it) or a role. What hangs on a record is in `inherited_members`, once for each
//! entry that covers it: the database keeps those rows in line with the entries and the links, whoever writes.

use super::scope::{Aliases, Guard, Style};
use super::way::Way;
use super::{Sql, column};
use crate::access::Action;
use crate::ddl::{HOST_MADE, HOST_OWNER};
use kezhan_meta::{FieldMeta, ObjectMeta};
use uuid::Uuid;

/// What a member must at least be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    Read,
    Write,
}

/// Where it is written who is a member of what.
#[derive(Clone, Copy)]
enum Book {
    Members,
    Inherited,
}

impl Book {
    fn table(self) -> &'static str {
        match self {
            Book::Members => "record_members",
            Book::Inherited => "inherited_members",
        }
    }

    /// When the record was made.
    fn made(self) -> &'static str {
        match self {
            Book::Members => HOST_MADE,
            Book::Inherited => "created_at",
        }
    }

    /// What the member may do with it.
    fn allows(self) -> &'static str {
        match self {
            Book::Members => "level",
            Book::Inherited => "children",
        }
    }

    /// The id of the record.
    fn id(self, m: &str) -> Sql {
        let mut sql = Sql::default();
        sql.column(m, "record").push(if matches!(self, Book::Members) { "::uuid" } else { "" });
        sql
    }
}

/// Entries of a book that mean the caller.
struct Entries<'a, 'g> {
    book: Book,
    guard: &'a Guard<'g>,
    object: &'a ObjectMeta,
    least: Least,
    /// As whom the caller may be meant.
    principals: &'a [Uuid],
}

impl Entries<'_, '_> {
    /// A living one, as one of these; none where there is nobody to be.
    fn entry(&self, m: &str, principals: &[Uuid]) -> Option<Sql> {
        if principals.is_empty() {
            return None;
        }
        let mut sql = Sql::default();
        sql.column(m, "tenant_id").push(" = ").uuid(self.guard.tenant);
        sql.push(" AND ").column(m, "object").push(" = ").text(self.object.name.to_string());
        // Not `= ANY` an array: of that the planner only knows that it may be long, and plans every statement anew.
        sql.push(" AND ").column(m, "principal").push(" IN (");
        for (at, principal) in principals.iter().enumerate() {
            sql.push(if at > 0 { ", " } else { "" }).text(principal.to_string());
        }
        sql.push(")");
        if matches!(self.book, Book::Members) {
            sql.push(" AND ").column(m, "deleted_at").push(" IS NULL");
        }
        sql.push(" AND (").column(m, "expires_at").push(" IS NULL OR ");
        sql.column(m, "expires_at").push(" > now()) AND ").column(m, self.book.allows());
        sql.push(match self.least {
            Least::Read => " IN ('read', 'write')",
            Least::Write => " = 'write'",
        });
        Some(sql)
    }

    /// The caller is a member of the record.
    fn holds(&self, alias: &str, style: Style, aliases: &mut Aliases) -> Option<Sql> {
        let m = aliases.fresh();
        let entry = self.entry(&m, self.principals)?;
        let table = self.book.table();
        let mut sql = Sql::default();
        match style {
            Style::Point => {
                sql.push("EXISTS (SELECT 1 FROM ").push(table).push(" ").push(&m).push(" WHERE ").append(entry);
                sql.push(" AND ").column(&m, "record").push(" = ").column(alias, "id");
                sql.push(if matches!(self.book, Book::Members) { "::text)" } else { ")" });
            }
            Style::Set => {
                sql.column(alias, "id").push(" IN (SELECT ").append(self.book.id(&m)).push(" FROM ").push(table);
                sql.push(" ").push(&m).push(" WHERE ").append(entry).push(")");
            }
        }
        Some(sql)
    }

    /// `(SELECT …) alias WHERE true`: the records, as rows of when each was made and its id, one part for each of those
    /// that the caller is a member as. The index has the entries of each in this order, so that of many only the first
    /// are read.
    fn newest(&self, alias: &str, aliases: &mut Aliases) -> Vec<Sql> {
        let m = aliases.fresh();
        let part = |principal: &Uuid| {
            let entry = self.entry(&m, std::slice::from_ref(principal))?;
            let mut sql = Sql::new("(SELECT ");
            sql.column(&m, self.book.made()).push(" AS created_at, ").append(self.book.id(&m)).push(" AS id FROM ");
            sql.push(self.book.table()).push(" ").push(&m).push(" WHERE ").append(entry).push(") ").push(alias);
            sql.push(" WHERE true");
            Some(sql)
        };
        self.principals.iter().filter_map(part).collect()
    }

    fn way(&self, alias: &str, style: Style, aliases: &mut Aliases) -> Option<Way> {
        let condition = self.holds(alias, style, aliases)?;
        let newest = match style {
            Style::Point => Vec::new(),
            Style::Set => self.newest(alias, aliases),
        };
        Some(Way { newest, ..condition.into() })
    }
}

/// The caller is a member of the record.
pub fn member(
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    least: Least,
    style: Style,
    aliases: &mut Aliases,
) -> Option<Way> {
    let principals = guard.access.member_as(&object.name);
    Entries { book: Book::Members, guard, object, least, principals }.way(alias, style, aliases)
}

/// The same of a record at hand, with whatever right.
pub fn point(guard: &Guard<'_>, object: &ObjectMeta, alias: &str, aliases: &mut Aliases) -> Option<Sql> {
    member(guard, object, alias, Least::Read, Style::Point, aliases).map(|way| way.condition)
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
    let principals = guard.access.member_as(&parent.name);
    let entries = Entries { book: Book::Inherited, guard, object, least, principals };
    any.extend(entries.way(alias, style, aliases));
    // Where the record itself is denied, nobody reaches what hangs on it by being its owner or in its team.
    if guard.access.rows(parent, Action::Read).deny.is_empty() {
        return any;
    }
    let open = |way: Way| {
        let p = aliases.fresh();
        let mut open = Sql::new("true");
        guard.denied(&mut open, parent, &p, Action::Read, aliases);
        let mut sql = way.condition;
        sql.push(" AND ").append(through(guard, field, parent, alias, &p, style, open));
        Way::from(sql)
    };
    any.into_iter().map(open).collect()
}

/// The field by which records of this object hang on others, and the object of those. Nobody reaches anything through
/// records that they may not read at all.
pub fn followed<'o>(guard: &Guard<'o>, object: &'o ObjectMeta) -> Option<(&'o FieldMeta, &'o ObjectMeta)> {
    let (field, parent) = object.hangs_by()?;
    let parent = guard.catalog.get(parent)?;
    guard.access.may(&parent.name, Action::Read).then_some((field, parent))
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
