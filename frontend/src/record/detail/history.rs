//! Who changed what, from what to what.

use super::Open;
use super::pages::Pages;
use crate::api::records::{self, Change, RecordExt};
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    CH_API, CH_AUTOMATION, CH_IMPORT, CH_WEB, HISTORY_CREATED, HISTORY_DELETED, HISTORY_EMPTY, HISTORY_ERASED,
    HISTORY_RESTORE, HISTORY_RESTORE_TO, HISTORY_RESTORED, HISTORY_UPDATED, SYSTEM, UNDO, VALUE_RESTORED, label, t, tf,
};
use crate::record::conflict;
use crate::state::faces::face;
use crate::state::{session, toast, touched};
use crate::ui::{self, icon};
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

pub fn panel(open: Open) -> AnyView {
    let pages = Pages::new(move |cursor| async move {
        records::history(&open.object(), &open.id.get_value(), cursor.as_deref()).await
    });
    let object = open.object();
    (move || match pages.list.get() {
        None => ui::loading_rows(4),
        Some(Err(error)) => ui::failed(&error, move || pages.again()),
        Some(Ok(list)) if list.is_empty() => ui::empty("history", t(HISTORY_EMPTY), "", ().into_any()),
        Some(Ok(list)) => view! {
            <ol class="p-4 flex flex-col gap-4 max-w-3xl">{list.iter().map(|c| entry(open, &object, c)).collect_view()}</ol>
            {pages.more()}
        }
        .into_any(),
    })
    .into_any()
}

/// The name of whoever acted: the server sends `{id, name}`, or nothing for the system itself.
pub fn actor_name(actor: Option<&Value>) -> String {
    actor.and_then(|a| a.get("name")).and_then(Value::as_str).map_or_else(|| t(SYSTEM).to_owned(), str::to_owned)
}

/// Through what, in words.
pub fn channel(key: &str) -> String {
    match key {
        "web" | "spa" => t(CH_WEB).to_owned(),
        "api" => t(CH_API).to_owned(),
        "import" | "bulk" => t(CH_IMPORT).to_owned(),
        "automation" | "worker" => t(CH_AUTOMATION).to_owned(),
        "system" => t(SYSTEM).to_owned(),
        other => other.to_owned(),
    }
}

fn entry(open: Open, object: &ObjectMeta, change: &Change) -> AnyView {
    let actor = actor_name(change.actor.as_ref());
    let verb = t(match change.action.as_str() {
        "create" => HISTORY_CREATED,
        "delete" => HISTORY_DELETED,
        "restore" => HISTORY_RESTORED,
        _ => HISTORY_UPDATED,
    });
    let lines = change.changes.iter().filter_map(|(key, value)| line(open, object, key, value)).collect_view();
    let through = change.channel.as_deref().map(channel).unwrap_or_default();
    view! {
        <li class="flex gap-3 text-[13px]">
            {face(change.actor.as_ref().and_then(|a| a["id"].as_str()), &actor, true)}
            <div class="min-w-0 grow">
                <p><span class="font-semibold">{actor.clone()}</span>" "{verb}<span class="muted ms-2 tnum">{bridge::date_time(&change.at)}{(!through.is_empty()).then(|| format!(" · {through}"))}</span></p>
                <ul class="mt-1 flex flex-col gap-1">{lines}</ul>
            </div>
        </li>
    }
    .into_any()
}

/// A value of a change in words; what a reference is called comes when it is known.
pub fn side(field: &FieldMeta, value: &Value, currency: &str) -> Signal<String> {
    match (at_once(field, value, currency), field.target()) {
        (None, Some(target)) => fields::reference::names_later(target, value),
        (text, _) => Signal::stored(text.unwrap_or_default()),
    }
}

/// Nothing where it is a reference whose name is still to be asked for.
fn at_once(field: &FieldMeta, value: &Value, currency: &str) -> Option<String> {
    // A reference may come as its id or, where the reader may see it, with its name.
    let (value, expanded) = match value {
        Value::Object(o) if field.target().is_some() => {
            (o.get("id").cloned().unwrap_or(Value::Null), Some(Value::Object(o.clone())))
        }
        other => (other.clone(), None),
    };
    let known = field.target().is_none() || expanded.is_some() || value.is_null();
    let shown = Shown { field, value: &value, expanded: expanded.as_ref(), currency };
    known.then(|| fields::plain_text(shown))
}

