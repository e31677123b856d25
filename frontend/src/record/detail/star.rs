//! Keeping a record at hand.

use super::Open;
use crate::api::records::RecordExt;
use crate::i18n::{STAR, UNSTAR, t};
use crate::state::favorites;
use crate::ui::icon;
use leptos::prelude::*;

pub fn star(open: Open) -> AnyView {
    if !favorites::possible() {
        return ().into_any();
    }
    let kept = Memo::new(move |_| open.id.with_value(|id| favorites::has(&open.object().name, id)));
    let name = move || t(if kept.get() { UNSTAR } else { STAR });
    view! {
        <button type="button" aria-label=name title=name aria-pressed=move || kept.get().to_string() on:click=move |_| toggle(open)
            class=move || if kept.get() { "btn btn-quiet btn-icon text-warning [&_svg]:fill-current" } else { "btn btn-quiet btn-icon" }>
            {icon("star")}
        </button>
    }
    .into_any()
}

pub fn toggle(open: Open) {
    let object = open.object();
    let title = open.record.with_untracked(|r| r.as_ref().map(|r| r.title(&object)));
    if let Some(title) = title.filter(|_| favorites::possible()) {
        favorites::toggle(&object, &open.id.get_value(), &title);
    }
}
