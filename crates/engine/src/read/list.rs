//! Pages of records.

mod merged;

use super::cursor::Cursor;
use super::order::Order;
use super::project::{self, Node, Select, Wanted};
use crate::audit::Given;
use crate::sql::row::Wire;
use crate::sql::scope::{Aliases, Guard, Life, Style};
use crate::sql::way::Way;
use crate::sql::{Sql, column, filter};
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::query::{COUNT_CAP, Count, LIMIT_DEFAULT, LIMIT_MAX, ListQuery};
use kezhan_meta::resolve::resolve;
use kezhan_meta::{Filter, ObjectMeta, Record};
use serde_json::Value;
use uuid::Uuid;

const T: &str = "t";

impl Engine {
    /// A finished page: `{"data":[…],"next_cursor":…,"count"?:…}`.
    pub fn list(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        query: &ListQuery,
    ) -> Result<Vec<u8>> {
        if !query.group_by.is_empty() || !query.aggregates.is_empty() {
            return super::group::run(conn, caller, object, query);
        }
        let mut body = Vec::with_capacity(16 * 1024);
        body.extend_from_slice(b"{\"data\":[");
        let mut first = true;
        if query.q.is_some() {
            crate::search::learn(conn, &object.table)?;
        }
        let page = Page::plan(caller, object, query)?;
        let mut given = Given::default();
        let next = page.run(conn, |node, row| {
            if !first {
                body.push(b',');
            }
            first = false;
            node.write(row, &mut body, &mut given)
        })?;
        body.extend_from_slice(b"],\"next_cursor\":");
        let next = next.map(|c| c.encode()).transpose()?;
        serde_json::to_writer(&mut body, &next).map_err(|e| Error::Internal(e.to_string()))?;
        if query.count != Count::None {
            let count = page.count(conn, query.count)?;
            body.extend_from_slice(format!(",\"count\":{count}").as_bytes());
        }
        body.push(b'}');
        given.note(conn, caller)?;
        Ok(body)
    }

    /// The same page as maps, for code. `next` continues where it ended.
    pub fn records(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        query: &ListQuery,
    ) -> Result<(Vec<Record>, Option<String>)> {
        self.records_given(conn, caller, object, query, &mut Given::default())
    }

    /// As [`Engine::records`], for what goes out: whoever calls this puts into the trail what was given.
    pub(crate) fn records_given(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        query: &ListQuery,
        given: &mut Given,
    ) -> Result<(Vec<Record>, Option<String>)> {
        let page = Page::plan(caller, object, query)?;
        let mut out = Vec::new();
        let next = page.run(conn, |node, row| {
            let mut bytes = Vec::new();
            node.write(row, &mut bytes, given)?;
            out.push(serde_json::from_slice(&bytes).map_err(|e| Error::Internal(e.to_string()))?);
            Ok(())
        })?;
        Ok((out, next.map(|c| c.encode()).transpose()?))
    }

    /// How many records meet the query's conditions.
    pub fn count(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        query: &ListQuery,
    ) -> Result<i64> {
        Page::plan(caller, object, query)?.count(conn, Count::Exact)
    }
}

/// What rows of a list must meet.
pub(super) struct Conditions {
    /// ` WHERE …`: tenant and life.
    base: Sql,
    /// That, filter, search, and what the reach loses, but for confidentiality.
    own: Sql,
    /// All of that.
    all: Sql,
    /// Alternatives by which a row may be within reach; every row is where there is none. Each finds its rows by an index
    /// of its own; together in one WHERE they would find none.
    any: Vec<Way>,
    /// Something else is asked for than all that there is.
    asks: bool,
}

impl Conditions {
    /// ` WHERE …` with the alternatives as sets of ids: for statements that look at every row.
    pub(super) fn whole(&self, object: &ObjectMeta) -> Sql {
        self.inline().unwrap_or_else(|| {
            let mut sql = self.all.clone();
            sql.push(" AND ").column(T, "id").push(" IN (");
            self.union(&mut sql, object, " UNION ALL ", |_| ());
            sql.push(")").done();
            sql
        })
    }

