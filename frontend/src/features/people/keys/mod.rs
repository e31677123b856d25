//! API keys: everyone's for those who configure users, one's own in “my security”.

mod form;
pub mod once;
pub mod reach;

use crate::api::client::ApiError;
use crate::api::keys::{self, ApiKey};
use crate::bridge;
use crate::i18n::{
    CANCEL, EDIT, KEY_ADD, KEY_BOUND_FIELDS, KEY_BOUND_NETWORKS, KEY_BOUND_READ, KEY_BOUND_SOME, KEY_BOUNDED_BY_ROLE,
    KEY_EXPIRES, KEY_FORMER, KEY_FORMER_UNUSED, KEY_OF_NOBODY, KEY_REVOKE_SURE, KEY_ROTATE, KEY_ROTATE_AT_ONCE,
    KEY_ROTATE_LATER, KEY_ROTATE_TEXT, KEYS_EMPTY, KEYS_TEXT, KEYS_TITLE, RETRY, SECURITY_KEY_LAST, SECURITY_KEY_NEVER,
    SECURITY_KEY_REVOKE, SECURITY_KEY_REVOKED, SECURITY_KEYS, SECURITY_KEYS_NONE, t, tf,
};
use crate::layout::settings;
use crate::state::{session, toast};
use crate::ui::{self, Button, Layer, Look, Shape, icon};
use leptos::prelude::*;

/// The keys that are shown, and what is being done with one.
#[derive(Clone, Copy)]
struct Keys {
    rows: RwSignal<Option<Result<Vec<ApiKey>, ApiError>>>,
    /// Only the reader's own.
    own: bool,
    edited: RwSignal<Option<Option<ApiKey>>>,
    rotated: RwSignal<Option<ApiKey>>,
    revoked: RwSignal<Option<ApiKey>>,
    shown: once::Shown,
}

impl Keys {
    fn open(own: bool) -> Keys {
        let keys = Keys {
            rows: RwSignal::new(None),
            own,
            edited: RwSignal::new(None),
            rotated: RwSignal::new(None),
            revoked: RwSignal::new(None),
            shown: RwSignal::new(None),
        };
        keys.load();
        keys
    }

    fn load(self) {
        let me = session::me().and_then(|me| me.id.clone());
        leptos::task::spawn_local(async move {
            let mine = |key: &ApiKey| !self.own || key.user == me;
            let rows = keys::list()
                .await
                .map(|all| all.into_iter().filter(|key| key.revoked_at.is_none() && mine(key)).collect::<Vec<_>>());
            let _ = self.rows.try_set(Some(rows));
        });
    }

    /// The dialogs that belong to the list.
    fn dialogs(self) -> AnyView {
        view! {
            {move || self.edited.get().map(|key| form::dialog(self, key))}
            {move || self.rotated.get().map(|key| rotation(self, key))}
            {move || self.revoked.get().map(|key| revocation(self, key))}
            {once::dialog(self.shown)}
        }
        .into_any()
    }

    fn list(self, none: &'static str) -> AnyView {
        (move || match self.rows.get() {
            None => ui::loading_rows(3),
            Some(Err(error)) => view! {
                <p class="p-4 flex items-center gap-3 text-[13px] text-error" role="alert">{error.message()}<Button label=t(RETRY) on_click=move |_| self.load()/></p>
            }
            .into_any(),
            Some(Ok(all)) if all.is_empty() => view! { <p class="p-4 muted text-[13px]">{none}</p> }.into_any(),
            Some(Ok(all)) => view! { <ul data-keys>{all.into_iter().map(|key| line(self, key)).collect_view()}</ul> }.into_any(),
        })
        .into_any()
    }

    fn add(self) -> AnyView {
        view! { <Button label=t(KEY_ADD) icon="plus" look=Look::Primary on_click=move |_| self.edited.set(Some(None))/> }
            .into_any()
    }
}

/// Everyone's.
pub fn screen() -> AnyView {
    let keys = Keys::open(false);
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(KEYS_TITLE, KEYS_TEXT, keys.add())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin">
                <div class="p-4 max-w-4xl"><div class="panel [&_li:first-child]:border-t-0">{keys.list(t(KEYS_EMPTY))}</div></div>
            </div>
        </section>
        {keys.dialogs()}
    }
    .into_any()
}

/// One's own, as a part of “my security”.
pub fn panel() -> AnyView {
    let keys = Keys::open(true);
    view! {
        <section class="panel">
            <div class="flex flex-wrap items-center gap-3 p-4">
                <h2 class="font-semibold grow">{t(SECURITY_KEYS)}</h2>
                <Button label=t(KEY_ADD) icon="plus" on_click=move |_| keys.edited.set(Some(None))/>
            </div>
            {keys.list(t(SECURITY_KEYS_NONE))}
        </section>
        {keys.dialogs()}
    }
    .into_any()
}

