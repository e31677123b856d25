//! The companies on this installation.

use crate::api::client::ApiError;
use crate::api::host::{self, Company};
use crate::bridge;
use crate::i18n::{
    CANCEL, HOST_ACTIVE, HOST_ADD, HOST_ADDED, HOST_ADMIN, HOST_ADMIN_PASSWORD, HOST_COMPANIES, HOST_ERASE,
    HOST_ERASE_CONFIRM, HOST_ERASE_TEXT, HOST_ERASING, HOST_EXPORT, HOST_FILES, HOST_KEEP, HOST_KEPT, HOST_KEY,
    HOST_KEY_HINT, HOST_NAME, HOST_RESUME, HOST_SUSPEND, HOST_SUSPEND_SURE, HOST_SUSPENDED, HOST_USERS, SAVE, t, tf,
};
use crate::state::toast;
use crate::ui::{self, Button, Field, Layer, Look, Shape, badge, icon};
use kezhan_meta::Tone;
use leptos::prelude::*;
use serde_json::json;
use std::future::Future;

#[derive(Clone, PartialEq)]
enum Open {
    Add,
    Suspend(Company),
    Erase(Company),
}

#[derive(Clone, Copy)]
struct Companies {
    rows: RwSignal<Option<Result<Vec<Company>, ApiError>>>,
    open: RwSignal<Option<Open>>,
    turn: RwSignal<u32>,
    days: u32,
}

impl Companies {
    fn load(self) {
        leptos::task::spawn_local(async move {
            let _ = self.rows.try_set(Some(host::companies().await));
        });
    }

    /// Does something, says so, and looks again.
    fn act(self, work: impl Future<Output = Result<(), ApiError>> + 'static, said: &'static str) {
        leptos::task::spawn_local(async move {
            match work.await {
                Ok(()) if said.is_empty() => {}
                Ok(()) => toast::done(said),
                Err(error) => {
                    toast::problem(error.items().first().map_or_else(|| error.message(), |i| i.message.clone()))
                }
            }
            self.load();
            self.turn.update(|n| *n += 1);
        });
    }
}

pub(super) fn panel(days: u32, turn: RwSignal<u32>) -> AnyView {
    let all = Companies { rows: RwSignal::new(None), open: RwSignal::new(None), turn, days };
    all.load();
    view! {
        <section class="panel">
            <div class="flex items-center gap-3 p-4">
                <h2 class="font-semibold grow">{t(HOST_COMPANIES)}</h2>
                <Button label=t(HOST_ADD) icon="plus" look=Look::Primary on_click=move |_| all.open.set(Some(Open::Add))/>
            </div>
            {move || match all.rows.get() {
                None => ui::loading_rows(3),
                Some(Err(error)) => ui::failed(&error, move || all.load()),
                Some(Ok(rows)) => view! { <ul data-companies>{rows.into_iter().map(|one| line(all, one)).collect_view()}</ul> }.into_any(),
            }}
        </section>
        {move || all.open.get().map(|open| match open {
            Open::Add => add(all),
            Open::Suspend(company) => suspend(all, company),
            Open::Erase(company) => erase(all, company),
        })}
    }
    .into_any()
}

fn line(all: Companies, one: Company) -> AnyView {
    let status = match (one.status.as_str(), &one.erase_after) {
        ("active", _) => badge(t(HOST_ACTIVE), Tone::Success),
        ("erasing", Some(at)) => badge(tf(HOST_ERASING, &[("at", &bridge::date_time(at))]), Tone::Danger),
        _ => badge(t(HOST_SUSPENDED), Tone::Warning),
    };
    let size = bridge::decimal(&format!("{:.1}", one.file_bytes as f64 / 1_048_576.0), 0, 1);
    let users = bridge::decimal(&one.users.to_string(), 0, 0);
    let below = [one.key.clone(), tf(HOST_USERS, &[("n", &users)]), tf(HOST_FILES, &[("size", &size)])].join(" · ");
    let (active, erasing) = (one.status == "active", one.status == "erasing");
    let (suspended, erased) = (one.clone(), one.clone());
    let (resumed, kept) = (one.id.clone(), one.id.clone());
    let way = match (active, erasing) {
        (true, _) => view! { <Button label=t(HOST_SUSPEND) on_click=move |_| all.open.set(Some(Open::Suspend(suspended.clone())))/> }.into_any(),
        (_, true) => {
            let keep = move |_| {
                let id = kept.clone();
                all.act(async move { host::keep(&id).await }, t(HOST_KEPT));
            };
            view! { <Button label=t(HOST_KEEP) on_click=keep/> }.into_any()
        }
        _ => {
            let resume = move |_| {
                let id = resumed.clone();
                all.act(async move { host::set(&id, "resume").await }, "");
            };
            view! { <Button label=t(HOST_RESUME) on_click=resume/> }.into_any()
        }
    };
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2 min-h-14 border-t border-base-300/60 text-[13px]" data-company=one.key>
            <span class="muted">{icon("building-2")}</span>
            <div class="grow min-w-0 basis-56">
                <p class="font-semibold flex flex-wrap items-center gap-2">{one.name}{status}</p>
                <p class="muted tnum wrap-anywhere md:truncate">{below}</p>
            </div>
            <div class="flex flex-wrap gap-1">
                {way}
                <a class="btn btn-plain" download="" href=host::export_url(&one.id)>{icon("download")}{t(HOST_EXPORT)}</a>
                {(!erasing).then(|| view! { <Button label=t(HOST_ERASE) look=Look::Danger on_click=move |_| all.open.set(Some(Open::Erase(erased.clone())))/> })}
            </div>
        </li>
    }
    .into_any()
}

