//! What the columns come to: counts and sums by currency, from the server, over all cards and not those loaded alone.

use super::{Board, Column, Lane};
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::record::list::layouts::names;
use crate::record::list::{ListState, sums_text};
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
        let sums = question(
            &state,
            std::iter::once(by.clone()).chain(currency).collect(),
            std::iter::once(count.clone()).chain(sum).collect(),
        );
        let lane = board.lane.get_value();
        leptos::task::spawn_local(async move {
            match records::groups(&state.object.plural, &sums).await {
                Ok(groups) => {
                    let _ = board.totals.try_set(groups);
                }
                Err(error) => toast::error(&error),
            }
            let Some(lane) = lane else { return };
            let counts = question(&state, vec![lane.key.to_string(), by], vec![count]);
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
    let sums = move || {
        let field = board.list.state.with(amount)?;
        groups.with(|all| (!all.is_empty()).then(|| sums_text(&[field], all).concat()))
    };
    view! {
        <header class="px-3 pt-2.5 pb-1.5 shrink-0" data-head=at.to_string()>
            <div class="flex items-center gap-2">{badge(column.title.clone(), column.tone)}<span class="muted text-xs tnum" data-count>{move || groups.with(|g| count_of(g))}</span></div>
            <div class="text-xs muted tnum line-clamp-3 min-h-[1.125rem] mt-1" title=sums>{sums}</div>
        </header>
    }
    .into_any()
}

/// How many cards a lane has.
pub fn of_lane(board: Board, value: Value) -> impl Fn() -> String + Send + Sync + 'static {
    move || {
        let Some(key) = board.lane.with_value(|f| f.as_ref().map(|f| f.key.to_string())) else { return String::new() };
        board.counts.with(|all| {
            let own: Vec<Record> = all.iter().filter(|g| *g.value(&key) == value).cloned().collect();
            count_of(&own)
        })
    }
}
