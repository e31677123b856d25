//! Favourites and what was opened last, in the navigation.

use super::nav;
use crate::i18n::{FAVORITES, LESS, MORE, MOVE_DOWN, MOVE_UP, OPTIONS_OF, RECENT, REMOVE_FAVORITE, t, tf};
use crate::state::favorites::{self, Favorite};
use crate::state::recent::Recent;
use crate::state::{app, catalog};
use crate::ui::{Menu, MenuItem, icon};
use leptos::prelude::*;

/// Recent records shown before one asks for more.
const SHORT: usize = 5;

pub fn kept(wide: Signal<bool>) -> AnyView {
    view! { {stars(wide)}{recent(wide)} }.into_any()
}

fn heading(text: &'static str, wide: Signal<bool>) -> AnyView {
    view! { <p class=move || if wide.get() { "px-2.5 pb-1 text-xs muted" } else { "sr-only" }>{text}</p> }.into_any()
}

fn link(place: &str, object: &str, id: &str, title: &str, wide: Signal<bool>) -> Option<AnyView> {
    let (object, href) = favorites::place(object, id)?;
    Some(nav::link(place, href, &object.icon, title.to_owned(), wide))
}

fn stars(wide: Signal<bool>) -> AnyView {
    let list = app().favorites;
    let dragged = RwSignal::new(None::<usize>);
    let over = RwSignal::new(None::<usize>);
    (move || {
        let all = list.get();
        if all.is_empty() {
            return ().into_any();
        }
        let count = all.len();
        let rows = all
            .into_iter()
            .enumerate()
            .filter_map(|(at, favorite)| star(at, count, favorite, wide, dragged, over))
            .collect_view();
        view! { <div class="flex flex-col gap-px" role="group" aria-label=t(FAVORITES)>{heading(t(FAVORITES), wide)}{rows}</div> }
            .into_any()
    })
    .into_any()
}

fn star(
    at: usize,
    count: usize,
    favorite: Favorite,
    wide: Signal<bool>,
    dragged: RwSignal<Option<usize>>,
    over: RwSignal<Option<usize>>,
) -> Option<AnyView> {
    let link = link("star", &favorite.object, &favorite.record, &favorite.title, wide)?;
    let name = tf(OPTIONS_OF, &[("title", &favorite.title)]);
    let items = move || {
        let mut items = Vec::new();
        if at > 0 {
            items.push(MenuItem::new("arrow-up", t(MOVE_UP), move || favorites::put(at, at - 1)));
        }
        if at + 1 < count {
            items.push(MenuItem::new("arrow-down", t(MOVE_DOWN), move || favorites::put(at, at + 1)));
        }
        let gone = favorite.clone();
        items.push(MenuItem::new("star-off", t(REMOVE_FAVORITE), move || favorites::remove(&gone)));
        items
    };
    let items = StoredValue::new(items);
    let class = move || {
        if over.get() == Some(at) && dragged.get().is_some_and(|from| from != at) {
            "group relative flex items-center rounded-md outline outline-2 outline-primary/60"
        } else {
            "group relative flex items-center"
        }
    };
    Some(
        view! {
            <div class=class draggable="true" data-favorite=at.to_string()
                on:dragstart=move |ev| {
                    if let Some(data) = ev.data_transfer() { let _ = data.set_data("text/plain", &at.to_string()); }
                    dragged.set(Some(at));
                }
                on:dragover=move |ev| if dragged.get_untracked().is_some() { ev.prevent_default(); over.set(Some(at)) }
                on:dragend=move |_| { let _ = dragged.try_set(None); let _ = over.try_set(None); }
                on:drop=move |ev| {
                    ev.prevent_default();
                    over.set(None);
                    if let Some(from) = dragged.get_untracked() { dragged.set(None); favorites::put(from, at) }
                }>
                <div class="grow min-w-0">{link}</div>
                {move || wide.get().then(|| {
                    let name = name.clone();
                    view! {
                        <div data-beside class="absolute right-0 opacity-0 group-hover:opacity-100 focus-within:opacity-100 pointer-coarse:opacity-100 bg-base-200 rounded-md">
                            <Menu label=name class="btn btn-quiet btn-icon !h-7 !w-7" face=icon("ellipsis") items=move || items.with_value(|f| f())/>
                        </div>
                    }
                })}
            </div>
        }
        .into_any(),
    )
}

fn recent(wide: Signal<bool>) -> AnyView {
    let all = RwSignal::new(false);
    let list = app().recent;
    let usable = |r: &&Recent| catalog::object(&r.object).is_some();
    (move || {
        let recent = list.get();
        let known: Vec<&Recent> = recent.iter().filter(usable).collect();
        // Icons alone would not tell one from the other.
        if known.is_empty() || !wide.get() {
            return ().into_any();
        }
        let more = known.len() > SHORT;
        let shown = known.iter().take(if all.get() { usize::MAX } else { SHORT });
        let rows = shown.filter_map(|r| link("recent", &r.object, &r.id, &r.title, wide)).collect_view();
        view! {
            <div class="flex flex-col gap-px" role="group" aria-label=t(RECENT)>
                {heading(t(RECENT), wide)}{rows}
                {more.then(|| view! {
                    <button type="button" class="nav-item muted" aria-expanded=move || all.get().to_string() on:click=move |_| all.update(|a| *a = !*a)>
                        {icon(if all.get() { "chevron-up" } else { "chevron-down" })}{t(if all.get() { LESS } else { MORE })}
                    </button>
                })}
            </div>
        }
        .into_any()
    })
    .into_any()
}
