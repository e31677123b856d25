//! What may be asked for after the password: a second factor, one to be set up, another password.

use super::factor::{self, Line};
use super::{Stage, advance, first_of};
use crate::api::client::ApiError;
use crate::api::passkeys;
use crate::api::security::Done;
use crate::api::sign_in::{self, Arrival, Further, Offer};
use crate::i18n::{
    BACK, CONTINUE, FACTOR_CODE, FACTOR_CODE_HINT, FACTOR_CODES_KEPT, FACTOR_CODES_TITLE, FACTOR_ENROL_APP,
    FACTOR_ENROL_PASSKEY, FACTOR_ENROL_TEXT, FACTOR_ENROL_TITLE, FACTOR_RECOVERY, FACTOR_RECOVERY_HINT, FACTOR_TITLE,
    FACTOR_USE_CODE, FACTOR_USE_RECOVERY, FACTOR_VERIFY, PASSKEY_ADD, PASSKEY_NAME, PASSKEY_NAME_HINT,
    PASSKEY_NOT_DONE, PASSKEY_USE, PASSWORD_NEW, PASSWORD_RENEW_TEXT, PASSWORD_RENEW_TITLE, t,
};
use crate::state::prefs;
use crate::ui::{self, Button, Look};
use kezhan_meta::problem::Code;
use leptos::prelude::*;
use std::future::Future;

pub fn further(stage: RwSignal<Stage>, further: Further) -> AnyView {
    match further.step.as_str() {
        "enrol" => enrol(stage),
        "password" => password(stage),
        _ => second_factor(stage, &further),
    }
}

/// What a form is called, and its button.
type Words = (&'static str, &'static str);

/// A form that leads on with what its one line says.
#[derive(Clone, Copy)]
pub(super) struct Form {
    stage: RwSignal<Stage>,
    pub line: Line,
    busy: RwSignal<bool>,
    error: RwSignal<Option<String>>,
}

impl Form {
    pub fn new(stage: RwSignal<Stage>, id: &'static str) -> Form {
        focus_later(id);
        Form { stage, line: Line::new(id), busy: RwSignal::new(false), error: RwSignal::new(None) }
    }

    fn send<F: Future<Output = Result<Arrival, ApiError>> + 'static>(self, fields: &'static [&'static str], answer: F) {
        self.send_then(fields, answer, move |arrival| advance(self.stage, arrival));
    }

    /// The same, with something to be done before it leads on.
    pub fn send_then<F: Future<Output = Result<Arrival, ApiError>> + 'static>(
        self,
        fields: &'static [&'static str],
        answer: F,
        then: impl FnOnce(Arrival) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        leptos::task::spawn_local(async move {
            match answer.await {
                Ok(arrival) => then(arrival),
                Err(error) => {
                    let _ = self.busy.try_set(false);
                    if !self.line.refuse(&error, fields) {
                        let _ = self.error.try_set(Some(error.message()));
                    }
                }
            }
        });
    }

    /// The same where a device is asked, which may not want to.
    fn send_device<F: Future<Output = Done<Arrival>> + 'static>(self, fields: &'static [&'static str], answer: F) {
        let (stage, error) = (self.stage, self.error);
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        error.set(None);
        leptos::task::spawn_local(async move {
            let said = answer.await;
            let _ = self.busy.try_set(false);
            match said {
                Ok(Some(arrival)) => advance(stage, arrival),
                Ok(None) => drop(error.try_set(Some(t(PASSKEY_NOT_DONE).to_owned()))),
                Err(problem) if self.line.refuse(&problem, fields) => {}
                Err(problem) => drop(error.try_set(Some(first_of(&problem)))),
            }
        });
    }

    /// With a way back.
    fn view(self, words: Words, above: AnyView, line: AnyView, send: Callback<()>) -> AnyView {
        let stage = self.stage;
        let back = view! { <Button label=t(BACK) look=Look::Quiet on_click=move |_| stage.set(Stage::Name)/> };
        self.drawn(words, above, line, send, back.into_any())
    }

    pub fn drawn(
        self,
        (title, submit): Words,
        above: AnyView,
        line: AnyView,
        send: Callback<()>,
        below: AnyView,
    ) -> AnyView {
        let on_submit = move |ev: leptos::ev::SubmitEvent| {
            ev.prevent_default();
            send.run(());
        };
        view! {
            <form class="panel p-6 flex flex-col gap-4" novalidate on:submit=on_submit>
                <h1 class="text-lg font-semibold">{title}</h1>
                {above}
                {line}
                <div role="alert">{move || self.error.get().map(|text| view! { <p class="text-[13px] text-error">{text}</p> })}</div>
                {(!submit.is_empty()).then(|| view! { <Button label=submit look=Look::Primary submit=true busy=self.busy class="w-full"/> })}
                {below}
            </form>
        }
        .into_any()
    }
}

fn focus_later(id: &'static str) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast;
        let input = document().get_element_by_id(id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(input) = input {
            let _ = input.focus();
        }
    });
}

