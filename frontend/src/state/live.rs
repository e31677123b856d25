//! What the server tells of by itself: news for the inbox, and what others do to the record and in the list on screen.

use super::{app, inbox, session};
use crate::api::client::BASE;
use crate::api::inbox as notifications;
use crate::bridge;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use serde::Deserialize;

/// A change: of what, to which version, by whom. Without an object, some may have been missed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Change {
    pub object: String,
    pub id: String,
    pub version: i64,
    pub actor: String,
}

/// In milliseconds: less is no absence.
const AWAY: f64 = 15_000.0;

/// Listens for as long as the component that calls it is on screen.
pub fn listen() {
    if !notifications::possible() {
        return;
    }
    let changed = |told: String| heard(&serde_json::from_str::<Vec<Change>>(&told).unwrap_or_default());
    let listening = bridge::listen(&format!("{BASE}/events"), notifications::OBJECT, changed);
    let listening = SendWrapper::new(listening);
    // Who comes back to the window may have lost sight of something, of which nobody is told.
    let looked = StoredValue::new(js_sys::Date::now());
    let back = window_event_listener(leptos::ev::focus, move |_| {
        let now = js_sys::Date::now();
        if now - looked.get_value() > AWAY {
            looked.set_value(now);
            app().heard.update(|n| *n += 1);
        }
    });
    on_cleanup(move || {
        drop(listening);
        back.remove();
    });
    Effect::new(|| {
        let current = app().current.with(|c| c.as_ref().map(|c| format!("{}/{}", c.object.name, c.id)));
        bridge::follow(&current.unwrap_or_default(), &app().listed.get());
    });
}

/// Runs the caller anew with every record written here, and with what others do to the record on screen.
pub fn track() {
    app().written.track();
    app().heard.track();
}

fn heard(changes: &[Change]) {
    let news = |change: &Change| change.object.is_empty() || change.object == notifications::OBJECT;
    if changes.iter().any(news) {
        app().told.update(|n| *n += 1);
        inbox::look();
    }
    let listed = app().listed.get_untracked();
    let around = app().current.with_untracked(|current| {
        let of = |change: &Change| {
            let Some(current) = current else { return false };
            let this = current.id == change.id;
            // What was written here is known; others of the list beside it are no matter of the record.
            let known = this && current.version.is_some_and(|v| v >= change.version);
            let beside = !this && !listed.is_empty() && change.object == listed;
            change.object != notifications::OBJECT && !known && !beside
        };
        changes.iter().any(of)
    });
    if around {
        app().heard.update(|n| *n += 1);
    }
    let me = session::me().and_then(|me| me.id.clone());
    // What the reader does in this window is on screen, or is not asked for.
    let here = document().has_focus().unwrap_or_default();
    let own = |change: &Change| here && me.as_ref().is_some_and(|me| *me == change.actor);
    let rows: Vec<Change> = changes
        .iter()
        .filter(|change| !listed.is_empty() && change.object == listed && !own(change))
        .cloned()
        .collect();
    if !rows.is_empty() {
        app().news.update(|news| news.extend(rows));
    }
}