    /// ` WHERE …` where there is no more than one alternative.
    fn inline(&self) -> Option<Sql> {
        match self.any.as_slice() {
            [] => Some(self.all.clone()),
            [way] => {
                let mut sql = self.of(way).clone();
                sql.push(" AND ").append(way.condition.clone());
                Some(sql)
            }
            _ => None,
        }
    }

    /// `(SELECT t.id … ) UNION …`, one part for each alternative; `end` closes each.
    fn union(&self, sql: &mut Sql, object: &ObjectMeta, word: &str, end: impl Fn(&mut Sql)) {
        for (at, way) in self.any.iter().enumerate() {
            sql.push(if at > 0 { word } else { "" }).push("(SELECT ").column(T, "id").push(" AS id FROM ");
            column::from(sql, object, T);
            sql.append(self.of(way).clone()).push(" AND ").append(way.condition.clone());
            end(sql);
            sql.push(")");
        }
    }

    /// ` WHERE …`: what rows that are found this way must meet besides.
    fn of(&self, way: &Way) -> &Sql {
        if way.own { &self.own } else { &self.all }
    }
}

pub(super) fn conditions(
    guard: &Guard<'_>,
    caller: &Caller,
    object: &ObjectMeta,
    query: &ListQuery,
    aliases: &mut Aliases,
) -> Result<Conditions> {
    if !caller.access.may(&object.name, Action::Read) {
        return Err(Error::refused(Code::Forbidden, &["read"]));
    }
    let mut sql = Sql::new(" WHERE ");
    guard.base(&mut sql, object, T, life(query));
    let base = sql.clone();
    let asks = query.deleted
        || query.q.is_some()
        || query.import.is_some()
        || query.filter.as_ref().is_some_and(|f| !f.is_all());
    let any = match guard.allowed(object, T, Action::Read, Style::Set, aliases) {
        Some(none) if none.is_empty() => vec![Sql::new("false").into()],
        any => any.unwrap_or_default(),
    };
    guard.taken_from_own(&mut sql, object, T, Action::Read, aliases);
    if let Some(tree) = query.filter.as_ref().filter(|f| !f.is_all()) {
        let tree: Filter = resolve(tree, &caller.catalog, object, &*caller.access, &caller.context())?;
        sql.push(" AND ");
        filter::print(&mut sql, guard, object, T, &tree, aliases)?;
    }
    if let Some(q) = query.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
        crate::search::condition(&mut sql, guard, object, T, q, aliases)?;
    }
    if let Some(job) = query.import {
        crate::transfer::results::condition(&mut sql, caller.tenant, object, T, job);
    }
    let mut all = sql.clone();
    for open in guard.disclosed(object, T, aliases) {
        all.push(" AND ").append(open);
    }
    Ok(Conditions { base, own: sql, all, any, asks })
}

pub(super) fn life(query: &ListQuery) -> Life {
    if query.deleted { Life::Deleted } else { Life::Living }
}

struct Page<'a> {
    select: Sql,
    joins: Sql,
    conditions: Conditions,
    node: Node,
    object: &'a ObjectMeta,
    order: Order<'a>,
    /// Places of the sort values and of the id in a row.
    key_at: Vec<usize>,
    id_at: usize,
    cursor: Option<Cursor>,
    limit: usize,
    /// Several walks make the page.
    merges: bool,
}

