//! Every part of the design system in its states, in both themes beside each other. For development: a release has none
//! of it.

use super::combobox::fixed;
use super::tabs::Tab;
use super::{
    Button, Combobox, DateInput, Field, Item, Layer, Look, Menu, MenuItem, Popover, Shape, avatar, badge, empty,
    failed, icon, icon_large, loading_rows, spinner, tabs,
};
use crate::api::client::ApiError;
use crate::i18n::{
    CANCEL, CLOSE, DELETE, DENSITY, EDIT, ERROR_TITLE, LANGUAGE, NAVIGATION, NOTHING_FOUND, OPTIONS_OF, PASSWORD_RULE,
    SAVE, SAVED, SEARCH, TAB_FACTS, TAB_FILES, TAB_TIMELINE, THEME, THEME_DARK, THEME_LIGHT, TIME_ZONE, t, tf,
};
use crate::state::toast;
use kezhan_meta::Tone;
use leptos::prelude::*;

/// `/ui`
pub fn screen() -> AnyView {
    view! {
        <section class="grow overflow-auto p-4">
            <h1 class="font-semibold text-base mb-3">"UI"</h1>
            <div class="grid xl:grid-cols-2 gap-4">
                {both("light", t(THEME_LIGHT))}
                {both("dark", t(THEME_DARK))}
            </div>
        </section>
    }
    .into_any()
}

fn both(theme: &'static str, name: &'static str) -> AnyView {
    view! {
        <div data-theme=theme class="panel bg-base-100 text-base-content p-4 flex flex-col gap-5 min-w-0">
            <h2 class="font-semibold">{name}</h2>
            {block("Button", buttons())}
            {block("Badge · Avatar · Icon", signs())}
            {block("Field · Combobox · DateInput", fields(theme))}
            {block("Menu · Popover · Tabs", floating())}
            {block("Dialog · Drawer · Toast", layers(theme))}
            {block("Empty · Failed · Loading", states())}
        </div>
    }
    .into_any()
}

fn block(name: &'static str, inside: AnyView) -> AnyView {
    view! { <div class="flex flex-col gap-2"><h3 class="text-xs muted">{name}</h3>{inside}</div> }.into_any()
}

fn buttons() -> AnyView {
    let row = |look: Look| {
        view! {
            <div class="flex flex-wrap gap-2">
                <Button label=t(SAVE) look=look/>
                <Button label=t(SAVE) look=look icon="check"/>
                <Button label=t(SAVE) look=look icon="check" icon_only=true/>
                <Button label=t(SAVE) look=look disabled=true/>
                <Button label=t(SAVE) look=look busy=true/>
            </div>
        }
    };
    view! { {row(Look::Primary)}{row(Look::Plain)}{row(Look::Quiet)}{row(Look::Danger)} }.into_any()
}

fn signs() -> AnyView {
    let tones = [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warning, Tone::Danger, Tone::Accent];
    view! {
        <div class="flex flex-wrap items-center gap-2">
            {tones.into_iter().map(|tone| badge(t(SAVED), tone)).collect_view()}
            {avatar(t(LANGUAGE), false)}{avatar(t(LANGUAGE), true)}
            {icon("search")}{icon_large("search")}
        </div>
    }
    .into_any()
}

