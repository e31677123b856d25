//! Saved views as tabs: conditions, order and columns under a name.

use super::columns::Look as ColumnLook;
use super::groups::keys::text_of;
use super::{List, layouts};
use crate::api::records::{self, RecordExt};
use crate::i18n::{
    CANCEL, DELETE, SAVE, SAVE_VIEW, UNDO, VIEW_ALL, VIEW_DELETED, VIEW_MODIFIED, VIEW_NAME, VIEW_SAVED, VIEW_SHARED,
    VIEW_UPDATE, VIEWS, t,
};
use crate::lazy;
use crate::state::{app, catalog, toast};
use crate::ui::{Button, Field, Look, icon};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{Filter, Op, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::{Value, json};

const OBJECT: &str = "saved_view";

/// The part of the address that a view keeps.
fn settings(list: List) -> Value {
    let state = list.state.get_untracked();
    let mut out = json!({
        "filter": state.filter,
        "sort": state.sort.iter().map(Sort::to_string).collect::<Vec<_>>(),
    });
    if state.chosen_columns {
        out["fields"] = json!(state.columns);
    }
    let look = list.look.get_untracked();
    if !look.widths.is_empty() {
        out["widths"] = json!(look.widths);
    }
    if look.frozen > 0 {
        out["frozen"] = json!(look.frozen);
    }
    if !state.group.is_empty() {
        out["group"] = json!(state.group.iter().map(text_of).collect::<Vec<_>>());
    }
    list.layout.with_untracked(|layout| {
        for (key, value) in layout.parts() {
            out[key] = json!(value);
        }
    });
    if !state.q.is_empty() {
        out["q"] = json!(state.q);
    }
    out
}

/// Of the address, what a view decides.
const PARTS: [&str; 8] = ["filter", "sort", "columns", "widths", "frozen", "group", "fold", "q"];

fn address(list: List, view: &Record) -> String {
    let settings = view.value("settings");
    let filter: Filter =
        settings.get("filter").and_then(|f| serde_json::from_str(&f.to_string()).ok()).unwrap_or_else(Filter::all);
    let texts = |key: &str| {
        settings
            .get(key)
            .and_then(Value::as_array)
            .map(|a| a.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","))
    };
    let text = |key: &str| settings.get(key).and_then(Value::as_str).map(str::to_owned);
    let widths = settings.get("widths").and_then(Value::as_object).map(|widths| {
        let pairs = widths.iter().filter_map(|(key, width)| Some((key.clone(), i32::try_from(width.as_i64()?).ok()?)));
        ColumnLook { widths: pairs.collect(), frozen: 0 }
    });
    let frozen = settings.get("frozen").and_then(Value::as_u64).filter(|n| *n > 0).map(|n| n.to_string());
    let mut parts: Vec<(&str, Option<String>)> = layouts::KEYS.iter().map(|key| (*key, text(key))).collect();
    parts.extend([
        ("view", Some(view.id().to_owned())),
        ("widths", widths.and_then(|w| w.widths_text())),
        ("frozen", frozen),
        ("filter", crate::record::filter::to_text(&filter)),
        ("sort", texts("sort")),
        ("columns", texts("fields")),
        ("group", texts("group")),
        ("fold", None),
        ("q", text("q")),
        ("peek", None),
        ("import", None),
        ("day", None),
    ]);
    list.url.with(&parts)
}

pub fn tabs(list: List, saving: RwSignal<bool>) -> AnyView {
    if catalog::object(OBJECT).is_none() {
        return ().into_any();
    }
    let views = RwSignal::new(Vec::<Record>::new());
    let name = list.state.with_untracked(|s| s.object.name.to_string());
    Effect::new(move || {
        app().written.track();
        let query = ListQuery {
            filter: Some(Filter::field("object", Op::Eq, name.clone())),
            sort: vec![Sort::parse("sort_order"), Sort::parse("name")],
            limit: Some(50),
            ..ListQuery::default()
        };
        leptos::task::spawn_local(async move {
            if let Ok(page) = records::query("saved_views", &query).await {
                let _ = views.try_set(page.data);
            }
        });
    });
    let current = Memo::new(move |_| list.url.get("view"));
    let class = |here: bool| {
        if here {
            "px-2.5 py-1 rounded-md bg-base-content/8 font-semibold whitespace-nowrap"
        } else {
            "px-2.5 py-1 rounded-md muted hover:bg-base-content/6 whitespace-nowrap"
        }
    };
    let strip = move || {
        let all = views.get();
        (!all.is_empty()).then(|| {
            let none = list.url.with(&PARTS.iter().chain(&layouts::KEYS).chain(&["view", "import", "day"]).map(|part| (*part, None)).collect::<Vec<_>>());
            view! {
                <nav class="flex items-center gap-1 shrink-0 px-3 pb-2 text-[13px] overflow-x-auto scroll-thin" aria-label=t(VIEWS)>
                    <A href=none attr:class=class(current.get().is_none())>{t(VIEW_ALL)}</A>
                    {all.into_iter().map(|view| {
                        let here = current.get().as_deref() == Some(view.id());
                        view! { <A href=address(list, &view) attr:class=class(here)>{view.value("name").as_str().unwrap_or_default().to_owned()}</A> }
                    }).collect_view()}
                    {move || current.get().map(|id| lazy::view_tools(list, views, id))}
                </nav>
            }
        })
    };
    view! {
        {strip}
        {move || saving.get().then(|| lazy::save_view(list, saving))}
    }
    .into_any()
}

