//! Many new records of one object by two statements: what a statement costs before it touches the first row, above
//! all opening every index of the table, is then paid once.

use super::create::within;
use super::{bulk, draft, references};
use crate::vault::fields;
use crate::{Action, Caller, Engine, Error, Result};
use diesel::PgConnection;
use diesel::prelude::*;
use diesel::sql_types as st;
use kezhan_meta::problem::Code;
use kezhan_meta::{FieldType, ObjectMeta, Record, Scope};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

impl Engine {
    /// Can records of this object be created many at a time? Not where one of them may have to see another.
    pub fn creates_many(&self, object: &ObjectMeta) -> bool {
        let alone = |hook: &Arc<dyn crate::Hooks>| hook.acts_after_save() || hook.reads_before_save();
        matches!(object.scope, Scope::Owned | Scope::Tenant)
            && !self.hooks_of(&object.name).iter().any(alone)
            && !object.fields.iter().any(|f| matches!(f.kind, FieldType::AutoNumber { .. }))
    }

    /// The same as [`Engine::create`] for each of them, all or none, inside the caller's transaction. Only for objects
    /// of which [`Engine::creates_many`] is true. Records may refer to each other.
    pub fn create_many(
        &self,
        conn: &mut PgConnection,
        caller: &Caller,
        object: &Arc<ObjectMeta>,
        inputs: &[(Uuid, Record)],
    ) -> Result<()> {
        if inputs.is_empty() {
            return Ok(());
        }
        if !caller.access.may(&object.name, Action::Create) {
            return Err(Error::refused(Code::Forbidden, &["create"]));
        }
        let mut records = Vec::with_capacity(inputs.len());
        for (id, input) in inputs {
            let (mut record, faults) = draft::accept(&caller.access, object, input, None);
            draft::defaults(caller, object, &mut record);
            draft::settle(self, conn, caller, object, None, &mut record, faults)?;
            within(conn, caller, object, &record)?;
            records.push((*id, record));
        }
        references::check_many(conn, caller, object, &records)?;
        let departments = departments(conn, caller, object, &records)?;
        let (mut rows, mut changes) = (Vec::with_capacity(records.len()), Vec::with_capacity(records.len()));
        for (id, mut record) in records {
            changes.push(json!({
                "tenant_id": caller.tenant,
                "object": object.name,
                "record_id": id,
                "action": "create",
                "version": 1,
                "actor_id": caller.user,
                "channel": caller.channel.key(),
                "request_id": caller.request_id,
                "changes": draft::diff(object, None, &record),
            }));
            let owner = record.get("owner").and_then(crate::sql::column::uuid);
            if object.fields.iter().any(|f| f.sealed) {
                record = fields::stored(conn, caller, object, id, &record)?.into_owned();
            }
            let mut row = bulk::row_of(object, &mut record);
            row.insert("tenant_id".into(), json!(caller.tenant));
            row.insert("id".into(), json!(id));
            row.insert("created_by_id".into(), json!(caller.user));
            row.insert("updated_by_id".into(), json!(caller.user));
            if object.field("department").is_some() {
                row.insert("department_id".into(), json!(owner.and_then(|o| departments.get(&o).copied().flatten())));
            }
            rows.push(Value::Object(row));
        }
        // Columns with defaults of their own are left to the database.
        let own = |name: &String| !matches!(name.as_str(), "created_at" | "updated_at" | "version");
        let columns: Vec<String> = bulk::columns(object).into_iter().filter(own).collect();
        bulk::insert(conn, &object.table, &columns, rows).map_err(|error| super::store::explain(object, error))?;
        super::host::fill(conn, caller, object, inputs.iter().map(|(id, _)| *id).collect())?;
        let columns = ["tenant_id", "object", "record_id", "action", "version", "actor_id", "channel", "request_id"];
        let columns: Vec<String> = columns.into_iter().chain(["changes"]).map(str::to_owned).collect();
        bulk::insert(conn, "changes", &columns, changes)
    }
}

/// The departments of the records' owners.
fn departments(
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    records: &[(Uuid, Record)],
) -> Result<HashMap<Uuid, Option<Uuid>>> {
    #[derive(QueryableByName)]
    struct Home {
        #[diesel(sql_type = st::Uuid)]
        id: Uuid,
        #[diesel(sql_type = st::Nullable<st::Uuid>)]
        home_department_id: Option<Uuid>,
    }
    if object.field("department").is_none() {
        return Ok(HashMap::new());
    }
    let owner = |(_, record): &(Uuid, Record)| record.get("owner").and_then(crate::sql::column::uuid);
    let mut owners: Vec<Uuid> = records.iter().filter_map(owner).collect();
    owners.sort_unstable();
    owners.dedup();
    let found: Vec<Home> =
        diesel::sql_query("SELECT id, home_department_id FROM users WHERE tenant_id = $1 AND id = ANY($2)")
            .bind::<st::Uuid, _>(caller.tenant)
            .bind::<st::Array<st::Uuid>, _>(owners)
            .load(conn)?;
    Ok(found.into_iter().map(|h| (h.id, h.home_department_id)).collect())
}
