//! The record on screen, for what acts on it from elsewhere: the palette, shortcuts.

use super::{app, recent};
use crate::api::actions::Action;
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Current {
    pub object: Arc<ObjectMeta>,
    pub id: String,
    pub title: String,
    pub version: Option<i64>,
}

/// An action that waits for its input.
#[derive(Clone)]
pub struct Acting {
    pub on: Current,
    pub action: Action,
    /// What it made, to be handed over.
    pub link: Option<String>,
}

pub fn enter(current: Current) {
    recent::opened(&current.object, &current.id, &current.title);
    app().current.set(Some(current));
}

pub fn leave(id: &str) {
    if app().current.with_untracked(|c| c.as_ref().is_some_and(|c| c.id == id)) {
        app().current.set(None);
    }
}
