//! Making and changing a record: fields by section, checked by the shared rules before anything is sent.

use super::conflict;
use super::similar::Similar;
use super::url::Url;
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Input};
use crate::i18n::{
    CANCEL, CREATED, EDIT_OBJECT, FORM_FAULTS, NEW_OBJECT, OPEN, SAVE, SAVE_AND_NEW, SAVED, SECTION_BASIC,
    SECTION_CONTACT, SECTION_PROGRESS, SECTION_SCALE, SECTION_SYSTEM, label, t, tf,
};
use crate::state::{prefs, session, toast, touched};
use crate::ui::{Button, Field, Layer, Look, Shape, keys};
use kezhan_meta::check::check_field;
use kezhan_meta::{Default, FieldMeta, FieldType, ObjectMeta, Record, check_record, normalise_value};
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use serde_json::{Value, json};
use std::sync::Arc;

/// One field of the form.
#[derive(Clone)]
struct Draft {
    field: FieldMeta,
    value: RwSignal<Value>,
    error: RwSignal<Option<String>>,
    expanded: Option<Value>,
}

#[derive(Clone)]
struct Form {
    object: Arc<ObjectMeta>,
    drafts: StoredValue<Vec<Draft>>,
    /// The record as it was read; nothing for a new one.
    base: RwSignal<Option<Record>>,
    problem: RwSignal<Option<String>>,
    busy: RwSignal<bool>,
    similar: Similar,
}

/// A drawer for a new record, opened by `?new=1`; `with.account=…` fills in what is known.
pub fn create_layer(object: Arc<ObjectMeta>, url: Url) -> AnyView {
    let given: Record = url.query.with_untracked(|query| {
        object
            .fields
            .iter()
            .filter_map(|f| Some((f.key.to_string(), Value::String(query.get(&format!("with.{}", f.key))?))))
            .collect()
    });
    let gone: Vec<String> = given.keys().map(|k| format!("with.{k}")).collect();
    let close = move || {
        let mut changes: Vec<(&str, Option<String>)> = gone.iter().map(|k| (k.as_str(), None)).collect();
        changes.push(("new", None));
        url.replace(&changes);
    };
    let title = tf(NEW_OBJECT, &[("object", &label(&object.label))]);
    let saved = {
        let (close, object) = (close.clone(), object.clone());
        move |record: Record, again: bool| {
            let open = super::list::record_url(&object, record.id());
            toast::undoable(tf(CREATED, &[("title", &record.title(&object))]), t(OPEN), move || url.go(open.clone()));
            if !again {
                close();
            }
        }
    };
    layer(title, object, None, given, close, saved)
}

/// A drawer for changing a record.
pub fn edit_layer(object: Arc<ObjectMeta>, record: Record, close: Callback<()>) -> AnyView {
    let title = tf(EDIT_OBJECT, &[("object", &label(&object.label))]);
    let close = move || close.run(());
    let saved = move |_: Record, _: bool| {
        toast::done(t(SAVED));
        close();
    };
    layer(title, object, Some(record), Record::new(), close, saved)
}

fn layer(
    title: String,
    object: Arc<ObjectMeta>,
    base: Option<Record>,
    given: Record,
    close: impl Fn() + Clone + Send + Sync + 'static,
    saved: impl Fn(Record, bool) + Clone + Send + Sync + 'static,
) -> AnyView {
    // A new round after "save and new" starts from empty fields.
    let round = RwSignal::new(0);
    let inner = {
        let close = close.clone();
        move || {
            round.track();
            let form = Form::new(object.clone(), base.clone(), &given);
            form.view(close.clone(), {
                let saved = saved.clone();
                move |record, again| {
                    touched();
                    saved(record, again);
                    if again {
                        round.update(|r| *r += 1);
                    }
                }
            })
        }
    };
    view! { <Layer shape=Shape::Drawer label=title on_close=move |()| close()>{inner}</Layer> }.into_any()
}

