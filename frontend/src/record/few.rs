//! The records of an object of which a company has few, such as its rules: read at once, and taken away with a way back.

use crate::api::client::ApiError;
use crate::api::records::{self, RecordExt};
use crate::i18n::{DELETED, UNDO, t, tf};
use crate::record::url::Url;
use crate::state::{catalog, toast};
use kezhan_meta::query::{ListQuery, Sort};
use kezhan_meta::{ObjectMeta, Record};
use leptos::prelude::*;
use std::sync::Arc;

const MOST: u32 = 200;

#[derive(Clone)]
pub struct Few {
    pub object: Arc<ObjectMeta>,
    order: &'static str,
    pub all: RwSignal<Option<Result<Vec<Record>, ApiError>>>,
}

impl Few {
    /// All of this object, by name. Nothing where it is out of the reader's reach.
    pub fn of(object: &str) -> Option<Few> {
        Few::by("name", object)
    }

    pub fn by(order: &'static str, object: &str) -> Option<Few> {
        let few = Few { object: catalog::object(object)?, order, all: RwSignal::new(None) };
        few.load();
        Some(few)
    }

    pub fn load(&self) {
        let (plural, order, all) = (self.object.plural.clone(), self.order, self.all);
        leptos::task::spawn_local(async move {
            let query = ListQuery { sort: vec![Sort::parse(order)], limit: Some(MOST), ..ListQuery::default() };
            let _ = all.try_set(Some(records::query(&plural, &query).await.map(|page| page.data)));
        });
    }

    /// Which of them the address names under this key; a new one has none yet. Not before they are known.
    pub fn opened(&self, url: Url, key: &'static str) -> Memo<Option<Option<Record>>> {
        let all = self.all;
        Memo::new(move |_| {
            let id = url.get(key)?;
            all.with(|all| {
                let all = all.as_ref()?.as_ref().ok()?;
                let found = all.iter().find(|r| r.id() == id).cloned();
                (found.is_some() || id == "new").then_some(found)
            })
        })
    }

    pub fn remove(&self, record: Record) {
        let few = self.clone();
        leptos::task::spawn_local(async move {
            if let Err(error) = records::delete(&few.object, record.id(), record.version()).await {
                return toast::error(&error);
            }
            few.load();
            let (title, id) = (record.title(&few.object), record.id().to_owned());
            toast::undoable(tf(DELETED, &[("title", &title)]), t(UNDO), move || {
                let (few, id) = (few.clone(), id.clone());
                leptos::task::spawn_local(async move {
                    match records::restore(&few.object, &id).await {
                        Ok(()) => few.load(),
                        Err(error) => toast::error(&error),
                    }
                });
            });
        });
    }
}
