//! Follow-ups that wait for the network, or that the server has refused: each can be changed, tried again or withdrawn.

use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    CANCEL, EDIT, FOLLOW_UP_HINT, FOLLOW_UP_NEXT, OUTBOX, OUTBOX_EMPTY, OUTBOX_FAILED, OUTBOX_WAITS, OUTBOX_WITHDRAW,
    OUTBOX_WITHDRAWN, RETRY, SAVE, UNDO, t,
};
use crate::record::follow::OBJECT;
use crate::record::list::record_url;
use crate::state::offline::{self, FILES, RECORD, REFUSED, refusal};
use crate::state::{app, catalog, prefs, toast};
use crate::ui::{self, Button, DateInput, Layer, Look, Shape, badge, icon};
use kezhan_meta::problem::Code;
use kezhan_meta::{Record, Tone, normalise_value};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::{Value, json};

/// All of them, each under the name of the record that it is about.
pub fn dialog(open: RwSignal<bool>) -> AnyView {
    let empty =
        move || app().waiting.with(Vec::is_empty).then(|| ui::empty("check-check", t(OUTBOX_EMPTY), "", ().into_any()));
    view! {
        <Layer shape=Shape::Dialog label=t(OUTBOX) on_close=move |()| open.set(false)>
            <div class="overflow-y-auto scroll-thin">{empty}{list(move |_| true, Some(open))}</div>
        </Layer>
    }
    .into_any()
}

/// Those about this record.
pub fn of(id: String) -> AnyView {
    let about = move |entry: &Record| {
        entry.get(RECORD).and_then(Value::as_object).is_some_and(|r| r.values().any(|v| v.as_str() == Some(&id)))
    };
    list(about, None)
}

fn list(wanted: impl Fn(&Record) -> bool + Send + Sync + 'static, dialog: Option<RwSignal<bool>>) -> AnyView {
    let each = move || app().waiting.with(|all| all.iter().filter(|e| wanted(e)).cloned().collect::<Vec<_>>());
    view! {
        <ul class="px-4 flex flex-col mb-3" data-waiting>
            // Drawn anew only where it has changed: what is being typed stays.
            <For each=each key=|entry| json!(entry).to_string() children=move |entry| item(entry, dialog)/>
        </ul>
    }
    .into_any()
}

fn item(entry: Record, dialog: Option<RwSignal<bool>>) -> AnyView {
    let (Some(object), Some(Value::Object(record))) = (catalog::object(OBJECT), entry.get(RECORD).cloned()) else {
        return ().into_any();
    };
    let kind = object.field("kind").map(|f| fields::cell(Shown::of(f, &record)));
    let at = entry.get("at").cloned().unwrap_or_default().as_f64().unwrap_or_default();
    let at = bridge::date_time(&String::from(js_sys::Date::new(&at.into()).to_iso_string()));
    let reason = refusal(&entry).map(str::to_owned);
    let refused = reason.is_some();
    let sign = if refused { badge(t(OUTBOX_FAILED), Tone::Danger) } else { badge(t(OUTBOX_WAITS), Tone::Warning) };
    let about = dialog.and_then(|open| {
        let link = entry.get("link")?.as_str()?;
        let target = catalog::object(object.field(link)?.target()?)?;
        let (url, name) = (record_url(&target, record.get(link)?.as_str()?), entry.get("title")?.as_str()?.to_owned());
        Some(view! { <A href=url attr:class="font-semibold hover:text-primary" on:click=move |_| open.set(false)>{name}</A> })
    });
    let text = record.get("content").and_then(Value::as_str).unwrap_or_default().to_owned();
    let files = entry.get(FILES).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let files: Vec<String> = files.map(str::to_owned).collect();
    let editing = RwSignal::new(false);
    let kept = StoredValue::new(entry);
    let withdraw = move |_| {
        leptos::task::spawn_local(async move {
            let entry = kept.get_value();
            let files = send_wrapper::SendWrapper::new(offline::withdraw(&entry).await);
            let back = move || {
                let (entry, files) = (entry.clone(), files.clone());
                leptos::task::spawn_local(async move {
                    offline::put(&entry, Some(&files)).await;
                });
            };
            toast::undoable(t(OUTBOX_WITHDRAWN), t(UNDO), back);
        });
    };
    let body = move || {
        match editing.get() {
        true => form(kept, editing),
        false => view! {
            <p class="whitespace-pre-wrap break-words">{text.clone()}</p>
            {(!files.is_empty()).then(|| view! {
                <p class="flex flex-wrap gap-1.5">{files.iter().map(|name| view! { <span class="tag tone-neutral max-w-60">{icon("paperclip")}<span class="truncate">{name.clone()}</span></span> }).collect_view()}</p>
            })}
            {reason.clone().map(|reason| view! { <p class="text-error" role="alert">{reason}</p> })}
            <div class="flex flex-wrap gap-1 -ms-2">
                {refused.then(|| view! { <Button label=t(RETRY) look=Look::Quiet icon="rotate-cw" on_click=move |_| leptos::task::spawn_local(offline::send())/> })}
                <Button label=t(EDIT) look=Look::Quiet icon="pencil" on_click=move |_| editing.set(true)/>
                <Button label=t(OUTBOX_WITHDRAW) look=Look::Quiet icon="undo-2" on_click=withdraw/>
            </div>
        }
        .into_any(),
    }
    };
    view! {
        <li class="flex flex-col gap-1 py-3 text-[13px] border-b border-base-300/60 last:border-0">
            <p class="flex flex-wrap items-center gap-x-2 gap-y-1">{about}{sign}{kind}<span class="muted tnum text-xs">{at}</span></p>
            {body}
        </li>
    }
    .into_any()
}

