//! A rule being made or changed.

use super::Kind;
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::fields::{self, Input};
use crate::i18n::{CANCEL, SAVE, SAVED, label, t};
use crate::record::few::Few;
use crate::record::filter::Builder;
use crate::record::url::Url;
use crate::state::{catalog, toast};
use crate::ui::{Button, Field, Layer, Look, Shape};
use kezhan_meta::query::{Count, ListQuery};
use kezhan_meta::{FieldMeta, Filter, ObjectMeta, Record, system};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What is being changed.
#[derive(Clone)]
pub struct Form {
    pub meta: Arc<ObjectMeta>,
    /// What the rule is about.
    pub object: RwSignal<String>,
    id: &'static str,
    builder: RwSignal<Option<Builder>>,
    /// All other fields that are written.
    values: StoredValue<Vec<(FieldMeta, RwSignal<Value>)>>,
    /// What was refused, and of what.
    faults: RwSignal<Option<(ApiError, Record)>>,
}

impl Form {
    fn open(kind: &Kind, meta: &Arc<ObjectMeta>, rule: Option<&Record>) -> Form {
        let mut begun = Record::new();
        (kind.begin)(&mut begun);
        let stored = |key: &str| rule.unwrap_or(&begun).get(key).filter(|v| !v.is_null()).cloned();
        let written = |f: &&FieldMeta| {
            !f.read_only && !system::is_system(&f.key) && !matches!(f.key.as_ref(), "object" | "condition")
        };
        let values = meta.fields.iter().filter(written).map(|field| {
            let new = || if rule.is_none() { fields::usual(field) } else { Value::Null };
            (field.clone(), RwSignal::new(stored(&field.key).unwrap_or_else(new)))
        });
        let first = || (kind.objects)().first().map(|o| o.name.to_string()).unwrap_or_default();
        let object = stored("object").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_else(first);
        let filter = stored("condition").and_then(|c| serde_json::from_value(c).ok()).unwrap_or_else(Filter::all);
        Form {
            meta: meta.clone(),
            id: kind.id,
            builder: RwSignal::new(catalog::object(&object).map(|o| Builder::new(&filter, &o))),
            object: RwSignal::new(object),
            values: StoredValue::new(values.collect()),
            faults: RwSignal::new(None),
        }
    }

    /// What a field of the rule holds.
    pub fn value(&self, key: &str) -> RwSignal<Value> {
        let found = self.values.with_value(|all| all.iter().find(|(f, _)| f.key == key).map(|(_, value)| *value));
        found.unwrap_or_else(|| RwSignal::new(Value::Null))
    }

    pub fn filter(&self) -> Filter {
        self.builder.with(|b| b.as_ref().map_or_else(Filter::all, Builder::filter))
    }

    /// How a field of the rule is called.
    pub fn name(&self, key: &str) -> String {
        self.meta.field(key).map(|f| label(&f.label)).unwrap_or_default()
    }

    /// What is wrong with the first of these fields that has a fault, until one of them is changed.
    pub fn fault(&self, keys: &'static [&'static str]) -> Signal<Option<String>> {
        let form = self.clone();
        Signal::derive(move || {
            form.faults.with(|f| {
                let (error, refused) = f.as_ref()?;
                let item = error.items().iter().find(|item| keys.contains(&item.field.as_str()))?;
                let same = |key: &&str| match *key {
                    "object" | "condition" => true,
                    key => form.value(key).with(|now| refused.get(key).unwrap_or(&Value::Null) == now),
                };
                keys.iter().all(same).then(|| item.message.clone())
            })
        })
    }

    pub fn control_id(&self, key: &str) -> String {
        format!("{}-{key}", self.id)
    }

    /// The control of a field, as the object declares it.
    pub fn input(&self, key: &str) -> Option<AnyView> {
        Some(fields::input(Input {
            id: self.control_id(key),
            field: self.meta.field(key)?.clone(),
            value: self.value(key),
            expanded: None,
            home: None,
            invalid: Signal::stored(false),
            done: Callback::new(|()| ()),
        }))
    }

    /// The same with its name and what is wrong.
    pub fn field(&self, keys: &'static [&'static str; 1]) -> AnyView {
        let [key] = *keys;
        let required = self.meta.field(key).is_some_and(|f| f.required);
        let input = self.input(key);
        view! { <Field id=self.control_id(key) label=self.name(key) required=required error=self.fault(keys)>{input}</Field> }
            .into_any()
    }

    fn record(&self) -> Record {
        let mut record = self.values.with_value(|all| {
            all.iter().map(|(field, value)| (field.key.to_string(), value.get_untracked())).collect::<Record>()
        });
        let filter = untrack(|| self.filter());
        let whole = filter.is_all() && self.meta.field("condition").is_some_and(|f| !f.required);
        record.insert("object".into(), json!(self.object.get_untracked()));
        record.insert("condition".into(), if whole { Value::Null } else { json!(filter) });
        record
    }
}