fn second_factor(stage: RwSignal<Stage>, further: &Further) -> AnyView {
    let has = |kind: &str| further.factors.iter().any(|f| f == kind);
    let (totp, passkey, recovery) = (has("totp"), has("passkey"), has("recovery_code"));
    let by_recovery = RwSignal::new(!totp && !passkey);
    (move || {
        let (key, id) = if by_recovery.get() { ("recovery_code", "recovery-code") } else { ("code", "code") };
        let form = Form::new(stage, id);
        let line = match by_recovery.get() {
            true => form.line.view(t(FACTOR_RECOVERY), "text", "off", t(FACTOR_RECOVERY_HINT)),
            false if totp => form.line.view(t(FACTOR_CODE), "code", "one-time-code", t(FACTOR_CODE_HINT)),
            false => ().into_any(),
        };
        let by_passkey = passkey.then(|| {
            let go = move |_| form.send_device(&[], passkeys::finish());
            view! { <Button label=t(PASSKEY_USE) icon="fingerprint" on_click=go class="w-full"/> }
        });
        let send = Callback::new(move |()| {
            let value = form.line.value.get_untracked();
            form.send(&["code", "recovery_code"], async move { sign_in::finish(key, value.trim()).await });
        });
        let other = match (by_recovery.get(), totp) {
            (false, _) => t(FACTOR_USE_RECOVERY),
            (true, true) => t(FACTOR_USE_CODE),
            (true, false) => t(PASSKEY_USE),
        };
        let switch = ((totp || passkey) && recovery).then(|| {
            view! { <button type="button" class="link text-[13px] self-start" on:click=move |_| by_recovery.update(|r| *r = !*r)>{other}</button> }
        });
        let typed = totp || by_recovery.get();
        let above = by_passkey.filter(|_| !by_recovery.get()).map(IntoAny::into_any).unwrap_or_else(|| ().into_any());
        let submit = if typed { t(FACTOR_VERIFY) } else { "" };
        form.view((t(FACTOR_TITLE), submit), above, view! { {line}{switch} }.into_any(), send)
    })
    .into_any()
}

fn enrol(stage: RwSignal<Stage>) -> AnyView {
    let by_passkey = RwSignal::new(false);
    (move || if by_passkey.get() { enrol_passkey(stage, by_passkey) } else { enrol_app(stage, by_passkey) }).into_any()
}

/// To the other kind of factor.
fn instead(by_passkey: RwSignal<bool>, words: &'static str) -> AnyView {
    let swap = move |_| by_passkey.update(|p| *p = !*p);
    view! { <button type="button" class="link text-[13px] self-start" on:click=swap>{words}</button> }.into_any()
}

fn enrol_passkey(stage: RwSignal<Stage>, by_passkey: RwSignal<bool>) -> AnyView {
    let form = Form::new(stage, "passkey-name");
    let send = Callback::new(move |()| {
        let name = form.line.value.get_untracked().trim().to_owned();
        if name.is_empty() {
            return form.line.error.set(Some(Code::Required.message(prefs::lang(), &[])));
        }
        form.send_device(&["name", "passkey"], async move { passkeys::enrol(&name).await });
    });
    let above = view! { <p class="text-[13px] muted">{t(FACTOR_ENROL_TEXT)}</p> }.into_any();
    let line = form.line.view(t(PASSKEY_NAME), "text", "off", t(PASSKEY_NAME_HINT));
    let line = view! { {line}{instead(by_passkey, t(FACTOR_ENROL_APP))} }.into_any();
    form.view((t(FACTOR_ENROL_TITLE), t(PASSKEY_ADD)), above, line, send)
}

fn enrol_app(stage: RwSignal<Stage>, by_passkey: RwSignal<bool>) -> AnyView {
    let offer = RwSignal::new(None::<Result<Offer, ApiError>>);
    let fetch = move || {
        leptos::task::spawn_local(async move {
            let _ = offer.try_set(Some(sign_in::enrol().await));
        });
    };
    fetch();
    let form = Form::new(stage, "code");
    let send = Callback::new(move |()| {
        let value = form.line.value.get_untracked();
        form.send(&["code"], async move { sign_in::finish("code", value.trim()).await });
    });
    let secret = move || match offer.get() {
        None => ui::spinner(),
        Some(Ok(found)) => factor::offer(&found),
        Some(Err(error)) => ui::failed(&error, fetch),
    };
    let above = view! { <p class="text-[13px] muted">{t(FACTOR_ENROL_TEXT)}</p>{secret} }.into_any();
    let line = form.line.view(t(FACTOR_CODE), "code", "one-time-code", t(FACTOR_CODE_HINT));
    let other = passkeys::possible().then(|| instead(by_passkey, t(FACTOR_ENROL_PASSKEY)));
    let line = view! { {line}{other} }.into_any();
    form.view((t(FACTOR_ENROL_TITLE), t(FACTOR_VERIFY)), above, line, send)
}

fn password(stage: RwSignal<Stage>) -> AnyView {
    let form = Form::new(stage, "new-password");
    let send = Callback::new(move |()| {
        let value = form.line.value.get_untracked();
        form.send(&["password"], async move { sign_in::renew_password(&value).await });
    });
    let above = view! { <p class="text-[13px] muted">{t(PASSWORD_RENEW_TEXT)}</p> }.into_any();
    let line = form.line.view(t(PASSWORD_NEW), "password", "new-password", "");
    form.view((t(PASSWORD_RENEW_TITLE), t(CONTINUE)), above, line, send)
}

/// Shown once: whoever goes on says that they are kept.
pub fn codes(stage: RwSignal<Stage>, codes: Vec<String>, then: Option<Further>) -> AnyView {
    let on = move |_| match &then {
        Some(further) => stage.set(Stage::Further(further.clone())),
        None => advance(stage, Arrival::In(Vec::new())),
    };
    view! {
        <section class="panel p-6 flex flex-col gap-4">
            <h1 class="text-lg font-semibold">{t(FACTOR_CODES_TITLE)}</h1>
            {factor::codes(&codes)}
            <Button label=t(FACTOR_CODES_KEPT) look=Look::Primary class="w-full" on_click=on/>
        </section>
    }
    .into_any()
}
