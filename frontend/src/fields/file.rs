//! A file held by the server.

use super::{Input, Shown, plain, reference};
use crate::api::client::BASE;
use crate::ui::icon;
use leptos::prelude::*;

pub fn cell(shown: Shown<'_>) -> AnyView {
    let id = plain::text(shown.value);
    view! {
        <a class="link inline-flex items-center gap-1 min-w-0" href=format!("{BASE}/attachments/{id}/content") download
            on:click=|ev| ev.stop_propagation()>{icon("paperclip")}<span class="truncate">{reference::text(shown)}</span></a>
    }
    .into_any()
}

/// Chosen among the files that are there; files are uploaded on the record they belong to.
pub fn input(input: Input) -> AnyView {
    reference::input(input, false)
}
