//! Everything that happened to a record, newest first, with the composer on top.

use super::Open;
use super::composer;
use super::history::{self, actor_name};
use super::mention;
use super::pages::Pages;
use super::waiting;
use crate::api::files as stored;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    HISTORY_CREATED, HISTORY_DELETED, HISTORY_RESTORED, HISTORY_UPDATED, TIMELINE_EMPTY, TIMELINE_EMPTY_TEXT, label, t,
};
use crate::record::files;
use crate::record::list::record_url;
use crate::state::faces::face;
use crate::state::{catalog, prefs};
use crate::ui::{self, badge, icon};
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::Value;
use std::collections::HashMap;

/// Files of the follow-ups on screen, by the follow-up.
type Attached = RwSignal<HashMap<String, Vec<Record>>>;

/// As many entries as a screen shows at first.
const FIRST: usize = 8;

/// What entries show beside what the timeline itself tells.
#[derive(Clone, Copy)]
struct Beside {
    open: Open,
    attached: Attached,
    /// Names of the people mentioned.
    people: RwSignal<HashMap<String, String>>,
}

pub fn panel(open: Open) -> AnyView {
    let beside = Beside { open, attached: RwSignal::new(HashMap::new()), people: RwSignal::new(HashMap::new()) };
    let pages = Pages::new(move |cursor| async move {
        let page = records::timeline(&open.object(), &open.id.get_value(), cursor.as_deref()).await?;
        attachments(beside.attached, &page.data);
        mentioned(beside, &page.data);
        Ok(page)
    });
    let entries = pages.list;
    let object = open.object();
    // Entries beyond the first screen come in a task of their own, once.
    let all = RwSignal::new(false);
    Effect::new(move || {
        if entries.with(Option::is_some) && !all.get_untracked() {
            ui::soon(all);
        }
    });
    // The entry that the address names is looked for, shown and marked, once.
    let wanted = Memo::new(move |_| open.url.get("entry"));
    let shown = StoredValue::new(None::<String>);
    Effect::new(move || {
        let Some(id) = wanted.get().filter(|_| all.get()).filter(|id| shown.with_value(|s| s.as_ref() != Some(id)))
        else {
            return;
        };
        let there = |e: &Value| e["id"].as_str() == Some(&id);
        match entries.with(|e| matches!(e, Some(Ok(list)) if list.iter().any(there))) {
            true => {
                shown.set_value(Some(id.clone()));
                request_animation_frame(move || reveal(&id));
            }
            false => {
                pages.further();
            }
        }
    });
    let stage = Memo::new(move |_| entries.with(|e| e.as_ref().map(|e| e.as_ref().ok().map(Vec::is_empty))));
    // An entry that is there stays as it is, so that one who reads on is not moved by what comes above.
    let some = move || {
        let most = if all.get() { usize::MAX } else { FIRST };
        let some = |list: &Vec<Value>| list.iter().take(most).cloned().collect::<Vec<_>>();
        entries.with(|e| e.as_ref().and_then(|e| e.as_ref().ok()).map(some)).unwrap_or_default()
    };
    let list = move || match stage.get() {
        None => ui::loading_rows(4),
        Some(None) => match entries.get_untracked() {
            Some(Err(error)) => ui::failed(&error, move || pages.again()),
            _ => ().into_any(),
        },
        Some(Some(true)) => ui::empty("message-square-text", t(TIMELINE_EMPTY), t(TIMELINE_EMPTY_TEXT), ().into_any()),
        Some(Some(false)) => {
            let object = object.clone();
            view! {
                <ol class="px-4 pb-6 flex flex-col">
                    <For each=some key=Value::to_string let(one)>{entry(&object, &one, beside, wanted)}</For>
                </ol>
                {pages.more()}
            }
            .into_any()
        }
    };
    // Not twice: on a phone the sheet has it.
    let sheet = Memo::new(move |_| prefs::narrow() && open.url.get("follow").is_some());
    view! { <div class="max-w-3xl">{move || (!sheet.get()).then(|| composer::composer(open))}{waiting::of(open.id.get_value())}{list}</div> }.into_any()
}

/// Brings an entry into sight.
fn reveal(id: &str) {
    if let Some(element) = document().get_element_by_id(&format!("entry-{id}")) {
        let middle = web_sys::ScrollIntoViewOptions::new();
        middle.set_block(web_sys::ScrollLogicalPosition::Center);
        element.scroll_into_view_with_scroll_into_view_options(&middle);
    }
}

