//! What an undo would do, without doing any of it.

use super::since::held_by;
use super::{Order, Work};
use crate::sql::row::RawRow;
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Bind, Sql};
use crate::transfer::run::request_id;
use crate::{Action, Caller, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, ObjectMeta, Op, Record};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Records that are named of those that stay.
const NAMED: usize = 20;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Preview {
    /// Records that go to the recycle bin.
    pub deleted: u64,
    /// Team members who lose what they were given.
    pub withdrawn: u64,
    /// Records that get their former values, or come back from the recycle bin.
    pub restored: u64,
    /// Records that stay as they are, wholly or in part.
    pub kept: u64,
    /// Records that are out of reach already.
    pub gone: u64,
    /// Why records stay: `{"object","code","message","count","records"}`, of which the first are named.
    pub reasons: Vec<Value>,
    /// What came by other imports and hangs on records that go: `{"object","count"}`.
    pub left: Vec<Value>,
}

/// What the undo finds with records that share a fate.
struct Group {
    gone: bool,
    may: bool,
    edited: bool,
    used: bool,
    count: u64,
    ids: Vec<Uuid>,
    /// By what hangs on them.
    left: Vec<u64>,
}

impl Group {
    fn read(row: &RawRow, hanging: usize) -> Group {
        let number = |at: usize| row.int8(at).unwrap_or_default().unsigned_abs();
        let ids = row.text(5).unwrap_or_default().split(',').filter_map(|id| id.parse().ok()).collect();
        Group {
            gone: row.bool(0).unwrap_or_default(),
            may: row.bool(1).unwrap_or_default(),
            edited: row.bool(2).unwrap_or_default(),
            used: row.bool(3).unwrap_or_default(),
            count: number(4),
            ids,
            left: (6..6 + hanging).map(number).collect(),
        }
    }

    fn holds(&self) -> Option<Code> {
        held_by(self.edited, self.used).or_else(|| (!self.may).then_some(Code::Forbidden))
    }
}

pub fn preview(engine: &Engine, conn: &mut PgConnection, caller: &Caller, order: Order) -> Result<Preview> {
    let work = Work { engine, caller: caller.clone(), order };
    let mut out = Preview::default();
    let mut left: BTreeMap<String, u64> = BTreeMap::new();
    for (object, action) in work.kinds(conn)? {
        let hanging = if action == "create" { work.hanging(&object) } else { Vec::new() };
        let mut sql = match action.as_str() {
            "create" => work.made(&object),
            "update" => work.changed(&object),
            _ => work.removed(&object),
        };
        sql.uncached();
        let mut groups = Vec::new();
        sql.rows(conn, |row| {
            groups.push(Group::read(row, hanging.len()));
            Ok(())
        })?;
        for group in groups {
            match group.holds() {
                _ if group.gone => out.gone += group.count,
                Some(code) => {
                    out.kept += group.count;
                    out.reasons.push(work.reason(conn, &object, action == "create", code, &group)?);
                }
                None if action == "create" && object.opens => out.withdrawn += group.count,
                None if action == "create" => {
                    out.deleted += group.count;
                    for ((child, _), count) in hanging.iter().zip(&group.left).filter(|(_, count)| **count > 0) {
                        *left.entry(child.name.to_string()).or_default() += count;
                    }
                }
                None => out.restored += group.count,
            }
        }
    }
    out.left = left.into_iter().map(|(object, count)| json!({ "object": object, "count": count })).collect();
    Ok(out)
}

