//! Rows that are there already: what becomes of each, seen beside the record that it repeats.

use super::Wizard;
use super::check::{number, plain};
use crate::api::records::{self, RecordExt};
use crate::api::transfer::{Duplicate, Preview};
use crate::fields::{self, Shown};
use crate::i18n::{
    DUP_CREATE, DUP_PENDING, DUP_SKIP, DUP_UPDATE, IMPORT_ASK_ALL, IMPORT_ASK_LEFT, IMPORT_ASK_MORE, IMPORT_DUP_FOUND,
    IMPORT_DUP_SAME_FILE, IMPORT_ROW_EXISTING, IMPORT_ROW_FILE, Key, ROW, label, t, tf,
};
use crate::record::list::record_url;
use crate::ui::{self, Button, Look, icon};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::json;
use std::sync::Arc;

const ACTIONS: [(&str, Key); 3] = [("skip", DUP_SKIP), ("update", DUP_UPDATE), ("create", DUP_CREATE)];
/// As many groups as the server lists.
const LISTED: usize = 200;

pub fn section(wizard: Wizard, object: &Arc<ObjectMeta>, preview: &Preview) -> AnyView {
    let mut all: Vec<Duplicate> = preview.duplicates.clone();
    if all.is_empty() {
        return ().into_any();
    }
    // What waits for a decision comes first.
    all.sort_by_key(|d| d.action != "ask");
    let open = all.iter().filter(|d| d.action == "ask").count();
    let keys: Vec<String> = all.iter().map(|d| d.key.clone()).collect();
    let asking = wizard.duplicates.with_untracked(|d| d == "ask");
    let set_all = asking.then(|| {
        let buttons = ACTIONS.map(|(value, text)| {
            let keys = keys.clone();
            let press = move |_| {
                wizard.decisions.update(|all| all.extend(keys.iter().map(|k| (k.clone(), json!(value)))));
                wizard.check();
            };
            view! { <Button label=t(text) look=Look::Quiet on_click=press/> }
        });
        view! { <div class="flex items-center flex-wrap text-[13px]"><span class="muted">{t(IMPORT_ASK_ALL)}</span>{buttons.collect_view()}</div> }
    });
    let found = tf(IMPORT_DUP_FOUND, &[("n", &number(all.len() as u64))]);
    let more = all.len() >= LISTED;
    let lines = all.iter().map(|d| line(wizard, object, d)).collect_view();
    view! {
        <section id="import-duplicates-found">
            <div class="flex items-end justify-between flex-wrap gap-x-4 gap-y-1 mb-1">
                <h2 class="text-[13px] font-semibold">{found}</h2>
                {set_all}
            </div>
            {(open > 0).then(|| view! { <p class="rounded-md bg-warning/10 text-warning px-3 py-2 text-[13px] mb-2" role="status">{tf(IMPORT_ASK_LEFT, &[("n", &number(open as u64))])}</p> })}
            <ul class="panel divide-y divide-base-300 max-h-[32rem] overflow-y-auto">{lines}</ul>
            {(more && asking).then(|| view! { <p class="muted text-xs mt-1">{tf(IMPORT_ASK_MORE, &[("n", &number(LISTED as u64))])}</p> })}
        </section>
    }
    .into_any()
}