impl<'a> Page<'a> {
    fn plan(caller: &'a Caller, object: &'a ObjectMeta, query: &ListQuery) -> Result<Page<'a>> {
        let guard = Guard::of(caller);
        let mut aliases = Aliases::default();
        let limit = match query.limit.unwrap_or(LIMIT_DEFAULT) {
            n @ 1..=LIMIT_MAX => n as usize,
            _ => return Err(Error::refused(Code::BadValue, &["limit", "1–200"])),
        };
        let order = Order::plan(&guard, caller, object, T, &query.sort, &mut aliases)?;
        let cursor = query.cursor.as_deref().map(|c| Cursor::decode(c, object, &order)).transpose()?;
        let mut conditions = conditions(&guard, caller, object, query, &mut aliases)?;
        let by_age = matches!(order.keys.as_slice(), [key] if key.path == "created_at");
        for way in &mut conditions.any {
            if !by_age {
                way.newest.clear();
            }
            // By what is asked for besides, few may be found, and those at once for all of them.
            if !by_age || conditions.asks {
                way.each.clear();
            }
        }
        let merges = conditions.any.len() > 1 || conditions.any.iter().any(|way| !way.each.is_empty());
        let wanted = Wanted::new(query.fields.as_deref(), &query.expand)?;
        wanted.bounded(&caller.catalog, object, limit)?;
        let mut select = Select::default();
        select.joins.append(order.joins.clone());
        let node = project::plan(&mut select, &guard, object, T, &wanted, life(query), &mut aliases)?;
        let key_at = order.keys.iter().map(|key| select.add(|sql| key.projection(sql))).collect();
        let id_at = select.add(|sql| sql.column(T, "id").done());
        Ok(Page {
            select: select.columns,
            joins: select.joins,
            conditions,
            node,
            object,
            order,
            key_at,
            id_at,
            cursor,
            limit,
            merges,
        })
    }

    fn run(
        &self,
        conn: &mut PgConnection,
        mut each: impl FnMut(&Node, &crate::sql::row::RawRow) -> Result<()>,
    ) -> Result<Option<Cursor>> {
        let ranges = match &self.cursor {
            None => vec![None],
            Some(cursor) => cursor.ranges(T, &self.order)?.into_iter().map(Some).collect(),
        };
        let mut seen = 0;
        let mut last: Option<(Vec<Value>, Uuid)> = None;
        for range in ranges {
            if seen > self.limit {
                break;
            }
            let mut sql = Sql::default();
            let after = |sql: &mut Sql| {
                if let Some(range) = &range {
                    sql.push(" AND ").append(range.clone());
                }
            };
            match self.conditions.inline().filter(|_| !self.merges) {
                None => self.merged(&mut sql, after),
                Some(conditions) => {
                    sql.push("SELECT ").append(self.select.clone()).push(" FROM ");
                    column::from(&mut sql, self.object, T);
                    sql.append(self.joins.clone()).append(conditions);
                    after(&mut sql);
                    self.order.print(&mut sql, T);
                }
            }
            // One more than asked for tells whether there is a next page. A second range may bring more than that.
            sql.limit(self.limit + 1);
            sql.rows(conn, |row| {
                seen += 1;
                if seen > self.limit {
                    return Ok(());
                }
                if seen == self.limit {
                    last = Some((self.key_values(row)?, row.uuid(self.id_at).unwrap_or_default()));
                }
                each(&self.node, row)
            })?;
        }
        let more = seen > self.limit;
        Ok(last.filter(|_| more).map(|(values, id)| Cursor::new(self.object, &self.order, values, id)))
    }

    /// `key AS k0, …, `
    fn keys(&self, sql: &mut Sql) {
        for (at, key) in self.order.keys.iter().enumerate() {
            key.expression(sql);
            sql.push(&format!(" AS k{at}, "));
        }
    }

    fn key_values(&self, row: &crate::sql::row::RawRow) -> Result<Vec<Value>> {
        let mut out = Vec::with_capacity(self.order.keys.len());
        for (key, at) in self.order.keys.iter().zip(&self.key_at) {
            let mut bytes = Vec::new();
            row.write(*at, Wire::of(key.field), &mut bytes)?;
            out.push(serde_json::from_slice(&bytes).map_err(|e| Error::Internal(e.to_string()))?);
        }
        Ok(out)
    }

    fn count(&self, conn: &mut PgConnection, mode: Count) -> Result<i64> {
        let mut sql = Sql::new("SELECT count(*) FROM (");
        let cap = |sql: &mut Sql| {
            if mode == Count::Capped {
                sql.limit(COUNT_CAP as usize);
            }
        };
        match self.conditions.inline() {
            None => self.conditions.union(&mut sql, self.object, " UNION ", cap),
            Some(conditions) => {
                sql.push("SELECT 1 FROM ");
                column::from(&mut sql, self.object, T);
                sql.append(conditions);
            }
        }
        if mode == Count::Capped {
            sql.limit(COUNT_CAP as usize);
        }
        sql.push(") c");
        let mut count = 0;
        sql.rows(conn, |row| {
            count = row.int8(0).unwrap_or_default();
            Ok(())
        })?;
        Ok(count)
    }
}
