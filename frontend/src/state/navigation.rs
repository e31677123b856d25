//! How a person has arranged the navigation. What it does not name stands where it would without it.

use super::{app, own};
use crate::api::texts;
use leptos::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Navigation {
    /// Sections by name, in order.
    pub sections: Vec<String>,
    /// Objects by name, in order.
    pub order: Vec<String>,
    pub hidden: Vec<String>,
    /// Sections that are closed.
    pub collapsed: Vec<String>,
    pub views: Vec<View>,
}

/// A saved view with a place of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    pub id: String,
    pub object: String,
    pub name: String,
    /// The list's address without its path.
    pub query: String,
}

pub fn read(preferences: &Map<String, Value>) -> Navigation {
    let Some(kept) = preferences.get("navigation") else { return Navigation::default() };
    let names = |key: &str| texts(kept.get(key)).map(str::to_owned).collect();
    let views = kept.get("views").and_then(Value::as_array).into_iter().flatten();
    Navigation {
        sections: names("sections"),
        order: names("order"),
        hidden: names("hidden"),
        collapsed: names("collapsed"),
        views: views.filter_map(view).collect(),
    }
}

fn view(kept: &Value) -> Option<View> {
    let text = |key: &str| kept.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(View {
        id: text("id")?,
        object: text("object")?,
        name: text("name")?,
        query: text("query").unwrap_or_default(),
    })
}

impl Navigation {
    pub fn is_hidden(&self, object: &str) -> bool {
        self.hidden.iter().any(|o| o == object)
    }

    pub fn is_collapsed(&self, section: &str) -> bool {
        self.collapsed.iter().any(|s| s == section)
    }

    pub fn is_pinned(&self, view: &str) -> bool {
        self.views.iter().any(|v| v.id == view)
    }
}

/// Changes the arrangement, here at once and with the person.
pub fn change(with: impl FnOnce(&mut Navigation)) {
    let before = app().navigation.get_untracked();
    let mut now = before.clone();
    with(&mut now);
    if now != before {
        app().navigation.set(now.clone());
        own::tell(json!({ "navigation": now }));
    }
}

/// Those that are named first, in that order; then the others in theirs.
pub fn arranged<T>(mut all: Vec<T>, order: &[String], name: impl Fn(&T) -> String) -> Vec<T> {
    let place = |one: &T| order.iter().position(|o| *o == name(one)).unwrap_or(order.len());
    all.sort_by_key(place);
    all
}

/// Puts `names[from]` where `names[to]` is, among objects of a section or among sections; `which` is the order of all.
pub fn put(which: impl Fn(&mut Navigation) -> &mut Vec<String>, names: &[String], from: usize, to: usize) {
    let mut names = names.to_vec();
    if from >= names.len() || to >= names.len() || from == to {
        return;
    }
    let moved = names.remove(from);
    names.insert(to, moved);
    change(|navigation| {
        let order = which(navigation);
        order.retain(|o| !names.contains(o));
        order.extend(names);
    });
}

pub fn hide(object: &str, hidden: bool) {
    change(|navigation| {
        navigation.hidden.retain(|o| o != object);
        if hidden {
            navigation.hidden.push(object.to_owned());
        }
    });
}

pub fn collapse(section: &str, collapsed: bool) {
    change(|navigation| {
        navigation.collapsed.retain(|s| s != section);
        if collapsed {
            navigation.collapsed.push(section.to_owned());
        }
    });
}

pub fn pin(view: View, pinned: bool) {
    change(|navigation| {
        navigation.views.retain(|v| v.id != view.id);
        if pinned {
            navigation.views.push(view);
        }
    });
}

pub fn reset() {
    change(|navigation| *navigation = Navigation::default());
}
