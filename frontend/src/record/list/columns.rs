//! Which columns, in which order, how wide, and which of them stay in place.

use super::List;
use super::state::default_columns;
use crate::fields;
use crate::i18n::{COLUMNS, COLUMNS_FROZEN, COLUMNS_RESET, MOVE_DOWN, MOVE_UP, SEARCH, label, t};
use crate::lazy;
use crate::record::url::Url;
use crate::ui::{Popover, icon};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The column of check boxes.
pub const CHECKS: i32 = 40;
const NARROWEST: i32 = 60;
const WIDEST: i32 = 900;
const FROZEN_MAX: usize = 4;
/// Of the window's width.
const HELD_MOST: f64 = 0.6;
/// The first says which record it is.
pub const FROZEN: usize = 1;

/// Widths as chosen, and the number of columns that stay.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub widths: BTreeMap<String, i32>,
    pub frozen: usize,
}

impl Default for Look {
    fn default() -> Look {
        Look { widths: BTreeMap::new(), frozen: FROZEN }
    }
}

impl Look {
    pub fn read(url: Url) -> Look {
        let pairs = url.get("widths").unwrap_or_default();
        let mut widths = BTreeMap::new();
        // One by one: collecting would sort.
        widths.extend(pairs.split(',').filter_map(|pair| {
            let (key, width) = pair.split_once(':')?;
            Some((key.to_owned(), width.parse::<i32>().ok()?.clamp(NARROWEST, WIDEST)))
        }));
        let frozen = url.get("frozen").and_then(|n| n.parse().ok()).unwrap_or(FROZEN);
        Look { widths, frozen: usize::min(frozen, FROZEN_MAX) }
    }

    pub fn widths_text(&self) -> Option<String> {
        let pairs: Vec<String> = self.widths.iter().map(|(key, width)| format!("{key}:{width}")).collect();
        (!pairs.is_empty()).then(|| pairs.join(","))
    }

    pub fn frozen_text(&self) -> Option<String> {
        (self.frozen != FROZEN).then(|| self.frozen.to_string())
    }
}

fn widths(list: List, track: bool) -> Vec<i32> {
    let (state, look, resizing) = if track {
        (list.state.get(), list.look.get(), list.resizing.get())
    } else {
        (list.state.get_untracked(), list.look.get_untracked(), list.resizing.get_untracked())
    };
    let width = |field: kezhan_meta::FieldMeta| match &resizing {
        Some((key, width)) if *key == field.key => *width,
        _ => {
            let own = fields::column_width(&field, field.key == state.object.title) as i32;
            look.widths.get(field.key.as_ref()).copied().unwrap_or(own)
        }
    };
    state.fields().into_iter().map(width).collect()
}

/// Left edge and width of each column.
pub fn places(list: List) -> Vec<(i32, i32)> {
    let mut left = CHECKS;
    let place = |width| {
        let at = left;
        left += width;
        (at, width)
    };
    widths(list, false).into_iter().map(place).collect()
}

pub fn is_frozen(list: List, col: usize) -> bool {
    col < held(list)
}

/// How many columns stay: no more than leave the others room to be seen.
pub fn held(list: List) -> usize {
    let wide = window().inner_width().ok().and_then(|w| w.as_f64()).unwrap_or_default();
    let room = (wide * HELD_MOST) as i32;
    let wanted = list.look.with_untracked(|l| l.frozen);
    places(list).into_iter().take(wanted).take_while(|(left, width)| left + width <= room).count()
}

/// Where the columns that stay end.
pub fn frozen_edge(list: List) -> i32 {
    match held(list).checked_sub(1).and_then(|last| places(list).get(last).copied()) {
        Some((left, width)) => left + width,
        None => CHECKS,
    }
}

/// A frozen column holds to the edge that the grid says.
pub fn sticky(col: usize, frozen: bool) -> String {
    if frozen { format!("left:var(--left{col})") } else { String::new() }
}

/// The grid's own style: the template of its columns and the edges of those that stay.
pub fn template(list: List) -> String {
    let widths = widths(list, true);
    let columns: Vec<String> = widths.iter().map(|w| format!("{w}px")).collect();
    let row = list.steps().row;
    let mut style = format!("--row:{row}px;--cols:{CHECKS}px {} minmax(40px,1fr)", columns.join(" "));
    let mut left = CHECKS;
    for (col, width) in widths.iter().enumerate().take(FROZEN_MAX) {
        style.push_str(&format!(";--left{col}:{left}px"));
        left += width;
    }
    style
}

pub fn put(list: List, columns: &[String]) {
    let object = list.object.with_value(Arc::clone);
    let text = (columns != default_columns(&object)).then(|| columns.join(","));
    list.url.push(&[("columns", text)]);
}

pub fn set_width(list: List, key: &str, width: i32) {
    let mut look = list.look.get_untracked();
    look.widths.insert(key.to_owned(), width.clamp(NARROWEST, WIDEST));
    list.url.replace(&[("widths", look.widths_text())]);
}

pub fn width_of(list: List, key: &str) -> i32 {
    let at = list.state.with_untracked(|s| s.columns.iter().position(|c| c == key));
    at.and_then(|at| places(list).get(at).map(|(_, width)| *width)).unwrap_or(NARROWEST)
}

