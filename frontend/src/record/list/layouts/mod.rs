//! How a list is laid out: as a table, a board, a calendar, a gallery, a chart or a tree, each with its own choices. All of it
//! is in the address, and in saved views under the same names.

pub mod board;
pub mod calendar;
pub mod chart;
pub mod fit;
pub mod gallery;
pub mod names;
pub mod settings;
pub mod tree;

use super::{List, grid};
use crate::i18n::{
    Key, LAYOUT, LAYOUT_CALENDAR, LAYOUT_CHART, LAYOUT_GALLERY, LAYOUT_KANBAN, LAYOUT_SETTINGS, LAYOUT_TABLE,
    LAYOUT_TREE, t,
};
use crate::lazy;
use crate::record::url::Url;
use crate::ui::{Menu, MenuItem, Popover, icon};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The names under which the address and a saved view keep the layout and its choices.
pub const KEYS: [&str; 13] = [
    "layout", "by", "lane", "pipeline", "start", "end", "span", "cover", "shape", "period", "measure", "series", "unit",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Table,
    Kanban,
    Calendar,
    Gallery,
    Chart,
    Tree,
}

/// The field whose picture a gallery shows, where the address asks for one.
pub fn cover(object: &ObjectMeta, url: Url) -> Option<String> {
    url.get("layout").filter(|kind| kind == Kind::Gallery.key())?;
    let fits = fit::covers(object);
    let found = match url.get("cover") {
        Some(key) => fit::only(fits, Some(&key)),
        None => fits.into_iter().next(),
    };
    found.map(|field| field.key.to_string())
}

impl Kind {
    pub const ALL: [Kind; 6] = [Kind::Table, Kind::Kanban, Kind::Calendar, Kind::Gallery, Kind::Chart, Kind::Tree];

    pub fn key(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::Kanban => "kanban",
            Kind::Calendar => "calendar",
            Kind::Gallery => "gallery",
            Kind::Chart => "chart",
            Kind::Tree => "tree",
        }
    }

    fn face(self) -> (&'static str, Key) {
        match self {
            Kind::Table => ("table-2", LAYOUT_TABLE),
            Kind::Kanban => ("square-kanban", LAYOUT_KANBAN),
            Kind::Calendar => ("calendar-days", LAYOUT_CALENDAR),
            Kind::Gallery => ("layout-grid", LAYOUT_GALLERY),
            Kind::Chart => ("chart-column", LAYOUT_CHART),
            Kind::Tree => ("folder-tree", LAYOUT_TREE),
        }
    }

    /// Can records of this object be laid out so?
    fn suits(self, object: &ObjectMeta) -> bool {
        match self {
            Kind::Table | Kind::Gallery | Kind::Chart => true,
            Kind::Kanban => fit::any_board(object),
            Kind::Calendar => fit::any_date(object),
            Kind::Tree => !fit::hierarchies(object).is_empty(),
        }
    }
}

/// The layout as the address says it.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    pub kind: Kind,
    choices: BTreeMap<&'static str, String>,
}

impl Layout {
    pub fn read(url: Url, object: &ObjectMeta) -> Layout {
        let asked = url.get("layout");
        let named = Kind::ALL.into_iter().find(|k| Some(k.key()) == asked.as_deref());
        let kind = named.filter(|k| k.suits(object)).unwrap_or(Kind::Table);
        let mut choices = BTreeMap::new();
        if kind != Kind::Table {
            // One by one: collecting would sort.
            choices.extend(KEYS.into_iter().skip(1).filter_map(|key| Some((key, url.get(key)?))));
        }
        Layout { kind, choices }
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.choices.get(key).map(String::as_str)
    }

    /// What a saved view keeps of it.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let kind = (self.kind != Kind::Table).then_some(("layout", self.kind.key()));
        kind.into_iter().chain(self.choices.iter().map(|(key, value)| (*key, value.as_str())))
    }
}

/// Whichever layout is asked for.
pub fn body(list: List) -> AnyView {
    let kind = Memo::new(move |_| list.layout.with(|l| l.kind));
    let broken = Memo::new(move |_| list.state.with(|s| s.broken));
    (move || match kind.get() {
        _ if broken.get() => lazy::filter_broken(list),
        Kind::Table => grid::grid(list),
        Kind::Kanban => lazy::kanban(list),
        Kind::Calendar => lazy::calendar(list),
        Kind::Gallery => lazy::gallery(list),
        Kind::Chart => lazy::chart(list),
        Kind::Tree => lazy::tree(list),
    })
    .into_any()
}

fn choose(list: List, kind: Kind) {
    let name = (kind != Kind::Table).then(|| kind.key().to_owned());
    let mut changes: Vec<(&str, Option<String>)> = KEYS.iter().map(|key| (*key, None)).collect();
    changes.extend([("layout", name), ("peek", None), ("day", None)]);
    list.url.push(&changes);
}

/// Buttons where there is room, a menu where there is not; what can be chosen about the layout beside them.
pub fn switch(list: List) -> AnyView {
    let kinds: Vec<Kind> =
        list.object.with_value(|o: &Arc<ObjectMeta>| Kind::ALL.into_iter().filter(|k| k.suits(o)).collect());
    let now = Memo::new(move |_| list.layout.with(|l| l.kind));
    let button = move |kind: &Kind| {
        let kind = *kind;
        let (picture, text) = kind.face();
        view! {
            <button type="button" class="btn btn-quiet btn-icon aria-pressed:bg-base-content/10" aria-label=t(text) title=t(text)
                aria-pressed=move || (now.get() == kind).to_string() on:click=move |_| choose(list, kind)>{icon(picture)}</button>
        }
    };
    let items = {
        let kinds = kinds.clone();
        move || {
            let item = |kind: &Kind| {
                let kind = *kind;
                let (picture, text) = kind.face();
                MenuItem::new(picture, t(text), move || choose(list, kind)).checked(now.get_untracked() == kind)
            };
            kinds.iter().map(item).collect()
        }
    };
    let face = (move || icon(now.get().face().0)).into_any();
    view! {
        <div class="hidden lg:inline-flex" role="group" aria-label=t(LAYOUT)>{kinds.iter().map(button).collect_view()}</div>
        <div class="lg:hidden"><Menu label=t(LAYOUT) face=face items=items/></div>
        {move || (now.get() != Kind::Table).then(|| chooser(list))}
    }
    .into_any()
}

fn chooser(list: List) -> AnyView {
    let open = RwSignal::new(false);
    let trigger = view! {
        <button type="button" id="layout-settings" class="btn btn-quiet btn-icon" aria-label=t(LAYOUT_SETTINGS) title=t(LAYOUT_SETTINGS)
            aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)>{icon("sliders-horizontal")}</button>
    }
    .into_any();
    view! { <Popover open=open trigger=trigger panel_class="p-3 w-72">{lazy::layout_settings(list)}</Popover> }
        .into_any()
}
