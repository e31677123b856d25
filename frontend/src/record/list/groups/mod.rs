//! The list in groups: each with its number and its sums, its records page by page as they come into sight.
//!
//! The records of all groups stand in `Rows` one group after the other, so that whatever works on records need not
//! know of groups; what stands on which line of the screen is told by `lines`.

pub mod keys;
mod load;
mod totals;
mod view;

use super::{Line, List, ListState};
use keys::Fold;
use kezhan_meta::{FieldMeta, Filter, Tone};
use leptos::prelude::*;
use serde_json::Value;

pub use totals::Sum;
pub use view::panel;

/// Room that is kept for records which are not there yet, at most.
pub const ROOM: usize = 50;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Load {
    #[default]
    Idle,
    Loading,
    Done,
    Failed(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub level: usize,
    /// Its value on each level.
    pub path: Vec<Value>,
    pub name: String,
    pub tone: Option<Tone>,
    pub count: i64,
    pub sums: Vec<Sum>,
    /// Has records of its own, and not further groups.
    pub leaf: bool,
    /// How many of its records are there.
    pub loaded: usize,
    pub next: Option<String>,
    pub load: Load,
    /// Its records may be others by now.
    pub stale: bool,
}

impl Group {
    /// Tells it from others, in addresses too.
    pub fn id(&self) -> String {
        let text = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.path.iter().map(text).collect::<Vec<_>>().join("/")
    }

    /// The list's own question, and this group's values.
    fn question(&self, state: &ListState) -> ListState {
        let own = state.group.iter().zip(&self.path).map(|(key, value)| keys::condition(key, value));
        let all = Some(state.filter.clone()).filter(|f| !f.is_all()).into_iter().chain(own);
        ListState { filter: Filter::And(all.collect()), ..state.clone() }
    }
}

#[derive(Clone, Copy)]
pub struct Groups {
    pub all: RwSignal<Vec<Group>>,
    /// There are more than the server tells at once.
    pub more: RwSignal<bool>,
    pub fold: Memo<Fold>,
    /// What groups are worked with, once its code is there.
    pub hands: RwSignal<Option<Hands>>,
    /// Lines that the sums of a head take on a phone.
    pub tall: RwSignal<i32>,
    ticket: StoredValue<u64>,
}

/// Few lists are in groups: how they are fetched and drawn comes when one is.
#[derive(Clone, Copy)]
pub struct Hands {
    /// Asks which groups there are; the last says that what was written from here is all that is new.
    pub open: fn(List, &ListState, u64, bool),
    /// Fetches what is missing of these lines.
    pub fetch: fn(List, Vec<Line>) -> bool,
    pub remember: fn(List),
    /// The lines above this one on which its groups have their heads, the outer first.
    pub over: fn(List, usize) -> Vec<usize>,
    /// The head of a group, room for a record, or the note that there are more.
    pub draw: fn(List, &[FieldMeta], usize, Line, String) -> AnyView,
}

/// Brings the hands.
pub fn hands(list: List) -> AnyView {
    let fetch = |list, lines: Vec<Line>| {
        let wanted = load::wanted(list, lines.into_iter());
        let any = !wanted.is_empty();
        load::more(list, wanted);
        any
    };
    // Not while this is being drawn.
    request_animation_frame(move || {
        let hands = Hands { open: load::open, fetch, remember: load::remember, over: view::over, draw: view::draw };
        let _ = list.groups.hands.try_set(Some(hands));
    });
    ().into_any()
}

impl Groups {
    pub fn new(url: crate::record::url::Url) -> Groups {
        Groups {
            all: RwSignal::new(Vec::new()),
            more: RwSignal::new(false),
            fold: Memo::new(move |_| Fold::read(url)),
            hands: RwSignal::new(None),
            tall: RwSignal::new(0),
            ticket: StoredValue::new(0),
        }
    }

    pub fn with<T>(self, at: usize, read: impl Fn(&Group) -> T) -> Option<T> {
        self.all.try_with(|all| all.get(at).map(read)).flatten()
    }

    pub fn is_folded(self, at: usize) -> bool {
        self.with(at, |g| self.fold.with(|fold| fold.holds(&g.id()))).unwrap_or(false)
    }
}

pub fn toggle(list: List, at: usize) {
    let Some(id) = list.groups.all.with_untracked(|all| all.get(at).map(Group::id)) else { return };
    list.groups.fold.get_untracked().toggle(&id).put(list.url);
}

/// Where each group's records begin among all that are there.
fn starts(groups: &[Group]) -> Vec<usize> {
    let mut next = 0;
    let start = |group: &Group| {
        let start = next;
        next += group.loaded;
        start
    };
    groups.iter().map(start).collect()
}