fn line(wizard: Wizard, object: &Arc<ObjectMeta>, duplicate: &Duplicate) -> AnyView {
    let waiting = duplicate.action == "ask";
    let options = waiting
        .then_some(("ask", DUP_PENDING))
        .into_iter()
        .chain(ACTIONS)
        .map(|(value, text)| view! { <option value=value selected=duplicate.action == value>{t(text)}</option> })
        .collect_view();
    let key = duplicate.key.clone();
    let choose = move |ev| {
        let value = event_target_value(&ev);
        wizard.decisions.update(|all| {
            all.insert(key.clone(), json!(value));
        });
        wizard.check();
    };
    let rows: Vec<String> = duplicate.rows.iter().take(5).map(|n| tf(ROW, &[("n", &number(*n))])).collect();
    let on = object.field(&duplicate.matched_on).map(|f| label(&f.label)).unwrap_or_default();
    let about = format!("{} · {on}", rows.join(crate::i18n::comma()));
    let shown = RwSignal::new(false);
    let (object, existing) = (object.clone(), duplicate.existing.clone());
    let name = existing.as_ref().map_or_else(|| t(IMPORT_DUP_SAME_FILE).to_owned(), |e| e.title.clone());
    let face = match &existing {
        Some(e) => {
            let comparing = duplicate.clone();
            let (url, id, object) = (record_url(&object, &e.id), e.id.clone(), object.clone());
            view! {
                <a class="link font-normal" href=url target="_blank" rel="noopener">{name}</a>
                <button type="button" class="btn btn-quiet btn-icon !h-6 !w-6" aria-expanded=move || shown.get().to_string()
                    aria-label=t(IMPORT_ROW_EXISTING) title=t(IMPORT_ROW_EXISTING) on:click=move |_| shown.update(|s| *s = !*s)>{icon("git-compare")}</button>
                {move || shown.get().then(|| compare(&object, &comparing, &id))}
            }
            .into_any()
        }
        None => view! { <span class="muted font-normal">{name}</span> }.into_any(),
    };
    let class = if waiting { "select !w-44 border-warning" } else { "select !w-44" };
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5 text-[13px]">
            <div class="min-w-32 grow flex flex-wrap items-center gap-x-1.5">
                <span class="font-semibold">{duplicate.title.clone()}</span><span class="muted">"≈"</span>{face}
                <span class="muted text-xs basis-full">{about}</span>
            </div>
            <select class=class aria-label=duplicate.title.clone() on:change=choose>{options}</select>
        </li>
    }
    .into_any()
}

/// The fields of the row beside those of the record.
fn compare(object: &Arc<ObjectMeta>, duplicate: &Duplicate, id: &str) -> AnyView {
    let existing = RwSignal::new(None::<Option<Record>>);
    {
        let (object, id) = (object.clone(), id.to_owned());
        leptos::task::spawn_local(async move {
            let read = records::read(&object, &id).await.ok();
            let _ = existing.try_set(Some(read));
        });
    }
    let (object, row, display) = (object.clone(), duplicate.record.clone(), duplicate.display.clone());
    let body = move || match existing.get() {
        None => ui::loading_rows(2),
        Some(None) => ().into_any(),
        Some(Some(record)) => {
            let lines = object.fields.iter().filter(|f| row.contains_key(f.key.as_ref())).map(|field| {
                let theirs = fields::plain_text(Shown::of(field, &record));
                let value = row.value(&field.key);
                let currency = row.value("currency").as_str().unwrap_or_default();
                let own = fields::plain_text(Shown { field, value, expanded: None, currency });
                let own = display.get(field.key.as_ref()).map_or(own, plain);
                let class = if own == theirs { "muted" } else { "font-semibold" };
                view! {
                    <tr class="border-t border-base-300/60"><th scope="row" class="muted font-normal text-start pe-3 py-0.5 whitespace-nowrap">{label(&field.label)}</th>
                        <td class=format!("pe-3 break-words {class}")>{own}</td><td class=format!("break-words {class}")>{theirs}</td></tr>
                }
            });
            view! {
                <table class="w-full text-xs my-1">
                    <thead class="muted text-start"><tr><th></th><th class="font-normal text-start">{t(IMPORT_ROW_FILE)}</th><th class="font-normal text-start">{t(IMPORT_ROW_EXISTING)}</th></tr></thead>
                    <tbody>{lines.collect_view()}</tbody>
                </table>
            }
            .into_any()
        }
    };
    view! { <div class="basis-full order-last">{body}</div> }.into_any()
}
