//! Lists as they were left: coming back shows the same rows at the same place at once.

use crate::api::records::RecordExt;
use kezhan_meta::Record;
use kezhan_meta::query::COUNT_CAP;
use leptos::prelude::window;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use web_sys::Storage;

#[derive(Clone, Default)]
pub struct Remembered {
    pub rows: Vec<Arc<Record>>,
    pub next: Option<String>,
    pub count: Option<i64>,
    pub scroll: i32,
    /// `App::written` when the rows were read.
    pub written: u64,
}

/// More than anybody steps back through.
const KEPT: usize = 12;

thread_local! {
    static LISTS: RefCell<HashMap<String, Remembered>> = RefCell::default();
    /// Of each object, the address of the list that was left last.
    static ADDRESSES: RefCell<HashMap<String, String>> = RefCell::default();
}

/// Where a record stands in the list that it was opened from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub before: Option<String>,
    pub after: Option<String>,
    /// Counted from 1.
    pub at: usize,
    /// Of how many, as far as that is known.
    pub of: usize,
    /// There are more.
    pub open: bool,
}

/// The list that was left last, as far as it survives a reload of the page: which records stood in it.
#[derive(Serialize, Deserialize)]
struct Trace {
    ids: Vec<String>,
    of: usize,
    open: bool,
}

/// Records of a list that are kept over a reload.
const TRACED: usize = 2_000;
const PREFIX: &str = "kz.list.";

fn session() -> Option<Storage> {
    window().session_storage().ok().flatten()
}

impl Trace {
    fn of(list: &Remembered) -> Trace {
        let known = list.count.and_then(|n| usize::try_from(n).ok());
        Trace {
            ids: list.rows.iter().take(TRACED).map(|r| r.id().to_owned()).collect(),
            of: known.unwrap_or(list.rows.len()).max(list.rows.len()),
            open: known.is_none_or(|n| n >= COUNT_CAP as usize) && list.next.is_some(),
        }
    }

    fn write(&self, plural: &str) {
        if let (Some(session), Ok(text)) = (session(), serde_json::to_string(self)) {
            // A full or forbidden store only means that a reload forgets the list.
            let _ = session.set_item(&format!("{PREFIX}{plural}"), &text);
        }
    }

    fn read(plural: &str) -> Option<Trace> {
        serde_json::from_str(&session()?.get_item(&format!("{PREFIX}{plural}")).ok()??).ok()
    }
}

pub fn place(plural: &str, id: &str) -> Option<Place> {
    let Trace { ids, of, open } = Trace::read(plural)?;
    let at = ids.iter().position(|one| one == id)?;
    let near = |at: Option<usize>| at.and_then(|at| ids.get(at)).cloned();
    Some(Place { before: near(at.checked_sub(1)), after: near(Some(at + 1)), at: at + 1, of, open })
}

/// The object whose list is at this address, if one is.
pub fn object(path: &str) -> Option<&str> {
    path.strip_prefix("/o/").filter(|plural| !plural.is_empty() && !plural.contains('/'))
}

/// Every address that is shown passes here; those of lists are kept, to go back to.
pub fn passed(path: &str, query: &str) {
    let Some(plural) = object(path) else { return };
    // Coming back neither creates nor peeks.
    let kept: Vec<&str> = query
        .trim_start_matches('?')
        .split('&')
        .filter(|p| !p.is_empty() && !p.starts_with("new=") && !p.starts_with("peek=") && !p.starts_with("with."))
        .collect();
    let address = if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) };
    ADDRESSES.with_borrow_mut(|all| all.insert(plural.to_owned(), address));
}

pub fn address(plural: &str) -> String {
    ADDRESSES.with_borrow(|all| all.get(plural).cloned()).unwrap_or_else(|| format!("/o/{plural}"))
}

pub fn recall(key: &str) -> Option<Remembered> {
    LISTS.with_borrow(|lists| lists.get(key).cloned())
}

pub fn remember(key: String, list: Remembered) {
    let plural = key.split('|').next().unwrap_or_default().to_owned();
    Trace::of(&list).write(&plural);
    LISTS.with_borrow_mut(|lists| {
        if lists.len() >= KEPT && !lists.contains_key(&key) {
            lists.clear();
        }
        lists.insert(key, list);
    });
}

pub fn forget_all() {
    LISTS.with_borrow_mut(HashMap::clear);
    if let Some(session) = session() {
        let _ = session.clear();
    }
    ADDRESSES.with_borrow_mut(HashMap::clear);
    super::views::forget_all();
    super::faces::forget_all();
}
