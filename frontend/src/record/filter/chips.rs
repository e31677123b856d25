//! Each condition that must hold, in words, to change or take away.

use super::{conditions, dialog, in_address, words};
use crate::api::transfer;
use crate::i18n::{FILTER_CLEAR, FILTER_REMOVE, IMPORT_OF, t, tf};
use crate::record::list::List;
use crate::ui::icon;
use kezhan_meta::{Filter, ObjectMeta};
use leptos::prelude::*;
use leptos_router::components::A;

pub fn chips(list: List) -> AnyView {
    let (editing, at) = (RwSignal::new(false), RwSignal::new(None));
    let chip = move |object: &ObjectMeta, n: usize, condition: &Filter| {
        let text = words::sentence(object, condition);
        let edit = move |_| {
            at.set(Some(n));
            editing.set(true);
        };
        let remove = move |_| {
            let mut all = conditions(&list.state.get_untracked().filter);
            if n < all.len() {
                all.remove(n);
            }
            list.url.push(&[in_address(list, &Filter::And(all))]);
        };
        view! {
            <span class="tag tone-accent !h-6 max-sm:!h-8 !pr-0.5" data-chip>
                <button type="button" class="truncate max-w-96 h-full" title=move || text.get() on:click=edit>{move || text.get()}</button>
                <button type="button" class="inline-flex size-5 max-sm:size-8 items-center justify-center rounded hover:bg-base-300" aria-label=move || format!("{} {}", t(FILTER_REMOVE), text.get())
                    on:click=remove>{icon("x")}</button>
            </span>
        }
        .into_any()
    };
    let strip = move || {
        let state = list.state.get();
        let all = conditions(&state.filter);
        let import = state.import.map(|id| import_chip(list, id.to_string()));
        (!all.is_empty() || import.is_some()).then(|| {
            view! {
                <div class="flex flex-wrap gap-1.5 px-3 pb-2 shrink-0 max-h-40 overflow-y-auto scroll-thin" data-one-stop>
                    {import}
                    {all.iter().enumerate().map(|(n, c)| chip(&state.object, n, c)).collect_view()}
                    <button type="button" class="text-xs muted hover:underline px-1" on:click=move |_| list.url.push(&[in_address(list, &Filter::all()), ("import", None)])>{t(FILTER_CLEAR)}</button>
                </div>
            }
        })
    };
    view! {
        {strip}
        {move || editing.get().then(|| dialog(list, editing, at.get_untracked()))}
    }
    .into_any()
}

/// The import that the list is narrowed to, by the name of its file.
fn import_chip(list: List, id: String) -> AnyView {
    let name = RwSignal::new("…".to_owned());
    let href = format!("/imports/{id}");
    leptos::task::spawn_local(async move {
        // Another person's import has no name here, and narrows all the same.
        if let Ok(file) = transfer::job_name(&id).await {
            let _ = name.try_set(file);
        }
    });
    view! {
        <span class="tag tone-accent !h-6 !pr-0.5">
            {icon("file-up")}
            <A href=href attr:class="truncate max-w-80">{move || tf(IMPORT_OF, &[("name", &name.get())])}</A>
            <button type="button" class="inline-flex size-5 items-center justify-center rounded hover:bg-base-300" aria-label=t(FILTER_REMOVE)
                on:click=move |_| list.url.push(&[("import", None)])>{icon("x")}</button>
        </span>
    }
    .into_any()
}
