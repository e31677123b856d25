//! The frame of the signed-in application.

use super::bell;
use super::nav;
use super::routes;
use super::user_menu::user_menu;
use crate::i18n::{
    CREATE, HOME, NAV_RECYCLE, NEW_OBJECT, NOT_FOUND, NOT_FOUND_TEXT, OFFLINE, OFFLINE_WAITING, OUTBOX_FAILED_N,
    SEARCH, SKIP_TO_CONTENT, SKIP_TO_LIST, VIEWING_AS, VIEWING_END, label, t, tf,
};
use crate::lazy;
use crate::record;
use crate::state::session::{self, may};
use crate::state::toast;
use crate::state::{app, favorites, inbox, lists, live, offline, recent};
use crate::ui::shortcuts::{Shortcut, pressed};
use crate::ui::{self, Button, Menu, MenuItem, icon, keys};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::A;
use leptos_router::hooks::{use_location, use_navigate};
use std::time::Duration;

const SKIP: &str = "sr-only focus:not-sr-only focus:fixed focus:z-50 focus:top-2 focus:left-2 btn btn-primary";
/// What hears the keys of the list, in each of its layouts.
const LIST: &str = "#list-grid, #board article, #gallery [tabindex='0'], #calendar button, #chart button";

pub fn shell() -> AnyView {
    let [search, help, bell, outbox] = [(); 4].map(|()| RwSignal::new(false));
    lazy::warm();
    inbox::follow();
    live::listen();
    let at = use_location();
    Effect::new(move || {
        let path = at.pathname.get();
        lists::passed(&path, &at.search.get());
        // Elsewhere: whoever comes back has come another way.
        if app().followed.with_untracked(|followed| !followed.ends_with(&path)) {
            app().followed.set(String::new());
        }
    });
    // What had the keyboard may have gone with its page.
    Effect::new(move |before: Option<()>| {
        at.pathname.track();
        if before.is_some() {
            set_timeout(|| keys::resume("content"), Duration::from_millis(150));
        }
    });
    favorites::load();
    recent::load();
    let shortcut = window_event_listener(leptos::ev::keydown, move |ev| {
        if pressed(&ev, Shortcut::Palette) {
            search.set(true);
        } else if pressed(&ev, Shortcut::Help) {
            help.set(true);
        } else if pressed(&ev, Shortcut::Inbox) {
            bell.set(true);
        } else if !ev.default_prevented() && !keys::writing(&ev) && pressed(&ev, Shortcut::Redo) {
            toast::redo();
        } else if !ev.default_prevented() && !keys::writing(&ev) && pressed(&ev, Shortcut::Undo) {
            toast::undo();
        } else {
            return;
        }
        ev.prevent_default();
    });
    on_cleanup(move || shortcut.remove());
    view! {
        <a href="#content" class=SKIP data-skip="#content">{t(SKIP_TO_CONTENT)}</a>
        <a href="#content" class=SKIP data-skip=LIST hidden=move || lists::object(&at.pathname.get()).is_none()>{t(SKIP_TO_LIST)}</a>
        <div class="h-dvh flex">
            {nav::side()}
            <div class="grow min-w-0 flex flex-col">
                <header class="h-12 shrink-0 flex items-center gap-1 px-3 border-b border-base-300 bg-base-100">
                    {nav::brand()}
                    <button type="button" aria-label=t(SEARCH) on:click=move |_| search.set(true)
                        class="hidden md:flex items-center gap-2 h-8 w-80 px-2.5 rounded-md bg-base-content/5 hover:bg-base-content/8 muted text-[13px]">
                        {icon("search")}
                        <span class="grow text-start">{t(SEARCH)}</span>
                        <kbd class="text-xs font-sans" data-keys=format!("{}K", crate::bridge::command_key()) aria-hidden="true"></kbd>
                    </button>
                    <div class="grow"></div>
                    {create_menu()}
                    {bell::bell(bell)}
                    {user_menu(help)}
                </header>
                <div role="status" aria-live="polite">{move || offline_note(outbox)}{view_note}</div>
                <main id="content" class="grow min-h-0 flex flex-col outline-none" tabindex="-1">
                    {routes::routes()}
                </main>
                {nav::dock(search)}
            </div>
        </div>
        {move || search.get().then(|| lazy::palette(search))}
        {move || help.get().then(|| lazy::help(help))}
        {move || outbox.get().then(|| lazy::outbox(outbox))}
        {record::conflict::layer()}
        {move || app().acting.get().map(lazy::act)}
    }
    .into_any()
}

/// That the network is away, and the way to the follow-ups that have not arrived.
fn offline_note(outbox: RwSignal<bool>) -> Option<AnyView> {
    let away = app().offline.get();
    let (waiting, refused) =
        app().waiting.with(|all| (all.len(), all.iter().filter(|e| offline::refusal(e).is_some()).count()));
    let told = match refused {
        0 => (waiting, OFFLINE_WAITING),
        _ => (refused, OUTBOX_FAILED_N),
    };
    let more = (told.0 > 0).then(|| {
        let text = tf(told.1, &[("n", &told.0.to_string())]);
        view! { <button type="button" class="link" aria-haspopup="dialog" on:click=move |_| outbox.set(true)>{text}</button> }
    });
    (away || refused > 0).then(|| {
        view! {
            <p class="flex flex-wrap items-center gap-x-2 px-4 py-1.5 text-[13px] bg-warning/12 text-warning border-b border-base-300">
                {icon(if away { "cloud-off" } else { "triangle-alert" })}{away.then(|| t(OFFLINE))}{more}
            </p>
        }
        .into_any()
    })
}

/// Somebody else's eyes: who, and the way back.
fn view_note() -> Option<AnyView> {
    let me = session::me().filter(|me| me.viewer.is_some())?;
    let text = tf(VIEWING_AS, &[("name", me.name.as_deref().unwrap_or_default())]);
    Some(
        view! {
            <p class="flex items-center gap-2 px-4 py-1.5 text-[13px] bg-warning/12 text-warning border-b border-base-300">
                {icon("eye")}<span class="grow">{text}</span>
                <Button label=t(VIEWING_END) on_click=move |_| session::look_as(None)/>
            </p>
        }
        .into_any(),
    )
}

pub fn missing() -> AnyView {
    let ways = view! {
        <span class="flex flex-wrap justify-center gap-2">
            <A href="/" attr:class="btn btn-plain">{icon("house")}{t(HOME)}</A>
            <A href="/recycle" attr:class="btn btn-plain">{icon("trash-2")}{t(NAV_RECYCLE)}</A>
        </span>
    };
    ui::empty("compass", t(NOT_FOUND), t(NOT_FOUND_TEXT), ways.into_any())
}

fn create_menu() -> AnyView {
    let navigate = use_navigate();
    let items = move || {
        nav::groups()
            .into_iter()
            .flat_map(|group| group.objects)
            .filter(|object| may(&object.name, "create"))
            .map(|object| {
                let navigate = navigate.clone();
                let url = format!("{}?new=1", nav::list_url(&object));
                MenuItem {
                    icon: None,
                    ..MenuItem::new("plus", tf(NEW_OBJECT, &[("object", &label(&object.label))]), move || {
                        navigate(&url, NavigateOptions::default());
                    })
                }
            })
            .collect()
    };
    let face = view! { {icon("plus")}<span class="hidden md:inline">{t(CREATE)}</span> }.into_any();
    view! { <Menu label=t(CREATE) class="btn btn-quiet" face=face items=items/> }.into_any()
}
