//! What one does with several records at once: each with its progress, its failures by name and a way back.

use super::List;
use super::cells;
use super::check::{checked, notice};
use super::whole;
use super::write::{self, Outcome, Write};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::features::people::keep;
use crate::fields::{self, Input};
use crate::i18n::{
    BATCH_DELETED, BATCH_EDIT, BATCH_EDITED, BATCH_FAILURES, BATCH_FIELD, BATCH_NOTHING, BATCH_PROGRESS,
    BATCH_RESTORED, BATCH_SELECTED, CANCEL, CLEAR_SELECTION, CLOSE, DELETE, EXPORT, MERGE, SAVE, SELECT_MATCHING,
    TRANSFER, UNDO, label, t, tf,
};
use crate::record::merge as merging;
use crate::state::session::may;
use crate::state::{toast, touched};
use crate::ui::combobox::fixed;
use crate::ui::{Button, Combobox, Field, Item, Look};
use futures_util::StreamExt;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Record, Scope};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

const OWNER: &str = "owner";
/// Calls that run side by side.
const ABREAST: usize = 6;
/// Failures that are listed one by one.
const LISTED: usize = 200;

/// A record that was left as it was: its id, its name, why.
pub type Failure = (String, String, String);

pub fn bar(list: List, exporting: RwSignal<bool>) -> AnyView {
    // The field to change, where it is known beforehand.
    let editing = RwSignal::new(None::<Option<&'static str>>);
    let failures = RwSignal::new(Vec::<Failure>::new());
    let object = list.object.with_value(Arc::clone);
    let name = object.name.to_string();
    let count = move || tf(BATCH_SELECTED, &[("n", &number(list.picked()))]);
    let busy = Signal::derive(move || list.progress.with(Option::is_some) || list.picked() == 0);
    // One record is changed like any; more take a right of their own.
    let many = may(&name, "bulk_edit");
    let acts = Memo::new(move |_| many || list.picked() == 1);
    let (edits, deletes) = (may(&name, "edit"), may(&name, "delete"));
    let transferable = may(&name, "transfer") && object.field(OWNER).is_some_and(|f| cells::editable(list, f));
    let merges = edits && deletes && object.listed && matches!(object.scope, Scope::Owned | Scope::Tenant);
    let mergeable =
        Memo::new(move |_| merges && list.every.get().is_none() && (2..=merging::MOST).contains(&list.picked()));
    let matching = move || {
        (list.more_match() && !busy.get()).then(|| {
            view! { <button type="button" class="link text-[13px] whitespace-nowrap" on:click=move |_| list.pick_matching()>{tf(SELECT_MATCHING, &[("n", &list.matching())])}</button> }
        })
    };
    view! {
        <div class="flex max-md:flex-wrap items-center gap-2 min-h-12 px-3 max-md:py-1 shrink-0 bg-primary/8 md:overflow-x-auto" id="batch-bar" role="toolbar">
            <span class="font-semibold whitespace-nowrap" role="status">{count}</span>
            {matching}
            {move || list.progress.get().map(progress)}
            {whole::stop(list)}
            <div class="grow"></div>
            {move || (edits && acts.get()).then(|| view! { <Button label=t(BATCH_EDIT) icon="pencil" disabled=busy on_click=move |_| editing.set(Some(None))/> })}
            {move || (transferable && acts.get()).then(|| view! { <Button label=t(TRANSFER) icon="user-round" disabled=busy on_click=move |_| editing.set(Some(Some(OWNER)))/> })}
            {move || mergeable.get().then(|| view! { <Button label=t(MERGE) icon="git-merge" disabled=busy on_click=move |_| merge(list)/> })}
            {may(&name, "export").then(|| view! { <Button label=t(EXPORT) icon="file-down" disabled=busy on_click=move |_| exporting.set(true)/> })}
            {move || (deletes && acts.get()).then(|| view! { <Button label=t(DELETE) look=Look::Danger icon="trash-2" disabled=busy on_click=move |_| delete(list, failures)/> })}
            <Button label=t(CLEAR_SELECTION) look=Look::Quiet icon="x" icon_only=true on_click=move |_| list.pick_none()/>
        </div>
        {move || editing.get().map(|field| edit_dialog(list, field, editing, failures))}
        {move || (!failures.with(Vec::is_empty)).then(|| failures_dialog(list, failures))}
    }
    .into_any()
}

/// The chosen ones side by side, in the order of the list.
fn merge(list: List) {
    let mut ids = chosen(list);
    ids.sort_by_key(|id| list.rows.rows.with_untracked(|rows| rows.iter().position(|r| r.id() == id)));
    list.url.go(merging::address(&list.object.with_value(Arc::clone), &ids));
}

fn number(n: usize) -> String {
    bridge::decimal(&n.to_string(), 0, 0)
}

fn progress((done, all): (usize, usize)) -> AnyView {
    let text = tf(BATCH_PROGRESS, &[("n", &number(done))]);
    view! {
        <progress class="progress progress-primary w-28" aria-label=text.clone() value=(all > 0).then(|| done.to_string()) max=all.max(1).to_string()></progress>
        <span class="text-[13px] muted tnum whitespace-nowrap">{text}</span>
    }
    .into_any()
}

fn chosen(list: List) -> Vec<String> {
    list.selected.with_untracked(|s| s.iter().cloned().collect())
}

/// The records as they are now: version, name and one value, in the order of their ids.
async fn read(list: List, object: &ObjectMeta, ids: &[String], key: Option<&str>) -> Result<Vec<Record>, ApiError> {
    let mut out = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(LIMIT_MAX as usize) {
        let mut fields = records::face(object);
        fields.push("version".to_owned());
        fields.extend(key.filter(|k| fields.iter().all(|f| f != k)).map(str::to_owned));
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(chunk))),
            fields: Some(fields),
            limit: Some(LIMIT_MAX),
            ..ListQuery::default()
        };
        out.extend(records::query(&object.plural, &query).await?.data);
        let _ = list.progress.try_set(Some((0, ids.len())));
    }
    Ok(out)
}

