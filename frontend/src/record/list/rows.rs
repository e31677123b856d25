//! The rows that were fetched so far, page after page.

use super::state::ListState;
use crate::api::client::ApiError;
use crate::api::records::{self, Page, RecordExt};
use crate::state::lists::{self, Remembered};
use kezhan_meta::Record;
use kezhan_meta::query::{LIMIT_MAX, ListQuery};
use leptos::html;
use leptos::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows that come back after a write, at most.
const KEPT: usize = 2_000;

#[derive(Clone, Copy)]
pub struct Rows {
    pub rows: RwSignal<Vec<Arc<Record>>>,
    pub count: RwSignal<Option<i64>>,
    pub loading: RwSignal<bool>,
    pub error: RwSignal<Option<ApiError>>,
    /// Rows of this question are on screen (and not those of the one before).
    pub fresh: RwSignal<bool>,
    /// Where to scroll when coming back.
    pub scroll: RwSignal<i32>,
    next: RwSignal<Option<String>>,
    ticket: StoredValue<u64>,
    key: StoredValue<String>,
    written: StoredValue<u64>,
}

impl Rows {
    pub fn new() -> Rows {
        Rows {
            rows: RwSignal::new(Vec::new()),
            count: RwSignal::new(None),
            loading: RwSignal::new(false),
            error: RwSignal::new(None),
            fresh: RwSignal::new(false),
            scroll: RwSignal::new(0),
            next: RwSignal::new(None),
            ticket: StoredValue::new(0),
            key: StoredValue::new(String::new()),
            written: StoredValue::new(0),
        }
    }

    /// Another question: at once from memory where it was asked lately, and from the server where that is old.
    pub fn start(self, state: &ListState, written: u64) {
        let same = self.key.get_value() == state.key();
        self.key.set_value(state.key());
        self.written.set_value(written);
        if !same && self.recall(written) {
            return;
        }
        if !same {
            self.fresh.set(false);
            self.scroll.set(0);
        }
        self.fetch(state.clone(), None);
    }

    /// For what fills the rows in its own way: the question from now on. Tells whether it is the same as before.
    pub fn claim(self, key: String, written: u64) -> bool {
        let same = self.key.get_value() == key;
        self.key.set_value(key);
        self.written.set_value(written);
        self.ticket.update_value(|t| *t += 1);
        self.next.set(None);
        self.error.set(None);
        if !same {
            self.fresh.set(false);
            self.scroll.set(0);
            self.rows.set(Vec::new());
        }
        same
    }

    /// What was on screen when this question was left, if nothing was written since.
    pub fn recall(self, written: u64) -> bool {
        let Some(kept) = lists::recall(&self.key.get_value()).filter(|k| k.written == written) else { return false };
        self.ticket.update_value(|t| *t += 1);
        self.rows.set(kept.rows);
        self.count.set(kept.count);
        self.next.set(kept.next);
        self.scroll.set(kept.scroll);
        self.loading.set(false);
        self.error.set(None);
        self.fresh.set(true);
        true
    }

    pub fn key(self) -> String {
        self.key.try_get_value().unwrap_or_default()
    }

    /// Is this question's answer here, as of the last write?
    pub fn holds(self, state: &ListState, written: u64) -> bool {
        self.fresh.get_untracked() && self.written.get_value() == written && self.key.get_value() == state.key()
    }

    pub fn more(self, state: &ListState) {
        if self.loading.get_untracked() || self.error.with_untracked(Option::is_some) {
            return;
        }
        if let Some(cursor) = self.next.get_untracked() {
            self.fetch(state.clone(), Some(cursor));
        }
    }

    pub fn has_more(self) -> bool {
        self.next.with(Option::is_some)
    }

