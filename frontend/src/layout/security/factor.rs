//! One's own second factor: set up, renewed, switched off.

use crate::api::client::ApiError;
use crate::api::passkeys::{self, Ceremony, Passkey};
use crate::api::security::{Account, Standing};
use crate::api::sign_in::Offer;
use crate::bridge;
use crate::i18n::{
    CANCEL, CONTINUE, FACTOR_APP, FACTOR_APP_NONE, FACTOR_APP_SINCE, FACTOR_CODE, FACTOR_CODE_HINT, FACTOR_CODES_KEPT,
    FACTOR_CODES_LEFT, FACTOR_CODES_NEW, FACTOR_CODES_TITLE, FACTOR_OFF, FACTOR_ON, FACTOR_PROVE, FACTOR_REPLACE,
    FACTOR_REQUIRED, FACTOR_SET_UP, FACTOR_SWITCHED_OFF, FACTOR_TEXT, FACTOR_TEXT_APP, FACTOR_TITLE, FACTOR_TURN_OFF,
    FACTOR_USE_CODE, FACTOR_USE_PASSWORD, FACTOR_VERIFY, PASSKEY_ADD, PASSKEY_ADDED, PASSKEY_NAME, PASSKEY_NAME_HINT,
    PASSKEY_NOT_DONE, PASSKEY_PROVE, PASSKEY_REMOVE, PASSKEY_REMOVED, PASSKEY_RENAME, PASSKEY_SINCE, PASSKEY_USE,
    PASSKEYS, PASSKEYS_ELSEWHERE, PASSKEYS_TEXT, PASSWORD_CURRENT, RETRY, SAVE, SAVED, SECURITY_LAST_USED, t, tf,
};
use crate::layout::sign_in::factor::{self, Line};
use crate::state::{prefs, toast};
use crate::ui::{self, Button, Layer, Look, Shape, badge, icon};
use kezhan_meta::Tone;
use kezhan_meta::problem::Code;
use leptos::prelude::*;
use serde_json::{Value, json};
use std::future::Future;

/// What one is about to do.
#[derive(Clone, PartialEq, Eq)]
enum Wish {
    SetUp,
    Off,
    Codes,
    AddPasskey,
    /// By its id, called so until now.
    RenamePasskey(String, String),
    /// By its id.
    RemovePasskey(String),
}

impl Wish {
    fn title(&self) -> &'static str {
        match self {
            Wish::SetUp => t(FACTOR_SET_UP),
            Wish::Off => t(FACTOR_TURN_OFF),
            Wish::Codes => t(FACTOR_CODES_NEW),
            Wish::AddPasskey => t(PASSKEY_ADD),
            Wish::RenamePasskey(..) => t(PASSKEY_RENAME),
            Wish::RemovePasskey(_) => t(PASSKEY_REMOVE),
        }
    }
}

#[derive(Clone)]
enum Stage {
    /// That it is oneself.
    Prove,
    Scan(Offer),
    /// What the new passkey is to be called.
    Name(Ceremony),
    /// What this one is to be called from now on.
    Rename(String, String),
    Codes(Vec<String>),
}

type Found = (Standing, Vec<Passkey>);
type Loaded = RwSignal<Option<Result<Found, ApiError>>>;

pub fn panel(account: Account) -> AnyView {
    let standing: Loaded = RwSignal::new(None);
    let load = Callback::new(move |()| {
        leptos::task::spawn_local(async move {
            let _ = standing.try_set(Some(fetch(account).await));
        });
    });
    load.run(());
    let wish = RwSignal::new(None::<Wish>);
    let body = move || {
        match standing.get() {
        None => ui::loading_rows(2),
        Some(Err(error)) => view! {
            <p class="p-4 flex items-center gap-3 text-[13px] text-error" role="alert">{error.message()}<Button label=t(RETRY) on_click=move |_| load.run(())/></p>
        }
        .into_any(),
        Some(Ok((found, keys))) => rows(account, &found, keys, wish),
    }
    };
    let dialog = move || {
        let now = wish.get()?;
        let (found, _) = standing.get_untracked().and_then(Result::ok)?;
        Some(dialog(account, now, found, wish, load))
    };
    view! {
        <section class="panel">
            <div class="p-4">
                <h2 class="font-semibold">{t(FACTOR_TITLE)}</h2>
                <p class="muted text-[13px]">{t(if account == Account::Own { FACTOR_TEXT } else { FACTOR_TEXT_APP })}</p>
            </div>
            {body}
        </section>
        {dialog}
    }
    .into_any()
}

