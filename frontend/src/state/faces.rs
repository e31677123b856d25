//! People's pictures: who has one is asked once, when somebody is shown for the first time.

use super::{app, session};
use crate::api::files::inline_url;
use crate::api::records::{self, RecordExt};
use crate::ui;
use kezhan_meta::query::ListQuery;
use kezhan_meta::{Filter, Op};
use leptos::prelude::*;
use serde_json::Value;
use std::cell::Cell;
use std::collections::HashMap;

/// User → the attachment that shows them.
pub type Faces = HashMap<String, String>;

/// Pages of people with pictures that are read.
const PAGES: usize = 5;

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

pub fn forget_all() {
    ASKED.set(false);
    app().faces.set(Faces::new());
}

fn ask() {
    // A company without such a field, or a reader who may not see it, has initials.
    let known = super::catalog::object("user").is_some_and(|o| o.field("avatar").is_some());
    if ASKED.replace(true) || !known {
        return;
    }
    leptos::task::spawn_local(async {
        let mut cursor = None;
        for _ in 0..PAGES {
            let query = ListQuery {
                filter: Some(Filter::field("avatar", Op::Null, Value::Bool(false))),
                fields: Some(vec!["id".to_owned(), "avatar".to_owned()]),
                limit: Some(200),
                cursor: cursor.take(),
                ..ListQuery::default()
            };
            // Pictures are an ornament: without them there are initials.
            let Ok(page) = records::query("users", &query).await else { return };
            let found =
                page.data.iter().filter_map(|u| Some((u.id().to_owned(), u.value("avatar").as_str()?.to_owned())));
            app().faces.update(|faces| faces.extend(found));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return;
            }
        }
    });
}

/// Somebody's picture, or their initials where there is none or it cannot be had. `id` is the user's.
pub fn face(id: Option<&str>, name: &str, large: bool) -> AnyView {
    let Some(id) = id.filter(|id| !id.is_empty()).map(str::to_owned) else { return ui::avatar(name, large) };
    ask();
    let (name, broken) = (name.to_owned(), RwSignal::new(false));
    let picture = Memo::new(move |_| {
        let own = match &app().session.get() {
            session::Session::SignedIn(me) if me.id.as_deref() == Some(id.as_str()) => Some(me.avatar.clone()),
            _ => None,
        };
        own.unwrap_or_else(|| app().faces.with(|faces| faces.get(&id).cloned())).filter(|_| !broken.get())
    });
    (move || match picture.get() {
        Some(file) => {
            let class = if large {
                "size-9 rounded-full object-cover shrink-0"
            } else {
                "size-5 rounded-full object-cover shrink-0"
            };
            view! { <img class=class src=inline_url(&file) alt="" loading="lazy" on:error=move |_| broken.set(true)/> }
                .into_any()
        }
        None => ui::avatar(&name, large),
    })
    .into_any()
}
