//! Roles and what they grant: the matrix of objects and actions, and the levels of fields. What a change would do to
//! people is told before it is stored.

use super::draft::Draft;
use super::effect;
use super::role_form::{self, Wish};
use super::{levels, limits, matrix};
use crate::api::records::{self, RecordExt};
use crate::i18n::{
    DELETE, ROLE_ADD, ROLE_COPY, ROLE_DISCARD, ROLE_EMPTY, ROLE_PICK, ROLE_RENAME, ROLE_UNSAVED, ROLES_TEXT,
    ROLES_TITLE, SAVE, SAVED, TAB_DATA, TAB_FIELDS, TAB_LIMITS, t,
};
use crate::layout::{settings, shell};
use crate::record::few::Few;
use crate::record::url::Url;
use crate::state::{session, toast};
use crate::ui::tabs::Tab;
use crate::ui::{self, Button, Look};
use kezhan_meta::Record;
use leptos::prelude::*;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::HashMap;

/// Grants and limits.
type Kept = (Map<String, Value>, Map<String, Value>);

/// The screen's roles, and what is being done with them.
#[derive(Clone)]
struct Roles {
    few: Few,
    url: Url,
    chosen: Memo<Option<Record>>,
    asked: RwSignal<Option<Wish>>,
    /// Changes that are not saved yet, of each role: what is looked at meanwhile does not lose them.
    kept: RwSignal<HashMap<String, Kept>>,
}

thread_local! {
    /// The same while other pages are looked at.
    static KEPT: RefCell<HashMap<String, Kept>> = RefCell::default();
}

const STORED: &str = "kz.roles";

/// The same over a reload, as long as the tab is open.
fn stored() -> HashMap<String, Kept> {
    let text = window().session_storage().ok().flatten().and_then(|s| s.get_item(STORED).ok().flatten());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn store(kept: &HashMap<String, Kept>) {
    if let (Ok(Some(session)), Ok(text)) = (window().session_storage(), serde_json::to_string(kept)) {
        let _ = session.set_item(STORED, &text);
    }
}

/// Whose changes they are, of which role, as it stood when they were begun.
fn stand(role: &Record) -> String {
    let me = session::me().and_then(|me| me.id.clone()).unwrap_or_default();
    format!("{me} {} {}", role.id(), role.version().unwrap_or_default())
}

pub fn screen() -> AnyView {
    let Some(few) = Few::by("created_at", "role") else {
        return shell::missing();
    };
    let url = Url::new();
    let all = few.all;
    let chosen = Memo::new(move |_| {
        let asked = url.get("role");
        all.with(|r| match r {
            Some(Ok(list)) => list.iter().find(|r| Some(r.id()) == asked.as_deref()).or(list.first()).cloned(),
            _ => None,
        })
    });
    let kept = RwSignal::new(KEPT.with_borrow(|kept| if kept.is_empty() { stored() } else { kept.clone() }));
    leptos::prelude::Effect::new(move || {
        kept.with(store);
        KEPT.set(kept.get());
    });
    let roles = Roles { few, url, chosen, asked: RwSignal::new(None), kept };
    let asked = roles.asked;
    let add = session::may("role", "create").then(|| {
        view! { <Button label=t(ROLE_ADD) look=Look::Primary icon="plus" on_click=move |_| asked.set(Some(Wish::New(None)))/> }
    });
    let inner = roles.clone();
    let body = move || match all.with(|r| r.as_ref().map(|r| r.as_ref().map(Vec::len).map_err(Clone::clone))) {
        None => ui::loading_rows(8),
        Some(Err(error)) => {
            let few = inner.few.clone();
            ui::failed(&error, move || few.load())
        }
        Some(Ok(0)) => ui::empty("shield", t(ROLE_EMPTY), "", ().into_any()),
        Some(Ok(_)) => {
            let (left, right) = (inner.clone(), inner.clone());
            view! {
                <div class="grow min-h-0 flex flex-col md:flex-row">
                    {picker(left)}
                    {move || right.chosen.get().map(|role| editor(right.clone(), role))}
                </div>
            }
            .into_any()
        }
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(ROLES_TITLE, ROLES_TEXT, add.into_any())}
            {body}
        </section>
        {move || asked.get().map(|wish| ask(roles.clone(), wish))}
    }
    .into_any()
}

fn ask(roles: Roles, wish: Wish) -> AnyView {
    let known = roles.few.all.with_untracked(|all| all.as_ref().and_then(|a| a.as_ref().ok().cloned()));
    let (object, asked) = (roles.few.object.clone(), roles.asked);
    let done = Callback::new(move |stored: Record| {
        roles.few.load();
        roles.url.push(&[("role", Some(stored.id().to_owned()))]);
    });
    role_form::dialog(object, wish, known.unwrap_or_default(), Callback::new(move |()| asked.set(None)), done)
}