pub(super) fn layer(kind: &'static Kind, few: Few, rule: Option<Record>, url: Url) -> AnyView {
    let meta = few.object.clone();
    let form = Form::open(kind, &meta, rule.as_ref());
    let close = move || url.replace(&[("rule", None)]);
    let busy = RwSignal::new(false);
    let title = match &rule {
        Some(rule) => format!("{} · {}", t(kind.words.one), rule.title(&meta)),
        None => t(kind.words.add).to_owned(),
    };
    let save = {
        let form = form.clone();
        move |_| {
            let (record, few, rule, faults) = (form.record(), few.clone(), rule.clone(), form.faults);
            busy.set(true);
            leptos::task::spawn_local(async move {
                let answer = match &rule {
                    Some(rule) => records::update(&few.object, rule.id(), &record, rule.version()).await,
                    None => records::create(&few.object, &record).await,
                };
                let _ = busy.try_set(false);
                match answer {
                    Ok(_) => {
                        toast::done(t(SAVED));
                        few.load();
                        close();
                    }
                    Err(error) if error.items().is_empty() => toast::error(&error),
                    Err(error) => drop(faults.try_set(Some((error, record)))),
                }
            });
        }
    };
    let (object, builder, active) = (form.object, form.builder, form.value("active"));
    let options = (kind.objects)().into_iter().map(move |o| {
        let name = o.name.to_string();
        view! { <option value=name.clone() selected=object.get_untracked() == name>{label(&o.label_many)}</option> }
    });
    let choose = move |ev| {
        let name = event_target_value(&ev);
        builder.set(catalog::object(&name).map(|o| Builder::new(&Filter::all(), &o)));
        object.set(name);
    };
    let [before, after] = (kind.controls)(&form);
    let wrong = form.fault(&["condition"]);
    let effect = effect(kind, form.clone());
    let about = form.control_id("object");
    view! {
        <Layer shape=Shape::Wide label=title on_close=move |()| close()>
            <div class="p-4 overflow-y-auto scroll-thin grow grid sm:grid-cols-2 gap-3 content-start" data-rule=kind.id>
                {form.field(&["name"])}
                <Field id=about.clone() label=form.name("object") required=true error=form.fault(&["object"])>
                    <select id=about class="select" on:change=choose>{options.collect_view()}</select>
                </Field>
                {before}
                <div class="sm:col-span-full flex flex-col gap-1">
                    <p class="text-[13px] muted">{t(kind.words.condition)}</p>
                    <div class="panel p-3">{move || builder.with(|b| b.as_ref().map(Builder::view))}</div>
                    <p class="text-xs text-error" role="alert">{move || wrong.get()}</p>
                </div>
                {after}
                <label class="inline-flex items-center gap-2 text-[13px] min-h-8 pointer-coarse:min-h-11">
                    <input type="checkbox" class="toggle" prop:checked=move || active.with(|v| v.as_bool() == Some(true))
                        on:change=move |ev| active.set(json!(event_target_checked(&ev)))/>
                    {form.name("active")}
                </label>
            </div>
            <footer class="flex flex-wrap items-center gap-2 p-3 border-t border-base-300 shrink-0">
                <p class="grow text-[13px] basis-full sm:basis-0" role="status">{effect}</p>
                <div class="flex gap-2 ms-auto">
                    <Button label=t(CANCEL) on_click=move |_| close()/>
                    <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
                </div>
            </footer>
        </Layer>
    }
    .into_any()
}

/// Asked anew once the form rests; an answer that is overtaken is dropped.
fn effect(kind: &'static Kind, form: Form) -> impl Fn() -> Option<String> {
    let told = RwSignal::new(None::<String>);
    let asked = StoredValue::new(0_u32);
    Effect::new(move || {
        let question = (kind.effect)(&form);
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        told.set(None);
        let Some(question) = question else { return };
        let question = send_wrapper::SendWrapper::new(question);
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(mine) {
                        return;
                    }
                    let answer = question.await;
                    if asked.try_get_value() == Some(mine) {
                        let _ = told.try_set(answer);
                    }
                });
            },
            Duration::from_millis(400),
        );
    });
    move || told.get()
}

/// How many records meet a condition.
pub async fn count(plural: &str, filter: Filter) -> Option<i64> {
    let filter = (!filter.is_all()).then_some(filter);
    let query = ListQuery { filter, limit: Some(1), count: Count::Exact, ..ListQuery::default() };
    records::query(plural, &query).await.ok()?.count
}
