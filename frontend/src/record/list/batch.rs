//! What one does with several records at once.

use super::List;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Input};
use crate::i18n::label;
use crate::i18n::{
    BATCH_DELETED, BATCH_EDIT, BATCH_EDITED, BATCH_FIELD, BATCH_SELECTED, BATCH_SKIPPED, CANCEL, CLEAR_SELECTION,
    DELETE, EXPORT, SAVE, UNDO, t, tf,
};
use crate::state::session::may;
use crate::state::{toast, touched};
use crate::ui::combobox::fixed;
use crate::ui::{Button, Combobox, Field, Item, Look};
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Record, normalise_value};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

pub fn bar(list: List, exporting: RwSignal<bool>) -> AnyView {
    let editing = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let object = list.state.with_untracked(|s| s.object.clone());
    let name = object.name.to_string();
    let count = move || tf(BATCH_SELECTED, &[("n", &list.selected.with(|s| s.len()).to_string())]);
    let remove = {
        let object = object.clone();
        move |_| {
            let (object, ids) = (object.clone(), chosen(list));
            busy.set(true);
            leptos::task::spawn_local(async move {
                let outcome = records::delete_many(&object, &ids).await;
                let _ = busy.try_set(false);
                list.selected.try_update(|s| s.clear());
                touched();
                report(BATCH_DELETED, &outcome, {
                    let object = object.clone();
                    move |ids| restore_all(object.clone(), ids)
                });
            });
        }
    };
    view! {
        <div class="flex items-center gap-2 h-12 px-3 shrink-0 bg-primary/8" role="toolbar">
            <span class="font-semibold whitespace-nowrap">{count}</span>
            <div class="grow"></div>
            {may(&name, "edit").then(|| view! { <Button label=t(BATCH_EDIT) icon="pencil" busy=busy on_click=move |_| editing.set(true)/> })}
            {may(&name, "export").then(|| view! { <Button label=t(EXPORT) icon="file-down" on_click=move |_| exporting.set(true)/> })}
            {may(&name, "delete").then(|| view! { <Button label=t(DELETE) look=Look::Danger icon="trash-2" busy=busy on_click=remove/> })}
            <Button label=t(CLEAR_SELECTION) look=Look::Quiet icon="x" icon_only=true on_click=move |_| list.selected.update(|s| s.clear())/>
        </div>
        {move || editing.get().then(|| crate::lazy::batch_edit(list, object.clone(), editing))}
    }
    .into_any()
}

fn chosen(list: List) -> Vec<String> {
    list.selected.with_untracked(|s| s.iter().cloned().collect())
}

fn report(text: crate::i18n::Key, outcome: &records::Batch, undo: impl Fn(Vec<String>) + Send + Sync + 'static) {
    if outcome.failed > 0 {
        let reason = outcome.problem.as_ref().map(|p| p.message()).unwrap_or_default();
        toast::problem(format!("{} {reason}", tf(BATCH_SKIPPED, &[("n", &outcome.failed.to_string())])));
    }
    if !outcome.done.is_empty() {
        let ids = outcome.done.clone();
        toast::undoable(tf(text, &[("n", &ids.len().to_string())]), t(UNDO), move || undo(ids.clone()));
    }
}

/// What the records have now, to put back.
async fn values(object: &ObjectMeta, ids: &[String], key: &str) -> HashMap<String, Value> {
    let mut out = HashMap::new();
    for chunk in ids.chunks(200) {
        let query = ListQuery {
            filter: Some(Filter::field("id", Op::In, json!(chunk))),
            fields: Some(vec!["id".to_owned(), key.to_owned()]),
            limit: Some(200),
            ..ListQuery::default()
        };
        let page = records::query(&object.plural, &query).await.unwrap_or_default();
        out.extend(page.data.iter().map(|r| (r.id().to_owned(), r.value(key).clone())));
    }
    out
}

fn restore_all(object: Arc<ObjectMeta>, ids: Vec<String>) {
    leptos::task::spawn_local(async move {
        for id in ids {
            if let Err(error) = records::restore(&object, &id).await {
                return toast::error(&error);
            }
        }
        touched();
    });
}

fn editable(object: &ObjectMeta) -> Vec<FieldMeta> {
    object.fields.iter().filter(|f| !f.read_only && !f.immutable && !f.secret && !f.unique).cloned().collect()
}

/// One field, one value, for all that are selected.
pub fn edit_dialog(list: List, object: Arc<ObjectMeta>, open: RwSignal<bool>) -> AnyView {
    let fields = editable(&object);
    let items = fields.iter().map(|f| Item::new(f.key.clone(), label(&f.label))).collect();
    let field = RwSignal::new(Vec::<Item>::new());
    let value = RwSignal::new(Value::Null);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let fields = StoredValue::new(fields);
    let current = Memo::new(move |_| {
        field.with(|f| f.first().and_then(|i| fields.with_value(|all| all.iter().find(|f| f.key == i.value).cloned())))
    });
    let save = move |_| {
        let Some(field) = current.get_untracked() else { return };
        let value = match normalise_value(&field, &value.get_untracked()) {
            Ok(value) => value,
            Err(fault) => return error.set(Some(fault.item(crate::state::prefs::lang()).message)),
        };
        let (object, ids) = (object.clone(), chosen(list));
        busy.set(true);
        leptos::task::spawn_local(async move {
            let mut changes = Record::new();
            changes.insert(field.key.to_string(), value);
            let before = values(&object, &ids, &field.key).await;
            let outcome = records::update_many(&object, &ids, &changes).await;
            if let Some(problem) = outcome.problem.as_ref().filter(|_| outcome.done.is_empty()) {
                busy.set(false);
                return error
                    .set(Some(problem.items().first().map_or_else(|| problem.message(), |i| i.message.clone())));
            }
            open.set(false);
            list.selected.update(|s| s.clear());
            touched();
            report(BATCH_EDITED, &outcome, move |ids| {
                put_back(object.clone(), field.key.to_string(), ids, before.clone())
            });
        });
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
    let content = view! {
        <div class="p-4 flex flex-col gap-4 overflow-y-auto">
            <Field id="batch-field" label=t(BATCH_FIELD)><Combobox id="batch-field" chosen=field lookup=fixed(items)/></Field>
            {control}
        </div>
        <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
            <Button label=t(CANCEL) on_click=move |_| open.set(false)/>
            <Button label=t(SAVE) look=Look::Primary busy=busy disabled=Signal::derive(move || current.get().is_none()) on_click=save/>
        </footer>
    }
    .into_any();
    super::dialog(t(BATCH_EDIT).to_owned(), false, move || open.set(false), content)
}

fn put_back(object: Arc<ObjectMeta>, key: String, ids: Vec<String>, before: HashMap<String, Value>) {
    leptos::task::spawn_local(async move {
        // One batch for each value that there was.
        let mut groups: Vec<(&Value, Vec<String>)> = Vec::new();
        for id in ids {
            let value = before.get(&id).unwrap_or(&Value::Null);
            match groups.iter_mut().find(|(v, _)| *v == value) {
                Some((_, ids)) => ids.push(id),
                None => groups.push((value, vec![id])),
            }
        }
        for (value, ids) in groups {
            let changes = Record::from_iter([(key.clone(), value.clone())]);
            if let Some(error) = records::update_many(&object, &ids, &changes).await.problem {
                toast::error(&error);
            }
        }
        touched();
    });
}
