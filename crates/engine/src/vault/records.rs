//! Brings what is stored of sealed fields up to date: what stands in the clear from before a field was sealed, and what
//! old keys have sealed. No edit: no version, no history.

use super::fields::{self, Opener};
use crate::sql::{Sql, column};
use crate::{Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::{FieldMeta, ObjectMeta, Storage};
use serde_json::Value;
use uuid::Uuid;

/// How far the work on one object has come.
#[derive(Clone, Copy, Debug)]
pub struct Resealed {
    /// Go on behind this record; none where this was the last.
    pub next: Option<Uuid>,
    pub changed: usize,
}

impl Engine {
    /// Looks at up to `limit` records behind `after`, within the caller's transaction. For the system only.
    pub fn reseal(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        after: Option<Uuid>,
        limit: usize,
    ) -> Result<Resealed> {
        if !caller.access.is_unrestricted() {
            return Err(Error::Internal("only the system seals records anew".into()));
        }
        let sealed: Vec<&FieldMeta> = object.fields.iter().filter(|f| f.sealed).collect();
        if sealed.is_empty() {
            return Ok(Resealed { next: None, changed: 0 });
        }
        let opener = Opener::of(&caller.catalog)?;
        let current = self.vault().current_id(conn, caller.tenant)?;
        let mut sql = Sql::new("SELECT t.id");
        for field in &sealed {
            sql.push(", ").push(&fields::column("t", field));
        }
        sql.push(" FROM ");
        column::from(&mut sql, object, "t");
        sql.push(" WHERE t.tenant_id = ").uuid(caller.tenant);
        column::kind_condition(&mut sql, object, "t");
        sql.push(" AND t.id > ").uuid(after.unwrap_or_default()).push(" AND (");
        for (at, field) in sealed.iter().enumerate() {
            sql.push(if at > 0 { " OR " } else { "" }).push(&fields::column("t", field)).push(" IS NOT NULL");
        }
        sql.push(") ORDER BY t.id").limit(limit).push(" FOR NO KEY UPDATE OF t").uncached();
        let mut found: Vec<(Uuid, Vec<Option<String>>)> = Vec::new();
        sql.rows(conn, |row| {
            let values = (1..=sealed.len()).map(|at| row.text(at).map(str::to_owned)).collect();
            found.push((row.uuid(0).unwrap_or_default(), values));
            Ok(())
        })?;
        let next = (found.len() == limit).then(|| found.last().map(|(id, _)| *id)).flatten();
        let mut changed = 0;
        for (id, values) in found {
            let mut sets = Vec::new();
            for (field, stored) in sealed.iter().zip(values) {
                let done =
                    |s: &String| fields::is_sealed_by(s, current) && fields::index_of(s).is_some() == field.findable();
                let Some(stored) = stored.filter(|s| !done(s)) else { continue };
                let value = value_of(opener, object, field, id, &stored)?;
                let (vault, tenant) = (self.vault(), caller.tenant);
                sets.push((*field, fields::sealed(vault, conn, tenant, (object, field), id, &value)?));
            }
            if !sets.is_empty() {
                changed += 1;
                store(conn, caller, object, id, sets)?;
            }
        }
        Ok(Resealed { next, changed })
    }
}

/// What a stored text means: sealed or, from before, in the clear.
fn value_of(opener: &Opener, object: &ObjectMeta, field: &FieldMeta, id: Uuid, stored: &str) -> Result<Value> {
    let plain = opener.open(&fields::path(object, field), id, stored)?;
    let value: Value = serde_json::from_slice(&plain).map_err(|e| Error::Internal(e.to_string()))?;
    // A number in the clear comes as its text.
    Ok(kezhan_meta::normalise_value(field, &value).unwrap_or(value))
}

fn store(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    sets: Vec<(&FieldMeta, String)>,
) -> Result<()> {
    let mut sql = Sql::new("UPDATE ");
    sql.ident(&object.table).push(" SET ");
    let mut custom = serde_json::Map::new();
    let mut first = true;
    for (field, text) in sets {
        match &field.storage {
            Storage::Column(column) => {
                sql.push(if first { "" } else { ", " }).ident(column).push(" = ").text(text);
                first = false;
            }
            Storage::Custom => drop(custom.insert(field.key.to_string(), Value::String(text))),
        }
    }
    if !custom.is_empty() {
        sql.push(if first { "" } else { ", " }).push("custom = custom || ");
        sql.bind(crate::sql::Bind::Json(Some(Value::Object(custom))));
    }
    sql.push(" WHERE tenant_id = ").uuid(caller.tenant).push(" AND id = ").uuid(id);
    sql.execute(conn)?;
    Ok(())
}