/// What the key is held to, in few words.
fn bounds(key: &ApiKey) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(role) = &key.role_name {
        out.push(tf(KEY_BOUNDED_BY_ROLE, &[("role", role)]));
    }
    if key.actions.as_ref().is_some_and(|a| a.len() == 1 && a.iter().any(|a| a == "read")) {
        out.push(t(KEY_BOUND_READ).to_owned());
    }
    if let Some(objects) = &key.objects {
        out.push(tf(KEY_BOUND_SOME, &[("n", &objects.len().to_string())]));
    }
    if key.fields.as_ref().is_some_and(|f| !f.is_empty()) {
        out.push(t(KEY_BOUND_FIELDS).to_owned());
    }
    if key.networks.is_some() {
        out.push(t(KEY_BOUND_NETWORKS).to_owned());
    }
    if let Some(at) = &key.expires_at {
        out.push(tf(KEY_EXPIRES, &[("at", &bridge::date_time(at))]));
    }
    out
}

fn line(keys: Keys, key: ApiKey) -> AnyView {
    let used = match &key.last_used_at {
        None => t(SECURITY_KEY_NEVER).to_owned(),
        Some(at) => {
            let at = tf(SECURITY_KEY_LAST, &[("at", &bridge::date_time(at))]);
            [Some(at), key.last_used_ip.clone()].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        }
    };
    let whose = (!keys.own).then(|| key.user_name.clone().unwrap_or_else(|| t(KEY_OF_NOBODY).to_owned()));
    let below =
        [Some(format!("{}…", key.prefix)), whose, Some(used)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let former = key.previous_until.as_deref().map(|until| {
        let used = key.previous_used_at.as_deref().map(bridge::date_time);
        let used = used.map_or_else(|| t(KEY_FORMER_UNUSED).to_owned(), |at| tf(SECURITY_KEY_LAST, &[("at", &at)]));
        tf(KEY_FORMER, &[("until", &bridge::date_time(until)), ("used", &used)])
    });
    let bounds = bounds(&key).join(" · ");
    let (edits, rotates) = (format!("{} · {}", t(EDIT), key.name), format!("{} · {}", t(KEY_ROTATE), key.name));
    let (edited, rotated, revoked) = (key.clone(), key.clone(), key.clone());
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 min-h-14 border-t border-base-300/60 text-[13px]">
            <span class="muted">{icon("key-round")}</span>
            <div class="grow min-w-0 basis-48">
                <p class="font-semibold wrap-anywhere md:truncate">{key.name}</p>
                <p class="muted tnum wrap-anywhere md:truncate">{below}</p>
                {(!bounds.is_empty()).then(|| view! { <p class="muted wrap-anywhere md:truncate" title=bounds.clone()>{bounds.clone()}</p> })}
                {former.map(|text| view! { <p class="text-warning">{text}</p> })}
            </div>
            <div class="flex gap-1">
                <Button label=edits icon="pencil" icon_only=true look=Look::Quiet on_click=move |_| keys.edited.set(Some(Some(edited.clone())))/>
                <Button label=rotates icon="rotate-cw" icon_only=true look=Look::Quiet on_click=move |_| keys.rotated.set(Some(rotated.clone()))/>
                <Button label=t(SECURITY_KEY_REVOKE) on_click=move |_| keys.revoked.set(Some(revoked.clone()))/>
            </div>
        </li>
    }
    .into_any()
}

fn rotation(keys: Keys, key: ApiKey) -> AnyView {
    let close = move || keys.rotated.set(None);
    let busy = RwSignal::new(false);
    let (id, name) = (StoredValue::new(key.id), key.name.clone());
    let rotate = move |hours: u32| {
        let name = name.clone();
        busy.set(true);
        leptos::task::spawn_local(async move {
            match keys::rotate(&id.get_value(), hours).await {
                Ok(made) => {
                    close();
                    keys.shown.set(made.key.map(|text| (name, text)));
                    keys.load();
                }
                Err(error) => toast::error(&error),
            }
            let _ = busy.try_set(false);
        });
    };
    let at_once = rotate.clone();
    view! {
        <Layer shape=Shape::Dialog label=format!("{} · {}", t(KEY_ROTATE), key.name) on_close=move |()| close()>
            <p class="text-[13px] px-4 pt-4">{t(KEY_ROTATE_TEXT)}</p>
            <div class="flex flex-wrap justify-end gap-2 p-4">
                <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| close()/>
                <Button label=t(KEY_ROTATE_AT_ONCE) look=Look::Danger busy=busy on_click=move |_| at_once(0)/>
                <Button label=t(KEY_ROTATE_LATER) look=Look::Primary busy=busy on_click=move |_| rotate(24)/>
            </div>
        </Layer>
    }
    .into_any()
}

fn revocation(keys: Keys, key: ApiKey) -> AnyView {
    let close = move || keys.revoked.set(None);
    let busy = RwSignal::new(false);
    let id = key.id.clone();
    let revoke = move |_| {
        let id = id.clone();
        busy.set(true);
        leptos::task::spawn_local(async move {
            match keys::revoke(&id).await {
                Ok(()) => toast::done(t(SECURITY_KEY_REVOKED)),
                Err(error) => toast::error(&error),
            }
            close();
            keys.load();
        });
    };
    view! {
        <Layer shape=Shape::Dialog label=format!("{} · {}", t(SECURITY_KEY_REVOKE), key.name) on_close=move |()| close()>
            <p class="text-[13px] px-4 pt-4">{t(KEY_REVOKE_SURE)}</p>
            <div class="flex flex-wrap justify-end gap-2 p-4">
                <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| close()/>
                <Button label=t(SECURITY_KEY_REVOKE) look=Look::Danger busy=busy on_click=revoke/>
            </div>
        </Layer>
    }
    .into_any()
}
