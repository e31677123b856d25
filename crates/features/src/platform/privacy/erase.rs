//! Takes away what identifies a person: the record and the others of the same person, their past, what was written about
//! them, their files. What they are part of stays, so that a company's numbers add up as before.

use super::identity::{Other, others};
use super::{RESTRICTED, answers, shred};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use kezhan_engine::{Caller, Engine, Error, ReadOptions, Result, audit};
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, FieldType, Filter, Label, ObjectMeta, Op, Record, Scope, system};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// In place of the name, and of texts that a record cannot be without.
static NAMELESS: Label = Label::new("已删除的个人", "Erased person");
static WORDLESS: Label = Label::new("（已按个人信息请求删除）", "(erased at the person's request)");

const LEAD: &str = "lead";

/// What a lead says of the company rather than of the person who became a contact.
const OF_COMPANY: &[&str] = &["company", "status", "source", "industry", "city", "address", "tags"];

/// Statements of a person, with the field that says whose they are. They stay, as the company has to show them; how they
/// came about, in words, goes.
const STATEMENTS: (&str, &str) = ("consent", "contact");

/// How much was taken away.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Erased {
    pub fields: usize,
    /// Which they are.
    #[serde(skip)]
    pub keys: Vec<String>,
    /// Leads that became this contact, or contacts that this lead became.
    pub others: usize,
    /// Records that were merged into it, in the recycle bin.
    pub merged: usize,
    /// Accounts that had words from such a lead.
    pub accounts: usize,
    /// Consents of which the evidence was emptied.
    pub consents: usize,
    /// Records that hang on the person's, of which the texts were emptied.
    pub texts: usize,
    pub files: usize,
    /// Entries of history that were emptied.
    pub entries: usize,
    /// Answers kept for repeated requests that were emptied.
    pub answers: usize,
}

impl Erased {
    pub fn is_nothing(&self) -> bool {
        let records = [self.others, self.merged, self.accounts, self.consents, self.texts];
        records.iter().chain(&[self.fields, self.files, self.entries]).all(|count| *count == 0)
    }
}

/// `texts`: also what was written in records of the timeline that hang on this one. All of it or nothing.
pub fn erase(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    id: Uuid,
    texts: bool,
) -> Result<Erased> {
    conn.transaction(|conn| {
        let mut done = Erased::default();
        // Before the merges are forgotten.
        let others = others(conn, caller, &object.name, id)?;
        let mut touched = Vec::new();
        // While the leads still say what they have left where.
        let records = others.iter().map(|o| (o.object.as_str(), o.id));
        for (_, lead) in records.chain([(object.name.as_ref(), id)]).filter(|(object, _)| *object == LEAD) {
            inherited(engine, conn, caller, lead, &mut done)?;
        }
        let keys = nameless(engine, conn, caller, object, id, |_| true)?;
        (done.fields, done.keys) = (keys.len(), keys);
        part(engine, conn, caller, (object, id), texts, &mut touched, &mut done)?;
        for Other { object: name, id: other, merged } in others {
            let Some(meta) = caller.catalog.get(&name).cloned() else { continue };
            // The lead of an erased contact goes on telling of the company.
            let all = merged && name == object.name || name != LEAD;
            let goes = |f: &FieldMeta| all || !OF_COMPANY.contains(&f.key.as_ref());
            let keys = nameless(engine, conn, caller, &meta, other, goes)?;
            match merged {
                _ if keys.is_empty() => {}
                true => done.merged += 1,
                false => done.others += 1,
            }
            part(engine, conn, caller, (&meta, other), texts, &mut touched, &mut done)?;
        }
        done.answers = answers::forget(engine, conn, caller, &touched)?;
        Ok(done)
    })
}

/// What an account was given by the lead that became it: the words, and where the lead named no company, all that is the
/// person's. What the account says otherwise by now stays.
fn inherited(engine: &Engine, conn: &mut PgConnection, caller: &Caller, lead: Uuid, done: &mut Erased) -> Result<()> {
    let (Some(object), Some(accounts)) = (caller.catalog.get(LEAD).cloned(), caller.catalog.get("account").cloned())
    else {
        return Ok(());
    };
    let Some(lead) = whole(engine, conn, caller, &object, lead)? else { return Ok(()) };
    let account = lead.get("converted_account").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let Some(id) = account else { return Ok(()) };
    let Some(account) = whole(engine, conn, caller, &accounts, id)? else { return Ok(()) };
    let is_person = lead.get("company").is_none_or(Value::is_null);
    let keys = if is_person { &["notes", "name", "phone", "address"][..] } else { &["notes"] };
    let said = keys.iter().filter(|key| lead.get(**key).is_some_and(|v| !v.is_null()));
    let said: Vec<String> = said.map(|key| (*key).to_owned()).collect();
    let same = said.iter().filter(|key| account.get(*key) == lead.get(*key));
    let patch: Record = same
        .map(|key| (key.clone(), if *key == accounts.title { json!(nobody(id, caller)) } else { Value::Null }))
        .collect();
    if !patch.is_empty() {
        engine.amend_any(conn, caller, &accounts, id, patch)?;
        done.accounts += 1;
    }
    let past: Vec<String> = said.iter().flat_map(|key| [key.clone(), format!("{key}_e164")]).collect();
    done.entries += audit::redact(conn, caller, &accounts.name, &[id], Some(&past))?;
    Ok(())
}