fn picker(roles: Roles) -> AnyView {
    let Roles { few, url, chosen, kept, .. } = roles;
    let here = move |id: &str| chosen.with(|c| c.as_ref().is_some_and(|c| c.id() == id));
    let line = move |role: &Record| {
        let id = role.id().to_owned();
        let (name, text) = (role.text("name").to_owned(), role.text("description").to_owned());
        let (a, b, c) = (id.clone(), id.clone(), stand(role));
        let unsaved = move || {
            kept.with(|k| k.contains_key(&c)).then(|| {
                view! { <span class="size-1.5 rounded-full bg-warning shrink-0" title=t(ROLE_UNSAVED)><span class="sr-only">{t(ROLE_UNSAVED)}</span></span> }
            })
        };
        view! {
            <button type="button" aria-current=move || here(&a).then_some("true")
                class=move || if here(&b) { "tap text-start rounded-md px-3 py-2 bg-primary/12 shrink-0" } else { "tap text-start rounded-md px-3 py-2 hover:bg-base-content/6 shrink-0" }
                on:click=move |_| url.push(&[("role", Some(id.clone()))])>
                <span class="flex items-center gap-2 font-semibold text-[13px]"><span class="truncate">{name}</span>{unsaved}</span>
                <span class="hidden md:block muted text-xs truncate" title=text.clone()>{text.clone()}</span>
            </button>
        }
    };
    view! {
        <nav class="flex md:flex-col gap-1 p-2 overflow-auto scroll-thin shrink-0 md:w-56 border-b md:border-b-0 md:border-e border-base-300" aria-label=t(ROLE_PICK)>
            {move || few.all.with(|r| match r { Some(Ok(list)) => list.iter().map(line).collect_view().into_any(), _ => ().into_any() })}
        </nav>
    }
    .into_any()
}

fn editor(roles: Roles, role: Record) -> AnyView {
    let url = roles.url;
    let draft = Draft::new(role.value("grants"), role.value("limits"));
    let (id, kept) = (stand(&role), roles.kept);
    if let Some((grants, limits)) = kept.with_untracked(|k| k.get(&id).cloned()) {
        draft.grants.set(grants);
        draft.limits.set(limits);
    }
    leptos::prelude::Effect::new(move || {
        let now = draft.changed().then(|| (draft.grants.get(), draft.limits.get()));
        if kept.with_untracked(|k| k.get(&id) != now.as_ref()) {
            kept.update(|k| match now {
                Some(now) => drop(k.insert(id.clone(), now)),
                None => drop(k.remove(&id)),
            });
        }
    });
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
    let saving = (roles.few.clone(), role.clone());
    view! {
        <div class="grow min-w-0 min-h-0 flex flex-col">
            {acts(roles, role)}
            {tabs}
            {move || match current.get().as_str() {
                "fields" => levels::levels(draft, url),
                "limits" => limits::limits(draft),
                _ => matrix::matrix(draft),
            }}
            {move || draft.changed().then(|| save_bar(saving.0.clone(), draft, saving.1.clone()))}
        </div>
    }
    .into_any()
}

/// What the role is called, and what one does with it as a whole.
fn acts(roles: Roles, role: Record) -> AnyView {
    let asked = roles.asked;
    let button = |label: &'static str, sign: &'static str, act: Callback<()>| {
        view! { <Button label=label icon=sign icon_only=true look=Look::Quiet on_click=move |_| act.run(())/> }
    };
    let (renamed, copied) = (role.clone(), role.clone());
    let (name, about) = (role.text("name").to_owned(), role.text("description").to_owned());
    let rename = Callback::new(move |()| asked.set(Some(Wish::Rename(renamed.clone()))));
    let copy = Callback::new(move |()| asked.set(Some(Wish::New(Some(copied.clone())))));
    let remove = Callback::new(move |()| roles.few.remove(role.clone()));
    view! {
        <div class="flex items-center gap-1 px-4 pt-2 shrink-0">
            <div class="grow min-w-0">
                <h2 class="font-semibold text-[13px] truncate">{name}</h2>
                {(!about.is_empty()).then(|| view! { <p class="muted text-xs truncate" title=about.clone()>{about.clone()}</p> })}
            </div>
            {session::may("role", "edit").then(|| button(t(ROLE_RENAME), "pencil", rename))}
            {session::may("role", "create").then(|| button(t(ROLE_COPY), "copy", copy))}
            {session::may("role", "delete").then(|| button(t(DELETE), "trash-2", remove))}
        </div>
    }
    .into_any()
}

/// What would come of it, and doing it.
fn save_bar(few: Few, draft: Draft, role: Record) -> AnyView {
    let busy = RwSignal::new(false);
    let id = role.id().to_owned();
    let told = effect::of_role(draft, id.clone());
    let save = move |_| {
        let (few, role, id) = (few.clone(), role.clone(), id.clone());
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = records::update(&few.object, &id, &draft.patch(), role.version()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(saved) => {
                    toast::done(t(SAVED));
                    let _ = few.all.try_update(|list| {
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
        <div class="flex flex-wrap justify-end items-center gap-3 px-4 py-3 border-t border-base-300 shrink-0 bg-base-200">
            <div class="grow text-[13px] min-w-48 max-md:w-full" role="status">{move || match told.get() {
                None => ui::spinner(),
                Some(Err(error)) => view! { <span class="text-error">{error.message()}</span> }.into_any(),
                Some(Ok(effect)) => effect::sentences(&effect, draft.levels_changed()),
            }}</div>
            <Button label=t(ROLE_DISCARD) on_click=move |_| draft.discard()/>
            <Button label=t(SAVE) look=Look::Primary busy=busy disabled=Signal::derive(move || told.with(Option::is_none)) on_click=save/>
        </div>
    }
    .into_any()
}
