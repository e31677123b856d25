//! Writing down a contact in a few seconds: kind, words, next time.

use super::Open;
use super::mention::Mentions;
use crate::api::client::ApiError;
use crate::api::records::RecordExt;
use crate::i18n::{
    COMPOSER, COMPOSER_FOLLOW_UP, COMPOSER_TASK, FOLLOW_UP_ADDED, FOLLOW_UP_HINT, FOLLOW_UP_NEXT, FOLLOW_UP_PHRASE,
    FOLLOW_UP_PHRASES, FOLLOW_UP_SAVE, MENTION_HINT, OUTBOX_KEPT, label, t,
};
use crate::record::files::{self, Uploads};
use crate::record::follow::{self, OBJECT};
use crate::record::form::{Slot, keepable};
use crate::state::{offline, prefs, toast, touched};
use crate::ui::{Button, DateInput, Layer, Look, Shape, icon, icon_large, keys};
use kezhan_meta::{ObjectMeta, Record, normalise_value};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// Only where a follow-up can refer to this kind of record.
pub fn composer(open: Open) -> AnyView {
    let object = open.object();
    let Some((follow_up, link)) = follow::link(&object) else { return ().into_any() };
    let tasks = super::task::possible(&object);
    let to_do = RwSignal::new(false);
    let tab = move |text: &'static str, picture: &'static str, value: bool| {
        view! {
            <button type="button" class=move || if to_do.get() == value { "btn btn-quiet !text-primary font-semibold" } else { "btn btn-quiet muted" }
                aria-pressed=move || (to_do.get() == value).to_string() on:click=move |_| to_do.set(value)>{icon(picture)}{text}</button>
        }
    };
    view! {
        {tasks.is_some().then(|| view! {
            <div class="flex gap-1 mx-4 mt-3 -mb-2" role="group" aria-label=t(COMPOSER)>
                {tab(t(COMPOSER_FOLLOW_UP), "message-square-text", false)}{tab(t(COMPOSER_TASK), "square-check-big", true)}
            </div>
        })}
        // Both stay: what was begun in one is there when one comes back from the other.
        <div class=move || if to_do.get() { "hidden" } else { "" }>{form(open, follow_up, link, None)}</div>
        {tasks.map(|(task, link)| view! {
            <div class=move || if to_do.get() { "" } else { "hidden" }>{super::task::form(open, task, link)}</div>
        })}
    }
    .into_any()
}

/// For the thumb: a button over the page of a phone, and the sheet that it opens.
pub fn quick(open: Open) -> AnyView {
    let object = open.object();
    if follow::link(&object).is_none() {
        return ().into_any();
    }
    let asked = Memo::new(move |_| open.url.get("follow").is_some());
    let close = Callback::new(move |()| open.url.replace(&[("follow", None)]));
    let sheet = move || {
        let (follow_up, link) = follow::link(&open.object())?;
        asked.get().then(|| {
            super::focus_later("follow-up-content".to_owned());
            view! {
                <Layer shape=Shape::Dialog label=t(FOLLOW_UP_SAVE) on_close=close>
                    <div class="overflow-y-auto">{form(open, follow_up, link, Some(close))}</div>
                </Layer>
            }
        })
    };
    // Over the timeline there is the whole form.
    let written = move || open.url.get("tab").as_deref() == Some("timeline");
    view! {
        <button type="button" class="btn btn-primary absolute right-4 bottom-4 z-20 !size-14 !rounded-full shadow-lg print:hidden" data-afloat aria-label=t(FOLLOW_UP_SAVE)
            class:hidden=written
            on:click=move |_| open.url.push(&[("follow", Some("1".to_owned()))])>{icon_large("message-square-text")}</button>
        {sheet}
    }
    .into_any()
}

/// What is said most often, put where one writes.
fn phrases(content: RwSignal<Value>) -> AnyView {
    let add = move |text: &'static str| {
        content.update(|now| {
            let said = now.as_str().unwrap_or_default().trim_end();
            *now = Value::String(if said.is_empty() { text.to_owned() } else { format!("{said}\n{text}") });
        });
    };
    let each = t(FOLLOW_UP_PHRASES).split('|').map(|text| {
        view! { <button type="button" class="btn btn-plain shrink-0" on:click=move |_| add(text)>{text}</button> }
    });
    view! { <div class="flex gap-1.5 overflow-x-auto scroll-thin pb-1" role="group" aria-label=t(FOLLOW_UP_PHRASE)>{each.collect_view()}</div> }
        .into_any()
}

