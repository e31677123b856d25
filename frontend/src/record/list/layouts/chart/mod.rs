//! A chart over what the list finds: one field makes the groups, another may make the series, a number is counted,
//! added up or averaged. A press on a part goes to its records in the table; the numbers stand beside it as a table.

mod data;
mod draw;

pub use data::Plan;

use super::fit;
use crate::api::client::ApiError;
use crate::bridge::chart::Chart;
use crate::i18n::{
    CHART_AVG, CHART_BAR, CHART_COUNT, CHART_CURRENCY, CHART_CURRENCY_HINT, CHART_CUT, CHART_DAY, CHART_FUNNEL,
    CHART_LINE, CHART_MAX, CHART_MIN, CHART_MONTH, CHART_OPEN, CHART_PIE, CHART_QUARTER, CHART_SUM, CHART_TOO_MANY,
    CHART_WEEK, CHART_YEAR, FILTER_CLEAR, Key, NO_MATCH, NO_MATCH_TEXT, label, t, tf,
};
use crate::record::filter::{self, to_text};
use crate::record::list::List;
use crate::state::app;
use crate::ui::{self, Button};
use data::Data;
use kezhan_meta::query::{By, Function};
use kezhan_meta::{Filter, ObjectMeta};
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Bar,
    Line,
    Pie,
    Funnel,
}

impl Shape {
    pub const ALL: [Shape; 4] = [Shape::Bar, Shape::Line, Shape::Pie, Shape::Funnel];

    pub fn key(self) -> &'static str {
        match self {
            Shape::Bar => "bar",
            Shape::Line => "line",
            Shape::Pie => "pie",
            Shape::Funnel => "funnel",
        }
    }

    pub fn name(self) -> Key {
        match self {
            Shape::Bar => CHART_BAR,
            Shape::Line => CHART_LINE,
            Shape::Pie => CHART_PIE,
            Shape::Funnel => CHART_FUNNEL,
        }
    }

    pub fn takes_series(self) -> bool {
        matches!(self, Shape::Bar | Shape::Line)
    }
}

pub const PERIODS: [(By, &str, Key); 5] = [
    (By::Day, "day", CHART_DAY),
    (By::Week, "week", CHART_WEEK),
    (By::Month, "month", CHART_MONTH),
    (By::Quarter, "quarter", CHART_QUARTER),
    (By::Year, "year", CHART_YEAR),
];

pub fn period_key(by: By) -> &'static str {
    PERIODS.iter().find(|p| p.0 == by).map_or("month", |p| p.1)
}

const FUNCTIONS: [(Function, &str, Key); 4] = [
    (Function::Sum, "sum", CHART_SUM),
    (Function::Avg, "avg", CHART_AVG),
    (Function::Min, "min", CHART_MIN),
    (Function::Max, "max", CHART_MAX),
];

/// What can be measured: the number of records, and four ways of each number.
pub fn measures(object: &ObjectMeta) -> Vec<(String, String)> {
    let count = ("count".to_owned(), t(CHART_COUNT).to_owned());
    let numbers = fit::numbers(object);
    let ways = numbers.iter().flat_map(|field| {
        FUNCTIONS.map(|(_, key, name)| (format!("{key}:{}", field.key), tf(name, &[("field", &label(&field.label))])))
    });
    std::iter::once(count).chain(ways).collect()
}

pub fn chart(list: List) -> AnyView {
    let plan = Memo::new(move |_| list.object.with_value(|o| list.layout.with(|l| Plan::read(o, l))));
    let answer: RwSignal<Option<Result<Arc<Data>, ApiError>>> = RwSignal::new(None);
    let ticket = StoredValue::new(0_u64);
    let ask = move || {
        let (state, plan, _) = (list.state.get(), plan.get(), app().written.get());
        let mine = ticket.get_value() + 1;
        ticket.set_value(mine);
        leptos::task::spawn_local(async move {
            let found = Data::read(&state, &plan).await;
            if ticket.try_get_value() == Some(mine) {
                answer.set(Some(found.map(Arc::new)));
            }
        });
    };
    Effect::new(ask);
    (move || match answer.get() {
        None => ui::loading_rows(10),
        Some(Err(error)) => ui::failed(&error, move || untrack(ask)),
        Some(Ok(data)) if data.groups.is_empty() => {
            let clear =
                move |_| list.url.push(&[filter::in_address(list, &Filter::all()), ("q", None), ("import", None)]);
            let action = list
                .state
                .with_untracked(|s| s.is_filtered())
                .then(|| view! { <Button label=t(FILTER_CLEAR) on_click=clear/> });
            ui::empty("chart-column", t(NO_MATCH), t(NO_MATCH_TEXT), action.into_any())
        }
        Some(Ok(data)) => screen(list, data),
    })
    .into_any()
}

