//! Which records are picked: one, a range of rows, all that are loaded, all that match.

use super::List;
use crate::api::records::{self, RecordExt};
use crate::bridge;
use crate::i18n::{COUNT_MORE, tf};
use crate::state::toast;
use kezhan_meta::query::{COUNT_CAP, Count, ListQuery};
use leptos::prelude::*;
use std::collections::HashSet;

/// Records that can be left out of all that match.
const EXCEPT: usize = 1_000;

/// All that the list's question finds but some, which nobody has fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    pub count: usize,
    pub except: HashSet<String>,
}

impl List {
    /// A press on a row's box; with Shift all rows from the last one to this.
    pub fn pick(self, id: &str, at: usize, on: bool, range: bool) {
        let from = self.anchor.get_value().filter(|_| range).unwrap_or(at);
        self.anchor.set_value(Some(at));
        let ids: Vec<String> = match from == at {
            true => vec![id.to_owned()],
            false => (from.min(at)..=from.max(at)).filter_map(|n| Some(self.row(n)?.id().to_owned())).collect(),
        };
        if self.pick_of_every(&ids, on) {
            return;
        }
        self.selected.update(|picked| {
            for id in ids {
                if on {
                    picked.insert(id);
                } else {
                    picked.remove(&id);
                }
            }
        });
    }

    pub fn toggle(self, id: &str) {
        let on = !untrack(|| self.is_picked(id));
        if self.pick_of_every(&[id.to_owned()], on) {
            return;
        }
        self.selected.update(|picked| {
            if !picked.remove(id) {
                picked.insert(id.to_owned());
            }
        });
    }

    pub fn all_loaded_chosen(self) -> bool {
        if let Some(every) = self.every.get() {
            return every.except.is_empty();
        }
        self.rows.rows.with(|rows| {
            !rows.is_empty() && self.selected.with(|s| s.len() >= rows.len() && rows.iter().all(|r| s.contains(r.id())))
        })
    }

    pub fn pick_loaded(self, on: bool) {
        let ids: Vec<String> = match on {
            true => self.rows.rows.with_untracked(|rows| rows.iter().map(|r| r.id().to_owned()).collect()),
            false => Vec::new(),
        };
        self.every.set(None);
        self.selected.update(|picked| {
            picked.clear();
            picked.extend(ids);
        });
    }

    /// Are there records that match and are not loaded?
    pub fn more_match(self) -> bool {
        let loaded = self.rows.rows.with(Vec::len);
        let more = self.rows.count.get().and_then(|n| usize::try_from(n).ok()).is_some_and(|n| n > loaded);
        self.every.with(Option::is_none) && more && self.all_loaded_chosen()
    }

    /// Every record that the list's question finds, by the question itself.
    pub fn pick_matching(self) {
        let state = self.state.get_untracked();
        self.progress.set(Some((0, 0)));
        leptos::task::spawn_local(async move {
            let query = ListQuery {
                fields: Some(vec!["id".to_owned()]),
                limit: Some(1),
                count: Count::Exact,
                ..state.query(None)
            };
            let answer = records::query(&state.object.plural, &query).await;
            let _ = self.progress.try_set(None);
            match answer {
                // Another question by now has other answers.
                Ok(page) if self.state.try_get_untracked().is_some_and(|now| now == state) => {
                    let count = page.count.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
                    let _ = self.every.try_set(Some(Every { count, except: HashSet::new() }));
                }
                Ok(_) => {}
                Err(error) => toast::error(&error),
            }
        });
    }

    /// How many match, as far as it is known.
    pub fn matching(self) -> String {
        let count = self.rows.count.get().unwrap_or_default();
        let text = bridge::decimal(&count.to_string(), 0, 0);
        if count >= COUNT_CAP && !self.grouped.get() { tf(COUNT_MORE, &[("n", &text)]) } else { text }
    }

    /// How many are picked.
    pub fn picked(self) -> usize {
        match self.every.get() {
            Some(every) => every.count.saturating_sub(every.except.len()),
            None => self.selected.with(HashSet::len),
        }
    }

    pub fn is_picked(self, id: &str) -> bool {
        self.every
            .with(|every| every.as_ref().map(|every| !every.except.contains(id)))
            .unwrap_or_else(|| self.selected.with(|s| s.contains(id)))
    }

    pub fn pick_none(self) {
        let _ = self.every.try_set(None);
        let _ = self.picking.try_set(false);
        let _ = self.selected.try_update(HashSet::clear);
    }

    /// Takes some out of all that match, or puts them in again.
    fn pick_of_every(self, ids: &[String], on: bool) -> bool {
        if self.every.with_untracked(Option::is_none) {
            return false;
        }
        self.every.update(|every| {
            let Some(every) = every else { return };
            for id in ids {
                if on {
                    every.except.remove(id);
                } else if every.except.len() < EXCEPT {
                    every.except.insert(id.clone());
                }
            }
        });
        true
    }
}
