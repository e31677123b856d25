//! A date is typed or picked. The native control shows the browser's language, not the page's.

use super::icon::icon;
use super::popover::Popover;
use crate::bridge;
use crate::i18n::{
    CLEAR, DATE_FORM, DATE_TIME_FORM, NEXT_MONDAY, NEXT_MONTH, PICK_DATE, PREVIOUS_MONTH, TODAY, TOMORROW, t,
};
use crate::state::prefs;
use chrono::{Datelike, Days, NaiveDate, NaiveTime};
use kezhan_meta::rules::passing;
use leptos::prelude::*;

/// The time of a day that comes without one.
const DAY_BEGINS: &str = "09:00";

/// Edits `YYYY-MM-DD`, or `YYYY-MM-DD HH:MM` with `time`.
#[component]
pub fn DateInput(
    #[prop(into)] id: String,
    value: RwSignal<String>,
    #[prop(optional)] time: bool,
    #[prop(optional, into)] invalid: Signal<bool>,
    /// Told when the reader has finished with it.
    #[prop(optional, into)]
    on_done: Option<Callback<()>>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let ready = RwSignal::new(false);
    let toggle = move |_| {
        open.update(|o| *o = !*o);
        leptos::task::spawn_local(async move {
            bridge::load_calendar().await;
            ready.set(true);
        });
    };
    let done = move || {
        if let Some(f) = on_done {
            f.run(());
        }
    };
    let pick = move |day: String| {
        let rest = value.with_untracked(|v| v.split_once(' ').map(|(_, time)| time.to_owned()));
        value.set(match (time, rest) {
            (true, Some(rest)) => format!("{day} {rest}"),
            (true, None) => format!("{day} {DAY_BEGINS}"),
            (false, _) => day,
        });
        open.set(false);
        done();
    };
    let trigger = view! {
        <div class="relative w-full">
            // Keys for numbers have no colon everywhere.
            <input type="text" id=id class="input pr-9 tnum" autocomplete="off" inputmode=if time { "text" } else { "numeric" }
                placeholder=t(if time { DATE_TIME_FORM } else { DATE_FORM })
                aria-invalid=move || invalid.get().to_string()
                prop:value=move || value.get()
                on:input=move |ev| value.set(event_target_value(&ev))
                on:change=move |_| {
                    if let Some(text) = understood(&value.get_untracked(), time) { value.set(text) }
                    done();
                }/>
            <button type="button" class="btn btn-quiet btn-icon absolute right-0 top-0 z-10" tabindex="-1"
                aria-label=t(PICK_DATE) on:click=toggle>{icon("calendar")}</button>
        </div>
    }
    .into_any();
    view! {
        <Popover open=open trigger=trigger class="w-full min-w-0 !shrink" panel_class="p-3">
            <Show when=move || ready.get() fallback=super::spinner>
                <calendar-date class="cally" today=today() value=value.with_untracked(|v| v.get(..10).unwrap_or_default().to_owned())
                    locale=prefs::lang().tag() first-day-of-week="1"
                    on:change=move |ev| pick(event_target_value(&ev))>
                    <span slot="previous" aria-label=t(PREVIOUS_MONTH)>{icon("chevron-left")}</span>
                    <span slot="next" aria-label=t(NEXT_MONTH)>{icon("chevron-right")}</span>
                    <calendar-month></calendar-month>
                </calendar-date>
            </Show>
            <div class="flex justify-between mt-2">
                <div class="flex">
                    {[(TODAY, 0), (TOMORROW, 1), (NEXT_MONDAY, to_monday())].map(|(name, days)| view! {
                        <button type="button" class="btn btn-quiet" on:click=move |_| pick(days_from_today(days))>{t(name)}</button>
                    })}
                </div>
                <button type="button" class="btn btn-quiet" on:click=move |_| { value.set(String::new()); open.set(false); done() }>{t(CLEAR)}</button>
            </div>
        </Popover>
    }
}

/// What was typed in passing, as it is written here.
fn understood(text: &str, time: bool) -> Option<String> {
    let (day, at) = passing::parse(text, today().parse().ok()?)?;
    match (time, at) {
        (true, Some(at)) => Some(format!("{day} {}", at.format("%H:%M"))),
        // When a day of work begins, as where one picks the day.
        (true, None) => Some(format!("{day} {DAY_BEGINS}")),
        (false, None) => Some(day.to_string()),
        (false, Some(at)) => (at == NaiveTime::MIN).then(|| day.to_string()),
    }
}

fn days_from_today(days: u64) -> String {
    let day = today().parse::<NaiveDate>().ok().and_then(|day| day.checked_add_days(Days::new(days)));
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Days to the first of the next week.
fn to_monday() -> u64 {
    let now = today().parse::<NaiveDate>().map_or(0, |day| day.weekday().num_days_from_monday());
    u64::from(7 - now)
}

/// The day that it is in the time zone which the reader has chosen.
pub fn today() -> String {
    let now: String = js_sys::Date::new_0().to_iso_string().into();
    bridge::wall_clock(&now).get(..10).unwrap_or_default().to_owned()
}