impl Work<'_> {
    /// Which objects the import has made, changed and removed records of.
    fn kinds(&self, conn: &mut PgConnection) -> Result<Vec<(Arc<ObjectMeta>, String)>> {
        let mut sql = Sql::new("SELECT DISTINCT object, action");
        self.of_import(&mut sql);
        let mut found = Vec::new();
        sql.rows(conn, |row| {
            let object = row.text(0).and_then(|name| self.caller.catalog.get(name)).cloned();
            let action = row.text(1).unwrap_or_default().to_owned();
            found.extend(object.filter(|_| action != "restore").map(|object| (object, action)));
            Ok(())
        })?;
        found.sort_by(|a, b| (&a.1, &a.0.name).cmp(&(&b.1, &b.0.name)));
        Ok(found)
    }

    /// The import's changes of one kind; `select` is read from `c`.
    fn these(&self, select: &str, object: &ObjectMeta, action: &str) -> Sql {
        let mut sql = Sql::new(select);
        self.of_import(&mut sql);
        sql.push(" AND c.object = ").text(object.name.to_string()).push(" AND c.action = ").text(action);
        sql
    }

    fn made(&self, object: &ObjectMeta) -> Sql {
        let made = self.these("SELECT c.record_id AS id, c.seq", object, "create");
        let sums: String = (0..self.hanging(object).len()).map(|at| format!(", sum(h{at})::bigint")).collect();
        self.grouped(object, self.since(object, made), Action::Delete, Life::Living, &sums)
    }

    /// Wholly or in part: one value that somebody has changed since is enough.
    fn changed(&self, object: &ObjectMeta) -> Sql {
        let fixed = object.fields.iter().filter(|f| f.read_only).map(|f| f.key.to_string());
        let fixed: Vec<String> = fixed.chain(["department".to_owned()]).collect();
        let mut sql =
            Sql::new("SELECT u.id, max(u.seq) AS seq, bool_or(EXISTS (SELECT 1 FROM jsonb_each(u.changes) k ");
        sql.push("CROSS JOIN LATERAL (SELECT l.changes->k.key->'to' AS value FROM changes l WHERE l.tenant_id = ");
        sql.uuid(self.caller.tenant).push(" AND l.object = ").text(object.name.to_string());
        sql.push(" AND l.record_id = u.id AND l.seq > u.seq AND l.request_id <> ").text(request_id(self.order.job));
        sql.push(" AND jsonb_exists(l.changes, k.key) ORDER BY l.seq DESC LIMIT 1) now WHERE k.key <> ALL(");
        sql.bind(Bind::Texts(Some(fixed))).push(") AND now.value IS DISTINCT FROM k.value->'to')) AS edited, ");
        sql.push("false AS used FROM (");
        sql.append(self.these("SELECT c.record_id AS id, c.seq, c.changes", object, "update"));
        sql.push(") u GROUP BY u.id");
        self.grouped(object, sql, Action::Edit, Life::Living, "")
    }

    fn removed(&self, object: &ObjectMeta) -> Sql {
        let select = "SELECT c.record_id AS id, c.seq, false AS edited, false AS used";
        let sql = self.these(select, object, "delete");
        self.grouped(object, sql, Action::Delete, Life::Deleted, "")
    }

    /// How many records share a fate, and the first of them.
    fn grouped(&self, object: &ObjectMeta, inner: Sql, action: Action, life: Life, more: &str) -> Sql {
        let mut aliases = Aliases::default();
        let mut sql =
            Sql::new("SELECT gone, may, edited, used, count(*), array_to_string((array_agg(id ORDER BY seq DESC))");
        sql.push(&format!("[1:{NAMED}], ','){more} FROM (SELECT s.*, t.id IS NULL AS gone, (true"));
        Guard::of(&self.caller).scope(&mut sql, object, "t", action, &mut aliases);
        sql.push(") AS may FROM (").append(inner).push(") s");
        self.join(&mut sql, object, "s", life, &mut aliases);
        sql.push(") g GROUP BY 1, 2, 3, 4");
        sql
    }

    fn reason(
        &self,
        conn: &mut PgConnection,
        object: &Arc<ObjectMeta>,
        made: bool,
        code: Code,
        group: &Group,
    ) -> Result<Value> {
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(group.ids))),
            fields: Some(vec!["id".to_owned(), object.title.to_string()]),
            ..ListQuery::default()
        };
        let (records, _) = self.engine.records(conn, &self.caller, object, &query)?;
        let named = |record: &Record| json!({ "id": record.get("id"), "title": super::title_of(object, record) });
        let action = if made { Action::Delete } else { Action::Edit };
        let args = if code == Code::Forbidden { vec![action.key().to_owned()] } else { Vec::new() };
        Ok(json!({
            "object": object.name, "code": code.key(), "message": code.message(self.caller.lang, &args),
            "count": group.count, "records": records.iter().map(named).collect::<Vec<_>>(),
        }))
    }
}