fn delete(list: List, failures: RwSignal<Vec<Failure>>) {
    if list.every.with_untracked(Option::is_some) {
        return whole::start(list, None, None, failures);
    }
    let (object, ids) = (list.object.with_value(Arc::clone), chosen(list));
    list.progress.set(Some((0, ids.len())));
    leptos::task::spawn_local(async move {
        let outcome = remove(list, &object, &ids).await;
        let _ = list.progress.try_set(None);
        let (done, failed) = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return toast::error(&error),
        };
        let _ = list.selected.try_update(|picked| picked.retain(|id| !done.contains(id)));
        // The cells that were marked hold others now.
        let _ = list.cells.from.try_set(None);
        touched();
        if !failed.is_empty() {
            let _ = failures.try_set(failed);
        }
        if !done.is_empty() {
            let n = done.len().to_string();
            toast::undoable(tf(BATCH_DELETED, &[("n", &n)]), t(UNDO), move || {
                restore(list, object.clone(), done.clone());
            });
        }
    });
}

async fn remove(list: List, object: &ObjectMeta, ids: &[String]) -> Result<(Vec<String>, Vec<Failure>), ApiError> {
    let rows = read(list, object, ids, None).await?;
    let operations: Vec<Value> =
        rows.iter().map(|r| json!({"op": "delete", "id": r.id(), "version": r.version()})).collect();
    let answers = records::batch(object, &operations, |n| {
        let _ = list.progress.try_set(Some((n, ids.len())));
    })
    .await;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (row, answer) in rows.iter().zip(answers) {
        match answer {
            Ok(_) => done.push(row.id().to_owned()),
            Err(error) => failed.push((row.id().to_owned(), row.title(object), write::reason(object, &error))),
        }
    }
    Ok((done, failed))
}

fn restore(list: List, object: Arc<ObjectMeta>, ids: Vec<String>) {
    leptos::task::spawn_local(async move {
        let all = ids.len();
        let _ = list.progress.try_set(Some((0, all)));
        let calls = ids.iter().map(|id| records::restore(&object, id));
        let mut calls = futures_util::stream::iter(calls).buffer_unordered(ABREAST);
        let (mut done, mut problem) = (0, None);
        while let Some(answer) = calls.next().await {
            match answer {
                Ok(()) => done += 1,
                Err(error) => problem = Some(error),
            }
            let _ = list.progress.try_set(Some((done, all)));
        }
        let _ = list.progress.try_set(None);
        touched();
        if let Some(error) = problem {
            toast::error(&error);
        }
        toast::done(tf(BATCH_RESTORED, &[("n", &done.to_string())]));
    });
}

fn editable(list: List, object: &ObjectMeta) -> Vec<FieldMeta> {
    object.fields.iter().filter(|f| !f.unique && !f.hidden && cells::editable(list, f)).cloned().collect()
}

