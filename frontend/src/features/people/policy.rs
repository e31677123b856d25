//! What the company asks of everybody who signs in, with how many it concerns before it is saved.

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::api::security;
use crate::i18n::{
    POLICY_CLASSES, POLICY_CLASSES_HINT, POLICY_DAYS, POLICY_EFFECT_FACTOR, POLICY_EFFECT_NONE, POLICY_EFFECT_PASSWORD,
    POLICY_EFFECT_SESSIONS, POLICY_FACTOR, POLICY_FACTOR_OPTIONAL, POLICY_FACTOR_REQUIRED, POLICY_FACTOR_ROLES,
    POLICY_FACTOR_TEXT, POLICY_GUESSABLE, POLICY_HISTORY, POLICY_IDLE, POLICY_IDLE_HINT, POLICY_LENGTH, POLICY_NEVER,
    POLICY_PASSWORDS, POLICY_PASSWORDS_TEXT, POLICY_SESSION_DAYS, POLICY_SESSIONS, POLICY_TEXT, POLICY_TITLE,
    ROLE_DISCARD, SAVE, SAVED, t, tf,
};
use crate::layout::settings;
use crate::state::{catalog, toast};
use crate::ui::{self, Button, Field, Look};
use kezhan_meta::Record;
use kezhan_meta::query::{ListQuery, Sort};
use leptos::prelude::*;
use serde_json::{Map, Value, json};

type Draft = RwSignal<Map<String, Value>>;
type Faults = RwSignal<Option<ApiError>>;

pub fn screen() -> AnyView {
    let loaded = RwSignal::new(None::<Result<(Map<String, Value>, Vec<Record>), ApiError>>);
    let load = move || {
        leptos::task::spawn_local(async move {
            let _ = loaded.try_set(Some(fetch().await));
        });
    };
    load();
    let body = move || match loaded.get() {
        None => ui::loading_rows(6),
        Some(Err(error)) => ui::failed(&error, load),
        Some(Ok((policy, roles))) => form(policy, roles),
    };
    view! {
        <section class="grow min-h-0 flex flex-col">
            {settings::head(POLICY_TITLE, POLICY_TEXT, ().into_any())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin p-4">
                <div class="max-w-3xl flex flex-col gap-4">{body}</div>
            </div>
        </section>
    }
    .into_any()
}

async fn fetch() -> Result<(Map<String, Value>, Vec<Record>), ApiError> {
    let policy = security::policy().await?;
    let query = ListQuery { sort: vec![Sort::parse("name")], limit: Some(200), ..ListQuery::default() };
    Ok((policy, records::query("roles", &query).await?.data))
}

fn form(policy: Map<String, Value>, roles: Vec<Record>) -> AnyView {
    let (draft, saved) = (RwSignal::new(policy.clone()), RwSignal::new(policy));
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let effect = RwSignal::new(None::<Map<String, Value>>);
    let changed = Memo::new(move |_| draft.get() != saved.get());
    Effect::new(move || {
        let wish = draft.get();
        faults.set(None);
        if wish == saved.get() {
            return effect.set(None);
        }
        leptos::task::spawn_local(async move {
            match security::policy_effect(&wish).await {
                // Of what was asked last only.
                Ok(found) if draft.try_get_untracked().as_ref() == Some(&wish) => drop(effect.try_set(Some(found))),
                Ok(_) => {}
                Err(error) => {
                    let _ = effect.try_set(None);
                    let _ = faults.try_set(Some(error));
                }
            }
        });
    });
    let save = move |_| {
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = security::put_policy(&draft.get_untracked()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(now) => {
                    let _ = saved.try_set(now.clone());
                    let _ = draft.try_set(now);
                    toast::done(t(SAVED));
                }
                Err(error) if error.items().is_empty() => toast::error(&error),
                Err(error) => drop(faults.try_set(Some(error))),
            }
        });
    };
    view! {
        {factor(draft, faults, roles)}
        {passwords(draft, faults)}
        {sessions(draft, faults)}
        {move || changed.get().then(|| view! {
            <div class="sticky bottom-0 max-md:-bottom-4 z-10 panel p-3 max-md:-mx-4 max-md:-mb-4 max-md:rounded-none max-md:border-x-0 flex flex-wrap justify-end items-center gap-3">
                <div class="grow min-w-48 max-md:w-full text-[13px] empty:hidden" aria-live="polite">{move || effect.get().map(|found| consequences(&found))}</div>
                <Button label=t(ROLE_DISCARD) on_click=move |_| draft.set(saved.get_untracked())/>
                <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
            </div>
        })}
    }
    .into_any()
}

