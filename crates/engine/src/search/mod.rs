//! Search: one box over all objects, and `q=` on each list.

mod common;
pub mod keys;
mod reindex;

pub use common::learn;

use crate::sql::filter::like_escape;
use crate::sql::row::Wire;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Bind, Sql, column};
use crate::{Access, Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::resolve::Readable;
use kezhan_meta::{FieldMeta, FieldType, Lang, NAME_EN, ObjectMeta, Sensitivity};
use serde_json::{Value, json};
use uuid::Uuid;

/// Most hits of one object among a search over all.
const PER_OBJECT: usize = 10;
/// Matching records of one object that are looked at: whoever types two letters that half the names have means to
/// type on.
const CANDIDATES: usize = 1_000;
const LIMIT_MAX: u32 = 50;

#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    pub q: String,
    /// Empty for all.
    pub objects: Vec<String>,
    pub limit: Option<u32>,
}

/// ` AND …` : the record's search text has every term of `q`, or that of the record has it that this one hangs on. Deals
/// are looked for by the name of the customer.
///
/// For lists, which have an order of their own: where all the pairs in the terms are common, these decide between the
/// search index and the sort index, each time anew.
pub fn condition(
    sql: &mut Sql,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    alias: &str,
    q: &str,
    aliases: &mut Aliases,
) -> Result<()> {
    let rare = common::any_rare(&object.table, &keys::pairs(&keys::query_terms(q).join(" ")));
    let mut own = Sql::default();
    match rare {
        true => candidate(&mut own, guard.access, object, alias, q)?,
        false => terms(&mut own, guard.access, object, alias, q, ("", ""))?,
    }
    if !rare {
        sql.uncached();
    }
    let Some((field, parent)) = parent(guard, object) else {
        sql.append(own);
        return Ok(());
    };
    sql.push(" AND ((true").append(own).push(") OR ");
    column::expression(sql, alias, field);
    let p = aliases.fresh();
    sql.push(" = ANY(ARRAY(SELECT ").column(&p, "id").push(" FROM ");
    column::from(sql, parent, &p);
    sql.push(" WHERE ");
    guard.rows(sql, parent, &p, Action::Read, Life::Living, aliases);
    candidate(sql, guard.access, parent, &p, q)?;
    sql.limit(CANDIDATES).push(")))");
    Ok(())
}

/// What a record hangs on, where the caller may look for that.
fn parent<'a>(guard: &Guard<'a>, object: &'a ObjectMeta) -> Option<(&'a FieldMeta, &'a ObjectMeta)> {
    let (field, name) = object.hangs_by()?;
    let parent = guard.catalog.get(name)?;
    let seen = guard.access.readable(object, field) && guard.access.may(&parent.name, Action::Read);
    (seen && crate::write::store::has_search(parent)).then_some((field, parent))
}

/// How much of what a record is found by a caller may use.
enum Depth {
    All,
    /// What stands before the personal part.
    Open,
    /// Its name, where not even all of the open part is theirs to see.
    Title,
    Nothing,
}

/// Whoever could search by what they do not see in full could guess it piece by piece.
fn depth(access: &Access, object: &ObjectMeta) -> Depth {
    let closed = |f: &&FieldMeta| f.searchable && !access.readable(object, f);
    let mut closed = object.fields.iter().filter(closed).peekable();
    if closed.peek().is_none() {
        return Depth::All;
    }
    let title = object.title_field().is_some_and(|f| access.readable(object, f));
    match closed.all(|f| f.sensitivity >= Sensitivity::Personal) {
        true => Depth::Open,
        false if title => Depth::Title,
        false => Depth::Nothing,
    }
}

/// The same for statements without an order that an index could give. The plan is the same whatever is looked for, so
/// values are hidden from the planner: it then keeps one plan instead of making one for each letter typed.
fn candidate(sql: &mut Sql, access: &Access, object: &ObjectMeta, alias: &str, q: &str) -> Result<()> {
    terms(sql, access, object, alias, q, ("(SELECT ", ")"))
}

