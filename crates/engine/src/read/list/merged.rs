//! A page of what is within reach in several ways: each found by an index of its own, and no more of any read than the
//! page takes.
//!
//! What is merged is narrow: the keys of the rows, and where they lie. The rows themselves are fetched from there once it
//! is known which of them the page takes; within one statement a row does not move.

use super::{Page, T};
use crate::sql::way::Way;
use crate::sql::{Sql, column};

impl Page<'_> {
    /// The rows of all alternatives, each once and in order.
    pub(super) fn merged(&self, sql: &mut Sql, after: impl Fn(&mut Sql)) {
        sql.push("SELECT ").append(self.select.clone()).push(" FROM (SELECT ");
        // What lies in one department lies in no other.
        if self.conditions.any.len() > 1 {
            sql.push("DISTINCT ON (");
            self.names(sql, "");
            sql.push(") ");
        }
        self.names(sql, "");
        sql.push(", at FROM (");
        let mut first = true;
        for way in &self.conditions.any {
            for part in self.parts(way, &after) {
                sql.push(if first { "(" } else { " UNION ALL (" }).append(part);
                // Of each no more than the page could take.
                sql.limit(self.limit + 1).push(")");
                first = false;
            }
        }
        sql.push(") u");
        self.sorted(sql, "");
        sql.limit(self.limit + 1).push(") k JOIN ");
        column::from(sql, self.object, T);
        sql.push(" ON ").push(T).push(".ctid = k.at").append(self.joins.clone()).append(self.conditions.base.clone());
        self.sorted(sql, "k.");
    }

    /// `SELECT k0, …, id, at FROM … ORDER BY …`: the rows of one alternative, in as many parts as have an order by
    /// themselves.
    fn parts(&self, way: &Way, after: &impl Fn(&mut Sql)) -> Vec<Sql> {
        if !way.newest.is_empty() {
            return vec![self.looked_up(way, after)];
        }
        let all = match way.each.as_slice() {
            [] => std::slice::from_ref(&way.condition),
            each => each,
        };
        let part = |condition: &Sql| {
            let mut sql = Sql::new("SELECT ");
            self.keys(&mut sql);
            sql.column(T, "id").push(" AS id, ").push(T).push(".ctid AS at FROM ");
            column::from(&mut sql, self.object, T);
            sql.append(self.order.joins.clone())
                .append(self.conditions.of(way).clone())
                .push(" AND ")
                .append(condition.clone());
            after(&mut sql);
            self.order.print(&mut sql, T);
            sql
        };
        all.iter().map(part).collect()
    }

    /// The same of records of which it is written elsewhere when they were made: they are looked at one by one, in order,
    /// until the page is full.
    fn looked_up(&self, way: &Way, after: &impl Fn(&mut Sql)) -> Sql {
        let mut sql = Sql::new("SELECT ");
        self.names(&mut sql, "m.");
        sql.push(", ").push(T).push(".ctid AS at FROM (SELECT DISTINCT ON (");
        self.names(&mut sql, "");
        sql.push(") ");
        self.names(&mut sql, "");
        sql.push(" FROM (");
        for (at, rows) in way.newest.iter().enumerate() {
            sql.push(if at > 0 { " UNION ALL (SELECT " } else { "(SELECT " });
            self.keys(&mut sql);
            sql.column(T, "id").push(" AS id FROM ").append(rows.clone());
            after(&mut sql);
            self.order.print(&mut sql, T);
            sql.push(")");
        }
        sql.push(") u");
        self.sorted(&mut sql, "");
        sql.push(") m JOIN ");
        column::from(&mut sql, self.object, T);
        sql.push(" ON ").column(T, "id").push(" = m.id").append(self.conditions.of(way).clone());
        self.sorted(&mut sql, "m.");
        sql
    }

    /// `k0, …, id`
    fn names(&self, sql: &mut Sql, of: &str) {
        for at in 0..self.order.keys.len() {
            sql.push(&format!("{of}k{at}, "));
        }
        sql.push(of).push("id");
    }

    /// ` ORDER BY k0, …, id` of rows that have the keys as columns.
    fn sorted(&self, sql: &mut Sql, of: &str) {
        let key = |sql: &mut Sql, at: usize| sql.push(&format!("{of}k{at}")).done();
        self.order.print_by(sql, key, |sql| sql.push(of).push("id").done());
    }
}