/// Whom it concerns, in sentences.
fn consequences(found: &Map<String, Value>) -> AnyView {
    let count = |key: &str| found.get(key).and_then(Value::as_i64).unwrap_or_default();
    let sentences: Vec<String> = [
        ("second_factor", POLICY_EFFECT_FACTOR),
        ("sessions", POLICY_EFFECT_SESSIONS),
        ("password", POLICY_EFFECT_PASSWORD),
    ]
    .into_iter()
    .filter(|(key, _)| count(key) > 0)
    .map(|(key, text)| tf(text, &[("n", &count(key).to_string())]))
    .collect();
    match sentences.is_empty() {
        true => view! { <p class="muted">{t(POLICY_EFFECT_NONE)}</p> }.into_any(),
        false => sentences.into_iter().map(|s| view! { <p class="font-semibold">{s}</p> }).collect_view().into_any(),
    }
}

fn section(title: &'static str, text: &'static str, body: AnyView) -> AnyView {
    view! {
        <section class="panel p-4 flex flex-col gap-3">
            <div>
                <h2 class="font-semibold">{title}</h2>
                {(!text.is_empty()).then(|| view! { <p class="muted text-[13px]">{text}</p> })}
            </div>
            {body}
        </section>
    }
    .into_any()
}

fn fault(faults: Faults, key: &'static str) -> Signal<Option<String>> {
    Signal::derive(move || {
        let item = |e: &ApiError| e.items().iter().find(|i| i.field == key).map(|i| i.message.clone());
        faults.with(|f| f.as_ref().and_then(item))
    })
}

/// A whole number; nothing means never, where `empty` is allowed.
fn number(
    draft: Draft,
    faults: Faults,
    key: &'static str,
    texts: (&'static str, &'static str),
    empty: bool,
) -> AnyView {
    let id = format!("policy-{key}");
    let shown = move || draft.with(|d| d.get(key).filter(|v| !v.is_null()).map(Value::to_string)).unwrap_or_default();
    let put = move |ev: leptos::ev::Event| {
        let text = event_target_value(&ev);
        let value = text.trim().parse::<u32>().map_or(Value::Null, |n| json!(n));
        // What is not a number stays as it was where one is needed.
        if empty || !value.is_null() {
            draft.update(|d| drop(d.insert(key.to_owned(), value)));
        } else {
            draft.update(|_| ());
        }
    };
    view! {
        <Field id=id.clone() label=texts.0 hint=texts.1 error=fault(faults, key)>
            <input id=id.clone() type="number" min="0" inputmode="numeric" class="input !w-32 tnum" aria-describedby=format!("{id}-note")
                placeholder=if empty { t(POLICY_NEVER) } else { "" } prop:value=shown on:change=put
                on:input=move |ev| { if event_target_value(&ev).parse::<u32>().is_ok() { put(ev) } }/>
        </Field>
    }
    .into_any()
}

