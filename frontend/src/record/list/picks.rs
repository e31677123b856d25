//! Which records are picked: one, a range of rows, all that are loaded, all that match.

use super::List;
use crate::api::records::{self, RecordExt};
use crate::i18n::{PICK_LIMIT, tf};
use crate::state::toast;
use kezhan_meta::query::{Count, LIMIT_MAX, ListQuery};
use leptos::prelude::*;
use std::collections::HashSet;

/// Most records that are picked together.
const MOST: usize = 10_000;

impl List {
    /// A press on a row's box; with Shift all rows from the last one to this.
    pub fn pick(self, id: &str, at: usize, on: bool, range: bool) {
        let from = self.anchor.get_value().filter(|_| range).unwrap_or(at);
        self.anchor.set_value(Some(at));
        let ids: Vec<String> = match from == at {
            true => vec![id.to_owned()],
            false => (from.min(at)..=from.max(at)).filter_map(|n| Some(self.row(n)?.id().to_owned())).collect(),
        };
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
        self.selected.update(|picked| {
            if !picked.remove(id) {
                picked.insert(id.to_owned());
            }
        });
    }

    pub fn all_loaded_chosen(self) -> bool {
        self.rows.rows.with(|rows| {
            !rows.is_empty() && self.selected.with(|s| s.len() >= rows.len() && rows.iter().all(|r| s.contains(r.id())))
        })
    }

    pub fn pick_loaded(self, on: bool) {
        let ids: Vec<String> = match on {
            true => self.rows.rows.with_untracked(|rows| rows.iter().map(|r| r.id().to_owned()).collect()),
            false => Vec::new(),
        };
        self.selected.update(|picked| {
            picked.clear();
            picked.extend(ids);
        });
    }

    /// Are there records that match and are not loaded?
    pub fn more_match(self) -> bool {
        self.rows.has_more()
            && self.all_loaded_chosen()
            && self.selected.with(HashSet::len) <= self.rows.rows.with(Vec::len)
    }

    /// Every record that the list's question finds, by their ids alone.
    pub fn pick_matching(self) {
        let state = self.state.get_untracked();
        leptos::task::spawn_local(async move {
            let mut ids: Vec<String> = Vec::new();
            let mut cursor = None;
            loop {
                let query = ListQuery {
                    fields: Some(vec!["id".to_owned()]),
                    limit: Some(LIMIT_MAX),
                    count: Count::None,
                    ..state.query(cursor)
                };
                let page = match records::query(&state.object.plural, &query).await {
                    Ok(page) => page,
                    Err(error) => {
                        let _ = self.progress.try_set(None);
                        return toast::error(&error);
                    }
                };
                ids.extend(page.data.iter().map(|r| r.id().to_owned()));
                if self.progress.try_set(Some((ids.len(), 0))).is_some() {
                    return;
                }
                cursor = page.next_cursor;
                if cursor.is_none() || ids.len() >= MOST {
                    break;
                }
            }
            if cursor.is_some() {
                toast::done(tf(PICK_LIMIT, &[("n", &MOST.to_string())]));
            }
            let _ = self.progress.try_set(None);
            // Another question by now has other answers.
            if self.state.try_get_untracked().is_some_and(|now| now == state) {
                let _ = self.selected.try_update(|picked| picked.extend(ids));
            }
        });
    }
}