/// What one does with the view that is open.
pub fn tools(list: List, views: RwSignal<Vec<Record>>, id: String) -> AnyView {
    let modified = Memo::new(move |_| {
        list.state.get();
        list.look.track();
        list.layout.track();
        let kept = views.with(|v| v.iter().find(|v| v.id() == id).map(|v| v.value("settings").clone()));
        kept.is_some_and(|kept| kept != settings(list))
    });
    view! {
        {move || modified.get().then(|| modified_note(list, views))}
        <button type="button" class="btn btn-quiet btn-icon !h-7 muted" aria-label=t(DELETE) title=t(DELETE) on:click=move |_| remove(list, views)>{icon("trash-2")}</button>
    }
    .into_any()
}

fn current(list: List, views: RwSignal<Vec<Record>>) -> Option<Record> {
    let id = list.url.peek("view")?;
    views.with_untracked(|v| v.iter().find(|v| v.id() == id).cloned())
}

fn modified_note(list: List, views: RwSignal<Vec<Record>>) -> AnyView {
    let update = move |_| {
        let (Some(view), Some(object)) = (current(list, views), catalog::object(OBJECT)) else { return };
        let mut changes = Record::new();
        changes.insert("settings".to_owned(), settings(list));
        leptos::task::spawn_local(async move {
            match records::update(&object, view.id(), &changes, view.version()).await {
                Ok(_) => {
                    toast::done(t(VIEW_SAVED));
                    crate::state::touched();
                }
                Err(error) => toast::error(&error),
            }
        });
    };
    view! {
        <span class="muted text-xs whitespace-nowrap ms-1">{t(VIEW_MODIFIED)}</span>
        <button type="button" class="link text-xs whitespace-nowrap" on:click=update>{t(VIEW_UPDATE)}</button>
    }
    .into_any()
}

fn remove(list: List, views: RwSignal<Vec<Record>>) {
    let (Some(view), Some(object)) = (current(list, views), catalog::object(OBJECT)) else { return };
    leptos::task::spawn_local(async move {
        match records::delete(&object, view.id(), view.version()).await {
            Ok(()) => {
                list.url.push(&[("view", None)]);
                crate::state::touched();
                toast::undoable(t(VIEW_DELETED), t(UNDO), move || {
                    let (object, id) = (object.clone(), view.id().to_owned());
                    leptos::task::spawn_local(async move {
                        if let Err(error) = records::restore(&object, &id).await {
                            toast::error(&error);
                        }
                        crate::state::touched();
                    });
                });
            }
            Err(error) => toast::error(&error),
        }
    });
}

pub fn save_dialog(list: List, open: RwSignal<bool>) -> AnyView {
    let name = RwSignal::new(String::new());
    let shared = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let save = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let Some(object) = catalog::object(OBJECT) else { return };
        let mut record = Record::new();
        record.insert("name".to_owned(), name.get_untracked().trim().into());
        record.insert("object".to_owned(), list.state.with_untracked(|s| s.object.name.to_string()).into());
        record.insert("settings".to_owned(), settings(list));
        record.insert("visibility".to_owned(), if shared.get_untracked() { "all" } else { "private" }.into());
        leptos::task::spawn_local(async move {
            match records::create(&object, &record).await {
                Ok(view) => {
                    open.set(false);
                    crate::state::touched();
                    toast::done(t(VIEW_SAVED));
                    list.url.push(&[("view", Some(view.id().to_owned()))]);
                }
                Err(problem) => {
                    error.set(Some(problem.items().first().map_or_else(|| problem.message(), |i| i.message.clone())))
                }
            }
        });
    };
    let content = view! {
        <form class="p-4 flex flex-col gap-4" on:submit=save>
            <Field id="view-name" label=t(VIEW_NAME) required=true error=error>
                <input id="view-name" class="input" autofocus required maxlength="100" autocomplete="off"
                    prop:value=move || name.get() on:input=move |ev| name.set(event_target_value(&ev))/>
            </Field>
            <label class="flex items-center gap-2 text-[13px]">
                <input type="checkbox" class="checkbox" prop:checked=move || shared.get() on:change=move |ev| shared.set(event_target_checked(&ev))/>
                {t(VIEW_SHARED)}
            </label>
            <div class="flex justify-end gap-2">
                <Button label=t(CANCEL) on_click=move |_| open.set(false)/>
                <Button label=t(SAVE) look=Look::Primary submit=true/>
            </div>
        </form>
    }
    .into_any();
    super::dialog(t(SAVE_VIEW).to_owned(), false, move || open.set(false), content)
}
