//! What was not taken: marked where it was meant to go, listed with the reasons, and to be had again as text.

use super::Left;
use crate::bridge;
use crate::i18n::{CLOSE, COPIED, LEFT_COPY, LEFT_LISTED, LEFT_TITLE, t, tf};
use crate::record::list::grid::HEAD;
use crate::record::list::{List, columns, dialog as layer};
use crate::state::toast;
use crate::ui::{Button, icon};
use leptos::prelude::*;

/// Cells that are marked, and lines of the list.
const SHOWN: usize = 200;

pub fn marks(list: List, left: RwSignal<Vec<Left>>) -> AnyView {
    let all = move || {
        let keys = list.state.with(|s| s.columns.clone());
        let mark = |one: &Left| {
            let row = list.position(one.id.as_deref()?)?;
            let col = keys.iter().position(|c| one.key.as_deref() == Some(c))?;
            let held = columns::is_frozen(list, col);
            let place = format!("grid-column:{};{}", col + 2, columns::sticky(col, held));
            let title = format!("{}: {}", one.text, one.reason);
            Some(view! {
                <div class=if held { "grid-over z-[1]" } else { "grid-over" } prop:style=move || format!("top:{}px", HEAD + list.top(row))>
                    <div class=if held { "sticky min-w-0" } else { "relative min-w-0" } prop:style=place><div class="cell-left" title=title></div></div>
                </div>
            })
        };
        left.with(|left| left.iter().take(SHOWN).filter_map(mark).collect_view())
    };
    all.into_any()
}

pub fn dialog(left: RwSignal<Vec<Left>>, open: RwSignal<bool>) -> AnyView {
    let all = left.get_untracked();
    let lines = all.iter().take(SHOWN).map(|one| {
        view! {
            <li class="py-1.5 border-b border-base-300/60">
                <div class="flex flex-wrap gap-x-3"><span class="font-semibold">{one.place.clone()}</span><span class="muted truncate max-w-full">{one.text.clone()}</span></div>
                <div class="text-error">{one.reason.clone()}</div>
            </li>
        }
    });
    let more = all.len().checked_sub(SHOWN).filter(|n| *n > 0);
    let more = more.map(|n| view! { <p class="py-2 muted">{tf(LEFT_LISTED, &[("n", &n.to_string())])}</p> });
    let copy = move |_| {
        let line = |one: &Left| format!("{}\t{}\t{}", one.place, one.text, one.reason);
        let text = left.with_untracked(|left| left.iter().map(line).collect::<Vec<_>>().join("\r\n"));
        leptos::task::spawn_local(async move {
            if bridge::copy(&text).await {
                toast::done(t(COPIED));
            }
        });
    };
    let content = view! {
        <div class="px-4 py-2 text-[13px] overflow-y-auto"><ul id="paste-left">{lines.collect_view()}</ul>{more}</div>
        <footer class="flex justify-end gap-2 p-3">
            <button type="button" class="btn btn-plain" on:click=copy>{icon("copy")}{t(LEFT_COPY)}</button>
            <Button label=t(CLOSE) on_click=move |_| open.set(false)/>
        </footer>
    }
    .into_any();
    let title = tf(LEFT_TITLE, &[("n", &all.len().to_string())]);
    layer(title, false, move || open.set(false), content)
}