/// Fields that a person fills in.
fn editable(object: &ObjectMeta, new: bool) -> impl Iterator<Item = &FieldMeta> {
    object.fields.iter().filter(move |f| !f.read_only && (new || !f.immutable) && (!f.hidden || f.required))
}

pub fn section_label(key: &str) -> String {
    match key {
        "" | "basic" => t(SECTION_BASIC).to_owned(),
        "contact" => t(SECTION_CONTACT).to_owned(),
        "scale" => t(SECTION_SCALE).to_owned(),
        "progress" => t(SECTION_PROGRESS).to_owned(),
        "system" => t(SECTION_SYSTEM).to_owned(),
        other => other.to_owned(),
    }
}

/// What a new record starts with.
fn default_value(field: &FieldMeta) -> (Value, Option<Value>) {
    match &field.default {
        None => (Value::Null, None),
        Some(Default::Text(text)) => (json!(text), None),
        Some(Default::Int(n)) => (json!(n), None),
        Some(Default::Bool(b)) => (json!(b), None),
        Some(Default::CurrentUser) => {
            session::me().map_or((Value::Null, None), |me| (json!(me.id), Some(json!({"id": me.id, "name": me.name}))))
        }
        Some(Default::Today) => (json!(crate::ui::date::today()), None),
        Some(Default::Now) => (json!(String::from(js_sys::Date::new_0().to_iso_string())), None),
    }
}

impl Form {
    fn new(object: Arc<ObjectMeta>, base: Option<Record>, given: &Record) -> Form {
        let drafts = editable(&object, base.is_none())
            .map(|field| {
                let (value, expanded) = match &base {
                    Some(record) => (record.value(&field.key).clone(), record.expanded(&field.key).cloned()),
                    None => match given.get(field.key.as_ref()) {
                        Some(value) => (value.clone(), None),
                        None => default_value(field),
                    },
                };
                Draft { field: field.clone(), value: RwSignal::new(value), error: RwSignal::new(None), expanded }
            })
            .collect();
        Form {
            similar: Similar::new(&object, base.is_none()),
            object,
            drafts: StoredValue::new(drafts),
            base: RwSignal::new(base),
            problem: RwSignal::new(None),
            busy: RwSignal::new(false),
        }
    }

    fn view(
        &self,
        close: impl Fn() + Clone + Send + Sync + 'static,
        saved: impl Fn(Record, bool) + Clone + Send + Sync + 'static,
    ) -> AnyView {
        let new = self.base.with_untracked(Option::is_none);
        let submit = {
            let form = self.clone();
            let saved = saved.clone();
            move |again: bool| form.submit(again, saved.clone())
        };
        let (on_submit, on_again, on_key) = (submit.clone(), submit.clone(), submit);
        let (busy, problem) = (self.busy, self.problem);
        view! {
            <form class="grow min-h-0 flex flex-col" novalidate
                on:submit=move |ev| { ev.prevent_default(); on_submit(false) }
                on:keydown=move |ev| {
                    if ev.key() == "Enter" && (ev.ctrl_key() || ev.meta_key()) && !keys::composing(&ev) { ev.prevent_default(); on_key(false) }
                    // Enter in a field must not send a half-filled form.
                    else if ev.key() == "Enter" && in_text_field(&ev) { ev.prevent_default() }
                }>
                <div class="grow overflow-y-auto scroll-thin px-4 py-3">
                    <div role="alert">{move || problem.get().map(|text| view! {
                        <p class="rounded-md bg-error/10 text-error px-3 py-2 text-[13px] mb-3">{text}</p>
                    })}</div>
                    {self.similar.view()}
                    {self.sections()}
                </div>
                <footer class="flex justify-end gap-2 p-3 border-t border-base-300 shrink-0 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
                    <Button label=t(CANCEL) on_click=move |_| close()/>
                    {new.then(|| view! { <Button label=t(SAVE_AND_NEW) busy=busy on_click=move |_| on_again(true)/> })}
                    <Button label=t(SAVE) look=Look::Primary submit=true busy=busy/>
                </footer>
            </form>
        }
        .into_any()
    }