fn add(all: Companies) -> AnyView {
    let close = move || all.open.set(None);
    let [key, name, admin, password] = [(); 4].map(|()| RwSignal::new(String::new()));
    admin.set("admin".to_owned());
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |field: &'static str| {
        Signal::derive(move || {
            let items = faults.with(|f| f.as_ref().map(|f| f.items().to_vec())).unwrap_or_default();
            items.into_iter().find(|i| i.field == field).map(|i| i.message)
        })
    };
    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        busy.set(true);
        let wish = json!({
            "key": key.get_untracked().trim(), "name": name.get_untracked().trim(),
            "admin": admin.get_untracked().trim(), "password": password.get_untracked(),
        });
        leptos::task::spawn_local(async move {
            match host::add(&wish).await {
                Ok(made) => {
                    toast::done(tf(HOST_ADDED, &[("name", &made.name)]));
                    close();
                    all.load();
                    all.turn.update(|n| *n += 1);
                }
                Err(error) if error.items().is_empty() => toast::error(&error),
                Err(error) => drop(faults.try_set(Some(error))),
            }
            let _ = busy.try_set(false);
        });
    };
    let input = move |id: &'static str, kind: &'static str, value: RwSignal<String>| {
        view! {
            <input id=id type=kind class="input" required autocomplete="off" spellcheck="false" prop:value=move || value.get()
                on:input=move |ev| value.set(event_target_value(&ev))/>
        }
    };
    view! {
        <Layer shape=Shape::Dialog label=t(HOST_ADD) on_close=move |()| close()>
            <form class="p-4 flex flex-col gap-3 overflow-y-auto" on:submit=submit data-host-add>
                <Field id="host-name" label=t(HOST_NAME) required=true error=fault("name")>{input("host-name", "text", name)}</Field>
                <Field id="host-key" label=t(HOST_KEY) hint=t(HOST_KEY_HINT) required=true error=fault("key")>{input("host-key", "text", key)}</Field>
                <Field id="host-admin" label=t(HOST_ADMIN) required=true error=fault("admin")>{input("host-admin", "text", admin)}</Field>
                <Field id="host-admin-password" label=t(HOST_ADMIN_PASSWORD) required=true error=fault("password")>
                    <input id="host-admin-password" type="password" class="input" required autocomplete="new-password"
                        prop:value=move || password.get() on:input=move |ev| password.set(event_target_value(&ev))/>
                </Field>
                <div class="flex justify-end gap-2 pt-2">
                    <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| close()/>
                    <Button label=t(SAVE) look=Look::Primary submit=true busy=busy/>
                </div>
            </form>
        </Layer>
    }
    .into_any()
}

fn suspend(all: Companies, company: Company) -> AnyView {
    let close = move || all.open.set(None);
    let (title, id) = (format!("{} · {}", t(HOST_SUSPEND), company.name), company.id);
    let go = move |_| {
        let id = id.clone();
        close();
        all.act(async move { host::set(&id, "suspend").await }, "");
    };
    view! {
        <Layer shape=Shape::Dialog label=title on_close=move |()| close()>
            <p class="text-[13px] px-4 pt-4">{t(HOST_SUSPEND_SURE)}</p>
            <div class="flex flex-wrap justify-end gap-2 p-4">
                <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| close()/>
                <Button label=t(HOST_SUSPEND) look=Look::Danger on_click=go/>
            </div>
        </Layer>
    }
    .into_any()
}

fn erase(all: Companies, company: Company) -> AnyView {
    let close = move || all.open.set(None);
    let typed = RwSignal::new(String::new());
    let title = format!("{} · {}", t(HOST_ERASE), company.name);
    let (id, key) = (company.id, StoredValue::new(company.key.clone()));
    let right = move || typed.with(|text| *text == key.get_value());
    let go = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let (id, confirm) = (id.clone(), typed.get_untracked());
        close();
        all.act(async move { host::erase(&id, &confirm).await }, "");
    };
    view! {
        <Layer shape=Shape::Dialog label=title on_close=move |()| close()>
            <form class="p-4 flex flex-col gap-3" on:submit=go data-host-erase>
                <p class="text-[13px]">{tf(HOST_ERASE_TEXT, &[("days", &all.days.to_string())])}</p>
                <Field id="host-confirm" label=tf(HOST_ERASE_CONFIRM, &[("key", &company.key)])>
                    <input id="host-confirm" class="input font-mono" autocomplete="off" spellcheck="false" prop:value=move || typed.get()
                        on:input=move |ev| typed.set(event_target_value(&ev))/>
                </Field>
                <div class="flex flex-wrap justify-end gap-2">
                    <Button label=t(CANCEL) look=Look::Quiet on_click=move |_| close()/>
                    <Button label=t(HOST_ERASE) look=Look::Danger submit=true disabled=Signal::derive(move || !right())/>
                </div>
            </form>
        </Layer>
    }
    .into_any()
}
