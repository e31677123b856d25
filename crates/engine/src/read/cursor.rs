//! Keyset cursors: where a page ended, opaque to callers, good only for the query that made them.

use super::order::{Key, Order};
use crate::sql::Sql;
use crate::{Error, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kezhan_meta::ObjectMeta;
use kezhan_meta::problem::Code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

#[derive(Serialize, Deserialize)]
pub struct Cursor {
    /// Fingerprint of object and order.
    f: String,
    /// The last row's sort values.
    v: Vec<Value>,
    /// Its id.
    i: Uuid,
}

fn fingerprint(object: &ObjectMeta, order: &Order<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(object.name.as_bytes());
    for key in &order.keys {
        hash.update(format!("|{}{}", if key.descending { '-' } else { '+' }, key.path));
    }
    hex::encode(&hash.finalize()[..6])
}

impl Cursor {
    pub fn new(object: &ObjectMeta, order: &Order<'_>, values: Vec<Value>, id: Uuid) -> Cursor {
        Cursor { f: fingerprint(object, order), v: values, i: id }
    }

    pub fn encode(&self) -> Result<String> {
        let json = serde_json::to_vec(self).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(URL_SAFE_NO_PAD.encode(json))
    }

    pub fn decode(text: &str, object: &ObjectMeta, order: &Order<'_>) -> Result<Cursor> {
        let bad = || Error::refused(Code::BadCursor, &[]);
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let mut cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| bad())?;
        if cursor.f != fingerprint(object, order) || cursor.v.len() != order.keys.len() {
            return Err(bad());
        }
        for (value, key) in cursor.v.iter_mut().zip(&order.keys) {
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
    pub fn ranges(&self, alias: &str, order: &Order<'_>) -> Result<Vec<Sql>> {
        let keys = &order.keys;
        if let ([key], [value]) = (keys.as_slice(), self.v.as_slice()) {
            return self.single(alias, key, value);
        }
        let mut sql = Sql::new("(");
        for at in 0..=keys.len() {
            if at > 0 {
                sql.push(" OR ");
            }
            sql.push("(");
            for (key, value) in keys.iter().zip(&self.v).take(at) {
                key.expression(&mut sql);
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
                (Some(key), Some(value)) => after(&mut sql, key, value)?,
                _ => {
                    sql.column(alias, "id").push(if order.descending() { " < " } else { " > " }).uuid(self.i);
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
            key.expression(&mut sql);
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
            key.expression(&mut filled);
            filled.push(" IS NOT NULL");
            return Ok(vec![rest, filled]);
        }
        let mut row = Sql::new("(");
        key.expression(&mut row);
        row.push(", ").column(alias, "id").push(")").push(word).push("(");
        key.operand(&mut row, value)?;
        row.push(", ").uuid(self.i).push(")");
        Ok(match key.descending && key.nullable() {
            true => vec![row, empties(None)],
            false => vec![row],
        })
    }
}

fn after(sql: &mut Sql, key: &Key<'_>, value: &Value) -> Result<()> {
    match (key.is_empty(value), key.descending) {
        (true, true) => sql.push("false").done(),
        (true, false) => {
            key.expression(sql);
            sql.push(" IS NOT NULL");
        }
        (false, descending) => {
            sql.push("(");
            key.expression(sql);
            sql.push(if descending { " < " } else { " > " });
            key.operand(sql, value)?;
            if descending && key.nullable() {
                sql.push(" OR ");
                key.expression(sql);
                sql.push(" IS NULL");
            }
            sql.push(")");
        }
    }
    Ok(())
}
