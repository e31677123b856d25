//! The safety of one's own account: where one is signed in, what happened at one's door, password and keys.

pub mod factor;
mod identities;

use super::{profile, settings};
use crate::api::client::ApiError;
use crate::api::security::{self, Account, Device, Session, SignIn};
use crate::bridge;
use crate::features::people::apps::connected;
use crate::features::people::keys;
use crate::i18n::{
    RETRY, SECURITY_DEVICE_UNKNOWN, SECURITY_END, SECURITY_END_OTHERS, SECURITY_ENDED, SECURITY_LAST_USED,
    SECURITY_LOG, SECURITY_SESSIONS, SECURITY_SESSIONS_TEXT, SECURITY_TEXT, SECURITY_THIS, SECURITY_TITLE, action_name,
    t, tf,
};
use crate::state::toast;
use crate::ui::{self, Button, Look, icon};
use leptos::prelude::*;
use std::future::Future;

type Loaded<T> = RwSignal<Option<Result<Vec<T>, ApiError>>>;

pub fn screen() -> AnyView {
    view! {
        <section class="grow min-h-0 flex flex-col">
            {settings::head(SECURITY_TITLE, SECURITY_TEXT, ().into_any())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin p-4"><div class="max-w-3xl flex flex-col gap-4">
                {sessions()}
                {factor::panel(Account::Own)}
                {identities::panel()}
                {profile::password()}
                {keys::panel()}
                {connected::panel()}
                {log()}
            </div></div>
        </section>
    }
    .into_any()
}

/// Fetches, and again whenever `again` is called.
fn fetched<T, F>(load: impl Fn() -> F + Copy + Send + Sync + 'static) -> (Loaded<T>, Callback<()>)
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<Vec<T>, ApiError>> + 'static,
{
    let rows: Loaded<T> = RwSignal::new(None);
    let again = Callback::new(move |()| {
        leptos::task::spawn_local(async move {
            let _ = rows.try_set(Some(load().await));
        });
    });
    again.run(());
    (rows, again)
}

fn list<T: Clone + Send + Sync + 'static>(
    rows: Loaded<T>,
    again: Callback<()>,
    none: &'static str,
    line: impl Fn(T) -> AnyView + Copy + Send + Sync + 'static,
) -> AnyView {
    (move || match rows.get() {
        None => ui::loading_rows(3),
        Some(Err(error)) => view! {
            <p class="p-4 flex items-center gap-3 text-[13px] text-error" role="alert">{error.message()}<Button label=t(RETRY) on_click=move |_| again.run(())/></p>
        }
        .into_any(),
        Some(Ok(all)) if all.is_empty() => view! { <p class="p-4 muted text-[13px]">{none}</p> }.into_any(),
        Some(Ok(all)) => view! { <ul>{all.into_iter().map(line).collect_view()}</ul> }.into_any(),
    })
    .into_any()
}

fn name(device: &Device) -> String {
    let parts: Vec<&str> = [&device.browser, &device.system].into_iter().flatten().map(String::as_str).collect();
    if parts.is_empty() { t(SECURITY_DEVICE_UNKNOWN).to_owned() } else { parts.join(" · ") }
}

fn picture(device: &Device) -> &'static str {
    match device.kind.as_deref() {
        Some("smartphone" | "mobilephone") => "smartphone",
        Some("pc") => "monitor",
        _ => "globe",
    }
}

fn row(sign: &'static str, title: String, below: String, actions: AnyView) -> AnyView {
    view! {
        <li class="flex items-center gap-3 px-4 py-2 min-h-14 border-t border-base-300/60 text-[13px]">
            <span class="muted">{icon(sign)}</span>
            <div class="grow min-w-0"><p class="font-semibold break-words">{title}</p><p class="muted tnum break-words">{below}</p></div>
            {actions}
        </li>
    }
    .into_any()
}

fn sessions() -> AnyView {
    let (rows, again) = fetched(security::sessions);
    let end = move |id: Option<String>| {
        leptos::task::spawn_local(async move {
            match security::end(id.as_deref()).await {
                Ok(()) => toast::done(t(SECURITY_ENDED)),
                Err(error) => toast::error(&error),
            }
            again.run(());
        });
    };
    let line = move |one: Session| {
        let when = tf(SECURITY_LAST_USED, &[("at", &bridge::date_time(&one.last_used_at))]);
        let below =
            [one.ip.clone().unwrap_or_default(), when].into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>();
        let id = one.id.clone();
        let actions = match one.current {
            true => view! { <span class="text-success font-semibold whitespace-nowrap">{t(SECURITY_THIS)}</span> }
                .into_any(),
            false => view! { <Button label=t(SECURITY_END) on_click=move |_| end(Some(id.clone()))/> }.into_any(),
        };
        row(picture(&one.device), name(&one.device), below.join(" · "), actions)
    };
    let several = move || rows.with(|r| matches!(r, Some(Ok(all)) if all.len() > 1));
    view! {
        <section class="panel">
            <div class="flex flex-wrap items-center gap-3 p-4">
                <div class="grow min-w-48">
                    <h2 class="font-semibold">{t(SECURITY_SESSIONS)}</h2>
                    <p class="muted text-[13px]">{t(SECURITY_SESSIONS_TEXT)}</p>
                </div>
                {move || several().then(|| view! { <Button label=t(SECURITY_END_OTHERS) look=Look::Danger on_click=move |_| end(None)/> })}
            </div>
            {list(rows, again, "", line)}
        </section>
    }
    .into_any()
}

fn log() -> AnyView {
    let (rows, again) = fetched(security::sign_ins);
    let line = |one: SignIn| {
        let below = [bridge::date_time(&one.at), one.ip.clone().unwrap_or_default(), name(&one.device)];
        let below = below.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ");
        let warns = matches!(one.action.as_str(), "sign_in_failed" | "token_reused");
        row(if warns { "triangle-alert" } else { picture(&one.device) }, action_name(&one.action), below, ().into_any())
    };
    view! {
        <section class="panel">
            <h2 class="font-semibold p-4">{t(SECURITY_LOG)}</h2>
            {list(rows, again, "", line)}
        </section>
    }
    .into_any()
}
