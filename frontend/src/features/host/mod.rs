//! The installation: companies are added, suspended, taken along and erased. Apart from every company's own screens,
//! with a sign-in of its own.

mod companies;

use crate::api::client::ApiError;
use crate::api::host::{self, Line, Me};
use crate::api::security::Account;
use crate::bridge;
use crate::i18n::{
    FACTOR_CODE, FACTOR_CODE_HINT, FACTOR_RECOVERY, FACTOR_RECOVERY_HINT, FACTOR_USE_CODE, FACTOR_USE_RECOVERY,
    HOST_COMMAND_LINE, HOST_DONE, HOST_SIGN_IN, HOST_SIGN_IN_TEXT, HOST_SIGN_OUT, HOST_TITLE, HOST_TRAIL, PASSWORD,
    SIGN_IN, USERNAME, t,
};
use crate::layout::security;
use crate::layout::sign_in::factor;
use crate::layout::user_menu::{language_items, theme_items};
use crate::state::toast;
use crate::ui::{self, Button, Field, Look, Menu, icon};
use leptos::prelude::*;

/// How the trail calls whoever sits at the command line of the installation.
const COMMAND_LINE: &str = "command line";

/// Who is signed in; what is not known yet; nobody.
type Who = RwSignal<Option<Result<Me, ApiError>>>;

fn ask(who: Who) {
    leptos::task::spawn_local(async move {
        let _ = who.try_set(Some(host::me().await));
    });
}

pub fn screen() -> AnyView {
    let who: Who = RwSignal::new(None);
    ask(who);
    (move || match who.get() {
        None => view! { <div class="h-dvh grid place-items-center">{ui::spinner()}</div> }.into_any(),
        Some(Ok(me)) => inside(me, who),
        Some(Err(error)) if error.is_unauthenticated() => door(who),
        Some(Err(error)) => {
            view! { <main class="h-dvh grid place-items-center">{ui::failed(&error, move || ask(who))}</main> }
                .into_any()
        }
    })
    .into_any()
}

fn door(who: Who) -> AnyView {
    let (username, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, error) = (RwSignal::new(false), RwSignal::new(None::<String>));
    // What is asked for besides, once the password has been found good.
    let factors = RwSignal::new(Vec::<String>::new());
    let (code, recovery, by_recovery) =
        (factor::Line::new("host-code"), factor::Line::new("host-recovery-code"), RwSignal::new(false));
    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        busy.set(true);
        error.set(None);
        let shown = (!factors.with_untracked(Vec::is_empty)).then(|| match by_recovery.get_untracked() {
            true => ("recovery_code", recovery.value.get_untracked()),
            false => ("code", code.value.get_untracked()),
        });
        let (name, secret) = (username.get_untracked(), password.get_untracked());
        leptos::task::spawn_local(async move {
            let shown = shown.as_ref().map(|(kind, value)| (*kind, value.trim()));
            match host::login(name.trim(), &secret, shown).await {
                Ok(missing) if missing.is_empty() => ask(who),
                Ok(missing) => drop(factors.try_set(missing)),
                Err(problem) if code.refuse(&problem, &["code"]) || recovery.refuse(&problem, &["recovery_code"]) => {}
                Err(problem) => drop(error.try_set(Some(problem.message()))),
            }
            let _ = busy.try_set(false);
        });
    };
    let input = move |id: &'static str, kind: &'static str, complete: &'static str, value: RwSignal<String>| {
        view! {
            <input id=id name=id type=kind class="input" autocomplete=complete autocapitalize="off" spellcheck="false" required
                prop:value=move || value.get() on:input=move |ev| value.set(event_target_value(&ev))/>
        }
    };
    let further = move || {
        factors.with(|all| !all.is_empty()).then(|| {
            let line = move || match by_recovery.get() {
                true => recovery.view(t(FACTOR_RECOVERY), "text", "off", t(FACTOR_RECOVERY_HINT)),
                false => code.view(t(FACTOR_CODE), "code", "one-time-code", t(FACTOR_CODE_HINT)),
            };
            let other = move || if by_recovery.get() { t(FACTOR_USE_CODE) } else { t(FACTOR_USE_RECOVERY) };
            let swap = move |_| by_recovery.update(|r| *r = !*r);
            view! { {line}<button type="button" class="link text-[13px] self-start" on:click=swap>{other}</button> }
        })
    };
    view! {
        <main class="h-dvh overflow-auto grid place-items-center p-4 bg-base-200">
            <div class="w-full max-w-[22rem]">
                <form class="panel p-6 flex flex-col gap-4" on:submit=submit data-host-door>
                    <div class="flex items-center gap-3">
                        <span class="size-10 rounded-xl bg-base-content/10 grid place-items-center shrink-0">{icon("database")}</span>
                        <h1 class="text-lg font-semibold">{t(HOST_SIGN_IN)}</h1>
                    </div>
                    <p class="muted text-[13px]">{t(HOST_SIGN_IN_TEXT)}</p>
                    <Field id="host-username" label=t(USERNAME)>{input("host-username", "text", "username", username)}</Field>
                    <Field id="host-password" label=t(PASSWORD)>{input("host-password", "password", "current-password", password)}</Field>
                    {further}
                    <div role="alert">{move || error.get().map(|text| view! { <p class="text-[13px] text-error">{text}</p> })}</div>
                    <Button label=t(SIGN_IN) look=Look::Primary submit=true busy=busy class="w-full"/>
                </form>
                {tools()}
            </div>
        </main>
    }
    .into_any()
}

