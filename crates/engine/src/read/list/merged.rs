//! A page of what is within reach in several ways: each found by an index of its own, and no more of any read than the
//! page takes.

use super::super::cursor::{order, order_by};
use super::{Page, T};
use crate::sql::scope::Way;
use crate::sql::{Sql, column};

/// A way, and its records where when they were made is known without a look at them.
type Known<'a> = (&'a Way, &'a [Sql]);

impl Page<'_> {
    /// The rows of all alternatives, each once and in order.
    pub(super) fn merged(&self, sql: &mut Sql, after: impl Fn(&mut Sql)) {
        let mut ways: Vec<Known<'_>> =
            self.conditions.any.iter().zip(&self.known).map(|(way, known)| (way, known.as_slice())).collect();
        let leads = |own: bool| ways.iter().position(|(way, _)| way.leads && way.own == own);
        let Some(lead) = leads(true).or_else(|| leads(false)).filter(|_| self.by_age) else {
            sql.push("SELECT ").append(self.select.clone());
            self.once_each(sql, &ways, after);
            self.sorted(sql, "k.", "id");
            return;
        };
        let (lead, _) = ways.remove(lead);
        self.led(sql, lead, &ways, after);
    }

    /// The rows of one way are read as they stand. That they are its rows they tell themselves, so the others leave them
    /// out: after as many as the page takes, for whoever reaches thousands by both ways would have all of those looked at
    /// in vain, where the first of them fill the page.
    fn led(&self, sql: &mut Sql, lead: &Way, others: &[Known<'_>], after: impl Fn(&mut Sql)) {
        sql.push("SELECT * FROM ((SELECT ").append(self.select.clone()).push(", ");
        self.keys(sql);
        sql.column(T, "id").push(" AS kid, false AS kled FROM ");
        column::from(sql, self.object, T);
        let rest = if lead.own { &self.conditions.own } else { &self.conditions.all };
        sql.append(self.joins.clone()).append(rest.clone()).push(" AND ").append(lead.condition.clone());
        after(sql);
        order(sql, T, &self.keys);
        sql.limit(self.limit + 1).push(") UNION ALL (SELECT * FROM (SELECT ").append(self.select.clone());
        for at in 0..self.keys.len() {
            sql.push(&format!(", k.k{at}"));
        }
        sql.push(", k.id AS kid, COALESCE(").append(lead.condition.clone()).push(", false) AS kled");
        self.once_each(sql, others, after);
        self.sorted(sql, "k.", "id");
        sql.limit(self.limit + 1).push(") o WHERE NOT o.kled");
        self.sorted(sql, "o.", "kid");
        sql.push(")) u");
        self.sorted(sql, "u.", "kid");
    }

    /// ` FROM … k JOIN … t …`: the keys of these alternatives, each once and in order, and the rows they are of.
    fn once_each(&self, sql: &mut Sql, ways: &[Known<'_>], after: impl Fn(&mut Sql)) {
        let columns = |sql: &mut Sql| {
            for at in 0..self.keys.len() {
                sql.push(&format!("k{at}, "));
            }
            sql.push("id");
        };
        sql.push(" FROM (SELECT DISTINCT ON (");
        columns(sql);
        sql.push(") ");
        columns(sql);
        sql.push(" FROM (");
        let mut first = true;
        for (way, known) in ways {
            for rows in *known {
                // What else there is to meet is asked below, of those that the page takes.
                sql.push(if first { "(SELECT " } else { " UNION ALL (SELECT " });
                self.keys(sql);
                sql.column(T, "id").push(" AS id FROM ").append(rows.clone());
                after(sql);
                order(sql, T, &self.keys);
                sql.push(")");
                first = false;
            }
            if known.is_empty() {
                sql.push(if first { "(" } else { " UNION ALL (" });
                let plain = self.conditions.plain.as_ref().filter(|_| way.walk && self.by_age);
                self.conditions.part(sql, self.object, way, plain, |sql| self.keys(sql));
                after(sql);
                order(sql, T, &self.keys);
                // Of what is only walked along, as much is read as the page takes.
                if plain.is_none() {
                    sql.limit(self.limit + 1);
                }
                sql.push(")");
                first = false;
            }
        }
        sql.push(") u");
        self.sorted(sql, "", "id");
        sql.push(") k JOIN ");
        column::from(sql, self.object, T);
        sql.push(" ON ").column(T, "id").push(" = k.id").append(self.joins.clone());
        sql.append(self.conditions.all.clone());
    }

    /// ` ORDER BY k0, …, id` of rows that have the keys as columns.
    fn sorted(&self, sql: &mut Sql, of: &str, id: &str) {
        let key = |sql: &mut Sql, at: usize| sql.push(&format!("{of}k{at}")).done();
        order_by(sql, &self.keys, key, |sql| sql.push(of).push(id).done());
    }
}
