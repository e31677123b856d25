//! Brings groups and their records, and keeps those that are on screen where something was written meanwhile.

use super::totals::ask;
use super::{Group, Load, starts, view};
use crate::api::records::{self, RecordExt};
use crate::record::list::{Line, List, ListState};
use kezhan_meta::Record;
use kezhan_meta::query::{Count, LIMIT_MAX, ListQuery};
use leptos::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

/// Groups whose records are fetched at the same time.
const ABREAST: usize = 6;
const PAGE: u32 = 100;

thread_local! {
    /// The groups of the grouped list that was left last, by its question.
    static LEFT: RefCell<Option<(String, Vec<Group>, bool)>> = const { RefCell::new(None) };
}

pub fn remember(list: List) {
    let groups = list.groups.all.try_get_untracked().unwrap_or_default();
    if !groups.is_empty() {
        let more = list.groups.more.try_get_untracked().unwrap_or_default();
        LEFT.set(Some((list.rows.key(), groups, more)));
    }
}

/// Takes up a list where it was left, if it was the last one.
fn recall(list: List, written: u64) -> bool {
    let key = list.rows.key();
    let left = LEFT.with_borrow(|left| left.as_ref().filter(|(other, ..)| *other == key).cloned());
    let Some((_, mut groups, more)) = left.filter(|_| list.rows.recall(written)) else { return false };
    groups.iter_mut().filter(|g| g.load == Load::Loading).for_each(|g| g.load = Load::Idle);
    view::measure(list, &groups);
    list.groups.all.set(groups);
    list.groups.more.set(more);
    true
}

/// Asks which groups there are. What was written from here is on screen already: then only those groups whose number
/// has changed are read again.
pub fn open(list: List, state: &ListState, written: u64, own: bool) {
    let (groups, rows, state) = (list.groups, list.rows, state.clone());
    let same = rows.claim(state.key(), written);
    if !same && recall(list, written) {
        return;
    }
    if !same {
        groups.all.set(Vec::new());
    }
    let ticket = groups.ticket.get_value() + 1;
    groups.ticket.set_value(ticket);
    rows.loading.set(true);
    leptos::task::spawn_local(async move {
        let answer = ask(&state).await;
        if groups.ticket.try_get_value() != Some(ticket) {
            return;
        }
        rows.loading.set(false);
        match answer {
            Ok((found, more)) => {
                rows.count.set(Some(found.iter().filter(|g| g.leaf).map(|g| g.count).sum()));
                merge(list, found, same, own);
                groups.more.set(more);
                rows.fresh.set(true);
            }
            Err(error) => rows.error.set(Some(error)),
        }
    });
}

/// The new groups with the records that are there already.
fn merge(list: List, mut found: Vec<Group>, same: bool, own: bool) {
    let mut old: HashMap<String, (Group, Vec<Arc<Record>>)> = HashMap::new();
    if same {
        let groups = list.groups.all.get_untracked();
        list.rows.rows.with_untracked(|rows| {
            for (group, start) in groups.iter().zip(starts(&groups)) {
                let records = rows.get(start..start + group.loaded).map(<[_]>::to_vec).unwrap_or_default();
                old.insert(group.id(), (group.clone(), records));
            }
        });
    }
    let mut all = Vec::new();
    for group in found.iter_mut().filter(|g| g.leaf) {
        let Some((before, records)) = old.remove(&group.id()).filter(|(_, records)| !records.is_empty()) else {
            continue;
        };
        group.loaded = records.len();
        group.load = if before.next.is_some() { Load::Idle } else { Load::Done };
        group.next = before.next;
        group.stale = before.stale || !own || before.count != group.count;
        all.extend(records);
    }
    list.rows.rows.set(all);
    view::measure(list, &found);
    list.groups.all.set(found);
}

