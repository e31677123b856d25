//! The records that this person opened last, remembered by the browser for each person.

use super::{app, prefs, session};
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

const KEPT: usize = 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recent {
    pub object: String,
    pub id: String,
    pub title: String,
}

fn key() -> Option<String> {
    // What is opened with another's eyes is no habit of theirs.
    let me = session::me().filter(|me| me.viewer.is_none())?;
    Some(format!("kz.recent.{}", me.id.as_deref()?))
}

pub fn load() {
    let kept = key().and_then(|key| prefs::read(&key));
    app().recent.set(kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default());
}

pub fn opened(object: &ObjectMeta, id: &str, title: &str) {
    let now = Recent { object: object.name.to_string(), id: id.to_owned(), title: title.to_owned() };
    if app().recent.with_untracked(|list| list.first() == Some(&now)) {
        return;
    }
    app().recent.update(|list| {
        list.retain(|r| r.id != now.id);
        list.insert(0, now);
        list.truncate(KEPT);
    });
    keep();
}

/// What is no longer there is not offered again.
pub fn gone(id: &str) {
    app().recent.update(|list| list.retain(|r| r.id != id));
    keep();
}

fn keep() {
    let text = app().recent.with_untracked(serde_json::to_string);
    if let (Some(key), Ok(text)) = (key(), text) {
        prefs::write(&key, &text);
    }
}
