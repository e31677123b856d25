//! The list as a file: its conditions, order and columns, or the selected rows.

use super::list::{List, dialog as layer};
use crate::api::records;
use crate::api::transfer::{self, Export};
use crate::bridge;
use crate::i18n::{
    CANCEL, EXPORT, EXPORT_ALL_COLUMNS, EXPORT_COLUMNS, EXPORT_COUNT_ALL, EXPORT_COUNT_FILTERED, EXPORT_DONE,
    EXPORT_FORMAT, EXPORT_SCOPE_ALL, EXPORT_SCOPE_FILTERED, EXPORT_SCOPE_SELECTED, EXPORT_SHOWN_COLUMNS, label, t, tf,
};
use crate::state::toast;
use crate::ui::{Button, Field, Look};
use kezhan_meta::query::{Count, ListQuery, Sort};
use kezhan_meta::{Filter, Op};
use leptos::prelude::*;
use serde_json::json;

/// What the list shows, but for some of it.
fn matching(filter: &Filter, except: &[String]) -> Option<Filter> {
    // A list of ids in a filter is bounded.
    let without = except.chunks(200).map(|ids| Filter::field("id", Op::Nin, json!(ids)));
    let all: Vec<Filter> = std::iter::once(filter.clone()).filter(|f| !f.is_all()).chain(without).collect();
    (!all.is_empty()).then_some(Filter::And(all))
}

pub fn dialog(list: List, open: RwSignal<bool>) -> AnyView {
    let state = list.state.get_untracked();
    let every = list.every.get_untracked();
    let selected: Vec<String> = match every {
        Some(_) => Vec::new(),
        None => list.selected.with_untracked(|s| s.iter().cloned().collect()),
    };
    // All that match but these.
    let except: Vec<String> = every.iter().flat_map(|e| e.except.iter().cloned()).collect();
    let picked = untrack(|| list.picked());
    let format = RwSignal::new("xlsx".to_owned());
    let all = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    // The list itself counts no further than a reader cares for.
    let total = RwSignal::new(None::<i64>);
    if picked == 0 {
        let query = ListQuery {
            count: Count::Exact,
            fields: Some(vec!["id".to_owned()]),
            sort: Vec::new(),
            limit: Some(1),
            ..state.query(None)
        };
        let plural = state.object.plural.to_string();
        leptos::task::spawn_local(async move {
            if let Ok(page) = records::query(&plural, &query).await {
                let _ = total.try_set(page.count);
            }
        });
    }
    let filtered = state.is_filtered();
    let scope = move || {
        let told = |n: String, key| tf(key, &[("n", &bridge::decimal(&n, 0, 0))]);
        match (picked, total.get().map(|n| n.to_string())) {
            (0, Some(n)) if filtered => told(n, EXPORT_COUNT_FILTERED),
            (0, Some(n)) => told(n, EXPORT_COUNT_ALL),
            (0, None) if filtered => t(EXPORT_SCOPE_FILTERED).to_owned(),
            (0, None) => t(EXPORT_SCOPE_ALL).to_owned(),
            (n, _) => told(n.to_string(), EXPORT_SCOPE_SELECTED),
        }
    };
    let run = move |_| {
        let state = state.clone();
        let columns = if all.get_untracked() {
            state.object.fields.iter().filter(|f| !f.secret && !f.hidden).map(|f| f.key.to_string()).collect()
        } else {
            state.columns.clone()
        };
        let chosen = (!selected.is_empty()).then(|| Filter::field("id", Op::In, json!(selected)));
        let filtered = selected.is_empty();
        let export = Export {
            object: state.object.name.to_string(),
            format: format.get_untracked(),
            columns: Some(columns),
            filter: chosen.or_else(|| matching(&state.filter, &except)),
            q: Some(state.q.clone()).filter(|q| filtered && !q.is_empty()),
            import: state.import,
            sort: state.sort.iter().map(Sort::to_string).collect(),
        };
        busy.set(true);
        error.set(None);
        leptos::task::spawn_local(async move {
            let answer = transfer::export(&export, &label(&state.object.label_many)).await;
            let _ = busy.try_set(false);
            match answer {
                Ok(()) => {
                    let _ = open.try_set(false);
                    toast::done(t(EXPORT_DONE));
                }
                Err(problem) => {
                    let _ = error.try_set(Some(problem.message()));
                }
            }
        });
    };
    let content = view! {
        <div class="p-4 flex flex-col gap-4">
            <p class="text-[13px]" role="status">{scope}</p>
            <Field id="export-format" label=t(EXPORT_FORMAT)>
                <select id="export-format" class="select" on:change=move |ev| format.set(event_target_value(&ev))>
                    <option value="xlsx">"XLSX (Excel, WPS)"</option>
                    <option value="csv">"CSV (UTF-8)"</option>
                    <option value="ndjson">"NDJSON"</option>
                </select>
            </Field>
            <Field id="export-columns" label=t(EXPORT_COLUMNS)>
                <select id="export-columns" class="select" on:change=move |ev| all.set(event_target_value(&ev) == "all")>
                    <option value="shown">{t(EXPORT_SHOWN_COLUMNS)}</option>
                    <option value="all">{t(EXPORT_ALL_COLUMNS)}</option>
                </select>
            </Field>
            {move || error.get().map(|text| view! { <p class="text-[13px] text-error" role="alert">{text}</p> })}
        </div>
        <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
            <Button label=t(CANCEL) on_click=move |_| open.set(false)/>
            <Button label=t(EXPORT) look=Look::Primary icon="file-down" busy=busy on_click=run/>
        </footer>
    }
    .into_any();
    layer(t(EXPORT).to_owned(), false, move || open.set(false), content)
}
