//! What the whole list comes to: the exact number of its records and the sums of its amounts, by currency.

use super::{List, ListState};
use crate::api::client::ApiError;
use crate::api::records;
use crate::bridge;
use crate::i18n::{TOTALS, TOTALS_COUNT, TOTALS_SUM, label, t, tf};
use crate::state::app;
use kezhan_meta::query::{Aggregate, Function, GroupKey, ListQuery};
use kezhan_meta::{FieldMeta, FieldType, Record};
use leptos::prelude::*;
use rust_decimal::Decimal;
use serde_json::Value;

/// Amounts that are added up at once.
const SUMS: usize = 5;
/// The address says whether the line is shown.
const KEY: &str = "totals";

pub fn shown(list: List) -> Memo<bool> {
    Memo::new(move |_| list.url.get(KEY).is_some())
}

/// The number beside the list's name; it opens the line.
pub fn toggle(list: List, count: impl Fn() -> Option<String> + Send + Sync + 'static) -> AnyView {
    let shown = shown(list);
    view! {
        <button type="button" id="list-count" class="tap muted tnum text-[13px] whitespace-nowrap rounded px-1 hover:bg-base-200" title=t(TOTALS)
            aria-expanded=move || shown.get().to_string()
            on:click=move |_| list.url.replace(&[(KEY, (!shown.get_untracked()).then(|| "1".to_owned()))])>
            {count}
        </button>
    }
    .into_any()
}

/// The line itself.
pub fn line(list: List) -> AnyView {
    let answer: RwSignal<Option<Result<Vec<Record>, ApiError>>> = RwSignal::new(None);
    let ticket = StoredValue::new(0_u64);
    Effect::new(move || {
        let (state, _) = (list.state.get(), app().written.get());
        let mine = ticket.get_value() + 1;
        ticket.set_value(mine);
        leptos::task::spawn_local(async move {
            let found = records::groups(&state.object.plural, &question(&state)).await;
            if ticket.try_get_value() == Some(mine) {
                answer.set(Some(found));
            }
        });
    });
    view! {
        <div id="list-totals" role="status" class="flex flex-wrap gap-x-6 gap-y-1 px-3 pb-2 text-[13px] shrink-0 min-h-6">
            {move || match answer.get() {
                None => ().into_any(),
                Some(Err(error)) => view! { <span class="text-error">{error.message()}</span> }.into_any(),
                Some(Ok(groups)) => list.state.with_untracked(|state| sums(state, &groups)),
            }}
        </div>
    }
    .into_any()
}

fn amounts(state: &ListState) -> Vec<FieldMeta> {
    state.fields().into_iter().filter(|f| f.kind == FieldType::Money).take(SUMS).collect()
}

fn question(state: &ListState) -> ListQuery {
    let count = Aggregate { function: Function::Count, field: None, name: None };
    let sum = |f: &FieldMeta| Aggregate { function: Function::Sum, field: Some(f.key.to_string()), name: None };
    let sums = amounts(state);
    let by_currency = !sums.is_empty() && state.object.field("currency").is_some();
    ListQuery {
        group_by: by_currency.then(|| GroupKey::Field("currency".into())).into_iter().collect(),
        aggregates: std::iter::once(count).chain(sums.iter().map(sum)).collect(),
        sort: Vec::new(),
        fields: None,
        limit: None,
        count: kezhan_meta::query::Count::None,
        ..state.query(None)
    }
}

fn sums(state: &ListState, groups: &[Record]) -> AnyView {
    let count: i64 = groups.iter().filter_map(|g| g.get("count")?.as_i64()).sum();
    let count = tf(TOTALS_COUNT, &[("n", &bridge::decimal(&count.to_string(), 0, 0))]);
    let amounts = sums_text(&amounts(state), groups);
    view! {
        <span class="tnum font-semibold">{count}</span>
        {amounts.into_iter().map(|text| view! { <span class="tnum">{text}</span> }).collect_view()}
    }
    .into_any()
}

/// The sums of some amounts over groups by currency, one text an amount.
pub fn sums_text(fields: &[FieldMeta], groups: &[Record]) -> Vec<String> {
    let one = |field: &FieldMeta| {
        let parts = sums_of(field, groups);
        let sum = if parts.is_empty() { "—".to_owned() } else { parts.join(" + ") };
        tf(TOTALS_SUM, &[("field", &label(&field.label)), ("sum", &sum)])
    };
    fields.iter().map(one).collect()
}

/// The sum of each currency, the greatest first.
pub fn sums_of(field: &FieldMeta, groups: &[Record]) -> Vec<String> {
    let text = |group: &Record, key: &str| group.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = format!("sum_{}", field.key);
    // Groups may be told apart by more than their currency.
    let mut sums: Vec<(String, Decimal)> = Vec::new();
    for group in groups {
        let Ok(sum) = text(group, &key).parse::<Decimal>() else { continue };
        let currency = text(group, "currency");
        match sums.iter_mut().find(|(known, _)| *known == currency) {
            Some((_, all)) => *all = all.saturating_add(sum),
            None => sums.push((currency, sum)),
        }
    }
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
    let amount = |(code, sum): &(String, Decimal)| match field.kind {
        FieldType::Money => bridge::money_listed(&sum.to_string(), code),
        _ => bridge::decimal(&sum.to_string(), 0, 6),
    };
    sums.iter().map(amount).collect()
}
