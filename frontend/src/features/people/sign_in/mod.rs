//! How people sign in besides with a password here: providers of identities, and directories.

mod check;
mod editor;
mod mapping;
mod runs;

use crate::api::records::RecordExt;
use crate::bridge;
use crate::i18n::{
    DELETE, EDIT, ELSEWHERE_ADD_DIRECTORY, ELSEWHERE_ADD_PROVIDER, ELSEWHERE_NEVER, ELSEWHERE_NO_DIRECTORY,
    ELSEWHERE_NO_PROVIDER, ELSEWHERE_OFF, ELSEWHERE_SYNC, ELSEWHERE_SYNCED, ELSEWHERE_TEXT, ELSEWHERE_TITLE, label, t,
    tf,
};
use crate::layout::{settings, shell};
use crate::record::few::Few;
use crate::record::url::Url;
use crate::ui::{self, Button, Look, badge, icon};
use kezhan_meta::{Record, Tone};
use leptos::prelude::*;

/// One of the two sorts.
#[derive(Clone)]
struct Part {
    few: Few,
    /// In the address: the record that is open.
    key: &'static str,
}

impl Part {
    fn of(key: &'static str) -> Option<Part> {
        Few::of(key).map(|few| Part { few, key })
    }

    fn is_directory(&self) -> bool {
        self.key == "directory"
    }
}

pub fn screen() -> AnyView {
    let (Some(providers), Some(directories)) = (Part::of("identity_provider"), Part::of("directory")) else {
        return shell::missing();
    };
    let url = Url::new();
    let parts = [providers, directories.clone()];
    let editors = parts.clone().map(|part| editor_of(part, url));
    let syncing = directories.few.opened(url, "sync");
    let sync = move || {
        let record = syncing.get()??;
        let again = directories.few.clone();
        let close = Callback::new(move |()| {
            url.replace(&[("sync", None)]);
            again.load();
        });
        Some(runs::layer(directories.few.object.clone(), record, close))
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(ELSEWHERE_TITLE, ELSEWHERE_TEXT, ().into_any())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin p-4 flex flex-col gap-6">
                {parts.map(|part| list(part, url))}
            </div>
        </section>
        {editors}
        {sync}
    }
    .into_any()
}

fn editor_of(part: Part, url: Url) -> impl Fn() -> Option<AnyView> {
    let open = part.few.opened(url, part.key);
    move || {
        let key = part.key;
        let close = Callback::new(move |()| url.replace(&[(key, None)]));
        open.get().map(|record| editor::layer(part.clone(), record, close))
    }
}

fn list(part: Part, url: Url) -> AnyView {
    let (key, all) = (part.key, part.few.all);
    let (add, none, picture) = match part.is_directory() {
        true => (ELSEWHERE_ADD_DIRECTORY, ELSEWHERE_NO_DIRECTORY, "book-user"),
        false => (ELSEWHERE_ADD_PROVIDER, ELSEWHERE_NO_PROVIDER, "key-round"),
    };
    let title = label(&part.few.object.label_many);
    let body = move || match all.get() {
        None => ui::loading_rows(2),
        Some(Err(error)) => {
            let part = part.clone();
            ui::failed(&error, move || part.few.load())
        }
        Some(Ok(records)) if records.is_empty() => {
            view! { <p class="panel p-3 muted text-[13px] flex items-center gap-2">{icon(picture)}{t(none)}</p> }
                .into_any()
        }
        Some(Ok(records)) => {
            let lines = records.into_iter().map(|record| line(&part, record, url)).collect_view();
            view! { <ul class="flex flex-col gap-2">{lines}</ul> }.into_any()
        }
    };
    view! {
        <div class="max-w-4xl w-full flex flex-col gap-2" data-part=key>
            <div class="flex items-center gap-2">
                <h2 class="font-semibold grow">{title}</h2>
                <Button label=t(add) icon="plus" on_click=move |_| url.push(&[(key, Some("new".to_owned()))])/>
            </div>
            {body}
        </div>
    }
    .into_any()
}

fn line(part: &Part, record: Record, url: Url) -> AnyView {
    let id = record.id().to_owned();
    let text = |key: &str| record.value(key).as_str().unwrap_or_default().to_owned();
    let key = part.key;
    let off = record.value("active").as_bool() == Some(false);
    let address = text(if part.is_directory() { "address" } else { "issuer" });
    let synced = part.is_directory().then(|| match record.value("synced_at").as_str() {
        Some(at) => tf(ELSEWHERE_SYNCED, &[("at", &bridge::date_time(at))]),
        None => t(ELSEWHERE_NEVER).to_owned(),
    });
    let sync = part.is_directory().then(|| {
        let id = id.clone();
        view! { <Button label=t(ELSEWHERE_SYNC) icon="refresh-cw" look=Look::Quiet on_click=move |_| url.push(&[("sync", Some(id.clone()))])/> }
    });
    let remove = {
        let (few, record) = (part.few.clone(), record.clone());
        move |_| few.remove(record.clone())
    };
    view! {
        <li class="panel p-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-[13px]">
            <div class="grow min-w-56">
                <p class="font-semibold flex items-center gap-2">{text("name")}{off.then(|| badge(t(ELSEWHERE_OFF), Tone::Neutral))}</p>
                <p class="muted break-all">{address}</p>
                {synced.map(|text| view! { <p class="muted">{text}</p> })}
            </div>
            <div class="flex gap-1">
                {sync}
                <Button label=t(EDIT) icon="pencil" icon_only=true look=Look::Quiet on_click=move |_| url.push(&[(key, Some(id.clone()))])/>
                <Button label=t(DELETE) icon="trash-2" icon_only=true look=Look::Quiet on_click=remove/>
            </div>
        </li>
    }
    .into_any()
}