fn line(open: Open, object: &ObjectMeta, key: &str, change: &Value) -> Option<AnyView> {
    let field = object.field(key).filter(|f| !f.hidden)?;
    if change["erased"] == true {
        let name = label(&field.label);
        return Some(view! { <li class="flex gap-x-2"><span class="muted">{name}</span><span class="muted italic">{t(HISTORY_ERASED)}</span></li> }.into_any());
    }
    // In what it is today: that is no less likely than any other, where the change does not tell.
    let currency =
        open.record.with_untracked(|r| r.as_ref().map(|r| r.text("currency").to_owned())).unwrap_or_default();
    let text = |name: &str| side(field, change.get(name).unwrap_or(&Value::Null), &currency);
    let (from, to) = (text("from"), text("to"));
    let (no_from, no_to) = (from.with_untracked(String::is_empty), to.with_untracked(String::is_empty));
    if no_from && no_to {
        return None;
    }
    let back = restorable(open, object, field, change).map(|value| {
        let field = field.clone();
        let title = label(&field.label);
        let name = move || tf(HISTORY_RESTORE_TO, &[("field", &title), ("value", &from.get())]);
        view! {
            <button type="button" class="link text-xs inline-flex items-center gap-1 print:hidden"
                title=name on:click=move |_| restore(open, field.clone(), value.clone())>{icon("undo-2")}{t(HISTORY_RESTORE)}</button>
        }
    });
    Some(
        view! {
            <li class="group flex flex-wrap items-baseline gap-x-2 min-w-0">
                <span class="muted">{label(&field.label)}</span>
                {(!no_from).then(|| view! { <span class="line-through muted break-words min-w-0">{move || from.get()}</span> })}
                {back}
                {(!no_from).then(|| view! { <span class="muted">{icon("arrow-right")}</span> })}
                <span class="break-words min-w-0">{move || if no_to { "–".to_owned() } else { to.get() }}</span>
            </li>
        }
        .into_any(),
    )
}

/// The value before a change, where it is another one now and may be put back.
fn restorable(open: Open, object: &ObjectMeta, field: &FieldMeta, change: &Value) -> Option<Value> {
    if field.read_only || field.immutable || field.secret || !session::may(&object.name, "edit") {
        return None;
    }
    let bare = |value: &Value| match value {
        Value::Object(o) if field.target().is_some() => o.get("id").cloned().unwrap_or(Value::Null),
        other => other.clone(),
    };
    let before = bare(change.get("from")?);
    let now = open.record.with_untracked(|r| r.as_ref().map(|r| r.value(&field.key).clone()))?;
    (before != now && !(before.is_null() && field.required)).then_some(before)
}

fn restore(open: Open, field: FieldMeta, value: Value) {
    let Some(base) = open.record.get_untracked() else { return };
    put(open.object(), base, field, value, None);
}

/// Writes one value; with a way back, where it is not itself one: the way back from the change that `made` a version.
fn put(object: Arc<ObjectMeta>, base: Record, field: FieldMeta, value: Value, made: Option<i64>) {
    let changes = Record::from_iter([(field.key.to_string(), value)]);
    leptos::task::spawn_local(async move {
        match records::take_back(&object, base.id(), &changes, made, base.version()).await {
            Ok(now) => {
                touched();
                let text = tf(VALUE_RESTORED, &[("field", &label(&field.label))]);
                if made.is_none() {
                    let before = base.value(&field.key).clone();
                    toast::undoable(text, t(UNDO), move || {
                        put(object.clone(), now.clone(), field.clone(), before.clone(), now.version());
                    });
                } else {
                    toast::done(text);
                }
            }
            Err(error) if error.is_stale() => {
                conflict::resolve(object, base, changes, Callback::new(|_| ()));
            }
            Err(error) => toast::problem(error.items().first().map_or_else(|| error.message(), |i| i.message.clone())),
        }
    });
}
