//! What lands in people's inboxes: a subscriber of everything that happens.

mod moved;

use crate::people::access;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel::{PgConnection, RunQueryDsl};
use kezhan_engine::events::{Event, Subscriber};
use kezhan_engine::{Action, Caller, Channel, Engine, Result};
use kezhan_meta::{ObjectMeta, Record, Scope};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// The object of what people are told.
pub const INBOX: &str = "notification";
/// Somebody was given a record.
const ASSIGNED: &str = "assigned";
/// Characters of what was said that a notification repeats.
const TEXT_MAX: usize = 200;

pub struct Inbox;

/// One line for one person.
struct Notice {
    recipient: Uuid,
    kind: &'static str,
    /// What it is about: the first of these that the person may see.
    about: Vec<(Arc<ObjectMeta>, Uuid)>,
    /// What stands on the record's timeline.
    entry: Option<Uuid>,
    text: Option<String>,
}

impl Subscriber for Inbox {
    fn name(&self) -> &'static str {
        "inbox"
    }

    fn hear(&self, engine: &Engine, conn: &mut PgConnection, system: &Caller, event: &Event) -> Result<()> {
        let back = moved::on(engine, conn, system, event)?;
        for notice in notices(engine, conn, system, event)? {
            if back && notice.kind == ASSIGNED {
                continue;
            }
            deliver(engine, conn, system, event, notice)?;
        }
        Ok(())
    }
}

fn notices(engine: &Engine, conn: &mut PgConnection, system: &Caller, event: &Event) -> Result<Vec<Notice>> {
    let mut out = Vec::new();
    // Thousands of rows of one file are one piece of news, which the import itself tells.
    if event.channel == Channel::Import.key() || event.object.scope != Scope::Owned || event.action == "delete" {
        return Ok(out);
    }
    let notice = |recipient, kind| Notice {
        recipient,
        kind,
        about: vec![(event.object.clone(), event.record)],
        entry: None,
        text: None,
    };
    if let Some(owner) = event.set_to("owner").and_then(id) {
        out.push(notice(owner, ASSIGNED));
    }
    let done = event.object.name == "task" && event.set_to("status").and_then(Value::as_str) == Some("done");
    let mentions = event.set_to("mentions").and_then(Value::as_array);
    if !done && mentions.is_none() {
        return Ok(out);
    }
    let Some(record) = engine.fetch(conn, system, &event.object, event.record)? else { return Ok(out) };
    if done && let Some(maker) = record.get("created_by").and_then(id) {
        out.push(notice(maker, "task_done"));
    }
    if let Some(mentions) = mentions {
        let before = event.changes.get("mentions").and_then(|m| m.get("from")).and_then(Value::as_array);
        let about = about(system, event, &record);
        let apart = about.iter().all(|(_, id)| *id != event.record);
        let text = record.get(event.object.title.as_ref()).and_then(Value::as_str).map(|t| head(t).to_owned());
        let fresh = mentions.iter().filter(|m| !before.is_some_and(|b| b.contains(m)));
        out.extend(fresh.filter_map(id).map(|recipient| Notice {
            recipient,
            kind: "mentioned",
            about: about.clone(),
            entry: apart.then_some(event.record),
            text: text.clone(),
        }));
    }
    Ok(out)
}

/// What a record is about: those whose timelines it stands in, a deal before the account that it hangs on; else itself.
fn about(system: &Caller, event: &Event, record: &Record) -> Vec<(Arc<ObjectMeta>, Uuid)> {
    let targets = event.object.fields.iter().filter(|f| f.timeline);
    let found = targets.filter_map(|f| Some((system.catalog.get(f.target()?)?, record.get(f.key.as_ref())?)));
    let mut found: Vec<_> = found.filter_map(|(object, value)| Some((object.clone(), id(value)?))).collect();
    // Declared from the widest to the narrowest, as forms ask for them.
    found.reverse();
    if found.is_empty() {
        found.push((event.object.clone(), event.record));
    }
    found
}

