//! Relative dates as one chooses and reads them: `本季度`, `最近 30 天`.

use crate::i18n::{self, Key, t, tf};
use kezhan_meta::rules::relative::{KEYWORDS, Relative, Unit};
use leptos::prelude::*;
use serde_json::{Value, json};

const UNITS: [(Unit, &str, Key, Key); 5] = [
    (Unit::Day, "day", i18n::UNIT_DAY, i18n::UNIT_DAYS),
    (Unit::Week, "week", i18n::UNIT_WEEK, i18n::UNIT_WEEKS),
    (Unit::Month, "month", i18n::UNIT_MONTH, i18n::UNIT_MONTHS),
    (Unit::Quarter, "quarter", i18n::UNIT_QUARTER, i18n::UNIT_QUARTERS),
    (Unit::Year, "year", i18n::UNIT_YEAR, i18n::UNIT_YEARS),
];
/// What is proposed where nothing else is said.
const DAYS: u32 = 7;

fn named(keyword: &str) -> Option<Key> {
    Some(match keyword {
        "today" => i18n::REL_TODAY,
        "yesterday" => i18n::REL_YESTERDAY,
        "tomorrow" => i18n::REL_TOMORROW,
        "this_week" => i18n::REL_THIS_WEEK,
        "last_week" => i18n::REL_LAST_WEEK,
        "next_week" => i18n::REL_NEXT_WEEK,
        "this_month" => i18n::REL_THIS_MONTH,
        "last_month" => i18n::REL_LAST_MONTH,
        "next_month" => i18n::REL_NEXT_MONTH,
        "this_quarter" => i18n::REL_THIS_QUARTER,
        "last_quarter" => i18n::REL_LAST_QUARTER,
        "next_quarter" => i18n::REL_NEXT_QUARTER,
        "this_year" => i18n::REL_THIS_YEAR,
        "last_year" => i18n::REL_LAST_YEAR,
        "next_year" => i18n::REL_NEXT_YEAR,
        _ => return None,
    })
}

/// `last` or `next`, how many of what.
fn counted(keyword: &str) -> Option<(&'static str, u32, Unit)> {
    match keyword.parse().ok()? {
        Relative::Last { unit, count } => Some(("last", count, unit)),
        Relative::Next { unit, count } => Some(("next", count, unit)),
        Relative::Period { .. } => None,
    }
}

pub fn text(keyword: &str) -> String {
    if let Some(key) = named(keyword) {
        return t(key).to_owned();
    }
    let Some((side, count, unit)) = counted(keyword) else { return keyword.to_owned() };
    let unit = UNITS.iter().find(|u| u.0 == unit).map_or("", |u| t(if count == 1 { u.2 } else { u.3 }));
    let key = if side == "last" { i18n::REL_LAST_N } else { i18n::REL_NEXT_N };
    tf(key, &[("n", &count.to_string()), ("unit", unit)])
}

/// A period by name, or so many days, weeks … before or after today.
pub fn input(id: String, value: RwSignal<Value>) -> AnyView {
    let now = move || value.with(|v| v.as_str().unwrap_or_default().to_owned());
    if now().is_empty() {
        value.set(json!("this_month"));
    }
    let mode = Memo::new(move |_| {
        let now = now();
        counted(&now).map_or(now, |(side, ..)| side.to_owned())
    });
    let set = move |side: &str, count: u32, unit: Unit| {
        let relative = match side {
            "last" => Relative::Last { unit, count },
            _ => Relative::Next { unit, count },
        };
        // What is too much stays as it was.
        if relative.to_string().parse::<Relative>().is_ok() {
            value.set(json!(relative.to_string()));
        }
    };
    let choose = move |key: String| match key.as_str() {
        side @ ("last" | "next") => {
            let (_, count, unit) = counted(&now()).unwrap_or(("", DAYS, Unit::Day));
            set(side, count, unit);
        }
        keyword => value.set(json!(keyword)),
    };
    let option = move |key: &'static str, text: String| view! { <option value=key selected=move || mode.get() == key>{text}</option> };
    let counts = move || {
        let side = mode.get();
        matches!(side.as_str(), "last" | "next").then(|| {
            let (_, count, unit) = counted(value.get_untracked().as_str().unwrap_or_default())
                .unwrap_or(("", DAYS, Unit::Day));
            let (sides, sides2) = (side.clone(), side);
            let units = UNITS.iter().map(|u| view! { <option value=u.1 selected=u.0 == unit>{t(u.3)}</option> });
            view! {
                <input type="number" class="input !w-20" min="1" step="1" inputmode="numeric" aria-label=t(i18n::REL_COUNT) prop:value=count.to_string()
                    on:input=move |ev| {
                        if let (Ok(n), Some((_, _, unit))) = (event_target_value(&ev).parse(), counted(&now())) { set(&sides, n, unit) }
                    }/>
                <select class="select !w-auto" aria-label=t(i18n::REL_UNIT) on:change=move |ev| {
                    let key = event_target_value(&ev);
                    if let (Some(u), Some((_, n, _))) = (UNITS.iter().find(|u| u.1 == key), counted(&now())) { set(&sides2, n, u.0) }
                }>{units.collect_view()}</select>
            }
        })
    };
    view! {
        <div class="flex flex-wrap gap-2">
            <select id=id class="select !w-auto grow" aria-label=t(i18n::REL_PERIOD) on:change=move |ev| choose(event_target_value(&ev))>
                {KEYWORDS.iter().map(|k| option(k, text(k))).collect_view()}
                {option("last", t(i18n::REL_LAST).to_owned())}
                {option("next", t(i18n::REL_NEXT).to_owned())}
            </select>
            {counts}
        </div>
    }
    .into_any()
}
