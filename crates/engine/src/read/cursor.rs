//! Keyset cursors: where a page ended, opaque to callers, good only for the query that made them.

use crate::sql::{Bind, Sql, column};
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_meta::problem::Code;
use kezhan_meta::{Choice, FieldMeta, FieldType, ObjectMeta, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A sort key with its field.
pub struct Key<'o> {
    pub field: &'o FieldMeta,
    pub descending: bool,
}

impl Key<'_> {
    fn nullable(&self) -> bool {
        self.field.storage == Storage::Custom || !self.field.required || self.options().is_some()
    }

    /// What a choice is sorted by is the place of the option, not its key.
    fn options(&self) -> Option<&[Choice]> {
        match &self.field.kind {
            FieldType::Choice { options } => Some(options),
            _ => None,
        }
    }

    /// What stands for the field in the order.
    pub fn expression(&self, sql: &mut Sql, alias: &str) {
        self.placed(sql, |sql| {
            column::expression(sql, alias, self.field);
            Ok(())
        })
        .unwrap_or_default();
    }

    /// The same of a value.
    fn operand(&self, sql: &mut Sql, value: &Value) -> Result<()> {
        self.placed(sql, |sql| column::operand(sql, self.field, value))
    }

    fn placed(&self, sql: &mut Sql, inner: impl FnOnce(&mut Sql) -> Result<()>) -> Result<()> {
        let Some(options) = self.options() else { return inner(sql) };
        let keys = options.iter().map(|o| o.value.to_string()).collect();
        sql.push("array_position(").bind(Bind::Texts(Some(keys))).push(", ");
        inner(sql)?;
        sql.push(")");
        Ok(())
    }

    /// Has the value no place? Options that are no more have none either.
    fn is_empty(&self, value: &Value) -> bool {
        let known = |options: &[Choice]| options.iter().any(|o| value.as_str() == Some(&*o.value));
        value.is_null() || self.options().is_some_and(|options| !known(options))
    }
}

#[derive(Serialize, Deserialize)]
pub struct Cursor {
    /// Fingerprint of object and order.
    f: String,
    /// The last row's sort values.
    v: Vec<Value>,
    /// Its id.
    i: Uuid,
}

