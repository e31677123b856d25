//! A card goes to another place: shown at once, back again with the reason where the server refuses. What the new place
//! asks for is asked for first.

use super::{Board, Column, Lane, Place, card};
use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::i18n::{BOARD_MOVED, STALE_RELOADED, UNDO, t, tf};
use crate::record::ask::{self, Ask};
use crate::record::conflict;
use crate::record::list::write;
use crate::state::{toast, touched};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

/// A card on its way.
#[derive(Clone)]
struct Move {
    board: Board,
    id: String,
    from: Place,
    to: Place,
    /// Where it stood, and as what.
    row: usize,
    record: Arc<Record>,
    /// What is written, and what an undo writes.
    changes: Record,
    back: Record,
    /// The name of where it goes.
    name: String,
}

pub fn shift(board: Board, id: &str, from: Place, to: Place) {
    let at = |place: Place| -> Option<(Column, Lane)> {
        let column = board.columns.with_untracked(|c| c.get(place.column).cloned())?;
        Some((column, board.lanes.with_untracked(|l| l.get(place.lane).cloned())?))
    };
    let (Some(source), Some(target)) = (at(from), at(to)) else { return };
    let Some((row, record)) = board.rows(from).take(id) else { return };
    let (mut changes, mut back, mut name) = (Record::new(), Record::new(), Vec::new());
    let mut put = |key: String, now: &Value, before: &Value, title: &str| {
        changes.insert(key.clone(), now.clone());
        back.insert(key, before.clone());
        name.push(title.to_owned());
    };
    if from.column != to.column {
        put(board.by.with_value(|f| f.key.to_string()), &target.0.value, &source.0.value, &target.0.title);
    }
    if let Some(key) = board.lane.with_value(|f| f.as_ref().map(|f| f.key.to_string())).filter(|_| from.lane != to.lane)
    {
        put(key, &target.1.value, &source.1.value, &target.1.title);
    }
    let mut moved = (*record).clone();
    moved.extend(changes.clone());
    board.rows(to).insert(0, Arc::new(moved));
    let requires = if from.column == to.column { Vec::new() } else { target.0.requires };
    let step = Move { board, id: id.to_owned(), from, to, row, record, changes, back, name: name.join(" · ") };
    leptos::task::spawn_local(async move {
        let object = board.list.object.with_value(Arc::clone);
        match ask::missing(&object, &step.id, &requires).await {
            fields if fields.is_empty() => step.send(Record::new()).await,
            fields => step.ask(&object, fields.into_iter().map(|f| (f, None)).collect()),
        }
    });
}

impl Move {
    fn undo_on_screen(&self) {
        self.board.rows(self.to).take(&self.id);
        self.board.rows(self.from).insert(self.row, self.record.clone());
    }

    /// Asks for what is missing; the card stays where it was put until the answer.
    fn ask(self, object: &Arc<ObjectMeta>, fields: Vec<(kezhan_meta::FieldMeta, Option<String>)>) {
        let (board, step) = (self.board, self.clone());
        let given = move |more: Record| {
            board.asking.set(None);
            let step = step.clone();
            leptos::task::spawn_local(async move { step.send(more).await });
        };
        let cancel = {
            let step = self.clone();
            move || {
                board.asking.set(None);
                step.undo_on_screen();
                card::return_to(step.from, step.row);
            }
        };
        let title = tf(crate::i18n::MOVE_TO, &[("column", &self.name)]);
        let ask = Ask {
            object: object.clone(),
            title,
            fields,
            given: Callback::new(given),
            cancel: Callback::new(move |()| cancel()),
        };
        let _ = board.asking.try_set(Some(ask));
    }

    async fn send(self, more: Record) {
        let board = self.board;
        let Some(object) = board.list.object.try_with_value(Arc::clone) else { return };
        let mut changes = self.changes.clone();
        changes.extend(more);
        match records::update(&object, &self.id, &changes, self.record.version()).await {
            Ok(now) => self.done(&object, now),
            Err(error) => self.refused(&object, &error),
        }
    }

    fn done(self, object: &Arc<ObjectMeta>, now: Record) {
        let board = self.board;
        if board.columns.try_get_untracked().is_none() {
            return touched();
        }
        let ids = std::iter::once(self.id.as_str()).collect();
        board.rows(self.to).change(&ids, |row| {
            for (key, value) in &now {
                if row.contains_key(key) {
                    row.insert(key.clone(), value.clone());
                }
            }
        });
        // It was drawn anew.
        card::follow(self.to);
        write::wrote(board.list);
        let text = tf(BOARD_MOVED, &[("title", &self.record.title(object)), ("column", &self.name)]);
        let object = object.clone();
        toast::undoable(text, t(UNDO), move || self.put_back(&object, &now));
    }

    fn refused(self, object: &Arc<ObjectMeta>, error: &ApiError) {
        if self.board.columns.try_get_untracked().is_none() {
            return toast::error(error);
        }
        // A rule that more would satisfy is a question, not an end.
        let asked = ask::asked_by(object, error, &self.changes);
        if !asked.is_empty() {
            return self.ask(object, asked);
        }
        self.undo_on_screen();
        let stale = error.is_stale();
        toast::problem(if stale { t(STALE_RELOADED).to_owned() } else { write::reason(object, error) });
        if stale {
            touched();
        }
    }

    /// On the board if it is still there, and in any case on the server.
    fn put_back(&self, object: &Arc<ObjectMeta>, now: &Record) {
        let (step, object, now) = (self.clone(), object.clone(), now.clone());
        let here = step.board.columns.try_get_untracked().is_some();
        let taken = here.then(|| step.board.rows(step.to).take(&step.id)).flatten();
        if taken.is_some() {
            step.board.rows(step.from).insert(step.row, step.record.clone());
        }
        leptos::task::spawn_local(conflict::undo(object, now, step.back.clone()));
        card::return_to(self.from, self.row);
    }
}
