//! The applications that act on one's behalf, as a part of “my security”.

use crate::api::client::ApiError;
use crate::api::keys::{self, Connected};
use crate::bridge;
use crate::i18n::{
    APPS_CONNECTED, APPS_CONNECTED_NONE, APPS_CONNECTED_TEXT, APPS_SINCE, APPS_WITHDRAW, APPS_WITHDRAWN, LIST_JOIN,
    RETRY, SECURITY_KEY_LAST, SECURITY_KEY_NEVER, t, tf,
};
use crate::state::toast;
use crate::ui::{self, Button, icon};
use leptos::prelude::*;

type Rows = RwSignal<Option<Result<Vec<Connected>, ApiError>>>;

fn load(rows: Rows) {
    leptos::task::spawn_local(async move {
        let _ = rows.try_set(Some(keys::connected().await));
    });
}

pub fn panel() -> AnyView {
    let rows: Rows = RwSignal::new(None);
    load(rows);
    view! {
        <section class="panel">
            <div class="p-4">
                <h2 class="font-semibold">{t(APPS_CONNECTED)}</h2>
                <p class="muted text-[13px]">{t(APPS_CONNECTED_TEXT)}</p>
            </div>
            {move || match rows.get() {
                None => ui::loading_rows(2),
                Some(Err(error)) => view! {
                    <p class="p-4 flex items-center gap-3 text-[13px] text-error" role="alert">{error.message()}<Button label=t(RETRY) on_click=move |_| load(rows)/></p>
                }
                .into_any(),
                Some(Ok(all)) if all.is_empty() => view! { <p class="p-4 muted text-[13px]">{t(APPS_CONNECTED_NONE)}</p> }.into_any(),
                Some(Ok(all)) => view! { <ul data-connected>{all.into_iter().map(|one| line(rows, one)).collect_view()}</ul> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

fn line(rows: Rows, one: Connected) -> AnyView {
    let used = match &one.last_used_at {
        None => t(SECURITY_KEY_NEVER).to_owned(),
        Some(at) => {
            let at = tf(SECURITY_KEY_LAST, &[("at", &bridge::date_time(at))]);
            [Some(at), one.last_used_ip.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
    };
    let since = tf(APPS_SINCE, &[("at", &bridge::date_time(&one.created_at))]);
    let scopes = one.scopes.join(t(LIST_JOIN));
    let id = one.id.clone();
    let withdraw = move |_| {
        let id = id.clone();
        leptos::task::spawn_local(async move {
            match keys::withdraw(&id).await {
                Ok(()) => toast::done(t(APPS_WITHDRAWN)),
                Err(error) => toast::error(&error),
            }
            load(rows);
        });
    };
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 min-h-14 border-t border-base-300/60 text-[13px]">
            <span class="muted">{icon("box")}</span>
            <div class="grow min-w-0 basis-48">
                <p class="font-semibold wrap-anywhere md:truncate">{one.name}</p>
                <p class="muted tnum wrap-anywhere md:truncate">{format!("{since} · {used}")}</p>
                <p class="muted wrap-anywhere md:truncate font-mono text-xs" title=scopes.clone()>{scopes.clone()}</p>
            </div>
            <Button label=t(APPS_WITHDRAW) on_click=withdraw/>
        </li>
    }
    .into_any()
}
