//! Who did what, when, from where: the audit trail, and for how long it is kept.

mod entry;
mod keep;

use crate::api::audit::{self, Entry, FILTERS};
use crate::api::client::ApiError;
use crate::fields::reference;
use crate::i18n::{
    AUDIT_ALL, AUDIT_CATEGORY, AUDIT_EMPTY, AUDIT_FROM, AUDIT_KEEP, AUDIT_OBJECT, AUDIT_OBJECTS_ALL, AUDIT_RECORD_ONLY,
    AUDIT_SEARCH, AUDIT_TEXT, AUDIT_TITLE, AUDIT_TO, AUDIT_WHO, EXPORT, FILTER_CLEAR, Key, LOAD_MORE, SEARCH, label, t,
};
use crate::layout::settings;
use crate::record::url::Url;
use crate::state::catalog;
use crate::ui::{self, Button, Combobox, DateInput, Field, Item, Look, icon};
use kezhan_meta::trail::Category;
use leptos::prelude::*;

/// Value and name of an option.
type Choice = (String, String);

type Entries = RwSignal<Option<Result<Vec<Entry>, ApiError>>>;

pub fn screen() -> AnyView {
    let url = Url::new();
    let keeping = RwSignal::new(false);
    let export = move |format: &'static str, name: &'static str| {
        view! {
            <a class="btn btn-plain" download="" href=move || audit::export_url(&query(url), format)>{icon("download")}{format!("{} {name}", t(EXPORT))}</a>
        }
    };
    let actions = view! {
        <Button label=t(AUDIT_KEEP) icon="archive" on_click=move |_| keeping.set(true)/>
        {export("csv", "CSV")}
        {export("ndjson", "NDJSON")}
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100 overflow-y-auto md:overflow-hidden">
            {settings::head(AUDIT_TITLE, AUDIT_TEXT, actions.into_any())}
            {filters(url)}
            <div class="grow md:min-h-0 md:overflow-y-auto scroll-thin">{trail(url)}</div>
        </section>
        {move || keeping.get().then(|| keep::dialog(keeping))}
    }
    .into_any()
}

/// What is looked for, as the server wants it.
fn query(url: Url) -> String {
    let mut params = leptos_router::params::ParamsMap::new();
    for name in FILTERS {
        if let Some(value) = url.get(name) {
            params.insert((*name).to_owned(), value);
        }
    }
    params.to_query_string().trim_start_matches('?').to_owned()
}

fn filters(url: Url) -> AnyView {
    let choice = move |id: &'static str, title: Key, all: Key, options: Vec<Choice>| {
        let now = move || url.get(id).unwrap_or_default();
        let each = options.into_iter().map(move |(value, text)| {
            let mine = value.clone();
            view! { <option value=value selected=move || now() == mine>{text}</option> }
        });
        view! {
            <Field id=format!("audit-{id}") label=t(title)>
                <select id=format!("audit-{id}") class="select" on:change=move |ev| url.push(&[(id, Some(event_target_value(&ev)))])>
                    <option value="" selected=move || now().is_empty()>{t(all)}</option>
                    {each.collect_view()}
                </select>
            </Field>
        }
    };
    let categories: Vec<Choice> = Category::ALL.into_iter().map(|c| (c.key().to_owned(), label(&c.label()))).collect();
    let objects: Vec<Choice> = catalog::catalog().objects().map(|o| (o.name.to_string(), label(&o.label))).collect();
    let actor = RwSignal::new(url.peek("actor").map(|id| Item::new(id.clone(), id)).into_iter().collect::<Vec<_>>());
    reference::resolve_names("user", actor, false);
    let chosen = move |()| url.push(&[("actor", actor.with_untracked(|a| a.first().map(|i| i.value.clone())))]);
    let day = move |id: &'static str, title: Key| {
        let value = RwSignal::new(url.peek(id).unwrap_or_default());
        let done = move |()| url.push(&[(id, Some(value.get_untracked()))]);
        view! { <Field id=format!("audit-{id}") label=t(title)><DateInput id=format!("audit-{id}") value=value on_done=done/></Field> }
    };
    let fresh = Memo::new(move |_| FILTERS.iter().all(|f| url.get(f).is_none()));
    // Drawn anew when all is cleared: the inputs hold texts of their own.
    let inputs = move || {
        fresh.get();
        view! {
            {choice("category", AUDIT_CATEGORY, AUDIT_ALL, categories.clone())}
            <Field id="audit-actor" label=t(AUDIT_WHO)><Combobox id="audit-actor" chosen=actor lookup=reference::lookup("user") on_done=chosen/></Field>
            {choice("object", AUDIT_OBJECT, AUDIT_OBJECTS_ALL, objects.clone())}
            {day("from", AUDIT_FROM)}
            {day("to", AUDIT_TO)}
            <Field id="audit-q" label=t(SEARCH)>
                <input id="audit-q" type="search" class="input" placeholder=t(AUDIT_SEARCH) title=t(AUDIT_SEARCH) prop:value=url.peek("q").unwrap_or_default()
                    on:change=move |ev| url.push(&[("q", Some(event_target_value(&ev)))])/>
            </Field>
        }
    };
    let clear = move |_| {
        actor.set(Vec::new());
        url.push(&FILTERS.iter().map(|f| (*f, None)).collect::<Vec<_>>());
    };
    view! {
        <form class="px-4 py-3 border-b border-base-300 shrink-0" on:submit=|ev| ev.prevent_default()>
            <div class="grid grid-cols-2 md:grid-cols-3 xl:grid-cols-6 gap-x-3 gap-y-2">{inputs}</div>
            {move || (!fresh.get()).then(|| view! {
                <div class="flex items-center gap-3 mt-2 text-[13px]">
                    {url.get("record").map(|_| view! { <span class="muted">{t(AUDIT_RECORD_ONLY)}</span> })}
                    <Button label=t(FILTER_CLEAR) icon="x" look=Look::Quiet on_click=clear/>
                </div>
            })}
        </form>
    }
    .into_any()
}

fn trail(url: Url) -> AnyView {
    let entries: Entries = RwSignal::new(None);
    let next = RwSignal::new(None::<String>);
    let asked = Memo::new(move |_| query(url));
    let load = move |cursor: Option<String>| {
        let wanted = asked.get_untracked();
        leptos::task::spawn_local(async move {
            let answer = audit::list(&wanted, cursor.as_deref()).await;
            // An answer to a question that is no longer asked.
            if asked.try_get_untracked() != Some(wanted) {
                return;
            }
            match answer {
                Ok(page) => {
                    next.set(page.next_cursor);
                    entries.update(|e| match e {
                        Some(Ok(list)) if cursor.is_some() => list.extend(page.data),
                        slot => *slot = Some(Ok(page.data)),
                    });
                }
                Err(error) => entries.set(Some(Err(error))),
            }
        });
    };
    Effect::new(move || {
        asked.track();
        entries.set(None);
        next.set(None);
        load(None);
    });
    (move || match entries.get() {
        None => ui::loading_rows(10),
        Some(Err(error)) => ui::failed(&error, move || load(None)),
        Some(Ok(list)) if list.is_empty() => ui::empty("scroll-text", t(AUDIT_EMPTY), "", ().into_any()),
        Some(Ok(list)) => view! {
            <ol>{list.into_iter().map(entry::line).collect_view()}</ol>
            {move || next.get().map(|cursor| view! { <div class="p-4"><Button label=t(LOAD_MORE) on_click=move |_| load(Some(cursor.clone()))/></div> })}
        }
        .into_any(),
    })
    .into_any()
}
