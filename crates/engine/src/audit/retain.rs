//! How long entries are kept, by category; for good where nothing is said.

use super::{CONFIGURATION, Category, Event, Note, RIGHTS};
use crate::sql::{Bind, Sql};
use crate::{Caller, Channel, Error, Origin, Result};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use kezhan_meta::Violation;
use kezhan_meta::problem::Code;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Fewest days: what the law asks of logs of a network, about half a year.
pub const DAYS_MIN: i64 = 180;
const DAYS_MAX: i64 = 36_500;
/// Entries taken away by one transaction.
const BATCH: usize = 5000;

/// Category → days.
pub type Retention = BTreeMap<String, i64>;

/// The rules of this tenant.
pub fn keep_to(conn: &mut PgConnection, tenant: Uuid) -> Result<Retention> {
    let mut sql = Sql::new("SELECT coalesce(settings->'audit_days', '{}') FROM tenants WHERE id = ");
    sql.uuid(tenant);
    let mut out = Retention::new();
    sql.rows(conn, |row| {
        out = row.json(0).and_then(|j| serde_json::from_slice(j).ok()).unwrap_or_default();
        Ok(())
    })?;
    Ok(out)
}

/// Other rules; null keeps for good. What is not named stays as it is.
pub fn set_retention(conn: &mut PgConnection, caller: &Caller, wish: &Map<String, Value>) -> Result<Retention> {
    let before = keep_to(conn, caller.tenant)?;
    let mut after = before.clone();
    let mut faults = Vec::new();
    for (key, days) in wish {
        match (Category::parse(key).filter(|c| *c != Category::Retention), days) {
            (None, _) => faults.push(Violation::new(key.clone(), Code::UnknownValue).with(key)),
            (_, Value::Null) => {
                after.remove(key);
            }
            (_, days) => match days.as_i64() {
                Some(n) if n < DAYS_MIN => faults.push(Violation::new(key.clone(), Code::TooSmall).with(DAYS_MIN)),
                Some(n) if n > DAYS_MAX => faults.push(Violation::new(key.clone(), Code::TooBig).with(DAYS_MAX)),
                Some(n) => {
                    after.insert(key.clone(), n);
                }
                None => faults.push(Violation::new(key.clone(), Code::WrongType).with("integer")),
            },
        }
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    conn.transaction(|conn| {
        let mut sql = Sql::new("UPDATE tenants SET settings = jsonb_set(settings, '{audit_days}', ");
        sql.bind(Bind::Json(Some(json!(after)))).push(") WHERE id = ").uuid(caller.tenant);
        sql.execute(conn)?;
        let detail = json!({ "from": before, "to": after });
        Note::by(caller, Event::RetentionSet).with(detail).write(conn, caller.tenant)
    })?;
    Ok(after)
}

/// Keeps every tenant to its rules.
pub fn retain(conn: &mut PgConnection) -> Result<()> {
    let mut tenants = Vec::new();
    Sql::new("SELECT id FROM tenants WHERE settings->'audit_days' IS NOT NULL").rows(conn, |row| {
        tenants.extend(row.uuid(0));
        Ok(())
    })?;
    for tenant in tenants {
        for (key, days) in keep_to(conn, tenant)? {
            let Some(category) = Category::parse(&key) else { continue };
            // However the number came there.
            while retire(conn, tenant, category, days.clamp(DAYS_MIN, DAYS_MAX))? {}
        }
    }
    Ok(())
}

/// Takes away a batch that is sealed and older than it has to be, and says so in the trail. Was it a full one?
fn retire(conn: &mut PgConnection, tenant: Uuid, category: Category, days: i64) -> Result<bool> {
    conn.transaction(|conn| {
        conn.batch_execute("SET LOCAL kezhan.maintenance = 'retention'")?;
        let mut full = false;
        for table in ["changes", "audit_events"] {
            let mut sql = Sql::new("WITH gone AS (DELETE FROM ");
            sql.push(table)
                .push(" WHERE tenant_id = ")
                .uuid(tenant)
                .push(" AND seq IN (SELECT e.seq FROM ")
                .push(table);
            sql.push(" e JOIN audit_heads h ON h.tenant_id = e.tenant_id WHERE e.tenant_id = ").uuid(tenant);
            sql.push(" AND (e.txid, e.seq) <= (h.txid, h.seq) AND e.at < now() - make_interval(days => ");
            sql.int(days).push("::int) AND ");
            if !belongs(&mut sql, table, category) {
                continue;
            }
            sql.push(" ORDER BY e.seq").limit(BATCH);
            sql.push(") RETURNING seq) SELECT count(*), range_agg(int8range(seq, seq, '[]'))::text FROM gone");
            let mut gone = (0, None);
            sql.rows(conn, |row| {
                gone = (row.int8(0).unwrap_or_default(), row.text(1).map(str::to_owned));
                Ok(())
            })?;
            let (count, Some(entries)) = gone else { continue };
            full |= count >= BATCH as i64;
            Note {
                event: Event::Retired,
                actor: None,
                seen_as: None,
                channel: Channel::System,
                origin: &Origin::default(),
                request_id: "",
                object: None,
                record: None,
                detail: json!({ "category": category.key(), "days": days, "count": count, "entries": entries }),
            }
            .write(conn, tenant)?;
        }
        Ok(full)
    })
}

/// The condition that an entry `e` of this table is of this category; false where none is.
pub(super) fn belongs(sql: &mut Sql, table: &str, category: Category) -> bool {
    let texts = |list: &[&str]| Bind::Texts(Some(list.iter().map(|t| (*t).to_owned()).collect()));
    match (table, category) {
        ("changes", Category::Rights) => sql.push("e.object = ANY(").bind(texts(RIGHTS)).push(")").done(),
        ("changes", Category::Configuration) => {
            sql.push("e.object = ANY(").bind(texts(CONFIGURATION)).push(")").done();
        }
        ("changes", Category::Data) => {
            sql.push("NOT (e.object = ANY(").bind(texts(&[RIGHTS, CONFIGURATION].concat())).push("))").done();
        }
        ("changes", _) => return false,
        (_, category) => {
            let events: Vec<&str> = category.events().map(Event::key).collect();
            sql.push("e.action = ANY(").bind(texts(&events)).push(")").done();
        }
    }
    true
}
