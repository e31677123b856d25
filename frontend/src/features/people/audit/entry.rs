//! One thing that happened, and all that is known of it.

use crate::api::audit::Entry;
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    AUDIT_AGENT, AUDIT_AS, AUDIT_IP, AUDIT_NOBODY, AUDIT_REQUEST, AUDIT_SAID, AUDIT_THROUGH, AUDIT_VIA, AUDIT_WITHHELD,
    Key, LIST_JOIN, NO, YES, action_name, label, t, tf,
};
use crate::layout::nav;
use crate::record::detail::history;
use crate::state::catalog;
use crate::ui::icon;
use kezhan_meta::{FieldMeta, ObjectMeta};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::Value;

pub fn line(entry: Entry) -> AnyView {
    let open = RwSignal::new(false);
    let actor = match (name_of(entry.actor.as_ref()), entry.channel.as_str()) {
        (Some(name), _) => name,
        (None, "web" | "api") => t(AUDIT_NOBODY).to_owned(),
        (None, channel) => history::channel(channel),
    };
    let seen_as = name_of(entry.seen_as.as_ref()).map(|name| tf(AUDIT_AS, &[("name", &name)]));
    let object = entry.object.as_deref().and_then(catalog::object);
    let title = entry.record.as_ref().and_then(|r| r.get("title")).and_then(Value::as_str).unwrap_or_default();
    let what = [object.as_ref().map(|o| label(&o.label)).unwrap_or_default(), title.to_owned()];
    let what = what.into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" · ");
    let warns = matches!(entry.action.as_str(), "sign_in_failed" | "token_reused");
    let (verb, at, ip) =
        (action_name(&entry.action), bridge::date_time(&entry.at), entry.ip.clone().unwrap_or_default());
    let more = StoredValue::new(entry);
    view! {
        <li class="border-b border-base-300/60 text-[13px]">
            <button type="button" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)
                class="w-full text-start px-4 py-2 min-h-11 grid gap-x-4 gap-y-0.5 grid-cols-[1fr_auto] md:grid-cols-[10rem_10rem_1fr_9rem_1.25rem] items-center hover:bg-base-content/4">
                <span class="muted tnum whitespace-nowrap order-3 md:order-none">{at}</span>
                <span class="min-w-0 wrap-anywhere md:truncate">
                    <span class="font-semibold">{actor}</span>
                    {seen_as.map(|text| view! { <span class="muted ms-1">{text}</span> })}
                </span>
                <span class="min-w-0 wrap-anywhere md:truncate col-span-full md:col-span-1 order-2 md:order-none">
                    <span class=if warns { "text-error font-semibold" } else { "" }>{verb}</span>
                    {(!what.is_empty()).then(|| view! { <span class="muted ms-2">{what}</span> })}
                </span>
                <span class="muted tnum truncate order-4 md:order-none text-end md:text-start">{ip}</span>
                <span class="muted justify-self-end">{move || icon(if open.get() { "chevron-up" } else { "chevron-down" })}</span>
            </button>
            {move || open.get().then(|| more.with_value(|entry| details(entry, object.as_deref())))}
        </li>
    }
    .into_any()
}

fn name_of(person: Option<&Value>) -> Option<String> {
    let known = |key: &str| person.and_then(|p| p.get(key)).and_then(Value::as_str).map(str::to_owned);
    known("name").or_else(|| known("username"))
}

fn details(entry: &Entry, object: Option<&ObjectMeta>) -> AnyView {
    let fact = |name: Key, value: Option<String>| {
        value.filter(|v| !v.is_empty()).map(|value| {
            view! { <div class="min-w-0"><dt class="muted text-xs">{t(name)}</dt><dd class="break-words">{value}</dd></div> }
        })
    };
    let record =
        entry.record.as_ref().and_then(|r| r.get("id")).and_then(Value::as_str).zip(object).map(|(id, object)| {
            let (href, name) = (format!("{}/{id}", nav::list_url(object)), label(&object.label));
            view! { <A href=href attr:class="link inline-flex items-center gap-1">{icon("external-link")}{name}</A> }
        });
    let changes = object.map(|object| {
        entry.changes.iter().filter_map(|(key, change)| changed(object.field(key)?, change)).collect_view()
    });
    let detail = entry.detail.as_object().into_iter().flatten().filter_map(|(key, value)| {
        let text = said(object, value)?;
        Some(view! { <div class="min-w-0"><dt class="muted text-xs">{AUDIT_SAID.name(key)}</dt><dd class="break-words">{text}</dd></div> })
    });
    view! {
        <div class="px-4 pb-3 md:ps-[11rem] flex flex-col gap-3">
            {entry.withheld.then(|| view! { <p class="muted flex items-center gap-1.5">{icon("eye-off")}{t(AUDIT_WITHHELD)}</p> })}
            <ul class="flex flex-col gap-1">{changes}</ul>
            <dl class="grid sm:grid-cols-2 lg:grid-cols-4 gap-x-4 gap-y-2">
                {detail.collect_view()}
                {fact(AUDIT_THROUGH, Some(history::channel(&entry.channel)))}
                {fact(AUDIT_IP, entry.ip.clone())}
                {fact(AUDIT_AGENT, entry.agent.clone())}
                {fact(AUDIT_VIA, entry.via.clone())}
                {fact(AUDIT_REQUEST, Some(entry.request_id.clone()))}
            </dl>
            <div>{record}</div>
        </div>
    }
    .into_any()
}

/// What an entry says besides, in words. Ids say nothing to people, and go into the exported file.
fn said(object: Option<&ObjectMeta>, value: &Value) -> Option<String> {
    let word = |text: &str| {
        let field = object.and_then(|o| o.field(text)).map(|f| label(&f.label));
        field.or_else(|| catalog::object(text).map(|o| label(&o.label))).unwrap_or_else(|| text.to_owned())
    };
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() || uuid::Uuid::parse_str(text).is_ok() => None,
        Value::String(text) => Some(word(text)),
        Value::Bool(yes) => Some(t(if *yes { YES } else { NO }).to_owned()),
        Value::Array(list) => {
            let words: Vec<String> = list.iter().filter_map(|one| said(object, one)).collect();
            (!words.is_empty()).then(|| words.join(t(LIST_JOIN)))
        }
        other => Some(other.to_string()),
    }
}

/// A field from what to what.
fn changed(field: &FieldMeta, change: &Value) -> Option<AnyView> {
    let side = |name: &str| change.get(name).cloned().unwrap_or(Value::Null);
    let (from, to) = (side("from"), side("to"));
    if from.is_null() && to.is_null() {
        return None;
    }
    let text = |value: &Value| match field.target().filter(|_| !value.is_null()) {
        Some(target) => fields::reference::names_later(target, value),
        None => Signal::stored(fields::plain_text(Shown { field, value, expanded: None, currency: "" })),
    };
    let (before, after) = (text(&from), text(&to));
    Some(
        view! {
            <li class="flex flex-wrap items-baseline gap-x-2 min-w-0">
                <span class="muted">{label(&field.label)}</span>
                {(!from.is_null()).then(|| view! { <span class="line-through muted break-all min-w-0">{move || before.get()}</span><span class="muted">{icon("arrow-right")}</span> })}
                <span class="break-all min-w-0">{move || if to.is_null() { "–".to_owned() } else { after.get() }}</span>
            </li>
        }
        .into_any(),
    )
}
