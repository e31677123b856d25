//! What must be said before a step can be taken: a few fields in a small dialog, held to the shared rules.

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Input};
use crate::i18n::{ASK_HINT, CANCEL, CONTINUE, label, t};
use crate::state::prefs;
use crate::ui::{Button, Field, Layer, Look, Shape};
use kezhan_meta::check::check_field;
use kezhan_meta::problem::Code;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Op, Record, normalise_value};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;
use wasm_bindgen::JsCast;

#[derive(Clone)]
pub struct Ask {
    pub object: Arc<ObjectMeta>,
    pub title: String,
    /// Each with what is wrong with it, where that is known.
    pub fields: Vec<(FieldMeta, Option<String>)>,
    pub given: Callback<Record>,
    pub cancel: Callback<()>,
}

/// Which of these fields a record still lacks.
pub async fn missing(object: &ObjectMeta, id: &str, keys: &[String]) -> Vec<FieldMeta> {
    let wanted: Vec<FieldMeta> =
        keys.iter().filter_map(|key| object.field(key)).filter(|f| !f.read_only).cloned().collect();
    if wanted.is_empty() {
        return wanted;
    }
    let query = ListQuery {
        filter: Some(Filter::field("id", Op::Eq, id)),
        fields: Some(wanted.iter().map(|f| f.key.to_string()).collect()),
        limit: Some(1),
        ..ListQuery::default()
    };
    // Where it cannot be told the server says so.
    let Ok(page) = records::query(&object.plural, &query).await else { return Vec::new() };
    let Some(record) = page.data.first() else { return Vec::new() };
    wanted.into_iter().filter(|f| record.value(&f.key).is_null()).collect()
}

/// The fields that a refusal names and that one can fill in, beyond those that were being changed.
pub fn asked_by(object: &ObjectMeta, error: &ApiError, changes: &Record) -> Vec<(FieldMeta, Option<String>)> {
    let field = |key: &str| object.field(key).filter(|f| !f.read_only && !changes.contains_key(key)).cloned();
    let items: Vec<_> = error.items().iter().map(|i| (field(&i.field), i.message.clone())).collect();
    // One that cannot be asked for makes asking for the others vain.
    match items.iter().all(|(field, _)| field.is_some()) {
        true => items.into_iter().filter_map(|(field, text)| Some((field?, Some(text)))).collect(),
        false => Vec::new(),
    }
}

pub fn dialog(ask: Ask) -> AnyView {
    let drafts: Vec<_> = ask
        .fields
        .iter()
        .map(|(f, fault)| {
            (FieldMeta { required: true, ..f.clone() }, RwSignal::new(Value::Null), RwSignal::new(fault.clone()))
        })
        .collect();
    let controls = drafts.iter().map(|(field, value, error)| {
        let (id, error) = (format!("ask-{}", field.key), *error);
        let input = Input {
            id: id.clone(),
            field: field.clone(),
            value: *value,
            expanded: None,
            invalid: Signal::derive(move || error.get().is_some()),
            home: None,
            done: Callback::new(|()| ()),
        };
        view! { <Field id=id label=label(&field.label) required=true error=error>{fields::input(input)}</Field> }
    });
    let controls = controls.collect_view();
    if let Some((first, ..)) = drafts.first() {
        let id = format!("ask-{}", first.key);
        request_animation_frame(move || {
            let element = document().get_element_by_id(&id).and_then(|e| e.dyn_into::<web_sys::HtmlElement>().ok());
            let _ = element.map(|e| e.focus());
        });
    }
    let (object, given, cancel) = (ask.object.clone(), ask.given, ask.cancel);
    let send = move |ev: leptos::ev::SubmitEvent| {
        ev.prevent_default();
        let (mut record, mut sound) = (Record::new(), true);
        for (field, value, error) in &drafts {
            let fault = match normalise_value(field, &value.get_untracked()) {
                Ok(Value::Null) => Some(Code::Required.message(prefs::lang(), &[])),
                Ok(value) => {
                    let broken = check_field(&object, field, &value, &record);
                    record.insert(field.key.to_string(), value);
                    broken.first().map(|v| v.item(prefs::lang()).message)
                }
                Err(fault) => Some(fault.item(prefs::lang()).message),
            };
            sound &= fault.is_none();
            error.set(fault);
        }
        if sound {
            given.run(record);
        }
    };
    view! {
        <Layer shape=Shape::Dialog label=ask.title.clone() on_close=move |()| cancel.run(())>
            <form id="ask" class="flex flex-col min-h-0" novalidate on:submit=send>
                <div class="flex flex-col gap-3 p-4">
                    <p class="muted text-[13px]">{t(ASK_HINT)}</p>
                    {controls}
                </div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300">
                    <Button label=t(CANCEL) on_click=move |_| cancel.run(())/>
                    <Button label=t(CONTINUE) look=Look::Primary submit=true/>
                </footer>
            </form>
        </Layer>
    }
    .into_any()
}
