//! Somebody comes by a link: they choose a password, and are in.

use super::factor::Line;
use super::steps::Form;
use super::{Stage, advance};
use crate::api::client::ApiError;
use crate::api::invitations;
use crate::bridge;
use crate::i18n::{
    CONTINUE, PASSWORD_NEW, SIGN_IN_TITLE, SIGN_OUT, WELCOME_INVITED, WELCOME_LENGTH, WELCOME_OTHER, WELCOME_OVER,
    WELCOME_RESET, WELCOME_RESET_TITLE, WELCOME_TITLE, WELCOME_UNTIL, WELCOME_USERNAME, t, tf,
};
use crate::state::session;
use crate::ui::{self, Button, Look};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde_json::{Map, Value};

/// What the address holds, if it is that of a link.
pub fn token() -> Option<String> {
    let location = window().location();
    let here = location.pathname().ok()? == "/welcome";
    let token = location.hash().ok()?.trim_start_matches('#').to_owned();
    (here && !token.is_empty()).then_some(token)
}

/// Away from the address of the link: it is good once, and is nobody's business afterwards.
fn leave() -> impl Fn() + Clone + Send + Sync + 'static {
    let navigate = use_navigate();
    move || navigate("/", NavigateOptions { replace: true, ..NavigateOptions::default() })
}

pub(super) fn view(stage: RwSignal<Stage>, token: String) -> AnyView {
    let about = RwSignal::new(None::<Result<Map<String, Value>, ApiError>>);
    {
        let token = token.clone();
        leptos::task::spawn_local(async move {
            let _ = about.try_set(Some(invitations::look(&token).await));
        });
    }
    let leave = leave();
    (move || match about.get() {
        None => ui::spinner(),
        Some(Ok(found)) => form(stage, token.clone(), &found, leave.clone()),
        Some(Err(error)) => {
            let leave = leave.clone();
            view! {
            <section class="panel p-6 flex flex-col gap-4">
                <h1 class="text-lg font-semibold">{t(WELCOME_OVER)}</h1>
                <p class="text-[13px]" role="alert">{error.message()}</p>
                <Button label=t(SIGN_IN_TITLE) on_click=move |_| { leave(); stage.set(Stage::Name) }/>
            </section>
            }
            .into_any()
        }
    })
    .into_any()
}

fn form(
    stage: RwSignal<Stage>,
    token: String,
    about: &Map<String, Value>,
    leave: impl Fn() + Clone + Send + Sync + 'static,
) -> AnyView {
    let text = |key: &str| about.get(key).and_then(Value::as_str).unwrap_or_default();
    let invited = text("purpose") == "invitation";
    let title = if invited { t(WELCOME_TITLE) } else { t(WELCOME_RESET_TITLE) };
    let sentence = tf(
        if invited { WELCOME_INVITED } else { WELCOME_RESET },
        &[("name", text("name")), ("company", text("company"))],
    );
    let username = tf(WELCOME_USERNAME, &[("username", text("username"))]);
    let until = tf(WELCOME_UNTIL, &[("at", &bridge::date_time(text("expires_at")))]);
    let length = about.get("password_length").and_then(Value::as_u64).unwrap_or(8).to_string();
    let hint = tf(WELCOME_LENGTH, &[("n", &length)]);
    let form = Form::new(stage, "new-password");
    let send = Callback::new(move |()| {
        let leave = leave.clone();
        let (token, value) = (token.clone(), form.line.value.get_untracked());
        form.send_then(&["password"], async move { invitations::accept(&token, &value).await }, move |arrival| {
            leave();
            advance(stage, arrival);
        });
    });
    let name = text("username").to_owned();
    let above = view! {
        <p class="text-[13px]">{sentence}</p>
        <p class="text-[13px] muted">{username}<br/>{until}</p>
        // For whatever keeps passwords.
        <input type="text" class="sr-only" tabindex="-1" aria-hidden="true" autocomplete="username" readonly prop:value=name/>
    };
    let line: Line = form.line;
    let line =
        view! { {line.view(t(PASSWORD_NEW), "password", "new-password", "")}<p class="text-xs muted -mt-3">{hint}</p> };
    form.drawn((title, t(CONTINUE)), above.into_any(), line.into_any(), send, ().into_any())
}

/// Somebody who is signed in opens a link.
pub fn signed_in() -> AnyView {
    let name = session::me().and_then(|me| me.name.clone()).unwrap_or_default();
    let out = move |_| leptos::task::spawn_local(session::sign_out());
    let action = view! { <Button label=t(SIGN_OUT) look=Look::Primary on_click=out/> };
    ui::empty("link", tf(WELCOME_OTHER, &[("name", &name)]), "", action.into_any())
}
