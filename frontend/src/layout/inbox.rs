//! What happened to one's own work, by the record that it happened to.

use crate::api::client::ApiError;
use crate::api::inbox;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{
    INBOX, INBOX_ALL, INBOX_EMPTY, INBOX_EMPTY_TEXT, INBOX_MARK_ALL, INBOX_MARK_READ, INBOX_ONLY_NEWEST, INBOX_OTHERS,
    INBOX_READ, INBOX_UNREAD, SYSTEM, VIEWS, t, tf,
};
use crate::record::filter;
use crate::state::faces::face;
use crate::state::{app, catalog, inbox as state, toast};
use crate::ui::{self, Button, Layer, Look, Shape, icon};
use kezhan_meta::resolve::ME;
use kezhan_meta::{Filter, ObjectMeta, Op, Record};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use serde_json::json;
use std::sync::Arc;

#[derive(Clone, Copy)]
struct Inbox {
    open: RwSignal<bool>,
    only_unread: RwSignal<bool>,
    list: RwSignal<Option<Result<Vec<Record>, ApiError>>>,
    more: RwSignal<bool>,
}

/// All that happened to one record.
struct Group {
    object: Option<Arc<ObjectMeta>>,
    record: String,
    title: String,
    lines: Vec<Record>,
}

pub fn panel(open: RwSignal<bool>) -> AnyView {
    let inbox = Inbox { open, only_unread: RwSignal::new(true), list: RwSignal::new(None), more: RwSignal::new(false) };
    Effect::new(move || {
        app().told.track();
        inbox.only_unread.track();
        inbox.load();
    });
    let tab = move |text: &'static str, unread: bool| {
        view! {
            <button type="button" role="tab" aria-selected=move || (inbox.only_unread.get() == unread).to_string()
                class=move || if inbox.only_unread.get() == unread { "py-2 border-b-2 border-primary text-primary font-semibold text-[13px]" }
                    else { "py-2 border-b-2 border-transparent muted hover:text-base-content text-[13px]" }
                on:click=move |_| inbox.only_unread.set(unread)>
                {text}{unread.then(|| view! { <span class="tnum font-normal">" "{move || Some(app().unread.get()).filter(|n| *n > 0).map(state::shown)}</span> })}
            </button>
        }
    };
    let body = move || match inbox.list.get() {
        None => ui::loading_rows(5),
        Some(Err(error)) => ui::failed(&error, move || inbox.load()),
        Some(Ok(list)) if list.is_empty() => ui::empty("inbox", t(INBOX_EMPTY), t(INBOX_EMPTY_TEXT), ().into_any()),
        Some(Ok(list)) => {
            let rest = inbox.more.get().then(|| {
                let text = tf(INBOX_ONLY_NEWEST, &[("n", &inbox::SHOWN.to_string())]);
                view! { <p class="px-4 py-3 text-xs muted">{text}</p> }
            });
            view! { <ul class="flex flex-col">{groups(list).into_iter().map(|g| group(inbox, g)).collect_view()}</ul>{rest} }.into_any()
        }
    };
    view! {
        <Layer shape=Shape::Drawer label=t(INBOX) on_close=move |()| open.set(false)>
            <div class="flex items-center gap-4 px-4 border-b border-base-300 shrink-0">
                <div class="flex gap-4" role="tablist" aria-label=t(VIEWS)>{tab(t(INBOX_UNREAD), true)}{tab(t(INBOX_ALL), false)}</div>
                <div class="grow"></div>
                {move || (app().unread.get() > 0).then(|| view! {
                    <Button label=t(INBOX_MARK_ALL) look=Look::Quiet icon="check-check" on_click=move |_| inbox.read_all()/>
                })}
            </div>
            <div class="grow min-h-0 overflow-y-auto scroll-thin">{body}</div>
        </Layer>
    }
    .into_any()
}

impl Inbox {
    fn load(self) {
        let only_unread = self.only_unread.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = inbox::list(only_unread).await;
            if self.only_unread.try_get_untracked() != Some(only_unread) {
                return;
            }
            let more = answer.as_ref().is_ok_and(|page| page.next_cursor.is_some());
            let _ = self.more.try_set(more);
            let _ = self.list.try_set(Some(answer.map(|page| page.data)));
        });
    }

    /// Shown as read at once; what the server refuses comes back with the next look.
    fn read(self, ids: Vec<String>) {
        if ids.is_empty() {
            return;
        }
        let only_unread = self.only_unread.get_untracked();
        self.list.update(|list| {
            let Some(Ok(list)) = list else { return };
            if only_unread {
                list.retain(|r| !ids.iter().any(|id| id == r.id()));
            } else {
                let now = json!(String::from(js_sys::Date::new_0().to_iso_string()));
                for record in list.iter_mut().filter(|r| ids.iter().any(|id| id == r.id())) {
                    record.insert("read_at".to_owned(), now.clone());
                }
            }
        });
        app().unread.update(|n| *n = (*n - ids.len() as i64).max(0));
        leptos::task::spawn_local(async move {
            if let Err(problem) = inbox::read(&ids).await {
                toast::error(&problem);
            }
            state::look();
        });
    }

    fn read_all(self) {
        app().unread.set(0);
        leptos::task::spawn_local(async move {
            if let Err(problem) = inbox::read_all().await {
                toast::error(&problem);
            }
            state::look();
            if self.list.try_get_untracked().is_some() {
                self.load();
            }
        });
    }
}

