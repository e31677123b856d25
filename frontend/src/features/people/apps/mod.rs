//! Applications that may act for people or by themselves: registered, given secrets, ended.

pub mod connected;
pub mod consent;
mod form;

use super::keys::once;
use crate::api::keys;
use crate::api::records::RecordExt;
use crate::bridge;
use crate::fields::{self, reference};
use crate::i18n::{
    APPS_ADD, APPS_COPY_ID, APPS_EMPTY, APPS_SECRET, APPS_SECRET_AT_ONCE, APPS_SECRET_LATER, APPS_SECRET_TEXT,
    APPS_TEXT, APPS_TITLE, CANCEL, COPIED, DELETE, EDIT, SHARING_OFF, t,
};
use crate::layout::{settings, shell};
use crate::record::few::Few;
use crate::record::url::Url;
use crate::state::toast;
use crate::ui::{self, Button, Layer, Look, Shape, badge, icon};
use kezhan_meta::{Record, Tone};
use leptos::prelude::*;

pub fn screen() -> AnyView {
    let Some(few) = Few::of("oauth_client") else {
        return shell::missing();
    };
    let url = Url::new();
    let open = few.opened(url, "app");
    let asked = RwSignal::new(None::<Record>);
    let shown: once::Shown = RwSignal::new(None);
    let add = view! {
        <Button label=t(APPS_ADD) look=Look::Primary icon="plus" on_click=move |_| url.push(&[("app", Some("new".to_owned()))])/>
    };
    let all = few.clone();
    let body = move || match all.all.get() {
        None => ui::loading_rows(4),
        Some(Err(error)) => {
            let all = all.clone();
            ui::failed(&error, move || all.load())
        }
        Some(Ok(list)) if list.is_empty() => ui::empty("box", t(APPS_EMPTY), t(APPS_TEXT), ().into_any()),
        Some(Ok(list)) => {
            let lines = list.into_iter().map(|one| line(&all, url, one, asked)).collect_view();
            view! { <ul class="panel">{lines}</ul> }.into_any()
        }
    };
    let editor = move || {
        let close = Callback::new(move |()| url.replace(&[("app", None)]));
        open.get().map(|app| form::layer(few.clone(), app, close))
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(APPS_TITLE, APPS_TEXT, add.into_any())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin"><div class="p-4 max-w-4xl">{body}</div></div>
        </section>
        {editor}
        {move || asked.get().map(|client| secret(client, asked, shown))}
        {once::dialog(shown)}
    }
    .into_any()
}

fn line(few: &Few, url: Url, client: Record, asked: RwSignal<Option<Record>>) -> AnyView {
    let object = &few.object;
    let text = |key: &str| client.value(key).as_str().unwrap_or_default().to_owned();
    let confidential = text("kind") == "confidential";
    let kind = object.field("kind").map(|f| fields::cell(fields::Shown::of(f, &client)));
    let off = client.value("active").as_bool() == Some(false);
    let role = client.value("role").is_string().then(|| reference::names_later("role", client.value("role")));
    let (scopes, name) = (text("scopes"), text("name"));
    let (edits, deletes) = (format!("{} · {name}", t(EDIT)), format!("{} · {name}", t(DELETE)));
    let (id, copied) = (client.id().to_owned(), client.id().to_owned());
    let copy = move |_| {
        let id = copied.clone();
        leptos::task::spawn_local(async move {
            if bridge::copy(&id).await {
                toast::done(t(COPIED));
            }
        });
    };
    let (few, edited, removed) = (few.clone(), client.id().to_owned(), client.clone());
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 min-h-14 border-t border-base-300/60 first:border-t-0 text-[13px]">
            <span class="muted">{icon("box")}</span>
            <div class="grow min-w-0 basis-48">
                <p class="font-semibold flex items-center gap-2"><span class="wrap-anywhere md:truncate">{name}</span>{kind}{off.then(|| badge(t(SHARING_OFF), Tone::Neutral))}</p>
                <p class="muted wrap-anywhere md:truncate font-mono text-xs" title=scopes.clone()>{scopes.clone()}</p>
                <p class="muted text-xs flex items-center gap-1 min-w-0">
                    <span class="wrap-anywhere md:truncate">"client_id "<span class="font-mono">{id}</span>{role.map(|role| view! { " · "{move || role.get()} })}</span>
                    <Button label=t(APPS_COPY_ID) icon="copy" icon_only=true look=Look::Quiet on_click=copy/>
                </p>
            </div>
            <div class="flex flex-wrap gap-1">
                {confidential.then(|| view! { <Button label=t(APPS_SECRET) icon="key-round" on_click=move |_| asked.set(Some(client.clone()))/> })}
                <Button label=edits icon="pencil" icon_only=true look=Look::Quiet on_click=move |_| url.push(&[("app", Some(edited.clone()))])/>
                <Button label=deletes icon="trash-2" icon_only=true look=Look::Quiet on_click=move |_| few.remove(removed.clone())/>
            </div>
        </li>
    }
    .into_any()
}

fn secret(client: Record, asked: RwSignal<Option<Record>>, shown: once::Shown) -> AnyView {
    let busy = RwSignal::new(false);
    let name = client.value("name").as_str().unwrap_or_default().to_owned();
    let (id, title) = (StoredValue::new(client.id().to_owned()), format!("{} · {name}", t(APPS_SECRET)));
    let make = move |at_once: bool| {
        let name = name.clone();
        busy.set(true);
        leptos::task::spawn_local(async move {
            match keys::client_secret(&id.get_value(), at_once).await {
                Ok(text) => {
                    asked.set(None);
                    shown.set(Some((name, text)));
                }
                Err(error) => toast::error(&error),
            }
            let _ = busy.try_set(false);
        });
    };
    let now = make.clone();
    view! {
        <Layer shape=Shape::Dialog label=title on_close=move |()| asked.set(None)>
            <p class="text-[13px] px-4 pt-4">{t(APPS_SECRET_TEXT)}</p>
            <div class="flex flex-wrap justify-end gap-2 p-4">
                <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| asked.set(None)/>
                <Button label=t(APPS_SECRET_AT_ONCE) look=Look::Danger busy=busy on_click=move |_| now(true)/>
                <Button label=t(APPS_SECRET_LATER) look=Look::Primary busy=busy on_click=move |_| make(false)/>
            </div>
        </Layer>
    }
    .into_any()
}
