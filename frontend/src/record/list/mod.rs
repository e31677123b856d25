//! The list of an object's records: toolbar, conditions, grid or cards, peek.

pub mod batch;
mod cells;
mod check;
pub mod columns;
pub mod editor;
mod grid;
pub mod groups;
mod head;
pub mod layouts;
mod lines;
pub mod news;
mod pause;
mod picks;
mod row;
mod rows;
pub mod sort_panel;
mod sorting;
mod state;
pub mod strays;
pub mod summary;
mod toolbar;
pub mod tools;
mod typing;
pub mod views;
mod whole;
pub mod write;

pub use grid::record_url;
pub use lines::Line;
pub use rows::Rows;
pub use state::ListState;
pub use summary::{sums_of, sums_text};

use super::url::Url;
use crate::api::records::RecordExt;
use crate::layout::{routes, shell};
use crate::lazy;
use crate::state::{app, catalog, prefs, session};
use crate::ui::{Layer, Shape, keys};
use cells::Cells;
pub use check::notice;
use columns::Look;
use kezhan_meta::{ObjectMeta, Record};
use layouts::Layout;
use leptos::prelude::*;
use std::collections::HashSet;
use std::sync::Arc;

/// What the parts of one list share.
#[derive(Clone, Copy)]
pub struct List {
    pub url: Url,
    pub state: Memo<ListState>,
    pub rows: Rows,
    pub selected: RwSignal<HashSet<String>>,
    /// In place of single ones: all that match.
    pub every: RwSignal<Option<picks::Every>>,
    pub narrow: RwSignal<bool>,
    pub object: StoredValue<Arc<ObjectMeta>>,
    cells: Cells,
    look: Memo<Look>,
    layout: Memo<Layout>,
    groups: groups::Groups,
    /// The object's saved views, once they are known.
    views: RwSignal<Option<Vec<Record>>>,
    /// A table in groups.
    grouped: Memo<bool>,
    lines: Memo<lines::Lines>,
    /// What the server wants to know besides before it writes what was written here.
    asking: RwSignal<Option<crate::record::ask::Ask>>,
    /// What the press of a button in a row writes, once the code is there that does it.
    pressed: RwSignal<Option<(write::Write, String)>>,
    /// The width of a column while its edge is drawn.
    resizing: RwSignal<Option<(String, i32)>>,
    /// `App::written` after the last write from here, which is on screen already.
    own: StoredValue<u64>,
    /// On a phone, where a touch opens a record, one says first that one wants to pick.
    pub picking: RwSignal<bool>,
    /// The row that a range of picks starts from.
    anchor: StoredValue<Option<usize>>,
    /// What is done with many records: how many are done, of how many.
    progress: RwSignal<Option<(usize, usize)>>,
    /// The server's job that does it, where it is one.
    job: RwSignal<Option<String>>,
}

impl List {
    pub fn find(self, id: &str) -> Option<Arc<Record>> {
        self.rows.find(id)
    }

    /// Brings the records, or the groups, that this state asks for.
    fn ask(self, state: &ListState, written: u64, own: bool) {
        if state.broken {
            self.rows.error.set(None);
            return self.rows.count.set(None);
        }
        match (self.grouped.get_untracked(), self.groups.hands.get_untracked()) {
            (true, Some(hands)) => (hands.open)(self, state, written, own),
            // Until the code is there that does it.
            (true, None) => self.rows.fresh.set(false),
            (false, _) if own => {}
            (false, _) => self.rows.start(state, written),
        }
    }

    fn change(self, ids: &HashSet<&str>, change: impl Fn(&mut Record)) {
        self.rows.change(ids, change);
    }
}

pub fn screen() -> AnyView {
    let place = routes::place();
    let plural = Memo::new(move |_| place.with(|place| place.plural.clone()));
    (move || match catalog::by_plural(&plural.get()) {
        Some(object) => list(object),
        None => shell::missing(),
    })
    .into_any()
}

