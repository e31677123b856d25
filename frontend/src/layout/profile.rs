//! Who one is: name, picture, numbers, password. Everyone may change their own, whatever their role.

use crate::api::auth;
use crate::api::client::ApiError;
use crate::api::files as stored;
use crate::api::records::RecordExt;
use crate::i18n::{
    AVATAR, AVATAR_CHOOSE, AVATAR_REMOVE, EMAIL, MOBILE, NAME, PASSWORD_CHANGE, PASSWORD_CHANGED, PASSWORD_CURRENT,
    PASSWORD_NEW, PASSWORD_RULE, PREF_PROFILE, PROFILE, SAVE, SAVED, t, tf,
};
use crate::record::files::single;
use crate::state::{session, toast};
use crate::ui::{Button, Field, Look, avatar, icon};
use leptos::prelude::*;
use serde_json::json;
use wasm_bindgen::JsCast;

/// A line of text with its fault.
#[derive(Clone, Copy)]
struct Line {
    key: &'static str,
    value: RwSignal<String>,
    error: RwSignal<Option<String>>,
}

impl Line {
    fn new(key: &'static str, value: Option<String>) -> Line {
        Line { key, value: RwSignal::new(value.unwrap_or_default()), error: RwSignal::new(None) }
    }

    fn view(self, label: &'static str, kind: &'static str, complete: &'static str, hint: &'static str) -> AnyView {
        let id = format!("me-{}", self.key);
        view! {
            <Field id=id.clone() label=label error=self.error hint=hint>
                <input type=kind id=id.clone() class="input" autocomplete=complete aria-describedby=format!("{id}-note")
                    aria-invalid=move || self.error.get().is_some().to_string()
                    prop:value=move || self.value.get() on:input=move |ev| { self.value.set(event_target_value(&ev)); self.error.set(None) }/>
            </Field>
        }
        .into_any()
    }
}

/// Each fault to its line; what belongs to none into a notice.
fn refuse(error: &ApiError, lines: &[Line]) {
    let mut told = false;
    for item in error.items() {
        if let Some(line) = lines.iter().find(|l| l.key == item.field) {
            line.error.set(Some(item.message.clone()));
            told = true;
        }
    }
    if !told {
        toast::error(error);
    }
}

pub fn panel() -> AnyView {
    person()
}

fn person() -> AnyView {
    let me = session::me();
    let me = me.as_deref().cloned().unwrap_or_default();
    let role = me.role_name.clone().unwrap_or_default();
    let username = me.username.clone().unwrap_or_default();
    let lines = [
        Line::new("name", me.name.clone()),
        Line::new("mobile", me.mobile.clone()),
        Line::new("email", me.email.clone()),
    ];
    let [name, mobile, email] = lines;
    let busy = RwSignal::new(false);
    let save = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        busy.set(true);
        let change = json!({
            "name": name.value.get_untracked(), "mobile": mobile.value.get_untracked(), "email": email.value.get_untracked(),
        });
        leptos::task::spawn_local(async move {
            let answer = auth::change_me(&change).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(me) => {
                    session::renew(me);
                    toast::done(t(SAVED));
                }
                Err(error) => refuse(&error, &lines),
            }
        });
    };
    let title = me.name.clone().unwrap_or_default();
    view! {
        <form class="panel p-4 flex flex-col gap-4" aria-label=t(PROFILE) novalidate on:submit=save>
            <div class="flex items-center gap-3">
                {picture(me.id.clone(), me.avatar.clone(), title.clone())}
                <div class="min-w-0">
                    <p class="font-semibold truncate">{title}</p>
                    <p class="muted text-[13px] truncate">{tf(PREF_PROFILE, &[("username", &username), ("role", &role)])}</p>
                </div>
            </div>
            <div class="grid sm:grid-cols-2 gap-x-6 gap-y-3">
                {name.view(t(NAME), "text", "name", "")}
                {mobile.view(t(MOBILE), "tel", "tel", "")}
                {email.view(t(EMAIL), "email", "email", "")}
            </div>
            <div><Button label=t(SAVE) look=Look::Primary submit=true busy=busy/></div>
        </form>
    }
    .into_any()
}