fn fingerprint(object: &ObjectMeta, keys: &[Key<'_>]) -> String {
    let mut hash = Sha256::new();
    hash.update(object.name.as_bytes());
    for key in keys {
        hash.update(format!("|{}{}", if key.descending { '-' } else { '+' }, key.field.key));
    }
    hex::encode(&hash.finalize()[..6])
}

impl Cursor {
    pub fn new(object: &ObjectMeta, keys: &[Key<'_>], values: Vec<Value>, id: Uuid) -> Cursor {
        Cursor { f: fingerprint(object, keys), v: values, i: id }
    }

    pub fn encode(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    pub fn decode(text: &str, object: &ObjectMeta, keys: &[Key<'_>]) -> Result<Cursor> {
        let bad = || Error::refused(Code::BadCursor, &[]);
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let mut cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        if cursor.f != fingerprint(object, keys) || cursor.v.len() != keys.len() {
            return Err(bad());
        }
        for (value, key) in cursor.v.iter_mut().zip(keys) {
            *value = match &key.field.kind {
                // Stored text need not pass today's rules to mark a place.
                _ if value.is_string()
                    && matches!(crate::sql::row::Wire::of(key.field), crate::sql::row::Wire::Text) =>
                {
                    value.take()
                }
                _ => kezhan_meta::normalise_value(key.field, value).map_err(|_| bad())?,
            };
        }
        Ok(cursor)
    }

    /// Conditions for what comes after the cursor, each a contiguous range of the order, in order.
    /// More than one range only where empties lie on the far side: each can then walk an index.
    pub fn ranges(&self, alias: &str, keys: &[Key<'_>]) -> Result<Vec<Sql>> {
        if let ([key], [value]) = (keys, self.v.as_slice()) {
            return self.single(alias, key, value);
        }
        let mut sql = Sql::new("(");
        for at in 0..=keys.len() {
            if at > 0 {
                sql.push(" OR ");
            }
            sql.push("(");
            for (key, value) in keys.iter().zip(&self.v).take(at) {
                key.expression(&mut sql, alias);
                match key.is_empty(value) {
                    true => sql.push(" IS NULL").done(),
                    false => {
                        sql.push(" = ");
                        key.operand(&mut sql, value)?;
                    }
                }
                sql.push(" AND ");
            }
            match (keys.get(at), self.v.get(at)) {
                (Some(key), Some(value)) => after(&mut sql, alias, key, value)?,
                _ => {
                    let descending = keys.last().is_some_and(|k| k.descending);
                    sql.column(alias, "id").push(if descending { " < " } else { " > " }).uuid(self.i);
                }
            }
            sql.push(")");
        }
        sql.push(")");
        Ok(vec![sql])
    }

    fn single(&self, alias: &str, key: &Key<'_>, value: &Value) -> Result<Vec<Sql>> {
        let word = if key.descending { " < " } else { " > " };
        let empties = |id: Option<Uuid>| {
            let mut sql = Sql::default();
            key.expression(&mut sql, alias);
            sql.push(" IS NULL");
            if let Some(id) = id {
                sql.push(" AND ").column(alias, "id").push(word).uuid(id);
            }
            sql
        };
        if key.is_empty(value) {
            let rest = empties(Some(self.i));
            if key.descending {
                return Ok(vec![rest]);
            }
            let mut filled = Sql::default();
            key.expression(&mut filled, alias);
            filled.push(" IS NOT NULL");
            return Ok(vec![rest, filled]);
        }
        let mut row = Sql::new("(");
        key.expression(&mut row, alias);
        row.push(", ").column(alias, "id").push(")").push(word).push("(");
        key.operand(&mut row, value)?;
        row.push(", ").uuid(self.i).push(")");
        Ok(match key.descending && key.nullable() {
            true => vec![row, empties(None)],
            false => vec![row],
        })
    }
}

fn after(sql: &mut Sql, alias: &str, key: &Key<'_>, value: &Value) -> Result<()> {
    match (key.is_empty(value), key.descending) {
        (true, true) => sql.push("false").done(),
        (true, false) => {
            key.expression(sql, alias);
            sql.push(" IS NOT NULL");
        }
        (false, descending) => {
            sql.push("(");
            key.expression(sql, alias);
            sql.push(if descending { " < " } else { " > " });
            key.operand(sql, value)?;
            if descending && key.nullable() {
                sql.push(" OR ");
                key.expression(sql, alias);
                sql.push(" IS NULL");
            }
            sql.push(")");
        }
    }
    Ok(())
}

/// `ORDER BY` with the id as the last key, so that the order is total. Empty sorts smallest.
pub fn order(sql: &mut Sql, alias: &str, keys: &[Key<'_>]) {
    order_by(
        sql,
        keys,
        |sql, at| keys.get(at).into_iter().for_each(|key| key.expression(sql, alias)),
        |sql| sql.column(alias, "id").done(),
    );
}

/// The same of columns that hold the keys, by their place, and the id.
pub fn order_by(sql: &mut Sql, keys: &[Key<'_>], column: impl Fn(&mut Sql, usize), id: impl Fn(&mut Sql)) {
    sql.push(" ORDER BY ");
    for (at, key) in keys.iter().enumerate() {
        column(sql, at);
        sql.push(match (key.descending, key.nullable()) {
            (true, true) => " DESC NULLS LAST, ",
            (true, false) => " DESC, ",
            (false, true) => " ASC NULLS FIRST, ",
            (false, false) => " ASC, ",
        });
    }
    id(sql);
    let descending = keys.last().is_some_and(|k| k.descending);
    sql.push(if descending { " DESC" } else { " ASC" });
}
