//! The records that this person keeps at hand, in their order.

use super::{app, catalog, toast};
use crate::api::records::{self, RecordExt};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use serde_json::json;
use std::sync::Arc;

const OBJECT: &str = "favorite";

#[derive(Clone, Debug, PartialEq)]
pub struct Favorite {
    pub id: String,
    pub object: String,
    pub record: String,
    pub title: String,
    pub sort_order: i64,
}

pub fn possible() -> bool {
    catalog::object(OBJECT).is_some()
}

fn read(record: &Record) -> Favorite {
    let text = |key: &str| record.value(key).as_str().unwrap_or_default().to_owned();
    Favorite {
        id: text("id"),
        object: text("object"),
        record: text("record"),
        title: text("title"),
        sort_order: record.value("sort_order").as_i64().unwrap_or(0),
    }
}

pub fn load() {
    let Some(object) = catalog::object(OBJECT) else { return };
    leptos::task::spawn_local(async move {
        let query = ListQuery {
            sort: vec![Sort::parse("sort_order"), Sort::parse("created_at")],
            limit: Some(200),
            ..ListQuery::default()
        };
        // Without an answer, what is on screen stands.
        if let Ok(page) = records::query(&object.plural, &query).await {
            app().favorites.set(page.data.iter().map(read).collect());
        }
    });
}

/// Is it kept? Subscribes.
pub fn has(object: &str, record: &str) -> bool {
    app().favorites.with(|list| list.iter().any(|f| f.object == object && f.record == record))
}

/// Keeps a record or lets it go: seen at once, put right with the reason if the server refuses.
pub fn toggle(object: &ObjectMeta, record: &str, title: &str) {
    let Some(favorite) = catalog::object(OBJECT) else { return };
    let favorites = app().favorites;
    let kept = favorites.with_untracked(|l| l.iter().find(|f| f.object == object.name && f.record == record).cloned());
    if let Some(kept) = kept {
        return remove(&kept);
    }
    let next = favorites.with_untracked(|l| l.iter().map(|f| f.sort_order).max().unwrap_or(0)) + 1;
    let new = Favorite {
        id: String::new(),
        object: object.name.to_string(),
        record: record.to_owned(),
        title: title.to_owned(),
        sort_order: next,
    };
    let body = json!({"title": new.title, "object": new.object, "record": new.record, "sort_order": next});
    favorites.update(|l| l.push(new));
    let kept_record = record.to_owned();
    let Ok(body) = serde_json::from_value::<Record>(body) else { return };
    leptos::task::spawn_local(async move {
        match records::create(&favorite, &body).await {
            Ok(made) => made_known(made.id(), &kept_record, next),
            Err(error) => {
                toast::error(&error);
                load();
            }
        }
    });
}

/// The server has given a new one its id; where it has been moved meanwhile, the server is told now.
fn made_known(id: &str, record: &str, place: i64) {
    let Some(favorite) = catalog::object(OBJECT) else { return };
    let mut moved = None;
    app().favorites.update(|list| {
        if let Some(one) = list.iter_mut().find(|f| f.id.is_empty() && f.record == record) {
            one.id = id.to_owned();
            moved = Some(one.sort_order).filter(|now| *now != place);
        }
    });
    if let Some(now) = moved {
        store(favorite, vec![(id.to_owned(), Record::from_iter([("sort_order".to_owned(), json!(now))]))]);
    }
}

fn store(favorite: Arc<ObjectMeta>, moved: Vec<(String, Record)>) {
    leptos::task::spawn_local(async move {
        if let Err(problem) = records::update_each(&favorite, moved).await {
            toast::error(&problem);
            load();
        }
    });
}

pub fn remove(kept: &Favorite) {
    // One that the server has not answered for yet cannot be let go.
    let Some(favorite) = catalog::object(OBJECT).filter(|_| !kept.id.is_empty()) else { return };
    let id = kept.id.clone();
    app().favorites.update(|l| l.retain(|f| f.id != id));
    leptos::task::spawn_local(async move {
        if let Err(error) = records::delete(&favorite, &id, None).await
            && !error.is_missing()
        {
            toast::error(&error);
            load();
        }
    });
}

/// Puts the one at `from` to the place of the one at `to`.
pub fn put(from: usize, to: usize) {
    let Some(favorite) = catalog::object(OBJECT) else { return };
    let mut moved: Vec<(String, Record)> = Vec::new();
    app().favorites.update(|list| {
        if from >= list.len() || to >= list.len() || from == to {
            return;
        }
        let one = list.remove(from);
        list.insert(to, one);
        for (at, favorite) in list.iter_mut().enumerate() {
            let place = at as i64 + 1;
            if favorite.sort_order != place {
                favorite.sort_order = place;
                if favorite.id.is_empty() {
                    continue;
                }
                moved.push((favorite.id.clone(), Record::from_iter([("sort_order".to_owned(), json!(place))])));
            }
        }
    });
    if !moved.is_empty() {
        store(favorite, moved);
    }
}

/// Where a kept record is.
pub fn place(object: &str, record: &str) -> Option<(Arc<ObjectMeta>, String)> {
    let object = catalog::object(object)?;
    let url = format!("/o/{}/{record}", object.plural);
    Some((object, url))
}