/// Puts a notice into the recipient's inbox, unless they did it themselves or may not see what it is about.
fn deliver(engine: &Engine, conn: &mut PgConnection, system: &Caller, event: &Event, notice: Notice) -> Result<()> {
    let recipient = notice.recipient;
    if event.actor == Some(recipient) || event.actor.is_none() {
        return Ok(());
    }
    let Some(person) = access::person(conn, system.tenant, recipient, None)? else { return Ok(()) };
    let rights = person.rights(conn, system.tenant, &system.catalog)?;
    let reader = Caller { user: Some(person.id), access: Arc::new(rights), ..system.clone() };
    // What was said in confidence is not repeated here.
    let may = |object: &ObjectMeta| reader.access.may(&object.name, Action::Read);
    if let Some(entry) = notice.entry
        && !(may(&event.object) && engine.fetch(conn, &reader, &event.object, entry)?.is_some())
    {
        return Ok(());
    }
    for (object, record) in &notice.about {
        if !may(object) {
            continue;
        }
        if let Some(seen) = engine.fetch(conn, &reader, object, *record)? {
            return put(engine, conn, system, &notice, (object, *record), &seen, event.actor);
        }
    }
    Ok(())
}

fn put(
    engine: &Engine,
    conn: &mut PgConnection,
    system: &Caller,
    notice: &Notice,
    (object, record): (&ObjectMeta, Uuid),
    seen: &Record,
    actor: Option<Uuid>,
) -> Result<()> {
    let Notice { recipient, kind, entry, text, .. } = notice;
    if *kind == ASSIGNED && bundled(conn, system.tenant, *recipient, actor, &object.name)? {
        return Ok(());
    }
    let title = seen.get(object.title.as_ref()).and_then(Value::as_str).unwrap_or_default();
    let mut line = Record::new();
    line.insert("kind".into(), json!(kind));
    line.insert("title".into(), json!(if title.is_empty() { object.label.zh.as_ref() } else { head(title) }));
    line.insert("object".into(), json!(object.name));
    line.insert("record".into(), json!(record.to_string()));
    line.insert("entry".into(), json!(entry.map(|id| id.to_string())));
    line.insert("text".into(), json!(text));
    line.insert("actor".into(), json!(actor.map(|a| a.to_string())));
    line.insert("owner".into(), json!(recipient.to_string()));
    engine.create(conn, system, &inbox(system)?, line)?;
    Ok(())
}

/// Counts a record in with those that the same person gave them just before, where that news is still unread. It is a
/// count in a line of news, so it has no history of its own.
fn bundled(conn: &mut PgConnection, tenant: Uuid, recipient: Uuid, actor: Option<Uuid>, object: &str) -> Result<bool> {
    let changed = diesel::sql_query(
        "UPDATE notifications SET others = COALESCE(others, 0) + 1 WHERE tenant_id = $1 AND id = ( \
            SELECT id FROM notifications WHERE tenant_id = $1 AND owner_id = $2 AND actor_id = $3 AND object = $4 \
            AND kind = $5 AND read_at IS NULL AND deleted_at IS NULL AND created_at > now() - interval '10 minutes' \
            ORDER BY created_at DESC, id DESC LIMIT 1)",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(recipient)
    .bind::<Nullable<SqlUuid>, _>(actor)
    .bind::<Text, _>(object)
    .bind::<Text, _>(ASSIGNED)
    .execute(conn)?;
    Ok(changed > 0)
}

/// Tells everybody who sets such records up what has befallen one of them.
pub fn tell_keepers(
    engine: &Engine,
    conn: &mut PgConnection,
    system: &Caller,
    (object, record): (&str, Uuid),
    kind: &'static str,
    text: Option<&str>,
) -> Result<()> {
    let Some(object) = system.catalog.get(object).cloned() else { return Ok(()) };
    for keeper in access::configuring(conn, system.tenant, &object.name)? {
        let Some(person) = access::person(conn, system.tenant, keeper, None)? else { continue };
        let rights = person.rights(conn, system.tenant, &system.catalog)?;
        let reader = Caller { user: Some(keeper), access: Arc::new(rights), ..system.clone() };
        if !reader.access.may(&object.name, Action::Configure) {
            continue;
        }
        let Some(seen) = engine.fetch(conn, &reader, &object, record)? else { continue };
        let text = text.map(|t| head(t).to_owned());
        let notice = Notice { recipient: keeper, kind, about: Vec::new(), entry: None, text };
        put(engine, conn, system, &notice, (&object, record), &seen, None)?;
    }
    Ok(())
}

fn inbox(system: &Caller) -> Result<Arc<ObjectMeta>> {
    system.catalog.get(INBOX).cloned().ok_or_else(|| kezhan_engine::Error::Internal("no inbox".into()))
}

fn id(value: &Value) -> Option<Uuid> {
    Uuid::parse_str(value.as_str()?).ok()
}

fn head(text: &str) -> &str {
    text.char_indices().nth(TEXT_MAX).map_or(text, |(end, _)| &text[..end])
}
