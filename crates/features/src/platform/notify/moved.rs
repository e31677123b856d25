//! What was given and moves on before its new owner has read of it is no news: neither to them, nor to whoever gets it
//! back from the hand that had taken it.

use super::{ASSIGNED, head, id, inbox};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use kezhan_engine::events::Event;
use kezhan_engine::{Caller, Engine, Result};
use kezhan_meta::Record;
use serde_json::json;
use uuid::Uuid;

/// Entries of the trail among which the others of one act are looked for.
const NEIGHBOURS: i64 = 2_000;

/// How a record had come to the owner whom it leaves now.
#[derive(QueryableByName)]
struct Gift {
    #[diesel(sql_type = Int8)]
    seq: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    giver: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    from: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    at: chrono::DateTime<chrono::Utc>,
    /// So short a time ago that taking it back is to mend a slip.
    #[diesel(sql_type = Bool)]
    fresh: bool,
}

/// Takes news of a record away from the owner whom it leaves; true where it only goes back to whose it was.
pub fn on(engine: &Engine, conn: &mut PgConnection, system: &Caller, event: &Event) -> Result<bool> {
    let Some(change) = event.changes.get("owner") else { return Ok(false) };
    let Some(former) = change.get("from").and_then(id) else { return Ok(false) };
    let Some(gift) = gift(conn, system, event, former)? else { return Ok(false) };
    withdraw(engine, conn, system, event, former, &gift)?;
    let back = gift.from.is_some() && gift.from.as_deref() == change.get("to").and_then(|to| to.as_str());
    Ok(back && gift.fresh && gift.giver == event.actor)
}

fn gift(conn: &mut PgConnection, system: &Caller, event: &Event, former: Uuid) -> Result<Option<Gift>> {
    Ok(diesel::sql_query(
        "SELECT seq, actor_id AS giver, changes->'owner'->>'from' AS from, at, at > $1 - interval '10 minutes' AS fresh \
         FROM changes WHERE tenant_id = $2 AND object = $3 AND record_id = $4 AND version < $5 \
         AND changes->'owner'->>'to' = $6 ORDER BY seq DESC LIMIT 1",
    )
    .bind::<Timestamptz, _>(event.at)
    .bind::<SqlUuid, _>(system.tenant)
    .bind::<Text, _>(event.object.name.as_ref())
    .bind::<SqlUuid, _>(event.record)
    .bind::<Int8, _>(event.version)
    .bind::<Text, _>(former.to_string())
    .get_result(conn)
    .optional()?)
}

fn withdraw(
    engine: &Engine,
    conn: &mut PgConnection,
    system: &Caller,
    event: &Event,
    former: Uuid,
    gift: &Gift,
) -> Result<()> {
    #[derive(QueryableByName)]
    struct News {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Int8)]
        others: i64,
        #[diesel(sql_type = Bool)]
        named: bool,
    }
    // What names the record, or the news of the same act that counts it.
    let news: Option<News> = diesel::sql_query(
        "SELECT id, COALESCE(others, 0) AS others, record = $6 AS named FROM notifications WHERE tenant_id = $1 \
         AND owner_id = $2 AND actor_id = $3 AND object = $4 AND kind = $5 AND read_at IS NULL AND deleted_at IS NULL \
         AND (record = $6 OR others > 0) AND created_at > $7 - interval '10 minutes' \
         ORDER BY named DESC, created_at DESC, id DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(system.tenant)
    .bind::<SqlUuid, _>(former)
    .bind::<Nullable<SqlUuid>, _>(gift.giver)
    .bind::<Text, _>(event.object.name.as_ref())
    .bind::<Text, _>(ASSIGNED)
    .bind::<Text, _>(event.record.to_string())
    .bind::<Timestamptz, _>(gift.at)
    .get_result(conn)
    .optional()?;
    let Some(news) = news else { return Ok(()) };
    if news.others == 0 {
        engine.delete(conn, system, &inbox(system)?, news.id, None)?;
        return Ok(());
    }
    diesel::sql_query("UPDATE notifications SET others = others - 1 WHERE tenant_id = $1 AND id = $2")
        .bind::<SqlUuid, _>(system.tenant)
        .bind::<SqlUuid, _>(news.id)
        .execute(conn)?;
    if news.named {
        rename(engine, conn, system, event, former, gift, news.id)?;
    }
    Ok(())
}

/// The news goes on about another of the records that came with this one and of which nobody has heard yet that they
/// have left.
fn rename(
    engine: &Engine,
    conn: &mut PgConnection,
    system: &Caller,
    event: &Event,
    former: Uuid,
    gift: &Gift,
    news: Uuid,
) -> Result<()> {
    #[derive(QueryableByName)]
    struct Other {
        #[diesel(sql_type = SqlUuid)]
        record_id: Uuid,
    }
    let other: Option<Other> = diesel::sql_query(
        "SELECT DISTINCT ON (g.record_id) g.record_id FROM changes g WHERE g.tenant_id = $1 \
         AND g.seq BETWEEN $2 AND $3 AND g.object = $4 AND g.actor_id = $5 AND g.changes->'owner'->>'to' = $6 \
         AND g.record_id <> $7 AND NOT EXISTS (SELECT 1 FROM changes l WHERE l.tenant_id = $1 AND l.object = $4 \
            AND l.record_id = g.record_id AND l.seq > g.seq AND l.changes->'owner'->>'from' = $6 AND l.seq < ( \
                SELECT seq FROM changes WHERE tenant_id = $1 AND object = $4 AND record_id = $7 AND version = $8)) \
         ORDER BY g.record_id LIMIT 1",
    )
    .bind::<SqlUuid, _>(system.tenant)
    .bind::<Int8, _>(gift.seq - NEIGHBOURS)
    .bind::<Int8, _>(gift.seq + NEIGHBOURS)
    .bind::<Text, _>(event.object.name.as_ref())
    .bind::<Nullable<SqlUuid>, _>(gift.giver)
    .bind::<Text, _>(former.to_string())
    .bind::<SqlUuid, _>(event.record)
    .bind::<Int8, _>(event.version)
    .get_result(conn)
    .optional()?;
    let Some(Other { record_id }) = other else { return Ok(()) };
    let object = &event.object;
    let Some(record) = engine.fetch(conn, system, object, record_id)? else { return Ok(()) };
    let title = record.get(object.title.as_ref()).and_then(|t| t.as_str()).map(head).unwrap_or_default();
    let patch = Record::from_iter([
        ("title".to_owned(), json!(if title.is_empty() { object.label.zh.as_ref() } else { title })),
        ("record".to_owned(), json!(record_id.to_string())),
    ]);
    engine.amend(conn, system, &inbox(system)?, news, patch)?;
    Ok(())
}
