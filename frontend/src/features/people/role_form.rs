//! A role is made, perhaps with what another grants; or gets another name.

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::i18n::{
    CANCEL, ROLE_ABOUT, ROLE_ADD, ROLE_COPIED, ROLE_LIKE, ROLE_LIKE_NONE, ROLE_NAME, ROLE_RENAME, SAVE, SAVED, t, tf,
};
use crate::state::toast;
use crate::ui::{Button, Field, Layer, Look, Shape};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// What is asked for.
#[derive(Clone, PartialEq)]
pub enum Wish {
    /// A new one, with what this one grants.
    New(Option<Record>),
    Rename(Record),
}

/// `done` hears of the role as it is stored.
pub fn dialog(
    object: Arc<ObjectMeta>,
    wish: Wish,
    roles: Vec<Record>,
    close: Callback<()>,
    done: Callback<Record>,
) -> AnyView {
    let (name, about, like, renamed) = match &wish {
        Wish::Rename(role) => {
            (role.text("name").to_owned(), role.text("description").to_owned(), String::new(), Some(role.clone()))
        }
        Wish::New(Some(role)) => {
            (tf(ROLE_COPIED, &[("name", role.text("name"))]), String::new(), role.id().to_owned(), None)
        }
        Wish::New(None) => (String::new(), String::new(), String::new(), None),
    };
    let title = if renamed.is_some() { t(ROLE_RENAME) } else { t(ROLE_ADD) };
    let (name, about, like) = (RwSignal::new(name), RwSignal::new(about), RwSignal::new(like));
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |key: &'static str| {
        Signal::derive(move || {
            faults.with(|f| f.as_ref()?.items().iter().find(|i| i.field == key).map(|i| i.message.clone()))
        })
    };
    let likes = renamed.is_none().then(|| {
        let options: Vec<AnyView> = roles
            .iter()
            .map(|role| {
                let (id, name, mine) =
                    (role.id().to_owned(), role.text("name").to_owned(), like.get_untracked() == role.id());
                view! { <option value=id selected=mine>{name}</option> }.into_any()
            })
            .collect();
        view! {
            <Field id="role-like" label=t(ROLE_LIKE)>
                <select id="role-like" class="select" on:change=move |ev| like.set(event_target_value(&ev))>
                    <option value="" selected=like.get_untracked().is_empty()>{t(ROLE_LIKE_NONE)}</option>
                    {options}
                </select>
            </Field>
        }
    });
    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let mut record = Record::new();
        for (key, now) in [("name", name.get_untracked()), ("description", about.get_untracked())] {
            // As it stands it may be the text in one of two languages.
            if renamed.as_ref().is_none_or(|role| role.text(key) != now) {
                record.insert(key.to_owned(), json!(Some(now.trim()).filter(|now| !now.is_empty())));
            }
        }
        if renamed.is_none() {
            let model = roles.iter().find(|role| role.id() == like.get_untracked());
            record.insert("grants".into(), model.map_or(json!({}), |role| role.value("grants").clone()));
            record.insert("limits".into(), model.map_or(Value::Null, |role| role.value("limits").clone()));
        }
        busy.set(true);
        let (object, renamed) = (object.clone(), renamed.clone());
        leptos::task::spawn_local(async move {
            let answer = match &renamed {
                Some(role) => records::update(&object, role.id(), &record, role.version()).await,
                None => records::create(&object, &record).await,
            };
            let _ = busy.try_set(false);
            match answer {
                Ok(stored) => {
                    toast::done(t(SAVED));
                    close.run(());
                    done.run(stored);
                }
                Err(error) if error.items().is_empty() => toast::error(&error),
                Err(error) => drop(faults.try_set(Some(error))),
            }
        });
    };
    crate::record::detail::focus_later("role-name".to_owned());
    view! {
        <Layer shape=Shape::Dialog label=title on_close=close>
            <form class="flex flex-col min-h-0" novalidate on:submit=submit data-role-form>
                <div class="p-4 flex flex-col gap-3 overflow-y-auto">
                    <Field id="role-name" label=t(ROLE_NAME) required=true error=fault("name")>
                        <input id="role-name" class="input" maxlength="100" autocomplete="off" prop:value=move || name.get()
                            on:input=move |ev| name.set(event_target_value(&ev))/>
                    </Field>
                    <Field id="role-about" label=t(ROLE_ABOUT) error=fault("description")>
                        <textarea id="role-about" class="input !h-20 py-2" prop:value=move || about.get()
                            on:input=move |ev| about.set(event_target_value(&ev))></textarea>
                    </Field>
                    {likes}
                </div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                    <Button label=t(CANCEL) on_click=move |_| close.run(())/>
                    <Button label=t(SAVE) look=Look::Primary submit=true busy=busy/>
                </footer>
            </form>
        </Layer>
    }
    .into_any()
}