/// Which of the lines in sight stand for records that are yet to be had.
pub fn wanted(list: List, lines: impl Iterator<Item = Line>) -> Vec<usize> {
    let mut wanted: Vec<usize> = lines
        .filter_map(|line| match line {
            Line::Wait(group) => Some(group),
            Line::Row { group: Some(group), .. } => {
                list.groups.with(group, |g| g.stale).filter(|stale| *stale).map(|_| group)
            }
            _ => None,
        })
        .collect();
    wanted.dedup();
    wanted
}

/// Fetches the next records of these groups.
pub fn more(list: List, wanted: Vec<usize>) {
    let (loading, ready) = list.groups.all.with_untracked(|all| {
        let due = |at: &usize| {
            all.get(*at).is_some_and(|g| g.leaf && (g.load == Load::Idle || g.stale && g.load == Load::Done))
        };
        let ready: Vec<usize> = wanted.into_iter().filter(due).collect();
        (all.iter().filter(|g| g.load == Load::Loading).count(), ready)
    });
    let ready: Vec<usize> = ready.into_iter().take(ABREAST.saturating_sub(loading)).collect();
    if ready.is_empty() {
        return;
    }
    list.groups.all.update(|all| {
        for at in &ready {
            if let Some(group) = all.get_mut(*at) {
                group.load = Load::Loading;
            }
        }
    });
    for at in ready {
        if let Some(group) = list.groups.all.with_untracked(|all| all.get(at).cloned()) {
            fetch(list, group);
        }
    }
}

fn fetch(list: List, group: Group) {
    let (state, ticket) = (list.state.get_untracked(), list.groups.ticket.get_value());
    leptos::task::spawn_local(async move {
        let cursor = group.next.clone().filter(|_| !group.stale);
        let first = cursor.is_none();
        let kept = u32::try_from(group.loaded).unwrap_or(LIMIT_MAX);
        let question = group.question(&state);
        let query = ListQuery {
            limit: Some(if first { kept.clamp(PAGE, LIMIT_MAX) } else { PAGE }),
            count: Count::None,
            ..question.query(cursor)
        };
        let answer = records::query(&state.object.plural, &query).await;
        // The groups may be others by now.
        if list.groups.ticket.try_get_value() != Some(ticket) {
            return;
        }
        let id = group.id();
        match answer {
            Ok(page) => put(list, &id, page, first),
            Err(error) => list.groups.all.update(|all| {
                if let Some(group) = all.iter_mut().find(|g| g.id() == id) {
                    group.load = Load::Failed(error.message());
                }
            }),
        }
    });
}

fn put(list: List, id: &str, page: records::Page, first: bool) {
    let place = list.groups.all.with_untracked(|all| {
        let at = all.iter().position(|g| g.id() == id)?;
        Some((at, *starts(all).get(at)?, all.get(at)?.loaded))
    });
    let Some((at, start, loaded)) = place else { return };
    let brought = page.data.len();
    list.rows.rows.update(|rows| {
        let end = (start + loaded).min(rows.len());
        let from = if first { start.min(end) } else { end };
        let mut old: HashMap<String, Arc<Record>> =
            rows.get(from..end).unwrap_or_default().iter().map(|r| (r.id().to_owned(), r.clone())).collect();
        let new = page.data.into_iter().map(Arc::new);
        // A row that is the same stays the same, and is not drawn again.
        let kept: Vec<_> = new.map(|r| old.remove(r.id()).filter(|o| *o == r).unwrap_or(r)).collect();
        rows.splice(from..end, kept);
    });
    list.groups.all.update(|all| {
        if let Some(group) = all.get_mut(at) {
            group.loaded = if first { brought } else { group.loaded + brought };
            group.load = if page.next_cursor.is_some() { Load::Idle } else { Load::Done };
            group.next = page.next_cursor;
            group.stale = false;
        }
    });
}

/// Tries again what could not be had.
pub fn retry(list: List, at: usize) {
    list.groups.all.update(|all| {
        if let Some(group) = all.get_mut(at) {
            group.load = Load::Idle;
        }
    });
}
