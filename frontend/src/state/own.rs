//! What follows a person to other machines: language, time zone, theme, density, the arrangement of the navigation. The
//! browser keeps a copy for the first paint; the server's is the truth, except for what was chosen before signing in.

use super::prefs::{self, Density, Theme};
use super::{app, session, toast};
use crate::api::auth::{self, Me};
use leptos::prelude::*;
use serde_json::{Map, Value, json};

/// Whose choices this browser holds.
const WHOSE: &str = "kz.prefs.of";

/// Once someone is known: what they chose elsewhere holds here; what this browser was told before, by nobody, is theirs.
pub fn adopt(me: &Me) {
    let Some(id) = &me.id else { return };
    app().navigation.set(super::navigation::read(&me.preferences));
    app().views.set(super::views::read(&me.preferences));
    // Whoever looks with another's eyes keeps the own language, theme and density.
    if me.viewer.is_some() {
        return;
    }
    let untold = prefs::read(WHOSE).is_none();
    prefs::write(WHOSE, id);
    let mut mine = Map::new();
    let here = |key: &str| prefs::read(key).filter(|_| untold);
    let stored = |key: &str| me.preferences.get(key).and_then(Value::as_str);
    match (here("kz.locale"), me.locale.as_deref().map(prefs::lang_of)) {
        (Some(tag), _) => drop(mine.insert("locale".to_owned(), json!(tag))),
        (None, Some(lang)) if lang != prefs::lang() => prefs::set_lang(lang),
        _ => {}
    }
    match (here("kz.theme"), stored("theme").map(Theme::of)) {
        (Some(key), _) => drop(mine.insert("theme".to_owned(), json!(key))),
        (None, Some(theme)) if theme != Theme::stored() => theme.choose(),
        _ => {}
    }
    match (here("kz.density"), stored("density").map(Density::of)) {
        (Some(key), _) => drop(mine.insert("density".to_owned(), json!(key))),
        (None, Some(density)) if density != Density::stored() => density.choose(),
        _ => {}
    }
    prefs::set_dates(stored("dates"));
    prefs::set_short_amounts(stored("amounts") == Some("short"));
    if let Some(zone) = &me.time_zone {
        prefs::set_zone(zone);
    }
    if !mine.is_empty() {
        leptos::task::spawn_local(async move {
            // Only a courtesy: it holds here in any case.
            let _ = auth::change_me(&Value::Object(mine)).await;
        });
    }
}

/// Tells the server what was chosen just now; nobody is told before signing in.
pub fn tell(change: Value) {
    if session::me().is_none_or(|me| me.id.is_none()) {
        return;
    }
    leptos::task::spawn_local(async move {
        if let Err(error) = auth::change_me(&change).await {
            toast::error(&error);
        }
    });
}
