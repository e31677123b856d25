use super::{Written, draft, host, references, store};
use crate::access::Relation;
use crate::audit::Given;
use crate::read::ReadOptions;
use crate::read::project::{self, Select, Wanted};
use crate::sql::scope::{Aliases, Guard, Life};
use crate::sql::{Sql, column};
use crate::{Action, Caller, Engine, Error, Result, Saved};
use diesel::{Connection, PgConnection};
use kezhan_meta::problem::Code;
use kezhan_meta::{ObjectMeta, Record, Scope, Violation};
use serde_json::{Map, Value};
use std::sync::Arc;
use uuid::Uuid;

/// A record locked for writing, with what the caller may do to it.
pub struct Locked {
    pub record: Record,
    pub version: i64,
    /// How the caller stands to it.
    pub relation: Relation,
    /// The other actions that the caller may take on it.
    may: Vec<Action>,
}

/// Fields that it takes more than editing to change.
const GUARDED: [(&str, Action); 2] = [("owner", Action::Transfer), ("confidential", Action::Share)];

impl Engine {
    /// Changes what `patch` names. `expected` is the version that the caller has seen.
    pub fn update(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        patch: Record,
        expected: Option<i64>,
    ) -> Result<Written> {
        self.update_back(conn, caller, object, id, patch, expected, None)
    }

    /// The same where the patch takes back the change that made the version `undoes`: what rules of the product changed
    /// along with it goes back too. A won deal that was reopened by mistake gets its closing date again.
    #[allow(clippy::too_many_arguments, reason = "one more than `update`")]
    pub fn update_back(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        patch: Record,
        expected: Option<i64>,
        undoes: Option<i64>,
    ) -> Result<Written> {
        conn.transaction(|conn| {
            let slip = match undoes {
                Some(version) => is_slip(conn, caller, object, id, version, &patch)?,
                None => false,
            };
            let mut locked = match slip {
                true => lock(conn, &caller.elevated(), object, id, Action::Edit, Life::Living)?,
                false => lock(conn, caller, object, id, Action::Edit, Life::Living)?,
            };
            if slip {
                locked.relation = Relation::Owner;
            }
            let stale = fresh(&locked, expected);
            // What nobody else has touched since can be taken back, whatever else they have changed.
            let apart = match (&stale, undoes) {
                (Err(_), Some(version)) => !touched_since(conn, caller, object, id, version, &patch)?,
                _ => false,
            };
            if !apart {
                stale?;
            }
            let (mut patch, faults) = draft::accept(&caller.access, object, &patch, Some(locked.relation));
            if let Some(version) = undoes {
                came_along(conn, caller, object, id, version, &locked, &mut patch)?;
            }
            for (field, action) in GUARDED {
                let changed = patch.get(field).is_some_and(|new| locked.record.get(field) != Some(new));
                if changed && object.scope == Scope::Owned && !locked.may.contains(&action) {
                    return Err(Error::refused(Code::Forbidden, &[action.key()]));
                }
            }
            self.apply(conn, caller, object, id, locked, patch, faults)
        })
    }

    /// The system's own change: read-only fields may be set, nothing is refused but what is invalid.
    pub fn amend(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        patch: Record,
    ) -> Result<Written> {
        self.amended(conn, caller, object, id, patch, Life::Living)
    }

    /// The same of a record that may be in the recycle bin.
    pub fn amend_any(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        patch: Record,
    ) -> Result<Written> {
        self.amended(conn, caller, object, id, patch, Life::Any)
    }

    fn amended(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        patch: Record,
        life: Life,
    ) -> Result<Written> {
        let caller = &caller.elevated();
        conn.transaction(|conn| {
            let locked = lock(conn, caller, object, id, Action::Edit, life)?;
            self.apply(conn, caller, object, id, locked, patch, Vec::new())
        })
    }

    #[allow(clippy::too_many_arguments, reason = "one step of one path")]
    fn apply(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        id: Uuid,
        locked: Locked,
        patch: Record,
        faults: Vec<Violation>,
    ) -> Result<Written> {
        let before = locked.record;
        let mut after = before.clone();
        after.extend(patch);
        draft::settle(self, conn, caller, object, Some(&before), &mut after, faults)?;
        let diff = draft::diff(object, Some(&before), &after);
        if diff.is_empty() {
            let options = ReadOptions {
                deleted: before.get("deleted_at").is_some_and(|at| !at.is_null()),
                ..ReadOptions::default()
            };
            let found = self.read(conn, caller, object, id, &options)?;
            let found = found.ok_or_else(Error::not_found)?;
            return Ok(Written { id, version: found.version, body: found.body, given: found.given });
        }
        references::check(conn, caller, object, Some(&before), &after)?;
        let given = diff.contains_key("owner");
        let written = store::update(conn, caller, object, id, &after, diff)?;
        if given {
            host::pass_on(conn, caller, object, id, &after)?;
        }
        for hook in self.hooks_of(&object.name) {
            let (before, after) = (Some(&before), Some(&after));
            hook.after_save(&mut Saved { engine: self, conn, caller, object, before, after })?;
        }
        Ok(written)
    }
}