fn picture(me: Option<String>, now: Option<String>, name: String) -> AnyView {
    let picture = RwSignal::new(now);
    let busy = RwSignal::new(false);
    let node = NodeRef::<leptos::html::Input>::new();
    let put = move |id: Option<String>| async move {
        match auth::change_me(&json!({ "avatar": id.clone().unwrap_or_default() })).await {
            Ok(me) => {
                let _ = picture.try_set(id);
                session::renew(me);
            }
            Err(error) => toast::error(&error),
        }
        let _ = busy.try_set(false);
    };
    let choose = move |_| {
        let file = node.get_untracked().and_then(|n| n.files()).and_then(|f| f.get(0));
        let (Some(file), Some(me)) = (file, me.clone()) else { return };
        busy.set(true);
        leptos::task::spawn_local(async move {
            match single(&file, "user", &me).await {
                Ok(stored) => put(Some(stored.id().to_owned())).await,
                Err(error) => {
                    let _ = busy.try_set(false);
                    toast::error(&error);
                }
            }
        });
    };
    view! {
        <div class="flex items-center gap-2">
            {move || match picture.get() {
                Some(id) => view! { <img class="size-12 rounded-full object-cover" src=stored::inline_url(&id) alt=t(AVATAR)/> }.into_any(),
                None => avatar(&name, true),
            }}
            <input type="file" class="sr-only" tabindex="-1" accept="image/png,image/jpeg,image/gif,image/webp" aria-label=t(AVATAR) node_ref=node on:change=choose/>
            <button type="button" class="btn btn-quiet btn-icon" aria-label=t(AVATAR_CHOOSE) title=t(AVATAR_CHOOSE) disabled=move || busy.get()
                on:click=move |_| if let Some(node) = node.get_untracked() { node.unchecked_ref::<web_sys::HtmlElement>().click() }>{icon("camera")}</button>
            {move || picture.get().map(|_| view! {
                <button type="button" class="btn btn-quiet btn-icon" aria-label=t(AVATAR_REMOVE) title=t(AVATAR_REMOVE) disabled=move || busy.get()
                    on:click=move |_| { busy.set(true); leptos::task::spawn_local(put(None)) }>{icon("trash-2")}</button>
            })}
        </div>
    }
    .into_any()
}

pub fn password() -> AnyView {
    let lines = [Line::new("current", None), Line::new("password", None)];
    let [current, new] = lines;
    let busy = RwSignal::new(false);
    let save = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let (old, fresh) = (current.value.get_untracked(), new.value.get_untracked());
        if fresh.chars().count() < 8 {
            return new.error.set(Some(t(PASSWORD_RULE).to_owned()));
        }
        busy.set(true);
        leptos::task::spawn_local(async move {
            let answer = auth::change_password(&old, &fresh).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => {
                    for line in lines {
                        let _ = line.value.try_set(String::new());
                    }
                    toast::done(t(PASSWORD_CHANGED));
                }
                Err(error) => refuse(&error, &lines),
            }
        });
    };
    view! {
        <form class="panel p-4 flex flex-col gap-4" aria-label=t(PASSWORD_CHANGE) novalidate on:submit=save>
            <h2 class="font-semibold">{t(PASSWORD_CHANGE)}</h2>
            <div class="grid sm:grid-cols-2 gap-x-6 gap-y-3">
                {current.view(t(PASSWORD_CURRENT), "password", "current-password", "")}
                {new.view(t(PASSWORD_NEW), "password", "new-password", "")}
            </div>
            <div><Button label=t(PASSWORD_CHANGE) submit=true busy=busy/></div>
        </form>
    }
    .into_any()
}
