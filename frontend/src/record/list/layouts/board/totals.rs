//! What the columns come to: counts and sums by currency, from the server, over all cards and not those loaded alone.

use super::{Board, Column, Lane};
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::i18n::{SUMS_OTHER, TOTALS_SUM, label, tf};
use crate::record::list::layouts::names;
use crate::record::list::{ListState, sums_of};
use crate::state::{app, toast};
use crate::ui::badge;
use kezhan_meta::query::{Aggregate, Count, Function, GroupKey, ListQuery};
use kezhan_meta::{FieldMeta, FieldType, Record};
use leptos::prelude::*;
use serde_json::{Value, json};

/// The amount that the columns add up: the first that lists show.
pub fn amount(state: &ListState) -> Option<FieldMeta> {
    let money = |f: &&FieldMeta| f.kind == FieldType::Money && f.in_list;
    state.object.fields.iter().find(money).cloned()
}

fn question(state: &ListState, keys: Vec<String>, aggregates: Vec<Aggregate>) -> ListQuery {
    ListQuery {
        group_by: keys.into_iter().map(GroupKey::Field).collect(),
        aggregates,
        sort: Vec::new(),
        fields: None,
        limit: None,
        count: Count::None,
        ..state.query(None)
    }
}

/// Asked again whenever the list's question changes or something was written.
pub fn follow(board: Board) {
    Effect::new(move || {
        let (state, _) = (board.list.state.get(), app().written.get());
        let count = Aggregate { function: Function::Count, field: None, name: None };
        let sum =
            amount(&state).map(|f| Aggregate { function: Function::Sum, field: Some(f.key.to_string()), name: None });
        let by = board.by.with_value(|f| f.key.to_string());
        let currency = (sum.is_some() && state.object.field("currency").is_some()).then(|| "currency".to_owned());
        let asked = |key: String| {
            let currency = currency.clone().filter(|currency| *currency != key);
            let keys = std::iter::once(key).chain(currency).collect();
            question(&state, keys, std::iter::once(count.clone()).chain(sum.clone()).collect())
        };
        let sums = asked(by);
        let lane = board.lane.get_value().map(|lane| (asked(lane.key.to_string()), lane));
        leptos::task::spawn_local(async move {
            match records::groups(&state.object.plural, &sums).await {
                Ok(groups) => {
                    let _ = board.totals.try_set(groups);
                }
                Err(error) => toast::error(&error),
            }
            let Some((counts, lane)) = lane else { return };
            match records::groups(&state.object.plural, &counts).await {
                Ok(groups) => lanes(board, &lane, groups).await,
                Err(error) => toast::error(&error),
            }
        });
    });
}

/// Lanes are the values that occur, and of a choice all there are: a card may go to an empty one.
async fn lanes(board: Board, field: &FieldMeta, groups: Vec<Record>) {
    let size = |value: &Value| -> i64 {
        groups.iter().filter(|g| g.value(&field.key) == value).filter_map(|g| g.value("count").as_i64()).sum()
    };
    let mut values: Vec<Value> = field.options().iter().map(|o| json!(o.value)).collect();
    for group in &groups {
        if !values.contains(group.value(&field.key)) {
            values.push(group.value(&field.key).clone());
        }
    }
    values.sort_by_key(|v| std::cmp::Reverse(size(v)));
    let mut lanes = names::ordered(field, values).await;
    // Those without cards come after all others.
    lanes.sort_by_key(|(value, _)| size(value) == 0);
    // Those that are on screen stay where they are, however many cards go from one to another.
    let shown = board.lanes.try_get_untracked().unwrap_or_default();
    lanes.sort_by_key(|(value, _)| shown.iter().position(|lane| lane.value == *value).unwrap_or(usize::MAX));
    let lanes: Vec<Lane> = lanes.into_iter().map(|(value, title)| Lane { value, title }).collect();
    if board.lanes.try_with_untracked(|now| *now != lanes) == Some(true) {
        let _ = board.lanes.try_set(lanes);
    }
    let _ = board.counts.try_set(groups);
}

fn count_of(groups: &[Record]) -> String {
    let n: i64 = groups.iter().filter_map(|g| g.value("count").as_i64()).sum();
    bridge::decimal(&n.to_string(), 0, 0)
}

pub fn head(board: Board, at: usize, column: &Column) -> AnyView {
    let value = StoredValue::new(column.value.clone());
    let groups = Memo::new(move |_| {
        let key = board.by.with_value(|f| f.key.to_string());
        board.totals.with(|all| {
            value.with_value(|v| all.iter().filter(|g| g.value(&key) == v).cloned().collect::<Vec<Record>>())
        })
    });
    view! {
        <header class="px-3 pt-2.5 pb-1.5 shrink-0" data-head=at.to_string()>
            <div class="flex items-center gap-2">{badge(column.title.clone(), column.tone)}<span class="muted text-xs tnum" data-count>{move || groups.with(|g| count_of(g))}</span></div>
            <div class="text-xs muted tnum truncate min-h-[1.125rem] mt-1">{sums(board, groups)}</div>
        </header>
    }
    .into_any()
}

/// In one line the greatest sum, and how many other currencies there are; all of them where one points.
fn sums(board: Board, groups: Memo<Vec<Record>>) -> AnyView {
    (move || {
        let field = board.list.state.with(amount)?;
        let all = groups.with(|all| sums_of(&field, all));
        let first = all.first()?;
        let whole = tf(TOTALS_SUM, &[("field", &label(&field.label)), ("sum", &all.join(" + "))]);
        let more = all.len() - 1;
        let text = match more {
            0 => first.clone(),
            n => format!("{first} {}", tf(SUMS_OTHER, &[("n", &n.to_string())])),
        };
        Some(view! { <span title=whole>{text}</span> })
    })
    .into_any()
}

/// What a lane comes to.
pub fn of_lane(board: Board, value: Value) -> AnyView {
    let groups = Memo::new(move |_| {
        let key = board.lane.with_value(|f| f.as_ref().map(|f| f.key.to_string())).unwrap_or_default();
        board.counts.with(|all| all.iter().filter(|g| *g.value(&key) == value).cloned().collect::<Vec<Record>>())
    });
    view! {
        <span class="muted tnum font-normal text-xs" data-count>{move || groups.with(|g| count_of(g))}</span>
        <span class="muted tnum font-normal text-xs">{sums(board, groups)}</span>
    }
    .into_any()
}