fn terms(
    sql: &mut Sql,
    access: &Access,
    object: &ObjectMeta,
    alias: &str,
    q: &str,
    (open, close): (&str, &str),
) -> Result<()> {
    let terms = keys::query_terms(q);
    if terms.is_empty() || q.chars().count() > 200 {
        return Err(Error::refused(Code::BadValue, &["q", "1–200"]));
    }
    if !crate::write::store::has_search(object) {
        return Err(Error::refused(Code::UnknownParameter, &["q"]));
    }
    let pairs = keys::pairs(&terms.join(" "));
    if !pairs.is_empty() {
        sql.push(" AND ").column(alias, "search_pairs").push(" @> ").push(open);
        sql.bind(Bind::Int4s(pairs)).push("::int[]").push(close);
    }
    let depth = depth(access, object);
    if matches!(depth, Depth::Open) {
        // Texts from before there was a personal part are closed as a whole.
        let marked = format!("%{}%", keys::PERSONAL);
        sql.push(" AND ").column(alias, "search_text").push(" LIKE ").text(marked);
    }
    for term in terms {
        let escaped = like_escape(&term);
        sql.push(" AND ");
        match (&depth, object.title_field()) {
            (Depth::All, _) => sql.column(alias, "search_text").push(" LIKE ").done(),
            (Depth::Open, _) => {
                sql.push("split_part(").column(alias, "search_text").push(", ").text(keys::PERSONAL.to_string());
                sql.push(", 1) LIKE ");
            }
            (Depth::Title, Some(title)) => {
                column::expression(sql, alias, title);
                sql.push("::text ILIKE ");
            }
            _ => sql.push("false AND ''::text LIKE ").done(),
        }
        sql.push(open).text(format!("%{escaped}%")).push("::text").push(close);
    }
    Ok(())
}

struct Hit {
    rank: i32,
    order: usize,
    json: Value,
}

impl Engine {
    /// `{"data":[{"object","id","title","subtitle","matched"}]}`, best first.
    pub fn search(&self, conn: &mut PgConnection, caller: &Caller, query: &SearchQuery) -> Result<Vec<u8>> {
        let limit = query.limit.unwrap_or(20).clamp(1, LIMIT_MAX) as usize;
        let guard = Guard::of(caller);
        let mut objects = Vec::new();
        for object in caller.catalog.objects() {
            let asked = match query.objects.is_empty() {
                true => object.listed,
                false => query.objects.iter().any(|o| *o == object.name || *o == object.plural),
            };
            if asked && crate::write::store::has_search(object) && caller.access.may(&object.name, Action::Read) {
                objects.push(object.clone());
            }
        }
        if let Some(unknown) = query.objects.iter().find(|o| !objects.iter().any(|m| m.name == **o || m.plural == **o))
        {
            return Err(Error::refused(Code::UnknownField, &[unknown]));
        }
        let mut aliases = Aliases::default();
        let mut sql = Sql::default();
        for (at, object) in objects.iter().enumerate() {
            if at > 0 {
                sql.push(" UNION ALL ");
            }
            let english = object.english().filter(|f| caller.lang == Lang::En && guard.access.readable(object, f));
            one_object(&mut sql, &guard, object, &query.q, at, english, &mut aliases)?;
        }
        let mut hits = Vec::new();
        if !objects.is_empty() {
            let folded = kezhan_meta::rules::text::fold(&query.q);
            sql.rows(conn, |row| {
                let at = row.int4(0).unwrap_or_default() as usize;
                let Some(object) = objects.get(at) else { return Ok(()) };
                let cell = |i: usize| row.text(i).unwrap_or_default();
                let title = kezhan_meta::rules::text::fold(cell(2));
                let rank = match title {
                    t if t == folded => 0,
                    t if t.starts_with(&folded) => 1,
                    t if t.contains(&folded) => 2,
                    _ => 3,
                };
                let mut id = Vec::new();
                row.write(1, Wire::Uuid, &mut id)?;
                let id: Value = serde_json::from_slice(&id).map_err(|e| Error::Internal(e.to_string()))?;
                let matched = if rank < 3 { object.title.as_ref() } else { "search_text" };
                let json = json!({
                    "object": object.name, "id": id, "title": cell(2), "subtitle": cell(3), "matched": matched,
                });
                hits.push(Hit { rank, order: hits.len(), json });
                Ok(())
            })?;
        }
        hits.sort_by_key(|h| (h.rank, h.order));
        let data: Vec<Value> = hits.into_iter().take(limit).map(|h| h.json).collect();
        serde_json::to_vec(&json!({ "data": data })).map_err(|e| Error::Internal(e.to_string()))
    }
}