fn passwords(draft: Draft, faults: Faults) -> AnyView {
    const KEY: &str = "password_guessable_refused";
    let on = move || draft.with(|d| d.get(KEY).and_then(Value::as_bool)).unwrap_or_default();
    let toggle = move |ev| {
        let on = event_target_checked(&ev);
        draft.update(|d| drop(d.insert(KEY.to_owned(), json!(on))));
    };
    let body = view! {
        <div class="grid sm:grid-cols-2 gap-x-6 gap-y-3">
            {number(draft, faults, "password_length", (t(POLICY_LENGTH), ""), false)}
            {number(draft, faults, "password_classes", (t(POLICY_CLASSES), t(POLICY_CLASSES_HINT)), false)}
            {number(draft, faults, "password_history", (t(POLICY_HISTORY), ""), false)}
            {number(draft, faults, "password_days", (t(POLICY_DAYS), ""), true)}
        </div>
        <label class="inline-flex items-center gap-2 min-h-8 pointer-coarse:min-h-11 text-[13px]">
            <input id="policy-guessable" type="checkbox" prop:checked=on on:change=toggle/>{t(POLICY_GUESSABLE)}
        </label>
    };
    section(t(POLICY_PASSWORDS), t(POLICY_PASSWORDS_TEXT), body.into_any())
}

fn sessions(draft: Draft, faults: Faults) -> AnyView {
    let body = view! {
        <div class="grid sm:grid-cols-2 gap-x-6 gap-y-3">
            {number(draft, faults, "session_days", (t(POLICY_SESSION_DAYS), ""), true)}
            {number(draft, faults, "idle_minutes", (t(POLICY_IDLE), t(POLICY_IDLE_HINT)), true)}
        </div>
    };
    section(t(POLICY_SESSIONS), "", body.into_any())
}

fn factor(draft: Draft, faults: Faults, roles: Vec<Record>) -> AnyView {
    let now = Memo::new(move |_| {
        draft.with(|d| d.get("second_factor").and_then(Value::as_str).map(str::to_owned)).unwrap_or_default()
    });
    let kind = move |value: &'static str, text: &'static str| {
        view! {
            <label class="flex items-center gap-2 min-h-8 pointer-coarse:min-h-11 text-[13px]">
                <input type="radio" name="policy-factor" value=value prop:checked=move || now.get() == value
                    on:change=move |_| draft.update(|d| drop(d.insert("second_factor".to_owned(), json!(value))))/>{text}
            </label>
        }
    };
    let object = catalog::object("role");
    let role = move |record: &Record| {
        let (id, title) = (record.id().to_owned(), object.as_ref().map(|o| record.title(o)).unwrap_or_default());
        let chosen = {
            let id = id.clone();
            move || {
                draft.with(|d| {
                    d.get("second_factor_roles").and_then(Value::as_array).is_some_and(|l| l.contains(&json!(id)))
                })
            }
        };
        let toggle = move |ev: leptos::ev::Event| {
            let on = event_target_checked(&ev);
            draft.update(|d| {
                let mut list = d.get("second_factor_roles").and_then(Value::as_array).cloned().unwrap_or_default();
                list.retain(|r| *r != json!(id));
                if on {
                    list.push(json!(id));
                }
                d.insert("second_factor_roles".to_owned(), json!(list));
            });
        };
        view! {
            <label class="inline-flex items-center gap-2 min-h-8 pointer-coarse:min-h-11">
                <input type="checkbox" prop:checked=chosen on:change=toggle/>{title}
            </label>
        }
    };
    let of_roles = fault(faults, "second_factor_roles");
    let chosen = move || {
        (now.get() == "roles").then(|| {
            view! {
                <fieldset class="ps-6 flex flex-wrap gap-x-4 gap-y-1 text-[13px]" aria-label=t(POLICY_FACTOR_ROLES)>{roles.iter().map(&role).collect_view()}</fieldset>
                {move || of_roles.get().map(|text| view! { <p class="ps-6 text-xs text-error" role="alert">{text}</p> })}
            }
        })
    };
    let body = view! {
        <div role="radiogroup" aria-label=t(POLICY_FACTOR)>
            {kind("optional", t(POLICY_FACTOR_OPTIONAL))}
            {kind("required", t(POLICY_FACTOR_REQUIRED))}
            {kind("roles", t(POLICY_FACTOR_ROLES))}
        </div>
        {chosen}
    };
    section(t(POLICY_FACTOR), t(POLICY_FACTOR_TEXT), body.into_any())
}
