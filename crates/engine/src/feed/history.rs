use super::{body, decode, encode, entry, page_size};
use crate::audit::Given;
use crate::read::ReadOptions;
use crate::{Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::ObjectMeta;
use serde_json::Value;
use uuid::Uuid;

impl Engine {
    /// Who changed which field from what to what, when, through what; newest first. For whoever may see the record.
    pub fn history(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &ObjectMeta,
        id: Uuid,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Vec<u8>> {
        let options = ReadOptions { fields: Some(vec!["id".into()]), deleted: true, ..ReadOptions::default() };
        self.read(conn, caller, object, id, &options)?.ok_or_else(Error::not_found)?;
        let limit = page_size(limit, 200)?;
        let mut sql = entry::select(caller, object, id);
        if let Some(cursor) = cursor {
            sql.push(" AND c.seq < ").int(decode(cursor)?);
        }
        sql.push(" ORDER BY c.seq DESC").limit(limit + 1);
        let mut data: Vec<Value> = Vec::new();
        let mut last = None;
        let mut more = false;
        let mut given = Given::default();
        sql.rows(conn, |row| {
            if data.len() == limit {
                more = true;
                return Ok(());
            }
            last = row.int8(entry::SEQ);
            data.push(Value::Object(entry::json(caller, (object, id), row, &mut given)));
            Ok(())
        })?;
        given.note(conn, caller)?;
        let next = last.filter(|_| more).map(|seq| encode(&seq)).transpose()?;
        body(data, next)
    }
}