    fn sections(&self) -> AnyView {
        let drafts = self.drafts.get_value();
        let mut sections: Vec<String> = Vec::new();
        for draft in &drafts {
            let section = if draft.field.section == "basic" { String::new() } else { draft.field.section.to_string() };
            if !sections.contains(&section) {
                sections.push(section);
            }
        }
        let several = sections.len() > 1;
        sections
            .into_iter()
            .map(|section| {
                let inside: Vec<AnyView> = drafts
                    .iter()
                    .filter(|d| d.field.section == section || (section.is_empty() && d.field.section == "basic"))
                    .map(|d| self.control(d))
                    .collect();
                view! {
                    <fieldset class="mb-4">
                        {several.then(|| view! { <legend class="font-semibold text-[13px] mb-2">{section_label(&section)}</legend> })}
                        <div class="grid grid-cols-1 sm:grid-cols-2 gap-x-4 gap-y-3">{inside}</div>
                    </fieldset>
                }
            })
            .collect_view()
            .into_any()
    }

    fn control(&self, draft: &Draft) -> AnyView {
        let id = format!("field-{}", draft.field.key);
        let error = draft.error;
        let done = {
            let (form, draft) = (self.clone(), draft.clone());
            Callback::new(move |()| form.check_one(&draft))
        };
        let input = Input {
            id: id.clone(),
            field: draft.field.clone(),
            value: draft.value,
            expanded: draft.expanded.clone(),
            home: self.base.with_untracked(|b| b.as_ref().map(|r| (self.object.name.to_string(), r.id().to_owned()))),
            invalid: Signal::derive(move || error.get().is_some()),
            done,
        };
        // The number under which a company is registered tells where.
        let offer = (draft.field.kind == FieldType::Address).then(|| {
            let (object, drafts) = (self.object.clone(), self.drafts);
            let place = Signal::derive(move || {
                let typed =
                    |key: &str| drafts.with_value(|d| d.iter().find(|d| d.field.key == key).map(|d| d.value.get()));
                fields::address::registered(&object, |key| typed(key).unwrap_or_default())
            });
            fields::address::offer(draft.value, place)
        });
        view! {
            <Field id=id label=label(&draft.field.label) required=draft.field.required wide=fields::wide(&draft.field) error=error
                hint=if prefs::lang() == kezhan_meta::Lang::En { draft.field.help.to_string() } else { String::new() }>
                {fields::input(input)}
                {offer}
            </Field>
        }
        .into_any()
    }

    /// The record as it would be, in canonical form, with what is wrong with each field's form.
    fn gather(&self) -> (Record, Vec<(String, String)>) {
        let mut record = self.base.get_untracked().unwrap_or_default();
        record.remove("expand");
        let mut faults = Vec::new();
        for draft in self.drafts.get_value() {
            // A file that waits for the record is sent once there is one.
            let value = draft.value.get_untracked();
            let value = if fields::file::waits(&value) { Value::Null } else { value };
            match normalise_value(&draft.field, &value) {
                Ok(value) => {
                    record.insert(draft.field.key.to_string(), value);
                }
                Err(fault) => faults.push((fault.field.clone(), fault.item(prefs::lang()).message)),
            }
        }
        (record, faults)
    }

    /// When a field is left: only its own faults, so that nobody is blamed for what is still to come.
    fn check_one(&self, draft: &Draft) {
        if let Some(text) = draft.value.get_untracked().as_str() {
            self.similar.look(&self.object, &draft.field, text);
        }
        let (record, _) = self.gather();
        let fault = match normalise_value(&draft.field, &draft.value.get_untracked()) {
            Err(fault) => Some(fault),
            Ok(value) if value.is_null() => None,
            Ok(value) => check_field(&self.object, &draft.field, &value, &record).into_iter().next(),
        };
        draft.error.set(fault.map(|f| f.item(prefs::lang()).message));
    }

