//! Which columns go out, under which keys, and how a row of them becomes JSON.
//! A column that the caller may not read never enters the SELECT.

use crate::access::{FieldRule, Level, Relation};
use crate::audit::{self, Given};
use crate::sql::members;
use crate::sql::row::{RawRow, Wire};
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::vault::fields::{self, Opener};
use crate::{Action, Error, Result};
use kezhan_meta::check::LIST_MAX;
use kezhan_meta::problem::Code;
use kezhan_meta::query::EXPAND_MAX;
use kezhan_meta::resolve::Readable;
use kezhan_meta::rules::mask::Mask;
use kezhan_meta::{Catalog, FieldMeta, ObjectMeta};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Most references that one request may expand.
const EXPANSIONS_MAX: usize = 12;
/// Most records that one answer may hold through lists of references: each level may bring `LIST_MAX` to each record.
const EXPANDED_MAX: usize = 200 * LIST_MAX;

/// Names as asked for, dotted ones as a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    own: Vec<String>,
    nested: BTreeMap<String, Wanted>,
}

impl Wanted {
    /// From `fields` and `expand`: a dotted field implies that its reference is expanded.
    pub fn new(fields: Option<&[String]>, expand: &[String]) -> Result<Wanted> {
        let mut wanted = Wanted::default();
        for path in fields.unwrap_or_default() {
            wanted.add(path, true, path)?;
        }
        for path in expand {
            wanted.add(&format!("{path}."), false, path)?;
        }
        if wanted.count() > EXPANSIONS_MAX {
            return Err(Error::refused(Code::TooComplex, &["expand"]));
        }
        Ok(wanted)
    }

    fn add(&mut self, path: &str, field: bool, whole: &str) -> Result<()> {
        if whole.matches('.').count() >= EXPAND_MAX + usize::from(field) {
            return Err(Error::refused(Code::TooComplex, &[whole]));
        }
        match path.split_once('.') {
            None if path.is_empty() => {}
            None => self.own.push(path.to_owned()),
            Some((head, rest)) => self.nested.entry(head.to_owned()).or_default().add(rest, field, whole)?,
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.nested.len() + self.nested.values().map(Wanted::count).sum::<usize>()
    }

    /// Refuses what could bring more than one answer can hold. `rows` records of `object` are asked for.
    pub fn bounded(&self, catalog: &Catalog, object: &ObjectMeta, rows: usize) -> Result<()> {
        for (key, below) in &self.nested {
            let Some(field) = object.field(key) else { continue };
            let Some(target) = field.target().and_then(|t| catalog.get(t)) else { continue };
            let rows = if field.kind.is_reference() { rows } else { rows * LIST_MAX };
            if rows > EXPANDED_MAX {
                return Err(Error::refused(Code::TooComplex, &["expand"]));
            }
            below.bounded(catalog, target, rows)?;
        }
        Ok(())
    }
}

/// The select list and joins in the making.
#[derive(Default)]
pub struct Select {
    pub columns: Sql,
    pub joins: Sql,
    width: usize,
}

impl Select {
    /// Adds a column and tells its place.
    pub fn add(&mut self, print: impl FnOnce(&mut Sql)) -> usize {
        if self.width > 0 {
            self.columns.push(", ");
        }
        print(&mut self.columns);
        self.width += 1;
        self.width - 1
    }
}

/// One JSON object of the answer: its columns and what is expanded below it.
#[derive(Debug, Default)]
pub struct Node {
    fields: Vec<Cell>,
    /// Where it stands how the caller stands to the record: is it theirs, are they in its team?
    relation: Option<(usize, usize)>,
    watch: Option<Watch>,
    expands: Vec<(String, Expanded)>,
}

/// Of which record it is on record who was given its sensitive fields.
#[derive(Debug)]
struct Watch {
    object: String,
    /// Place of the record's id.
    id_at: usize,
}

#[derive(Debug)]
struct Cell {
    /// `"key":` ready to write.
    key: String,
    /// Place in the row, and format.
    at: usize,
    wire: Wire,
    /// Present where the caller does not see every record's value in full.
    veil: Option<Veil>,
    seal: Option<Seal>,
    /// Where it is watched who is given the field: its key.
    watched: Option<String>,
}

/// What it takes to open a sealed value.
#[derive(Debug)]
struct Seal {
    /// `contact.id_number`
    path: String,
    /// Place of the record's id.
    id_at: usize,
    opener: Opener,
}

/// Less than the whole value.
#[derive(Debug)]
struct Veil {
    rule: FieldRule,
    mask: Option<Mask>,
}

#[derive(Debug)]
enum Expanded {
    /// The place of its id, and the record.
    One(usize, Node),
    /// The place of the rows, and what each becomes.
    Many(usize, Node),
}

impl Cell {
    /// Opened here whoever reads: who sees an outline gets that of the value, as of any other field.
    fn write_sealed(&self, row: &RawRow, level: Option<Level>, out: &mut Vec<u8>) -> Result<()> {
        let custom: Option<String>;
        let stored = match self.wire {
            Wire::Jsonb => {
                custom = row.json(self.at).map(text_of);
                custom.as_deref()
            }
            _ => row.text(self.at),
        };
        let (Some(seal), Some(stored)) = (&self.seal, stored) else {
            out.extend_from_slice(b"null");
            return Ok(());
        };
        let id = row.uuid(seal.id_at).unwrap_or_default();
        let value = seal.opener.open(&seal.path, id, stored)?;
        if level != Some(Level::Masked) {
            out.extend_from_slice(&value);
            return Ok(());
        }
        // What has no outline shows as empty: numbers, dates.
        let mask = self.veil.as_ref().and_then(|veil| veil.mask);
        let text = serde_json::from_slice::<String>(&value).ok().map(Zeroizing::new);
        let outline = mask.zip(text).map(|(mask, text)| mask.apply(&text));
        serde_json::to_writer(out, &outline).map_err(|e| Error::Internal(e.to_string()))
    }
}

/// A JSON string without its quotes; from before the field was sealed it may be a number.
fn text_of(json: &[u8]) -> String {
    serde_json::from_slice::<String>(json).unwrap_or_else(|_| String::from_utf8_lossy(json).into_owned())
}

impl Node {
    /// `given` hears of the sensitive values among it that go out in full.
    pub fn write(&self, row: &RawRow, out: &mut Vec<u8>, given: &mut Given) -> Result<()> {
        out.push(b'{');
        let mut n = 0;
        for cell in &self.fields {
            let level = cell.veil.as_ref().map(|veil| veil.rule.level(self.relation_of(row)));
            if level == Some(Level::Hidden) {
                continue;
            }
            if n > 0 {
                out.push(b',');
            }
            n += 1;
            out.extend_from_slice(cell.key.as_bytes());
            let start = out.len();
            match (&cell.veil, level) {
                (_, level) if cell.seal.is_some() => cell.write_sealed(row, level, out)?,
                (Some(veil), Some(Level::Masked)) => row.write_masked(cell.at, cell.wire, veil.mask, out)?,
                _ => row.write(cell.at, cell.wire, out)?,
            }
            if let (Some(key), Some(watch)) = (&cell.watched, &self.watch)
                && level != Some(Level::Masked)
                && out.get(start..).is_some_and(audit::says_something)
            {
                given.add(&watch.object, key, row.uuid(watch.id_at));
            }
        }
        if !self.expands.is_empty() {
            out.extend_from_slice(b",\"expand\":{");
            let mut first = true;
            for (key, expanded) in &self.expands {
                // Empty, gone, or not for this caller's eyes: all look the same.
                if matches!(expanded, Expanded::One(id_at, _) if row.is_null(*id_at)) {
                    continue;
                }
                if !first {
                    out.push(b',');
                }
                first = false;
                out.extend_from_slice(key.as_bytes());
                match expanded {
                    Expanded::One(_, node) => node.write(row, out, given)?,
                    Expanded::Many(at, node) => row.write_rows(*at, out, |row, out| node.write(row, out, given))?,
                }
            }
            out.push(b'}');
        }
        out.push(b'}');
        Ok(())
    }