/// Does a patch only put back what the caller changed in the record's last version, a moment ago, and gave the record
/// away with? Whoever picks the wrong colleague takes that back, though the record is out of their reach by then.
fn is_slip(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    version: i64,
    patch: &Record,
) -> Result<bool> {
    let may = |action| caller.access.may(&object.name, action);
    let Some(user) = caller.user.filter(|_| caller.viewer.is_none() && may(Action::Edit) && may(Action::Transfer))
    else {
        return Ok(false);
    };
    if !patch.contains_key("owner") {
        return Ok(false);
    }
    let mut sql = Sql::new("SELECT c.changes FROM changes c WHERE c.tenant_id = ");
    sql.uuid(caller.tenant).push(" AND c.object = ").text(object.name.to_string()).push(" AND c.record_id = ").uuid(id);
    sql.push(" AND c.action = 'update' AND c.version = ").int(version).push(" AND c.actor_id = ").uuid(user);
    sql.push(" AND c.at > now() - interval '10 minutes' AND NOT EXISTS (SELECT 1 FROM changes l WHERE ");
    sql.push(
        "l.tenant_id = c.tenant_id AND l.object = c.object AND l.record_id = c.record_id AND l.version > c.version)",
    );
    sql.limit(1);
    let mut changes = Map::new();
    sql.rows(conn, |row| {
        changes = row.json(0).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
        Ok(())
    })?;
    Ok(patch.iter().all(|(key, value)| changes.get(key).is_some_and(|change| change.get("from") == Some(value))))
}

/// Adds to a patch what else the change that made this version altered, as it was before: what the caller may write, and
/// nobody has changed since.
fn came_along(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    version: i64,
    locked: &Locked,
    patch: &mut Record,
) -> Result<()> {
    let mut sql = Sql::new("SELECT c.changes FROM changes c WHERE c.tenant_id = ");
    sql.uuid(caller.tenant).push(" AND c.object = ").text(object.name.to_string()).push(" AND c.record_id = ").uuid(id);
    sql.push(" AND c.action = 'update' AND c.version = ").int(version).limit(1);
    let mut changes = Map::new();
    sql.rows(conn, |row| {
        changes = row.json(0).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
        Ok(())
    })?;
    for (key, change) in changes {
        let part = |name: &str| change.get(name).cloned().unwrap_or(Value::Null);
        let guarded = GUARDED.iter().any(|(field, _)| *field == key);
        let open = object.field(&key).is_some_and(|field| !field.sealed);
        let stands = *locked.record.get(&key).unwrap_or(&Value::Null) == part("to");
        if guarded || !open || !stands || patch.contains_key(&key) {
            continue;
        }
        let before = Record::from_iter([(key, part("from"))]);
        if let (before, faults) = draft::accept(&caller.access, object, &before, Some(locked.relation))
            && faults.is_empty()
        {
            patch.extend(before);
        }
    }
    Ok(())
}

/// Has any of these fields been changed after this version?
fn touched_since(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    version: i64,
    patch: &Record,
) -> Result<bool> {
    let mut sql = Sql::new("SELECT c.changes FROM changes c WHERE c.tenant_id = ");
    sql.uuid(caller.tenant).push(" AND c.object = ").text(object.name.to_string()).push(" AND c.record_id = ").uuid(id);
    sql.push(" AND c.version > ").int(version);
    let mut touched = false;
    sql.rows(conn, |row| {
        let changes: Map<String, Value> =
            row.json(0).and_then(|json| serde_json::from_slice(json).ok()).unwrap_or_default();
        touched |= changes.keys().any(|key| patch.contains_key(key));
        Ok(())
    })?;
    Ok(touched)
}

pub fn fresh(locked: &Locked, expected: Option<i64>) -> Result<()> {
    match expected {
        Some(version) if version != locked.version => Err(Error::Stale(locked.version)),
        _ => Ok(()),
    }
}

/// Locks a row that the caller may see; 404 where they may not, 403 where they may see but not act.
/// The record comes with every field, read by the system: rules and hooks need the whole of it.
pub fn lock(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
    action: Action,
    life: Life,
) -> Result<Locked> {
    let guard = Guard::of(caller);
    let whole = crate::Access::unrestricted();
    let system = Guard::with(caller, &whole);
    let mut aliases = Aliases::default();
    let mut select = Select::default();
    let node = project::plan(&mut select, &system, object, "t", &Wanted::default(), life, &mut aliases)?;
    let version_at = select.add(|sql| sql.column("t", "version").done());
    let may_at = select.add(|sql| {
        sql.push("(true");
        guard.scope(sql, object, "t", action, &mut aliases);
        sql.push(")");
    });
    let more: Vec<(Action, usize)> = GUARDED
        .iter()
        .map(|(_, action)| {
            let at = select.add(|sql| {
                sql.push("(true");
                guard.scope(sql, object, "t", *action, &mut aliases);
                sql.push(")");
            });
            (*action, at)
        })
        .collect();
    // Asked only where it makes a difference.
    let asks = caller.access.by_relation(object);
    let relation_at = asks.then(|| project::relation(&mut select, &guard, object, "t", &mut aliases));
    let mut sql = Sql::new("SELECT ");
    sql.append(select.columns).push(" FROM ");
    column::from(&mut sql, object, "t");
    sql.push(" WHERE t.id = ").uuid(id).push(" AND ");
    guard.rows(&mut sql, object, "t", Action::Read, life, &mut aliases);
    sql.push(" FOR NO KEY UPDATE OF t");
    let mut found = None;
    sql.rows(conn, |row| {
        let mut body = Vec::with_capacity(1024);
        node.write(row, &mut body, &mut Given::default())?;
        let record = serde_json::from_slice(&body).map_err(|e| Error::Internal(e.to_string()))?;
        let version = i64::from(row.int4(version_at).unwrap_or_default());
        let may = |at: usize| row.bool(at).unwrap_or_default();
        let relation = relation_at.map_or(Relation::Other, |(owner, team)| Relation::of(may(owner), may(team)));
        let more = more.iter().filter(|(_, at)| may(*at)).map(|(action, _)| *action).collect();
        found = Some((Locked { record, version, relation, may: more }, may(may_at)));
        Ok(())
    })?;
    match found {
        None => Err(Error::not_found()),
        Some((_, false)) => Err(Error::refused(Code::Forbidden, &[action.key()])),
        Some((locked, true)) => Ok(locked),
    }
}
