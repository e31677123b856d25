//! Who one is at providers of identities: connected, and parted from again.

use super::factor;
use crate::api::client::ApiError;
use crate::api::security::{self, Account, Connectable, Identities, Identity, Standing};
use crate::bridge;
use crate::i18n::{
    CONTINUE, IDENTITIES_TEXT, IDENTITIES_TITLE, IDENTITY_CONNECT, IDENTITY_CONNECT_TO, IDENTITY_CONNECTED,
    IDENTITY_DISCONNECT, IDENTITY_DISCONNECTED, IDENTITY_NONE, IDENTITY_SINCE, IDENTITY_WHY_ANOTHER,
    IDENTITY_WHY_TAKEN, RETRY, SIGN_IN_WHY_DENIED, SIGN_IN_WHY_EMAIL_DOMAIN, SIGN_IN_WHY_PROVIDER, SIGN_IN_WHY_STATE,
    SIGN_IN_WHY_UNPROVED, t, tf,
};
use crate::state::toast;
use crate::ui::{Button, Layer, Shape};
use leptos::prelude::*;

type Loaded = RwSignal<Option<Result<(Identities, Standing), ApiError>>>;

/// What became of the way to a provider, from which one has come back.
fn outcome() -> Option<Result<&'static str, &'static str>> {
    let search = window().location().search().ok()?;
    let key = search.trim_start_matches('?').split('&').find_map(|part| part.strip_prefix("linked="))?;
    Some(match key {
        "done" => Ok(t(IDENTITY_CONNECTED)),
        "taken" => Err(t(IDENTITY_WHY_TAKEN)),
        "another" => Err(t(IDENTITY_WHY_ANOTHER)),
        "denied" => Err(t(SIGN_IN_WHY_DENIED)),
        "email_domain" => Err(t(SIGN_IN_WHY_EMAIL_DOMAIN)),
        "unproved" => Err(t(SIGN_IN_WHY_UNPROVED)),
        "state" => Err(t(SIGN_IN_WHY_STATE)),
        _ => Err(t(SIGN_IN_WHY_PROVIDER)),
    })
}

/// Nothing where the company has no provider.
pub fn panel() -> AnyView {
    let loaded: Loaded = RwSignal::new(None);
    let load = Callback::new(move |()| {
        leptos::task::spawn_local(async move {
            let found = match security::identities().await {
                Ok(found) => Account::Own.standing().await.map(|standing| (found, standing)),
                Err(error) => Err(error),
            };
            let _ = loaded.try_set(Some(found));
        });
    });
    load.run(());
    let connecting = RwSignal::new(None::<Connectable>);
    let body = move || {
        match loaded.get()? {
        Err(error) => Some(
            view! {
                <section class="panel"><p class="p-4 flex items-center gap-3 text-[13px] text-error" role="alert">{error.message()}<Button label=t(RETRY) on_click=move |_| load.run(())/></p></section>
            }
            .into_any(),
        ),
        Ok((found, _)) if found.data.is_empty() && found.available.is_empty() => None,
        Ok((found, _)) => Some(rows(found, connecting, load)),
    }
    };
    let dialog = move || {
        let provider = connecting.get()?;
        let (_, standing) = loaded.get_untracked().and_then(Result::ok)?;
        Some(ask(provider, &standing, connecting))
    };
    view! { {body}{dialog} }.into_any()
}

fn rows(found: Identities, connecting: RwSignal<Option<Connectable>>, load: Callback<()>) -> AnyView {
    let note = outcome().map(|outcome| match outcome {
        Ok(text) => view! { <p class="px-4 pb-3 text-[13px] text-success" role="status">{text}</p> }.into_any(),
        Err(text) => view! { <p class="px-4 pb-3 text-[13px] text-error" role="alert">{text}</p> }.into_any(),
    });
    let part = move |source: String| {
        leptos::task::spawn_local(async move {
            match security::disconnect(&source).await {
                Ok(()) => toast::done(t(IDENTITY_DISCONNECTED)),
                Err(error) => toast::error(&error),
            }
            load.run(());
        });
    };
    let linked = found.data.into_iter().map(|one: Identity| {
        let below = tf(IDENTITY_SINCE, &[("who", &one.subject), ("at", &bridge::date_time(&one.linked_at))]);
        let (of_provider, source) = (one.kind == "identity_provider", one.source);
        let action = of_provider
            .then(|| view! { <Button label=t(IDENTITY_DISCONNECT) on_click=move |_| part(source.clone())/> });
        factor::row("key-round", one.name, below, action.into_any())
    });
    let available = found.available.into_iter().map(|one| {
        let name = one.name.clone();
        let action = view! { <Button label=t(IDENTITY_CONNECT) on_click=move |_| connecting.set(Some(one.clone()))/> };
        factor::row("key-round", name, t(IDENTITY_NONE).to_owned(), action.into_any())
    });
    view! {
        <section class="panel" data-identities>
            <div class="p-4">
                <h2 class="font-semibold">{t(IDENTITIES_TITLE)}</h2>
                <p class="muted text-[13px]">{t(IDENTITIES_TEXT)}</p>
            </div>
            {note}
            {linked.collect_view()}
            {available.collect_view()}
        </section>
    }
    .into_any()
}

/// Who it is, and on to the provider.
fn ask(provider: Connectable, standing: &Standing, open: RwSignal<Option<Connectable>>) -> AnyView {
    let close = Callback::new(move |()| open.set(None));
    let title = tf(IDENTITY_CONNECT_TO, &[("name", &provider.name)]);
    let id = provider.id;
    let work = move |proof| {
        let id = id.clone();
        async move { security::connect(&id, &proof).await }
    };
    let go = |url: String| {
        let _ = window().location().set_href(&url);
    };
    let body = factor::proof(standing, true, t(CONTINUE), work, go, close);
    view! { <Layer shape=Shape::Dialog label=title on_close=close>{body}</Layer> }.into_any()
}
