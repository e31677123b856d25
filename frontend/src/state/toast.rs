//! Short notices of the reader's own acts, with a way back where there is one.

use super::app;
use crate::api::client::ApiError;
use crate::i18n::{ERROR_REQUEST_ID, NOTHING_TO_REDO, NOTHING_TO_UNDO, t, tf};
use leptos::prelude::*;
use std::cell::Cell;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Done,
    Problem,
}

#[derive(Clone)]
pub struct Toast {
    pub id: u64,
    pub kind: Kind,
    pub text: String,
    pub action: Option<(String, Callback<()>)>,
}

const SHOWN: Duration = Duration::from_secs(8);

/// Acts that can be taken back, at most.
const UNDOS_MAX: usize = 100;

thread_local! {
    static TICKETS: Cell<u64> = const { Cell::new(0) };
}

/// Never the same again: what goes by itself after a while must not take another along.
fn ticket() -> u64 {
    TICKETS.replace(TICKETS.get() + 1)
}

fn push(kind: Kind, text: String, action: Option<(String, Callback<()>)>) -> u64 {
    let toasts = app().toasts;
    let id = ticket();
    toasts.update(|list| {
        if list.len() >= 3 {
            list.remove(0);
        }
        list.push(Toast { id, kind, text, action });
    });
    set_timeout(move || dismiss(id), SHOWN);
    id
}

pub fn done(text: impl Into<String>) {
    push(Kind::Done, text.into(), None);
}

/// Something that led elsewhere, or can be followed up.
pub fn linked(text: impl Into<String>, action: impl Into<String>, run: impl Fn() + Send + Sync + 'static) {
    push(Kind::Done, text.into(), Some((action.into(), Callback::new(move |()| run()))));
}

/// The same with a way back, which the undo keys take for as long as the page is open.
pub fn undoable(text: impl Into<String>, action: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
    // What was undone before belongs to another course of things.
    app().redos.set_value(Vec::new());
    done_again(text, action, undo);
}

/// The same of what was undone, and is done again.
pub fn done_again(text: impl Into<String>, action: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
    let undos = app().undos;
    let ticket = ticket();
    let run = Callback::new(move |()| {
        // Once: by its notice or by the keys.
        let there = undos.try_update_value(|stack| {
            let at = stack.iter().position(|(other, _)| *other == ticket)?;
            Some(stack.remove(at))
        });
        if there.flatten().is_some() {
            undo();
        }
    });
    let notice = push(Kind::Done, text.into(), Some((action.into(), run)));
    let taken = Callback::new(move |()| {
        dismiss(notice);
        run.run(());
    });
    undos.update_value(|stack| {
        if stack.len() >= UNDOS_MAX {
            stack.remove(0);
        }
        stack.push((ticket, taken));
    });
}

/// Takes back what was done last.
pub fn undo() {
    match app().undos.with_value(|stack| stack.last().map(|(_, taken)| *taken)) {
        Some(taken) => taken.run(()),
        None => done(t(NOTHING_TO_UNDO)),
    }
}

/// Says that something was taken back; it can be done again.
pub fn undone(text: impl Into<String>, redo: impl Fn() + Send + Sync + 'static) {
    done(text);
    app().redos.update_value(|stack| stack.push(Callback::new(move |()| redo())));
}

/// Does again what was taken back last.
pub fn redo() {
    match app().redos.try_update_value(Vec::pop).flatten() {
        Some(again) => again.run(()),
        None => done(t(NOTHING_TO_REDO)),
    }
}

/// What was done in one company, as one person, is not undone in another.
pub fn forget() {
    app().undos.set_value(Vec::new());
    app().redos.set_value(Vec::new());
}

/// Stays until it is taken or dismissed.
pub fn offer(text: impl Into<String>, action: impl Into<String>, run: impl Fn() + Send + Sync + 'static) {
    let toasts = app().toasts;
    let id = ticket();
    let action = Some((action.into(), Callback::new(move |()| run())));
    toasts.update(|list| list.push(Toast { id, kind: Kind::Done, text: text.into(), action }));
}

pub fn problem(text: impl Into<String>) {
    push(Kind::Problem, text.into(), None);
}

pub fn error(error: &ApiError) {
    let mut text = error.message();
    if let Some(id) = error.request_id() {
        text.push(' ');
        text.push_str(&tf(ERROR_REQUEST_ID, &[("id", id)]));
    }
    push(Kind::Problem, text, None);
}

pub fn dismiss(id: u64) {
    app().toasts.update(|list| list.retain(|t| t.id != id));
}
