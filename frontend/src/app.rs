//! The root: who is signed in decides what is drawn.

use crate::i18n::{APP_STARTING, t};
use crate::layout::shell;
use crate::lazy;
use crate::state::session::{self, Session};
use crate::state::{app, offline};
use crate::ui;
use leptos::prelude::*;
use leptos_router::components::Router;

pub fn root() -> impl IntoView {
    leptos::task::spawn_local(session::start());
    lazy::ahead();
    offline::install();
    let state = app();
    // Texts do not subscribe to the language: a change of it draws everything anew.
    let phase = Memo::new(move |_| (state.lang.get(), phase(&state.session.get())));
    view! {
        <Router>
            {move || match phase.get().1 {
                _ if at("/host") => lazy::host_screen(),
                0 => starting(),
                1 => lazy::sign_in(),
                2 if at("/oauth/authorize") => lazy::consent_screen(),
                2 => shell::shell(),
                _ => unreachable_server(),
            }}
        </Router>
        {ui::toaster::toaster()}
    }
}

/// Pages that stand by themselves: that of the installation, which is nobody's in any company, and the one on which
/// somebody lets an application in.
fn at(page: &str) -> bool {
    window().location().pathname().is_ok_and(|path| path.trim_end_matches('/') == page)
}

fn phase(session: &Session) -> u8 {
    match session {
        Session::Starting => 0,
        Session::Anonymous => 1,
        Session::SignedIn(_) => 2,
        Session::Failed(_) => 3,
    }
}

fn starting() -> AnyView {
    view! { <div class="h-dvh grid place-items-center" role="status" aria-label=t(APP_STARTING)>{ui::spinner()}</div> }
        .into_any()
}

fn unreachable_server() -> AnyView {
    let Session::Failed(error) = app().session.get_untracked() else { return ().into_any() };
    let retry = || {
        app().session.set(Session::Starting);
        leptos::task::spawn_local(session::start());
    };
    view! { <main class="h-dvh grid place-items-center">{ui::failed(&error, retry)}</main> }.into_any()
}
