//! Roles and what they grant: the matrix of objects and actions, and the levels of fields. What a change would do to
//! people is told before it is stored.

use super::draft::{self, Draft, Effect};
use super::{levels, limits, matrix};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::i18n::{
    self, EFFECT_GAIN, EFFECT_LOSE, EFFECT_NONE, EFFECT_SOME, ROLE_DISCARD, ROLE_EMPTY, ROLE_PICK, ROLES_TEXT,
    ROLES_TITLE, SAVE, SAVED, TAB_DATA, TAB_FIELDS, TAB_LIMITS, label, t, tf,
};
use crate::layout::shell;
use crate::record::url::Url;
use crate::state::{catalog, session, toast};
use crate::ui::tabs::Tab;
use crate::ui::{self, Button, Look};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

pub fn screen() -> AnyView {
    let Some(object) = catalog::object("role").filter(|_| session::may("role", "configure")) else {
        return shell::missing();
    };
    let url = Url::new();
    let roles = RwSignal::new(None::<Result<Vec<Record>, ApiError>>);
    let load = {
        let plural = object.plural.to_string();
        move || {
            let plural = plural.clone();
            leptos::task::spawn_local(async move {
                let query =
                    ListQuery { sort: vec![Sort::parse("created_at")], limit: Some(200), ..ListQuery::default() };
                let _ = roles.try_set(Some(records::query(&plural, &query).await.map(|page| page.data)));
            });
        }
    };
    load();
    let chosen = Memo::new(move |_| {
        let asked = url.get("role");
        roles.with(|r| match r {
            Some(Ok(list)) => list.iter().find(|r| Some(r.id()) == asked.as_deref()).or(list.first()).cloned(),
            _ => None,
        })
    });
    let body = move || match roles.with(|r| r.as_ref().map(|r| r.as_ref().map(Vec::len).map_err(Clone::clone))) {
        None => ui::loading_rows(8),
        Some(Err(error)) => ui::failed(&error, load.clone()),
        Some(Ok(0)) => ui::empty("shield", t(ROLE_EMPTY), "", ().into_any()),
        Some(Ok(_)) => {
            let object = object.clone();
            view! {
                <div class="grow min-h-0 flex flex-col md:flex-row">
                    {picker(url, roles, chosen)}
                    {move || chosen.get().map(|role| editor(object.clone(), url, role, roles))}
                </div>
            }
            .into_any()
        }
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            <div class="px-4 py-3 border-b border-base-300 shrink-0">
                <h1 class="font-semibold text-base">{t(ROLES_TITLE)}</h1>
                <p class="muted text-[13px]">{t(ROLES_TEXT)}</p>
            </div>
            {body}
        </section>
    }
    .into_any()
}

type Roles = RwSignal<Option<Result<Vec<Record>, ApiError>>>;

fn picker(url: Url, roles: Roles, chosen: Memo<Option<Record>>) -> AnyView {
    let here = move |id: &str| chosen.with(|c| c.as_ref().is_some_and(|c| c.id() == id));
    let line = move |role: &Record| {
        let id = role.id().to_owned();
        let name = role.value("name").as_str().unwrap_or_default().to_owned();
        let text = role.value("description").as_str().unwrap_or_default().to_owned();
        let (a, b) = (id.clone(), id.clone());
        view! {
            <button type="button" aria-current=move || here(&a).then_some("true")
                class=move || if here(&b) { "text-start rounded-md px-3 py-2 bg-primary/12 shrink-0" } else { "text-start rounded-md px-3 py-2 hover:bg-base-content/6 shrink-0" }
                on:click=move |_| url.push(&[("role", Some(id.clone()))])>
                <span class="block font-semibold text-[13px] truncate">{name}</span>
                <span class="hidden md:block muted text-xs truncate">{text}</span>
            </button>
        }
    };
    view! {
        <nav class="flex md:flex-col gap-1 p-2 overflow-auto scroll-thin shrink-0 md:w-56 border-b md:border-b-0 md:border-e border-base-300" aria-label=t(ROLE_PICK)>
            {move || roles.with(|r| match r { Some(Ok(list)) => list.iter().map(line).collect_view().into_any(), _ => ().into_any() })}
        </nav>
    }
    .into_any()
}

