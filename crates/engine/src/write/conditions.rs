//! What the object's layout demands of a record: fields needed, or fixed, under a condition.

use crate::sql::column;
use crate::{Caller, Channel, Engine, Result};
use diesel::PgConnection;
use kezhan_meta::layout;
use kezhan_meta::matches::{Graph, Reached};
use kezhan_meta::{ObjectMeta, Record, Violation};
use std::collections::HashMap;

/// The system itself is bound by no form, and a file brings what was.
pub fn check(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    before: Option<&Record>,
    after: &Record,
) -> Result<Vec<Violation>> {
    let Some(drawn) = object.layout.as_ref().filter(|l| l.binds()) else { return Ok(Vec::new()) };
    if caller.channel == Channel::Import || caller.access.is_unrestricted() {
        return Ok(Vec::new());
    }
    let heads = drawn.reaches();
    let around = reached(engine, conn, caller, object, &heads, after)?;
    let earlier = match before {
        Some(before) => reached(engine, conn, caller, object, &heads, before)?,
        None => HashMap::new(),
    };
    let before = before.map(|record| Reached { record, references: &earlier });
    let before = before.as_ref().map(|b| b as &dyn Graph);
    let after = Reached { record: after, references: &around };
    Ok(layout::check(&caller.catalog, object, &caller.context(), before, &after))
}

/// The records that these references name, read by the system: a rule holds whether or not one may see why.
fn reached(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    heads: &[String],
    record: &Record,
) -> Result<HashMap<String, Record>> {
    let system = caller.elevated();
    let mut out = HashMap::new();
    for head in heads {
        let target = object.field(head).and_then(|f| f.target()).and_then(|t| caller.catalog.get(t));
        let id = record.get(head).and_then(column::uuid);
        if let (Some(target), Some(id)) = (target, id)
            && let Some(found) = engine.fetch(conn, &system, target, id)?
        {
            out.insert(head.clone(), found);
        }
    }
    Ok(out)
}
