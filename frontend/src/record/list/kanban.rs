//! The board: a column for each value of a field, cards that go from one to another by drag, menu or keys.

use super::column::{self, Column};
use super::{List, ListState, cells, layout, write};
use crate::api::records::{self, RecordExt};
use crate::fields;
use crate::i18n::{BOARD_MOVED, KANBAN_EMPTY_VALUE, STALE_RELOADED, UNDO, label, t, tf};
use crate::state::{app, catalog, prefs, toast, touched};
use crate::ui;
use kezhan_meta::query::{Aggregate, Count, Function, GroupKey, ListQuery, Sort};
use kezhan_meta::{FieldMeta, FieldType, Filter, Lang, Op, Record, Tone};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

/// A card under the pointer.
#[derive(Clone, PartialEq)]
pub struct Drag {
    pub id: String,
    pub title: String,
    pub from: usize,
    pub over: Option<usize>,
    pub x: i32,
    pub y: i32,
}

/// What the columns of one board share.
#[derive(Clone, Copy)]
pub struct Board {
    pub list: List,
    pub by: StoredValue<FieldMeta>,
    pub columns: RwSignal<Vec<Column>>,
    pub drag: RwSignal<Option<Drag>>,
    /// Counts and sums, by value and currency.
    pub totals: RwSignal<Vec<Record>>,
    /// May this person move cards?
    pub movable: bool,
}

pub fn board(list: List, by: String) -> AnyView {
    let Some(field) = list.object.with_value(|o| o.field(&by).cloned()) else { return ().into_any() };
    let movable = cells::editable(list, &field);
    let board = Board {
        list,
        by: StoredValue::new(field.clone()),
        columns: RwSignal::new(Vec::new()),
        drag: RwSignal::new(None),
        totals: RwSignal::new(Vec::new()),
        movable,
    };
    match &field.kind {
        FieldType::Choice { options } => {
            let mut columns: Vec<Column> =
                options.iter().map(|o| Column::new(json!(o.value), label(&o.label), o.tone)).collect();
            if !field.required {
                columns.push(Column::new(Value::Null, t(KANBAN_EMPTY_VALUE).to_owned(), Tone::Neutral));
            }
            board.columns.set(columns);
        }
        _ => stages(board),
    }
    Effect::new(move || {
        let (state, _) = (list.state.get(), app().written.get());
        let question = totals(&state, &board.by.get_value());
        leptos::task::spawn_local(async move {
            match records::groups(&state.object.plural, &question).await {
                Ok(groups) => {
                    let _ = board.totals.try_set(groups);
                }
                Err(error) => toast::error(&error),
            }
        });
    });
    let dragged = move || {
        board.drag.get().map(|d| {
            view! { <div class="panel fixed z-50 px-3 py-2 w-56 truncate font-semibold text-[13px] shadow-xl pointer-events-none opacity-90" style=format!("left:{}px;top:{}px", d.x + 8, d.y + 8)>{d.title}</div> }
        })
    };
    let columns = move || {
        let all = board.columns.get();
        if all.is_empty() {
            return ui::loading_rows(6);
        }
        all.into_iter().enumerate().map(|(at, c)| column::view(board, at, c)).collect_view().into_any()
    };
    view! {
        <div class="sm:hidden px-3 pt-2 bg-base-200 shrink-0">{layout::by(list)}</div>
        <div id="board" class="grow min-h-0 overflow-x-auto scroll-thin flex gap-3 p-3 bg-base-200 snap-x snap-mandatory md:snap-none" role="group" aria-label=label(&field.label)>
            {columns}
        </div>
        {dragged}
    }
    .into_any()
}

/// The stages of the pipelines, in their order.
fn stages(board: Board) {
    let Some(stage) = catalog::object("stage") else { return };
    leptos::task::spawn_local(async move {
        let query = ListQuery {
            sort: vec![Sort::parse("pipeline"), Sort::parse("sort_order")],
            limit: Some(100),
            ..ListQuery::default()
        };
        match records::query(&stage.plural, &query).await {
            Ok(page) => {
                let column = |stage: &Record| {
                    let english = stage.value("name_en").as_str().filter(|_| prefs::lang() == Lang::En);
                    let name = english.or_else(|| stage.value("name").as_str()).unwrap_or_default();
                    let tone = match stage.value("outcome").as_str() {
                        Some("won") => Tone::Success,
                        Some("lost") => Tone::Danger,
                        _ => Tone::Info,
                    };
                    fields::reference::meet(stage.id(), name);
                    Column::new(json!(stage.id()), name.to_owned(), tone)
                };
                let _ = board.columns.try_set(page.data.iter().map(column).collect());
            }
            Err(error) => toast::error(&error),
        }
    });
}

