//! A month or a week on a narrow screen: each day says how much it holds, and what is on the chosen one stands below.

use super::when::{Span, When, tinted};
use super::{CROWD, Screen, tone_class};
use crate::api::records::RecordExt;
use crate::bridge;
use crate::i18n::{CALENDAR_DAY_HOLDS, CALENDAR_NEW, CALENDAR_NOTHING, WEEKDAYS, t, tf};
use crate::record::detail::focus_later;
use crate::ui::{Button, Look};
use chrono::{Datelike, Days, NaiveDate};
use kezhan_meta::{ObjectMeta, Record, Tone};
use leptos::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// More than so many dots are a number.
const DOTS: usize = 3;
/// What lasts longer is shown no further.
const LONGEST: usize = 42;

#[derive(Clone, PartialEq)]
struct Entry {
    id: String,
    title: String,
    /// The time of the day, where there is one.
    at: String,
    tone: &'static str,
}

/// Whole weeks.
fn shown(day: NaiveDate, span: Span) -> Vec<NaiveDate> {
    let monday = |day: NaiveDate| day - Days::new(u64::from(day.weekday().num_days_from_monday()));
    let first = if span == Span::Month { day.with_day(1).unwrap_or(day) } else { day };
    let weeks = monday(first).iter_weeks();
    let here = |week: &NaiveDate| match span {
        Span::Month => *week <= first || (week.month(), week.year()) == (day.month(), day.year()),
        _ => *week <= first,
    };
    weeks.take_while(here).flat_map(|week| week.iter_days().take(7)).collect()
}

pub fn grid(screen: Screen) -> AnyView {
    let span = screen.span.get_untracked();
    let Some(when) = screen.when.get_untracked() else { return ().into_any() };
    let days = Memo::new(move |_| shown(screen.day.get(), span));
    Effect::new(move || {
        let all = days.get();
        if let (Some(first), Some(last), Some(middle)) = (all.first(), all.last(), all.get(all.len() / 2)) {
            let (from, to, week) = if span == Span::Week { (first, last, true) } else { (middle, middle, false) };
            screen.title.set(bridge::span(&from.to_string(), &to.to_string(), week));
            screen.range.set(last.succ_opt().map(|end| (*first, end)));
        }
    });
    let object = screen.list.object.with_value(Arc::clone);
    let timed = when.clone();
    let entries = Memo::new(move |_| screen.found.with(|found| by_day(&object, &timed, found)));
    let holds = move |day: NaiveDate| {
        let crowd = screen.crowds.with(|c| c.iter().find(|(d, _)| *d == day).map(|(_, n)| *n));
        crowd.unwrap_or_else(|| entries.with(|e| e.get(&day).map_or(0, |all| all.len() as i64)))
    };
    let dots = move |day: NaiveDate| match holds(day) {
        n if n > DOTS as i64 => n.to_string().into_any(),
        _ => {
            let tones = entries.with(|e| e.get(&day).into_iter().flatten().map(|one| one.tone).collect::<Vec<_>>());
            tones
                .into_iter()
                .map(|tone| view! { <i class=format!("size-1.5 rounded-full bg-(--tone) {tone}")></i> })
                .collect_view()
                .into_any()
        }
    };
    let choose = move |day: NaiveDate| screen.list.url.replace(&[("day", Some(day.to_string()))]);
    let key = move |ev: leptos::ev::KeyboardEvent| {
        let day = screen.day.get_untracked();
        let to = match ev.key().as_str() {
            "ArrowLeft" => day.pred_opt(),
            "ArrowRight" => day.succ_opt(),
            "ArrowUp" => day.checked_sub_days(Days::new(7)),
            "ArrowDown" => day.checked_add_days(Days::new(7)),
            _ => None,
        };
        if let Some(to) = to {
            ev.prevent_default();
            choose(to);
            focus_later(format!("day-{to}"));
        }
    };
    let today = bridge::today();
    let cell = move |day: NaiveDate, middle: u32| {
        let chosen = Memo::new(move |_| screen.day.get() == day);
        let number = match (day.to_string() == today, day.month() == middle) {
            (true, _) => "font-semibold text-primary",
            (_, true) => "",
            _ => "muted",
        };
        let face = move || match chosen.get() {
            true => {
                "size-8 grid place-items-center rounded-full bg-primary text-primary-content font-semibold".to_owned()
            }
            false => format!("size-8 grid place-items-center rounded-full {number}"),
        };
        let name = move || format!("{day} {}", tf(CALENDAR_DAY_HOLDS, &[("n", &holds(day).to_string())]));
        view! {
            <button type="button" id=format!("day-{day}") data-day=day.to_string() class="flex flex-col items-center gap-0.5 h-13 rounded-lg"
                aria-label=name aria-pressed=move || chosen.get().to_string() tabindex=move || if chosen.get() { "0" } else { "-1" }
                on:click=move |_| choose(day)>
                <span class=face>{day.day()}</span>
                <span class="h-3 flex items-center gap-0.5 text-xs leading-none muted tnum">{move || dots(day)}</span>
            </button>
        }
    };
    let heads = t(WEEKDAYS).split(',').map(|name| view! { <span class="text-center text-xs muted">{name}</span> });
    let cells = move || {
        let all = days.get();
        let middle = all.get(all.len() / 2).map_or(0, Datelike::month);
        let cell = cell.clone();
        all.into_iter().map(|day| cell(day, middle)).collect_view()
    };
    view! {
        <div id="calendar" class="calendar grow min-h-0 overflow-auto scroll-thin px-3 pb-20 text-[13px]">
            <div class="grid grid-cols-7 pb-1" aria-hidden="true">{heads.collect_view()}</div>
            <div class="grid grid-cols-7 pb-2" role="group" on:keydown=key>{cells}</div>
            {move || chosen(screen, &when, &entries.with(|e| e.get(&screen.day.get()).cloned().unwrap_or_default()), holds(screen.day.get()))}
        </div>
    }
    .into_any()
}

