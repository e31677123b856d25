//! 合并: records that mean the same, side by side. One is kept; field by field one says whose value it has from now on.

mod model;

use super::url::Url;
use crate::api::actions;
use crate::api::client::{ApiError, Call};
use crate::api::records;
use crate::fields::{self, Shown};
use crate::i18n::{
    CANCEL, MERGE, MERGE_DONE, MERGE_KEEP, MERGE_NEED, MERGE_SAME, MERGE_TEXT, MERGE_TITLE, MERGE_UNSEEN, UNDO, UNDONE,
    label, t, tf,
};
use crate::layout::{routes, shell};
use crate::state::{catalog, lists, toast, touched};
use crate::ui::{self, Button, Look};
use kezhan_meta::{FieldMeta, ObjectMeta, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use model::Plan;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

/// Records side by side, at most: the server takes no more.
pub const MOST: usize = 11;

/// The address of the screen for these records; the first is proposed to be kept.
pub fn address(object: &ObjectMeta, ids: &[String]) -> String {
    format!("/o/{}/merge?ids={}", object.plural, ids.join(","))
}

pub fn screen() -> AnyView {
    let (place, url) = (routes::place(), Url::new());
    let plural = Memo::new(move |_| place.with(|p| p.plural.clone()));
    let ids = Memo::new(move |_| url.get("ids").unwrap_or_default());
    (move || {
        let Some(object) = catalog::by_plural(&plural.get()) else { return shell::missing() };
        let mut seen = HashSet::new();
        let ids: Vec<String> = ids
            .get()
            .split(',')
            .filter(|id| !id.is_empty() && seen.insert(id.to_string()))
            .map(str::to_owned)
            .collect();
        if ids.len() < 2 || ids.len() > MOST {
            let back =
                view! { <A href=lists::address(&object.plural) attr:class="btn">{label(&object.label_many)}</A> };
            return ui::empty("git-merge", t(MERGE_NEED), "", back.into_any());
        }
        side_by_side(object, ids, url)
    })
    .into_any()
}

/// The records, each with the fields that the reader does not see in full.
type Read = Result<Vec<(Record, HashSet<String>)>, ApiError>;

async fn read(object: &ObjectMeta, ids: &[String]) -> Read {
    let mut out = Vec::new();
    for id in ids {
        let record = records::read(object, id).await?;
        let told: Value = Call::get(&format!("/{}/{id}/access", object.plural)).json().await?;
        let unseen = told["fields"].as_array().into_iter().flatten();
        let unseen = unseen.filter(|f| f["level"] == "masked" || f["level"] == "hidden");
        out.push((record, unseen.filter_map(|f| f["field"].as_str().map(str::to_owned)).collect()));
    }
    Ok(out)
}

fn side_by_side(object: Arc<ObjectMeta>, ids: Vec<String>, url: Url) -> AnyView {
    let found = RwSignal::new(None::<Read>);
    let load = {
        let object = object.clone();
        move || {
            let (object, ids) = (object.clone(), ids.clone());
            leptos::task::spawn_local(async move {
                let _ = found.try_set(Some(read(&object, &ids).await));
            });
        }
    };
    load();
    let title = tf(MERGE_TITLE, &[("object", &label(&object.label))]);
    let body = move || match found.get() {
        None => ui::loading_rows(8),
        Some(Err(error)) => ui::failed(&error, load.clone()),
        Some(Ok(records)) => choices(object.clone(), records, url),
    };
    view! {
        <section class="grow min-h-0 flex flex-col bg-base-100">
            <header class="flex items-center gap-3 h-12 px-4 border-b border-base-300 shrink-0">
                <h1 class="font-semibold text-base">{title}</h1>
            </header>
            {body}
        </section>
    }
    .into_any()
}

fn choices(object: Arc<ObjectMeta>, records: Vec<(Record, HashSet<String>)>, url: Url) -> AnyView {
    let plan = Plan::new(object.clone(), records, url);
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<String>));
    let heads = (0..plan.len()).map(|at| head(plan, at)).collect_view();
    let (same, differing): (Vec<FieldMeta>, Vec<FieldMeta>) = plan.fields().into_iter().partition(|f| plan.agree(f));
    let rows = differing.iter().map(|f| row(plan, f)).collect_view();
    let count = same.len();
    let agreed = (count > 0).then(|| {
        let lines = same.iter().map(|f| {
            let text = plan.shown(f, 0, fields::cell);
            view! { <div class="flex gap-3 py-1 min-w-0"><dt class="w-36 shrink-0 muted">{label(&f.label)}</dt><dd class="min-w-0 truncate">{text}</dd></div> }
        });
        view! {
            <details class="px-4 py-3 text-[13px]">
                <summary class="muted cursor-pointer">{tf(MERGE_SAME, &[("n", &count.to_string())])}</summary>
                <dl class="pt-2">{lines.collect_view()}</dl>
            </details>
        }
    });
    let submit = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        if !busy.get_untracked() {
            busy.set(true);
            problem.set(None);
            merge(plan, busy, problem, url);
        }
    };
    let back = lists::address(&object.plural);
    view! {
        <form class="grow min-h-0 flex flex-col" on:submit=submit>
            <div class="grow min-h-0 overflow-auto scroll-thin">
                <p class="px-4 pt-3 text-[13px] muted max-w-3xl">{t(MERGE_TEXT)}</p>
                // One below the other on a phone, where a second column would be out of sight.
                <table class="mt-3 text-[13px] border-separate border-spacing-0 min-w-full max-sm:block">
                    <thead class="max-sm:block"><tr class="max-sm:block">
                        <td class="sticky left-0 z-10 bg-base-100 w-36 border-b border-base-300 max-sm:hidden"></td>
                        {heads}
                    </tr></thead>
                    <tbody class="max-sm:block">{rows}</tbody>
                </table>
                {agreed}
            </div>
            <footer class="flex items-center justify-end gap-2 p-3 border-t border-base-300 shrink-0">
                <div class="grow text-[13px] text-error" role="alert">{move || problem.get()}</div>
                <Button label=t(CANCEL) on_click=move |_| url.go(back.clone())/>
                <Button label=t(MERGE) look=Look::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}

