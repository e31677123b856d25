//! One record: its facts, what happened to it, what hangs on it.

pub mod act;
pub mod actions;
mod change;
mod composer;
mod facts;
pub mod history;
pub mod link;
mod mention;
mod pages;
pub mod peek;
mod related;
mod stages;
mod star;
mod step;
mod task;
mod timeline;
pub mod waiting;

pub use facts::focus_later;

use super::files::{self, Uploads};
use super::list::record_url;
use super::similar;
use super::url::Url;
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::i18n::{RECORD_GONE, TAB_FACTS, TAB_FILES, TAB_HISTORY, TAB_TIMELINE, VIEWS, label, t};
use crate::layout::routes::{self, Place};
use crate::layout::shell;
use crate::lazy;
use crate::state::current::{self, Current};
use crate::state::faces::face;
use crate::state::{catalog, lists, live, prefs, recent, session};
use crate::ui::shortcuts::{Shortcut, pressed};
use crate::ui::tabs::Tab;
use crate::ui::{self, icon};
use futures_util::future::join;
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use std::collections::HashSet;
use std::sync::Arc;

/// What the panels of one record share.
#[derive(Clone, Copy)]
pub struct Open {
    pub object: StoredValue<Arc<ObjectMeta>>,
    pub id: StoredValue<String>,
    pub record: RwSignal<Option<Record>>,
    pub error: RwSignal<Option<ApiError>>,
    /// Fields of which the reader sees the outline, and may see all for a reason.
    pub masked: RwSignal<HashSet<String>>,
    pub url: Url,
}

impl Open {
    pub fn new(object: Arc<ObjectMeta>, id: String, url: Url) -> Open {
        let open = Open {
            object: StoredValue::new(object),
            id: StoredValue::new(id),
            record: RwSignal::new(None),
            error: RwSignal::new(None),
            masked: RwSignal::new(HashSet::new()),
            url,
        };
        Effect::new(move || {
            live::track();
            open.load();
        });
        // The palette and shortcuts act on what is open.
        Effect::new(move || {
            let object = open.object();
            open.record.with(|record| {
                if let Some(record) = record {
                    let passing = url.peek("peek").is_some();
                    let (id, title, version) = (record.id().to_owned(), record.title(&object), record.version());
                    current::enter(Current { id, title, version, object }, passing);
                }
            });
        });
        let id = open.id.get_value();
        on_cleanup(move || current::leave(&id));
        open
    }

    pub fn object(self) -> Arc<ObjectMeta> {
        self.object.get_value()
    }

    pub fn load(self) {
        let (object, id) = (self.object(), self.id.get_value());
        leptos::task::spawn_local(async move {
            let masked = async {
                match session::may(&object.name, "reveal") {
                    true => Some(records::masked(&object, &id).await),
                    false => None,
                }
            };
            let (read, masked) = join(records::read(&object, &id), masked).await;
            match read {
                // It became another one, whose address this is.
                Ok(record) if record.id() != id => {
                    if window().location().pathname().is_ok_and(|path| path.contains(&id)) {
                        self.url.replace_by(record_url(&object, record.id()));
                    } else {
                        self.url.beside(Some(record.id().to_owned()));
                    }
                }
                Ok(record) => {
                    if let Some(fields) = masked {
                        let _ = self.masked.try_set(fields);
                    }
                    let _ = self.error.try_set(None);
                    let _ = self.record.try_set(Some(record));
                }
                Err(error) => {
                    if error.is_missing() {
                        recent::gone(&id);
                    }
                    let _ = self.error.try_set(Some(error));
                }
            }
        });
    }
}

impl Open {
    /// A masked value in full, until the record is read anew.
    pub fn show(self, key: &str, value: serde_json::Value) {
        self.masked.update(|m| {
            m.remove(key);
        });
        self.record.update(|record| {
            if let Some(record) = record {
                record.insert(key.to_owned(), value);
            }
        });
    }
}

pub fn screen() -> AnyView {
    let place = routes::place();
    (move || {
        let Place { plural, id, .. } = place.get();
        let id = id.unwrap_or_default();
        match catalog::by_plural(&plural) {
            Some(object) => page(object, id),
            None => shell::missing(),
        }
    })
    .into_any()
}

fn page(object: Arc<ObjectMeta>, id: String) -> AnyView {
    let open = Open::new(object.clone(), id, Url::new());
    let ready = Memo::new(move |_| open.record.with(Option::is_some));
    let handle = window_event_listener(leptos::ev::keydown, move |ev| {
        if pressed(&ev, Shortcut::Edit) && session::may(&open.object().name, "edit") {
            ev.prevent_default();
            open.url.replace(&[("edit", Some("1".to_owned()))]);
        } else if pressed(&ev, Shortcut::Star) {
            star::toggle(open);
        }
    });
    on_cleanup(move || handle.remove());
    step::shortcuts(open);
    (move || {
        if ready.get() {
            return content(open);
        }
        match open.error.get() {
            Some(error) if error.is_missing() => shell::missing(),
            Some(error) => ui::failed(&error, move || open.load()),
            None => view! { <div class="p-4">{ui::loading_rows(8)}</div> }.into_any(),
        }
    })
    .into_any()
}

