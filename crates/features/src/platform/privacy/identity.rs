//! Who is one person: a contact and the lead that became it, and what was merged into either.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use kezhan_engine::{Caller, Result};
use std::collections::BTreeSet;
use uuid::Uuid;

/// A record of the person, beside the one that was named.
#[derive(Clone, Debug)]
pub struct Other {
    pub object: String,
    pub id: Uuid,
    /// It became another record and lies in the recycle bin.
    pub merged: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Merges that were undone do not count: those records are others again.
const MERGED: &str = "SELECT unnest(loser_ids) AS id FROM merges WHERE tenant_id = $1 AND object = $2 AND survivor_id = $3 AND undone_at IS NULL";
const BECAME: &str = "SELECT converted_contact_id AS id FROM leads WHERE tenant_id = $1 AND $2 = 'lead' AND id = $3 \
                      AND converted_contact_id IS NOT NULL";
const CAME_FROM: &str = "SELECT id FROM leads WHERE tenant_id = $1 AND $2 = 'contact' AND converted_contact_id = $3";

/// The other records of the same person, however many steps away, in the recycle bin or not.
pub fn others(conn: &mut PgConnection, caller: &Caller, object: &str, id: Uuid) -> Result<Vec<Other>> {
    let mut known = BTreeSet::from([(object.to_owned(), id)]);
    let mut todo = vec![(object.to_owned(), id)];
    let mut out = Vec::new();
    while let Some((object, id)) = todo.pop() {
        for (sql, target, merged) in
            [(MERGED, object.as_str(), true), (BECAME, "contact", false), (CAME_FROM, "lead", false)]
        {
            let rows: Vec<Row> = diesel::sql_query(sql)
                .bind::<SqlUuid, _>(caller.tenant)
                .bind::<Text, _>(&object)
                .bind::<SqlUuid, _>(id)
                .load(conn)?;
            for Row { id } in rows {
                if known.insert((target.to_owned(), id)) {
                    todo.push((target.to_owned(), id));
                    out.push(Other { object: target.to_owned(), id, merged });
                }
            }
        }
    }
    Ok(out)
}
