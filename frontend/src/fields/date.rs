//! Days and instants. Instants are shown and typed in the reader's own time zone.

use super::{Input, Shown, plain};
use crate::bridge;
use crate::ui::DateInput;
use kezhan_meta::FieldType;
use leptos::prelude::*;
use serde_json::Value;

pub fn text(shown: Shown<'_>) -> String {
    let text = plain::text(shown.value);
    if shown.field.kind == FieldType::DateTime { bridge::date_time(&text) } else { text }
}

pub fn cell(shown: Shown<'_>) -> AnyView {
    view! { <time class="tnum truncate" datetime=plain::text(shown.value)>{text(shown)}</time> }.into_any()
}

pub fn input(input: Input, time: bool) -> AnyView {
    let first = input.typed();
    let typed = RwSignal::new(if time && !first.is_empty() { bridge::date_time(&first) } else { first });
    let (value, done) = (input.value, input.done);
    let finish = move |()| {
        let text = typed.get_untracked();
        let canonical = canonical(&text, time);
        if let (false, Some(day)) = (time, &canonical) {
            typed.set(day.clone());
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
pub fn canonical(text: &str, time: bool) -> Option<String> {
    let text = text.trim();
    if time {
        let text = if text.len() == 10 { format!("{text} 00:00") } else { text.to_owned() };
        return bridge::local_to_instant(&text);
    }
    super::filter::parse_day(text)
}
