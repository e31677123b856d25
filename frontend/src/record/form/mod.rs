//! Making and changing a record: the fields as the object's layout has them, checked by the shared rules before anything
//! is sent. In a drawer or on a page of its own; what was begun stays until it is saved or thrown away.

mod cascade;
mod check;
mod keep;
mod model;
mod send;
mod view;

use super::url::Url;
use crate::api::records::{self, RecordExt};
use crate::i18n::{CREATED, EDIT_OBJECT, NEW_OBJECT, OPEN, SAVED, label, t, tf};
use crate::layout::routes::{self, Place};
use crate::layout::shell;
use crate::state::{catalog, lists, toast, touched};
use crate::ui::{self, Layer, Shape, icon};
pub use keep::{Slot, keepable};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use model::Form;
use serde_json::Value;
use std::sync::Arc;

/// What `with.account=…` in the address gives a new record.
fn given(object: &ObjectMeta, url: Url) -> Record {
    url.query.with_untracked(|query| {
        object
            .fields
            .iter()
            .filter_map(|f| Some((f.key.to_string(), Value::String(query.get(&format!("with.{}", f.key))?))))
            .collect()
    })
}

/// The address of the same form on a page of its own.
fn page_url(object: &ObjectMeta, id: Option<&str>, given: &Record) -> String {
    match id {
        Some(id) => format!("/o/{}/{id}/edit", object.plural),
        None => {
            let with =
                |(key, value): (&String, &Value)| Some(format!("with.{key}={}", records::encode(value.as_str()?)));
            let query: Vec<String> = given.iter().filter_map(with).collect();
            let mark = if query.is_empty() { "" } else { "?" };
            format!("/o/{}/new{mark}{}", object.plural, query.join("&"))
        }
    }
}

/// A drawer for a new record, opened by `?new=1`.
pub fn create_layer(object: Arc<ObjectMeta>, url: Url) -> AnyView {
    let given = given(&object, url);
    let gone: Vec<String> = given.keys().map(|k| format!("with.{k}")).collect();
    let close = move || {
        let mut changes: Vec<(&str, Option<String>)> = gone.iter().map(|k| (k.as_str(), None)).collect();
        changes.push(("new", None));
        url.replace(&changes);
    };
    let saved = {
        let (close, object) = (close.clone(), object.clone());
        move |record: Record, again: bool| {
            told(&object, &record, url);
            if !again {
                close();
            }
        }
    };
    let page = page_url(&object, None, &given);
    let title = tf(NEW_OBJECT, &[("object", &label(&object.label))]);
    layer(title, Plan { object, base: None, given, page: Some(page), wide: false }, close, saved)
}

fn told(object: &ObjectMeta, record: &Record, url: Url) {
    let open = super::list::record_url(object, record.id());
    toast::linked(tf(CREATED, &[("title", &record.title(object))]), t(OPEN), move || url.go(open.clone()));
}

/// A drawer for changing a record.
pub fn edit_layer(object: Arc<ObjectMeta>, record: Record, close: Callback<()>) -> AnyView {
    let title = tf(EDIT_OBJECT, &[("object", &label(&object.label))]);
    let close = move || close.run(());
    let saved = move |_: Record, _: bool| {
        toast::done(t(SAVED));
        close();
    };
    let page = page_url(&object, Some(record.id()), &Record::new());
    layer(title, Plan { object, base: Some(record), given: Record::new(), page: Some(page), wide: false }, close, saved)
}

/// What a form is about, and how wide it is.
#[derive(Clone)]
struct Plan {
    object: Arc<ObjectMeta>,
    base: Option<Record>,
    given: Record,
    /// Where it stands on a page of its own.
    page: Option<String>,
    wide: bool,
}

fn layer(
    title: String,
    plan: Plan,
    close: impl Fn() + Clone + Send + Sync + 'static,
    saved: impl Fn(Record, bool) + Clone + Send + Sync + 'static,
) -> AnyView {
    let inner = rounds(plan, close.clone(), saved);
    view! { <Layer shape=Shape::Drawer label=title on_close=move |()| close()>{inner}</Layer> }.into_any()
}