    fn relation_of(&self, row: &RawRow) -> Relation {
        let holds = |at: usize| row.bool(at).unwrap_or_default();
        self.relation.map_or(Relation::Other, |(owner, team)| Relation::of(holds(owner), holds(team)))
    }
}

/// How the caller stands to the rows of `alias`, as two columns.
pub fn relation(
    select: &mut Select,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    aliases: &mut Aliases,
) -> (usize, usize) {
    let owned = object.owned();
    let owner = select.add(|sql| {
        let mine = if owned { guard.mine(alias) } else { Sql::new("false") };
        sql.push("COALESCE(").append(mine).push(", false)");
    });
    let team = select.add(|sql| {
        let member = owned.then(|| members::point(guard, object, alias, aliases)).flatten();
        sql.append(member.unwrap_or(Sql::new("false")));
    });
    (owner, team)
}

/// Plans the projection of `object` under `alias`.
pub fn plan(
    select: &mut Select,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    wanted: &Wanted,
    life: Life,
    aliases: &mut Aliases,
) -> Result<Node> {
    let mut node = Node::default();
    let mut id_at = None;
    for field in chosen(guard, object, wanted, life)? {
        let at = select.add(|sql| column::projection(sql, alias, field));
        let rule = guard.access.field_rule(object, field);
        let veil = (rule.least() < Level::Read).then(|| Veil { rule, mask: Mask::of(&field.kind) });
        let seal = match field.sealed {
            false => None,
            true => Some(Seal {
                path: fields::path(object, field),
                id_at: *id_at.get_or_insert_with(|| select.add(|sql| sql.column(alias, "id").done())),
                opener: Opener::of(guard.catalog)?.clone(),
            }),
        };
        let watched = audit::watched(guard.access, field).then(|| field.key.to_string());
        if watched.is_some() && node.watch.is_none() {
            let id_at = *id_at.get_or_insert_with(|| select.add(|sql| sql.column(alias, "id").done()));
            node.watch = Some(Watch { object: object.name.to_string(), id_at });
        }
        node.fields.push(Cell { key: format!("\"{}\":", field.key), at, wire: Wire::of(field), veil, seal, watched });
    }
    if node.fields.iter().any(|cell| cell.veil.as_ref().is_some_and(|veil| !veil.rule.fixed())) {
        node.relation = Some(relation(select, guard, object, alias, aliases));
    }
    for (key, below) in &wanted.nested {
        let unknown = || Error::refused(Code::UnknownField, &[key]);
        let field = object.field(key).filter(|f| guard.access.readable(object, f)).ok_or_else(unknown)?;
        let target = match field.target() {
            None => return Err(Error::refused(Code::BadValue, &["expand", key])),
            Some(target) => guard.catalog.get(target).ok_or_else(unknown)?,
        };
        let expanded = match field.kind.is_reference() {
            true => one(select, guard, (alias, field), target, below, aliases)?,
            false => many(select, guard, (alias, field), target, below, aliases)?,
        };
        node.expands.push((format!("\"{key}\":"), expanded));
    }
    Ok(node)
}

/// The record that a reference points to, joined to the row that holds the reference.
fn one(
    select: &mut Select,
    guard: &Guard<'_>,
    (alias, field): (&str, &FieldMeta),
    target: &ObjectMeta,
    below: &Wanted,
    aliases: &mut Aliases,
) -> Result<Expanded> {
    let r = aliases.fresh();
    let joins = &mut select.joins;
    joins.push(" LEFT JOIN ");
    column::from(joins, target, &r);
    joins.push(" ON ").column(&r, "id").push(" = ");
    column::expression(joins, alias, field);
    joins.push(" AND ");
    guard.rows(joins, target, &r, Action::Read, Life::Living, aliases);
    let id_at = select.add(|sql| sql.column(&r, "id").done());
    Ok(Expanded::One(id_at, plan(select, guard, target, &r, below, Life::Living, aliases)?))
}

/// The records that a list of references names, in its order, as one column of rows: still one statement.
fn many(
    select: &mut Select,
    guard: &Guard<'_>,
    (alias, field): (&str, &FieldMeta),
    target: &ObjectMeta,
    below: &Wanted,
    aliases: &mut Aliases,
) -> Result<Expanded> {
    let (list, item, r) = (aliases.fresh(), aliases.fresh(), aliases.fresh());
    let mut inner = Select::default();
    let node = plan(&mut inner, guard, target, &r, below, Life::Living, aliases)?;
    let joins = &mut select.joins;
    joins.push(" LEFT JOIN LATERAL (SELECT array_agg(ROW(").append(inner.columns).push(") ORDER BY ");
    joins.column(&item, "place").push(") AS found FROM ");
    column::members(joins, alias, field);
    joins.push(&format!(" WITH ORDINALITY {item}(id, place) JOIN "));
    column::from(joins, target, &r);
    joins.push(" ON ").column(&r, "id").push(" = ").column(&item, "id").push("::uuid AND ");
    guard.rows(joins, target, &r, Action::Read, Life::Living, aliases);
    joins.append(inner.joins).push(&format!(") {list} ON true"));
    Ok(Expanded::Many(select.add(|sql| sql.column(&list, "found").done()), node))
}

fn chosen<'o>(guard: &Guard<'_>, object: &'o ObjectMeta, wanted: &Wanted, life: Life) -> Result<Vec<&'o FieldMeta>> {
    let readable = |f: &&FieldMeta| guard.access.field_rule(object, f).most() > Level::Hidden;
    if wanted.own.is_empty() {
        let dead = |f: &FieldMeta| matches!(f.key.as_ref(), "deleted_at" | "deleted_by");
        return Ok(object.fields.iter().filter(readable).filter(|f| life != Life::Living || !dead(f)).collect());
    }
    let mut out: Vec<&FieldMeta> = object.field("id").into_iter().collect();
    for key in wanted.own.iter().filter(|k| *k != "id") {
        let unknown = || Error::refused(Code::UnknownField, &[key]);
        let field = object.field(key).filter(readable).ok_or_else(unknown)?;
        if !out.iter().any(|f| f.key == field.key) {
            out.push(field);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_fields_imply_expansion_and_depth_is_bounded() {
        let fields = ["name".to_owned(), "owner.name".to_owned()];
        let wanted = Wanted::new(Some(&fields), &["account.parent".to_owned()]).unwrap();
        assert_eq!(wanted.own, ["name"]);
        assert_eq!(wanted.nested["owner"].own, ["name"]);
        assert!(wanted.nested["account"].nested.contains_key("parent"));
        assert!(Wanted::new(None, &["a.b.c".to_owned()]).is_err());
        assert!(Wanted::new(Some(&["a.b.c.d".to_owned()]), &[]).is_err());
    }
}