/// Records in the order of their newest line.
fn groups(list: Vec<Record>) -> Vec<Group> {
    let mut out: Vec<Group> = Vec::new();
    for line in list {
        let (object, record) = (line.value("object").as_str().unwrap_or_default(), line.value("record"));
        let record = record.as_str().unwrap_or_default().to_owned();
        match out.iter_mut().find(|g| g.record == record) {
            Some(group) => group.lines.push(line),
            None => out.push(Group {
                object: catalog::object(object),
                record,
                title: line.value("title").as_str().unwrap_or_default().to_owned(),
                lines: vec![line],
            }),
        }
    }
    out
}

fn is_unread(line: &Record) -> bool {
    line.value("read_at").is_null()
}

fn group(inbox: Inbox, group: Group) -> AnyView {
    let unread: Vec<String> = group.lines.iter().filter(|l| is_unread(l)).map(|l| l.id().to_owned()).collect();
    let navigate = use_navigate();
    let (ids, mark) = (unread.clone(), unread.clone());
    let others: u64 = group.lines.iter().filter_map(|l| l.value("others").as_u64()).sum();
    // Several of them are a list: one's own, the latest first.
    let href = group.object.as_ref().map(|o| match others {
        0 => {
            // To where it was said.
            let entry = group.lines.iter().find_map(|line| line.value("entry").as_str().map(str::to_owned));
            let at = entry.map(|id| format!("?tab=timeline&entry={id}")).unwrap_or_default();
            format!("/o/{}/{}{at}", o.plural, group.record)
        }
        _ => {
            let mine = filter::to_text(&Filter::field("owner", Op::Eq, ME)).unwrap_or_default();
            format!("/o/{}?sort=-updated_at&filter={}", o.plural, records::encode(&mine))
        }
    });
    let href = href.unwrap_or_default();
    let title = match others {
        0 => group.title.clone(),
        n => tf(INBOX_OTHERS, &[("title", &group.title), ("n", &bridge::decimal(&n.to_string(), 0, 0))]),
    };
    let go = move |_| {
        inbox.read(ids.clone());
        if !href.is_empty() {
            inbox.open.set(false);
            navigate(&href, NavigateOptions::default());
        }
    };
    let sign = icon(group.object.as_ref().map_or("box", |o| &o.icon));
    let lines = group.lines.iter().map(line).collect_view();
    let fresh = !unread.is_empty();
    view! {
        <li class="flex items-start border-b border-base-300/60 hover:bg-base-content/3">
            <button type="button" class="grow min-w-0 flex items-start gap-3 text-start px-4 py-3 focus-visible:outline-offset-[-2px]" on:click=go>
                <span class="size-8 rounded-lg bg-primary/10 text-primary grid place-items-center shrink-0">{sign}</span>
                <span class="min-w-0 grow flex flex-col gap-1">
                    <span class=if fresh { "font-semibold truncate" } else { "truncate" }>{title}</span>
                    {lines}
                </span>
            </button>
            {if fresh {
                view! { <div class="pt-3 pe-3"><Button label=t(INBOX_MARK_READ) look=Look::Quiet icon="check" icon_only=true on_click=move |_| inbox.read(mark.clone())/></div> }.into_any()
            } else {
                ().into_any()
            }}
        </li>
    }
    .into_any()
}

fn line(line: &Record) -> AnyView {
    let kind = catalog::object(inbox::OBJECT).and_then(|o| o.field("kind").map(|f| fields::cell(Shown::of(f, line))));
    let actor = line.expanded("actor").map(|v| records::title_of("user", v)).filter(|name| !name.is_empty());
    let text = line.value("text").as_str().map(str::to_owned);
    let face = actor.as_deref().map(|name| face(line.value("actor").as_str(), name, false));
    let dot = if is_unread(line) {
        view! { <span class="size-2 rounded-full bg-primary shrink-0" role="img" aria-label=t(INBOX_UNREAD)></span> }
            .into_any()
    } else {
        view! { <span class="sr-only">{t(INBOX_READ)}</span> }.into_any()
    };
    let at = line.value("created_at");
    view! {
        <span class="flex flex-col gap-0.5 text-[13px]">
            <span class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
                {dot}{kind}{face}<span>{actor.unwrap_or_else(|| t(SYSTEM).to_owned())}</span>
                <span class="muted text-xs tnum">{bridge::date_time(at.as_str().unwrap_or_default())}</span>
            </span>
            {text.map(|text| view! { <span class="muted line-clamp-2 break-words">{text}</span> })}
        </span>
    }
    .into_any()
}