pub fn clamp(width: i32) -> i32 {
    width.clamp(NARROWEST, WIDEST)
}

pub fn freeze(list: List, n: usize) {
    list.url.push(&[("frozen", Look { frozen: n.min(FROZEN_MAX), ..Look::default() }.frozen_text())]);
}

/// Takes a column out and puts it before the one that stands at `to` now.
pub fn shift(list: List, key: &str, to: usize) {
    let mut columns = list.state.get_untracked().columns;
    let Some(from) = columns.iter().position(|c| c == key) else { return };
    let column = columns.remove(from);
    let to = if to > from { to - 1 } else { to };
    columns.insert(to.min(columns.len()), column);
    put(list, &columns);
}

pub fn hide(list: List, key: &str) {
    let mut columns = list.state.get_untracked().columns;
    if columns.len() > 1 {
        columns.retain(|c| c != key);
        put(list, &columns);
    }
}

pub fn chooser(list: List) -> AnyView {
    let open = RwSignal::new(false);
    let trigger = view! {
        <button type="button" class="btn btn-quiet btn-icon hidden md:inline-flex" aria-haspopup="dialog" aria-label=t(COLUMNS) title=t(COLUMNS)
            aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)>{icon("columns-3")}</button>
    }
    .into_any();
    view! { <Popover open=open trigger=trigger panel_class="p-1 w-72">{lazy::columns_panel(list)}</Popover> }.into_any()
}

fn choices(list: List) -> Vec<(String, String, Option<usize>)> {
    let state = list.state.get();
    let name = |object: &ObjectMeta, key: &str| object.field(key).map(|f| label(&f.label));
    let chosen = state
        .columns
        .iter()
        .enumerate()
        .filter_map(|(at, key)| Some((key.clone(), name(&state.object, key)?, Some(at))));
    let rest = state
        .object
        .fields
        .iter()
        .filter(|f| !f.secret && f.key != "id" && !state.columns.iter().any(|c| *c == f.key))
        .map(|f| (f.key.to_string(), label(&f.label), None));
    chosen.chain(rest).collect()
}

pub fn panel(list: List) -> AnyView {
    let step = move |key: String, name: &str, to: usize, up: bool| {
        let (picture, text) = if up { ("arrow-up", t(MOVE_UP)) } else { ("arrow-down", t(MOVE_DOWN)) };
        view! {
            <button type="button" class="btn btn-quiet btn-icon !h-6 !w-6" aria-label=format!("{text} {name}")
                on:click=move |_| shift(list, &key, to)>{icon(picture)}</button>
        }
    };
    let entry = move |key: String, name: String, at: Option<usize>, shown: usize| {
        let toggle = key.clone();
        view! {
            <div class="menu-item group !py-0">
                <label class="flex items-center gap-2.5 grow min-w-0 cursor-pointer py-1">
                    <input type="checkbox" class="checkbox" prop:checked=at.is_some() on:change=move |_| {
                        let mut columns = list.state.get_untracked().columns;
                        match columns.iter().position(|c| *c == toggle) {
                            Some(_) if columns.len() == 1 => {}
                            Some(at) => { columns.remove(at); }
                            None => columns.push(toggle.clone()),
                        }
                        put(list, &columns);
                    }/>
                    <span class="truncate">{name.clone()}</span>
                </label>
                {at.filter(|at| *at > 0).map(|at| step(key.clone(), &name, at - 1, true))}
                {at.filter(|at| at + 1 < shown).map(|at| step(key, &name, at + 2, false))}
            </div>
        }
    };
    let frozen = move || {
        let n = list.look.with(|l| l.frozen);
        let choices = (0..=FROZEN_MAX).map(|i| {
            view! { <option value=i.to_string() selected=i == n>{i.to_string()}</option> }
        });
        view! {
            <label class="menu-item !py-1">
                <span class="grow">{t(COLUMNS_FROZEN)}</span>
                <select class="select !w-16 !h-7" on:change=move |ev| freeze(list, event_target_value(&ev).parse().unwrap_or(0))>{choices.collect_view()}</select>
            </label>
        }
    };
    let text = RwSignal::new(String::new());
    let body = move || {
        let all = choices(list);
        let shown = all.iter().filter(|(_, _, at)| at.is_some()).count();
        let fits = |name: &str| text.with(|text| name.to_lowercase().contains(text));
        view! {
            {frozen}
            <div class="border-t border-base-300 my-1"></div>
            {all.into_iter().filter(|(_, name, _)| fits(name)).map(|(key, name, at)| entry(key, name, at, shown)).collect_view()}
            <button type="button" class="menu-item text-primary"
                on:click=move |_| list.url.push(&[("columns", None), ("widths", None), ("frozen", None)])>{icon("rotate-ccw")}{t(COLUMNS_RESET)}</button>
        }
    };
    view! {
        <input type="search" class="input sticky top-0 z-10 mb-1" autocomplete="off" aria-label=t(SEARCH) placeholder=t(SEARCH)
            on:input=move |ev| text.set(event_target_value(&ev).to_lowercase())/>
        {body}
    }
    .into_any()
}
