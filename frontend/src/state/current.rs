//! The record on screen, for what acts on it from elsewhere: the palette, shortcuts.

use super::{app, recent};
use crate::api::actions::Action;
use kezhan_meta::ObjectMeta;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

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

/// Looked at in passing, it is none of those that were opened.
const GLANCE: Duration = Duration::from_secs(2);

/// `passing`: beside a list, where one goes from record to record.
pub fn enter(current: Current, passing: bool) {
    let (object, id, title) = (current.object.clone(), current.id.clone(), current.title.clone());
    app().current.set(Some(current));
    if !passing {
        return recent::opened(&object, &id, &title);
    }
    set_timeout(
        move || {
            if app().current.with_untracked(|c| c.as_ref().is_some_and(|c| c.id == id)) {
                recent::opened(&object, &id, &title);
            }
        },
        GLANCE,
    );
}

pub fn leave(id: &str) {
    if app().current.with_untracked(|c| c.as_ref().is_some_and(|c| c.id == id)) {
        app().current.set(None);
    }
}
