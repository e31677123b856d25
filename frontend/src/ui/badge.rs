//! Soft badges and initials. A colour is always beside a text, never alone.

use kezhan_meta::Tone;
use leptos::prelude::*;

pub fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "tag tone-neutral",
        Tone::Info => "tag tone-info",
        Tone::Success => "tag tone-success",
        Tone::Warning => "tag tone-warning",
        Tone::Danger => "tag tone-danger",
        Tone::Accent => "tag tone-accent",
    }
}

pub fn badge(text: impl Into<String>, tone: Tone) -> AnyView {
    let text: String = text.into();
    view! { <span class=tone_class(tone)><span class="truncate leading-[1.375rem]">{text}</span></span> }.into_any()
}

/// A person's or company's sign: the first character of a Chinese name, initials of another.
pub fn initials(name: &str) -> String {
    let name = name.trim();
    // From here on writing is without spaces between words.
    if let Some(first) = name.chars().next().filter(|first| *first >= '\u{2E80}') {
        return first.to_string();
    }
    name.split_whitespace().filter_map(|w| w.chars().next()).take(2).collect::<String>().to_ascii_uppercase()
}

pub fn avatar(name: &str, large: bool) -> AnyView {
    const TONES: [Tone; 5] = [Tone::Accent, Tone::Info, Tone::Success, Tone::Warning, Tone::Danger];
    let sum: u32 = name.chars().map(u32::from).sum();
    let tone = TONES[sum as usize % TONES.len()];
    let size = if large { "size-9 text-[13px] font-semibold" } else { "size-5 text-[10px]" };
    let class = format!("{} !px-0 justify-center !rounded-full shrink-0 {size}", tone_class(tone));
    view! { <span class=class aria-hidden="true">{initials(name)}</span> }.into_any()
}