fn form(kept: StoredValue<Record>, editing: RwSignal<bool>) -> AnyView {
    let of = |name: &str| {
        let text = kept.with_value(|e| e.get(RECORD)?.get(name)?.as_str().map(str::to_owned));
        text.unwrap_or_default()
    };
    let id = kept.with_value(|e| format!("waiting-{}", e.get("key").and_then(Value::as_str).unwrap_or_default()));
    let content = RwSignal::new(of("content"));
    let next = RwSignal::new(bridge::wall_clock(&of("next_contact_at")));
    let fault = RwSignal::new(None::<String>);
    let says = move |code: Code| fault.set(Some(code.message(prefs::lang(), &[])));
    let save = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let Some(field) = catalog::object(OBJECT).and_then(|o| o.field("content").cloned()) else { return };
        let text = match normalise_value(&field, &json!(content.get_untracked())) {
            Ok(Value::Null) => return says(Code::Required),
            Ok(text) => text,
            Err(problem) => return fault.set(Some(problem.item(prefs::lang()).message)),
        };
        let when = next.get_untracked();
        let at = bridge::local_to_instant(when.trim());
        if at.is_none() && !when.trim().is_empty() {
            return says(Code::BadDate);
        }
        let mut entry = kept.get_value();
        entry.remove(REFUSED);
        if let Some(Value::Object(record)) = entry.get_mut(RECORD) {
            record.insert("content".to_owned(), text);
            record.insert("next_contact_at".to_owned(), json!(at));
        }
        leptos::task::spawn_local(async move {
            let _ = editing.try_set(false);
            offline::put(&entry, None).await;
            if !app().offline.get_untracked() {
                offline::send().await;
            }
        });
    };
    view! {
        <form class="flex flex-col gap-2" on:submit=save>
            <textarea class="textarea min-h-20 field-sizing-content max-h-96" rows="3" aria-label=t(FOLLOW_UP_HINT)
                prop:value=move || content.get() on:input=move |ev| content.set(event_target_value(&ev))></textarea>
            {move || fault.get().map(|text| view! { <p class="text-xs text-error" role="alert">{text}</p> })}
            <div class="flex flex-wrap items-center gap-2">
                <label class="text-xs muted" for=id.clone()>{t(FOLLOW_UP_NEXT)}</label>
                <div class="w-48"><DateInput id=id value=next time=true/></div>
                <div class="grow"></div>
                <Button label=t(CANCEL) on_click=move |_| editing.set(false)/>
                <Button label=t(SAVE) look=Look::Primary submit=true/>
            </div>
        </form>
    }
    .into_any()
}
