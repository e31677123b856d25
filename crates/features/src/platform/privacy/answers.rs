//! Answers that are kept for a day, to be given again to whoever repeats a request: those in which an erased person
//! stands are emptied.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Text, Uuid as SqlUuid};
use kezhan_engine::vault::key_of;
use kezhan_engine::{Caller, Engine, Result};
use uuid::Uuid;

const PAGE: usize = 200;

/// What the answer under this key of this caller is sealed for.
pub fn place(principal: Uuid, key: &str) -> String {
    format!("answer:{principal}:{key}")
}

#[derive(QueryableByName)]
struct Kept {
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
}

/// Empties the answers that name one of these records; how many there were. Answers are sealed, so each is opened. What
/// was done stays done: a repetition gets the same status and no body.
pub fn forget(engine: &Engine, conn: &mut PgConnection, caller: &Caller, records: &[Uuid]) -> Result<usize> {
    let names: Vec<String> = records.iter().map(Uuid::to_string).collect();
    let (mut after, mut emptied) = ((Uuid::nil(), String::new()), 0);
    loop {
        let page: Vec<Kept> = diesel::sql_query(format!(
            "SELECT user_id, key, body FROM idempotency_keys WHERE tenant_id = $1 AND body IS NOT NULL \
             AND (user_id, key) > ($2, $3) ORDER BY user_id, key LIMIT {PAGE}"
        ))
        .bind::<SqlUuid, _>(caller.tenant)
        .bind::<SqlUuid, _>(after.0)
        .bind::<Text, _>(&after.1)
        .load(conn)?;
        let Some(last) = page.last() else { return Ok(emptied) };
        after = (last.user_id, last.key.clone());
        for kept in page {
            let body = match key_of(&kept.body) {
                None => Some(kept.body),
                // What does not open any more is of no use to anybody.
                Some(_) => engine.vault().open(conn, caller.tenant, &place(kept.user_id, &kept.key), &kept.body).ok(),
            };
            let names_one = |body: Vec<u8>| {
                let text = String::from_utf8_lossy(&body);
                names.iter().any(|name| text.contains(name.as_str()))
            };
            if !body.is_none_or(names_one) {
                continue;
            }
            let sql = "UPDATE idempotency_keys SET body = NULL WHERE tenant_id = $1 AND user_id = $2 AND key = $3";
            emptied += diesel::sql_query(sql)
                .bind::<SqlUuid, _>(caller.tenant)
                .bind::<SqlUuid, _>(kept.user_id)
                .bind::<Text, _>(&kept.key)
                .execute(conn)?;
        }
    }
}
