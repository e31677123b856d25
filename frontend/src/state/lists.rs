//! Lists as they were left: coming back shows the same rows at the same place at once.

use crate::api::records::RecordExt;
use kezhan_meta::Record;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

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
    /// The list of each object that was left last: its key, and its address.
    static LAST: RefCell<HashMap<String, String>> = RefCell::default();
    static ADDRESSES: RefCell<HashMap<String, String>> = RefCell::default();
}

/// Where a record stands in the list that it was opened from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub before: Option<String>,
    pub after: Option<String>,
    /// Counted from 1.
    pub at: usize,
    pub of: usize,
}

pub fn place(plural: &str, id: &str) -> Option<Place> {
    let key = LAST.with_borrow(|last| last.get(plural).cloned())?;
    LISTS.with_borrow(|lists| {
        let rows = &lists.get(&key)?.rows;
        let at = rows.iter().position(|r| r.id() == id)?;
        let near = |at: Option<usize>| at.and_then(|at| rows.get(at)).map(|r| r.id().to_owned());
        Some(Place { before: near(at.checked_sub(1)), after: near(Some(at + 1)), at: at + 1, of: rows.len() })
    })
}

/// Every address that is shown passes here; those of lists are kept, to go back to.
pub fn passed(path: &str, query: &str) {
    let Some(plural) = path.strip_prefix("/o/").filter(|p| !p.is_empty() && !p.contains('/')) else { return };
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
    LAST.with_borrow_mut(|last| last.insert(plural, key.clone()));
    LISTS.with_borrow_mut(|lists| {
        if lists.len() >= KEPT && !lists.contains_key(&key) {
            lists.clear();
        }
        lists.insert(key, list);
    });
}

pub fn forget_all() {
    LISTS.with_borrow_mut(HashMap::clear);
    LAST.with_borrow_mut(HashMap::clear);
    ADDRESSES.with_borrow_mut(HashMap::clear);
    super::views::forget_all();
    super::faces::forget_all();
}