/// A record above its values: whether it is the one that stays.
fn head(plan: Plan, at: usize) -> AnyView {
    let href = plan.href(at);
    view! {
        <th scope="col" class="text-start align-top font-normal px-4 py-2 sm:p-3 border-b border-base-300 min-w-40 max-sm:block">
            <A href=href attr:class="link font-semibold" attr:target="_blank">{plan.title(at)}</A>
            <label class="flex items-center gap-2 mt-1.5 cursor-pointer min-h-8">
                <input type="radio" class="radio" name="merge-keep" value=plan.id(at)
                    prop:checked=move || plan.survivor() == at on:change=move |_| plan.keep(at)/>
                <span>{t(MERGE_KEEP)}</span>
            </label>
        </th>
    }
    .into_any()
}

fn row(plan: Plan, field: &FieldMeta) -> AnyView {
    let name = label(&field.label);
    let cells = (0..plan.len()).map(|at| {
        let key = field.key.to_string();
        let text = plan.shown(field, at, |shown: Shown<'_>| match shown.is_empty() {
            true => view! { <span class="muted">"–"</span> }.into_any(),
            false => fields::cell(shown),
        });
        let chosen = {
            let field = field.clone();
            Memo::new(move |_| plan.pick(&field) == at)
        };
        let class = move || match chosen.get() {
            true => "flex gap-2 items-start rounded-md border border-primary bg-primary/6 px-2.5 py-2 min-w-0 cursor-pointer",
            false => "flex gap-2 items-start rounded-md border border-transparent hover:bg-base-content/5 px-2.5 py-2 min-w-0 cursor-pointer",
        };
        let value = if plan.unseen(field, at) {
            // What one sees in outline only cannot be passed on.
            view! { <span class="flex flex-col px-2.5 py-2 min-w-0">{text}<span class="text-xs muted">{t(MERGE_UNSEEN)}</span></span> }.into_any()
        } else {
            let described = format!("{name} · {}", plan.title(at));
            view! {
                <label class=class>
                    <input type="radio" class="radio mt-0.5 shrink-0" name=format!("merge-{key}") aria-label=described
                        prop:checked=move || chosen.get() on:change=move |_| plan.choose(&key, at)/>
                    <span class="min-w-0 break-words">{text}<span class="sm:hidden block muted text-xs">{plan.title(at)}</span></span>
                </label>
            }
            .into_any()
        };
        view! { <td class="p-1 align-top sm:border-b border-base-300 sm:max-w-72 max-sm:block max-sm:px-3">{value}</td> }
    });
    let cells = cells.collect_view();
    view! {
        <tr class="max-sm:block max-sm:pb-2 max-sm:border-b border-base-300">
            <th scope="row" class="sm:sticky left-0 z-10 bg-base-100 text-start align-top font-normal muted px-4 py-3 max-sm:pb-1 min-w-24 sm:border-b border-base-300 max-sm:block">{name.clone()}</th>
            {cells}
        </tr>
    }
    .into_any()
}

fn merge(plan: Plan, busy: RwSignal<bool>, problem: RwSignal<Option<String>>, url: Url) {
    let object = plan.object();
    let (survivor, version) = plan.kept();
    let input = plan.input();
    leptos::task::spawn_local(async move {
        match actions::perform(&object, &survivor, "merge", &input, version).await {
            Ok(done) => {
                let title = plan.title(plan.survivor());
                let text = tf(MERGE_DONE, &[("n", &done["moved"].to_string()), ("title", &title)]);
                url.go(super::list::record_url(&object, &survivor));
                touched();
                toast::undoable(text, t(UNDO), move || undo(object.clone(), survivor.clone(), done["merge"].clone()));
            }
            Err(error) => {
                let first = error.items().first().map(|item| {
                    let key = item.field.trim_start_matches("take.");
                    let name = object.field(key).map(|f| format!("{}: ", label(&f.label))).unwrap_or_default();
                    format!("{name}{}", item.message)
                });
                let _ = problem.try_set(Some(first.unwrap_or_else(|| error.message())));
                let _ = busy.try_set(false);
            }
        }
    });
}

fn undo(object: Arc<ObjectMeta>, survivor: String, merge: Value) {
    let input = Record::from_iter([("merge".to_owned(), json!(merge))]);
    leptos::task::spawn_local(async move {
        match actions::perform(&object, &survivor, "undo_merge", &input, None).await {
            Ok(_) => {
                touched();
                toast::done(t(UNDONE));
            }
            Err(error) => toast::error(&error),
        }
    });
}