async fn fetch(account: Account) -> Result<Found, ApiError> {
    let found = account.standing().await?;
    let keys = if found.passkeys > 0 { passkeys::list().await? } else { Vec::new() };
    Ok((found, keys))
}

pub fn row(sign: &'static str, title: impl Into<String>, below: String, actions: AnyView) -> AnyView {
    let title = title.into();
    view! {
        <div class="flex flex-wrap items-center gap-3 px-4 py-2 min-h-14 border-t border-base-300/60 text-[13px]">
            <span class="muted">{icon(sign)}</span>
            <div class="grow min-w-40"><p class="font-semibold">{title}</p><p class="muted tnum">{below}</p></div>
            <div class="flex flex-wrap gap-2 items-center">{actions}</div>
        </div>
    }
    .into_any()
}

fn rows(account: Account, found: &Standing, keys: Vec<Passkey>, wish: RwSignal<Option<Wish>>) -> AnyView {
    let ask = move |label: &'static str, what: Wish| {
        view! { <Button label=label on_click=move |_| wish.set(Some(what.clone()))/> }
    };
    let required = found.required.then(|| badge(t(FACTOR_REQUIRED), Tone::Info));
    let on = found.totp_since.is_some();
    let since = match &found.totp_since {
        Some(at) => tf(FACTOR_APP_SINCE, &[("at", &bridge::date_time(at))]),
        None => t(FACTOR_APP_NONE).to_owned(),
    };
    let state = if on { badge(t(FACTOR_ON), Tone::Success) } else { badge(t(FACTOR_OFF), Tone::Neutral) };
    let actions = match on {
        true => view! { {state}{required}{ask(t(FACTOR_REPLACE), Wish::SetUp)}{ask(t(FACTOR_TURN_OFF), Wish::Off)} }
            .into_any(),
        false => view! { {state}{required}{ask(t(FACTOR_SET_UP), Wish::SetUp)} }.into_any(),
    };
    let keys = keys.into_iter().map(|key| {
        let used = key.last_used_at.as_deref().map(|at| tf(SECURITY_LAST_USED, &[("at", &bridge::date_time(at))]));
        let made = tf(PASSKEY_SINCE, &[("at", &bridge::date_time(&key.created_at))]);
        let below = [Some(made), used].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let (rename, remove) = (Wish::RenamePasskey(key.id.clone(), key.name.clone()), Wish::RemovePasskey(key.id));
        let actions = view! { {ask(t(PASSKEY_RENAME), rename)}{ask(t(PASSKEY_REMOVE), remove)} };
        row("fingerprint", key.name, below, actions.into_any())
    });
    let keys = keys.collect_view();
    let (text, add) = match passkeys::possible() {
        true => (t(PASSKEYS_TEXT), ask(t(PASSKEY_ADD), Wish::AddPasskey).into_any()),
        false => (t(PASSKEYS_ELSEWHERE), ().into_any()),
    };
    let add = (account == Account::Own).then(|| row("fingerprint", t(PASSKEYS), text.to_owned(), add));
    let codes = (on || found.passkeys > 0).then(|| {
        let left = tf(FACTOR_CODES_LEFT, &[("n", &found.recovery_codes.to_string())]);
        row("life-buoy", t(FACTOR_CODES_TITLE), left, ask(t(FACTOR_CODES_NEW), Wish::Codes).into_any())
    });
    view! { {row("smartphone", t(FACTOR_APP), since, actions)}{add}{keys}{codes} }.into_any()
}

fn dialog(account: Account, wish: Wish, found: Standing, open: RwSignal<Option<Wish>>, load: Callback<()>) -> AnyView {
    let stage = RwSignal::new(match &wish {
        Wish::RenamePasskey(id, name) => Stage::Rename(id.clone(), name.clone()),
        _ => Stage::Prove,
    });
    let close = Callback::new(move |()| {
        open.set(None);
        load.run(());
    });
    let title = wish.title();
    let body = move || match stage.get() {
        Stage::Prove => prove(account, wish.clone(), &found, stage, close),
        Stage::Name(ceremony) => name(ceremony, stage, close),
        Stage::Rename(id, name) => rename(id, name, close),
        Stage::Scan(offer) => scan(account, &offer, stage, close),
        Stage::Codes(codes) => view! {
            <div class="flex flex-col gap-4 p-4 overflow-y-auto">{factor::codes(&codes)}</div>
            <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
                <Button label=t(FACTOR_CODES_KEPT) look=Look::Primary on_click=move |_| close.run(())/>
            </footer>
        }
        .into_any(),
    };
    view! { <Layer shape=Shape::Dialog label=title on_close=close>{body}</Layer> }.into_any()
}