fn tools() -> AnyView {
    view! {
        <div class="flex justify-end">
            <Menu label=t(crate::i18n::LANGUAGE) face=icon("languages") items=language_items/>
            <Menu label=t(crate::i18n::THEME) face=icon("sun-moon") items=theme_items/>
        </div>
    }
    .into_any()
}

fn inside(me: Me, who: Who) -> AnyView {
    // Raised by whatever was done.
    let turn = RwSignal::new(0_u32);
    let out = move |_| {
        leptos::task::spawn_local(async move {
            if let Err(error) = host::logout().await {
                toast::error(&error);
            }
            ask(who);
        });
    };
    view! {
        <div class="h-dvh overflow-y-auto bg-base-200">
            <header class="bg-base-100 border-b border-base-300 px-4 py-2 flex flex-wrap items-center gap-3">
                <span class="muted">{icon("database")}</span>
                <h1 class="font-semibold grow">{t(HOST_TITLE)}</h1>
                <span class="text-[13px] muted">{me.username}</span>
                {tools()}
                <Button label=t(HOST_SIGN_OUT) icon="log-out" on_click=out/>
            </header>
            <main class="max-w-4xl mx-auto p-4 flex flex-col gap-4">
                {companies::panel(me.erase_wait_days, turn)}
                {security::factor::panel(Account::Host)}
                {trail(turn)}
            </main>
        </div>
    }
    .into_any()
}

fn trail(turn: RwSignal<u32>) -> AnyView {
    let lines: RwSignal<Option<Result<Vec<Line>, ApiError>>> = RwSignal::new(None);
    let load = move || {
        leptos::task::spawn_local(async move {
            let _ = lines.try_set(Some(host::trail().await));
        });
    };
    Effect::new(move || {
        turn.track();
        load();
    });
    let line = |one: Line| {
        let actor = if one.actor == COMMAND_LINE { t(HOST_COMMAND_LINE).to_owned() } else { one.actor };
        let what = [HOST_DONE.name(&one.action), one.company_key.unwrap_or_default()].join(" ");
        view! {
            <li class="flex flex-wrap gap-x-4 px-4 py-2 border-t border-base-300/60 text-[13px]">
                <span class="muted tnum whitespace-nowrap">{bridge::date_time(&one.at)}</span>
                <span class="font-semibold">{actor}</span>
                <span class="grow">{what}</span>
                <span class="muted tnum">{one.ip}</span>
            </li>
        }
    };
    view! {
        <section class="panel">
            <h2 class="font-semibold p-4">{t(HOST_TRAIL)}</h2>
            {move || match lines.get() {
                None => ui::loading_rows(4),
                Some(Err(error)) => ui::failed(&error, load),
                Some(Ok(all)) => view! { <ol data-trail>{all.into_iter().map(line).collect_view()}</ol> }.into_any(),
            }}
        </section>
    }
    .into_any()
}
