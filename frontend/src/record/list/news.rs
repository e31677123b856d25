//! What others do while a list is on screen: rows that are there follow, and of the rest a button tells, which brings it.

use super::layouts::Kind;
use super::{List, strays, write};
use crate::api::records::RecordExt;
use crate::i18n::{LIST_NEWS, LIST_NEWS_LOAD, t, tf};
use crate::state::live::Change;
use crate::state::{app, touched};
use crate::ui::icon;
use leptos::prelude::*;
use std::collections::HashSet;

pub fn chip(list: List) -> AnyView {
    let waiting = RwSignal::new(HashSet::<String>::new());
    // Whatever makes the list look again brings all of it.
    Effect::new(move || {
        list.state.track();
        app().written.track();
        waiting.set(HashSet::new());
    });
    Effect::new(move || {
        // Not under the hands of whoever writes.
        let busy = list.cells.editing.with(Option::is_some) || list.progress.with(Option::is_some);
        if busy || app().news.with(Vec::is_empty) {
            return;
        }
        let news = app().news.try_update(std::mem::take).unwrap_or_default();
        untrack(|| take_up(list, news, waiting));
    });
    (move || match waiting.with(HashSet::len) {
        0 => ().into_any(),
        n => view! {
            <button type="button" id="list-news" class="tap grid place-items-center group" title=t(LIST_NEWS_LOAD) on:click=move |_| touched()>
                <span class="flex items-center gap-1 rounded px-1.5 h-6 text-xs whitespace-nowrap bg-info/12 text-info group-hover:bg-info/20">
                    {icon("rotate-cw")}{tf(LIST_NEWS, &[("n", &n.to_string())])}
                </span>
            </button>
        }
        .into_any(),
    })
    .into_any()
}

fn take_up(list: List, news: Vec<Change>, waiting: RwSignal<HashSet<String>>) {
    let rows = list.layout.with(|l| matches!(l.kind, Kind::Table | Kind::Gallery));
    let known = |change: &Change| {
        list.find(&change.id).is_some_and(|row| row.version().is_some_and(|version| version >= change.version))
    };
    let ids: HashSet<String> = news.into_iter().filter(|change| !known(change)).map(|change| change.id).collect();
    let (here, elsewhere): (Vec<String>, Vec<String>) = ids.into_iter().partition(|id| rows && list.find(id).is_some());
    if !elsewhere.is_empty() {
        waiting.update(|all| all.extend(elsewhere));
    }
    if here.is_empty() {
        return;
    }
    leptos::task::spawn_local(async move {
        let gone = write::reload(list, &here).await;
        strays::gone(list, &gone);
        strays::mark(list, here.into_iter().filter(|id| !gone.contains(id)).collect()).await;
        if !gone.is_empty() {
            let _ = waiting.try_update(|all| all.extend(gone));
        }
    });
}