/// In a sheet of its own it is `done` once it is kept.
fn form(open: Open, follow_up: Arc<ObjectMeta>, link: String, done: Option<Callback<()>>) -> AnyView {
    let kinds = follow_up.field("kind").map(|f| f.options().to_vec()).unwrap_or_default();
    let kind = RwSignal::new(kinds.first().map(|k| k.value.to_string()).unwrap_or_default());
    let content = RwSignal::new(Value::Null);
    let mentions = Mentions::new(content);
    let next = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    // Files wait here until the follow-up is made; those of the last one are still on their way meanwhile.
    let waiting = RwSignal::new(Uploads::new(None));
    let leaving = RwSignal::new(None::<Uploads>);
    let owner = Owner::current().map(StoredValue::new);
    keep(&follow_up, (&link, open.id.get_value()), (content, kind, next), mentions);
    let names_people = follow_up.field("mentions").is_some_and(|f| !f.read_only);
    let send = Callback::new(move |()| {
        if busy.get_untracked() {
            return;
        }
        error.set(None);
        let Some(field) = follow_up.field("content") else { return };
        let text = match normalise_value(field, &content.get_untracked()) {
            Ok(Value::Null) => {
                return error.set(Some(kezhan_meta::problem::Code::Required.message(prefs::lang(), &[])));
            }
            Ok(text) => text,
            Err(fault) => return error.set(Some(fault.item(prefs::lang()).message)),
        };
        let mut record = Record::new();
        record.insert("kind".to_owned(), json!(kind.get_untracked()));
        record.insert("content".to_owned(), text);
        let named = mentions.ids();
        if names_people && !named.is_empty() {
            record.insert("mentions".to_owned(), json!(named));
        }
        record.insert(link.clone(), json!(open.id.get_value()));
        // A deal's follow-up is also one of its customer.
        if let Some(here) = open.record.get_untracked() {
            for key in ["account", "contact"] {
                let both =
                    follow_up.field(key).is_some() && open.object().field(key).and_then(|f| f.target()) == Some(key);
                if let Some(value) = here.get(key).filter(|v| both && !v.is_null()) {
                    record.insert(key.to_owned(), value.clone());
                }
            }
        }
        let when = next.get_untracked();
        if !when.trim().is_empty() {
            match crate::bridge::local_to_instant(when.trim()) {
                Some(at) => {
                    record.insert("next_contact_at".to_owned(), json!(at));
                }
                None => return error.set(Some(kezhan_meta::problem::Code::BadDate.message(prefs::lang(), &[]))),
            }
        }
        // What waits for the network has happened now.
        if offline::no_network() {
            record.insert("happened_at".to_owned(), json!(String::from(js_sys::Date::new_0().to_iso_string())));
        }
        busy.set(true);
        let (link, about) = (link.clone(), open.object());
        let title = open.record.with_untracked(|r| r.as_ref().map(|r| r.title(&about)).unwrap_or_default());
        leptos::task::spawn_local(async move {
            let key = uuid::Uuid::new_v4().to_string();
            let mut record = record;
            let answer = offline::deliver(&key, &mut record, &link).await;
            let _ = busy.try_set(false);
            match answer {
                Err(ApiError::Network)
                    if offline::keep(
                        &key,
                        &record,
                        &link,
                        &title,
                        &waiting.try_get_untracked().map(Uploads::files).unwrap_or_default(),
                    )
                    .await =>
                {
                    if let Some(files) = waiting.try_get_untracked() {
                        files.clear();
                    }
                    let _ = content.try_set(Value::Null);
                    mentions.clear();
                    let _ = next.try_set(String::new());
                    toast::done(t(OUTBOX_KEPT));
                    finished(done);
                }
                Ok(made) => {
                    if let Some(files) = waiting.try_get_untracked().filter(|w| !w.is_empty()) {
                        files.send_to(OBJECT, made.id());
                        let fresh = owner.and_then(|o| o.try_get_value()).map(|o| o.with(|| Uploads::new(None)));
                        leaving.set(Some(files));
                        waiting.set(fresh.unwrap_or(files));
                    }
                    let _ = content.try_set(Value::Null);
                    mentions.clear();
                    let _ = next.try_set(String::new());
                    toast::done(t(FOLLOW_UP_ADDED));
                    touched();
                    // The button could not be pressed meanwhile, and has lost the keyboard by that.
                    keys::resume("follow-up-content");
                    // What is still being sent shows in the sheet until it has arrived.
                    if leaving.try_get_untracked().flatten().is_none() {
                        finished(done);
                    }
                }
                Err(problem) => {
                    let _ = error.try_set(Some(
                        problem.items().first().map_or_else(|| problem.message(), |i| i.message.clone()),
                    ));
                }
            }
        });
    });
    Effect::new(move || {
        if leaving.get().is_some_and(Uploads::through) {
            leaving.set(None);
            // Whoever has begun with the next one goes on with it.
            if content.with_untracked(|text| text.as_str().is_none_or(str::is_empty)) {
                finished(done);
            }
        }
    });
    let attach = files::possible();
    Effect::new(move || {
        // On a phone there is a sheet for it, open as long as the address says so.
        if open.url.get("follow").is_none() || prefs::narrow() {
            return;
        }
        request_animation_frame(move || {
            if let Some(field) = document().get_element_by_id("follow-up-content") {
                let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(field).focus();
            }
            open.url.replace(&[("follow", None)]);
        });
    });
    let take = move |ev: &web_sys::Event, list: Vec<web_sys::File>| {
        if attach && !list.is_empty() {
            ev.prevent_default();
            waiting.get_untracked().add(list);
        }
    };
    view! {
        <form class=if done.is_some() { "p-4 flex flex-col gap-3" } else { "panel m-4 p-3 flex flex-col gap-2" } aria-label=t(FOLLOW_UP_SAVE)
            on:submit=move |ev| { ev.prevent_default(); send.run(()) }
            on:paste=move |ev| take(&ev, files::pasted(&ev))
            on:dragover=move |ev| ev.prevent_default()
            on:drop=move |ev| take(&ev, files::list_of(ev.data_transfer().and_then(|d| d.files())))
            on:keydown=move |ev| if ev.key() == "Enter" && (ev.ctrl_key() || ev.meta_key()) && !keys::composing(&ev) { ev.prevent_default(); send.run(()) }>
            <div class="flex flex-wrap gap-1" role="radiogroup">
                {kinds.into_iter().map(|k| {
                    let value = k.value.to_string();
                    let (mine, pick) = (value.clone(), value);
                    let on = Memo::new(move |_| kind.with(|k| *k == mine));
                    view! {
                        <button type="button" role="radio" aria-checked=move || on.get().to_string()
                            class=move || if on.get() { "tap px-2.5 h-7 rounded-full text-xs bg-primary/12 text-primary font-semibold" } else { "tap px-2.5 h-7 rounded-full text-xs muted hover:bg-base-content/6" }
                            on:click=move |_| kind.set(pick.clone())>{label(&k.label)}</button>
                    }
                }).collect_view()}
            </div>
            <label class="text-xs muted" for="follow-up-content">{t(FOLLOW_UP_HINT)}{names_people.then(|| t(MENTION_HINT))}</label>
            {done.is_some().then(|| phrases(content))}
            {mentions.view("follow-up-content", Signal::derive(move || error.get().is_some()))}
            {move || error.get().map(|text| view! { <p class="text-xs text-error" role="alert">{text}</p> })}
            {move || leaving.get().map(Uploads::view)}
            {move || waiting.get().view()}
            <div class="flex flex-wrap items-center gap-2">
                {move || attach.then(|| files::pickers(waiting.get(), "follow-up-file"))}
                <label class="text-xs muted max-md:w-full" for="follow-up-next">{t(FOLLOW_UP_NEXT)}</label>
                <div class="w-48 max-md:w-52 max-md:grow"><DateInput id="follow-up-next" value=next time=true/></div>
                <div class="grow max-md:hidden"></div>
                <Button label=t(FOLLOW_UP_SAVE) look=Look::Primary submit=true busy=busy/>
            </div>
        </form>
    }
    .into_any()
}