fn editor(object: Arc<ObjectMeta>, url: Url, role: Record, roles: Roles) -> AnyView {
    let draft = Draft::new(role.value("grants"), role.value("limits"));
    let current = Memo::new(move |_| url.get("tab").unwrap_or_else(|| "data".to_owned()));
    let tabs = move || {
        let tab = |key: &str, text| Tab {
            key: key.to_owned(),
            label: t(text).to_owned(),
            count: None,
            href: url.with(&[("tab", (key != "data").then(|| key.to_owned()))]),
        };
        let all = vec![tab("data", TAB_DATA), tab("fields", TAB_FIELDS), tab("limits", TAB_LIMITS)];
        ui::tabs(t(ROLES_TITLE), &current.get(), all)
    };
    view! {
        <div class="grow min-w-0 min-h-0 flex flex-col">
            {tabs}
            {move || match current.get().as_str() {
                "fields" => levels::levels(draft, url),
                "limits" => limits::limits(draft),
                _ => matrix::matrix(draft),
            }}
            {move || draft.changed().then(|| save_bar(object.clone(), draft, role.clone(), roles))}
        </div>
    }
    .into_any()
}

/// What would come of it, and doing it.
fn save_bar(object: Arc<ObjectMeta>, draft: Draft, role: Record, roles: Roles) -> AnyView {
    let effect = RwSignal::new(None::<Result<Effect, ApiError>>);
    let busy = RwSignal::new(false);
    let asked = StoredValue::new(0_u32);
    let id = role.id().to_owned();
    foresee(draft, id.clone(), effect, asked);
    let save = move |_| {
        let (object, role, id) = (object.clone(), role.clone(), id.clone());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = records::update(&object, &id, &draft.patch(), role.version()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(saved) => {
                    toast::done(t(SAVED));
                    let _ = roles.try_update(|list| {
                        if let Some(Ok(list)) = list
                            && let Some(slot) = list.iter_mut().find(|r| r.id() == id)
                        {
                            *slot = saved;
                        }
                    });
                }
                Err(error) => toast::error(&error),
            }
        });
    };
    view! {
        <div class="flex flex-wrap items-center gap-3 px-4 py-3 border-t border-base-300 shrink-0 bg-base-200">
            <div class="grow text-[13px] min-w-48" role="status">{move || match effect.get() {
                None => ui::spinner(),
                Some(Err(error)) => view! { <span class="text-error">{error.message()}</span> }.into_any(),
                Some(Ok(effect)) => sentences(&effect),
            }}</div>
            <Button label=t(ROLE_DISCARD) on_click=move |_| draft.discard()/>
            <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
        </div>
    }
    .into_any()
}

/// Asks anew whenever the draft rests for a moment; an answer that is overtaken is dropped.
fn foresee(draft: Draft, role: String, effect: RwSignal<Option<Result<Effect, ApiError>>>, asked: StoredValue<u32>) {
    leptos::prelude::Effect::new(move || {
        let grants = draft.grants.get();
        asked.update_value(|n| *n += 1);
        let (mine, role) = (asked.get_value(), role.clone());
        effect.set(None);
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(mine) {
                        return;
                    }
                    let answer = draft::effect(&role, &grants).await;
                    if asked.try_get_value() == Some(mine) {
                        let _ = effect.try_set(Some(answer));
                    }
                });
            },
            Duration::from_millis(400),
        );
    });
}

fn sentences(effect: &Effect) -> AnyView {
    let number = |n: usize| bridge::decimal(&n.to_string(), 0, 0);
    let mut lines: Vec<(bool, String)> = Vec::new();
    for line in &effect.objects {
        let name = catalog::object(&line.object).map_or_else(|| line.object.clone(), |o| label(&o.label_many));
        let mut say = |key: i18n::Key, people: usize, records: i64| {
            let records = bridge::decimal(&records.to_string(), 0, 0);
            lines.push((
                key == EFFECT_LOSE,
                tf(key, &[("people", &number(people)), ("n", &records), ("object", &name)]),
            ));
        };
        if line.people_losing > 0 {
            say(EFFECT_LOSE, line.people_losing, line.records_lost);
        }
        if line.people_gaining > 0 {
            say(EFFECT_GAIN, line.people_gaining, line.records_gained);
        }
    }
    let partial = (effect.counted < effect.people)
        .then(|| tf(EFFECT_SOME, &[("n", &number(effect.counted)), ("people", &number(effect.people))]));
    view! {
        <ul class="flex flex-col gap-0.5">
            {lines.is_empty().then(|| view! { <li class="muted">{tf(EFFECT_NONE, &[("people", &number(effect.people))])}</li> })}
            {lines.into_iter().map(|(loses, text)| view! { <li class=if loses { "text-warning" } else { "" }>{text}</li> }).collect_view()}
            {partial.map(|text| view! { <li class="muted">{text}</li> })}
        </ul>
    }
    .into_any()
}