/// The amount that the columns add up: the first that lists show.
pub fn amount(state: &ListState) -> Option<FieldMeta> {
    let money = |f: &&FieldMeta| f.kind == FieldType::Money && f.in_list;
    state.object.fields.iter().find(money).cloned()
}

fn totals(state: &ListState, by: &FieldMeta) -> ListQuery {
    let count = Aggregate { function: Function::Count, field: None, name: None };
    let sum = amount(state).map(|f| Aggregate { function: Function::Sum, field: Some(f.key.to_string()), name: None });
    let by_currency = sum.is_some() && state.object.field("currency").is_some();
    let keys = std::iter::once(by.key.to_string()).chain(by_currency.then(|| "currency".to_owned()));
    ListQuery {
        group_by: keys.map(GroupKey::Field).collect(),
        aggregates: std::iter::once(count).chain(sum).collect(),
        sort: Vec::new(),
        fields: None,
        limit: None,
        count: Count::None,
        ..state.query(None)
    }
}

/// The question of one column: the list's own, and this value.
pub fn narrowed(state: &ListState, by: &FieldMeta, value: &Value) -> ListState {
    let condition = match value {
        Value::Null => Filter::field(by.key.to_string(), Op::Null, true),
        value => Filter::field(by.key.to_string(), Op::Eq, value.clone()),
    };
    let filter = if state.filter.is_all() { condition } else { Filter::And(vec![state.filter.clone(), condition]) };
    let mut columns = state.columns.clone();
    columns.extend(std::iter::once(by.key.to_string()).chain(amount(state).map(|f| f.key.to_string())));
    let mut seen = std::collections::HashSet::new();
    columns.retain(|c| seen.insert(c.clone()));
    ListState { filter, columns, ..state.clone() }
}

/// Shown at once; back again, with the reason, where the server refuses.
pub fn shift(board: Board, id: &str, from: usize, to: usize, undoable: bool) {
    let columns = board.columns.get_untracked();
    let (Some(source), Some(target)) = (columns.get(from).cloned(), columns.get(to).cloned()) else { return };
    let Some((place, record)) = source.rows.take(id) else { return };
    let key = board.by.with_value(|f| f.key.to_string());
    let mut moved = (*record).clone();
    moved.insert(key.clone(), target.value.clone());
    target.rows.insert(0, Arc::new(moved));
    let object = board.list.object.with_value(Arc::clone);
    let id = id.to_owned();
    leptos::task::spawn_local(async move {
        let changes = Record::from_iter([(key, target.value.clone())]);
        match records::update(&object, &id, &changes, record.version()).await {
            Ok(now) => {
                let ids = std::iter::once(id.as_str()).collect();
                target.rows.change(&ids, |row| {
                    for (key, value) in &now {
                        if row.contains_key(key) {
                            row.insert(key.clone(), value.clone());
                        }
                    }
                });
                // It was drawn anew.
                column::follow(to);
                write::wrote(board.list);
                if undoable {
                    let text = tf(BOARD_MOVED, &[("title", &record.title(&object)), ("column", &target.title)]);
                    let (object, back) = (object.clone(), source.value.clone());
                    toast::undoable(text, t(UNDO), move || put_back(board, &object, &now, (from, to), back.clone()));
                }
            }
            Err(error) => {
                target.rows.take(&id);
                source.rows.insert(place, record);
                let stale = error.is_stale();
                toast::problem(if stale { t(STALE_RELOADED).to_owned() } else { write::reason(&error) });
                if stale {
                    touched();
                }
            }
        }
    });
}

/// On the board if it is still there, else by a call alone.
fn put_back(
    board: Board,
    object: &Arc<kezhan_meta::ObjectMeta>,
    now: &Record,
    (from, to): (usize, usize),
    value: Value,
) {
    let here = board.columns.try_get_untracked().and_then(|c| c.get(to).cloned());
    if here.is_some_and(|c| c.rows.find(now.id()).is_some()) {
        return shift(board, now.id(), to, from, false);
    }
    let (object, now) = (object.clone(), now.clone());
    let key = board.by.try_with_value(|f| f.key.to_string());
    leptos::task::spawn_local(async move {
        let Some(key) = key else { return };
        let changes = Record::from_iter([(key, value)]);
        if let Err(error) = records::update(&object, now.id(), &changes, now.version()).await {
            toast::error(&error);
        }
        touched();
    });
}