fn form(body: AnyView, submit: &'static str, busy: RwSignal<bool>, send: Callback<()>, close: Callback<()>) -> AnyView {
    let on_submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        if !busy.get_untracked() {
            busy.set(true);
            send.run(());
        }
    };
    view! {
        <form class="flex flex-col min-h-0" novalidate on:submit=on_submit>
            <div class="flex flex-col gap-4 p-4 overflow-y-auto">{body}</div>
            <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
                <Button label=t(CANCEL) on_click=move |_| close.run(())/>
                <Button label=submit look=Look::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}

fn prove(account: Account, wish: Wish, found: &Standing, stage: RwSignal<Stage>, close: Callback<()>) -> AnyView {
    let submit = match wish {
        Wish::Off | Wish::RemovePasskey(_) => wish.title(),
        _ => t(CONTINUE),
    };
    let is_off = wish == Wish::Off;
    let work = move |proof: Value| {
        let wish = wish.clone();
        async move { carry_out(account, &wish, &proof).await }
    };
    let then = move |next: Option<Stage>| match next {
        Some(next) => drop(stage.try_set(next)),
        None => {
            toast::done(if is_off { t(FACTOR_SWITCHED_OFF) } else { t(PASSKEY_REMOVED) });
            close.run(());
        }
    };
    proof(found, account == Account::Own, submit, work, then, close)
}

/// By what one proves that it is oneself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Password,
    Code,
    Passkey,
    /// Somebody who signs in elsewhere and has nothing here.
    Nothing,
}

impl By {
    fn switch(self) -> &'static str {
        match self {
            By::Password => t(FACTOR_USE_PASSWORD),
            By::Code => t(FACTOR_USE_CODE),
            By::Passkey => t(PASSKEY_USE),
            By::Nothing => "",
        }
    }
}

/// Does something with a proof that it is oneself: by the password, or, where those count, by a code of the application
/// or a passkey.
pub fn proof<T, F>(
    found: &Standing,
    factors_count: bool,
    submit: &'static str,
    work: impl Fn(Value) -> F + Clone + Send + Sync + 'static,
    then: impl Fn(T) + Clone + Send + Sync + 'static,
    close: Callback<()>,
) -> AnyView
where
    T: 'static,
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    let (password, code) = (Line::new("prove-password"), Line::new("prove-code"));
    let ways = [
        (By::Password, found.password),
        (By::Code, found.totp_since.is_some() && factors_count),
        (By::Passkey, found.passkeys > 0 && factors_count && passkeys::possible()),
    ];
    let ways: Vec<By> = ways.into_iter().filter(|(_, there)| *there).map(|(way, _)| way).collect();
    let by = RwSignal::new(ways.first().copied().unwrap_or(By::Nothing));
    let busy = RwSignal::new(false);
    let send = Callback::new(move |()| {
        let typed = match by.get_untracked() {
            By::Password => Some(json!({ "password": password.value.get_untracked() })),
            By::Code => Some(json!({ "code": code.value.get_untracked() })),
            By::Nothing => Some(json!({})),
            By::Passkey => None,
        };
        let (work, then) = (work.clone(), then.clone());
        leptos::task::spawn_local(async move {
            let shown = match typed {
                Some(typed) => Ok(Some(typed)),
                None => passkeys::prove().await,
            };
            let answer = match shown {
                Ok(Some(shown)) => work(shown).await.map(Some),
                Ok(None) => Ok(None),
                Err(error) => Err(error),
            };
            let _ = busy.try_set(false);
            match answer {
                Ok(Some(done)) => then(done),
                Ok(None) => toast::problem(t(PASSKEY_NOT_DONE)),
                Err(error) => {
                    if !password.refuse(&error, &["password"]) && !code.refuse(&error, &["code"]) {
                        toast::error(&error);
                    }
                }
            }
        });
    });
    let line = move || match by.get() {
        By::Password => password.view(t(PASSWORD_CURRENT), "password", "current-password", ""),
        By::Code => code.view(t(FACTOR_CODE), "code", "one-time-code", t(FACTOR_CODE_HINT)),
        By::Passkey => view! { <p class="text-[13px]">{t(PASSKEY_PROVE)}</p> }.into_any(),
        By::Nothing => ().into_any(),
    };
    let switch = move || {
        let others = ways.iter().copied().filter(|way| *way != by.get());
        let links = others.map(|way| {
            view! { <button type="button" class="link text-[13px] self-start" on:click=move |_| by.set(way)>{way.switch()}</button> }
        });
        links.collect_view()
    };
    let body = view! { <p class="text-[13px] muted">{t(FACTOR_PROVE)}</p>{line}{switch} }.into_any();
    form(body, submit, busy, send, close)
}

