//! The board: a column for each value of a field, rows of columns for each value of another, cards that go from one to
//! another by drag, menu or keys.

mod card;
mod cell;
mod drag;
mod lanes;
mod moving;
mod pipeline;
mod totals;

use super::fit;
use crate::i18n::{BOARD_HINT, KANBAN_EMPTY_VALUE, label, t};
use crate::record::ask::{self, Ask};
use crate::record::list::{List, ListState, Rows, cells};
use crate::ui;
use drag::Drag;
use kezhan_meta::{FieldMeta, FieldType, Filter, Op, Record, Tone};
use leptos::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;

/// A column: its value, its name, what a card must have to come here.
#[derive(Clone, PartialEq)]
pub struct Column {
    pub value: Value,
    pub title: String,
    pub tone: Tone,
    pub requires: Vec<String>,
}

/// A row of columns; the only one has no name.
#[derive(Clone, PartialEq)]
pub struct Lane {
    pub value: Value,
    pub title: String,
}

/// Lane and column of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub lane: usize,
    pub column: usize,
}

/// What the parts of one board share.
#[derive(Clone, Copy)]
pub struct Board {
    pub list: List,
    by: StoredValue<FieldMeta>,
    lane: StoredValue<Option<FieldMeta>>,
    columns: RwSignal<Vec<Column>>,
    lanes: RwSignal<Vec<Lane>>,
    /// The cards of each place, for as long as the board stands: by the lane's value and the column.
    cards: StoredValue<HashMap<(String, usize), Rows>>,
    owner: StoredValue<Owner>,
    drag: RwSignal<Option<Drag>>,
    /// Counts and sums by column, and by lane, each by currency too.
    totals: RwSignal<Vec<Record>>,
    counts: RwSignal<Vec<Record>>,
    /// May this person move cards to other columns, to other lanes?
    movable: bool,
    across: bool,
    asking: RwSignal<Option<Ask>>,
}

pub fn screen(list: List) -> AnyView {
    // Another field makes another board.
    let shape = Memo::new(move |_| {
        list.object.with_value(|object| {
            list.layout.with(|layout| {
                let by = fit::asked(fit::boards(object), layout.get("by"))?;
                let lane = fit::only(fit::lanes(object), layout.get("lane")).filter(|l| l.key != by.key);
                let pipeline = layout.get("pipeline").filter(|_| fit::is_stage(&by)).map(str::to_owned);
                Some((by, lane, pipeline))
            })
        })
    });
    (move || shape.get().map(|(by, lane, pipeline)| untrack(|| board(list, by, lane, pipeline)))).into_any()
}

fn board(list: List, by: FieldMeta, lane: Option<FieldMeta>, pipeline: Option<String>) -> AnyView {
    let board = Board {
        list,
        by: StoredValue::new(by.clone()),
        lane: StoredValue::new(lane.clone()),
        columns: RwSignal::new(Vec::new()),
        lanes: RwSignal::new(if lane.is_none() {
            vec![Lane { value: Value::Null, title: String::new() }]
        } else {
            Vec::new()
        }),
        cards: StoredValue::new(HashMap::new()),
        owner: StoredValue::new(Owner::current().unwrap_or_default()),
        drag: RwSignal::new(None),
        totals: RwSignal::new(Vec::new()),
        counts: RwSignal::new(Vec::new()),
        movable: cells::editable(list, &by),
        across: lane.as_ref().is_some_and(|f| cells::editable(list, f)),
        asking: RwSignal::new(None),
    };
    let above = match &by.kind {
        FieldType::Choice { options } => {
            let column = |value, title, tone| Column { value, title, tone, requires: Vec::new() };
            let mut columns: Vec<Column> =
                options.iter().map(|o| column(json!(o.value), label(&o.label), o.tone)).collect();
            if !by.required {
                columns.push(column(Value::Null, t(KANBAN_EMPTY_VALUE).to_owned(), Tone::Neutral));
            }
            board.columns.set(columns);
            ().into_any()
        }
        _ => pipeline::columns(board, pipeline),
    };
    totals::follow(board);
    let body = move || match (board.columns.with(Vec::is_empty), board.lane.with_value(Option::is_some)) {
        (true, _) => ui::loading_rows(6),
        (false, true) => lanes::view(board),
        (false, false) => columns(board),
    };
    view! {
        {above}
        {body}
        {drag::shadow(board)}
        {move || board.asking.get().map(ask::dialog)}
    }
    .into_any()
}

/// One lane over the whole height, each column with its own scroll.
fn columns(board: Board) -> AnyView {
    let all = board.columns.get().into_iter().enumerate();
    let column = |(at, column): (usize, Column)| {
        let place = Place { lane: 0, column: at };
        view! {
            <section class="w-[84vw] sm:w-72 shrink-0 snap-center flex flex-col min-h-0 rounded-lg bg-base-content/4" data-column=at.to_string() data-lane="0"
                class=("board-over", move || board.is_over(place)) aria-label=column.title.clone()>
                {totals::head(board, at, &column)}
                {cell::view(board, place, "grow min-h-0 px-2")}
            </section>
        }
    };
    view! {
        <div id="board" class="grow min-h-0 overflow-x-auto scroll-thin flex gap-3 p-3 bg-base-200 snap-x snap-mandatory md:snap-none" role="group"
            style:scroll-snap-type=move || board.drag.with(Option::is_some).then_some("none")
            aria-label=board.by.with_value(|f| label(&f.label)) aria-description=t(BOARD_HINT)>
            {all.map(column).collect_view()}
        </div>
    }
    .into_any()
}

impl Board {
    fn is_over(self, place: Place) -> bool {
        self.drag.with(|d| d.as_ref().is_some_and(|d| d.over == Some(place) && d.from != place))
    }

    /// The cards of a place; they stay when it is scrolled out of sight.
    fn rows(self, place: Place) -> Rows {
        let lane = self.lanes.with_untracked(|l| l.get(place.lane).map(|l| l.value.to_string())).unwrap_or_default();
        let key = (lane, place.column);
        if let Some(known) = self.cards.with_value(|c| c.get(&key).copied()) {
            return known;
        }
        let rows = self.owner.with_value(|owner| owner.with(Rows::new));
        self.cards.update_value(|c| {
            c.insert(key, rows);
        });
        rows
    }

    /// The question of one place: the list's own, this value, and this lane's.
    fn narrowed(self, state: &ListState, place: Place) -> ListState {
        let equals = |field: &FieldMeta, value: &Value| match value {
            Value::Null => Filter::field(field.key.to_string(), Op::Null, true),
            value => Filter::field(field.key.to_string(), Op::Eq, value.clone()),
        };
        let mut filter = state.filter.clone();
        let mut columns = state.columns.clone();
        self.by.with_value(|by| {
            if let Some(column) = self.columns.with_untracked(|c| c.get(place.column).cloned()) {
                filter = filter.clone().and(equals(by, &column.value));
            }
            columns.push(by.key.to_string());
        });
        self.lane.with_value(|field| {
            let lane = self.lanes.with_untracked(|l| l.get(place.lane).cloned());
            if let (Some(field), Some(lane)) = (field, lane) {
                filter = filter.clone().and(equals(field, &lane.value));
                columns.push(field.key.to_string());
            }
        });
        columns.extend(totals::amount(state).map(|f| f.key.to_string()));
        let mut seen = std::collections::HashSet::new();
        columns.retain(|c| seen.insert(c.clone()));
        ListState { filter, columns, ..state.clone() }
    }
}
