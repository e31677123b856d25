//! Inviting people: who has not come yet, and the links for them.

use crate::api::actions;
use crate::api::client::ApiError;
use crate::api::invitations::{self, Invitation};
use crate::bridge;
use crate::fields::{self, Input};
use crate::i18n::{
    CANCEL, INVITE, INVITE_BY, INVITE_EMPTY, INVITE_EMPTY_TEXT, INVITE_EXPIRED, INVITE_FOR_RESET, INVITE_RESEND,
    INVITE_TEXT, INVITE_TITLE, INVITE_UNTIL, INVITE_WITHDRAW, INVITE_WITHDRAWN, label, t, tf,
};
use crate::layout::settings;
use crate::record::detail::link;
use crate::state::{catalog, toast};
use crate::ui::{self, Button, Field, Layer, Look, Shape, badge};
use kezhan_meta::{Record, Tone};
use leptos::prelude::*;
use serde_json::Value;

/// What is asked for of somebody new; the user's own fields.
const FIELDS: [&str; 6] = ["name", "email", "mobile", "home_department", "role", "more_roles"];

type Loaded = RwSignal<Option<Result<Vec<Invitation>, ApiError>>>;

pub fn screen() -> AnyView {
    let all: Loaded = RwSignal::new(None);
    let load = Callback::new(move |()| {
        leptos::task::spawn_local(async move {
            let _ = all.try_set(Some(invitations::open().await));
        });
    });
    load.run(());
    let asking = RwSignal::new(false);
    let shown = RwSignal::new(None::<String>);
    let invite = move || {
        view! { <Button label=t(INVITE) look=Look::Primary icon="user-plus" on_click=move |_| asking.set(true)/> }
            .into_any()
    };
    let body = move || match all.get() {
        None => ui::loading_rows(6),
        Some(Err(error)) => ui::failed(&error, move || load.run(())),
        Some(Ok(open)) if open.is_empty() => {
            ui::empty("user-plus", t(INVITE_EMPTY), t(INVITE_EMPTY_TEXT), ().into_any())
        }
        Some(Ok(open)) => {
            let lines = open.into_iter().map(|one| line(one, load, shown)).collect_view();
            view! { <ul class="flex flex-col gap-2 p-4 max-w-4xl">{lines}</ul> }.into_any()
        }
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            {settings::head(INVITE_TITLE, INVITE_TEXT, invite())}
            <div class="grow min-h-0 overflow-y-auto scroll-thin">{body}</div>
        </section>
        {move || asking.get().then(|| dialog(asking, shown, load))}
        {move || shown.get().map(|path| link::dialog(&path, Callback::new(move |()| shown.set(None))))}
    }
    .into_any()
}

fn line(one: Invitation, load: Callback<()>, shown: RwSignal<Option<String>>) -> AnyView {
    let until = tf(INVITE_UNTIL, &[("at", &bridge::date_time(&one.expires_at))]);
    let by = one.created_by.as_deref().map(|name| tf(INVITE_BY, &[("name", name)]));
    let below = [one.username.clone(), by, Some(until)].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let reset = one.purpose == "reset";
    let (user, id) = (one.user.clone(), one.id.clone());
    let renew = move |_| {
        let Some(object) = catalog::object("user") else { return };
        let (user, key) = (user.clone(), if reset { "reset_password" } else { "invite" });
        leptos::task::spawn_local(async move {
            match actions::perform(&object, &user, key, &Record::new(), None).await {
                Ok(Value::Object(made)) => {
                    let _ = shown.try_set(Some(invitations::path_of(&made)));
                    load.run(());
                }
                Ok(_) => {}
                Err(error) => toast::error(&error),
            }
        });
    };
    let withdraw = move |_| {
        let id = id.clone();
        leptos::task::spawn_local(async move {
            match invitations::withdraw(&id).await {
                Ok(()) => toast::done(t(INVITE_WITHDRAWN)),
                Err(error) => toast::error(&error),
            }
            load.run(());
        });
    };
    view! {
        <li class="panel p-3 flex flex-wrap items-center gap-x-4 gap-y-2 text-[13px]">
            <div class="grow min-w-56">
                <p class="font-semibold flex flex-wrap items-center gap-2">
                    {one.name.clone()}
                    {reset.then(|| badge(t(INVITE_FOR_RESET), Tone::Info))}
                    {one.expired.then(|| badge(t(INVITE_EXPIRED), Tone::Warning))}
                </p>
                <p class="muted tnum">{below}</p>
            </div>
            <div class="flex gap-2">
                <Button label=t(INVITE_RESEND) icon="link" on_click=renew/>
                <Button label=t(INVITE_WITHDRAW) on_click=withdraw/>
            </div>
        </li>
    }
    .into_any()
}

fn dialog(asking: RwSignal<bool>, shown: RwSignal<Option<String>>, load: Callback<()>) -> AnyView {
    let Some(object) = catalog::object("user") else { return ().into_any() };
    let close = move || asking.set(false);
    let busy = RwSignal::new(false);
    let drafts: Vec<_> = FIELDS
        .iter()
        .filter_map(|key| object.field(key).cloned())
        .map(|field| (field, RwSignal::new(Value::Null), RwSignal::new(None::<String>)))
        .collect();
    let controls = drafts.iter().map(|(field, value, error)| {
        let (id, value, error) = (format!("invite-{}", field.key), *value, *error);
        Effect::new(move || {
            value.track();
            error.set(None);
        });
        let input = Input {
            id: id.clone(),
            field: field.clone(),
            value,
            expanded: None,
            home: None,
            invalid: Signal::derive(move || error.get().is_some()),
            done: Callback::new(|()| ()),
        };
        view! { <Field id=id label=label(&field.label) required=field.required error=error>{fields::input(input)}</Field> }
    });
    let controls = controls.collect_view();
    let send = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let mut person = Record::new();
        for (field, value, error) in &drafts {
            error.set(None);
            let value = value.get_untracked();
            if !value.is_null() && value != Value::String(String::new()) {
                person.insert(field.key.to_string(), value);
            }
        }
        // The name is asked for by the server as well; a missing one is no JSON of the right shape to it.
        if !person.contains_key("name") {
            person.insert("name".into(), Value::String(String::new()));
        }
        busy.set(true);
        let errors: Vec<_> = drafts.iter().map(|(field, _, error)| (field.key.to_string(), *error)).collect();
        leptos::task::spawn_local(async move {
            let answer = invitations::invite(&person).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(path) => {
                    close();
                    load.run(());
                    let _ = shown.try_set(Some(path));
                }
                Err(error) => {
                    let mut told = false;
                    for item in error.items() {
                        if let Some((_, line)) = errors.iter().find(|(key, _)| *key == item.field) {
                            let _ = line.try_set(Some(item.message.clone()));
                            told = true;
                        }
                    }
                    if !told {
                        toast::error(&error);
                    }
                }
            }
        });
    };
    view! {
        <Layer shape=Shape::Dialog label=t(INVITE) on_close=move |()| close()>
            <form class="flex flex-col min-h-0" novalidate on:submit=send>
                <div class="flex flex-col gap-3 p-4 overflow-y-auto">{controls}</div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
                    <Button label=t(CANCEL) on_click=move |_| close()/>
                    <Button label=t(INVITE) look=Look::Primary submit=true busy=busy/>
                </footer>
            </form>
        </Layer>
    }
    .into_any()
}