fn list(object: std::sync::Arc<kezhan_meta::ObjectMeta>) -> AnyView {
    let url = Url::new();
    let narrow = RwSignal::new(prefs::narrow());
    let resize = window_event_listener(leptos::ev::resize, move |_| {
        if narrow.get_untracked() != prefs::narrow() {
            narrow.set(prefs::narrow());
        }
    });
    on_cleanup(move || resize.remove());
    let meta = StoredValue::new(object.clone());
    let state = Memo::new(move |_| ListState::read(&meta.get_value(), url));
    let (rows, groups) = (Rows::new(), groups::Groups::new(url));
    let layout = Memo::new(move |_| meta.with_value(|object| Layout::read(url, object)));
    let grouped =
        Memo::new(move |_| state.with(|s| !s.group.is_empty()) && layout.with(|l| l.kind == layouts::Kind::Table));
    let list = List {
        url,
        state,
        rows,
        selected: RwSignal::new(HashSet::new()),
        every: RwSignal::new(None),
        narrow,
        object: meta,
        cells: Cells::new(),
        look: Memo::new(move |_| Look::read(url)),
        layout,
        groups,
        views: RwSignal::new(None),
        grouped,
        lines: Memo::new(move |_| lines::Lines::of(rows, groups, grouped.get())),
        asking: RwSignal::new(None),
        pressed: RwSignal::new(None),
        resizing: RwSignal::new(None),
        own: StoredValue::new(u64::MAX),
        picking: RwSignal::new(false),
        anchor: StoredValue::new(None),
        progress: RwSignal::new(None),
        job: RwSignal::new(None),
    };

    // Another question, or something was written: look again, keeping what is on screen until the answer is there.
    let able = Memo::new(move |_| groups.hands.with(Option::is_some));
    let settled = views::settle(list);
    Effect::new(move |before: Option<Option<(ListState, u64, bool, bool)>>| {
        let before = before.flatten();
        // Told of by the address itself: what follows from it may have been worked out for somebody else meanwhile.
        url.query.track();
        if !settled.get() {
            return before;
        }
        let grouped = grouped.get();
        let now = (state.get(), app().written.get(), grouped, grouped && able.get());
        if before.as_ref() != Some(&now) {
            let another = before.as_ref().is_some_and(|b| b.0 != now.0 || b.2 != now.2);
            if another {
                list.pick_none();
                list.cells.editing.set(None);
                list.cells.choose(None);
            }
            let own = !another && list.own.get_value() == now.1;
            list.ask(&now.0, now.1, own);
        }
        Some(now)
    });
    shortcuts(list);
    // The server tells what others do in it.
    let name = object.name.to_string();
    app().listed.set(name.clone());
    app().news.set(Vec::new());
    on_cleanup(move || {
        if app().listed.with_untracked(|listed| *listed == name) {
            app().listed.set(String::new());
        }
    });
    provide_context(crate::fields::Kind(object.clone()));

    // What is beside the list is what the keyboard is on.
    Effect::new(move || {
        let Some(at) = list.cells.at.get() else { return };
        let Some(row) = untrack(|| list.row(at.row)) else { return };
        if url.peek("peek").is_some_and(|id| id != row.id()) {
            url.beside(Some(row.id().to_owned()));
        }
    });

    let creating = Memo::new(move |_| url.get("new").is_some());
    let peeked = Memo::new(move |_| url.get("peek"));
    let peek_object = object.clone();
    view! {
        <div class="grow min-h-0 flex">
            <section class="grow min-w-0 flex flex-col bg-base-100" data-to-grid>
                {toolbar::toolbar(list)}
                {move || grouped.get().then(|| lazy::grouping(list))}
                {layouts::body(list)}
            </section>
            {move || peeked.get().map(|id| lazy::peek(peek_object.clone(), id, url))}
        </div>
        {move || creating.get().then(|| lazy::create_form(object.clone(), url))}
        {move || list.asking.get().map(lazy::ask)}
        {move || list.pressed.get().map(|(write, text)| lazy::row_pressed(list, write, text))}
    }
    .into_any()
}

/// `/` searches, `C` creates, `J` and `K` begin at the first row.
fn shortcuts(list: List) {
    let handle = window_event_listener(leptos::ev::keydown, move |ev| {
        if keys::composing(&ev) || keys::typing(&ev) || !keys::plain(&ev) {
            return;
        }
        match ev.key().as_str() {
            "/" => {
                if let Some(input) = document().get_element_by_id("list-search") {
                    ev.prevent_default();
                    let _ = wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(input).focus();
                }
            }
            "c" if session::may(&list.state.with_untracked(|s| s.object.name.to_string()), "create") => {
                ev.prevent_default();
                list.url.push(&[("new", Some("1".to_owned()))]);
            }
            "Escape" if list.url.peek("peek").is_some() => list.url.beside(None),
            // Nothing else has the keyboard yet.
            "j" | "k"
                if !list.narrow.get_untracked()
                    && list.layout.with_untracked(|l| l.kind == layouts::Kind::Table)
                    && keys::idle() =>
            {
                let begun = list.cells.at.get_untracked().map(|at| cells::At { col: None, ..at });
                cells::moved(list, begun, &ev);
                typing::focus(list);
            }
            _ => {}
        }
    });
    on_cleanup(move || handle.remove());
}

/// A dialog around a form or a set of choices.
pub fn dialog(label: String, wide: bool, close: impl Fn() + Send + Sync + 'static, content: AnyView) -> AnyView {
    view! {
        <Layer shape=if wide { Shape::Wide } else { Shape::Dialog } label=label on_close=move |()| close()>{content}</Layer>
    }
    .into_any()
}