/// Asks for the files of the follow-ups among these entries.
fn attachments(attached: Attached, entries: &[Value]) {
    const OBJECT: &str = "follow_up";
    let ids: Vec<String> = entries
        .iter()
        .filter(|e| e["object"] == OBJECT)
        .filter_map(|e| e.get("id").and_then(Value::as_str).map(str::to_owned))
        .collect();
    if ids.is_empty() || catalog::object(stored::OBJECT).is_none() {
        return;
    }
    leptos::task::spawn_local(async move {
        // A timeline without its files is one still.
        let Ok(found) = stored::of(OBJECT, &ids).await else { return };
        let _ = attached.try_update(|all| {
            for id in &ids {
                all.remove(id);
            }
            for file in found {
                all.entry(file.value("record").as_str().unwrap_or_default().to_owned()).or_default().push(file);
            }
        });
    });
}

fn mentions(record: &Record) -> Vec<String> {
    let ids = record.value("mentions").as_array().map(Vec::as_slice).unwrap_or_default();
    ids.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Asks for the names of the people that these entries mention.
fn mentioned(beside: Beside, entries: &[Value]) {
    let known = |id: &String| beside.people.with_untracked(|p| p.contains_key(id));
    let mut ids: Vec<String> =
        entries.iter().filter_map(|e| e["record"].as_object()).flat_map(mentions).filter(|id| !known(id)).collect();
    ids.sort();
    ids.dedup();
    let Some(object) = catalog::object("user").filter(|_| !ids.is_empty()) else { return };
    let query = ListQuery {
        limit: Some(200),
        fields: Some(vec!["id".to_owned(), object.title.to_string()]),
        filter: Some(Filter::field("id", Op::In, ids)),
        ..ListQuery::default()
    };
    leptos::task::spawn_local(async move {
        let Ok(page) = records::query(&object.plural, &query).await else { return };
        let _ = beside.people.try_update(|people| {
            people.extend(page.data.iter().map(|user| (user.id().to_owned(), user.title(&object))));
        });
    });
}

fn entry(here: &ObjectMeta, entry: &Value, beside: Beside, wanted: Memo<Option<String>>) -> Option<AnyView> {
    let at = entry.get("at").and_then(Value::as_str).unwrap_or_default();
    match entry.get("record") {
        Some(Value::Object(record)) => {
            let object = catalog::object(entry.get("object")?.as_str()?)?;
            Some(linked(&object, record, at, entry.get("actor"), beside, wanted))
        }
        // In what the record is in today, as its history.
        _ => beside
            .open
            .record
            .with_untracked(|r| changed(here, entry, at, r.as_ref().map_or("", |r| r.text("currency")))),
    }
}

/// `mark` is the entry's id, and which of them is wanted.
fn frame(
    picture: &str,
    accent: bool,
    head: AnyView,
    at: &str,
    body: AnyView,
    mark: Option<(&str, Memo<Option<String>>)>,
) -> AnyView {
    let id = mark.map(|(id, _)| format!("entry-{id}"));
    let meant = mark.map(|(id, wanted)| {
        let id = id.to_owned();
        Memo::new(move |_| wanted.with(|w| w.as_ref() == Some(&id)))
    });
    let meant = move || meant.is_some_and(|m| m.get());
    let class = move || match meant() {
        true => "flex gap-3 text-[13px] group rounded-md bg-primary/8 outline-6 outline-primary/8",
        false => "flex gap-3 text-[13px] group",
    };
    let dot = if accent {
        "size-7 rounded-full bg-primary/12 text-primary grid place-items-center shrink-0"
    } else {
        "size-7 rounded-full bg-base-content/7 grid place-items-center shrink-0"
    };
    view! {
        <li id=id class=class aria-current=move || meant().then_some("true")>
            <div class="flex flex-col items-center">
                <span class=dot>{icon(picture)}</span>
                <span class="w-px grow bg-base-300 group-last:hidden"></span>
            </div>
            <div class="min-w-0 grow pb-5">
                <p class="flex flex-wrap items-center gap-x-2 gap-y-1 min-h-7">{head}<span class="muted tnum text-xs">{bridge::date_time(at)}</span></p>
                {body}
            </div>
        </li>
    }
    .into_any()
}

/// A follow-up, task or deal that hangs on the record.
fn linked(
    object: &ObjectMeta,
    record: &Record,
    at: &str,
    actor: Option<&Value>,
    beside: Beside,
    wanted: Memo<Option<String>>,
) -> AnyView {
    let kind = object
        .fields
        .iter()
        .find(|f| f.in_list && matches!(f.kind, FieldType::Choice { .. }) && !record.value(&f.key).is_null())
        .map(|f| fields::cell(Shown::of(f, record)));
    let who = actor.map(|a| actor_name(Some(a))).unwrap_or_default();
    let face = actor.map(|a| face(a["id"].as_str(), &who, false));
    let next = object
        .field("next_contact_at")
        .map(|f| (f, Shown::of(f, record)))
        .filter(|(_, s)| !s.is_empty())
        .map(|(f, s)| badge(format!("{} {}", label(&f.label), fields::plain_text(s)), kezhan_meta::Tone::Warning));
    let title = record.title(object);
    let long = object.title_field().is_some_and(|f| matches!(f.kind, FieldType::LongText));
    let (url, name) = (record_url(object, record.id()), if long { label(&object.label) } else { title.clone() });
    let what = (!long).then(|| view! { <span class="muted">{label(&object.label)}</span> });
    let link = view! { {what}<A href=url attr:class="font-semibold hover:text-primary">{name}</A> };
    let body = if long {
        view! { <p class="whitespace-pre-wrap break-words mt-0.5">{title}</p> }.into_any()
    } else {
        ().into_any()
    };
    let id = record.id().to_owned();
    let attached = Memo::new(move |_| beside.attached.with(|all| all.get(&id).cloned()).unwrap_or_default());
    let attached = move || attached.with(|list| (!list.is_empty()).then(|| files::chips(list)));
    let named = mentions(record);
    let named = move || {
        let names: Vec<String> = beside.people.with(|p| named.iter().filter_map(|id| p.get(id).cloned()).collect());
        (!names.is_empty()).then(|| view! { <div class="flex flex-wrap gap-1 mt-1.5">{mention::chips(&names)}</div> })
    };
    let head = view! { {link}{kind}<span class="inline-flex items-center gap-1.5 muted">{face}{who}</span> }.into_any();
    frame(
        &object.icon,
        true,
        head,
        at,
        view! { {body}{named}{attached}{next.map(|n| view! { <div class="mt-1.5">{n}</div> })} }.into_any(),
        Some((record.id(), wanted)),
    )
}

/// Fields of one change that the timeline names; the history has all of them.
const CHANGES_SHOWN: usize = 6;
/// Longer texts are told of by the name of the field.
const VALUE_SHOWN: usize = 24;

/// `金额 ¥100.00 → ¥200.00`; the field alone where its values are long. Names may have to be asked for.
fn told(field: &FieldMeta, change: &Value, currency: &str) -> Signal<String> {
    let name = label(&field.label);
    if change["erased"] == true {
        return Signal::stored(name);
    }
    let side = |key: &str| history::side(field, change.get(key).unwrap_or(&Value::Null), currency);
    let (from, to) = (side("from"), side("to"));
    Signal::derive(move || {
        let short = |text: String| match text.chars().count() {
            0 => Some("–".to_owned()),
            n => (n <= VALUE_SHOWN).then_some(text),
        };
        match (short(from.get()), short(to.get())) {
            (Some(from), Some(to)) if from != to => format!("{name} {from} → {to}"),
            _ => name.clone(),
        }
    })
}

/// A change of the record itself.
fn changed(here: &ObjectMeta, entry: &Value, at: &str, currency: &str) -> Option<AnyView> {
    let (picture, verb) = match entry.get("action").and_then(Value::as_str)? {
        "create" => ("plus", HISTORY_CREATED),
        "delete" => ("trash-2", HISTORY_DELETED),
        "restore" => ("rotate-ccw", HISTORY_RESTORED),
        _ => ("pencil", HISTORY_UPDATED),
    };
    let changes = entry.get("changes").and_then(Value::as_object).into_iter().flatten();
    let fields = changes.filter_map(|(key, change)| Some((here.field(key).filter(|f| !f.hidden)?, change)));
    let told: Vec<Signal<String>> = match verb == HISTORY_UPDATED {
        true => fields.map(|(field, change)| told(field, change, currency)).take(CHANGES_SHOWN).collect(),
        false => Vec::new(),
    };
    let names = move || told.iter().map(|one| one.get()).collect::<Vec<_>>().join(crate::i18n::comma());
    let who = actor_name(entry.get("actor"));
    let face = face(entry["actor"]["id"].as_str(), &who, false);
    let head = view! { <span class="inline-flex items-center gap-1.5 font-semibold">{face}{who}</span><span>{t(verb)}</span><span class="muted">{names}</span> }.into_any();
    Some(frame(picture, false, head, at, ().into_any(), None))
}
