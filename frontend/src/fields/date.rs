//! Days and instants. Instants are shown and typed in the reader's own time zone.

use super::{Input, Shown, plain};
use crate::bridge;
use crate::ui::DateInput;
use chrono::NaiveDate;
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
        value.set(match (text.trim(), canonical(&text, time)) {
            ("", _) => Value::Null,
            (_, Some(canonical)) => Value::String(canonical),
            // Kept for the check to name what is wrong.
            (text, None) => Value::String(text.to_owned()),
        });
        crate::fields::finished(done);
    };
    view! { <DateInput id=input.id value=typed time=time invalid=input.invalid on_done=finish/> }.into_any()
}

/// The JSON form of what stands there once the input has understood it.
fn canonical(text: &str, time: bool) -> Option<String> {
    match time {
        true => bridge::local_to_instant(text.trim()),
        false => text.trim().parse::<NaiveDate>().ok().map(|day| day.to_string()),
    }
}
