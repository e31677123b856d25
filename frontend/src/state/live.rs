//! What the server tells of by itself: news for the inbox, and what others do to the record on screen.

use super::{app, inbox};
use crate::api::client::BASE;
use crate::api::inbox as notifications;
use crate::bridge;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::time::Duration;

/// What comes at once is looked at once.
const GATHERED: Duration = Duration::from_millis(150);

/// Listens for as long as the component that calls it is on screen.
pub fn listen() {
    if !notifications::possible() {
        return;
    }
    let listening = bridge::listen(&format!("{BASE}/events"), notifications::OBJECT, heard);
    let listening = SendWrapper::new(listening);
    on_cleanup(move || drop(listening));
    Effect::new(|| {
        let current = app().current.with(|c| c.as_ref().map(|c| format!("{}/{}", c.object.name, c.id)));
        bridge::follow(&current.unwrap_or_default());
    });
}

/// Runs the caller anew with every record written here, and with what others do to the record on screen.
pub fn track() {
    app().written.track();
    app().heard.track();
}

fn heard(object: String, id: String, version: i32) {
    let missed = object.is_empty();
    if missed || object == notifications::OBJECT {
        app().told.update(|n| *n += 1);
        inbox::look();
    }
    // What was written here is known.
    let known = app().current.with_untracked(|current| {
        current.as_ref().is_none_or(|c| c.id == id && c.version.is_some_and(|v| v >= i64::from(version)))
    });
    if known || object == notifications::OBJECT || app().hearing.get_untracked() {
        return;
    }
    app().hearing.set(true);
    set_timeout(
        || {
            app().hearing.set(false);
            app().heard.update(|n| *n += 1);
        },
        GATHERED,
    );
}
