//! References within references: the choice of an account bounds that of a contact, and the choice of a contact tells the
//! account.

use super::model::Form;
use crate::api::records::{self, RecordExt};
use crate::fields::reference::Bounds;
use crate::state::catalog;
use kezhan_meta::{Filter, Op};
use leptos::prelude::*;
use serde_json::Value;
use std::sync::Arc;

impl Form {
    pub fn cascade(&self) {
        let catalog = catalog::catalog();
        let drafts = self.drafts.get_value();
        for inner in drafts.iter().filter(|d| d.field.within.is_some() && !d.field.kind.is_list()) {
            let Some(found) = catalog.cascade(&self.object, &inner.field) else { continue };
            let Some(target) = inner.field.target().and_then(catalog::object) else { continue };
            let Some(outer) = drafts.iter().find(|d| d.field.key == found.outer.key) else { continue };
            let (link, mine, around) = (found.link.key.to_string(), inner.value, outer.value);
            Effect::new(move |before: Option<(Value, Value)>| {
                let now = (mine.get(), around.get());
                let Some(before) = before else { return now };
                let chosen = before.0 != now.0;
                let moved = before.1 != now.1;
                let (Some(id), true) = (now.0.as_str().map(str::to_owned), chosen || moved) else { return now };
                let (target, link) = (target.clone(), link.clone());
                let wanted = now.1.clone();
                leptos::task::spawn_local(async move {
                    let Ok(record) = records::read(&target, &id).await else { return };
                    let home = record.value(&link).clone();
                    // Meanwhile something else may have been chosen.
                    let same = mine.try_get_untracked().is_some_and(|v| v.as_str() == Some(&id))
                        && around.try_get_untracked().as_ref() == Some(&wanted);
                    if !same || home.is_null() || home == wanted {
                        return;
                    }
                    if chosen && wanted.is_null() {
                        let _ = around.try_set(home);
                    } else if moved && !wanted.is_null() {
                        let _ = mine.try_set(Value::Null);
                    }
                });
                now
            });
        }
    }

    /// What bounds a look-up at the moment it is made.
    pub fn bounds(&self) -> Bounds {
        let (object, drafts) = (self.object.clone(), self.drafts);
        Bounds(Arc::new(move |field| {
            let catalog = catalog::catalog();
            let found = catalog.cascade(&object, field)?;
            let around = drafts.try_with_value(|all| {
                all.iter().find(|d| d.field.key == found.outer.key).map(|d| d.value.get_untracked())
            })??;
            (!around.is_null()).then(|| Filter::field(found.link.key.to_string(), Op::Eq, around))
        }))
    }
}
