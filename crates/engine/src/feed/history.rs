use super::{body, decode, encode, masked, page_size};
use crate::read::ReadOptions;
use crate::sql::Sql;
use crate::{Caller, Engine, Error, Result};
use diesel::PgConnection;
use kezhan_meta::ObjectMeta;
use kezhan_meta::check::instant;
use serde_json::{Value, json};
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
        let mut sql = Sql::new("SELECT c.seq, c.at, c.action, c.version, c.actor_id, u.name, c.channel, c.changes ");
        sql.push("FROM changes c LEFT JOIN users u ON u.tenant_id = c.tenant_id AND u.id = c.actor_id ");
        sql.push("WHERE c.tenant_id = ").uuid(caller.tenant).push(" AND c.object = ").text(object.name.to_string());
        sql.push(" AND c.record_id = ").uuid(id);
        if let Some(cursor) = cursor {
            sql.push(" AND c.seq < ").int(decode(cursor)?);
        }
        sql.push(" ORDER BY c.seq DESC LIMIT ").int(limit + 1);
        let mut data: Vec<Value> = Vec::new();
        let mut last = None;
        let mut more = false;
        sql.rows(conn, |row| {
            if data.len() as i64 == limit {
                more = true;
                return Ok(());
            }
            last = row.int8(0);
            data.push(json!({
                "at": row.time(1).map(instant),
                "action": row.text(2),
                "version": row.int4(3),
                "actor": row.uuid(4).map(|actor| json!({ "id": actor.to_string(), "name": row.text(5) })),
                "channel": row.text(6),
                "changes": masked(&caller.access, object, row, 7),
            }));
            Ok(())
        })?;
        let next = last.filter(|_| more).map(|seq| encode(&seq)).transpose()?;
        body(data, next)
    }
}
