//! Nothing yet, loading, failed: said plainly, with what to do next.

use super::button::{Button, Look};
use super::icon::{icon, icon_large};
use crate::api::client::ApiError;
use crate::bridge;
use crate::i18n::{COPIED, ERROR_REQUEST_ID, ERROR_TITLE, RETRY, t, tf};
use crate::state::toast;
use leptos::prelude::*;
use std::time::Duration;

/// Sets it in the browser's next task: for what can wait until keys and clicks have had their turn.
pub fn soon(due: RwSignal<bool>) {
    set_timeout(
        move || {
            let _ = due.try_set(true);
        },
        Duration::ZERO,
    );
}

/// Teaches rather than apologises: one sentence and what can be done.
pub fn empty(picture: &str, title: impl Into<String>, text: impl Into<String>, actions: AnyView) -> AnyView {
    let (title, text): (String, String) = (title.into(), text.into());
    view! {
        <div class="flex flex-col items-center justify-center gap-2 py-16 px-6 text-center">
            <span class="muted mb-1">{icon_large(picture)}</span>
            <p class="font-semibold">{title}</p>
            <p class="muted max-w-md text-[13px]">{text}</p>
            <div class="flex flex-wrap justify-center gap-2 mt-3">{actions}</div>
        </div>
    }
    .into_any()
}

pub fn failed(error: &ApiError, retry: impl Fn() + Send + Sync + 'static) -> AnyView {
    let message = error.message();
    let id = error.request_id().map(|id| {
        let id = id.to_owned();
        let text = tf(ERROR_REQUEST_ID, &[("id", &id)]);
        view! {
            <button type="button" class="text-xs muted inline-flex items-center gap-1 hover:underline"
                on:click=move |_| {
                    let id = id.clone();
                    leptos::task::spawn_local(async move {
                        if bridge::copy(&id).await { toast::done(t(COPIED)) }
                    });
                }>{icon("copy")}{text}</button>
        }
    });
    view! {
        <div class="flex flex-col items-center justify-center gap-2 py-16 px-6 text-center" role="alert">
            <span class="text-error mb-1">{icon_large("triangle-alert")}</span>
            <p class="font-semibold">{t(ERROR_TITLE)}</p>
            <p class="muted max-w-md text-[13px]">{message}</p>
            {id}
            <Button label=t(RETRY) look=Look::Plain icon="rotate-cw" class="mt-3" on_click=move |_| retry()/>
        </div>
    }
    .into_any()
}

/// The shape of what is coming, after a moment.
pub fn loading_rows(rows: usize) -> AnyView {
    const WIDTHS: [&str; 4] = ["width:62%", "width:48%", "width:71%", "width:55%"];
    (0..rows)
        .map(|i| {
            view! {
                <div class="late flex items-center gap-6 h-9 px-3 border-b border-base-300/60">
                    <div class="skeleton-bar h-3 w-4"></div>
                    <div class="grow max-w-80"><div class="skeleton-bar h-3" prop:style=WIDTHS[i % 4]></div></div>
                    <div class="skeleton-bar h-3 w-20 hidden sm:block"></div>
                    <div class="skeleton-bar h-3 w-28 hidden md:block"></div>
                    <div class="skeleton-bar h-3 w-16 hidden md:block"></div>
                </div>
            }
        })
        .collect_view()
        .into_any()
}

pub fn spinner() -> AnyView {
    view! { <span class="late spin inline-flex muted">{icon("loader-circle")}</span> }.into_any()
}
