//! Applications that may act for people or by themselves: registered, given secrets, ended.

pub mod connected;
pub mod consent;

use super::keys::once;
use crate::api::client::ApiError;
use crate::api::keys;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, reference};
use crate::i18n::{
    APPS_EMPTY, APPS_SECRET, APPS_SECRET_AT_ONCE, APPS_SECRET_LATER, APPS_SECRET_TEXT, APPS_TEXT, APPS_TITLE, CANCEL,
    SHARING_OFF, t,
};
use crate::layout::{nav, shell};
use crate::state::{catalog, session, toast};
use crate::ui::{self, Button, Layer, Look, Shape, badge, icon};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{ObjectMeta, Record, Tone};
use leptos::prelude::*;
use leptos_router::components::A;
use std::sync::Arc;

pub fn screen() -> AnyView {
    let Some(object) = catalog::object("oauth_client").filter(|_| session::may("user", "configure")) else {
        return shell::missing();
    };
    let all: RwSignal<Option<Result<Vec<Record>, ApiError>>> = RwSignal::new(None);
    let asked = RwSignal::new(None::<Record>);
    let shown: once::Shown = RwSignal::new(None);
    let plural = object.plural.to_string();
    let load = move || {
        let plural = plural.clone();
        leptos::task::spawn_local(async move {
            let query = ListQuery { sort: vec![Sort::parse("name")], limit: Some(200), ..ListQuery::default() };
            let _ = all.try_set(Some(records::query(&plural, &query).await.map(|page| page.data)));
        });
    };
    load();
    let new = format!("{}/new", nav::list_url(&object));
    let meta = object.clone();
    let body = move || match all.get() {
        None => ui::loading_rows(4),
        Some(Err(error)) => ui::failed(&error, load.clone()),
        Some(Ok(list)) if list.is_empty() => ui::empty("box", t(APPS_EMPTY), t(APPS_TEXT), ().into_any()),
        Some(Ok(list)) => {
            view! { <ul>{list.into_iter().map(|one| line(&meta, one, asked)).collect_view()}</ul> }.into_any()
        }
    };
    view! {
        <section class="grow min-h-0 overflow-y-auto scroll-thin bg-base-100">
            <div class="px-4 py-3 border-b border-base-300 flex flex-wrap items-center gap-3">
                <div class="grow min-w-48">
                    <h1 class="font-semibold text-base">{t(APPS_TITLE)}</h1>
                    <p class="muted text-[13px]">{t(APPS_TEXT)}</p>
                </div>
                <A href=new attr:class="btn btn-primary">{icon("plus")}{t(crate::i18n::APPS_ADD)}</A>
            </div>
            {body}
        </section>
        {move || asked.get().map(|client| secret(client, asked, shown))}
        {once::dialog(shown)}
    }
    .into_any()
}

fn line(object: &Arc<ObjectMeta>, client: Record, asked: RwSignal<Option<Record>>) -> AnyView {
    let text = |key: &str| client.value(key).as_str().unwrap_or_default().to_owned();
    let href = format!("{}/{}", nav::list_url(object), client.id());
    let confidential = text("kind") == "confidential";
    let kind = object.field("kind").map(|f| fields::cell(fields::Shown::of(f, &client)));
    let off = client.value("active").as_bool() == Some(false);
    let role = client.value("role").is_string().then(|| reference::names_later("role", client.value("role")));
    let (scopes, name) = (text("scopes"), text("name"));
    let id = client.id().to_owned();
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 min-h-14 border-t border-base-300/60 text-[13px]">
            <span class="muted">{icon("box")}</span>
            <div class="grow min-w-0 basis-48">
                <p class="font-semibold flex items-center gap-2"><A href=href attr:class="link truncate">{name}</A>{kind}{off.then(|| badge(t(SHARING_OFF), Tone::Neutral))}</p>
                <p class="muted truncate font-mono text-xs" title=scopes.clone()>{scopes.clone()}</p>
                <p class="muted truncate text-xs">"client_id "<span class="font-mono">{id}</span>{role.map(|role| view! { " · "{move || role.get()} })}</p>
            </div>
            {confidential.then(|| view! { <Button label=t(APPS_SECRET) icon="key-round" on_click=move |_| asked.set(Some(client.clone()))/> })}
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
