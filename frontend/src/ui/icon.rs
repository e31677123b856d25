//! Icons from the sprite in the page; `build.mjs` collects the names used.

use leptos::prelude::*;

pub fn icon(name: &str) -> AnyView {
    icon_sized(name, "size-4 shrink-0")
}

fn icon_sized(name: &str, class: &'static str) -> AnyView {
    let href = format!("#i-{name}");
    view! {
        <svg class=class fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round"
            stroke-linejoin="round" aria-hidden="true">
            <use href=href></use>
        </svg>
    }
    .into_any()
}

/// For empty states and drop zones.
pub fn icon_large(name: &str) -> AnyView {
    icon_sized(name, "size-9")
}