/// Ids of records of these objects that search finds, in the bin or not: at most so many of each.
pub(crate) fn ids<'o>(
    conn: &mut PgConnection,
    caller: &Caller,
    objects: impl Iterator<Item = &'o ObjectMeta>,
    q: &str,
    limit: usize,
) -> Result<Vec<Uuid>> {
    let mut out = Vec::new();
    if keys::query_terms(q).is_empty() {
        return Ok(out);
    }
    let guard = Guard::of(caller);
    let mut aliases = Aliases::default();
    let mut sql = Sql::default();
    let mut first = true;
    for object in objects {
        if !crate::write::store::has_search(object) || !caller.access.may(&object.name, Action::Read) {
            continue;
        }
        sql.push(if first { "(SELECT t.id FROM " } else { " UNION ALL (SELECT t.id FROM " });
        first = false;
        column::from(&mut sql, object, "t");
        sql.push(" WHERE ");
        guard.rows(&mut sql, object, "t", Action::Read, Life::Any, &mut aliases);
        candidate(&mut sql, guard.access, object, "t", q)?;
        sql.limit(limit).push(")");
    }
    if !first {
        sql.rows(conn, |row| {
            out.extend(row.uuid(0));
            Ok(())
        })?;
    }
    Ok(out)
}

fn one_object(
    sql: &mut Sql,
    guard: &Guard<'_>,
    object: &ObjectMeta,
    q: &str,
    at: usize,
    english: Option<&FieldMeta>,
    aliases: &mut Aliases,
) -> Result<()> {
    sql.push(&format!("(SELECT {at}::int, t.id, "));
    let readable = |f: &&FieldMeta| guard.access.readable(object, f);
    match object.title_field().filter(readable) {
        Some(title) => {
            sql.push("left(coalesce(");
            if let Some(english) = english {
                column::expression(sql, "t", english);
                sql.push("::text, ");
            }
            column::expression(sql, "t", title);
            sql.push("::text), 200)");
        }
        None => sql.push("''").done(),
    }
    // What tells two records of one name apart: the first further searchable line of text.
    let subtitle = object.fields.iter().filter(readable).find(|f| {
        f.searchable
            && f.key != object.title
            && f.key != NAME_EN
            && !matches!(f.kind, FieldType::LongText | FieldType::RichText)
    });
    sql.push(", ");
    match subtitle {
        Some(field) => {
            column::expression(sql, "t", field);
            sql.push("::text");
        }
        None => sql.push("NULL::text").done(),
    }
    sql.push(" FROM (SELECT t.* FROM ");
    column::from(sql, object, "t");
    sql.push(" WHERE ");
    guard.rows(sql, object, "t", Action::Read, Life::Living, aliases);
    candidate(sql, guard.access, object, "t", q)?;
    sql.limit(CANDIDATES).push(") t ORDER BY starts_with(t.search_text, ");
    // The search text begins with the name.
    sql.text(kezhan_meta::rules::text::fold(q));
    sql.push(") DESC, t.updated_at DESC, t.id DESC").limit(PER_OBJECT).push(")");
    Ok(())
}