    fn fetch(self, state: ListState, cursor: Option<String>) {
        let ticket = self.ticket.get_value() + 1;
        self.ticket.set_value(ticket);
        self.loading.set(true);
        self.error.set(None);
        let first = cursor.is_none();
        // After a write as many rows come back as there were, so that the reader stays where they are.
        let wanted = if first && self.fresh.get_untracked() { self.rows.with_untracked(Vec::len) } else { 0 };
        leptos::task::spawn_local(async move {
            let answer = pages(&state, cursor, wanted.min(KEPT)).await;
            // The screen may be gone, or the question another one by now.
            if self.ticket.try_get_value() != Some(ticket) {
                return;
            }
            self.loading.set(false);
            match answer {
                Ok(page) => {
                    let new = page.data.into_iter().map(Arc::new);
                    if first {
                        // A row that is the same stays the same, and is not drawn again.
                        let mut old: HashMap<String, Arc<Record>> = self
                            .rows
                            .with_untracked(|rows| rows.iter().map(|r| (r.id().to_owned(), r.clone())).collect());
                        let kept = new.map(|r| old.remove(r.id()).filter(|o| *o == r).unwrap_or(r));
                        self.rows.set(kept.collect());
                        self.count.set(page.count);
                    } else {
                        self.rows.update(|rows| rows.extend(new));
                    }
                    self.next.set(page.next_cursor);
                    self.fresh.set(true);
                }
                Err(error) => self.error.set(Some(error)),
            }
        });
    }

    /// Where a list is to stand that comes, or comes back: told once of each question, when its rows are there. What the
    /// server sends besides leaves the reader where they are.
    pub fn stand(self, node: NodeRef<html::Div>) {
        let fresh = Memo::new(move |_| self.fresh.get());
        Effect::new(move || {
            let to = self.scroll.get();
            if let Some(node) = node.get().filter(|_| fresh.get()) {
                request_animation_frame(move || node.set_scroll_top(to));
            }
        });
    }

    /// Changes some of the rows where they stand.
    pub fn change(self, ids: &HashSet<&str>, change: impl Fn(&mut Record)) {
        let changed = |rows: &mut Vec<Arc<Record>>| {
            for row in rows.iter_mut().filter(|r| ids.contains(r.id())) {
                // Another address tells the screen to draw it anew.
                let mut record = (**row).clone();
                change(&mut record);
                *row = Arc::new(record);
            }
        };
        let _ = self.rows.try_update(changed);
    }

    pub fn find(self, id: &str) -> Option<Arc<Record>> {
        self.rows.try_with_untracked(|rows| rows.iter().find(|r| r.id() == id).cloned()).flatten()
    }

    /// Takes a row out, and says where it stood.
    pub fn take(self, id: &str) -> Option<(usize, Arc<Record>)> {
        let take = |rows: &mut Vec<Arc<Record>>| {
            let at = rows.iter().position(|r| r.id() == id)?;
            Some((at, rows.remove(at)))
        };
        self.rows.try_update(take).flatten()
    }

    /// Puts a row in. The server's answer may have brought it meanwhile: it is there once all the same.
    pub fn insert(self, at: usize, row: Arc<Record>) {
        let put = |rows: &mut Vec<Arc<Record>>| {
            rows.retain(|r| r.id() != row.id());
            rows.insert(at.min(rows.len()), row);
        };
        let _ = self.rows.try_update(put);
    }

    /// What was written here is on screen already.
    pub fn seen(self, written: u64) {
        self.written.set_value(written);
    }

    /// Keeps what is on screen for when the reader comes back.
    pub fn remember(self, scroll: i32) {
        if self.fresh.get_untracked() {
            lists::remember(
                self.key.get_value(),
                Remembered {
                    rows: self.rows.get_untracked(),
                    next: self.next.get_untracked(),
                    count: self.count.get_untracked(),
                    scroll,
                    written: self.written.get_value(),
                },
            );
        }
    }
}

/// A page from there on, or as many as it takes for so many rows.
async fn pages(state: &ListState, cursor: Option<String>, wanted: usize) -> Result<Page, ApiError> {
    let mut page = records::query(&state.object.plural, &state.query(cursor)).await?;
    while page.data.len() < wanted {
        let Some(cursor) = page.next_cursor.take() else { break };
        let query = ListQuery { limit: Some(LIMIT_MAX), ..state.query(Some(cursor)) };
        let more = records::query(&state.object.plural, &query).await?;
        page.data.extend(more.data);
        page.next_cursor = more.next_cursor;
    }
    Ok(page)
}
