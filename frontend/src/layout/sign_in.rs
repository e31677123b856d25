//! The door: a name and a password, and whatever else is asked for.

mod elsewhere;
pub mod factor;
mod steps;
pub mod welcome;

use super::user_menu::{language_items, theme_items};
use crate::api::client::ApiError;
use crate::api::sign_in::{self, Arrival, Further};
use crate::api::{outside, passkeys};
use crate::i18n::{
    APP_NAME, APP_PROMISE, LANGUAGE, PASSKEY_NOT_DONE, PASSKEY_SIGN_IN, PASSWORD, SIGN_IN, SIGN_IN_OR, SIGN_IN_TENANT,
    SIGN_IN_TENANT_HINT, SIGN_IN_TITLE, THEME, USERNAME, t,
};
use crate::state::{prefs, session};
use crate::ui::{Button, Field, Look, Menu, icon};
use leptos::prelude::*;

/// What is asked for now.
#[derive(Clone, PartialEq)]
pub(super) enum Stage {
    /// Who it is.
    Name,
    Further(Further),
    /// Recovery codes to be kept; then in, or further.
    Codes(Vec<String>, Option<Further>),
}

/// Where an answer leads.
pub(super) fn advance(stage: RwSignal<Stage>, arrival: Arrival) {
    let next = match arrival {
        Arrival::In(codes) if codes.is_empty() => {
            leptos::task::spawn_local(session::start());
            return;
        }
        Arrival::In(codes) => Stage::Codes(codes, None),
        Arrival::Further(further) if further.recovery_codes.is_empty() => Stage::Further(further),
        Arrival::Further(mut further) => Stage::Codes(std::mem::take(&mut further.recovery_codes), Some(further)),
    };
    let _ = stage.try_set(next);
}

pub fn screen() -> AnyView {
    let stage = RwSignal::new(Stage::Name);
    // A provider of identities has sent us back, and something is missing yet.
    let search = window().location().search().unwrap_or_default();
    if search.contains("sign_in=further") {
        leptos::task::spawn_local(async move {
            if let Ok(arrival) = sign_in::pending().await {
                advance(stage, arrival);
            }
        });
    }
    let form = move || match stage.get() {
        Stage::Name => match welcome::token() {
            Some(token) => welcome::view(stage, token),
            None => name(stage),
        },
        Stage::Further(further) => steps::further(stage, further),
        Stage::Codes(codes, then) => steps::codes(stage, codes, then),
    };
    let menus = move || {
        // Another language draws everything anew, and the codes would be gone.
        let shown = stage.with(|s| !matches!(s, Stage::Codes(..)));
        shown.then(|| {
            view! {
                <div class="flex justify-end mt-3">
                    <Menu label=t(LANGUAGE) face=icon("languages") items=language_items/>
                    <Menu label=t(THEME) face=icon("sun-moon") items=theme_items/>
                </div>
            }
        })
    };
    view! {
        <main class="h-dvh overflow-auto grid place-items-center p-4 bg-base-200">
            <div class="w-full max-w-[22rem]">
                <div class="flex items-center gap-3 mb-6">
                    <span class="size-10 rounded-xl bg-primary text-primary-content grid place-items-center">{icon("house")}</span>
                    <div>
                        <p class="font-semibold text-base leading-tight">{t(APP_NAME)}</p>
                        <p class="muted text-[13px]">{t(APP_PROMISE)}</p>
                    </div>
                </div>
                {form}
                {menus}
            </div>
        </main>
    }
    .into_any()
}

fn name(stage: RwSignal<Stage>) -> AnyView {
    let tenant = RwSignal::new(prefs::read("kz.tenant").unwrap_or_default());
    let username = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let several = RwSignal::new(!tenant.get_untracked().is_empty());
    let places = RwSignal::new(Vec::<outside::Place>::new());
    let look = move || {
        let key = tenant.get_untracked().trim().to_owned();
        leptos::task::spawn_local(async move {
            let _ = places.try_set(outside::places(&key).await.data);
        });
    };
    look();
    error.set(elsewhere::why());

    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        let (t, u, p) = (tenant.get_untracked(), username.get_untracked(), password.get_untracked());
        leptos::task::spawn_local(async move {
            let tenant = t.trim().to_owned();
            match sign_in::login(&tenant, u.trim(), &p).await {
                Ok(arrival) => {
                    prefs::write("kz.tenant", &tenant);
                    advance(stage, arrival);
                }
                Err(problem) => {
                    // A host with several companies has to be told which.
                    if problem.items().iter().any(|i| i.field == "tenant") {
                        several.set(true);
                    }
                    error.set(Some(problem.message()));
                    busy.set(false);
                }
            }
        });
    };
    let by_passkey = move |_| {
        error.set(None);
        leptos::task::spawn_local(async move {
            match passkeys::sign_in().await {
                Ok(Some(arrival)) => advance(stage, arrival),
                Ok(None) => drop(error.try_set(Some(t(PASSKEY_NOT_DONE).to_owned()))),
                Err(problem) => drop(error.try_set(Some(first_of(&problem)))),
            }
        });
    };
    let input = move |id: &'static str, kind: &'static str, complete: &'static str, value: RwSignal<String>| {
        view! {
            <input id=id name=id type=kind class="input" autocomplete=complete autocapitalize="off" spellcheck="false"
                required=id != "tenant" prop:value=move || value.get()
                on:input=move |ev| value.set(event_target_value(&ev))
                on:change=move |_| if id == "tenant" { look() }/>
        }
    };
    view! {
        <form class="panel p-6 flex flex-col gap-4" on:submit=submit>
            <h1 class="text-lg font-semibold">{t(SIGN_IN_TITLE)}</h1>
            {move || several.get().then(|| view! {
                <Field id="tenant" label=t(SIGN_IN_TENANT) hint=t(SIGN_IN_TENANT_HINT)>{input("tenant", "text", "organization", tenant)}</Field>
            })}
            <Field id="username" label=t(USERNAME)>{input("username", "text", "username", username)}</Field>
            <Field id="password" label=t(PASSWORD)>{input("password", "password", "current-password", password)}</Field>
            <div role="alert">{move || error.get().map(|text| view! { <p class="text-[13px] text-error">{text}</p> })}</div>
            <Button label=t(SIGN_IN) look=Look::Primary submit=true busy=busy class="w-full"/>
            <div class="flex items-center gap-3 muted text-xs" aria-hidden="true" class:hidden=move || !passkeys::possible() && places.with(Vec::is_empty)><span class="grow border-t border-base-300"></span>{t(SIGN_IN_OR)}<span class="grow border-t border-base-300"></span></div>
            <div class="flex flex-col gap-2">
                {passkeys::possible().then(|| view! { <Button label=t(PASSKEY_SIGN_IN) icon="fingerprint" on_click=by_passkey class="w-full"/> })}
                {move || elsewhere::ways(places.get())}
            </div>
        </form>
        <div class="mt-3 -mb-11">
            <button type="button" class="btn btn-quiet muted" on:click=move |_| several.update(|s| *s = !*s)>{t(SIGN_IN_TENANT)}</button>
        </div>
    }
    .into_any()
}

/// What is wrong, in the words of the field where there is one.
pub(super) fn first_of(problem: &ApiError) -> String {
    problem.items().first().map_or_else(|| problem.message(), |item| item.message.clone())
}
