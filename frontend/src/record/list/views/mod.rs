//! Saved views as tabs: conditions, order and columns under a name.

pub mod changes;
pub mod manage;
pub mod save;

use super::columns::Look as ColumnLook;
use super::{List, layouts};
use crate::api::records::{self, RecordExt};
use crate::i18n::{VIEW_ALL, VIEWS, t};
use crate::lazy;
use crate::state::views::NONE;
use crate::state::{app, catalog, session, views};
use crate::ui::{Popover, icon};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{Filter, NAME_EN, Op, Record};
use leptos::prelude::*;
use serde_json::Value;

const OBJECT: &str = "saved_view";

/// A view whose name and sharing are being decided.
#[derive(Clone, PartialEq)]
pub enum Edited {
    New,
    Kept(Record),
}

/// Of the address, what a view decides.
const PARTS: [&str; 8] = ["filter", "sort", "columns", "widths", "frozen", "group", "fold", "q"];

/// The whole list, under this name.
fn whole(list: List, view: Option<&str>) -> String {
    let mut parts: Vec<(&str, Option<String>)> = PARTS.iter().chain(&layouts::KEYS).map(|part| (*part, None)).collect();
    parts.extend([("view", view.map(str::to_owned)), ("import", None), ("day", None)]);
    list.url.with(&parts)
}

