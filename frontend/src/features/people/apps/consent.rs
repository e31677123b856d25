//! Whether an application may act for the reader: who asks, what it could do, yes or no.

use crate::api::client::ApiError;
use crate::api::keys::{self, About, Question};
use crate::features::people::keys::reach;
use crate::i18n::{
    CONSENT_ALLOW, CONSENT_AS, CONSENT_BACK_TO, CONSENT_DENY, CONSENT_GOING, CONSENT_KNOWN, CONSENT_LATER, CONSENT_MAY,
    CONSENT_TITLE, CONSENT_UNSOUND, t, tf,
};
use crate::state::{session, toast};
use crate::ui::{self, Button, Look, icon};
use leptos::prelude::*;

/// The request, as it came.
fn query() -> String {
    window().location().search().unwrap_or_default().trim_start_matches('?').to_owned()
}

fn go(url: &str) {
    let _ = window().location().set_href(url);
}

pub fn screen() -> AnyView {
    let asked: RwSignal<Option<Result<Question, ApiError>>> = RwSignal::new(None);
    let query = StoredValue::new(query());
    leptos::task::spawn_local(async move {
        let answer = keys::question(&query.get_value()).await;
        if let Ok(Question { redirect_to: Some(url), .. }) = &answer {
            go(url);
        }
        let _ = asked.try_set(Some(answer));
    });
    view! {
        <main class="h-dvh overflow-auto grid place-items-center p-4 bg-base-200">
            <div class="w-full max-w-[30rem]">
                {move || match asked.get() {
                    None => ui::loading_rows(6),
                    Some(Err(error)) => view! {
                        <div class="panel p-6 flex flex-col gap-2" role="alert">
                            <h1 class="text-lg font-semibold">{t(CONSENT_UNSOUND)}</h1>
                            <p class="text-[13px]">{error.message()}</p>
                        </div>
                    }
                    .into_any(),
                    Some(Ok(question)) => match question.client.clone().filter(|_| question.redirect_to.is_none()) {
                        Some(client) => form(client, question, query),
                        None => view! { <p class="panel p-6 text-[13px]" role="status">{t(CONSENT_GOING)}</p> }.into_any(),
                    },
                }}
            </div>
        </main>
    }
    .into_any()
}

fn form(client: About, question: Question, query: StoredValue<String>) -> AnyView {
    let busy = RwSignal::new(false);
    let say = move |allow: bool| {
        busy.set(true);
        leptos::task::spawn_local(async move {
            match keys::answer(&query.get_value(), allow).await {
                Ok(url) => go(&url),
                Err(error) => {
                    toast::error(&error);
                    let _ = busy.try_set(false);
                }
            }
        });
    };
    let me = session::me().and_then(|me| me.name.clone()).unwrap_or_default();
    let website = client.website.clone().map(|url| {
        view! { <a class="link text-[13px] break-all" href=url.clone() target="_blank" rel="noopener noreferrer">{url.clone()}</a> }
    });
    view! {
        <section class="panel p-6 flex flex-col gap-4" data-consent>
            <div class="flex items-center gap-3">
                <span class="size-10 rounded-xl bg-primary/10 text-primary grid place-items-center shrink-0">{icon("box")}</span>
                <div class="min-w-0">
                    <h1 class="text-lg font-semibold break-words">{tf(CONSENT_TITLE, &[("app", &client.name)])}</h1>
                    {website}
                </div>
            </div>
            {client.description.map(|text| view! { <p class="text-[13px]">{text}</p> })}
            <p class="text-[13px] muted">{tf(CONSENT_AS, &[("name", &me)])}</p>
            {question.known.then(|| view! { <p class="text-[13px] text-success">{t(CONSENT_KNOWN)}</p> })}
            <div>
                <h2 class="font-semibold text-[13px] pb-1">{t(CONSENT_MAY)}</h2>
                <div class="max-h-64 overflow-y-auto scroll-thin" tabindex="0" role="region" aria-label=t(CONSENT_MAY)>{reach::list(question.reach)}</div>
            </div>
            <p class="text-xs muted">{tf(CONSENT_BACK_TO, &[("host", &client.redirect_host)])}" "{t(CONSENT_LATER)}</p>
            <div class="flex justify-end gap-2">
                <Button label=t(CONSENT_DENY) busy=busy on_click=move |_| say(false)/>
                <Button label=t(CONSENT_ALLOW) look=Look::Primary busy=busy on_click=move |_| say(true)/>
            </div>
        </section>
    }
    .into_any()
}
