//! SQL as text with bound values: the one way from metadata to Postgres.

pub mod column;
pub mod filter;
pub mod members;
pub mod row;
pub mod scope;
mod shapes;
pub mod standing;
pub mod way;

use crate::{Error, Result};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::connection::{DefaultLoadingMode, LoadConnection};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types as st;
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

/// A bound value.
#[derive(Clone, Debug)]
pub enum Bind {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Uuid(Option<Uuid>),
    Date(Option<NaiveDate>),
    Time(Option<DateTime<Utc>>),
    Json(Option<Value>),
    Texts(Option<Vec<String>>),
    Uuids(Option<Vec<Uuid>>),
    Ints(Vec<i64>),
    Int4s(Vec<i32>),
}

/// A statement in the making: its text, and where in it which values stand.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    text: String,
    binds: Vec<(usize, Bind)>,
    /// Not worth keeping prepared: the best plan depends on the values.
    uncached: bool,
}

impl Sql {
    pub fn new(text: &str) -> Sql {
        let mut sql = Sql::default();
        sql.push(text);
        sql
    }

    /// Appends text. Never a value, never anything a caller sent.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a quoted identifier.
    pub fn ident(&mut self, name: &str) -> &mut Self {
        self.push("\"");
        match name.contains('"') {
            true => self.push(&name.replace('"', "\"\"")),
            false => self.push(name),
        };
        self.push("\"")
    }

    /// Appends `alias."name"`.
    pub fn column(&mut self, alias: &str, name: &str) -> &mut Self {
        self.push(alias).push(".").ident(name)
    }

    /// Appends a bound value.
    pub fn bind(&mut self, value: Bind) -> &mut Self {
        self.binds.push((self.text.len(), value));
        self
    }

    /// Ends a chain where nothing is expected of it.
    pub fn done(&mut self) {}

    pub fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.bind(Bind::Uuid(Some(id)))
    }

    pub fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.bind(Bind::Text(Some(text.into())))
    }

    pub fn int(&mut self, number: i64) -> &mut Self {
        self.bind(Bind::Int(Some(number)))
    }

    /// Appends ` LIMIT n` as text: the planner must know how few rows are wanted. With a bound limit it takes a tenth of
    /// them all, and a plan kept for any value may then walk the whole index of the order.
    pub fn limit(&mut self, rows: usize) -> &mut Self {
        self.push(&format!(" LIMIT {rows}"))
    }

    /// Appends another statement or part of one.
    pub fn append(&mut self, other: Sql) -> &mut Self {
        let before = self.text.len();
        self.text.push_str(&other.text);
        self.binds.extend(other.binds.into_iter().map(|(at, bind)| (before + at, bind)));
        self.uncached |= other.uncached;
        self
    }

    /// Plans each execution anew.
    pub fn uncached(&mut self) -> &mut Self {
        self.uncached = true;
        self
    }

    /// Pieces of text, each with the value that follows it.
    fn pieces(&self) -> impl Iterator<Item = (&str, Option<&Bind>)> {
        let ends = self.binds.iter().map(|(at, bind)| (*at, Some(bind))).chain([(self.text.len(), None)]);
        ends.scan(0, |from, (to, bind)| {
            Some((self.text.get(std::mem::replace(from, to)..to).unwrap_or_default(), bind))
        })
    }

    /// The statement with `$n` in place of values, for logs and tests.
    pub fn shape(&self) -> String {
        let mut out = String::new();
        for (at, (text, bind)) in self.pieces().enumerate() {
            out.push_str(text);
            if bind.is_some() {
                out.push_str(&format!("${}", at + 1));
            }
        }
        out
    }

    pub fn execute(self, conn: &mut PgConnection) -> Result<usize> {
        Ok(RunQueryDsl::execute(Statement::from(self), conn)?)
    }

    /// Runs and hands each raw row to `each`.
    pub fn rows(self, conn: &mut PgConnection, mut each: impl FnMut(&row::RawRow) -> Result<()>) -> Result<()> {
        let cursor = <PgConnection as LoadConnection<DefaultLoadingMode>>::load(conn, Statement::from(self))?;
        let mut raw = row::RawRow::default();
        for row in cursor {
            raw.fill(&row?);
            each(&raw)?;
        }
        Ok(())
    }
}

/// A finished statement as diesel wants it.
struct Statement {
    sql: Sql,
    cacheable: bool,
}

impl From<Sql> for Statement {
    fn from(sql: Sql) -> Self {
        let cacheable = !sql.uncached && shapes::worth_keeping(&sql);
        Statement { sql, cacheable }
    }
}

impl QueryId for Statement {
    type QueryId = ();
    // The text is the identity: diesel's cache then goes by it.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = st::Untyped;
}

impl RunQueryDsl<PgConnection> for Statement {}

impl QueryFragment<Pg> for Statement {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !self.cacheable {
            out.unsafe_to_cache_prepared();
        }
        for (text, bind) in self.sql.pieces() {
            out.push_sql(text);
            if let Some(bind) = bind {
                bind.push(&mut out)?;
            }
        }
        Ok(())
    }
}

impl Bind {
    fn push<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Bind::Text(v) => out.push_bind_param::<st::Nullable<st::Text>, _>(v),
            Bind::Int(v) => out.push_bind_param::<st::Nullable<st::BigInt>, _>(v),
            Bind::Bool(v) => out.push_bind_param::<st::Nullable<st::Bool>, _>(v),
            Bind::Uuid(v) => out.push_bind_param::<st::Nullable<st::Uuid>, _>(v),
            Bind::Date(v) => out.push_bind_param::<st::Nullable<st::Date>, _>(v),
            Bind::Time(v) => out.push_bind_param::<st::Nullable<st::Timestamptz>, _>(v),
            Bind::Json(v) => out.push_bind_param::<st::Nullable<st::Jsonb>, _>(v),
            Bind::Texts(v) => out.push_bind_param::<st::Nullable<st::Array<st::Text>>, _>(v),
            Bind::Uuids(v) => out.push_bind_param::<st::Nullable<st::Array<st::Uuid>>, _>(v),
            Bind::Ints(v) => out.push_bind_param::<st::Array<st::BigInt>, _>(v),
            Bind::Int4s(v) => out.push_bind_param::<st::Array<st::Integer>, _>(v),
        }
    }
}

/// A canonical value that does not fit its type was let through somewhere: our fault, not the caller's.
pub(crate) fn misfit(what: &str) -> Error {
    Error::Internal(format!("a value of the wrong shape reached SQL: {what}"))
}
