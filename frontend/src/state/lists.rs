//! Lists as they were left: coming back shows the same rows at the same place at once.

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
}

pub fn recall(key: &str) -> Option<Remembered> {
    LISTS.with_borrow(|lists| lists.get(key).cloned())
}

pub fn remember(key: String, list: Remembered) {
    LISTS.with_borrow_mut(|lists| {
        if lists.len() >= KEPT && !lists.contains_key(&key) {
            lists.clear();
        }
        lists.insert(key, list);
    });
}

pub fn forget_all() {
    LISTS.with_borrow_mut(HashMap::clear);
}
