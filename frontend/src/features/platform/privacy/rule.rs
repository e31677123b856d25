//! A rule of retention being changed, with what it would reach today in sight.

use super::{Rules, load};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::fields::{self, Input};
use crate::i18n::{
    CANCEL, RETENTION_ADD, RETENTION_CONDITION, RETENTION_EFFECT, RETENTION_TITLE, SAVE, SAVED, label, t, tf,
};
use crate::record::filter::Builder;
use crate::record::url::Url;
use crate::state::{catalog, toast};
use crate::ui::{Button, Field, Layer, Look, Shape};
use chrono::{Months, NaiveDate};
use kezhan_meta::query::{Count, ListQuery};
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Record, Scope};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Fields that the form shows as the object declares them.
const PLAIN: [&str; 3] = ["name", "months", "act"];

#[derive(Clone)]
struct Form {
    meta: Arc<ObjectMeta>,
    plain: [RwSignal<Value>; 3],
    object: RwSignal<String>,
    since: RwSignal<String>,
    builder: RwSignal<Option<Builder>>,
    active: RwSignal<bool>,
}

/// Objects that rules are made for.
fn objects() -> Vec<Arc<ObjectMeta>> {
    catalog::catalog().objects().filter(|o| o.listed && o.scope == Scope::Owned).cloned().collect()
}

fn dates(object: &str) -> Vec<FieldMeta> {
    let dated = |f: &&FieldMeta| !f.hidden && matches!(f.kind, FieldType::Date | FieldType::DateTime);
    catalog::object(object).map(|o| o.fields.iter().filter(dated).cloned().collect()).unwrap_or_default()
}

impl Form {
    fn open(meta: &Arc<ObjectMeta>, rule: Option<&Record>) -> Form {
        let empty = Record::new();
        let record = rule.unwrap_or(&empty);
        let text = |key: &str, first: &str| record.value(key).as_str().unwrap_or(first).to_owned();
        let object = text("object", "contact");
        let filter = serde_json::from_value(record.value("condition").clone()).unwrap_or_else(|_| Filter::all());
        let first = |key: &str| match (key, record.value(key)) {
            ("months", Value::Null) => json!(36),
            ("act", Value::Null) => json!("anonymise"),
            (_, value) => value.clone(),
        };
        Form {
            meta: meta.clone(),
            plain: PLAIN.map(|key| RwSignal::new(first(key))),
            builder: RwSignal::new(catalog::object(&object).map(|o| Builder::new(&filter, &o))),
            object: RwSignal::new(object),
            since: RwSignal::new(text("since", "updated_at")),
            active: RwSignal::new(record.value("active").as_bool() == Some(true)),
        }
    }

    fn filter(&self) -> Filter {
        self.builder.with(|b| b.as_ref().map_or_else(Filter::all, Builder::filter))
    }

    fn record(&self) -> Record {
        let mut record: Record =
            PLAIN.iter().zip(&self.plain).map(|(key, value)| ((*key).to_owned(), value.get_untracked())).collect();
        let filter = untrack(|| self.filter());
        record.insert("object".into(), json!(self.object.get_untracked()));
        record.insert("since".into(), json!(self.since.get_untracked()));
        record.insert("condition".into(), if filter.is_all() { Value::Null } else { json!(filter) });
        record.insert("active".into(), json!(self.active.get_untracked()));
        record
    }

    fn input(&self, at: usize) -> Option<AnyView> {
        let (key, value) = (PLAIN.get(at)?, *self.plain.get(at)?);
        Some(fields::input(Input {
            id: format!("retention-{key}"),
            field: self.meta.field(key)?.clone(),
            value,
            expanded: None,
            home: None,
            invalid: Signal::stored(false),
            done: Callback::new(|()| ()),
        }))
    }

    /// What it would reach if it ran now.
    fn reached(&self) -> Option<(String, Filter)> {
        let months = self.plain.get(1)?.get();
        let months = months.as_u64().or_else(|| months.as_str()?.parse().ok())?;
        let today: NaiveDate = bridge::today().parse().ok()?;
        let limit = today.checked_sub_months(Months::new(u32::try_from(months).ok()?))?;
        let plural = catalog::object(&self.object.get())?.plural.to_string();
        Some((plural, self.filter().and(Filter::field(self.since.get(), Op::Lt, limit.to_string()))))
    }
}

