//! Short notices of the reader's own acts, with a way back where there is one.

use super::app;
use crate::api::client::ApiError;
use crate::i18n::{ERROR_REQUEST_ID, tf};
use leptos::prelude::*;
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

fn push(kind: Kind, text: String, action: Option<(String, Callback<()>)>) {
    let toasts = app().toasts;
    let id = toasts.with_untracked(|list| list.last().map_or(0, |t| t.id + 1));
    toasts.update(|list| {
        if list.len() >= 3 {
            list.remove(0);
        }
        list.push(Toast { id, kind, text, action });
    });
    set_timeout(move || dismiss(id), SHOWN);
}

pub fn done(text: impl Into<String>) {
    push(Kind::Done, text.into(), None);
}

pub fn undoable(text: impl Into<String>, action: impl Into<String>, undo: impl Fn() + Send + Sync + 'static) {
    push(Kind::Done, text.into(), Some((action.into(), Callback::new(move |()| undo()))));
}

/// Stays until it is taken or dismissed.
pub fn offer(text: impl Into<String>, action: impl Into<String>, run: impl Fn() + Send + Sync + 'static) {
    let toasts = app().toasts;
    let id = toasts.with_untracked(|list| list.last().map_or(0, |t| t.id + 1));
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
