//! What a list is ordered by.
//!
//! A record that is referred to stands for its place among its kind and its name, as far as the caller may know them; by
//! its id alone it would come in no order that means anything.

use crate::access::Action;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Bind, Sql, column};
use crate::{Caller, Error, Result};
use kezhan_meta::problem::Code;
use kezhan_meta::query::{SORT_MAX, Sort};
use kezhan_meta::resolve::Readable;
use kezhan_meta::{Choice, FieldMeta, FieldType, ObjectMeta, Storage};
use serde_json::Value;
use std::borrow::Cow;

/// One value that rows are compared by.
pub struct Key<'o> {
    /// `amount`, or `stage.sort_order` of what is referred to.
    pub path: Cow<'o, str>,
    pub descending: bool,
    pub field: &'o FieldMeta,
    /// The rows that have the field.
    alias: Cow<'static, str>,
}

/// All of them, the weightiest first, and the joins that bring what is referred to.
pub struct Order<'o> {
    pub keys: Vec<Key<'o>>,
    pub joins: Sql,
}

impl<'o> Order<'o> {
    /// Rows of `object` have the alias `alias`.
    pub fn plan(
        guard: &Guard<'o>,
        caller: &Caller,
        object: &'o ObjectMeta,
        alias: &'static str,
        sort: &[Sort],
        aliases: &mut Aliases,
    ) -> Result<Order<'o>> {
        // Whoever may not see when records were made gets them in the order of their ids, which is nearly the same.
        let dated = object.field("created_at").is_some_and(|f| caller.access.readable(object, f));
        let newest = [Sort { field: if dated { "created_at" } else { "id" }.to_owned(), descending: true }];
        let sort = if sort.is_empty() { &newest[..] } else { sort };
        if sort.len() > SORT_MAX {
            return Err(Error::refused(Code::TooComplex, &["sort"]));
        }
        let mut order = Order { keys: Vec::new(), joins: Sql::default() };
        for one in sort {
            let unknown = || Error::refused(Code::UnknownField, &[&one.field]);
            let field = object.field(&one.field).filter(|f| caller.access.readable(object, f)).ok_or_else(unknown)?;
            if !field.sortable() {
                return Err(Error::refused(Code::BadValue, &["sort", &one.field]));
            }
            if order.keys.iter().any(|k| k.path == field.key) {
                continue;
            }
            if field.kind.is_reference() {
                order.refer(guard, (alias, field), one.descending, aliases);
            }
            // Of those that have the same name, each keeps its own together.
            let path = Cow::Borrowed(field.key.as_ref());
            order.keys.push(Key { path, descending: one.descending, field, alias: Cow::Borrowed(alias) });
        }
        Ok(order)
    }

    fn refer(
        &mut self,
        guard: &Guard<'o>,
        (alias, field): (&'static str, &'o FieldMeta),
        descending: bool,
        aliases: &mut Aliases,
    ) {
        let Some(target) = field.target().and_then(|t| guard.catalog.get(t)) else { return };
        let known = target.ordered_by().filter(|f| f.sortable() && guard.access.readable(target, f));
        let known: Vec<&FieldMeta> = known.collect();
        if known.is_empty() {
            return;
        }
        let r = aliases.fresh();
        self.joins.push(" LEFT JOIN ");
        column::from(&mut self.joins, target, &r);
        self.joins.push(" ON ").column(&r, "id").push(" = ");
        column::expression(&mut self.joins, alias, field);
        self.joins.push(" AND ");
        guard.rows(&mut self.joins, target, &r, Action::Read, Life::Living, aliases);
        self.keys.extend(known.into_iter().map(|by| Key {
            path: Cow::Owned(format!("{}.{}", field.key, by.key)),
            descending,
            field: by,
            alias: Cow::Owned(r.clone()),
        }));
    }

    /// ` ORDER BY …` with the id as the last key, so that the order is total. Empty sorts smallest.
    pub fn print(&self, sql: &mut Sql, alias: &str) {
        let key = |sql: &mut Sql, at: usize| self.keys.get(at).into_iter().for_each(|key| key.expression(sql));
        self.print_by(sql, key, |sql| sql.column(alias, "id").done());
    }

    /// The same of columns that hold the keys, by their place, and the id.
    pub fn print_by(&self, sql: &mut Sql, column: impl Fn(&mut Sql, usize), id: impl Fn(&mut Sql)) {
        sql.push(" ORDER BY ");
        for (at, key) in self.keys.iter().enumerate() {
            column(sql, at);
            sql.push(match (key.descending, key.nullable()) {
                (true, true) => " DESC NULLS LAST, ",
                (true, false) => " DESC, ",
                (false, true) => " ASC NULLS FIRST, ",
                (false, false) => " ASC, ",
            });
        }
        id(sql);
        sql.push(if self.descending() { " DESC" } else { " ASC" });
    }

    /// Does the id, which comes last, go the same way?
    pub fn descending(&self) -> bool {
        self.keys.last().is_some_and(|k| k.descending)
    }
}

impl Key<'_> {
    pub fn nullable(&self) -> bool {
        let referred = self.path != self.field.key;
        referred || self.field.storage == Storage::Custom || !self.field.required || self.options().is_some()
    }

    /// What a choice is sorted by is the place of the option, not its key.
    fn options(&self) -> Option<&[Choice]> {
        match &self.field.kind {
            FieldType::Choice { options } => Some(options),
            _ => None,
        }
    }

    /// The value as it is read.
    pub fn projection(&self, sql: &mut Sql) {
        column::projection(sql, &self.alias, self.field);
    }

    /// What stands for the value in the order.
    pub fn expression(&self, sql: &mut Sql) {
        let end = self.placed(sql);
        column::expression(sql, &self.alias, self.field);
        sql.push(end);
    }

    /// The same of a value.
    pub fn operand(&self, sql: &mut Sql, value: &Value) -> Result<()> {
        let end = self.placed(sql);
        column::operand(sql, self.field, value)?;
        sql.push(end);
        Ok(())
    }

    /// What goes before a value that is ordered by its place among options, and what after it.
    fn placed(&self, sql: &mut Sql) -> &'static str {
        let Some(options) = self.options() else { return "" };
        let keys = options.iter().map(|o| o.value.to_string()).collect();
        sql.push("array_position(").bind(Bind::Texts(Some(keys))).push(", ");
        ")"
    }

    /// Has the value no place? Options that are no more have none either.
    pub fn is_empty(&self, value: &Value) -> bool {
        let known = |options: &[Choice]| options.iter().any(|o| value.as_str() == Some(&*o.value));
        value.is_null() || self.options().is_some_and(|options| !known(options))
    }
}