/// One field, one value, for all that are selected.
fn edit_dialog(
    list: List,
    known: Option<&'static str>,
    open: RwSignal<Option<Option<&'static str>>>,
    failures: RwSignal<Vec<Failure>>,
) -> AnyView {
    let object = list.object.with_value(Arc::clone);
    let all = editable(list, &object);
    let items: Vec<Item> = all.iter().map(|f| Item::new(f.key.clone(), label(&f.label))).collect();
    let field = RwSignal::new(items.iter().filter(|i| known == Some(i.value.as_str())).cloned().collect::<Vec<_>>());
    let value = RwSignal::new(Value::Null);
    let error = RwSignal::new(None::<String>);
    let all = StoredValue::new(all);
    let current = Memo::new(move |_| {
        field.with(|f| f.first().and_then(|i| all.with_value(|all| all.iter().find(|f| f.key == i.value).cloned())))
    });
    // Letting former owners stay is sharing, of many at once.
    let shares = may(&object.name, "share") && may(&object.name, "bulk_edit");
    let kept = RwSignal::new(keep::NOTHING);
    let is_owner = move || current.with(|f| f.as_ref().is_some_and(|f| f.key == OWNER));
    let keeps = move || (shares && is_owner()).then(|| keep::choice(kept));
    let save = move |_| {
        let Some(field) = current.get_untracked() else { return };
        let former = field.key == OWNER;
        match checked(list, &field, &value.get_untracked(), &Record::new()) {
            Ok(value) => {
                open.set(None);
                let keep = former.then(|| keep::wish(kept)).flatten();
                if keep.is_some() || list.every.with_untracked(Option::is_some) {
                    return whole::start(list, Some((field, value)), keep, failures);
                }
                change_all(list, field, value, failures);
            }
            Err(problem) => error.set(Some(problem)),
        }
    };
    let control = move || {
        current.get().map(|field| {
            value.set(Value::Null);
            error.set(None);
            let input = Input {
                id: "batch-value".to_owned(),
                field: field.clone(),
                value,
                expanded: None,
                home: None,
                invalid: Signal::derive(move || error.get().is_some()),
                done: Callback::new(move |()| error.set(None)),
            };
            view! { <Field id="batch-value" label=label(&field.label) error=error>{fields::input(input)}</Field> }
        })
    };
    // Whoever transfers says to whom; to be nobody's is a change like any other.
    let transfers = known.is_some();
    let act = if transfers { t(TRANSFER) } else { t(SAVE) };
    let missing = Signal::derive(move || current.get().is_none() || transfers && value.with(Value::is_null));
    let choose = known.is_none().then(|| {
        view! { <Field id="batch-field" label=t(BATCH_FIELD)><Combobox id="batch-field" chosen=field lookup=fixed(items)/></Field> }
    });
    let content = view! {
        <div class="p-4 flex flex-col gap-4 overflow-y-auto">
            <p class="text-[13px] muted">{tf(BATCH_SELECTED, &[("n", &number(untrack(|| list.picked())))])}</p>
            {choose}
            {control}
            {keeps}
        </div>
        <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
            <Button label=t(CANCEL) on_click=move |_| open.set(None)/>
            <Button label=act look=Look::Primary disabled=missing on_click=save/>
        </footer>
    }
    .into_any();
    let title = if known.is_some() { t(TRANSFER) } else { t(BATCH_EDIT) };
    super::dialog(title.to_owned(), false, move || open.set(None), content)
}

/// What each record has now is read first: undoing writes it back.
fn change_all(list: List, field: FieldMeta, value: Value, failures: RwSignal<Vec<Failure>>) {
    let (object, ids) = (list.object.with_value(Arc::clone), chosen(list));
    list.progress.set(Some((0, ids.len())));
    leptos::task::spawn_local(async move {
        let rows = match read(list, &object, &ids, Some(&field.key)).await {
            Ok(rows) => rows,
            Err(error) => {
                let _ = list.progress.try_set(None);
                return toast::error(&error);
            }
        };
        let names: HashMap<String, String> = rows.iter().map(|r| (r.id().to_owned(), r.title(&object))).collect();
        let writes: Vec<Write> = rows
            .iter()
            .filter(|r| *r.value(&field.key) != value)
            .map(|r| Write::of(r, &field.key, value.clone()))
            .collect();
        let all = writes.len();
        if writes.is_empty() {
            let _ = list.progress.try_set(None);
            return toast::done(t(BATCH_NOTHING));
        }
        let text =
            format!("{} · {}", notice(&field, &value, &Record::new()), tf(BATCH_EDITED, &[("n", &all.to_string())]));
        let told = move |n: usize| {
            let _ = list.progress.try_set(Some((n, all)));
        };
        write::apply_many(list, writes, text, told, move |outcome: Outcome| {
            let _ = list.progress.try_set(None);
            let done: Vec<&str> = outcome.done.iter().map(|w| w.id.as_str()).collect();
            if outcome.failed.is_empty() {
                let _ = list.selected.try_update(|picked| picked.clear());
            } else {
                // What failed stays picked, to be tried again.
                let _ = list.selected.try_update(|picked| picked.retain(|id| !done.contains(&id.as_str())));
                let named = outcome
                    .failed
                    .iter()
                    .map(|(w, reason)| (w.id.clone(), names.get(&w.id).cloned().unwrap_or_default(), reason.clone()));
                let _ = failures.try_set(named.collect());
            }
        });
    });
}

/// Which records were left as they were, and why.
fn failures_dialog(list: List, failures: RwSignal<Vec<Failure>>) -> AnyView {
    let all = failures.get_untracked();
    let plural = list.object.with_value(|o| o.plural.to_string());
    let lines = all.iter().take(LISTED).map(|(id, name, reason)| {
        view! {
            <li class="py-1.5 flex flex-wrap gap-x-3 border-b border-base-300/60">
                <a class="link font-semibold" href=format!("/o/{plural}/{id}")>{name.clone()}</a>
                <span>{reason.clone()}</span>
            </li>
        }
    });
    let content = view! {
        <ul id="batch-failures" class="px-4 py-2 text-[13px] overflow-y-auto">{lines.collect_view()}</ul>
        <footer class="flex justify-end p-3"><Button label=t(CLOSE) on_click=move |_| failures.set(Vec::new())/></footer>
    }
    .into_any();
    let title = tf(BATCH_FAILURES, &[("n", &all.len().to_string())]);
    super::dialog(title, false, move || failures.set(Vec::new()), content)
}
