//! Takes away what identifies a person: the record, its past, what was written about them, their files. What they are
//! part of stays, so that a company's numbers add up as before.

use super::{RESTRICTED, answers, shred};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::{Caller, Engine, Error, Result, audit};
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, FieldType, Filter, Label, ObjectMeta, Op, Record, Scope, system};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// In place of the name, and of texts that a record cannot be without.
static NAMELESS: Label = Label::new("已删除的个人", "Erased person");
static WORDLESS: Label = Label::new("（已按个人信息请求删除）", "(erased at the person's request)");

/// How much was taken away.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Erased {
    pub fields: usize,
    /// Which they are.
    #[serde(skip)]
    pub keys: Vec<String>,
    /// Records that hang on the person's, of which the texts were emptied.
    pub texts: usize,
    pub files: usize,
    /// Entries of history that were emptied.
    pub entries: usize,
    /// Answers kept for repeated requests that were emptied.
    pub answers: usize,
}

/// `texts`: also what was written in records of the timeline that hang on this one.
pub fn erase(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    id: Uuid,
    texts: bool,
) -> Result<Erased> {
    let system = caller.elevated();
    let whole = engine.fetch(conn, &system, object, id)?.ok_or_else(Error::not_found)?;
    let mut done = Erased::default();
    let mut patch = Record::new();
    for field in object.fields.iter().filter(|f| identifies(f) && f.key != object.title) {
        if whole.get(field.key.as_ref()).is_some_and(|v| !v.is_null()) && !field.required {
            patch.insert(field.key.to_string(), Value::Null);
        }
    }
    let name = whole.get(object.title.as_ref()).and_then(Value::as_str).unwrap_or_default();
    if patch.is_empty() && [&*NAMELESS.zh, &*NAMELESS.en].iter().any(|nameless| name.starts_with(nameless)) {
        // Done before.
        return Ok(done);
    }
    done.fields = patch.len() + 1;
    done.keys = std::iter::once(object.title.to_string()).chain(patch.keys().cloned()).collect();
    let short: String = id.simple().to_string().chars().rev().take(6).collect();
    patch.insert(object.title.to_string(), json!(format!("{} {short}", NAMELESS.get(caller.lang))));
    if object.field(RESTRICTED).is_some() {
        patch.insert(RESTRICTED.to_owned(), json!(false));
    }
    engine.amend(conn, caller, object, id, patch)?;
    done.entries += audit::redact(conn, caller, &object.name, &[id], None)?;
    done.files += remove_files(conn, caller, &object.name, &[id])?;
    let mut touched = vec![id];
    if texts {
        for related in caller.catalog.related(&object.name).iter().filter(|r| r.timeline) {
            let Some(child) = caller.catalog.get(&related.object).cloned() else { continue };
            touched.extend(empty(engine, conn, caller, &child, &related.field, id, &mut done)?);
        }
    }
    forget(conn, caller, &object.name, id)?;
    done.answers = answers::forget(engine, conn, caller, &touched)?;
    Ok(done)
}

/// All that is said of the person, as opposed to where they belong and what the system counts.
fn identifies(field: &FieldMeta) -> bool {
    let ties = matches!(
        field.kind,
        FieldType::Reference { .. } | FieldType::MultiReference { .. } | FieldType::User | FieldType::Department
    );
    !ties && !field.read_only && !system::is_system(&field.key)
}

fn is_text(field: &FieldMeta) -> bool {
    matches!(field.kind, FieldType::Text | FieldType::LongText | FieldType::RichText) && !field.read_only
}

/// Empties the texts of what refers to the person; which records those are.
fn empty(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    field: &str,
    person: Uuid,
    done: &mut Erased,
) -> Result<Vec<Uuid>> {
    let system = caller.elevated();
    let mut touched = Vec::new();
    let mut query = ListQuery {
        filter: Some(Filter::field(field.to_owned(), Op::Eq, json!(person))),
        limit: Some(100),
        ..ListQuery::default()
    };
    let words = WORDLESS.get(caller.lang);
    loop {
        let (records, next) = engine.records(conn, &system, object, &query)?;
        let mut ids = Vec::new();
        for record in &records {
            let Some(id) = record.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()) else { continue };
            let said = |f: &&FieldMeta| is_text(f) && record.get(f.key.as_ref()).is_some_and(|v| !v.is_null());
            let patch = object.fields.iter().filter(said).map(|f| {
                (f.key.to_string(), if f.required || f.key == object.title { json!(words) } else { Value::Null })
            });
            engine.amend(conn, caller, object, id, patch.collect())?;
            ids.push(id);
        }
        let fields: Vec<String> = object.fields.iter().filter(|f| is_text(f)).map(|f| f.key.to_string()).collect();
        done.texts += ids.len();
        done.entries += audit::redact(conn, caller, &object.name, &ids, Some(&fields))?;
        done.files += remove_files(conn, caller, &object.name, &ids)?;
        touched.extend(ids);
        match next {
            Some(cursor) => query.cursor = Some(cursor),
            None => return Ok(touched),
        }
    }
}

/// Files of these records, whether in the recycle bin or not; what is stored of them goes a little later.
fn remove_files(conn: &mut PgConnection, caller: &Caller, object: &str, records: &[Uuid]) -> Result<usize> {
    #[derive(QueryableByName)]
    struct Gone {
        #[diesel(sql_type = SqlUuid)]
        id: Uuid,
        #[diesel(sql_type = Nullable<Text>)]
        storage_key: Option<String>,
    }
    let gone: Vec<Gone> = diesel::sql_query(
        "DELETE FROM attachments WHERE tenant_id = $1 AND object = $2 AND record = ANY($3) RETURNING id, storage_key",
    )
    .bind::<SqlUuid, _>(caller.tenant)
    .bind::<Text, _>(object)
    .bind::<Array<Text>, _>(records.iter().map(Uuid::to_string).collect::<Vec<_>>())
    .load(conn)?;
    let ids: Vec<Uuid> = gone.iter().map(|g| g.id).collect();
    audit::redact(conn, caller, "attachment", &ids, None)?;
    shred::later(conn, caller, gone.into_iter().filter_map(|g| g.storage_key).collect())?;
    Ok(ids.len())
}

/// What is kept of the record elsewhere: to undo imports and merges by, and in what people have for themselves: inboxes,
/// marks.
fn forget(conn: &mut PgConnection, caller: &Caller, object: &str, id: Uuid) -> Result<()> {
    let points =
        |o: &&Arc<ObjectMeta>| o.scope == Scope::Personal && ["object", "record"].iter().all(|f| o.field(f).is_some());
    let personal = caller.catalog.objects().filter(points);
    let mut statements: Vec<String> = personal
        .map(|o| format!("DELETE FROM {} WHERE tenant_id = $1 AND object = $2 AND record = $3::text", o.table))
        .collect();
    statements.extend([
        "UPDATE import_rows SET links = NULL, raw = NULL, error = NULL, sealed = NULL WHERE tenant_id = $1 AND object = $2 AND record_id = $3"
            .to_owned(),
        "UPDATE merges SET done = '{}', undone_at = coalesce(undone_at, now()) \
         WHERE tenant_id = $1 AND object = $2 AND (survivor_id = $3 OR $3 = ANY(loser_ids))"
            .to_owned(),
    ]);
    for statement in statements {
        diesel::sql_query(statement)
            .bind::<SqlUuid, _>(caller.tenant)
            .bind::<Text, _>(object)
            .bind::<SqlUuid, _>(id)
            .execute(conn)?;
    }
    Ok(())
}