/// What is on the day that is chosen.
fn chosen(screen: Screen, when: &When, entries: &[Entry], holds: i64) -> AnyView {
    let day = screen.day.get();
    let weekday = t(WEEKDAYS).split(',').nth(day.weekday().num_days_from_monday() as usize).unwrap_or_default();
    let each = entries.iter().cloned().map(|entry| {
        view! {
            <li>
                <button type="button" data-id=entry.id.clone() class="w-full min-h-11 flex items-center gap-2 text-start" on:click=move |_| screen.open(entry.id.clone())>
                    <i class=format!("size-2 rounded-full shrink-0 bg-(--tone) {}", entry.tone)></i>
                    <span class="muted tnum empty:hidden">{entry.at}</span><span class="truncate">{entry.title}</span>
                </button>
            </li>
        }
    });
    // Too many to be read for every day at once.
    let crowd = (entries.is_empty() && holds > 0).then(|| {
        let text = tf(CALENDAR_DAY_HOLDS, &[("n", &holds.to_string())]);
        view! { <button type="button" class="link min-h-11" on:click=move |_| screen.open(format!("{CROWD}{day}"))>{text}</button> }
    });
    view! {
        <div class="flex items-center gap-2 min-h-11 border-t border-base-300">
            <h3 class="grow font-semibold tnum">{bridge::date_time(&day.to_string())}" "<span class="font-normal muted">{weekday}</span></h3>
            {screen.creates(when).then(|| view! { <Button label=t(CALENDAR_NEW) look=Look::Quiet icon="plus" icon_only=true on_click=move |_| screen.create(&day.to_string())/> })}
        </div>
        {(holds == 0).then(|| view! { <p class="muted py-2">{t(CALENDAR_NOTHING)}</p> })}
        <ul class="divide-y divide-base-300/60">{each.collect_view()}</ul>
        {crowd}
    }
    .into_any()
}

fn by_day(object: &ObjectMeta, when: &When, found: &[Record]) -> HashMap<NaiveDate, Vec<Entry>> {
    let tint = tinted(object);
    let mut all: HashMap<NaiveDate, Vec<Entry>> = HashMap::new();
    let local = |text: &str| if when.time() { bridge::wall_clock(text) } else { text.to_owned() };
    let day = |text: &str| text.get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
    for record in found {
        let Some(start) = record.value(&when.start.key).as_str().map(local) else { continue };
        let Some(first) = day(&start) else { continue };
        let end = when.end.as_ref().and_then(|f| day(&local(record.value(&f.key).as_str()?)));
        let tone = tint.as_ref().and_then(|f| {
            let value = record.value(&f.key).as_str()?;
            f.options().iter().find(|o| o.value == value).map(|o| o.tone)
        });
        let entry = |on: NaiveDate| Entry {
            id: record.id().to_owned(),
            title: record.title(object),
            at: if on == first { start.get(11..).unwrap_or_default().to_owned() } else { String::new() },
            tone: tone_class(tone.unwrap_or(Tone::Accent)),
        };
        for on in first.iter_days().take(LONGEST).take_while(|on| *on <= end.unwrap_or(first)) {
            all.entry(on).or_default().push(entry(on));
        }
    }
    all
}
