//! Days and instants. Instants are shown and typed in the reader's own time zone.

use super::{Input, Shown, plain};
use crate::bridge;
use crate::ui::DateInput;
use crate::ui::date::DAY_BEGINS;
use chrono::NaiveTime;
use kezhan_meta::rules::passing;
use leptos::prelude::*;
use serde_json::Value;

pub fn text(shown: Shown<'_>) -> String {
    bridge::date_time(&plain::text(shown.value))
}

pub fn cell(shown: Shown<'_>) -> AnyView {
    view! { <time class="tnum truncate" datetime=plain::text(shown.value)>{text(shown)}</time> }.into_any()
}

pub fn input(input: Input, time: bool) -> AnyView {
    let first = input.typed();
    let typed = RwSignal::new(if time && !first.is_empty() { bridge::wall_clock(&first) } else { first });
    let (value, done) = (input.value, input.done);
    let finish = move |()| {
        let text = typed.get_untracked();
        let canonical = canonical(&text, time);
        if let Some(understood) = &canonical {
            typed.set(if time { bridge::wall_clock(understood) } else { understood.clone() });
        }
        value.set(match (text.trim(), canonical) {
            ("", _) => Value::Null,
            (_, Some(canonical)) => Value::String(canonical),
            // Kept for the check to name what is wrong.
            (text, None) => Value::String(text.to_owned()),
        });
        crate::fields::finished(done);
    };
    view! { <DateInput id=input.id value=typed time=time invalid=input.invalid on_done=finish/> }.into_any()
}

/// The JSON form of what was typed; other customary spellings of dates are understood.
fn canonical(text: &str, time: bool) -> Option<String> {
    let (day, at) = passing::parse(text, bridge::today().parse().ok()?)?;
    match (time, at) {
        (true, Some(at)) => bridge::local_to_instant(&format!("{day} {}", at.format("%H:%M"))),
        // When a day of work begins, as where one picks the day.
        (true, None) => bridge::local_to_instant(&format!("{day} {DAY_BEGINS}")),
        (false, None) => Some(day.to_string()),
        (false, Some(at)) => (at == NaiveTime::MIN).then(|| day.to_string()),
    }
}