fn address(list: List, view: &Record) -> String {
    let settings = view.value("settings");
    // One that is not understood any more is not everything.
    let filter = settings.get("filter").map(Value::to_string).and_then(|text| match serde_json::from_str(&text) {
        Ok(filter) => crate::record::filter::to_text(&filter),
        Err(_) => Some(text),
    });
    let texts = |key: &str| {
        settings
            .get(key)
            .and_then(Value::as_array)
            .map(|a| a.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
    };
    let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
    let widths = settings.get("widths").and_then(Value::as_object).map(|widths| {
        let mut look = ColumnLook::default();
        look.widths
            .extend(widths.iter().filter_map(|(key, width)| Some((key.clone(), i32::try_from(width.as_i64()?).ok()?))));
        look
    });
    let frozen = settings.get("frozen").and_then(Value::as_u64).map(|n| n.to_string());
    let mut parts: Vec<(&str, Option<String>)> = layouts::KEYS.iter().map(|key| (*key, text(key))).collect();
    parts.extend([
        ("view", Some(view.id().to_owned())),
        ("widths", widths.and_then(|w| w.widths_text())),
        ("frozen", frozen),
        ("filter", filter),
        ("sort", texts("sort")),
        ("columns", texts("fields")),
        ("group", texts("group")),
        ("fold", None),
        ("q", text("q")),
        ("import", None),
        ("day", None),
    ]);
    list.url.with(&parts)
}

/// Does the address say what is wanted, beyond a view's name?
fn says_more(list: List) -> bool {
    let others = ["import", "deleted", "day"];
    PARTS.iter().chain(&layouts::KEYS).chain(&others).any(|part| list.url.get(part).is_some())
}

/// Reads the object's views, and opens the one that the address names, or that the reader begins with. True as soon as
/// the address says what to show.
pub fn settle(list: List) -> Memo<bool> {
    let name = list.object.with_value(|o| o.name.to_string());
    list.views.set(match catalog::object(OBJECT) {
        Some(_) => views::known(&name),
        None => Some(Vec::new()),
    });
    if let Some(object) = catalog::object(OBJECT) {
        let name = name.clone();
        Effect::new(move || {
            app().written.track();
            load(list, name.clone(), records::names_of(object.fields.iter()));
        });
    }
    // Later the conditions of the named view may be taken away one by one, to none.
    let opened = StoredValue::new(false);
    let wanted = Memo::new(move |_| {
        if says_more(list) {
            return Some(None);
        }
        let known = list.views.get()?;
        let view = match list.url.get("view") {
            Some(id) if opened.get_value() || id == NONE => return Some(None),
            Some(id) => known.iter().find(|v| v.id() == id).cloned(),
            None => app().views.with(|choices| views::default(choices.get(&name), &known).cloned()),
        };
        let address = view.map(|view| address(list, &view));
        Some(address.filter(|address| *address != list.url.with(&[])))
    });
    Effect::new(move || match wanted.get() {
        Some(Some(address)) => list.url.replace_by(address),
        Some(None) => opened.set_value(true),
        None => {}
    });
    Memo::new(move |_| wanted.get() == Some(None))
}

fn load(list: List, object: String, names: Vec<String>) {
    let mut fields = [
        "id",
        "version",
        "name",
        NAME_EN,
        "object",
        "settings",
        "visibility",
        "unit",
        "default_for",
        "owner",
        "sort_order",
    ]
    .map(str::to_owned)
    .to_vec();
    fields.extend(names);
    let query = ListQuery {
        filter: Some(Filter::field("object", Op::Eq, object.clone())),
        sort: vec![Sort::parse("sort_order"), Sort::parse("name")],
        fields: Some(fields),
        limit: Some(200),
        ..ListQuery::default()
    };
    leptos::task::spawn_local(async move {
        match records::query("saved_views", &query).await {
            Ok(page) => {
                let scenes = catalog::object(&object).map(|o| views::scenes(&o)).unwrap_or_default();
                let all = [scenes, page.data].concat();
                views::keep(&object, &all);
                let _ = list.views.try_set(Some(all));
            }
            // Without views there is still the list.
            Err(_) => drop(list.views.try_update(|views| views.get_or_insert_default().len())),
        }
    });
}

pub fn tabs(list: List, edited: RwSignal<Option<Edited>>) -> AnyView {
    if catalog::object(OBJECT).is_none() {
        return ().into_any();
    }
    let current = Memo::new(move |_| list.url.get("view").filter(|v| v != NONE));
    let named = Memo::new(move |_| current.with(Option::is_some));
    let class = |here: bool| {
        if here {
            "tap shrink-0 inline-flex items-center justify-center px-2.5 py-1 rounded-md bg-base-content/8 font-semibold whitespace-nowrap"
        } else {
            "tap shrink-0 inline-flex items-center justify-center px-2.5 py-1 rounded-md muted hover:bg-base-content/6 whitespace-nowrap"
        }
    };
    let name = list.object.with_value(|o| o.name.to_string());
    let links = move || {
        let all = list.views.get().unwrap_or_default();
        let (unpinned, begins) = app().views.with(|choices| {
            let choice = choices.get(&name);
            (choice.map(|c| c.unpinned.clone()).unwrap_or_default(), views::default(choice, &all).is_some())
        });
        let current = current.get();
        // Where the bare address opens a view, the whole list needs a name.
        let none = whole(list, begins.then_some(NONE));
        let shown = |view: &&Record| {
            current.as_deref() == Some(view.id())
                || views::is_addressed(view) && !unpinned.iter().any(|id| id == view.id())
        };
        let tabs = all.iter().filter(shown).map(|view| {
            let here = current.as_deref() == Some(view.id());
            let (href, name) = (address(list, view), view.text("name").to_owned());
            view! { <a href=href class=class(here) aria-current=here.then_some("true")>{name}</a> }
        });
        view! { <a href=none class=class(current.is_none()) aria-current=current.is_none().then_some("true")>{t(VIEW_ALL)}</a>{tabs.collect_view()} }
    };
    let any = Memo::new(move |_| list.views.with(|v| v.as_ref().is_some_and(|v| !v.is_empty())));
    let strip = move || {
        let links = links.clone();
        any.get().then(|| {
            view! {
                <div class="flex items-center gap-1 shrink-0 px-3 pb-2 text-[13px] min-w-0" data-one-stop>
                    <nav class="flex items-center gap-1 min-w-0 overflow-x-auto scroll-thin" aria-label=t(VIEWS)>
                        {links}
                        {move || named.get().then(|| lazy::view_changes(list, edited))}
                    </nav>
                    {manager(list, edited)}
                </div>
            }
        })
    };
    view! {
        {strip}
        {move || edited.get().is_some().then(|| lazy::view_dialog(list, edited))}
    }
    .into_any()
}

fn manager(list: List, edited: RwSignal<Option<Edited>>) -> AnyView {
    let open = RwSignal::new(false);
    let trigger = view! {
        <button type="button" class="btn btn-quiet btn-icon tap !h-7 muted" aria-haspopup="dialog" aria-label=t(VIEWS) title=t(VIEWS)
            aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)>{icon("chevron-down")}</button>
    }
    .into_any();
    view! {
        <Popover open=open trigger=trigger panel_class="p-2 w-[22rem]">{lazy::views_panel(list, edited)}</Popover>
    }
    .into_any()
}

/// One's own; and what is shared, for whoever keeps such things in order. The server decides again.
fn may_change(view: &Record) -> bool {
    let kept = || view.value("visibility") != "private" && session::may(OBJECT, "configure");
    !views::is_scene(view) && (views::is_owned(view) || kept())
}
