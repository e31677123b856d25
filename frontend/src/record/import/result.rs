//! What an import brought: its records by their state, with their amounts, each a step away from the list of them.

use crate::api::records::{self, encode};
use crate::api::transfer::Job;
use crate::bridge;
use crate::fields::{self, Shown};
use crate::i18n::{IMPORT_RESULT, IMPORT_SHOW_ALL, label, t, tf};
use crate::record::filter::to_text;
use crate::record::list::sums_text;
use crate::state::{app, catalog};
use kezhan_meta::query::{Aggregate, Function, GroupKey, ListQuery};
use kezhan_meta::{FieldMeta, FieldType, Filter, ObjectMeta, Op, Record};
use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

/// More states than this are no overview.
const STATES: usize = 8;

/// Nothing where the import left nothing to show.
pub fn section(job: &Job) -> Option<AnyView> {
    let p = &job.progress;
    let object = catalog::object(&job.object)?;
    let id = Uuid::parse_str(&job.id).ok()?;
    let over = !job.running() && job.kind == "import" && job.undone_by.is_none();
    (over && p.created + p.updated > 0).then(|| panel(object, id))
}

/// The field that tells best how the records stand: whether deals are won, what kind of customers they are.
fn state_field(object: &ObjectMeta) -> Option<&FieldMeta> {
    let choice = |f: &&FieldMeta| matches!(f.kind, FieldType::Choice { .. }) && f.options().len() <= STATES;
    object.fields.iter().filter(|f| f.in_list && f.filterable() && f.sortable() && !f.hidden).find(choice)
}

fn panel(object: Arc<ObjectMeta>, import: Uuid) -> AnyView {
    let groups = RwSignal::new(Vec::<Record>::new());
    let state = state_field(&object).cloned();
    let money: Vec<FieldMeta> =
        object.fields.iter().filter(|f| f.in_list && f.kind == FieldType::Money).take(2).cloned().collect();
    let by_currency = !money.is_empty() && object.field("currency").is_some();
    let query = {
        let sum = |f: &FieldMeta| Aggregate { function: Function::Sum, field: Some(f.key.to_string()), name: None };
        let count = Aggregate { function: Function::Count, field: None, name: None };
        let keys = state.iter().map(|f| f.key.to_string()).chain(by_currency.then(|| "currency".to_owned()));
        ListQuery {
            import: Some(import),
            group_by: keys.map(GroupKey::Field).collect(),
            aggregates: std::iter::once(count).chain(money.iter().map(sum)).collect(),
            ..ListQuery::default()
        }
    };
    let plural = object.plural.to_string();
    Effect::new(move || {
        app().written.track();
        let (plural, query) = (plural.clone(), query.clone());
        leptos::task::spawn_local(async move {
            // The link to the list is there without the overview.
            if let Ok(found) = records::groups(&plural, &query).await {
                let _ = groups.try_set(found);
            }
        });
    });
    let address = {
        let plural = object.plural.to_string();
        move |filter: Option<Filter>| {
            let filter = filter.as_ref().and_then(to_text).map(|f| format!("&filter={}", encode(&f)));
            format!("/o/{plural}?import={import}&totals=1{}", filter.unwrap_or_default())
        }
    };
    let lines = move || {
        let all = groups.get();
        (!all.is_empty()).then(|| {
            let total = tf(IMPORT_SHOW_ALL, &[("n", &count(&all)), ("object", &label(&object.label_many))]);
            let whole = line(address(None), total.into_any(), sums_text(&money, &all));
            let parts = state.iter().flat_map(|field| {
                let mut values: Vec<Value> = Vec::new();
                for group in &all {
                    let value = group.get(field.key.as_ref()).cloned().unwrap_or_default();
                    if !value.is_null() && !values.contains(&value) {
                        values.push(value);
                    }
                }
                let part = |value: Value| {
                    let own: Vec<Record> =
                        all.iter().filter(|g| g.get(field.key.as_ref()) == Some(&value)).cloned().collect();
                    let face = view! {
                        {fields::cell(Shown { field, value: &value, expanded: None, currency: "" })}
                        <span class="font-semibold tnum">{count(&own)}</span>
                    }
                    .into_any();
                    line(
                        address(Some(Filter::field(field.key.to_string(), Op::In, Value::Array(vec![value.clone()])))),
                        face,
                        sums_text(&money, &own),
                    )
                };
                values.into_iter().map(part).collect::<Vec<_>>()
            });
            view! { <ul class="panel divide-y divide-base-300">{whole}{parts.collect_view()}</ul> }
        })
    };
    view! {
        <section id="import-result">
            <h2 class="text-[13px] font-semibold mb-1">{t(IMPORT_RESULT)}</h2>
            {lines}
        </section>
    }
    .into_any()
}

fn count(groups: &[Record]) -> String {
    let n: i64 = groups.iter().filter_map(|g| g.get("count")?.as_i64()).sum();
    bridge::decimal(&n.to_string(), 0, 0)
}

fn line(href: String, face: AnyView, sums: Vec<String>) -> AnyView {
    view! {
        <li>
            <A href=href attr:class="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 min-h-9 py-1 text-[13px] hover:bg-base-content/3">
                {face}
                <span class="grow"></span>
                <span class="tnum muted">{sums.join(" · ")}</span>
                {crate::ui::icon("chevron-right")}
            </A>
        </li>
    }
    .into_any()
}