/// A new round, after "save and new" and after a draft was thrown away, starts from what is stored.
fn rounds(
    plan: Plan,
    close: impl Fn() + Clone + Send + Sync + 'static,
    saved: impl Fn(Record, bool) + Clone + Send + Sync + 'static,
) -> impl Fn() -> AnyView + Clone + Send + Sync + 'static {
    let round = RwSignal::new(0);
    move || {
        round.track();
        let form = Form::new(&plan);
        let next = Callback::new(move |()| round.update(|r| *r += 1));
        form.view(plan.page.clone(), close.clone(), next, {
            let saved = saved.clone();
            move |record, again| {
                touched();
                saved(record, again);
                if again {
                    next.run(());
                }
            }
        })
    }
}

/// The form on a page of its own: `/o/…/new`.
pub fn create_page() -> AnyView {
    let (place, url) = (routes::place(), Url::new());
    let plural = Memo::new(move |_| place.with(|place| place.plural.clone()));
    (move || {
        let Some(object) = catalog::by_plural(&plural.get()) else { return shell::missing() };
        let title = tf(NEW_OBJECT, &[("object", &label(&object.label))]);
        let back = lists::address(&object.plural);
        let given = given(&object, url);
        let close = {
            let back = back.clone();
            move || url.go(back.clone())
        };
        let saved = {
            let object = object.clone();
            move |record: Record, again: bool| {
                told(&object, &record, url);
                if !again {
                    url.go(super::list::record_url(&object, record.id()));
                }
            }
        };
        page(title, back, Plan { object, base: None, given, page: None, wide: true }, close, saved)
    })
    .into_any()
}

/// The form on a page of its own: `/o/…/…/edit`.
pub fn edit_page() -> AnyView {
    let (place, url) = (routes::place(), Url::new());
    (move || {
        let Place { plural, id, .. } = place.get();
        let id = id.unwrap_or_default();
        let Some(object) = catalog::by_plural(&plural) else { return shell::missing() };
        let found = RwSignal::new(None);
        leptos::task::spawn_local({
            let object = object.clone();
            async move {
                let _ = found.try_set(Some(records::read(&object, &id).await));
            }
        });
        (move || match found.get() {
            None => view! { <div class="p-4">{ui::loading_rows(8)}</div> }.into_any(),
            Some(Err(error)) if error.is_missing() => shell::missing(),
            Some(Err(error)) => ui::failed(&error, || {
                let _ = window().location().reload();
            }),
            Some(Ok(record)) => {
                let title =
                    format!("{} · {}", tf(EDIT_OBJECT, &[("object", &label(&object.label))]), record.title(&object));
                let back = super::list::record_url(&object, record.id());
                let close = {
                    let back = back.clone();
                    move || url.go(back.clone())
                };
                let saved = {
                    let close = close.clone();
                    move |_: Record, _: bool| {
                        toast::done(t(SAVED));
                        close();
                    }
                };
                let plan =
                    Plan { object: object.clone(), base: Some(record), given: Record::new(), page: None, wide: true };
                page(title, back, plan, close, saved)
            }
        })
        .into_any()
    })
    .into_any()
}

fn page(
    title: String,
    back: String,
    plan: Plan,
    close: impl Fn() + Clone + Send + Sync + 'static,
    saved: impl Fn(Record, bool) + Clone + Send + Sync + 'static,
) -> AnyView {
    let many = label(&plan.object.label_many);
    let inner = rounds(plan, close, saved);
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            <header class="flex items-center gap-2 px-4 h-14 shrink-0 border-b border-base-300">
                <A href=back attr:class="btn btn-quiet btn-icon" attr:aria-label=many>{icon("arrow-left")}</A>
                <h1 class="font-semibold text-base truncate">{title}</h1>
            </header>
            {inner}
        </section>
    }
    .into_any()
}