    fn show_faults(&self, faults: &[(String, String)]) {
        let mut elsewhere = Vec::new();
        let drafts = self.drafts.get_value();
        for draft in &drafts {
            draft.error.set(faults.iter().find(|(field, _)| *field == draft.field.key).map(|(_, text)| text.clone()));
        }
        for (field, text) in faults {
            if !drafts.iter().any(|d| d.field.key == *field) {
                elsewhere.push(if field.is_empty() { text.clone() } else { format!("{field}: {text}") });
            }
        }
        let mut summary = tf(FORM_FAULTS, &[("n", &faults.len().to_string())]);
        for text in elsewhere {
            summary.push(' ');
            summary.push_str(&text);
        }
        self.problem.set(Some(summary));
        if let Some((field, _)) = faults.first()
            && let Some(element) = document().get_element_by_id(&format!("field-{field}"))
        {
            element.scroll_into_view();
            let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(element).focus();
        }
    }

    fn submit(&self, again: bool, saved: impl Fn(Record, bool) + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        let (record, mut faults) = self.gather();
        for violation in check_record(&self.object, &record) {
            let known = self.drafts.with_value(|d| d.iter().any(|d| d.field.key == violation.field));
            if known && !faults.iter().any(|(field, _)| *field == violation.field) {
                faults.push((violation.field.clone(), violation.item(prefs::lang()).message));
            }
        }
        if !faults.is_empty() {
            return self.show_faults(&faults);
        }
        let base = self.base.get_untracked();
        let body: Record = self
            .drafts
            .get_value()
            .iter()
            .filter_map(|d| {
                let key = d.field.key.as_ref();
                let value = record.get(key)?;
                let send = match &base {
                    Some(base) => base.value(key) != value,
                    None => !value.is_null(),
                };
                send.then(|| (key.to_owned(), value.clone()))
            })
            .collect();
        self.busy.set(true);
        self.problem.set(None);
        let form = self.clone();
        leptos::task::spawn_local(async move {
            let answer = match &base {
                None => records::create(&form.object, &body).await,
                Some(base) if body.is_empty() => Ok(base.clone()),
                Some(base) => records::update(&form.object, base.id(), &body, base.version()).await,
            };
            if form.busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(record) => {
                    form.send_files(&record).await;
                    saved(record, again)
                }
                // What was typed stays until it is decided field by field.
                Err(error) if error.is_stale() => {
                    let Some(base) = base else { return };
                    let saved = SendWrapper::new(saved);
                    let saved = Callback::new(move |record: Record| saved(record, again));
                    conflict::resolve(form.object.clone(), base, body, saved).await;
                }
                Err(error) => form.refuse(&error),
            }
        });
    }

    /// Sends the files that were chosen before the record was there, and puts them into their fields.
    async fn send_files(&self, record: &Record) {
        let mut version = record.version();
        for draft in self.drafts.get_value() {
            let Some(file) = fields::file::take(&draft.value.get_untracked()) else { continue };
            let sent = super::files::single(&file, &self.object.name, record.id()).await;
            let answer = match sent {
                Ok(stored) => {
                    let change = Record::from_iter([(draft.field.key.to_string(), json!(stored.id()))]);
                    records::update(&self.object, record.id(), &change, version).await
                }
                Err(error) => Err(error),
            };
            match answer {
                Ok(now) => version = now.version(),
                Err(error) => toast::error(&error),
            }
        }
    }

    fn refuse(&self, error: &ApiError) {
        if error.items().is_empty() {
            return self.problem.set(Some(error.message()));
        }
        let faults: Vec<_> = error.items().iter().map(|i| (i.field.clone(), i.message.clone())).collect();
        self.show_faults(&faults);
    }
}

fn in_text_field(ev: &leptos::ev::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    ev.target().is_some_and(|t| t.dyn_ref::<web_sys::HtmlInputElement>().is_some())
}