fn content(open: Open) -> AnyView {
    let object = open.object();
    let narrow = prefs::narrow();
    let first = if narrow { "facts" } else { "timeline" };
    let tab = Memo::new(move |_| open.url.get("tab").unwrap_or_else(|| first.to_owned()));
    let relations = related::of(&object);
    let uploads = Uploads::new(Some((object.name.to_string(), open.id.get_value())));
    let editing = Memo::new(move |_| open.url.get("edit").is_some());
    let revealing = Memo::new(move |_| open.url.get("reveal").is_some());
    let explaining = Memo::new(move |_| open.url.get("access").is_some());
    let strip = {
        let relations = relations.clone();
        move || {
            let to = |key: &str| open.url.with(&[("tab", (key != first).then(|| key.to_owned())), ("edit", None)]);
            let mut all = Vec::new();
            if narrow {
                all.push(Tab {
                    key: "facts".to_owned(),
                    label: t(TAB_FACTS).to_owned(),
                    count: None,
                    href: to("facts"),
                });
            }
            all.push(Tab {
                key: "timeline".to_owned(),
                label: t(TAB_TIMELINE).to_owned(),
                count: None,
                href: to("timeline"),
            });
            for relation in &relations {
                all.push(Tab { key: relation.key(), label: relation.label(), count: None, href: to(&relation.key()) });
            }
            if catalog::object(crate::api::files::OBJECT).is_some() {
                all.push(Tab {
                    key: "files".to_owned(),
                    label: t(TAB_FILES).to_owned(),
                    count: None,
                    href: to("files"),
                });
            }
            all.push(Tab {
                key: "history".to_owned(),
                label: t(TAB_HISTORY).to_owned(),
                count: None,
                href: to("history"),
            });
            ui::tabs(t(VIEWS), &tab.get(), all)
        }
    };
    // In a task of its own, so that neither half of the page keeps the browser from keys and clicks for long.
    let due = RwSignal::new(narrow);
    if !narrow {
        ui::soon(due);
    }
    let shown = move || match tab.get().as_str() {
        "facts" => facts::panel(open),
        "timeline" => timeline::panel(open),
        "files" => lazy::files_panel(open, uploads),
        "history" => history::panel(open),
        key => match relations.iter().find(|r| r.key() == key) {
            Some(relation) => related::panel(open, relation),
            None => timeline::panel(open),
        },
    };
    let panel = move || due.get().then(&shown);
    let edit_object = object.clone();
    let gone = gone(open);
    view! {
        <div class="grow min-h-0 flex flex-col bg-base-100 relative">
            {move || gone.get().then(|| view! {
                <p class="px-4 py-2 text-[13px] bg-warning/12 text-warning flex items-center gap-2" role="alert">{icon("triangle-alert")}{t(RECORD_GONE)}</p>
            })}
            {narrow.then(|| composer::quick(open))}
            {files::possible().then(|| files::drop_zone(open, uploads))}
            {header(open)}
            {move || (!gone.get()).then(|| stages::path(open))}
            {similar::hint(open)}
            <div class="grow min-h-0 flex">
                {(!narrow).then(|| view! {
                    <aside class="w-80 shrink-0 border-r border-base-300 overflow-y-auto scroll-thin relative">{facts::panel(open)}</aside>
                })}
                <section class="grow min-w-0 flex flex-col min-h-0">
                    {strip}
                    // Room for the thumb's button under what is last.
                    <div class=if narrow { "grow min-h-0 overflow-y-auto scroll-thin relative pb-20" } else { "grow min-h-0 overflow-y-auto scroll-thin relative" }>{panel}</div>
                </section>
            </div>
        </div>
        {move || revealing.get().then(|| lazy::reveal_dialog(open))}
        {move || explaining.get().then(|| lazy::access_panel(open))}
        {move || editing.get().then(|| open.record.get_untracked()).flatten().map(|record| {
            lazy::edit_form(edit_object.clone(), record, Callback::new(move |()| open.url.replace(&[("edit", None)])))
        })}
    }
    .into_any()
}

/// Deleted while it was on screen, or out of the reader's sight. What was being written stays, to be copied.
fn gone(open: Open) -> Memo<bool> {
    Memo::new(move |_| open.error.with(|error| error.as_ref().is_some_and(ApiError::is_missing)))
}

fn header(open: Open) -> AnyView {
    let (object, gone) = (open.object(), gone(open));
    let name = Memo::new({
        let object = object.clone();
        move |_| open.record.with(|r| r.as_ref().map(|r| r.title(&object)).unwrap_or_default())
    });
    let list = lists::address(&object.plural);
    let sign = object.icon.to_string();
    let user = (object.name == "user").then(|| open.id.get_value());
    let person = matches!(object.name.as_ref(), "contact" | "lead" | "user");
    view! {
        <header class="flex items-center gap-2 md:gap-3 px-4 py-1 min-h-14 shrink-0 border-b border-base-300">
            <A href=list attr:class="btn btn-quiet btn-icon print:hidden" attr:aria-label=label(&object.label_many)>{icon("arrow-left")}</A>
            {move || if person { face(user.as_deref(), &name.get(), true) } else {
                view! { <span class="size-9 rounded-lg bg-primary/10 text-primary hidden sm:grid place-items-center shrink-0">{icon(&sign)}</span> }.into_any()
            }}
            <div class="min-w-0">
                <p class="text-xs muted leading-tight">{label(&object.label)}</p>
                <h1 class="font-semibold text-base leading-tight line-clamp-2 break-words" title=move || name.get()>{move || name.get()}</h1>
            </div>
            <div class="grow"></div>
            {step::steps(open)}
            {move || (!gone.get()).then(|| view! { {change::finish(open)}{star::star(open)}{actions::bar(open)} })}
        </header>
    }
    .into_any()
}