/// The record, in the recycle bin or not.
fn whole(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &ObjectMeta,
    id: Uuid,
) -> Result<Option<Record>> {
    let options = ReadOptions { deleted: true, ..ReadOptions::default() };
    let found = engine.read(conn, &caller.elevated(), object, id, &options)?;
    found.map(|f| serde_json::from_slice(&f.body).map_err(|e| Error::Internal(e.to_string()))).transpose()
}

/// In place of a name.
fn nobody(id: Uuid, caller: &Caller) -> String {
    let short: String = id.simple().to_string().chars().rev().take(6).collect();
    format!("{} {short}", NAMELESS.get(caller.lang))
}

/// Empties the fields of the record that identify somebody; which they were, none where that was done before, or where
/// the record is gone for good.
fn nameless(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    object: &Arc<ObjectMeta>,
    id: Uuid,
    goes: impl Fn(&FieldMeta) -> bool,
) -> Result<Vec<String>> {
    let Some(whole) = whole(engine, conn, caller, object, id)? else { return Ok(Vec::new()) };
    let restricted = whole.get(RESTRICTED) == Some(&json!(true));
    if restricted && caller.user.is_none() {
        // A rule of retention does not get to it; the person's own request does.
        return Err(Error::refused(Code::ProcessingRestricted, &[]));
    }
    let mut patch = Record::new();
    for field in object.fields.iter().filter(|f| identifies(f) && goes(f) && f.key != object.title) {
        if whole.get(field.key.as_ref()).is_some_and(|v| !v.is_null()) && !field.required {
            patch.insert(field.key.to_string(), Value::Null);
        }
    }
    let name = whole.get(object.title.as_ref()).and_then(Value::as_str).unwrap_or_default();
    if patch.is_empty() && [&*NAMELESS.zh, &*NAMELESS.en].iter().any(|nameless| name.starts_with(nameless)) {
        return Ok(Vec::new());
    }
    let keys = std::iter::once(object.title.to_string()).chain(patch.keys().cloned()).collect();
    patch.insert(object.title.to_string(), json!(nobody(id, caller)));
    if restricted {
        // Nothing of what is restricted is changed: lifted for this one change, and restricted as before.
        patch.insert(RESTRICTED.to_owned(), json!(false));
    }
    engine.amend_any(conn, caller, object, id, patch)?;
    if restricted {
        let again = Record::from_iter([(RESTRICTED.to_owned(), json!(true))]);
        engine.amend_any(conn, caller, object, id, again)?;
    }
    Ok(keys)
}

/// What stands elsewhere of a record that is nameless now: its past, its files, what was written, what others keep of it.
fn part(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    (object, id): (&Arc<ObjectMeta>, Uuid),
    texts: bool,
    touched: &mut Vec<Uuid>,
    done: &mut Erased,
) -> Result<()> {
    touched.push(id);
    done.entries += audit::redact(conn, caller, &object.name, &[id], None)?;
    done.files += remove_files(conn, caller, &object.name, &[id])?;
    if texts {
        for related in caller.catalog.related(&object.name).iter().filter(|r| r.timeline) {
            let Some(child) = caller.catalog.get(&related.object).cloned() else { continue };
            done.texts += empty(engine, conn, caller, (&child, &related.field, id), touched, done)?;
        }
    }
    let (statement, whose) = STATEMENTS;
    if let Some(statement) = caller.catalog.get(statement).cloned().filter(|_| object.name == whose) {
        done.consents += empty(engine, conn, caller, (&statement, whose, id), touched, done)?;
    }
    forget(conn, caller, &object.name, id)
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

/// Empties the texts of what refers to the person, in the recycle bin or not; how many records had any.
fn empty(
    engine: &Engine,
    conn: &mut PgConnection,
    caller: &Caller,
    (object, field, person): (&Arc<ObjectMeta>, &str, Uuid),
    touched: &mut Vec<Uuid>,
    done: &mut Erased,
) -> Result<usize> {
    let system = caller.elevated();
    let fields: Vec<String> = object.fields.iter().filter(|f| is_text(f)).map(|f| f.key.to_string()).collect();
    let mut emptied = 0;
    for deleted in [false, true] {
        let mut query = ListQuery {
            filter: Some(Filter::field(field.to_owned(), Op::Eq, json!(person))),
            limit: Some(100),
            deleted,
            ..ListQuery::default()
        };
        loop {
            let (records, next) = engine.records(conn, &system, object, &query)?;
            let mut ids = Vec::new();
            for record in &records {
                let Some(id) = record.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok()) else {
                    continue;
                };
                let patch = wordless(object, record, caller);
                if !patch.is_empty() {
                    engine.amend_any(conn, caller, object, id, patch)?;
                    emptied += 1;
                }
                ids.push(id);
            }
            done.entries += audit::redact(conn, caller, &object.name, &ids, Some(&fields))?;
            done.files += remove_files(conn, caller, &object.name, &ids)?;
            touched.extend(ids);
            match next {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
    }
    Ok(emptied)
}

/// What empties the texts of this record; nothing where that was done before.
fn wordless(object: &ObjectMeta, record: &Record, caller: &Caller) -> Record {
    let words = [&*WORDLESS.zh, &*WORDLESS.en];
    let said = |f: &&FieldMeta| {
        let value = record.get(f.key.as_ref()).unwrap_or(&Value::Null);
        is_text(f) && !value.is_null() && !value.as_str().is_some_and(|text| words.contains(&text))
    };
    let stays = |f: &FieldMeta| f.required || f.key == object.title;
    let fields = object.fields.iter().filter(said);
    fields.map(|f| (f.key.to_string(), if stays(f) { json!(WORDLESS.get(caller.lang)) } else { Value::Null })).collect()
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