async fn carry_out(account: Account, wish: &Wish, proof: &Value) -> Result<Option<Stage>, ApiError> {
    Ok(match wish {
        Wish::SetUp => Some(Stage::Scan(account.begin_totp(proof).await?)),
        Wish::Codes => Some(Stage::Codes(account.renew_codes(proof).await?)),
        Wish::AddPasskey => Some(Stage::Name(passkeys::begin(proof).await?)),
        // It takes no proof.
        Wish::RenamePasskey(id, name) => Some(Stage::Rename(id.clone(), name.clone())),
        Wish::Off => {
            account.remove_totp(proof).await?;
            None
        }
        Wish::RemovePasskey(id) => {
            passkeys::remove(id, proof).await?;
            None
        }
    })
}

fn scan(account: Account, offer: &Offer, stage: RwSignal<Stage>, close: Callback<()>) -> AnyView {
    let code = Line::new("code");
    let busy = RwSignal::new(false);
    let send = Callback::new(move |()| {
        let value = code.value.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = account.confirm_totp(value.trim()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(codes) if codes.is_empty() => {
                    toast::done(t(FACTOR_ON));
                    close.run(());
                }
                Ok(codes) => drop(stage.try_set(Stage::Codes(codes))),
                Err(error) => {
                    if !code.refuse(&error, &["code"]) {
                        toast::error(&error);
                    }
                }
            }
        });
    });
    let line = code.view(t(FACTOR_CODE), "code", "one-time-code", t(FACTOR_CODE_HINT));
    form(view! { {factor::offer(offer)}{line} }.into_any(), t(FACTOR_VERIFY), busy, send, close)
}

fn name(ceremony: Ceremony, stage: RwSignal<Stage>, close: Callback<()>) -> AnyView {
    let name = Line::new("passkey-name");
    let busy = RwSignal::new(false);
    let send = Callback::new(move |()| {
        let (value, ceremony) = (name.value.get_untracked(), ceremony.clone());
        if value.trim().is_empty() {
            busy.set(false);
            return name.error.set(Some(Code::Required.message(prefs::lang(), &[])));
        }
        leptos::task::spawn_local(async move {
            let answer = passkeys::register(&ceremony, value.trim()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(Some(codes)) if codes.is_empty() => {
                    toast::done(t(PASSKEY_ADDED));
                    close.run(());
                }
                Ok(Some(codes)) => drop(stage.try_set(Stage::Codes(codes))),
                Ok(None) => drop(name.error.try_set(Some(t(PASSKEY_NOT_DONE).to_owned()))),
                Err(error) => {
                    if !name.refuse(&error, &["name", "passkey"]) {
                        toast::error(&error);
                    }
                }
            }
        });
    });
    let line = name.view(t(PASSKEY_NAME), "text", "off", t(PASSKEY_NAME_HINT));
    form(line, t(PASSKEY_ADD), busy, send, close)
}

fn rename(id: String, now: String, close: Callback<()>) -> AnyView {
    let name = Line::new("passkey-name");
    name.value.set(now);
    let busy = RwSignal::new(false);
    let send = Callback::new(move |()| {
        let (id, value) = (id.clone(), name.value.get_untracked());
        leptos::task::spawn_local(async move {
            let answer = passkeys::rename(&id, value.trim()).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => {
                    toast::done(t(SAVED));
                    close.run(());
                }
                Err(error) if name.refuse(&error, &["name"]) => {}
                Err(error) => toast::error(&error),
            }
        });
    });
    form(name.view(t(PASSKEY_NAME), "text", "off", t(PASSKEY_NAME_HINT)), t(SAVE), busy, send, close)
}
