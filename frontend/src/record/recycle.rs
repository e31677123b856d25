//! The recycle bin: what was deleted, by object, and the way back.

use super::url::Url;
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::i18n::{
    LOAD_MORE, NAV_RECYCLE, RECYCLE_EMPTY, RECYCLE_EMPTY_TEXT, RECYCLE_OBJECT, RESTORE, RESTORED, label, t, tf,
};
use crate::layout::{nav, shell};
use crate::state::{app, catalog, toast, touched};
use crate::ui::{self, Button};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use std::sync::Arc;

pub fn screen() -> AnyView {
    let url = Url::new();
    let objects: Vec<Arc<ObjectMeta>> = nav::groups().into_iter().flat_map(|group| group.objects).collect();
    let Some(first) = objects.first().map(|o| o.name.to_string()) else { return shell::missing() };
    let chosen = Memo::new(move |_| url.get("object").unwrap_or_else(|| first.clone()));
    let options = objects
        .iter()
        .map(|o| {
            let name = o.name.to_string();
            view! { <option value=name.clone() selected=move || chosen.get() == name>{label(&o.label_many)}</option> }
        })
        .collect_view();
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            <div class="flex items-center gap-3 h-12 px-4 border-b border-base-300 shrink-0">
                <h1 class="font-semibold text-base">{t(NAV_RECYCLE)}</h1>
                <select class="select !w-40" aria-label=t(RECYCLE_OBJECT) on:change=move |ev| url.replace(&[("object", Some(event_target_value(&ev)))])>{options}</select>
            </div>
            <div class="grow overflow-y-auto">
                {move || match catalog::object(&chosen.get()) {
                    Some(object) => bin(object),
                    None => shell::missing(),
                }}
            </div>
        </section>
    }
    .into_any()
}

fn bin(object: Arc<ObjectMeta>) -> AnyView {
    let rows = RwSignal::new(None::<Result<Vec<Record>, ApiError>>);
    let next = RwSignal::new(None::<String>);
    let load = {
        let object = object.clone();
        move |cursor: Option<String>| {
            let object = object.clone();
            leptos::task::spawn_local(async move {
                let first = cursor.is_none();
                let query = ListQuery {
                    deleted: true,
                    sort: vec![Sort::parse("-deleted_at")],
                    limit: Some(100),
                    cursor,
                    ..ListQuery::default()
                };
                match records::query(&object.plural, &query).await {
                    Ok(page) => {
                        let _ = next.try_set(page.next_cursor);
                        let _ = rows.try_update(|r| match r {
                            Some(Ok(list)) if !first => list.extend(page.data),
                            slot => *slot = Some(Ok(page.data)),
                        });
                    }
                    Err(error) => {
                        let _ = rows.try_set(Some(Err(error)));
                    }
                }
            });
        }
    };
    let (again, more) = (load.clone(), load.clone());
    Effect::new(move || {
        app().written.track();
        load(None);
    });
    (move || match rows.get() {
        None => ui::loading_rows(8),
        Some(Err(error)) => {
            let again = again.clone();
            ui::failed(&error, move || again(None))
        }
        Some(Ok(list)) if list.is_empty() => ui::empty("trash-2", t(RECYCLE_EMPTY), t(RECYCLE_EMPTY_TEXT), ().into_any()),
        Some(Ok(list)) => {
            let more = more.clone();
            view! {
                <ul>{list.iter().map(|r| line(&object, r)).collect_view()}</ul>
                {move || next.get().map(|cursor| {
                    let more = more.clone();
                    view! { <div class="p-4"><Button label=t(LOAD_MORE) on_click=move |_| more(Some(cursor.clone()))/></div> }
                })}
            }
            .into_any()
        }
    })
    .into_any()
}

fn line(object: &Arc<ObjectMeta>, record: &Record) -> AnyView {
    let (title, id) = (record.title(object), record.id().to_owned());
    let when = record.value("deleted_at").as_str().map(bridge::date_time).unwrap_or_default();
    let (object, name) = (object.clone(), title.clone());
    let restore = move |_| {
        let (object, id, name) = (object.clone(), id.clone(), name.clone());
        leptos::task::spawn_local(async move {
            match records::restore(&object, &id).await {
                Ok(()) => {
                    toast::done(tf(RESTORED, &[("title", &name)]));
                    touched();
                }
                Err(error) => toast::error(&error),
            }
        });
    };
    view! {
        <li class="flex items-center gap-3 min-h-11 px-4 border-b border-base-300/60 text-[13px]">
            <span class="font-semibold truncate grow">{title}</span>
            <span class="muted tnum whitespace-nowrap">{when}</span>
            <Button label=t(RESTORE) icon="rotate-ccw" on_click=restore/>
        </li>
    }
    .into_any()
}