fn fields(theme: &'static str) -> AnyView {
    let items = || [THEME_LIGHT, THEME_DARK].into_iter().map(|k| Item::new(t(k), t(k))).collect::<Vec<_>>();
    let (one, many) = (RwSignal::new(Vec::new()), RwSignal::new(items()));
    let (day, moment) = (RwSignal::new(String::new()), RwSignal::new("2026-11-24 14:30".to_owned()));
    let fault = Signal::stored(Some(t(PASSWORD_RULE).to_owned()));
    let id = move |name: &str| format!("{theme}-{name}");
    view! {
        <div class="grid sm:grid-cols-2 gap-x-4 gap-y-3">
            <Field id=id("plain") label=t(SEARCH) required=true hint=t(PASSWORD_RULE)><input class="input" id=id("plain")/></Field>
            <Field id=id("bad") label=t(SEARCH) error=fault><input class="input" id=id("bad") aria-invalid="true"/></Field>
            <Field id=id("off") label=t(SEARCH)><input class="input" id=id("off") disabled=true/></Field>
            <Field id=id("area") label=t(SEARCH)><textarea class="textarea" id=id("area") rows="2"></textarea></Field>
            <Field id=id("one") label=t(THEME)><Combobox id=id("one") chosen=one lookup=fixed(items())/></Field>
            <Field id=id("many") label=t(THEME)><Combobox id=id("many") chosen=many many=true free=true lookup=fixed(items())/></Field>
            <Field id=id("wrong") label=t(THEME) error=fault><Combobox id=id("wrong") chosen=RwSignal::new(Vec::new()) invalid=true lookup=fixed(Vec::new())/></Field>
            <Field id=id("day") label=t(TIME_ZONE)><DateInput id=id("day") value=day/></Field>
            <Field id=id("moment") label=t(TIME_ZONE)><DateInput id=id("moment") value=moment time=true/></Field>
            <label class="flex items-center gap-2 text-[13px]"><input type="checkbox" class="toggle" checked=true/>{t(DENSITY)}</label>
        </div>
    }
    .into_any()
}

fn floating() -> AnyView {
    let open = RwSignal::new(false);
    let items = || {
        vec![
            MenuItem::new("pencil", t(EDIT), || ()),
            MenuItem::new("check", t(SAVED), || ()).checked(true),
            MenuItem::new("trash-2", t(DELETE), || ()).danger(),
        ]
    };
    let name = tf(OPTIONS_OF, &[("title", t(THEME))]);
    let trigger = view! { <Button label=t(SEARCH) on_click=move |_| open.update(|o| *o = !*o)/> }.into_any();
    let strip = [(TAB_FACTS, "a"), (TAB_TIMELINE, "b"), (TAB_FILES, "c")].map(|(label, key)| Tab {
        key: key.to_owned(),
        label: t(label).to_owned(),
        count: None,
        href: "/ui".to_owned(),
    });
    view! {
        <div class="flex flex-wrap items-center gap-2">
            <Menu label=name face=icon("ellipsis") items=items/>
            <Popover open=open trigger=trigger panel_class="p-3"><p>{t(NOTHING_FOUND)}</p></Popover>
        </div>
        {tabs(t(NAVIGATION), "a", strip.into())}
    }
    .into_any()
}

fn layers(theme: &'static str) -> AnyView {
    let shape = RwSignal::new(None::<Shape>);
    let open = move |label: &'static str, which: Shape| view! { <Button label=label on_click=move |_| shape.set(Some(which))/> };
    view! {
        <div class="flex flex-wrap gap-2">
            {open("Dialog", Shape::Dialog)}{open("Wide", Shape::Wide)}{open("Drawer", Shape::Drawer)}
            <Button label=t(SAVED) on_click=|_| toast::linked(t(SAVED), t(CANCEL), || ())/>
            <Button label=t(ERROR_TITLE) on_click=|_| toast::problem(t(ERROR_TITLE))/>
        </div>
        {move || shape.get().map(|which| view! {
            <div data-theme=theme>
                <Layer shape=which label=t(THEME) on_close=move |()| shape.set(None)>
                    <div class="p-4"><Button label=t(CLOSE) look=Look::Primary on_click=move |_| shape.set(None)/></div>
                </Layer>
            </div>
        })}
    }
    .into_any()
}

fn states() -> AnyView {
    let action = view! { <Button label=t(SEARCH) look=Look::Primary/> }.into_any();
    view! {
        {empty("search", t(NOTHING_FOUND), t(PASSWORD_RULE), action)}
        {failed(&ApiError::Network, || ())}
        {loading_rows(3)}
        <div class="grid place-items-center">{spinner()}</div>
    }
    .into_any()
}