/// What was begun is there again after a reload, until it is kept or emptied.
fn keep(
    follow_up: &ObjectMeta,
    (link, id): (&str, String),
    (content, kind, next): (RwSignal<Value>, RwSignal<String>, RwSignal<String>),
    mentions: Mentions,
) {
    if !follow_up.field("content").is_some_and(keepable) {
        return;
    }
    // Not where the form of follow-ups keeps its own.
    let about = [(link.to_owned(), json!(id)), ("composer".to_owned(), json!("1"))];
    let slot = Slot::of(follow_up, None, &Record::from_iter(about));
    if let Some((kept, _)) = slot.read() {
        content.set(kept.get("content").cloned().unwrap_or_default());
        mentions.restore(kept.get("mentions").unwrap_or(&Value::Null));
        for (key, signal) in [("kind", kind), ("next", next)] {
            if let Some(text) = kept.get(key).and_then(Value::as_str) {
                signal.set(text.to_owned());
            }
        }
    }
    Effect::new(move || {
        let text = content.get();
        let rest = [("kind", json!(kind.get())), ("next", json!(next.get())), ("mentions", mentions.chosen())];
        match text.as_str().is_some_and(|text| !text.trim().is_empty()) {
            true => {
                let all = std::iter::once(("content", text)).chain(rest);
                slot.write(all.map(|(key, value)| (key.to_owned(), value)).collect());
            }
            false => slot.remove(),
        }
    });
}

fn finished(done: Option<Callback<()>>) {
    if let Some(done) = done {
        let _ = done.try_run(());
    }
}