fn screen(list: List, data: Arc<Data>) -> AnyView {
    let node = NodeRef::<html::Div>::new();
    let drawn = StoredValue::new_local(None::<Chart>);
    let (option, pressed) = (draw::option(&data), data.clone());
    Effect::new(move || {
        let Some(element) = node.get() else { return };
        let (option, data) = (option.to_string(), pressed.clone());
        leptos::task::spawn_local(async move {
            let open = move |at: i32, series: i32| {
                if let Ok(at) = usize::try_from(at) {
                    drill(list, &data, at, usize::try_from(series).ok());
                }
            };
            let Some(chart) = Chart::open(&element, open).await else { return };
            chart.draw(&option);
            drawn.try_set_value(Some(chart));
        });
    });
    on_cleanup(move || {
        drawn.try_update_value(Option::take);
    });
    let caption = data.caption();
    let notes = [
        data.cut.then(|| tf(CHART_CUT, &[("n", &draw::MOST.to_string())])).filter(|_| data.groups.len() > draw::MOST),
        data.full.then(|| t(CHART_TOO_MANY).to_owned()),
    ];
    view! {
        <div id="chart" class="grow min-h-0 overflow-auto scroll-thin flex flex-col lg:flex-row gap-4 p-4">
            <section class="lg:grow min-w-0 flex flex-col lg:min-h-0">
                <div class="flex flex-wrap items-center gap-3 pb-2">
                    <h2 class="font-semibold">{caption.clone()}</h2>
                    {currencies(list, &data)}
                </div>
                {notes.into_iter().flatten().map(|n| view! { <p class="text-xs text-warning pb-1" role="status">{n}</p> }).collect_view()}
                <div node_ref=node class="h-80 lg:h-auto lg:grow min-h-64" data-chart=data.plan.shape.key()></div>
            </section>
            {table(list, &data, caption)}
        </div>
    }
    .into_any()
}

/// Amounts of several currencies do not add up: one at a time is drawn.
fn currencies(list: List, data: &Data) -> Option<AnyView> {
    (data.units.len() > 1).then(|| {
        let now = data.unit.clone();
        let options = data.units.iter().map(|unit| {
            view! { <option value=unit.clone() selected=Some(unit) == now.as_ref()>{unit.clone()}</option> }
        });
        view! {
            <label class="flex items-center gap-2 text-[13px]">
                <span class="muted">{t(CHART_CURRENCY)}</span>
                <select id="chart-currency" class="select !w-auto" on:change=move |ev| list.url.replace(&[("unit", Some(event_target_value(&ev)))])>{options.collect_view()}</select>
                <span class="muted text-xs">{t(CHART_CURRENCY_HINT)}</span>
            </label>
        }
        .into_any()
    })
}

fn table(list: List, data: &Arc<Data>, caption: String) -> AnyView {
    let series: Vec<String> = match data.series.is_empty() {
        true => vec![data.measure_name()],
        false => data.series.iter().map(|s| s.1.clone()).collect(),
    };
    let line = |(at, (_, name)): (usize, &(serde_json::Value, String))| {
        let open = {
            let data = data.clone();
            move |_| drill(list, &data, at, None)
        };
        let numbers =
            (0..series.len()).map(|s| view! { <td class="num px-2 py-1.5 whitespace-nowrap">{data.text(at, s)}</td> });
        view! {
            <tr class="border-t border-base-300/60">
                <th scope="row" class="text-start font-normal px-2 py-1.5 sticky left-0 bg-base-100 max-w-48 truncate">
                    <button type="button" class="link text-start" title=t(CHART_OPEN) on:click=open>{name.clone()}</button>
                </th>
                {numbers.collect_view()}
            </tr>
        }
    };
    let spoken = caption.clone();
    view! {
        <div class="lg:w-96 shrink-0 lg:overflow-auto scroll-thin panel" tabindex="0" role="region" aria-label=spoken>
            <table class="w-full text-[13px]">
                <caption class="sr-only">{caption}</caption>
                <thead class="sticky top-0 z-10 bg-base-100">
                    <tr>
                        <th scope="col" class="text-start px-2 py-1.5 muted font-normal whitespace-nowrap sticky left-0 bg-base-100">{data.plan.by.as_ref().map(|f| label(&f.label))}</th>
                        {series.iter().map(|s| view! { <th scope="col" class="num px-2 py-1.5 muted font-normal whitespace-nowrap">{s.clone()}</th> }).collect_view()}
                    </tr>
                </thead>
                <tbody>{data.groups.iter().enumerate().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// To the records behind a part, in the table.
fn drill(list: List, data: &Data, at: usize, series: Option<usize>) {
    let Some(filter) = data.narrow(at, series) else { return };
    let now = list.state.with_untracked(|s| s.filter.clone());
    let filter: Filter = now.and(filter);
    let mut changes: Vec<(&str, Option<String>)> = super::KEYS.iter().map(|key| (*key, None)).collect();
    changes.extend([("filter", to_text(&filter)), ("view", None)]);
    list.url.push(&changes);
}
