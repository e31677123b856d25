//! How the signed-in person likes the saved views of each object: which are tabs, and which one the list opens with.

use super::{app, own, session};
use crate::api::records::RecordExt;
use crate::api::texts;
use crate::i18n::{Key, SCENE_MINE, SCENE_REPORTS, t};
use kezhan_meta::resolve::{ME, MY_SUBORDINATES};
use kezhan_meta::{Filter, ObjectMeta, Op, Record};
use leptos::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::HashMap;

/// Among the choices: no view, but everything.
pub const NONE: &str = "none";

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Choice {
    /// Without it the person's role decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Views that are no tabs.
    pub unpinned: Vec<String>,
}

pub type Choices = HashMap<String, Choice>;

thread_local! {
    /// The views of each object, as they were read last.
    static KNOWN: RefCell<HashMap<String, Vec<Record>>> = RefCell::default();
}

pub fn known(object: &str) -> Option<Vec<Record>> {
    KNOWN.with_borrow(|known| known.get(object).cloned())
}

pub fn keep(object: &str, views: &[Record]) {
    KNOWN.with_borrow_mut(|known| known.insert(object.to_owned(), views.to_vec()));
}

pub fn forget_all() {
    KNOWN.with_borrow_mut(HashMap::clear);
}

pub fn read(preferences: &Map<String, Value>) -> Choices {
    let kept = preferences.get("views").and_then(Value::as_object).into_iter().flatten();
    kept.map(|(object, choice)| {
        let default = choice.get("default").and_then(Value::as_str).map(str::to_owned);
        let unpinned = texts(choice.get("unpinned")).map(str::to_owned).collect();
        (object.clone(), Choice { default, unpinned })
    })
    .collect()
}

pub fn change(object: &str, with: impl FnOnce(&mut Choice)) {
    app().views.update(|choices| {
        let choice = choices.entry(object.to_owned()).or_default();
        with(choice);
        if *choice == Choice::default() {
            choices.remove(object);
        }
    });
    own::tell(json!({ "views": app().views.get_untracked() }));
}

/// What one owns, and what those own who report to one: views that nobody has to keep.
const MINE: &str = "mine";
const REPORTS: &str = "reports";

/// The views of an object that everybody has.
pub fn scenes(object: &ObjectMeta) -> Vec<Record> {
    if !object.owned() || object.field("owner").is_none_or(|f| f.hidden) {
        return Vec::new();
    }
    let scene = |id: &str, name: Key, who: &str| {
        let settings = json!({"filter": Filter::field("owner", Op::Eq, who), "sort": []});
        let all = [("id", json!(id)), ("name", json!(t(name))), ("visibility", json!("all")), ("settings", settings)];
        all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    };
    let leads = session::me().is_some_and(|me| me.manages);
    let mine = scene(MINE, SCENE_MINE, ME);
    [mine].into_iter().chain(leads.then(|| scene(REPORTS, SCENE_REPORTS, MY_SUBORDINATES))).collect()
}

pub fn is_scene(view: &Record) -> bool {
    [MINE, REPORTS].contains(&view.id())
}

/// Is it theirs, or shared with them? Administrators also see what others share among themselves.
pub fn is_addressed(view: &Record) -> bool {
    let Some(me) = session::me() else { return false };
    let unit = view.value("unit").as_str();
    view.value("visibility") == "all"
        || view.value("owner").as_str() == me.id.as_deref()
        || unit.is_some_and(|unit| me.belongs_to.iter().any(|d| d == unit))
}

pub fn is_owned(view: &Record) -> bool {
    session::me().is_some_and(|me| me.id.is_some() && me.id.as_deref() == view.value("owner").as_str())
}

/// The first of the person's roles that begins with one of these.
pub fn of_role(views: &[Record]) -> Option<&Record> {
    let me = session::me()?;
    me.roles.iter().find_map(|role| views.iter().find(|v| texts(Some(v.value("default_for"))).any(|r| r == role)))
}

/// The view that a list without any wishes opens with.
pub fn default<'a>(choice: Option<&Choice>, views: &'a [Record]) -> Option<&'a Record> {
    match choice.and_then(|c| c.default.as_deref()) {
        Some(NONE) => None,
        Some(id) => views.iter().find(|v| v.id() == id),
        None => of_role(views),
    }
}