pub fn editor(meta: Arc<ObjectMeta>, rule: Option<Record>, url: Url, all: Rules) -> AnyView {
    let form = Form::open(&meta, rule.as_ref());
    let close = move || url.replace(&[("rule", None)]);
    let (busy, faults) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let fault = move |key: &'static str| {
        Signal::derive(move || {
            let items = faults.with(|f| f.as_ref().map(|f| f.items().to_vec())).unwrap_or_default();
            items.into_iter().find(|item| item.field == key).map(|item| item.message)
        })
    };
    let named = meta.clone();
    let name_of = move |key: &str| named.field(key).map(|f| label(&f.label)).unwrap_or_default();
    let (object, since, builder, active) = (form.object, form.since, form.builder, form.active);
    let options = objects().into_iter().map(move |o| {
        let name = o.name.to_string();
        view! { <option value=name.clone() selected=object.get_untracked() == name>{label(&o.label_many)}</option> }
    });
    let moments = move || {
        let options = dates(&object.get()).into_iter().map(|f| {
            let key = f.key.to_string();
            view! { <option value=key.clone() selected=since.get_untracked() == key>{label(&f.label)}</option> }
        });
        options.collect_view()
    };
    let choose = move |name: String| {
        builder.set(catalog::object(&name).map(|o| Builder::new(&Filter::all(), &o)));
        since.set("updated_at".to_owned());
        object.set(name);
    };
    let save = {
        let (form, meta) = (form.clone(), meta.clone());
        move |_| {
            let (record, meta, rule) = (form.record(), meta.clone(), rule.clone());
            busy.set(true);
            leptos::task::spawn_local(async move {
                let answer = match &rule {
                    Some(rule) => records::update(&meta, rule.id(), &record, rule.version()).await,
                    None => records::create(&meta, &record).await,
                };
                let _ = busy.try_set(false);
                match answer {
                    Ok(_) => {
                        toast::done(t(SAVED));
                        load(&meta, all);
                        close();
                    }
                    Err(error) if error.items().is_empty() => toast::error(&error),
                    Err(error) => drop(faults.try_set(Some(error))),
                }
            });
        }
    };
    let title = if url.peek("rule").as_deref() == Some("new") { t(RETENTION_ADD) } else { t(RETENTION_TITLE) };
    let [name, months, act] = [0, 1, 2].map(|at| form.input(at));
    let effect = effect(form);
    view! {
        <Layer shape=Shape::Wide label=title on_close=move |()| close()>
            <div class="p-4 overflow-y-auto scroll-thin grow grid sm:grid-cols-2 gap-3 content-start" data-retention>
                <Field id="retention-name" label=name_of("name") required=true error=fault("name")>{name}</Field>
                <Field id="retention-object" label=name_of("object") required=true error=fault("object")>
                    <select id="retention-object" class="select" on:change=move |ev| choose(event_target_value(&ev))>{options.collect_view()}</select>
                </Field>
                <Field id="retention-since" label=name_of("since") required=true error=fault("since")>
                    <select id="retention-since" class="select" on:change=move |ev| since.set(event_target_value(&ev))>{moments}</select>
                </Field>
                <Field id="retention-months" label=name_of("months") required=true error=fault("months")>{months}</Field>
                <div class="sm:col-span-full flex flex-col gap-1">
                    <p class="text-[13px] muted">{t(RETENTION_CONDITION)}</p>
                    <div class="panel p-3">{move || builder.with(|b| b.as_ref().map(Builder::view))}</div>
                    <p class="text-xs text-error" role="alert">{move || fault("condition").get()}</p>
                </div>
                <Field id="retention-act" label=name_of("act") required=true error=fault("act")>{act}</Field>
                <label class="inline-flex items-center gap-2 text-[13px]">
                    <input type="checkbox" class="toggle" prop:checked=move || active.get() on:change=move |ev| active.set(event_target_checked(&ev))/>
                    {name_of("active")}
                </label>
            </div>
            <footer class="flex flex-wrap items-center gap-2 p-3 border-t border-base-300 shrink-0">
                <p class="grow text-[13px]" role="status">{effect}</p>
                <Button label=t(CANCEL) on_click=move |_| close()/>
                <Button label=t(SAVE) look=Look::Primary busy=busy on_click=save/>
            </footer>
        </Layer>
    }
    .into_any()
}

/// How many records it would reach today, asked anew once the form rests.
fn effect(form: Form) -> impl Fn() -> Option<String> {
    let told = RwSignal::new(None::<i64>);
    let asked = StoredValue::new(0_u32);
    Effect::new(move || {
        let reached = form.reached();
        asked.update_value(|n| *n += 1);
        let mine = asked.get_value();
        told.set(None);
        let Some((plural, filter)) = reached else { return };
        set_timeout(
            move || {
                leptos::task::spawn_local(async move {
                    if asked.try_get_value() != Some(mine) {
                        return;
                    }
                    let query =
                        ListQuery { filter: Some(filter), limit: Some(1), count: Count::Exact, ..ListQuery::default() };
                    let found = records::query(&plural, &query).await.ok().and_then(|page| page.count);
                    if asked.try_get_value() == Some(mine) {
                        let _ = told.try_set(found);
                    }
                });
            },
            Duration::from_millis(400),
        );
    });
    move || Some(tf(RETENTION_EFFECT, &[("n", &bridge::decimal(&told.get()?.to_string(), 0, 0))]))
}
